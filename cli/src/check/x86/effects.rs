//! What an x86_64 instruction does to general registers and the stack, as far as it carries constants around.

use arrayvec::ArrayVec;
use iced_x86::{Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};

use crate::check::flow::{OPS_MAX, Op, Reg};

/// Carries a system call's number.
pub(super) const RAX: Reg = 0;
/// The stack pointer.
pub(super) const RSP: Reg = 4;
const RBP: Reg = 5;
/// Bytes that push, pop and call move.
pub(super) const WORD: i64 = 8;
/// The low half of a register.
const LOW_32: i64 = 0xffff_ffff;

/// The effects of one instruction.
type Ops = ArrayVec<Op, OPS_MAX>;

/// What the instruction does to registers and the stack. What is not understood forgets the registers
/// that it writes.
pub(super) fn effects(instruction: &Instruction, info: &mut InstructionInfoFactory) -> Ops {
    let mut ops = Ops::new();
    if understood(instruction, &mut ops) {
        return ops;
    }
    ops.clear();
    for used in info.info(instruction).used_registers() {
        let writes = matches!(
            used.access(),
            OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        );
        // The stack pointer only moves by known amounts in compiled code; what is not understood
        // aligns it.
        let register = number(used.register()).filter(|register| writes && *register != RSP);
        if let Some(register) = register {
            push(&mut ops, Op::Forget(register));
        }
    }
    ops
}

fn push(ops: &mut Ops, op: Op) {
    // No instruction has more effects than fit: there are 16 registers.
    let _ = ops.try_push(op);
}

/// The number of a general register of any width.
fn number(register: Register) -> Option<Reg> {
    let full = register.full_register();
    if full.is_gpr64() { Reg::try_from(full.number()).ok() } else { None }
}

/// The number of a 64-bit or 32-bit register: writing it leaves nothing of what was there.
fn whole(register: Register) -> Option<Reg> {
    if register.is_gpr64() || register.is_gpr32() { number(register) } else { None }
}

/// A memory operand of base and displacement.
fn plain_memory(instruction: &Instruction) -> Option<(Reg, i64)> {
    let base = instruction.memory_base();
    let plain = instruction.memory_index() == Register::None
        && instruction.segment_prefix() == Register::None
        && base.is_gpr64();
    plain
        .then(|| Some((number(base)?, instruction.memory_displacement64().cast_signed())))
        .flatten()
}

/// An operand that is a number.
pub(super) fn immediate(instruction: &Instruction, operand: u32) -> Option<i64> {
    match instruction.op_kind(operand) {
        OpKind::Immediate8
        | OpKind::Immediate16
        | OpKind::Immediate32
        | OpKind::Immediate64
        | OpKind::Immediate8to16
        | OpKind::Immediate8to32
        | OpKind::Immediate8to64
        | OpKind::Immediate32to64 => Some(instruction.immediate(operand).cast_signed()),
        _ => None,
    }
}

/// Fills `ops` if the instruction is one of those that carry constants around.
fn understood(instruction: &Instruction, ops: &mut Ops) -> bool {
    let filled = match instruction.mnemonic() {
        Mnemonic::Mov => mov(instruction, ops),
        Mnemonic::Movsxd | Mnemonic::Movzx | Mnemonic::Movsx => extend(instruction, ops),
        Mnemonic::Lea => lea(instruction, ops),
        Mnemonic::Xor | Mnemonic::Sub if same_registers(instruction) => {
            whole(instruction.op0_register()).map(|to| push(ops, Op::Set(to, 0)))
        }
        Mnemonic::Add => add(instruction, ops, 1),
        Mnemonic::Sub => add(instruction, ops, -1),
        Mnemonic::Inc => step(instruction, ops, 1),
        Mnemonic::Dec => step(instruction, ops, -1),
        Mnemonic::Or => or(instruction, ops),
        Mnemonic::Xchg => swap(instruction, ops),
        Mnemonic::Push => push_word(instruction, ops),
        Mnemonic::Pop => pop_word(instruction, ops),
        Mnemonic::Leave => {
            push(ops, Op::Add { to: RSP, from: RBP, by: 0 });
            pop_into(ops, RBP);
            Some(())
        }
        Mnemonic::Call | Mnemonic::Ret | Mnemonic::Syscall | Mnemonic::Cmp | Mnemonic::Test => {
            Some(())
        }
        _ if instruction.is_cmovcc() => conditional_move(instruction, ops),
        _ => None,
    };
    filled.is_some()
}

trait IsCmov {
    fn is_cmovcc(&self) -> bool;
}

impl IsCmov for Instruction {
    fn is_cmovcc(&self) -> bool {
        matches!(
            self.mnemonic(),
            Mnemonic::Cmova
                | Mnemonic::Cmovae
                | Mnemonic::Cmovb
                | Mnemonic::Cmovbe
                | Mnemonic::Cmove
                | Mnemonic::Cmovg
                | Mnemonic::Cmovge
                | Mnemonic::Cmovl
                | Mnemonic::Cmovle
                | Mnemonic::Cmovne
                | Mnemonic::Cmovno
                | Mnemonic::Cmovnp
                | Mnemonic::Cmovns
                | Mnemonic::Cmovo
                | Mnemonic::Cmovp
                | Mnemonic::Cmovs
        )
    }
}

