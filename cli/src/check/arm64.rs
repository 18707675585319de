//! arm64 for the data flow: the few instructions that carry constants, by a decoder of our own (Arm
//! Architecture Reference Manual, C4.1), and the system call convention of Linux (syscall(2)).

use arrayvec::ArrayVec;

use super::flow::{Flow, Isa, OPS_MAX, Op, Reg, Step};

/// Register number 31 where it means the stack pointer.
const SP: Reg = 31;
/// The frame pointer and the numbers of the others are plain.
const X8: Reg = 8;
/// Register number 31 where it reads as zero. The flow knows it as a register that is never written.
const ZR: Reg = 32;
const INSTRUCTION_LEN: usize = 4;
const SVC_0: u32 = 0xd400_0001;
const NOP: u32 = 0xd503_201f;
const LOW_32: i64 = 0xffff_ffff;

/// The architecture.
#[derive(Debug)]
pub struct Aarch64;

impl Isa for Aarch64 {
    const REGISTERS: usize = 32;
    const STACK_POINTER: Reg = SP;
    const NUMBER: Reg = X8;
    const CALL_PUSHES: i64 = 0;
    // x0 to x18 and x30: Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1.
    const CALL_FORGETS: &'static [Reg] =
        &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30];
    const SYSCALL_FORGETS: &'static [Reg] = &[0];

    fn sweep(code: &[u8], address: u64, on_flow: &mut dyn FnMut(u64, Flow, bool)) {
        let mut ended = false;
        for (at, word) in words(code, address) {
            let flow = flow(word, at);
            let fresh = ended && !matches!(word, NOP | 0);
            if flow != Flow::Next || fresh {
                on_flow(at, flow, fresh);
            }
            ended = !flow.leads_on() || (ended && !fresh);
        }
    }

    fn addresses(code: &[u8], address: u64, on_address: &mut dyn FnMut(Option<u64>)) {
        for (at, word) in words(code, address) {
            if field(word, 24, 5) == 0b10000 {
                // adr makes an address; adrp makes that of a page, of which any address may come.
                let is_page = field(word, 31, 1) == 1;
                let offset = (signed_field(word, 5, 19) << 2) | i64::from(field(word, 29, 2));
                on_address((!is_page).then(|| at.wrapping_add_signed(offset)));
            }
        }
    }

    fn steps(code: &[u8], address: u64) -> Vec<Step> {
        let step = |(at, word)| Step { address: at, ops: effects(word), flow: flow(word, at) };
        words(code, address).map(step).collect()
    }
}

fn words(code: &[u8], address: u64) -> impl Iterator<Item = (u64, u32)> + '_ {
    let addresses = (address..).step_by(INSTRUCTION_LEN);
    addresses
        .zip(code.as_chunks::<INSTRUCTION_LEN>().0)
        .map(|(at, word)| (at, u32::from_le_bytes(*word)))
}

/// `count` bits of `word` from bit `low`.
fn field(word: u32, low: u32, count: u32) -> u32 {
    (word >> low) & ((1 << count) - 1)
}

/// The same, as a signed number.
fn signed_field(word: u32, low: u32, count: u32) -> i64 {
    let unused = 32 - count;
    i64::from((field(word, low, count) << unused).cast_signed() >> unused)
}

fn register(word: u32, low: u32) -> Reg {
    Reg::try_from(field(word, low, 5)).unwrap_or(SP)
}

/// A register whose number 31 reads as zero.
fn register_or_zero(word: u32, low: u32) -> Reg {
    match register(word, low) {
        SP => ZR,
        register => register,
    }
}

fn flow(word: u32, at: u64) -> Flow {
    let target = |low, count| at.wrapping_add_signed(signed_field(word, low, count) * 4);
    if word == SVC_0 {
        Flow::Syscall
    } else if field(word, 26, 6) == 0b000101 {
        Flow::Jump(target(0, 26))
    } else if field(word, 26, 6) == 0b100101 {
        Flow::Call(target(0, 26))
    } else if field(word, 24, 8) == 0b0101_0100 || field(word, 25, 6) == 0b011010 {
        // b.cond; cbz and cbnz
        Flow::Branch(target(5, 19))
    } else if field(word, 25, 6) == 0b011011 {
        // tbz and tbnz
        Flow::Branch(target(5, 14))
    } else if field(word, 25, 7) == 0b110_1011 {
        // br, blr, ret and their authenticated forms
        match field(word, 21, 4) {
            0b0000 | 0b1000 => Flow::IndirectJump,
            0b0001 | 0b1001 => Flow::IndirectCall,
            0b0010 => Flow::Return,
            _ => Flow::Stop,
        }
    } else if field(word, 21, 11) == 0b110_1010_0001 || word >> 16 == 0 {
        // brk; udf
        Flow::Stop
    } else {
        Flow::Next
    }
}

