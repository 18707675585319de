//! Files of `/proc` about the machine.

use core::fmt::Write;

use elfin_platform::{boot, cpu, time};
use elfin_syscalls::abi::USER_HZ;

use super::super::pseudo::{Shown, Text};
use crate::task::{ids, sched};
use crate::uts;

const NSEC_PER_SEC: u64 = 1_000_000_000;
/// Nanoseconds in a clock tick of `/proc`.
const NSEC_PER_TICK: u64 = NSEC_PER_SEC / USER_HZ as u64;
/// Nanoseconds in a hundredth of a second.
const CENTISECOND: u64 = NSEC_PER_SEC / 100;

/// Nothing.
pub fn empty(_out: &mut Text) -> Shown {
    Ok(())
}

/// `/proc/cmdline`.
pub fn cmdline(out: &mut Text) -> Shown {
    writeln!(out, "{}", boot::info().cmdline)?;
    Ok(())
}

/// `/proc/devices`.
pub fn devices(out: &mut Text) -> Shown {
    out.bytes(b"Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n")?;
    out.bytes(b"\nBlock devices:\n")
}

/// `/proc/filesystems`.
pub fn filesystems(out: &mut Text) -> Shown {
    for name in ["sysfs", "tmpfs", "proc", "devtmpfs", "sockfs", "pipefs", "ramfs", "mqueue"] {
        writeln!(out, "nodev\t{name}")?;
    }
    Ok(())
}

/// `/proc/partitions`.
pub fn partitions(out: &mut Text) -> Shown {
    out.bytes(b"major minor  #blocks  name\n\n")
}

/// `/proc/swaps`.
pub fn swaps(out: &mut Text) -> Shown {
    out.bytes(b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
}

/// `/proc/version`.
pub fn version(out: &mut Text) -> Shown {
    writeln!(out, "{} version {} (elfin@elfin) {}", uts::SYSNAME, uts::RELEASE, uts::VERSION)?;
    Ok(())
}

fn hundredths(ns: u64) -> (u64, u64) {
    (ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / CENTISECOND)
}

fn idle() -> u64 {
    (0..cpu::count()).map(sched::idle_time).sum()
}

/// `/proc/uptime`.
pub fn uptime(out: &mut Text) -> Shown {
    let ((up, up_part), (idle, idle_part)) = (hundredths(time::now()), hundredths(idle()));
    writeln!(out, "{up}.{up_part:02} {idle}.{idle_part:02}")?;
    Ok(())
}

/// `/proc/loadavg`: no averages are kept; the number of threads that run stands for them.
pub fn loadavg(out: &mut Text) -> Shown {
    let running = sched::load();
    let (threads, last) = (sched::thread_count(), ids::last_id());
    writeln!(out, "{running}.00 {running}.00 {running}.00 {running}/{threads} {last}")?;
    Ok(())
}

/// `/proc/stat`.
pub fn stat(out: &mut Text) -> Shown {
    let now = time::now();
    let line = |out: &mut Text, name: &str, busy: u64, idle: u64| {
        let (busy, idle) = (busy / NSEC_PER_TICK, idle / NSEC_PER_TICK);
        writeln!(out, "{name} {busy} 0 0 {idle} 0 0 0 0 0 0")
    };
    let cpus = cpu::count();
    let all = now.saturating_mul(cpus as u64);
    line(out, "cpu ", all.saturating_sub(idle()), idle())?;
    for id in 0..cpus {
        let idle = sched::idle_time(id);
        line(out, &alloc::format!("cpu{id}"), now.saturating_sub(idle), idle)?;
    }
    let switches: u64 = ids::processes()
        .map(|process| process.used())
        .map(|used| used.yields + used.preemptions)
        .sum();
    writeln!(out, "intr 0\nctxt {switches}")?;
    writeln!(out, "btime {}", time::wall().saturating_sub(now) / NSEC_PER_SEC)?;
    writeln!(out, "processes {}\nprocs_running {}", ids::made(), sched::load())?;
    writeln!(out, "procs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0")?;
    Ok(())
}
