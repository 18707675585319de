//! Archives: written and read back, exchanged with GNU cpio, broken.

mod common;

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::Random;
use elfin_loader::cpio::{
    Archive, CpioError, EncodeError, Encoder, Entries, Entry, FileType, Meta,
};

const FILE: u32 = 0o100_644;
const DIRECTORY: u32 = 0o040_755;
const LINK: u32 = 0o120_777;
const PAGE: usize = 4096;

fn all(bytes: &[u8]) -> Vec<Entry<'_>> {
    Entries::new(bytes).collect::<Result<_, _>>().unwrap()
}

fn small() -> Vec<u8> {
    let mut archive = Archive::new(false);
    archive.add(b".", &Meta::new(DIRECTORY), b"").unwrap();
    archive.add(b"etc", &Meta::new(DIRECTORY), b"").unwrap();
    let meta = Meta { uid: 1, gid: 2, mtime: 0x6543_2100, ..Meta::new(FILE) };
    archive.add(b"etc/motd", &meta, b"hello").unwrap();
    archive.add(b"link", &Meta::new(LINK), b"etc/motd").unwrap();
    let null = Meta { rdev: (1, 3), ..Meta::new(0o020_666) };
    archive.add(b"null", &null, b"").unwrap();
    archive.finish().unwrap()
}

#[test]
fn what_is_written_is_read() {
    let bytes = small();
    assert_eq!(bytes, small(), "the same input gives the same bytes");
    let entries = all(&bytes);
    let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
    assert_eq!(names, [&b"."[..], b"etc", b"etc/motd", b"link", b"null"]);
    let motd = &entries[2];
    assert_eq!((motd.uid, motd.gid, motd.mtime, motd.nlink), (1, 2, 0x6543_2100, 1));
    assert_eq!(&bytes[motd.data.clone()], b"hello");
    assert_eq!(motd.file_type(), Some(FileType::Regular));
    assert_eq!(&bytes[entries[3].data.clone()], b"etc/motd");
    assert_eq!(entries[3].file_type(), Some(FileType::Symlink));
    assert_eq!((entries[4].rdev, entries[4].file_type()), ((1, 3), Some(FileType::CharDevice)));
    let inodes: Vec<_> = entries.iter().map(|entry| entry.ino).collect();
    assert_eq!(inodes, [1, 2, 3, 4, 5]);
}

#[test]
fn archives_follow_each_other() {
    let mut bytes = small();
    bytes.resize(bytes.len().next_multiple_of(512) + 8, 0);
    bytes.extend(small());
    bytes.extend([0; 3]);
    assert_eq!(all(&bytes).len(), 10);

    // Something else after zeroes: its begin is the rest.
    bytes.extend(b"\x1f\x8b\x08 and so on");
    let mut entries = Entries::new(&bytes);
    assert_eq!(entries.by_ref().filter(Result::is_ok).count(), 10);
    assert!(entries.rest().starts_with(b"\x1f\x8b\x08"));

    assert_eq!(all(b""), []);
    assert_eq!(all(&[0; 100]), []);
}

#[test]
fn hard_links_lead_to_the_first_name() {
    let meta = Meta { ino: 77, nlink: 3, ..Meta::new(FILE) };
    let mut archive = Archive::new(false);
    archive.add(b"a", &meta, b"").unwrap();
    archive.add(b"other", &Meta { dev: (8, 1), ..meta }, b"").unwrap();
    archive.add(b"b", &meta, b"").unwrap();
    archive.add(b"c", &meta, b"data").unwrap();
    let mut bytes = archive.finish().unwrap();
    let mut second = Archive::new(false);
    second.add(b"d", &meta, b"").unwrap();
    second.add(b"e", &Meta { nlink: 1, ..meta }, b"").unwrap();
    bytes.extend(second.finish().unwrap());
    let entries = all(&bytes);
    let links: Vec<_> = entries.iter().map(|entry| entry.link_to).collect();
    let first = [None, None, Some(&b"a"[..]), Some(b"a")];
    assert_eq!(links, [&first[..], &[None, None]].concat(), "a trailer forgets them");
    assert_eq!(&bytes[entries[3].data.clone()], b"data");
}

