//! `/proc/sysvipc/{shm,sem,msg}`, and the limits in `/proc/sys/kernel` and `/proc/sys/fs/mqueue`,
//! in Linux's formats to the byte.

use core::fmt::Write;
use core::str;

use elfin_syscalls::Errno;
use elfin_syscalls::abi::IpcPerm;

use super::limits::{self, Limit};
use super::{msg, sem, shm};
use crate::fs::pseudo::{Node, Shown, Text};
use crate::mm::PAGE_SIZE;

/// `/proc/sysvipc`.
pub const SYSVIPC: &[Node] =
    &[Node::file(b"msg", queues), Node::file(b"sem", sets), Node::file(b"shm", segments)];

/// Owner and creator, as all three tables show them.
fn owners(perm: &IpcPerm, out: &mut Text) -> Shown {
    write!(out, " {:5} {:5} {:5} {:5}", perm.uid, perm.gid, perm.cuid, perm.cgid)?;
    Ok(())
}

fn queues(out: &mut Text) -> Shown {
    out.bytes(b"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid")?;
    out.bytes(b"  cuid  cgid      stime      rtime      ctime\n")?;
    for queue in msg::queues()? {
        let (id, of) = (super::Object::name(&*queue).id(), queue.status());
        let perm = &of.msg_perm;
        write!(out, "{:10} {id:10}  {:4o} ", perm.key, perm.mode)?;
        write!(out, " {:10} {:10}", of.msg_cbytes, of.msg_qnum)?;
        write!(out, " {:5} {:5}", of.msg_lspid, of.msg_lrpid)?;
        owners(perm, out)?;
        writeln!(out, " {:10} {:10} {:10}", of.msg_stime, of.msg_rtime, of.msg_ctime)?;
    }
    Ok(())
}

fn sets(out: &mut Text) -> Shown {
    out.bytes(b"       key      semid perms      nsems   uid   gid  cuid  cgid")?;
    out.bytes(b"      otime      ctime\n")?;
    for set in sem::sets()? {
        let (id, of) = (super::Object::name(&*set).id(), set.status());
        let perm = &of.sem_perm;
        write!(out, "{:10} {id:10}  {:4o} {:10}", perm.key, perm.mode, of.sem_nsems)?;
        owners(perm, out)?;
        writeln!(out, " {:10} {:10}", of.sem_otime, of.sem_ctime)?;
    }
    Ok(())
}

fn segments(out: &mut Text) -> Shown {
    out.bytes(b"       key      shmid perms                  size  cpid  lpid nattch")?;
    out.bytes(b"   uid   gid  cuid  cgid      atime      dtime      ctime")?;
    out.bytes(b"                   rss                  swap\n")?;
    for segment in shm::segments()? {
        let (id, of) = (super::Object::name(&*segment).id(), segment.status());
        let perm = &of.shm_perm;
        write!(out, "{:10} {id:10}  {:4o} {:21}", perm.key, perm.mode, of.shm_segsz)?;
        write!(out, " {:5} {:5}  {:5}", of.shm_cpid, of.shm_lpid, of.shm_nattch)?;
        owners(perm, out)?;
        write!(out, " {:10} {:10} {:10}", of.shm_atime, of.shm_dtime, of.shm_ctime)?;
        let resident = segment.resident().saturating_mul(PAGE_SIZE as u64);
        writeln!(out, " {resident:21} {:21}", 0)?;
    }
    Ok(())
}

fn show(limit: &Limit, out: &mut Text) -> Shown {
    writeln!(out, "{}", limit.get())?;
    Ok(())
}

/// The numbers of a line, of which there are `limits`.
fn store(limits: &[&Limit], bytes: &[u8]) -> Result<(), Errno> {
    let text = str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    // As on Linux, numbers that are missing leave the later limits alone.
    for (word, limit) in text.split_ascii_whitespace().zip(limits) {
        limit.set(word.parse().map_err(|_| Errno::EINVAL)?)?;
    }
    Ok(())
}

macro_rules! setting {
    ($name:literal, $limit:ident) => {
        Node::setting(
            $name,
            |out| show(&limits::$limit, out),
            |bytes| store(&[&limits::$limit], bytes),
        )
    };
}

/// `/proc/sys/kernel/msgmax`.
pub const MSGMAX: Node = setting!(b"msgmax", MSGMAX);
/// `/proc/sys/kernel/msgmnb`.
pub const MSGMNB: Node = setting!(b"msgmnb", MSGMNB);
/// `/proc/sys/kernel/msgmni`.
pub const MSGMNI: Node = setting!(b"msgmni", MSGMNI);
/// `/proc/sys/kernel/shmall`.
pub const SHMALL: Node = setting!(b"shmall", SHMALL);
/// `/proc/sys/kernel/shmmax`.
pub const SHMMAX: Node = setting!(b"shmmax", SHMMAX);
/// `/proc/sys/kernel/shmmni`.
pub const SHMMNI: Node = setting!(b"shmmni", SHMMNI);

/// `/proc/sys/kernel/sem`: semaphores in a set, in all, operations in a call, sets.
pub const SEM: Node = Node::setting(
    b"sem",
    |out| {
        let [set, all, ops, sets] = SEM_LIMITS.map(Limit::get);
        writeln!(out, "{set}\t{all}\t{ops}\t{sets}")?;
        Ok(())
    },
    |bytes| store(&SEM_LIMITS, bytes),
);

static SEM_LIMITS: [&Limit; 4] =
    [&limits::SEMMSL, &limits::SEMMNS, &limits::SEMOPM, &limits::SEMMNI];

/// `/proc/sys/fs/mqueue`.
pub const MQUEUE: &[Node] = &[
    setting!(b"msg_default", MQ_MSG_DEFAULT),
    setting!(b"msg_max", MQ_MSG_MAX),
    setting!(b"msgsize_default", MQ_MSGSIZE_DEFAULT),
    setting!(b"msgsize_max", MQ_MSGSIZE_MAX),
    setting!(b"queues_max", MQ_QUEUES_MAX),
];