type Ops = ArrayVec<Op, OPS_MAX>;

fn effects(word: u32) -> Ops {
    let mut ops = Ops::new();
    let known = move_wide(word, &mut ops)
        || add_immediate(word, &mut ops)
        || move_register(word, &mut ops)
        || select(word, &mut ops)
        || load_store(word, &mut ops)
        || load_store_pair(word, &mut ops)
        || writes_no_register(word);
    if !known {
        // Nearly every other instruction that writes a general register names it here.
        write(&mut ops, register_or_zero(word, 0), Op::Forget);
    }
    ops
}

/// Adds the operation that `op` makes for `to`, unless that is the zero register.
fn write(ops: &mut Ops, to: Reg, op: impl Fn(Reg) -> Op) {
    if to != ZR {
        // No instruction has more effects than fit.
        let _ = ops.try_push(op(to));
    }
}

/// movz, movn, movk.
fn move_wide(word: u32, ops: &mut Ops) -> bool {
    if field(word, 23, 6) != 0b100101 {
        return false;
    }
    let to = register_or_zero(word, 0);
    let shift = field(word, 21, 2) * 16;
    let bits = i64::from(field(word, 5, 16)) << shift;
    let keep = if field(word, 31, 1) == 0 { LOW_32 } else { -1 };
    match field(word, 29, 2) {
        0b00 => write(ops, to, |to| Op::Set(to, !bits & keep)),
        0b10 => write(ops, to, |to| Op::Set(to, bits & keep)),
        0b11 => write(ops, to, |to| Op::SetBits { to, mask: 0xffff << shift, bits }),
        _ => return false,
    }
    true
}

/// add and sub of an immediate, also as a move from and to the stack pointer.
fn add_immediate(word: u32, ops: &mut Ops) -> bool {
    if field(word, 23, 6) != 0b100010 {
        return false;
    }
    let shift = if field(word, 22, 1) == 0 { 0 } else { 12 };
    let size = i64::from(field(word, 10, 12)) << shift;
    let by = if field(word, 30, 1) == 0 { size } else { -size };
    let sets_flags = field(word, 29, 1) == 1;
    let to = if sets_flags { register_or_zero(word, 0) } else { register(word, 0) };
    let from = register(word, 5);
    write(ops, to, |to| Op::Add { to, from, by });
    true
}

/// mov of a register: orr with zero and no shift.
fn move_register(word: u32, ops: &mut Ops) -> bool {
    let is_orr = field(word, 21, 10) == 0b01_0101_0000;
    if !is_orr || field(word, 10, 6) != 0 || register(word, 5) != SP {
        return false;
    }
    let from = register_or_zero(word, 16);
    write(ops, register_or_zero(word, 0), |to| match from {
        ZR => Op::Set(to, 0),
        from => Op::Add { to, from, by: 0 },
    });
    true
}

/// csel: one register or another.
fn select(word: u32, ops: &mut Ops) -> bool {
    if field(word, 21, 10) != 0b00_1101_0100 || field(word, 10, 2) != 0 {
        return false;
    }
    let (first, second) = (register_or_zero(word, 5), register_or_zero(word, 16));
    let to = register_or_zero(word, 0);
    if to == ZR || first == ZR || second == ZR {
        return false;
    }
    if to == second {
        write(ops, to, |to| Op::Maybe { to, from: first });
    } else {
        write(ops, to, |to| Op::Add { to, from: first, by: 0 });
        write(ops, to, |to| Op::Maybe { to, from: second });
    }
    true
}

/// ldr and str of 32 and 64 bits with an immediate.
fn load_store(word: u32, ops: &mut Ops) -> bool {
    let scaled = field(word, 24, 6) == 0b111001;
    let unscaled = field(word, 24, 6) == 0b111000 && field(word, 21, 1) == 0;
    if !(scaled || unscaled) || field(word, 31, 1) == 0 {
        return false;
    }
    let scale = field(word, 30, 2);
    let base = register(word, 5);
    let value = register_or_zero(word, 0);
    let displacement = signed_field(word, 12, 9);
    let (before, offset, after) = match (scaled, field(word, 10, 2)) {
        (true, _) => (0, i64::from(field(word, 10, 12)) << scale, 0),
        (false, 0b00) => (0, displacement, 0),
        (false, 0b01) => (0, 0, displacement),
        (false, 0b11) => (displacement, 0, 0),
        _ => return false,
    };
    move_base(ops, base, before);
    match field(word, 22, 2) {
        0b00 => store(ops, base, offset, value),
        0b01 | 0b10 => write(ops, value, |to| Op::Load { to, base, offset }),
        _ => return false,
    }
    move_base(ops, base, after);
    true
}