/// Names of every length at every place: data is aligned wherever Linux's PATH_MAX leaves room.
#[test]
fn data_of_larger_files_is_page_aligned() {
    let mut archive = Archive::new(true);
    let mut random = Random(7);
    let mut files = Vec::new();
    let root = Meta { mtime: 12, uid: 5, ..Meta::new(0o040_700) };
    archive.add(b".", &root, b"").unwrap();
    for number in 0..600 {
        let mut name = format!("file{number}-").into_bytes();
        name.resize(name.len() + random.below(3900), b'n');
        let len = PAGE - 1 + random.below(3 * PAGE);
        let data: Vec<u8> = (0..len).map(|at| (at * 7 + number) as u8).collect();
        archive.add(&name, &Meta::new(FILE), &data).unwrap();
        files.push((name, data));
    }
    let bytes = archive.finish().unwrap();
    let entries = all(&bytes);
    let (fillers, found): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.name == b".");
    assert!(fillers.len() > 10, "names this long need them");
    assert!(fillers.iter().all(|e| (e.mode, e.mtime, e.uid) == (root.mode, 12, 5)));
    assert_eq!(found.len(), files.len());
    for (entry, (name, data)) in found.iter().zip(&files) {
        assert_eq!(entry.name, name);
        assert_eq!(&bytes[entry.data.clone()], data);
        assert!(data.len() < PAGE || entry.data.start % PAGE == 0);
    }
}

