//! x86_64 for the data flow: instructions by iced-x86, the system call convention of Linux (syscall(2)).
//!
//! This file says where instructions lead, [`effects`] what they do to registers and the stack.

mod effects;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind,
};

use self::effects::{RAX, RSP, WORD, effects, immediate};
use super::flow::{Flow, Isa, Reg, Step};

const BITS: u32 = 64;
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
            let ops = effects(&instruction, &mut info);
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
