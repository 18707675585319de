//! Whether KVM really works: a few bytes of firmware run on it and must reach their end in time.
//!
//! `/dev/kvm` may exist and open on a host whose KVM fails or emulates at a crawl. The firmware counts
//! down from [`COUNTDOWN`] (a few milliseconds on silicon, many seconds when interpreted),
//! leaves the guest [`PORT_WRITES`] times, and ends the machine with a status of its own.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::host::leashed;
use crate::image::Scratch;

/// QEMU takes firmware in multiples of this; the reset vector is 16 bytes before its end.
const FIRMWARE_LEN: usize = 64 << 10;
/// Where the processor begins, from the start of the firmware.
const RESET_VECTOR: usize = FIRMWARE_LEN - 16;
/// Instructions pairs that the firmware executes.
const COUNTDOWN: u32 = 20_000_000;
/// How often the firmware leaves the guest.
const PORT_WRITES: u16 = 1000;
/// What the firmware writes to the exit port.
const EXIT_VALUE: u8 = 0x2a;
/// QEMU's status then (isa-debug-exit: 2·value+1).
const EXIT_STATUS: i32 = 2 * 0x2a + 1;
/// The whole probe's time limit.
pub const LIMIT: Duration = Duration::from_millis(1200);
/// How often QEMU is looked at.
const POLL: Duration = Duration::from_millis(2);

/// Runs the probe on `accel` (`kvm`, or `tcg` to test the probe).
///
/// # Errors
/// Says what did not work.
pub fn probe(qemu: &OsStr, accel: &str, limit: Duration) -> Result<()> {
    let mut firmware = Scratch::new("elfin-probe", 0)?;
    firmware.file().write_all(&firmware_image()).context("can not write the probe's firmware")?;
    let mut command = leashed(qemu);
    command.args(["-M", "microvm,acpi=off", "-accel", accel, "-m", "1M"]);
    command.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    command.args(["-device", "isa-debug-exit,iobase=0x501,iosize=2", "-bios"]);
    command.arg(firmware.child_path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().context("can not start QEMU")?;
    let ended = wait(&mut child, limit);
    if ended.is_none() {
        // Ended or not by now, it is collected here.
        let _ = child.kill();
        let _ = child.wait();
    }
    match ended {
        Some(Some(EXIT_STATUS)) => Ok(()),
        Some(Some(status)) => bail!("a small guest did not run (QEMU ended with status {status})"),
        Some(None) => bail!("a small guest did not run (QEMU was killed)"),
        None => bail!("a small guest did not end within {} ms", limit.as_millis()),
    }
}

/// The exit status, or `None` when `limit` is over.
fn wait(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code()),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// 16-bit code at offset 0, and a jump to it at the reset vector.
fn firmware_image() -> Vec<u8> {
    let mut code = vec![0x66, 0xb9]; // mov ecx, COUNTDOWN
    code.extend_from_slice(&COUNTDOWN.to_le_bytes());
    code.extend_from_slice(&[0x66, 0x49]); // dec ecx
    code.extend_from_slice(&[0x75, 0xfc]); // jnz to the dec
    code.push(0xb9); // mov cx, PORT_WRITES
    code.extend_from_slice(&PORT_WRITES.to_le_bytes());
    code.extend_from_slice(&[0xe6, 0x80]); // out 0x80, al
    code.extend_from_slice(&[0xe2, 0xfc]); // loop to the out
    code.extend_from_slice(&[0xba, 0x01, 0x05]); // mov dx, 0x501
    code.extend_from_slice(&[0xb8, EXIT_VALUE, 0x00]); // mov ax, EXIT_VALUE
    code.push(0xef); // out dx, ax
    code.extend_from_slice(&[0xf4, 0xeb, 0xfd]); // hlt, and again
    let mut image = vec![0xf4; RESET_VECTOR];
    image.splice(..code.len(), code);
    image.extend_from_slice(&[0xe9, 0x0d, 0x00]); // jmp to offset 0, modulo 64 KiB
    image.resize(FIRMWARE_LEN, 0xf4);
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firmware_has_its_size_and_begins_at_the_reset_vector() {
        let image = firmware_image();
        assert_eq!(image.len(), FIRMWARE_LEN);
        assert_eq!(image[RESET_VECTOR], 0xe9);
        assert_eq!(image[..2], [0x66, 0xb9]);
    }
}
