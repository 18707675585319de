//! What the system calls itself: `uname(2)`, `/proc/version`, `/proc/sys/kernel`.

use alloc::vec::Vec;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

/// The system whose programs run here.
pub const SYSNAME: &str = "Linux";
/// The Linux release whose calls are offered: programs compare it.
pub const RELEASE: &str = concat!("6.1.0-elfin-", env!("CARGO_PKG_VERSION"));
/// What Linux tells of its build; here, who it is.
pub const VERSION: &str = concat!("#1 SMP Elfin ", env!("CARGO_PKG_VERSION"));
/// The machine.
#[cfg(target_arch = "x86_64")]
pub const MACHINE: &str = "x86_64";
/// The machine.
#[cfg(target_arch = "aarch64")]
pub const MACHINE: &str = "aarch64";
/// Longest host name (`__NEW_UTS_LEN`).
pub const NAME_MAX: usize = 64;

static HOSTNAME: SpinLock<Vec<u8>> = SpinLock::new(Vec::new());
static DOMAINNAME: SpinLock<Vec<u8>> = SpinLock::new(Vec::new());

fn name_or(name: &SpinLock<Vec<u8>>, default: &[u8]) -> Vec<u8> {
    let name = name.lock();
    if name.is_empty() { default.to_vec() } else { name.clone() }
}

fn set(place: &SpinLock<Vec<u8>>, name: &[u8]) -> Result<(), Errno> {
    if name.len() > NAME_MAX {
        return Err(Errno::EINVAL);
    }
    *place.lock() = name.to_vec();
    Ok(())
}

/// The machine's name.
pub fn hostname() -> Vec<u8> {
    name_or(&HOSTNAME, b"elfin")
}

/// Names the machine.
///
/// # Errors
/// `EINVAL` for more than 64 bytes.
pub fn set_hostname(name: &[u8]) -> Result<(), Errno> {
    set(&HOSTNAME, name)
}

/// The NIS domain's name.
pub fn domainname() -> Vec<u8> {
    name_or(&DOMAINNAME, b"(none)")
}

/// Names the NIS domain.
///
/// # Errors
/// `EINVAL` for more than 64 bytes.
pub fn set_domainname(name: &[u8]) -> Result<(), Errno> {
    set(&DOMAINNAME, name)
}
