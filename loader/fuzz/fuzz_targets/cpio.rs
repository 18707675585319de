//! Any bytes as an initramfs: gzip members, archives, and what is between them.
#![no_main]

use elfin_loader::cpio::Entries;
use elfin_loader::gzip;
use libfuzzer_sys::fuzz_target;

/// Bytes that may come out of a member.
const LIMIT: usize = 1 << 20;

fn walk(bytes: &[u8]) -> &[u8] {
    let mut entries = Entries::new(bytes);
    let mut end = 0;
    for entry in entries.by_ref().flatten() {
        assert!(!entry.name.is_empty() && !entry.name.contains(&0));
        assert!(entry.data.start >= end && entry.data.end <= bytes.len());
        end = entry.data.end;
    }
    assert!(entries.next().is_none());
    entries.rest()
}

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while !rest.is_empty() {
        let after = if gzip::is_gzip(rest) {
            let Ok(part) = gzip::inflate(rest, LIMIT) else { break };
            assert!(part.data.len() <= LIMIT);
            walk(&part.data);
            part.rest
        } else {
            walk(rest)
        };
        if after.len() == rest.len() {
            break;
        }
        rest = after;
    }
});