fn same_registers(instruction: &Instruction) -> bool {
    instruction.op0_kind() == OpKind::Register
        && instruction.op1_kind() == OpKind::Register
        && instruction.op0_register() == instruction.op1_register()
}

fn mov(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    let (to, from) = (instruction.op0_register(), instruction.op1_register());
    match (instruction.op0_kind(), instruction.op1_kind()) {
        (OpKind::Register, OpKind::Register) => {
            // A 32-bit copy of what was there at the beginning still names the same call.
            push(ops, Op::Add { to: whole(to)?, from: whole(from)?, by: 0 });
        }
        (OpKind::Register, OpKind::Memory) => {
            let to = whole(to)?;
            match plain_memory(instruction) {
                Some((base, offset)) => push(ops, Op::Load { to, base, offset }),
                None => push(ops, Op::Forget(to)),
            }
        }
        (OpKind::Register, _) => {
            let value = immediate(instruction, 1)?;
            match whole(to) {
                Some(register) if to.is_gpr32() => push(ops, Op::Set(register, value & LOW_32)),
                Some(register) => push(ops, Op::Set(register, value)),
                None => set_low_bits(to, value, ops)?,
            }
        }
        (OpKind::Memory, OpKind::Register) => {
            if let (Some((base, offset)), Some(from)) = (plain_memory(instruction), whole(from)) {
                push(ops, Op::Store { base, offset, from });
            }
        }
        (OpKind::Memory, _) => {
            if let (Some((base, offset)), Some(value)) =
                (plain_memory(instruction), immediate(instruction, 1))
            {
                push(ops, Op::StoreConst { base, offset, value });
            }
        }
        _ => return None,
    }
    Some(())
}

/// `mov al, 5` and its like.
fn set_low_bits(to: Register, bits: i64, ops: &mut Ops) -> Option<()> {
    let mask = match to {
        _ if to.is_gpr16() => 0xffff,
        Register::AH | Register::BH | Register::CH | Register::DH => return None,
        _ if to.is_gpr8() => 0xff,
        _ => return None,
    };
    push(ops, Op::SetBits { to: number(to)?, mask, bits });
    Some(())
}

/// A system call's number survives being widened.
fn extend(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    let to = whole(instruction.op0_register())?;
    let from = instruction.op1_register();
    if instruction.mnemonic() != Mnemonic::Movsxd {
        return None;
    }
    match instruction.op1_kind() {
        OpKind::Register => push(ops, Op::Add { to, from: whole(from)?, by: 0 }),
        _ => {
            let (base, offset) = plain_memory(instruction)?;
            push(ops, Op::Load { to, base, offset });
        }
    }
    Some(())
}

fn lea(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    let to = whole(instruction.op0_register())?;
    let (from, by) = plain_memory(instruction)?;
    push(ops, Op::Add { to, from, by });
    Some(())
}

fn add(instruction: &Instruction, ops: &mut Ops, sign: i64) -> Option<()> {
    let to = whole_register_operand(instruction)?;
    let by = immediate(instruction, 1)?.checked_mul(sign)?;
    push(ops, Op::Add { to, from: to, by });
    Some(())
}

fn step(instruction: &Instruction, ops: &mut Ops, by: i64) -> Option<()> {
    let to = whole_register_operand(instruction)?;
    push(ops, Op::Add { to, from: to, by });
    Some(())
}

fn or(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    let to = whole_register_operand(instruction)?;
    let bits = immediate(instruction, 1)?;
    push(ops, Op::SetBits { to, mask: bits, bits });
    Some(())
}

fn swap(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    if instruction.op1_kind() != OpKind::Register {
        return None;
    }
    let other = whole(instruction.op1_register())?;
    push(ops, Op::Swap(whole_register_operand(instruction)?, other));
    Some(())
}

fn whole_register_operand(instruction: &Instruction) -> Option<Reg> {
    if instruction.op0_kind() != OpKind::Register {
        return None;
    }
    whole(instruction.op0_register())
}

fn push_word(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    push(ops, Op::Add { to: RSP, from: RSP, by: -WORD });
    let (base, offset) = (RSP, 0);
    match (instruction.op0_kind(), immediate(instruction, 0)) {
        (_, Some(value)) => push(ops, Op::StoreConst { base, offset, value }),
        (OpKind::Register, None) => match whole(instruction.op0_register()) {
            Some(from) => push(ops, Op::Store { base, offset, from }),
            None => return None,
        },
        _ => {}
    }
    Some(())
}

fn pop_word(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    match whole_register_operand(instruction) {
        Some(to) => pop_into(ops, to),
        None => push(ops, Op::Add { to: RSP, from: RSP, by: WORD }),
    }
    Some(())
}

fn pop_into(ops: &mut Ops, to: Reg) {
    push(ops, Op::Load { to, base: RSP, offset: 0 });
    push(ops, Op::Add { to: RSP, from: RSP, by: WORD });
}

fn conditional_move(instruction: &Instruction, ops: &mut Ops) -> Option<()> {
    let to = whole(instruction.op0_register())?;
    if instruction.op1_kind() != OpKind::Register {
        return None;
    }
    push(ops, Op::Maybe { to, from: whole(instruction.op1_register())? });
    Some(())
}
