//! `/proc/<pid>/{stat,statm,status,limits}`.

use alloc::string::String;
use core::fmt::Write;
use core::sync::atomic::Ordering;

use elfin_platform::cpu;
use elfin_platform::mm::PAGE_SIZE;
use elfin_syscalls::abi::{RLIM_INFINITY, SIG_IGN, USER_HZ};
use elfin_syscalls::args::{Resource, SigNum};

use super::super::pseudo::{Shown, Text};
use super::contents::name;
use super::maps::Sizes;
use crate::task::signal::{Actions, SigSet, Signal};
use crate::task::{Cred, Process, ThreadRef, jobs};

/// Bytes in the unit of `status`.
const KB: usize = 1024;
/// Nanoseconds in a clock tick.
pub(super) const NSEC_PER_TICK: u64 = 1_000_000_000 / USER_HZ as u64;
/// The priority that `stat` shows for nice 0.
const BASE_PRIORITY: i32 = 20;

/// What a thread does, as one letter.
fn letter(thread: &ThreadRef) -> char {
    match thread.sched.letter() {
        _ if thread.trace.is_stopped() => 't',
        'D' if thread.process.signals.is_stopped() => 'T',
        letter => letter,
    }
}

fn is_process(thread: &ThreadRef) -> bool {
    thread.is_leader()
}

/// Signals that are ignored, and those with a handler.
fn actions(actions: &Actions) -> (u64, u64) {
    let mut sets = (0, 0);
    for signal in (1..=SigNum::MAX).filter_map(|number| Signal::new(SigNum(number)).ok()) {
        let action = actions.get(signal);
        if action.0.handler == SIG_IGN {
            sets.0 |= SigSet::of(signal).0;
        } else if action.handler().is_some() {
            sets.1 |= SigSet::of(signal).0;
        }
    }
    sets
}

/// The number of the terminal that controls a process, and the group in its foreground.
fn terminal(process: &Process) -> (u64, i64) {
    match jobs::terminal(process) {
        Some(terminal) => (terminal.number, terminal.job.lock().foreground.into()),
        None => (0, -1),
    }
}

/// `stat`: 52 fields in one line.
pub fn stat(thread: &ThreadRef, out: &mut Text) -> Shown {
    let process = &thread.process;
    let mm = thread.mm();
    let sizes = Sizes::of(mm);
    let policy = *thread.policy.lock();
    let own_time = if is_process(thread) { process.cpu_time() } else { thread.cpu_time() };
    let ticks = own_time / NSEC_PER_TICK;
    let children = process.children_cpu_time.load(Ordering::Relaxed) / NSEC_PER_TICK;
    let (ignored, caught) = process.signals.with_actions(|all| actions(all));
    let [arg_start, arg_end, env_start, env_end] = mm.args();
    let (heap, _) = mm.heap();
    let (state, ppid) = (letter(thread), process.ppid());
    let (pgid, sid) = (process.pgid(), process.sid());
    let (tty, foreground) = terminal(process);
    out.bytes(alloc::format!("{} (", thread.tid).as_bytes())?;
    out.bytes(&name(thread))?;
    // 3 state … 9 flags.
    write!(out, ") {state} {ppid} {pgid} {sid} {tty} {foreground} 4194304 ")?;
    // 10 minor and major faults, 14 user and system time, children's.
    let faults = [process.used(), process.children_usage.get()].map(|used| used.faults);
    write!(out, "{} {} 0 0 {ticks} 0 {children} 0 ", faults[0], faults[1])?;
    // 18 priority, nice, threads, itimer, start time.
    let priority = BASE_PRIORITY + policy.nice;
    let start = process.started / NSEC_PER_TICK;
    write!(out, "{priority} {} {} 0 {start} ", policy.nice, process.thread_count())?;
    // 23 size, resident, limit.
    let limit = process.rlimits.soft(Resource::RSS);
    write!(out, "{} {} {limit} ", sizes.total, sizes.resident / PAGE_SIZE)?;
    // 26 code, stack, registers.
    write!(out, "{} {} {arg_start} 0 0 ", sizes.code_start, sizes.code_end)?;
    // 31 signals.
    let pending = process.signals.pending().0;
    write!(out, "{pending} {} {ignored} {caught} ", thread.signals.blocked().0)?;
    // 35 wchan, swap, exit signal, CPU, real-time priority, policy, delays.
    let exit_signal = if is_process(thread) {
        i64::from(process.exit_signal.load(Ordering::Relaxed))
    } else {
        -1
    };
    write!(out, "0 0 0 {exit_signal} {} {} ", thread.sched.cpu(), policy.priority)?;
    write!(out, "{} 0 0 0 ", policy.policy)?;
    // 45 data, heap, arguments, environment, exit code.
    write!(out, "{} {} {heap} ", sizes.data_start, sizes.data_end)?;
    writeln!(out, "{arg_start} {arg_end} {env_start} {env_end} 0")?;
    Ok(())
}

