//! The signal frame of x86_64: `rt_sigframe` on the program's stack, and the state of the
//! floating-point unit above it.
//!
//! ```text
//! higher  FP_XSTATE_MAGIC2 (4 bytes)       at fpstate + extended_size - 4
//!         XSAVE area: 512 legacy bytes, of which the last 48 are FpxSwBytes; header; components
//!         (64-byte aligned)                uc_mcontext.fpstate points here
//!         RtSigframeX86_64                 rsp at the handler's start; rsp + 8 is 16-byte aligned
//! lower
//! ```

use super::macros::abi;
use super::signal::{Siginfo, Sigset, Stack};

abi! {
    /// `struct sigcontext_64`.
    pub struct SigcontextX86_64 {
        pub r8: u64,
        pub r9: u64,
        pub r10: u64,
        pub r11: u64,
        pub r12: u64,
        pub r13: u64,
        pub r14: u64,
        pub r15: u64,
        pub rdi: u64,
        pub rsi: u64,
        pub rbp: u64,
        pub rbx: u64,
        pub rdx: u64,
        pub rax: u64,
        pub rcx: u64,
        pub rsp: u64,
        pub rip: u64,
        pub eflags: u64,
        pub cs: u16,
        pub gs: u16,
        pub fs: u16,
        pub ss: u16,
        pub err: u64,
        pub trapno: u64,
        pub oldmask: u64,
        pub cr2: u64,
        /// The address of the floating-point state, or 0.
        pub fpstate: u64,
        pub reserved1: [u64; 8],
    }

    /// `struct ucontext` of the kernel.
    pub struct UcontextX86_64 {
        /// [`UC_FP_XSTATE`], [`UC_SIGCONTEXT_SS`], [`UC_STRICT_RESTORE_SS`].
        pub uc_flags: u64,
        pub uc_link: u64,
        pub uc_stack: Stack,
        pub uc_mcontext: SigcontextX86_64,
        pub uc_sigmask: Sigset,
    }

    /// `struct rt_sigframe`: the return address (the restorer), context, information.
    pub struct RtSigframeX86_64 {
        pub pretcode: u64,
        pub uc: UcontextX86_64,
        pub info: Siginfo,
    }

    /// `struct _fpx_sw_bytes`: what lies in the last 48 bytes of the legacy area.
    pub struct FpxSwBytes {
        /// [`FP_XSTATE_MAGIC1`], or 0 if there are 512 bytes only.
        pub magic1: u32,
        /// The XSAVE area and 4 bytes of [`FP_XSTATE_MAGIC2`].
        pub extended_size: u32,
        pub xfeatures: u64,
        /// The XSAVE area alone.
        pub xstate_size: u32,
        pub padding: [u32; 7],
    }

    /// `struct _fpstate_64`: the legacy area (FXSAVE format).
    pub struct Fpstate {
        pub cwd: u16,
        pub swd: u16,
        pub twd: u16,
        pub fop: u16,
        pub rip: u64,
        pub rdp: u64,
        pub mxcsr: u32,
        pub mxcsr_mask: u32,
        pub st_space: [u32; 32],
        pub xmm_space: [u32; 64],
        pub reserved2: [u32; 12],
        pub sw_reserved: FpxSwBytes,
    }

    /// `struct _header`: follows the legacy area.
    pub struct XstateHeader {
        pub xfeatures: u64,
        pub reserved1: [u64; 2],
        pub reserved2: [u64; 5],
    }
}

/// There is an XSAVE area.
pub const FP_XSTATE_MAGIC1: u32 = 0x4650_5853;
/// The XSAVE area ends here.
pub const FP_XSTATE_MAGIC2: u32 = 0x4650_5845;
/// The size of [`FP_XSTATE_MAGIC2`] in bytes.
pub const FP_XSTATE_MAGIC2_SIZE: usize = 4;
/// Where [`FpxSwBytes`] lies in the legacy area.
pub const FPX_SW_BYTES_OFFSET: usize = 464;
/// The alignment of the floating-point state on the stack.
pub const FPSTATE_ALIGN: usize = 64;
/// The bytes below `rsp` that belong to the function (the red zone).
pub const REDZONE: usize = 128;
/// In `uc_flags`: the floating-point state has an XSAVE area.
pub const UC_FP_XSTATE: u64 = 1;
/// In `uc_flags`: `ss` is saved.
pub const UC_SIGCONTEXT_SS: u64 = 2;
/// In `uc_flags`: `ss` is restored as it is.
pub const UC_STRICT_RESTORE_SS: u64 = 4;
