//! What QEMU and the guest are given: command lines, files, arguments, standard input.

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use common::{Bench, assert_says, free_port, stderr, stdout};

const DONE: &str = "tell 'elfin-exit: 0'; exit 33";

#[test]
fn microvm_is_the_default() {
    let bench = Bench::new(DONE);
    let port = free_port();
    let output = bench.run(&format!("-m 64M --cpus 2 -p {port}:80 -p {port}:53/udp"));
    assert!(output.status.success(), "{}", stderr(&output));
    let args = bench.qemu_args().join(" ");
    assert_says(
        &args,
        &[
            "-M microvm,",
            "-accel tcg -cpu max -smp 2 -m 64M",
            "-nodefaults -no-user-config -no-reboot",
            "isa-debugcon,iobase=0xe9,chardev=events",
            "isa-debug-exit,iobase=0x501,iosize=2",
            "virtio-net-device,netdev=net0",
            &format!("hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:80,"),
            &format!("hostfwd=udp:127.0.0.1:{port}-10.0.2.15:53"),
        ],
    );
    let cmdline = bench.qemu_arg("-append");
    assert_says(&cmdline, &["console=ttyS0 quiet elfin.debugcon=1", "ip=10.0.2.15::10.0.2.2:"]);
    assert!(!cmdline.contains(" -- "));
}

#[test]
fn no_network_unless_asked_for() {
    let bench = Bench::new(DONE);
    assert!(bench.run("").status.success());
    let args = bench.qemu_args().join(" ");
    assert!(!args.contains("netdev") && !args.contains("ip="), "{args}");
}

#[test]
fn a_dry_run_prints_a_line_for_the_shell() {
    let bench = Bench::new(DONE);
    let output = bench.run("--dry-run --machine q35 --qemu-arg -S --append a=b");
    assert!(output.status.success());
    assert_says(&stdout(&output), &["./qemu -M q35", "-append 'console=ttyS0", "a=b'", " -S\n"]);
    assert!(!bench.path("args").exists());
}

#[test]
fn what_follows_the_program_is_its_own() {
    for separator in [&[][..], &["--"]] {
        let bench = Bench::new(DONE);
        let mut command = bench.elfin_run();
        command.args(separator).args(["./program", "-p", "--help", "--", "a b", ""]);
        assert!(command.status().unwrap().success());
        let text = fs::read(bench.unpacked().join(".elfin/args")).unwrap();
        let text = String::from_utf8_lossy(&text).replace('\0', "|");
        assert_says(
            &text,
            &[
                "program=/bin/program|",
                "|arg=/bin/program|arg=-p|arg=--help|arg=--|arg=a b|arg=|env=",
            ],
        );
    }
}

#[test]
fn the_environment_is_small_and_chosen() {
    let bench = Bench::new(DONE);
    bench.write("env", b"# comment\nA=file\nB=file\n", 0o644);
    let mut command = bench.elfin_run();
    command.env("FROM_HOST", "yes").env("SECRET", "no");
    command.args(["--env-file", "env", "-e", "B=option", "-e", "FROM_HOST", "-e", "NOT_THERE"]);
    assert!(command.arg("./program").status().unwrap().success());
    let text = fs::read(bench.unpacked().join(".elfin/args")).unwrap();
    let text = String::from_utf8_lossy(&text);
    assert_says(&text, &["A=file", "B=option", "FROM_HOST=yes", "PATH=", "HOME=/root"]);
    for absent in ["SECRET", "B=file", "NOT_THERE"] {
        assert!(!text.contains(absent), "{absent}");
    }
}

