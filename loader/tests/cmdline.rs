//! Kernel command lines, `ip=` and the argument file.

mod common;

use std::net::Ipv4Addr;

use common::Random;
use elfin_loader::cmdline::{
    ArgumentFile, ArgumentFileError, Autoconf, CommandLine, InitWord, IpConfig, Param,
};

fn words(line: &str) -> Vec<(String, Option<String>)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let line = CommandLine::new(line.as_bytes());
    line.iter().map(|param| (text(param.name), param.value.map(text))).collect()
}

#[test]
fn words_are_split_as_linux_does() {
    type Words<'a> = &'a [(&'a str, Option<&'a str>)];
    let cases: &[(&str, Words<'_>)] = &[
        ("", &[]),
        ("  \t\n ", &[]),
        ("quiet", &[("quiet", None)]),
        (" console=ttyS0  quiet\n", &[("console", Some("ttyS0")), ("quiet", None)]),
        ("a=", &[("a", Some(""))]),
        ("a=b=c", &[("a", Some("b=c"))]),
        ("=x", &[("=x", None)]),
        ("a=\"b c\" d", &[("a", Some("b c")), ("d", None)]),
        ("\"a=b c\" d", &[("a", Some("b c")), ("d", None)]),
        ("\"a b\"", &[("a b", None)]),
        ("a=b\" \"c", &[("a", Some("b\" \"c"))]),
        ("a=\"\"", &[("a", Some(""))]),
        ("\"\"", &[("", None)]),
        ("a=\"b c", &[("a", Some("b c"))]),
        ("a=\"-- b\" -- c", &[("a", Some("-- b"))]),
        ("a--b --c", &[("a--b", None), ("--c", None)]),
        ("a\0b", &[("a", None)]),
    ];
    for (line, expected) in cases {
        let found = words(line);
        let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_deref())).collect();
        assert_eq!(&found, expected, "{line:?}");
    }
}

#[test]
fn values_are_found_by_name() {
    let line = CommandLine::new(
        b"mem=64M x-y=1 mem=0x80m quiet rd=077 big=18446744073709551615k n=12x bad=\xff nil= f=off g=on h=N i=1",
    );
    assert_eq!(line.get("mem"), Some(&b"0x80m"[..]), "the last one counts");
    assert_eq!(line.all("mem").count(), 2);
    assert_eq!(line.number("mem"), Some(128 << 20));
    assert_eq!(line.text("x_y"), Some("1"));
    assert_eq!((line.number("rd"), line.number("x-y")), (Some(0o77), Some(1)));
    for name in ["big", "n", "bad", "nil", "quiet", "none"] {
        assert_eq!(line.number(name), None, "{name}");
    }
    assert_eq!(line.text("bad"), None);
    assert!(line.has("quiet") && line.has("nil") && !line.has("mem=64M") && !line.has("m"));
    let flags = ["quiet", "f", "g", "h", "i", "none"].map(|name| line.flag(name));
    assert_eq!(flags, [true, false, true, false, true, false]);
    assert!(!CommandLine::new(b"quiet quiet=0").flag("quiet"));
}

#[test]
fn what_is_unknown_goes_to_init() {
    let line = CommandLine::new(
        b"console=ttyS0 single TERM=\"vt 100\" loader.x=1 mod.flag ro -- -c \"two words\" a=\"b c\" --",
    );
    let is_known = |param: &Param<'_>| param.is("console") || param.is("ro");
    let words: Vec<_> = line.init_words(is_known).collect();
    let shown: Vec<_> = words
        .iter()
        .map(|word| match word {
            InitWord::Arg(param) => format!("arg {}", param.word().escape_ascii()),
            InitWord::Env(param) => format!("env {}", param.word().escape_ascii()),
        })
        .collect();
    assert_eq!(
        shown,
        ["arg single", "env TERM=vt 100", "arg -c", "arg two words", "arg a=b c", "arg --"]
    );
    assert_eq!(CommandLine::new(b"a b").after_dashes().count(), 0);
    assert_eq!(CommandLine::new(b"a --").after_dashes().count(), 0);
}

#[test]
fn addresses() {
    let ip = |text: &str| Some(text.parse::<Ipv4Addr>().unwrap());
    let full = "10.0.2.15:10.0.2.9:10.0.2.2:255.255.255.0:box:eth0:off:10.0.2.3:1.1.1.1:10.0.2.4";
    let config = IpConfig::parse(full).unwrap();
    assert_eq!(
        config,
        IpConfig {
            client: ip("10.0.2.15"),
            server: ip("10.0.2.9"),
            gateway: ip("10.0.2.2"),
            prefix: Some(24),
            hostname: Some("box"),
            device: Some("eth0"),
            autoconf: Autoconf::Off,
            dns: [ip("10.0.2.3"), ip("1.1.1.1")],
            ntp: ip("10.0.2.4"),
        }
    );
    for (word, autoconf) in [
        ("", Autoconf::Off),
        ("off", Autoconf::Off),
        ("none", Autoconf::Off),
        ("dhcp", Autoconf::Dhcp),
        ("on", Autoconf::Any),
        ("any", Autoconf::Any),
        ("bootp", Autoconf::Legacy),
        ("::::box:eth0:dhcp", Autoconf::Dhcp),
        ("::::box:eth0", Autoconf::Any),
        (":::::eth0:off", Autoconf::Off),
        ("1.2.3.4", Autoconf::Off),
    ] {
        assert_eq!(IpConfig::parse(word).unwrap().autoconf, autoconf, "{word}");
    }
    let config = IpConfig::parse("10.0.2.15/24::10.0.2.2").unwrap();
    assert_eq!((config.prefix, config.gateway), (Some(24), ip("10.0.2.2")));
    for (address, prefix) in [("10.0.2.15", 8), ("172.16.0.1", 16), ("192.168.0.1", 24)] {
        let config = IpConfig::parse(address).unwrap();
        assert_eq!((config.prefix, config.prefix_or_class()), (None, Some(prefix)));
    }
    assert_eq!(IpConfig::parse("0.0.0.0::::box").unwrap().client, None);
    assert_eq!(IpConfig::parse("dhcp").unwrap().prefix_or_class(), None);
}