#[test]
fn gnu_cpio_takes_what_we_write_and_gives_what_we_read() {
    if Command::new("cpio").arg("--version").output().is_err() {
        eprintln!("left out: there is no cpio");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cpio-exchange");
    let _ = std::fs::remove_dir_all(&folder);
    let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
    std::fs::create_dir_all(&ours).unwrap();
    std::fs::create_dir_all(theirs.join("sub")).unwrap();

    // Ours, with a file that the padded name aligns and one that the extra entry aligns.
    let mut archive = Archive::new(true);
    let big: Vec<u8> = (0..3 * PAGE + 5).map(|at| (at % 253) as u8).collect();
    let mut names = Vec::new();
    archive.add(b".", &Meta::new(DIRECTORY), b"").unwrap();
    archive.add(b"sub", &Meta::new(DIRECTORY), b"").unwrap();
    for number in 0..40 {
        let name = format!("sub/{}{number}", "long".repeat(50));
        archive.add(name.as_bytes(), &Meta::new(FILE), &big).unwrap();
        archive
            .add(format!("small{number}").as_bytes(), &Meta::new(FILE), &big[..number * 97])
            .unwrap();
        names.push(name);
    }
    archive.add(b"link", &Meta::new(LINK), b"sub").unwrap();
    let bytes = archive.finish().unwrap();
    let aligned = all(&bytes);
    assert!(aligned.iter().filter(|e| e.data.len() >= PAGE).all(|e| e.data.start % PAGE == 0));
    assert!(aligned.iter().filter(|entry| entry.name == b".").count() > 1);
    let complaints = cpio(&["-idm", "--quiet"], &ours, &bytes).1;
    assert_eq!(complaints, "");
    for name in &names {
        assert_eq!(std::fs::read(ours.join(name)).unwrap(), big);
    }
    assert_eq!(std::fs::read(ours.join("small39")).unwrap(), big[..39 * 97]);
    assert_eq!(std::fs::read_link(ours.join("link")).unwrap(), Path::new("sub"));

    // Theirs, in both forms, with a hard link.
    std::fs::write(theirs.join("sub/first"), &big).unwrap();
    std::fs::hard_link(theirs.join("sub/first"), theirs.join("second")).unwrap();
    symlink("/nowhere", theirs.join("sub/link")).unwrap();
    std::fs::set_permissions(theirs.join("second"), std::fs::Permissions::from_mode(0o4711))
        .unwrap();
    let stat = std::fs::metadata(theirs.join("second")).unwrap();
    for format in ["newc", "crc"] {
        let list = b"sub\nsub/first\nsub/link\nsecond\n";
        let (bytes, _) = cpio(&["-o", "--quiet", "-H", format], &theirs, list);
        let entries = all(&bytes);
        let find = |name: &str| entries.iter().find(|e| e.name == name.as_bytes()).unwrap();
        assert_eq!(entries.len(), 4);
        let (first, second) = (find("sub/first"), find("second"));
        assert_eq!((first.ino, first.nlink), (second.ino, 2));
        assert_eq!(second.link_to, Some(&b"sub/first"[..]));
        assert_eq!((second.mode, second.mtime), (0o104_711, stat.mtime() as u32));
        let data = [first, second].map(|entry| &bytes[entry.data.clone()]).concat();
        assert_eq!(data, big, "with one of the names");
        assert_eq!(&bytes[find("sub/link").data.clone()], b"/nowhere");
        assert_eq!(find("sub").file_type(), Some(FileType::Directory));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Runs cpio in `folder`: what it prints, and what it complains about.
fn cpio(options: &[&str], folder: &Path, input: &[u8]) -> (Vec<u8>, String) {
    let mut child = Command::new("cpio")
        .args(options)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        let output = child.wait_with_output().unwrap();
        (output.stdout, String::from_utf8(output.stderr).unwrap())
    })
}

#[test]
fn broken_archives_are_told_apart() {
    /// A change to the small archive, and what is said about it.
    type Case = (fn(&mut Vec<u8>), &'static str);
    let cases: &[Case] = &[
        (
            |a| a[..6].copy_from_slice(b"070707"),
            "cpio archive, entry at 0x0: begins with \"070707\", not with \"070701\" (cpio \"newc\")",
        ),
        (
            |a| a[..6].copy_from_slice(b"\x7fELF\x02\x01"),
            "cpio archive, entry at 0x0: begins with \"\\x7fELF\\x02\\x01\", not with \"070701\" (cpio \"newc\")",
        ),
        (
            |a| a.truncate(109),
            "cpio archive, entry at 0x0: the archive is cut short within a header",
        ),
        (|a| a.truncate(111), "cpio archive, entry at 0x0: the archive is cut short within a name"),
        (
            |a| a.truncate(112),
            "cpio archive, entry at 0x70: the archive is cut short within the list of entries (no TRAILER!!!)",
        ),
        (|a| a[6] = b'g', "cpio archive, entry at 0x0: a field of its header is not hexadecimal"),
        (|a| a[6] = b'+', "cpio archive, entry at 0x0: a field of its header is not hexadecimal"),
        (
            |a| a[94..102].copy_from_slice(b"00000000"),
            "cpio archive, entry at 0x0: namesize is 0, not 1 to 4096",
        ),
        (
            |a| a[94..102].copy_from_slice(b"ffffffff"),
            "cpio archive, entry at 0x0: namesize is 4294967295, not 1 to 4096",
        ),
        (
            |a| a[111] = b'x',
            "cpio archive, entry at 0x0: its name is empty or has no NUL at its end",
        ),
        (|a| a[110] = 0, "cpio archive, entry at 0x0: its name is empty or has no NUL at its end"),
        (
            |a| a[54..62].copy_from_slice(b"ffffffff"),
            "cpio archive, entry at 0x0: the archive is cut short within the data of a file",
        ),
        (
            |a| {
                let motd = a.windows(8).position(|name| name == b"etc/motd").unwrap() - 110;
                a[motd + 5] = b'2';
            },
            "cpio archive, entry at 0xe4: its data does not have the checksum of its header",
        ),
        (
            |a| {
                a.insert(0, 0);
            },
            "cpio archive, entry at 0x1: does not begin at a multiple of 4 bytes",
        ),
    ];
    for (change, words) in cases {
        let mut bytes = small();
        change(&mut bytes);
        let errors: Vec<CpioError> = Entries::new(&bytes).filter_map(Result::err).collect();
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [*words]);
    }
}

#[test]
fn what_can_not_be_an_entry_is_refused() {
    let mut out = Vec::new();
    let meta = Meta::new(FILE);
    for name in [&b""[..], b"a\0b", b"TRAILER!!!", &[b'x'; PAGE]] {
        assert_eq!(Encoder::new(true).entry(&mut out, name, &meta, 0), Err(EncodeError::Name));
    }
    let result = Encoder::new(true).entry(&mut out, b"x", &meta, 1 << 32);
    assert_eq!(result, Err(EncodeError::TooLong(1 << 32)));
    assert_eq!(out, b"");
}

#[test]
fn random_damage_is_survived() {
    let rounds = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
    let original = small();
    let mut random = Random(0x00c0_ffee);
    let mut read = 0;
    for _ in 0..rounds {
        let mut bytes = original.clone();
        for _ in 0..=random.below(3) {
            match random.below(3) {
                0 => bytes.truncate(random.below(bytes.len() + 1)),
                1 if !bytes.is_empty() => {
                    let at = random.below(bytes.len());
                    bytes[at] = random.next() as u8;
                }
                _ if !bytes.is_empty() => {
                    let at = random.below(bytes.len());
                    bytes[at] = b"0123456789abcdefABCDEF"[random.below(22)];
                }
                _ => {}
            }
        }
        let mut entries = Entries::new(&bytes);
        let mut end = 0;
        for entry in entries.by_ref().flatten() {
            assert!(!entry.name.is_empty() && !entry.name.contains(&0));
            assert!(entry.data.start >= end && entry.data.end <= bytes.len());
            end = entry.data.end;
            read += 1;
        }
        assert!(entries.next().is_none(), "it stays at its end");
        assert!(entries.rest().len() <= bytes.len());
    }
    assert!(read > rounds);
}
