//! gzip: against the gzip program, and broken.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::Random;
use elfin_loader::gzip::{GzipError, inflate, is_gzip};

/// "hello\n", by gzip -n.
const HELLO: [u8; 26] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 2, 0, 0x20, 0x30, 0x3a,
    0x36, 6, 0, 0, 0,
];
const LIMIT: usize = 64 << 20;

fn gzip(options: &[&str], data: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("gzip")
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .inspect_err(|_| eprintln!("left out: there is no gzip"))
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(data).unwrap());
        Some(child.wait_with_output().unwrap().stdout)
    })
}

#[test]
fn members_follow_each_other() {
    assert!(is_gzip(&HELLO));
    assert_eq!(inflate(&HELLO, 6).unwrap().data, b"hello\n");
    let twice = [&HELLO[..], &HELLO, b"\0\0rest"].concat();
    let inflated = inflate(&twice, LIMIT).unwrap();
    assert_eq!((&inflated.data[..], inflated.rest), (&b"hello\nhello\n"[..], &b"\0\0rest"[..]));
}

#[test]
fn optional_fields_are_skipped() {
    let mut bytes = HELLO.to_vec();
    bytes[3] = 2 | 4 | 8 | 16;
    bytes.splice(10..10, *b"\x03\x00abcname\0comment\0\x12\x34");
    assert_eq!(inflate(&bytes, LIMIT).unwrap().data, b"hello\n");
    for end in 0..bytes.len() {
        assert!(inflate(&bytes[..end], LIMIT).is_err(), "{end}");
    }
}

#[test]
fn what_gzip_makes_is_read() {
    let mut random = Random(3);
    let noise: Vec<u8> = (0..300_000).map(|_| random.next() as u8).collect();
    let zeroes = vec![0; 5_000_000];
    let text = b"abcabcabd ".repeat(100_000);
    for data in [&b""[..], b"x", &noise, &zeroes, &text] {
        for level in ["-1", "-9"] {
            let Some(bytes) = gzip(&[level], data) else { return };
            let inflated = inflate(&bytes, data.len()).unwrap();
            assert!(inflated.data == data && inflated.rest.is_empty());
            // Behind another member, the last four bytes say nothing about the first.
            let twice = [&bytes[..], &HELLO].concat();
            assert!(inflate(&twice, LIMIT).unwrap().data == [data, b"hello\n"].concat());
            if !data.is_empty() {
                let limit = data.len() - 1;
                assert_eq!(inflate(&bytes, limit), Err(GzipError::TooLong(limit)));
            }
        }
    }
}

#[test]
fn broken_data_is_told_apart() {
    let changed = |at: usize, byte: u8| {
        let mut bytes = HELLO;
        bytes[at] = byte;
        inflate(&bytes, LIMIT).map(|inflated| inflated.data)
    };
    assert_eq!(changed(0, 0), Err(GzipError::NotGzip));
    assert_eq!(changed(2, 7), Err(GzipError::NotGzip));
    assert_eq!(changed(3, 0x80), Err(GzipError::Flags(0x80)));
    assert_eq!(changed(10, 0xff), Err(GzipError::Corrupt));
    assert_eq!(changed(18, 0), Err(GzipError::Checksum));
    assert_eq!(changed(22, 7), Err(GzipError::Checksum));
    for end in 3..HELLO.len() {
        assert_eq!(inflate(&HELLO[..end], LIMIT), Err(GzipError::CutShort), "{end}");
    }
    assert_eq!(GzipError::Checksum.to_string(), "gzip: checksum or length (CRC32, ISIZE) is wrong");
}

#[test]
fn random_damage_is_survived() {
    let rounds = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
    let Some(original) = gzip(&["-6"], &b"some text, some more text, ".repeat(50)) else { return };
    let mut random = Random(99);
    for _ in 0..rounds {
        let mut bytes = original.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
        }
        if let Ok(inflated) = inflate(&bytes, 10_000) {
            assert!(inflated.data.len() <= 10_000);
        }
    }
}