/// `statm`: sizes in pages.
pub fn statm(thread: &ThreadRef, out: &mut Text) -> Shown {
    let sizes = Sizes::of(thread.mm());
    let pages = |bytes: usize| bytes / PAGE_SIZE;
    writeln!(
        out,
        "{} {} {} {} 0 {} 0",
        pages(sizes.total),
        pages(sizes.resident),
        pages(sizes.resident_file),
        pages(sizes.code),
        pages(sizes.data + sizes.stack),
    )?;
    Ok(())
}

/// `status`.
pub fn status(thread: &ThreadRef, out: &mut Text) -> Shown {
    let process = &thread.process;
    let cred = thread.cred();
    out.bytes(b"Name:\t")?;
    out.bytes(&name(thread))?;
    writeln!(out, "\nUmask:\t{:04o}", thread.fs().umask())?;
    let state = match letter(thread) {
        'R' => "R (running)",
        'D' => "D (disk sleep)",
        'T' => "T (stopped)",
        't' => "t (tracing stop)",
        'Z' => "Z (zombie)",
        _ => "S (sleeping)",
    };
    let (pid, tid, ppid) = (process.pid, thread.tid, process.ppid());
    let (pgid, sid) = (process.pgid(), process.sid());
    writeln!(out, "State:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{tid}\nPPid:\t{ppid}")?;
    let tracer = thread.trace.tracer().map_or(0, |tracer| tracer.pid);
    writeln!(out, "TracerPid:\t{tracer}")?;
    ids(&cred, out)?;
    writeln!(out, "FDSize:\t{}", thread.files().capacity())?;
    groups(&cred, out)?;
    writeln!(out, "NStgid:\t{pid}\nNSpid:\t{tid}\nNSpgid:\t{pgid}\nNSsid:\t{sid}")?;
    writeln!(out, "Kthread:\t0")?;
    sizes(thread, out)?;
    signals(thread, out)?;
    capabilities(&cred, out)?;
    writeln!(out, "NoNewPrivs:\t{}", u8::from(thread.no_new_privs.load(Ordering::Relaxed)))?;
    writeln!(out, "Seccomp:\t0\nSeccomp_filters:\t0")?;
    writeln!(out, "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunknown")?;
    cpus(thread.sched.affinity(), out)?;
    let (voluntary, forced) = thread.sched.switches();
    writeln!(out, "Mems_allowed:\t1\nMems_allowed_list:\t0")?;
    writeln!(out, "voluntary_ctxt_switches:\t{voluntary}\nnonvoluntary_ctxt_switches:\t{forced}")?;
    Ok(())
}

pub(super) fn ids(cred: &Cred, out: &mut Text) -> Shown {
    writeln!(out, "Uid:\t{}\t{}\t{}\t{}", cred.uid, cred.euid, cred.suid, cred.fsuid)?;
    writeln!(out, "Gid:\t{}\t{}\t{}\t{}", cred.gid, cred.egid, cred.sgid, cred.fsgid)?;
    Ok(())
}

pub(super) fn groups(cred: &Cred, out: &mut Text) -> Shown {
    write!(out, "Groups:\t")?;
    for group in cred.groups.iter() {
        write!(out, "{group} ")?;
    }
    writeln!(out)?;
    Ok(())
}

pub(super) fn capabilities(cred: &Cred, out: &mut Text) -> Shown {
    for (name, set) in [
        ("CapInh", cred.inheritable),
        ("CapPrm", cred.permitted),
        ("CapEff", cred.effective),
        ("CapBnd", cred.bounding),
        ("CapAmb", cred.ambient),
    ] {
        writeln!(out, "{name}:\t{set:016x}")?;
    }
    Ok(())
}