/// ldp and stp of 64 bits, and of 32.
fn load_store_pair(word: u32, ops: &mut Ops) -> bool {
    if field(word, 25, 5) != 0b10100 {
        return false;
    }
    let len = match field(word, 30, 2) {
        0b10 => 8,
        0b00 | 0b01 => 4,
        _ => return false,
    };
    let base = register(word, 5);
    let (first, second) = (register_or_zero(word, 0), register_or_zero(word, 10));
    let displacement = signed_field(word, 15, 7) * len;
    let (before, offset, after) = match field(word, 23, 2) {
        0b01 => (0, 0, displacement),
        0b11 => (displacement, 0, 0),
        _ => (0, displacement, 0),
    };
    move_base(ops, base, before);
    if field(word, 22, 1) == 0 {
        store(ops, base, offset, first);
        store(ops, base, offset + len, second);
    } else {
        write(ops, first, |to| Op::Load { to, base, offset });
        write(ops, second, |to| Op::Load { to, base, offset: offset + len });
    }
    move_base(ops, base, after);
    true
}

fn store(ops: &mut Ops, base: Reg, offset: i64, from: Reg) {
    let op = match from {
        ZR => Op::StoreConst { base, offset, value: 0 },
        from => Op::Store { base, offset, from },
    };
    let _ = ops.try_push(op);
}

fn move_base(ops: &mut Ops, base: Reg, by: i64) {
    if by != 0 {
        write(ops, base, |to| Op::Add { to, from: base, by });
    }
}

/// Branches, system instructions, floating point and other stores.
fn writes_no_register(word: u32) -> bool {
    let branches_and_system = field(word, 26, 3) == 0b101;
    let reads_system_register = field(word, 20, 12) == 0b1101_0101_0011;
    let vector = field(word, 25, 3) == 0b111;
    let to_general =
        field(word, 25, 3) == 0b111 && field(word, 28, 1) == 1 && field(word, 10, 6) == 0;
    (branches_and_system && !reads_system_register) || (vector && !to_general)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::flow::{Atom, Source, Visit, analyze};

    fn number_at_syscall(code: &[u32]) -> Vec<Atom> {
        let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        let steps = Aarch64::steps(&bytes, 0x1000);
        let end = 0x1000 + u64::try_from(bytes.len()).unwrap();
        let mut found = Vec::new();
        analyze::<Aarch64>(&steps, 0x1000..end, &mut |visit, state| {
            if matches!(visit, Visit::Syscall(_)) && found.is_empty() {
                found = state.register(X8).atoms().collect();
            }
        });
        found
    }

    #[test]
    fn constants_reach_the_call() {
        // mov x8, #93; svc #0
        assert_eq!(number_at_syscall(&[0xd280_0ba8, SVC_0]), [Atom::Const(93)]);
        // mov w8, #64; svc #0
        assert_eq!(number_at_syscall(&[0x5280_0808, SVC_0]), [Atom::Const(64)]);
        // mov x1, #56; mov x8, x1; svc #0
        assert_eq!(number_at_syscall(&[0xd280_0701, 0xaa01_03e8, SVC_0]), [Atom::Const(56)]);
        // mov x1, #5; str x1, [sp, #-16]!; ldr x8, [sp], #16; svc #0
        let stack = [0xd280_00a1, 0xf81f_0fe1, 0xf841_07e8, SVC_0];
        assert_eq!(number_at_syscall(&stack), [Atom::Const(5)]);
    }

    #[test]
    fn a_wrapper_has_its_number_from_outside() {
        // mov x8, x0; svc #0
        let code = [0xaa00_03e8, SVC_0];
        assert_eq!(number_at_syscall(&code), [Atom::Entry(Source::Register(0))]);
        // uxtw x8, w0 (mov w8, w0); svc #0
        let code = [0x2a00_03e8, SVC_0];
        assert_eq!(number_at_syscall(&code), [Atom::Entry(Source::Register(0))]);
    }

    #[test]
    fn what_is_overwritten_is_forgotten() {
        // mov x8, #93; mul x8, x8, x1; svc #0
        assert_eq!(number_at_syscall(&[0xd280_0ba8, 0x9b01_7d08, SVC_0]), [Atom::Unknown]);
        // mov x8, #93; bl +4; svc #0
        assert_eq!(number_at_syscall(&[0xd280_0ba8, 0x9400_0001, SVC_0]), [Atom::Unknown]);
    }

    #[test]
    fn branches_are_followed() {
        // mov x8, #1; cbz x0, +8; mov x8, #2; svc #0
        let code = [0xd280_0028, 0xb400_0040, 0xd280_0048, SVC_0];
        assert_eq!(number_at_syscall(&code), [Atom::Const(1), Atom::Const(2)]);
    }
}
