//! Tests of the contents of files in memory.

use alloc::sync::Arc;

use elfin_syscalls::Errno;

use super::super::inode::Mappable;
use super::super::transfer::{Dest, Source};
use super::pages::{Pages, SECTORS_PER_PAGE, Seals};
use alloc::vec;

fn write(pages: &Pages, at: u64, bytes: &[u8]) -> usize {
    pages.write(Some(at), &mut Source::kernel(bytes), u64::MAX).unwrap().0
}

fn read(pages: &Pages, at: u64, len: usize) -> vec::Vec<u8> {
    let mut buf = vec![0xee; len];
    let n = pages.read(at, &mut Dest::kernel(&mut buf)).unwrap();
    buf.truncate(n);
    buf
}

#[test]
fn reads_what_was_written_across_pages_and_holes() {
    let pages = Arc::new(Pages::new());
    let text: vec::Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
    assert_eq!(write(&pages, 5000, &text), 10_000);
    assert_eq!(pages.size(), 15_000);
    assert_eq!(read(&pages, 5000, 20_000), text);
    assert_eq!(read(&pages, 0, 5000), vec![0; 5000]);
    assert_eq!(pages.blocks(), 3 * SECTORS_PER_PAGE);
    assert_eq!(pages.seek(0, true), Some(4096));
    assert_eq!(pages.seek(4096, false), Some(15_000));
    assert_eq!(read(&pages, 15_000, 1), b"");
}

#[test]
fn truncation_leaves_zeros_behind() {
    let pages = Arc::new(Pages::new());
    write(&pages, 0, &[7; 9000]);
    pages.truncate(100).unwrap();
    assert_eq!(pages.blocks(), SECTORS_PER_PAGE);
    pages.truncate(9000).unwrap();
    assert_eq!(read(&pages, 99, 3), [7, 0, 0]);
    assert_eq!(pages.truncate(1 << 63), Err(Errno::EFBIG));
    assert_eq!(pages.frame(3, false).err(), Some(Errno::EFAULT));
    assert!(pages.frame(2, true).is_ok());
}

#[test]
fn holes_are_punched() {
    let pages = Arc::new(Pages::new());
    write(&pages, 0, &[7; 4 * 4096]);
    pages.punch(100, 200).unwrap();
    assert_eq!(read(&pages, 99, 102), [&[7][..], &[0; 100], &[7]].concat());
    pages.punch(4000, 12_400).unwrap();
    assert_eq!(pages.blocks(), 2 * SECTORS_PER_PAGE);
    assert_eq!(read(&pages, 3999, 2), [7, 0]);
    assert_eq!(read(&pages, 12_399, 2), [0, 7]);
    assert_eq!(pages.size(), 4 * 4096);
}

#[test]
fn seals_hold() {
    let pages = Arc::new(Pages::new());
    assert_eq!(pages.add_seals(Seals::GROW), Err(Errno::EPERM));
    pages.allow_sealing();
    write(&pages, 0, b"abc");
    pages.add_seals(Seals::GROW | Seals::SHRINK).unwrap();
    assert_eq!(pages.truncate(2), Err(Errno::EPERM));
    assert_eq!(pages.truncate(4), Err(Errno::EPERM));
    assert_eq!(write(&pages, 1, b"xyz"), 2);
    pages.mapped(1, true);
    assert_eq!(pages.add_seals(Seals::WRITE), Err(Errno::EBUSY));
    pages.mapped(-1, true);
    pages.add_seals(Seals::WRITE | Seals::SEAL).unwrap();
    let error = pages.write(Some(0), &mut Source::kernel(b"q"), u64::MAX);
    assert_eq!(error.err(), Some(Errno::EPERM));
    assert_eq!(pages.check_map(true, true), Err(Errno::EPERM));
    assert_eq!(pages.add_seals(Seals::EXEC), Err(Errno::EPERM));
}