#[test]
fn addresses_that_are_none() {
    for (value, words) in [
        ("dhpc", "ip=: client address \"dhpc\" is not an IPv4 address"),
        ("1.2.3", "ip=: client address \"1.2.3\" is not an IPv4 address"),
        ("1.2.3.4::x", "ip=: gateway \"x\" is not an IPv4 address"),
        (
            "1.2.3.4:::255.0.255.0",
            "ip=: netmask \"255.0.255.0\" is not a netmask: ones, then zeroes",
        ),
        ("1.2.3.4/33", "ip=: prefix length \"33\" is not a prefix length (0 to 32)"),
        ("1.2.3.4/8:::255.0.0.0", "ip=: netmask \"255.0.0.0\" is not empty beside a prefix length"),
        (
            "1.2.3.4::::::later",
            "ip=: autoconf \"later\" is not off, none, dhcp, on, any, bootp, rarp or both",
        ),
        ("1.2.3.4:::::::dns", "ip=: dns0 \"dns\" is not an IPv4 address"),
    ] {
        assert_eq!(IpConfig::parse(value).unwrap_err().to_string(), words);
    }
}

#[test]
fn the_argument_file_keeps_every_byte() {
    let file = ArgumentFile {
        program: b"/bin/a=b \"c\"",
        directory: b"/tmp",
        args: vec![
            b"argv0",
            b"",
            b"two words",
            b"\"quoted\" \\ %20",
            b"new\nline",
            b"\xff\xfe",
            b"a=b=c",
        ],
        env: vec![b"HOME=/root", b"EMPTY=", b"no equals sign", b""],
    };
    let bytes = file.encode().unwrap();
    assert!(
        bytes.starts_with(
            b"elfin-args=1\0program=/bin/a=b \"c\"\0directory=/tmp\0arg=argv0\0arg=\0"
        )
    );
    assert_eq!(ArgumentFile::parse(&bytes).unwrap(), file);

    let least = ArgumentFile::parse(b"elfin-args=1\0program=x\0").unwrap();
    assert_eq!((least.directory, least.args.len(), least.env.len()), (&b"/"[..], 0, 0));
}

#[test]
fn argument_files_that_are_none() {
    for (bytes, error) in [
        (&b""[..], ArgumentFileError::CutShort),
        (b"elfin-args=1\0program=x", ArgumentFileError::CutShort),
        (b"elfin-args=2\0program=x\0", ArgumentFileError::Version),
        (b"program=x\0elfin-args=1\0", ArgumentFileError::Version),
        (b"elfin-args=1\0", ArgumentFileError::Program),
        (b"elfin-args=1\0program=\0", ArgumentFileError::Program),
        (b"elfin-args=1\0program=x\0program=y\0", ArgumentFileError::Program),
        (b"elfin-args=1\0program=x\0user=y\0", ArgumentFileError::Key(23)),
        (b"elfin-args=1\0program\0", ArgumentFileError::Key(13)),
        (b"elfin-args=1\0program=x\0\0", ArgumentFileError::Key(23)),
    ] {
        assert_eq!(ArgumentFile::parse(bytes), Err(error), "{}", bytes.escape_ascii());
    }
    let file = ArgumentFile { program: b"x", args: vec![b"a\0b"], ..ArgumentFile::default() };
    assert_eq!(file.encode(), Err(ArgumentFileError::NulByte));
    assert_eq!(ArgumentFile::default().encode(), Err(ArgumentFileError::Program));
    assert_eq!(
        ArgumentFileError::Key(23).to_string(),
        "argument file: the record at 0x17 has an unknown key"
    );
}

#[test]
fn random_lines_are_survived() {
    let rounds = if cfg!(debug_assertions) { 50_000 } else { 500_000 };
    let mut random = Random(5);
    for _ in 0..rounds {
        let alphabet = b"ab=\"\" - \t\n.:/0129\0\xff";
        let line: Vec<u8> =
            (0..random.below(24)).map(|_| alphabet[random.below(alphabet.len())]).collect();
        let line = CommandLine::new(&line);
        let total: usize = line.iter().chain(line.after_dashes()).map(|p| p.word().len()).sum();
        assert!(total <= line.as_bytes().len());
        let _ = line.init_words(|param| param.is("a")).count();
        for name in ["a", "b", ""] {
            let _ = (line.number(name), line.flag(name), line.text(name).map(IpConfig::parse));
        }
        let _ = ArgumentFile::parse(line.as_bytes());
    }
}