fn sizes(thread: &ThreadRef, out: &mut Text) -> Shown {
    let mm = thread.mm();
    let sizes = Sizes::of(mm);
    let anonymous = sizes.resident.saturating_sub(sizes.resident_file);
    for (name, bytes) in [
        ("VmPeak", mm.peak_size().max(sizes.total)),
        ("VmSize", sizes.total),
        ("VmLck", mm.locked()),
        ("VmPin", 0),
        ("VmHWM", mm.peak_resident()),
        ("VmRSS", sizes.resident),
        ("RssAnon", anonymous),
        ("RssFile", sizes.resident_file),
        ("RssShmem", 0),
        ("VmData", sizes.data),
        ("VmStk", sizes.stack),
        ("VmExe", sizes.code),
        ("VmLib", 0),
        ("VmPTE", 0),
        ("VmSwap", 0),
        ("HugetlbPages", 0),
    ] {
        writeln!(out, "{name}:\t{:8} kB", bytes / KB)?;
    }
    writeln!(out, "CoreDumping:\t{}", u8::from(thread.process.core.is_dumping()))?;
    writeln!(out, "THP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff")?;
    writeln!(out, "Threads:\t{}", thread.process.thread_count())?;
    Ok(())
}

fn signals(thread: &ThreadRef, out: &mut Text) -> Shown {
    let process = &thread.process;
    let shared = process.signals.pending();
    let own = crate::task::signal::pending(thread).0 & !shared.0;
    let queued = (own | shared.0).count_ones();
    let (ignored, caught) = process.signals.with_actions(|all| actions(all));
    writeln!(out, "SigQ:\t{queued}/{}", process.rlimits.soft(Resource::SIGPENDING))?;
    for (name, set) in [
        ("SigPnd", own),
        ("ShdPnd", shared.0),
        ("SigBlk", thread.signals.blocked().0),
        ("SigIgn", ignored),
        ("SigCgt", caught),
    ] {
        writeln!(out, "{name}:\t{set:016x}")?;
    }
    Ok(())
}

fn cpus(affinity: u64, out: &mut Text) -> Shown {
    let count = cpu::count();
    let online = if count >= 64 { u64::MAX } else { (1 << count) - 1 };
    let allowed = affinity & online;
    writeln!(out, "Cpus_allowed:\t{allowed:x}")?;
    write!(out, "Cpus_allowed_list:\t")?;
    let mut first = true;
    let mut id = 0;
    while id < count {
        if allowed >> id & 1 == 0 {
            id += 1;
            continue;
        }
        let start = id;
        while id + 1 < count && allowed >> (id + 1) & 1 != 0 {
            id += 1;
        }
        let comma = if first { "" } else { "," };
        if start == id {
            write!(out, "{comma}{start}")?;
        } else {
            write!(out, "{comma}{start}-{id}")?;
        }
        first = false;
        id += 1;
    }
    writeln!(out)?;
    Ok(())
}

/// Names and units, in the order of the resources' numbers.
const LIMITS: [(&str, &str, Resource); 16] = [
    ("Max cpu time", "seconds", Resource::CPU),
    ("Max file size", "bytes", Resource::FSIZE),
    ("Max data size", "bytes", Resource::DATA),
    ("Max stack size", "bytes", Resource::STACK),
    ("Max core file size", "bytes", Resource::CORE),
    ("Max resident set", "bytes", Resource::RSS),
    ("Max processes", "processes", Resource::NPROC),
    ("Max open files", "files", Resource::NOFILE),
    ("Max locked memory", "bytes", Resource::MEMLOCK),
    ("Max address space", "bytes", Resource::AS),
    ("Max file locks", "locks", Resource::LOCKS),
    ("Max pending signals", "signals", Resource::SIGPENDING),
    ("Max msgqueue size", "bytes", Resource::MSGQUEUE),
    ("Max nice priority", "", Resource::NICE),
    ("Max realtime priority", "", Resource::RTPRIO),
    ("Max realtime timeout", "us", Resource::RTTIME),
];

/// `limits`.
pub fn limits(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{:<25} {:<20} {:<20} {:<10}", "Limit", "Soft Limit", "Hard Limit", "Units")?;
    for (name, unit, resource) in LIMITS {
        let limit = thread.process.rlimits.get(resource)?;
        let (soft, hard) = (value(limit.rlim_cur), value(limit.rlim_max));
        write!(out, "{name:<25} {soft:<20} {hard:<20} ")?;
        if unit.is_empty() {
            writeln!(out)?;
        } else {
            writeln!(out, "{unit:<10}")?;
        }
    }
    Ok(())
}

fn value(limit: u64) -> String {
    if limit == RLIM_INFINITY { String::from("unlimited") } else { alloc::format!("{limit}") }
}
