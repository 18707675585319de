//! x86_64 for the data flow: instructions by iced-x86, the system call convention of Linux (syscall(2)).

use arrayvec::ArrayVec;
use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    OpKind, Register,
};

use super::flow::{Flow, Isa, Op, Reg, Step};

const BITS: u32 = 64;
const RAX: Reg = 0;
const RSP: Reg = 4;
const RBP: Reg = 5;
/// Bytes that push and pop move.
const WORD: i64 = 8;
/// The low half of a register.
const LOW_32: i64 = 0xffff_ffff;
/// The interrupt of the 32-bit system call interface.
const INT_SYSCALL_32: u64 = 0x80;

/// The architecture.
#[derive(Debug)]
pub struct X86_64;

impl Isa for X86_64 {
    const REGISTERS: usize = 16;
    const STACK_POINTER: Reg = RSP;
    const NUMBER: Reg = RAX;
    const CALL_PUSHES: i64 = WORD;
    // rax, rcx, rdx, rsi, rdi, r8 to r11: System V psABI, 3.2.1.
    const CALL_FORGETS: &'static [Reg] = &[0, 1, 2, 6, 7, 8, 9, 10, 11];
    // rax, rcx, r11: syscall(2).
    const SYSCALL_FORGETS: &'static [Reg] = &[0, 1, 11];

    fn sweep(code: &[u8], address: u64, on_flow: &mut dyn FnMut(u64, Flow, bool)) {
        let mut decoder = Decoder::with_ip(BITS, code, address, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut ended = false;
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            let flow = flow(&instruction);
            let fresh = ended && !is_padding(&instruction);
            if flow != Flow::Next || fresh {
                on_flow(instruction.ip(), flow, fresh);
            }
            ended = !flow.leads_on() || (ended && !fresh);
        }
    }

    fn addresses(code: &[u8], address: u64, on_address: &mut dyn FnMut(Option<u64>)) {
        let mut decoder = Decoder::with_ip(BITS, code, address, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            if instruction.is_ip_rel_memory_operand() {
                on_address(Some(instruction.ip_rel_memory_address()));
            }
            for operand in 0..instruction.op_count() {
                if let Some(number) = immediate(&instruction, operand) {
                    on_address(Some(number.cast_unsigned()));
                }
            }
        }
    }

    fn steps(code: &[u8], address: u64) -> Vec<Step> {
        let mut decoder = Decoder::with_ip(BITS, code, address, DecoderOptions::NONE);
        let mut info = InstructionInfoFactory::new();
        let mut instruction = Instruction::default();
        let mut steps = Vec::new();
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            let mut ops = Ops::new();
            effects(&instruction, &mut info, &mut ops);
            steps.push(Step { address: instruction.ip(), ops, flow: flow(&instruction) });
        }
        steps
    }
}

fn flow(instruction: &Instruction) -> Flow {
    match instruction.flow_control() {
        _ if instruction.mnemonic() == Mnemonic::Syscall => Flow::Syscall,
        _ if instruction.mnemonic() == Mnemonic::Sysenter => Flow::ForeignSyscall,
        // A program may not do it.
        _ if instruction.mnemonic() == Mnemonic::Hlt => Flow::Stop,
        FlowControl::Next | FlowControl::XbeginXabortXend => Flow::Next,
        FlowControl::UnconditionalBranch => Flow::Jump(instruction.near_branch_target()),
        FlowControl::ConditionalBranch => Flow::Branch(instruction.near_branch_target()),
        FlowControl::Call => match instruction.op0_kind() {
            OpKind::NearBranch64 => Flow::Call(instruction.near_branch_target()),
            _ => Flow::IndirectCall,
        },
        FlowControl::IndirectCall => Flow::IndirectCall,
        FlowControl::Interrupt if is_syscall_32(instruction) => Flow::ForeignSyscall,
        FlowControl::Interrupt => Flow::Next,
        FlowControl::IndirectBranch => Flow::IndirectJump,
        FlowControl::Return => Flow::Return,
        FlowControl::Exception => Flow::Stop,
    }
}

fn is_padding(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Int3)
}

