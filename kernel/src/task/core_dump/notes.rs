//! The notes of a core file: what process and threads were doing (`<linux/elfcore.h>`).

use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use elfin_platform::mm::PAGE_SIZE;
use elfin_syscalls::abi::Timeval;
use zerocopy::{Immutable, IntoBytes};

use super::segments::Segment;
use crate::fs::path;
use crate::mm::Backing;
use crate::task::registers::{GENERAL, Registers};
use crate::task::signal::{self, Info};
use crate::task::thread::{NAME_LEN, Thread};

const NT_PRSTATUS: u32 = 1;
const NT_FPREGSET: u32 = 2;
const NT_PRPSINFO: u32 = 3;
const NT_AUXV: u32 = 6;
const NT_X86_XSTATE: u32 = 0x202;
const NT_FILE: u32 = 0x4649_4c45;
const NT_SIGINFO: u32 = 0x5349_4749;
/// Who defines a note.
const CORE: &[u8] = b"CORE\0";
const LINUX: &[u8] = b"LINUX\0";
const ALIGN: usize = 4;
/// Bytes of the arguments that `NT_PRPSINFO` shows (`ELF_PRARGSZ`).
const ARGUMENTS: usize = 80;

/// `struct elf_prstatus`.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct PrStatus {
    signo: i32,
    code: i32,
    errno: i32,
    cursig: u16,
    padding: u16,
    sigpend: u64,
    sighold: u64,
    ids: [u32; 4],
    utime: Timeval,
    stime: Timeval,
    cutime: Timeval,
    cstime: Timeval,
    registers: [u64; GENERAL],
    fpvalid: u32,
    end: u32,
}

/// `struct elf_prpsinfo`.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct PrPsInfo {
    state: u8,
    letter: u8,
    zombie: u8,
    nice: i8,
    padding: u32,
    flags: u64,
    uid: u32,
    gid: u32,
    ids: [u32; 4],
    name: [u8; NAME_LEN],
    arguments: [u8; ARGUMENTS],
}

const _: () = assert!(size_of::<PrStatus>() == 336 && size_of::<PrPsInfo>() == 136);

/// The notes, as bytes.
#[derive(Default)]
pub(super) struct Notes(pub(super) Vec<u8>);

impl Notes {
    /// Adds a note; without memory there is none.
    fn add(&mut self, owner: &[u8], kind: u32, content: &[u8]) {
        const HEADER: usize = 12;
        let padded = |len: usize| len.next_multiple_of(ALIGN);
        let total = HEADER + padded(owner.len()) + padded(content.len());
        let (Ok(owner_len), Ok(content_len)) =
            (u32::try_from(owner.len()), u32::try_from(content.len()))
        else {
            return;
        };
        if self.0.try_reserve(total).is_err() {
            return;
        }
        for word in [owner_len, content_len, kind] {
            self.0.extend_from_slice(&word.to_le_bytes());
        }
        for bytes in [owner, content] {
            self.0.extend_from_slice(bytes);
            self.0.resize(padded(self.0.len()), 0);
        }
    }

    /// What is about the process; after the first thread's registers.
    pub(super) fn process(&mut self, me: &Thread, info: &Info, segments: &[Segment]) {
        self.add(CORE, NT_PRPSINFO, prpsinfo(me).as_bytes());
        self.add(CORE, NT_SIGINFO, info.to_abi().as_bytes());
        if let Some(program) = me.mm().program() {
            self.add(CORE, NT_AUXV, &program.auxv);
        }
        self.add(CORE, NT_FILE, &files(me, segments));
    }

    /// A thread's state and general registers.
    pub(super) fn thread(&mut self, thread: &Thread, registers: &Registers, info: &Info) {
        self.add(CORE, NT_PRSTATUS, prstatus(thread, registers, info).as_bytes());
    }

    /// A thread's vector registers.
    pub(super) fn vector(&mut self, registers: &Registers) {
        self.add(CORE, NT_FPREGSET, registers.legacy());
        let extended = registers.extended();
        if !extended.is_empty() {
            self.add(LINUX, NT_X86_XSTATE, &extended);
        }
    }
}

fn prstatus(thread: &Thread, registers: &Registers, info: &Info) -> PrStatus {
    let process = &thread.process;
    let pending = signal::pending(thread).0;
    let children = process.children_cpu_time.load(Ordering::Relaxed);
    PrStatus {
        signo: info.signal.number().cast_signed(),
        code: info.code,
        errno: info.errno,
        cursig: u16::try_from(info.signal.number()).unwrap_or_default(),
        padding: 0,
        sigpend: pending,
        sighold: thread.signals.blocked().0,
        ids: [thread.tid, process.ppid(), process.pgid(), process.sid()],
        utime: Timeval::from_nanos(thread.cpu_time()),
        stime: Timeval::from_nanos(0),
        cutime: Timeval::from_nanos(children),
        cstime: Timeval::from_nanos(0),
        registers: registers.general(),
        fpvalid: u32::from(!registers.legacy().is_empty()),
        end: 0,
    }
}

fn prpsinfo(me: &Thread) -> PrPsInfo {
    let (process, cred) = (&me.process, me.cred());
    let mut arguments = [0; ARGUMENTS];
    let [from, to, ..] = me.mm().args();
    let len = to.saturating_sub(from).min(ARGUMENTS - 1);
    let text = arguments.get_mut(..len).unwrap_or_default();
    me.mm().read(from, text);
    // Between arguments there are spaces here, after the last nothing.
    let end = text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    text.iter_mut().take(end).filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    PrPsInfo {
        state: 0,
        letter: b'R',
        zombie: 0,
        nice: i8::try_from(me.policy.lock().nice).unwrap_or_default(),
        padding: 0,
        flags: 0,
        uid: cred.uid,
        gid: cred.gid,
        ids: [process.pid, process.ppid(), process.pgid(), process.sid()],
        name: me.name(),
        arguments,
    }
}

/// `NT_FILE`: which files were mapped where.
fn files(me: &Thread, segments: &[Segment]) -> Vec<u8> {
    let root = me.fs().root();
    let (mut words, mut names, mut count) = (Vec::new(), Vec::new(), 0);
    for segment in segments {
        let vma = &segment.vma;
        let Backing::Object { page, path: Some(place), .. } = &vma.backing else { continue };
        let Ok(shown) = path::shown(place, &root) else { continue };
        words.extend([vma.start as u64, vma.end as u64, *page]);
        names.extend_from_slice(&shown);
        names.push(0);
        count += 1;
    }
    let head = [count, PAGE_SIZE as u64];
    let words = head.into_iter().chain(words);
    words.flat_map(u64::to_le_bytes).chain(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_padded() {
        let mut notes = Notes::default();
        notes.add(CORE, NT_AUXV, &[1, 2, 3]);
        assert_eq!(notes.0.len(), 12 + 8 + 4);
        assert_eq!(notes.0[..4], [5, 0, 0, 0]);
        assert_eq!(notes.0[12..], *b"CORE\0\0\0\0\x01\x02\x03\0");
    }
}
