//! Arguments that mix a field with flags: [`Special`].

use core::fmt;

use super::names::{write_code, write_more_flags};
use crate::Arch;
use crate::args::{CloneFlags, FutexOp, MapFlags, OpenFlags, SockFlags, SockType, Special};

/// The types of sharing of a mapping, by their number.
const SHARING: [&str; 4] = ["0", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE"];
/// The access modes of `open`, by their number.
const ACCESS: [&str; 4] = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];

pub(super) fn write_special(
    f: &mut fmt::Formatter<'_>,
    arch: Arch,
    special: Special,
    word: usize,
) -> fmt::Result {
    // All but the clone flags are `int`s.
    let bits = word as u32;
    match special {
        Special::Open => {
            let access = bits & OpenFlags::ACCMODE;
            f.write_str(name(&ACCESS, access))?;
            write_more_flags(f, OpenFlags::names(arch), u64::from(bits & !access), false)
        }
        Special::Map => {
            let sharing = bits & MapFlags::TYPE_MASK;
            match SHARING.get(sharing as usize) {
                Some(name) => f.write_str(name)?,
                None => write!(f, "{sharing:#x}")?,
            }
            write_more_flags(f, MapFlags::NAMES, u64::from(bits & !MapFlags::TYPE_MASK), false)
        }
        Special::Clone => {
            let bits = word as u64;
            let flags = bits & !CloneFlags::SIGNAL_MASK;
            write_more_flags(f, CloneFlags::NAMES, flags, true)?;
            let signal = (bits & CloneFlags::SIGNAL_MASK) as u32;
            if signal != 0 || flags == 0 {
                f.write_str(if flags == 0 { "" } else { "|" })?;
                super::names::write_signal(f, signal)?;
            }
            Ok(())
        }
        Special::Futex => {
            let command = bits & !(FutexOp::PRIVATE | FutexOp::CLOCK_REALTIME);
            write_code(f, FutexOp::NAMES, u64::from(command))?;
            if bits & FutexOp::PRIVATE != 0 {
                f.write_str("_PRIVATE")?;
            }
            if bits & FutexOp::CLOCK_REALTIME != 0 {
                f.write_str("|FUTEX_CLOCK_REALTIME")?;
            }
            Ok(())
        }
        Special::Socket => {
            write_code(f, SockType::NAMES, u64::from(bits & SockType::MASK))?;
            write_more_flags(f, SockFlags::NAMES, u64::from(bits & !SockType::MASK), false)
        }
    }
}

fn name<'a>(names: &[&'a str; 4], index: u32) -> &'a str {
    names.get(index as usize).copied().unwrap_or("?")
}
