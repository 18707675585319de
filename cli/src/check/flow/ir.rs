//! The intermediate form: what the analysis needs to know of an instruction, for any architecture.

use arrayvec::ArrayVec;

/// A general register by the architecture's number.
pub type Reg = u8;

/// Most effects of one instruction.
pub const OPS_MAX: usize = 24;

/// One effect of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A constant.
    Set(Reg, i64),
    /// The bits of `mask` become those of `bits`.
    SetBits {
        /// Register.
        to: Reg,
        /// Which bits change.
        mask: i64,
        /// To what.
        bits: i64,
    },
    /// A sum with a constant; a copy, when that is 0.
    Add {
        /// Result.
        to: Reg,
        /// Operand.
        from: Reg,
        /// Constant.
        by: i64,
    },
    /// Either what it was or a copy of `from`.
    Maybe {
        /// Result.
        to: Reg,
        /// Operand.
        from: Reg,
    },
    /// Two registers change places.
    Swap(Reg, Reg),
    /// A word of memory.
    Load {
        /// Result.
        to: Reg,
        /// Address register.
        base: Reg,
        /// Displacement.
        offset: i64,
    },
    /// Writes a register to memory.
    Store {
        /// Address register.
        base: Reg,
        /// Displacement.
        offset: i64,
        /// What.
        from: Reg,
    },
    /// Writes a constant to memory.
    StoreConst {
        /// Address register.
        base: Reg,
        /// Displacement.
        offset: i64,
        /// What.
        value: i64,
    },
    /// Something else.
    Forget(Reg),
}

/// Where control goes after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On.
    Next,
    /// There.
    Jump(u64),
    /// There or on.
    Branch(u64),
    /// There and back.
    Call(u64),
    /// There and not back. No instruction says so: it follows from the function called.
    LastCall(u64),
    /// Somewhere and back.
    IndirectCall,
    /// Into the kernel and back.
    Syscall,
    /// Into the kernel by an interface that is not the machine's own (`int 0x80`, `sysenter`).
    ForeignSyscall,
    /// Somewhere: through a jump table, or to another function.
    IndirectJump,
    /// Back to the caller.
    Return,
    /// Not on.
    Stop,
}

impl Flow {
    /// Whether the next instruction may come next.
    pub fn leads_on(self) -> bool {
        !matches!(
            self,
            Self::Jump(_) | Self::LastCall(_) | Self::IndirectJump | Self::Return | Self::Stop
        )
    }
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its address.
    pub address: u64,
    /// Its effects, in order.
    pub ops: ArrayVec<Op, OPS_MAX>,
    /// Where it leads.
    pub flow: Flow,
}

/// An instruction set with its system call convention.
pub trait Isa {
    /// Number of general registers, the stack pointer among them.
    const REGISTERS: usize;
    /// The stack pointer.
    const STACK_POINTER: Reg;
    /// Carries the number of a system call.
    const NUMBER: Reg;
    /// Bytes that a call pushes.
    const CALL_PUSHES: i64;
    /// Registers that a call leaves undefined.
    const CALL_FORGETS: &'static [Reg];
    /// Registers that a system call leaves undefined.
    const SYSCALL_FORGETS: &'static [Reg];

    /// Calls `on_flow` for each instruction of `code`, which is at `address`, that does not just lead on, or that
    /// is `fresh`: the first but padding after one that never leads on.
    fn sweep(code: &[u8], address: u64, on_flow: &mut dyn FnMut(u64, Flow, bool));

    /// Calls `on_address` for each number that an instruction of `code`, which is at `address`, makes at once
    /// and that may be an address. `None` stands for addresses that take more than one instruction.
    fn addresses(code: &[u8], address: u64, on_address: &mut dyn FnMut(Option<u64>));

    /// The instructions of `code`, which is at `address`.
    fn steps(code: &[u8], address: u64) -> Vec<Step>;
}