fn is_syscall_32(instruction: &Instruction) -> bool {
    instruction.op_count() == 1
        && instruction.op0_kind() == OpKind::Immediate8
        && instruction.immediate(0) == INT_SYSCALL_32
}

type Ops = ArrayVec<Op, 24>;

/// What the instruction does to registers and the stack. What is not understood forgets the registers
/// that it writes.
fn effects(instruction: &Instruction, info: &mut InstructionInfoFactory, ops: &mut Ops) {
    if !understood(instruction, ops) {
        ops.clear();
        for used in info.info(instruction).used_registers() {
            let writes = matches!(
                used.access(),
                OpAccess::Write
                    | OpAccess::CondWrite
                    | OpAccess::ReadWrite
                    | OpAccess::ReadCondWrite
            );
            let Some(register) = number(used.register()).filter(|_| writes) else { continue };
            // The stack pointer only moves by known amounts in compiled code; what is not understood
            // aligns it.
            if register != RSP {
                push(ops, Op::Forget(register));
            }
        }
    }
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

fn immediate(instruction: &Instruction, operand: u32) -> Option<i64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::flow::{Atom, Visit, analyze};

    /// What may be in the number register at the first system call of `code`.
    fn number_at_syscall(code: &[u8]) -> Vec<Atom> {
        let steps = X86_64::steps(code, 0x1000);
        let end = 0x1000 + u64::try_from(code.len()).unwrap();
        let mut found = Vec::new();
        analyze::<X86_64>(&steps, 0x1000..end, &mut |visit, state| {
            if matches!(visit, Visit::Syscall(_)) && found.is_empty() {
                found = state.register(RAX).atoms().collect();
            }
        });
        found
    }

    #[test]
    fn constants_reach_the_call() {
        // mov eax, 60; syscall
        assert_eq!(number_at_syscall(b"\xb8\x3c\0\0\0\x0f\x05"), [Atom::Const(60)]);
        // push 3; pop rax; syscall
        assert_eq!(number_at_syscall(b"\x6a\x03\x58\x0f\x05"), [Atom::Const(3)]);
        // xor eax, eax; mov al, 59; syscall
        assert_eq!(number_at_syscall(b"\x31\xc0\xb0\x3b\x0f\x05"), [Atom::Const(59)]);
        // mov edx, 1; mov [rsp-8], edx; mov eax, [rsp-8]; syscall
        let through_stack = b"\xba\x01\0\0\0\x89\x54\x24\xf8\x8b\x44\x24\xf8\x0f\x05";
        assert_eq!(number_at_syscall(through_stack), [Atom::Const(1)]);
        // xor eax, eax; lea edx, [rax+2]; xchg eax, edx; syscall
        let arithmetic = b"\x31\xc0\x8d\x50\x02\x92\x0f\x05";
        assert_eq!(number_at_syscall(arithmetic), [Atom::Const(2)]);
    }

    #[test]
    fn both_ways_of_a_branch_count() {
        // mov eax, 1; test edi, edi; je +5; mov eax, 2; syscall
        let code = b"\xb8\x01\0\0\0\x85\xff\x74\x05\xb8\x02\0\0\0\x0f\x05";
        assert_eq!(number_at_syscall(code), [Atom::Const(1), Atom::Const(2)]);
    }

    #[test]
    fn what_is_overwritten_is_forgotten() {
        // mov eax, 1; imul eax, edi; syscall
        assert_eq!(number_at_syscall(b"\xb8\x01\0\0\0\x0f\xaf\xc7\x0f\x05"), [Atom::Unknown]);
        // mov eax, 1; call +0; syscall
        let call = b"\xb8\x01\0\0\0\xe8\0\0\0\0\x0f\x05";
        assert_eq!(number_at_syscall(call), [Atom::Unknown]);
    }

    #[test]
    fn a_wrapper_has_its_number_from_outside() {
        use crate::check::flow::Source;
        // mov rax, rdi; syscall
        let code = b"\x48\x89\xf8\x0f\x05";
        assert_eq!(number_at_syscall(code), [Atom::Entry(Source::Register(7))]);
        // mov eax, [rsp+8]; syscall
        let code = b"\x8b\x44\x24\x08\x0f\x05";
        assert_eq!(number_at_syscall(code), [Atom::Entry(Source::Slot(8))]);
    }
}
