//! Real QEMU takes our command lines, and the protocol works on every machine type: a kernel of a few bytes
//! speaks it.

mod common;

use std::time::Instant;

use common::{Bench, assert_says, free_port, has, stderr, stdout};

/// Where the kernel is loaded and begins.
const ADDRESS: u32 = 0x10_0000;
/// ELF header and two program headers.
const HEADERS_LEN: u32 = 64 + 2 * 56;
/// Bytes of the note that makes it bootable.
const NOTE_LEN: u32 = 20;

/// A kernel that is entered by PVH, writes `events` and "hello", and then writes `value` to the exit port, or, if
/// that is 0, stays.
fn kernel(events: &str, value: u16) -> Vec<u8> {
    let code_at = ADDRESS + HEADERS_LEN + NOTE_LEN;
    let mut code = Vec::new();
    let texts = [format!("{events}\0"), "hello\n\0".into()];
    // Both calls have the same length, so the texts' places are known.
    let puts = code_at + 2 * 14 + 14;
    let mut text_at = puts + 9;
    for (port, text) in [0xe9_u16, 0x3f8].into_iter().zip(&texts) {
        code.extend_from_slice(&[0x66, 0xba]); // mov dx, port
        code.extend_from_slice(&port.to_le_bytes());
        code.push(0xbe); // mov esi, text
        code.extend_from_slice(&text_at.to_le_bytes());
        code.push(0xe8); // call puts
        let next = code_at + u32::try_from(code.len()).unwrap() + 4;
        code.extend_from_slice(&(puts - next).to_le_bytes());
        text_at += u32::try_from(text.len()).unwrap();
    }
    code.extend_from_slice(&[0x66, 0xba, 0x01, 0x05, 0x66, 0xb8]); // mov dx, 0x501; mov ax, value
    code.extend_from_slice(&value.to_le_bytes());
    code.extend_from_slice(if value == 0 { &[0x90, 0x90] } else { &[0x66, 0xef] }); // out dx, ax
    code.extend_from_slice(&[0xf4, 0xeb, 0xfd, 0x90]); // hlt, again
    code.extend_from_slice(&[0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8, 0xc3]); // puts
    for text in &texts {
        code.extend_from_slice(text.as_bytes());
    }

    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    for word in [u64::from(code_at), 64, 0] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&[0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0]);
    let len = HEADERS_LEN + NOTE_LEN + u32::try_from(code.len()).unwrap();
    let note_at = u64::from(HEADERS_LEN);
    for (kind, flags, offset, len, align) in
        [(1_u32, 7_u32, 0, u64::from(len), 4096_u64), (4, 4, note_at, u64::from(NOTE_LEN), 4)]
    {
        file.extend_from_slice(&kind.to_le_bytes());
        file.extend_from_slice(&flags.to_le_bytes());
        let address = u64::from(ADDRESS) + offset;
        for word in [offset, address, address, len, len, align] {
            file.extend_from_slice(&word.to_le_bytes());
        }
    }
    for word in [4, 4, 18] {
        file.extend_from_slice(&u32::to_le_bytes(word));
    }
    file.extend_from_slice(b"Xen\0");
    file.extend_from_slice(&code_at.to_le_bytes());
    file.extend_from_slice(&code);
    file
}

/// Runs `./program` on the real QEMU with the kernel.
fn run(kernel: &[u8], options: &str) -> Option<(i32, String, String)> {
    if !has("qemu-system-x86_64") {
        eprintln!("skipped: no qemu-system-x86_64");
        return None;
    }
    let bench = Bench::new("");
    bench.write("kernel", kernel, 0o644);
    let mut command = bench.elfin();
    command.args(["run", "--accel", "tcg", "--kernel", "kernel", "--timeout", "60"]);
    let output = command.args(options.split_whitespace()).arg("./program").output().unwrap();
    assert_eq!(bench.leftovers(), 0);
    Some((output.status.code().unwrap(), stdout(&output), stderr(&output)))
}

#[test]
fn every_machine_type_speaks_the_protocol() {
    let kernel = kernel("elfin-event: boot\nelfin-exit: 42\n", 0x10);
    let port = free_port();
    for machine in ["microvm", "q35", "pc", "q35 --firmware seabios", "pc --firmware seabios"] {
        for network in [String::new(), format!("-p {port}:80 --mac 52:54:00:00:00:07")] {
            let options = format!("--machine {machine} {network} --cpus 2 -m 32M");
            let Some((status, out, err)) = run(&kernel, &options) else { return };
            assert_eq!((status, out.as_str(), err.as_str()), (42, "hello\n", ""), "{options}");
        }
    }
}

#[test]
fn a_panic_is_told_apart() {
    let kernel = kernel("elfin-panic: no luck\n", 0x21);
    let Some((status, _, err)) = run(&kernel, "") else { return };
    assert_eq!(status, 125);
    assert_says(&err, &["panicked", "no luck"]);
}

#[test]
fn a_machine_that_stays_is_ended() {
    let begun = Instant::now();
    let Some((status, out, _)) = run(&kernel("", 0), "--timeout 0.5") else { return };
    assert_eq!((status, out.as_str()), (124, "hello\n"));
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn a_kernel_that_is_none_is_reported() {
    let Some((status, _, err)) = run(b"no kernel", "") else { return };
    assert_eq!(status, 125);
    assert_says(&err, &["QEMU ended unexpectedly"]);
}
