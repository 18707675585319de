//! Where core files go: `/proc/sys/kernel/core_pattern`, `core_uses_pid`, `fs/suid_dumpable`.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

/// The longest pattern with its terminating zero (`CORENAME_MAX_SIZE`).
pub const PATTERN_MAX: usize = 128;

static PATTERN: SpinLock<Vec<u8>> = SpinLock::new(Vec::new());
static USES_PID: AtomicU32 = AtomicU32::new(0);
static SUID_DUMPABLE: AtomicU32 = AtomicU32::new(0);

/// The pattern of names.
pub fn pattern() -> Vec<u8> {
    let set = PATTERN.lock().clone();
    if set.is_empty() { b"core".to_vec() } else { set }
}

/// Sets the pattern; what is too long is cut off, as Linux does.
///
/// # Errors
/// `EOPNOTSUPP` for a pipe to a program.
pub fn set_pattern(text: &[u8]) -> Result<(), Errno> {
    if text.first() == Some(&b'|') {
        log::error!("core_pattern: core files go to files here, not to programs");
        return Err(Errno::EOPNOTSUPP);
    }
    let text = text.get(..PATTERN_MAX - 1).unwrap_or(text).to_vec();
    let old = core::mem::replace(&mut *PATTERN.lock(), text);
    drop(old);
    Ok(())
}

/// `core_uses_pid`: a name without `%p` gets the process' number.
pub fn uses_pid() -> u32 {
    USES_PID.load(Ordering::Relaxed)
}

/// Sets `core_uses_pid`.
pub fn set_uses_pid(value: u32) {
    USES_PID.store(value, Ordering::Relaxed);
}

/// `suid_dumpable`: what `PR_GET_DUMPABLE` becomes when a process changes its rights.
pub fn suid_dumpable() -> u32 {
    SUID_DUMPABLE.load(Ordering::Relaxed)
}

/// Sets `suid_dumpable`.
///
/// # Errors
/// `EINVAL` above 2.
pub fn set_suid_dumpable(value: u32) -> Result<(), Errno> {
    const HIGHEST: u32 = 2;
    if value > HIGHEST {
        return Err(Errno::EINVAL);
    }
    SUID_DUMPABLE.store(value, Ordering::Relaxed);
    Ok(())
}

/// What a name may be made of.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// `%p` and `%P`.
    pub pid: u32,
    /// `%i` and `%I`: the thread that caused it.
    pub tid: u32,
    /// `%u`.
    pub uid: u32,
    /// `%g`.
    pub gid: u32,
    /// `%d`.
    pub dumpable: u32,
    /// `%s`.
    pub signal: u32,
    /// `%t`: seconds since 1970.
    pub time: u64,
    /// `%c`: the limit in bytes.
    pub limit: u64,
    /// `%h`.
    pub host: &'a [u8],
    /// `%e`: the thread's name.
    pub name: &'a [u8],
    /// `%E`, and its last part `%f`: the program's path.
    pub path: &'a [u8],
}

/// The name of a core file.
pub fn name(pattern: &[u8], uses_pid: bool, facts: &Facts<'_>) -> Vec<u8> {
    let mut name = Vec::new();
    let mut has_pid = false;
    let mut rest = pattern.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            name.push(byte);
            continue;
        }
        let number: u64 = match rest.next() {
            // A lone % at the end is dropped, as is one before a letter without a meaning.
            None => break,
            Some(b'p' | b'P') => {
                has_pid = true;
                facts.pid.into()
            }
            Some(b'i' | b'I') => facts.tid.into(),
            Some(b'u') => facts.uid.into(),
            Some(b'g') => facts.gid.into(),
            Some(b'd') => facts.dumpable.into(),
            Some(b's') => facts.signal.into(),
            Some(b't') => facts.time,
            Some(b'c') => facts.limit,
            Some(other) => {
                let file = facts.path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
                match other {
                    b'%' => name.push(b'%'),
                    b'h' => push_flat(&mut name, facts.host),
                    b'e' => push_flat(&mut name, facts.name),
                    b'f' => push_flat(&mut name, file),
                    b'E' => push_flat(&mut name, facts.path),
                    _ => {}
                }
                continue;
            }
        };
        name.extend_from_slice(alloc::format!("{number}").as_bytes());
    }
    if uses_pid && !has_pid {
        name.extend_from_slice(alloc::format!(".{}", facts.pid).as_bytes());
    }
    name
}

/// Adds what somebody else chose: it must not lead into other folders.
fn push_flat(name: &mut Vec<u8>, text: &[u8]) {
    match text {
        b"." => name.push(b'!'),
        b".." => name.extend_from_slice(b"!."),
        _ => name.extend(text.iter().map(|&byte| if byte == b'/' { b'!' } else { byte })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_facts() {
        let facts = Facts {
            pid: 7,
            signal: 11,
            uid: 1000,
            host: b"elfin",
            name: b"a/b",
            path: b"/bin/test",
            ..Facts::default()
        };
        let named = |pattern: &[u8], uses_pid| name(pattern, uses_pid, &facts);
        assert_eq!(named(b"core", false), b"core");
        assert_eq!(named(b"core", true), b"core.7");
        assert_eq!(named(b"/tmp/%e.%p.%s.%u.%h", true), b"/tmp/a!b.7.11.1000.elfin");
        assert_eq!(named(b"%E %f %% %z%", false), b"!bin!test test % ");
    }

    #[test]
    fn programs_are_refused() {
        assert_eq!(set_pattern(b"|/bin/true"), Err(Errno::EOPNOTSUPP));
        assert_eq!(pattern(), b"core");
    }
}
