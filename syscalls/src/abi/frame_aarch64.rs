//! The signal frame of arm64: `rt_sigframe` on the program's stack, with records for the state
//! that not every processor has.
//!
//! ```text
//! higher  frame record: x29, x30           x29 points here in the handler
//!         RtSigframeAarch64                sp at the handler's start, 16-byte aligned
//!           .uc.uc_mcontext.reserved       records: FpsimdContext, EsrContext, …, an empty one
//! lower
//! ```

use super::macros::abi;
use super::signal::{Siginfo, Sigset, Stack};

abi! {
    /// `struct sigcontext`.
    pub struct SigcontextAarch64 {
        pub fault_address: u64,
        pub regs: [u64; 31],
        pub sp: u64,
        pub pc: u64,
        pub pstate: u64,
        pub pad: u64,
        /// Records, each of which begins with an [`Aarch64Ctx`].
        pub reserved: [u8; 4096],
    }

    /// `struct ucontext`.
    pub struct UcontextAarch64 {
        pub uc_flags: u64,
        pub uc_link: u64,
        pub uc_stack: Stack,
        pub uc_sigmask: Sigset,
        pub unused: [u8; 120],
        pub pad: u64,
        pub uc_mcontext: SigcontextAarch64,
    }

    /// `struct rt_sigframe`.
    pub struct RtSigframeAarch64 {
        pub info: Siginfo,
        pub uc: UcontextAarch64,
    }

    /// `struct _aarch64_ctx`: the head of a record; all zero ends the list.
    pub struct Aarch64Ctx {
        pub magic: u32,
        pub size: u32,
    }

    /// `struct fpsimd_context`.
    pub struct FpsimdContext {
        pub head: Aarch64Ctx,
        pub fpsr: u32,
        pub fpcr: u32,
        pub vregs: [[u64; 2]; 32],
    }

    /// `struct esr_context`.
    pub struct EsrContext {
        pub head: Aarch64Ctx,
        pub esr: u64,
    }

    /// `struct extra_context`: the records go on elsewhere.
    pub struct ExtraContext {
        pub head: Aarch64Ctx,
        pub datap: u64,
        pub size: u32,
        pub reserved: [u32; 3],
    }

    /// `struct sve_context`, before the registers.
    pub struct SveContext {
        pub head: Aarch64Ctx,
        pub vl: u16,
        pub flags: u16,
        pub reserved: [u16; 2],
    }

    /// The frame record above the signal frame.
    pub struct FrameRecord {
        pub fp: u64,
        pub lr: u64,
    }
}

/// A record with the vector registers.
pub const FPSIMD_MAGIC: u32 = 0x4650_8001;
/// A record with the syndrome register.
pub const ESR_MAGIC: u32 = 0x4553_5201;
/// A record that points to more.
pub const EXTRA_MAGIC: u32 = 0x4558_5401;
/// A record with the scalable vectors.
pub const SVE_MAGIC: u32 = 0x5356_4501;
