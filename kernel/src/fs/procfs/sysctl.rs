//! `/proc/sys`: the kernel's settings.

use core::fmt::Write;

use elfin_syscalls::Errno;

use super::super::fdtable::NR_OPEN;
use super::super::pseudo::{Node, Shown, Text};
use super::super::watch::MAX_WATCHES;
use crate::event::{aio, inotify, pipe};
use crate::ipc::procfs as ipc;
use crate::mm::commit;
use crate::task::core_dump::settings as core_dump;
use crate::task::cred::NGROUPS_MAX;
use crate::task::{Capability, Cred, current, ids};
use crate::{rand, uts};

macro_rules! value {
    ($value:expr) => {
        |out| {
            writeln!(out, "{}", $value)?;
            Ok(())
        }
    };
}

/// The most files that may be open in all: bounded by memory alone.
const FILE_MAX: u64 = i64::MAX.unsigned_abs();
/// `net.core.somaxconn`, Linux's since 5.4.
const SOMAXCONN: u32 = 4096;

fn hostname(out: &mut Text) -> Shown {
    out.bytes(&uts::hostname())?;
    out.bytes(b"\n")
}

fn domainname(out: &mut Text) -> Shown {
    out.bytes(&uts::domainname())?;
    out.bytes(b"\n")
}

fn line(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == b'\n' || byte == 0).next().unwrap_or_default()
}

fn privileged() -> Result<(), Errno> {
    let cred: alloc::sync::Arc<Cred> = current().cred();
    if cred.has(Capability::SYS_ADMIN) { Ok(()) } else { Err(Errno::EPERM) }
}

fn set_hostname(bytes: &[u8]) -> Result<(), Errno> {
    privileged()?;
    uts::set_hostname(line(bytes))
}

fn set_domainname(bytes: &[u8]) -> Result<(), Errno> {
    privileged()?;
    uts::set_domainname(line(bytes))
}

fn core_pattern(out: &mut Text) -> Shown {
    out.bytes(&core_dump::pattern())?;
    out.bytes(b"\n")
}

fn set_core_pattern(bytes: &[u8]) -> Result<(), Errno> {
    core_dump::set_pattern(line(bytes))
}

/// The number that was written.
fn number(bytes: &[u8]) -> Result<u32, Errno> {
    let text = core::str::from_utf8(line(bytes)).map_err(|_| Errno::EINVAL)?;
    text.trim().parse().map_err(|_| Errno::EINVAL)
}

const RANDOM: &[Node] = &[
    Node::file(b"boot_id", value!(rand::boot_id())),
    Node::file(b"entropy_avail", value!(256)),
    Node::file(b"poolsize", value!(256)),
    Node::file(b"urandom_min_reseed_secs", value!(60)),
    Node::file(b"uuid", value!(rand::uuid())),
    Node::file(b"write_wakeup_threshold", value!(256)),
];

const KERNEL: &[Node] = &[
    Node::file(b"cap_last_cap", value!(Capability::LAST)),
    Node::setting(b"core_pattern", core_pattern, set_core_pattern),
    Node::setting(b"core_uses_pid", value!(core_dump::uses_pid()), |bytes| {
        core_dump::set_uses_pid(number(bytes)?);
        Ok(())
    }),
    Node::setting(b"domainname", domainname, set_domainname),
    Node::setting(b"hostname", hostname, set_hostname),
    ipc::MSGMAX,
    ipc::MSGMNB,
    ipc::MSGMNI,
    Node::file(b"ngroups_max", value!(NGROUPS_MAX)),
    Node::file(b"osrelease", value!(uts::RELEASE)),
    Node::file(b"ostype", value!(uts::SYSNAME)),
    Node::file(b"overflowgid", value!(65534)),
    Node::file(b"overflowuid", value!(65534)),
    Node::file(b"pid_max", value!(ids::PID_MAX)),
    Node::file(b"printk", value!("4\t4\t1\t7")),
    Node::dir(b"random", RANDOM),
    Node::file(b"randomize_va_space", value!(2)),
    ipc::SEM,
    ipc::SHMALL,
    ipc::SHMMAX,
    ipc::SHMMNI,
    Node::file(b"tainted", value!(0)),
    Node::file(b"threads-max", value!(ids::PID_MAX)),
    Node::file(b"version", value!(uts::VERSION)),
];

const VM: &[Node] = &[
    Node::file(b"max_map_count", value!(65530)),
    Node::file(b"mmap_min_addr", value!(65536)),
    Node::file(b"nr_hugepages", value!(0)),
    Node::setting(b"overcommit_memory", value!(commit::mode() as u32), |bytes| {
        privileged()?;
        commit::set_mode(number(bytes)?)
    }),
    Node::setting(b"overcommit_ratio", value!(commit::ratio()), |bytes| {
        privileged()?;
        commit::set_ratio(number(bytes)?);
        Ok(())
    }),
    Node::file(b"swappiness", value!(60)),
];

const FS: &[Node] = &[
    Node::file(b"aio-max-nr", value!(aio::MAX_OPERATIONS)),
    Node::file(b"aio-nr", value!(aio::operations())),
    Node::file(b"file-max", value!(FILE_MAX)),
    Node::dir(
        b"inotify",
        &[
            Node::file(b"max_queued_events", value!(inotify::MAX_EVENTS)),
            Node::file(b"max_user_instances", value!(inotify::MAX_INSTANCES)),
            Node::file(b"max_user_watches", value!(MAX_WATCHES)),
        ],
    ),
    Node::dir(b"mqueue", ipc::MQUEUE),
    Node::file(b"nr_open", value!(NR_OPEN)),
    Node::file(b"pipe-max-size", value!(pipe::MAX_SIZE)),
    Node::file(b"protected_hardlinks", value!(0)),
    Node::file(b"protected_symlinks", value!(0)),
    Node::setting(b"suid_dumpable", value!(core_dump::suid_dumpable()), |bytes| {
        core_dump::set_suid_dumpable(number(bytes)?)
    }),
];

const NET: &[Node] = &[
    Node::dir(b"core", &[Node::file(b"somaxconn", value!(SOMAXCONN))]),
    Node::dir(
        b"ipv4",
        &[
            Node::file(b"ip_local_port_range", value!("32768\t60999")),
            Node::file(b"ip_unprivileged_port_start", value!(1024)),
        ],
    ),
];

/// `/proc/sys`.
pub const ROOT: &[Node] = &[
    Node::dir(b"fs", FS),
    Node::dir(b"kernel", KERNEL),
    Node::dir(b"net", NET),
    Node::dir(b"vm", VM),
];