#[test]
fn files_and_directories_are_copied() {
    let bench = Bench::new(DONE);
    bench.write("tree/sub/file", b"deep", 0o640);
    bench.write("conf", b"conf", 0o600);
    bench.write("large", &vec![7; 100_000], 0o644);
    symlink("sub/file", bench.path("tree/link")).unwrap();
    let output = bench.run("--file tree:/opt/tree --file conf:/etc/conf --file large:/large");
    assert!(output.status.success());
    let root = bench.unpacked();
    assert_eq!(fs::read(root.join("opt/tree/sub/file")).unwrap(), b"deep");
    let mode = fs::metadata(root.join("opt/tree/sub/file")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    assert_eq!(fs::read_link(root.join("opt/tree/link")).unwrap().to_str(), Some("sub/file"));
    assert_eq!(fs::read(root.join("large")).unwrap(), vec![7; 100_000]);
    assert_eq!(fs::read(root.join("etc/conf")).unwrap(), b"conf");
    assert!(root.join("etc/passwd").is_file() && root.join("proc").is_dir());
    assert_eq!(
        fs::read(root.join("bin/program")).unwrap(),
        fs::read(bench.path("program")).unwrap()
    );
}

#[test]
fn the_working_directory_is_made() {
    let bench = Bench::new(DONE);
    assert!(bench.run("-w data/dir --argv0 other").status.success());
    let root = bench.unpacked();
    assert!(root.join("data/dir").is_dir());
    let text = fs::read(root.join(".elfin/args")).unwrap();
    assert_says(&String::from_utf8_lossy(&text), &["directory=/data/dir\0arg=other\0"]);
    bench.write("file", b"", 0o644);
    assert_eq!(bench.run("--file file:/x -w /x/y").status.code(), Some(125));
}

#[test]
fn large_files_begin_on_a_page() {
    let bench = Bench::new(DONE);
    bench.write("large", &[b"MARK".to_vec(), vec![0; 9000]].concat(), 0o644);
    assert!(bench.run("--file large:/large").status.success());
    let archive = fs::read(bench.path("initramfs")).unwrap();
    let at = archive.windows(4).position(|bytes| bytes == b"MARK").unwrap();
    assert_eq!(at % 4096, 0);
}

#[test]
fn a_root_holds_the_program() {
    let bench = Bench::new(DONE);
    let program = fs::read(bench.path("program")).unwrap();
    bench.write("root/usr/bin/inner", &program, 0o755);
    bench.write("root/etc/passwd", b"mine", 0o644);
    symlink("usr/bin", bench.path("root/bin")).unwrap();
    for name in ["inner", "/bin/inner", "bin/inner"] {
        let mut command = bench.elfin_run();
        assert!(command.args(["--root", "root", name]).status().unwrap().success(), "{name}");
        let root = bench.unpacked();
        assert_eq!(fs::read(root.join("etc/passwd")).unwrap(), b"mine");
        assert!(root.join("usr/bin/inner").is_file());
    }
}

#[test]
fn the_same_input_gives_the_same_archive() {
    let bench = Bench::new(DONE);
    bench.write("tree/b", b"b", 0o644);
    bench.write("tree/a", b"a", 0o644);
    let archive = || {
        assert!(bench.run("--file tree:/tree --dry-run --save-initramfs saved").status.success());
        fs::read(bench.path("saved")).unwrap()
    };
    assert_eq!(archive(), archive());
}

#[test]
fn standard_input_is_nothing_a_file_or_a_stream() {
    let bench = Bench::new("tell 'elfin-event: boot'; head -c 7; tell 'elfin-exit: 0'; exit 33");
    assert!(bench.run("").status.success());
    assert_says(&bench.qemu_arg("-append"), &["elfin.stdin=null", "elfin.stdout=stream"]);

    bench.write("input", b"from a file", 0o644);
    let mut command = bench.elfin_run();
    command.arg("./program").stdin(File::open(bench.path("input")).unwrap());
    assert!(command.status().unwrap().success());
    assert_says(&bench.qemu_arg("-append"), &["elfin.stdin=file"]);
    assert_eq!(fs::read(bench.unpacked().join(".elfin/stdin")).unwrap(), b"from a file");

    let mut command = bench.elfin_run();
    command.arg("./program").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"ab\x10c").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_says(&bench.qemu_arg("-append"), &["elfin.stdin=stream"]);
    assert_eq!(output.stdout, b"ab\x10\x10c\x10\x04");
}
