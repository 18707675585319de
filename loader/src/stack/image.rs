//! [`InitialStack`] → [`StackImage`], in Linux's order:
//!
//! ```text
//!   top      a null pointer
//!            execfn string          ← AT_EXECFN
//!            environment strings    ← StackImage::env
//!            argument strings       ← StackImage::args
//!            platform string        ← AT_PLATFORM
//!            16 random bytes        ← AT_RANDOM
//!            (padding)
//!            auxiliary vector       ← StackImage::auxv
//!            envp[], NULL
//!            argv[], NULL
//!   sp       argc                   a multiple of 16
//! ```

use alloc::vec::Vec;
use core::ops::Range;

use super::error::StackError;
use super::layout::{POINTER, STACK_ALIGN, Strings, argument_space, string_size};
use crate::auxv::{AuxValues, ENTRIES_MAX, Pointers};

/// What goes on a stack.
#[derive(Clone, Copy, Debug)]
pub struct InitialStack<'a, S> {
    /// argv. An empty one becomes one empty string, as Linux does since 5.18.
    pub args: &'a [S],
    /// envp.
    pub env: &'a [S],
    /// Path that was executed, for AT_EXECFN.
    pub execfn: &'a [u8],
    /// The machine's name, for AT_PLATFORM.
    pub platform: &'a str,
    /// For AT_RANDOM.
    pub random: [u8; 16],
    /// End of the stack's memory, a multiple of 16. The bytes go right below.
    pub top: u64,
    /// RLIMIT_STACK in bytes: how long all may be.
    pub stack_limit: u64,
    /// The auxiliary vector.
    pub aux: &'a AuxValues,
}

/// A finished stack. All addresses are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackImage {
    /// The stack pointer, where `bytes` belong; they end at the top.
    pub sp: u64,
    /// What lies from `sp` on.
    pub bytes: Vec<u8>,
    /// Number of arguments, at least 1.
    pub argc: u64,
    /// The argument strings: /proc/self/cmdline.
    pub args: Range<u64>,
    /// The environment strings: /proc/self/environ.
    pub env: Range<u64>,
    /// The auxiliary vector: /proc/self/auxv.
    pub auxv: Range<u64>,
    /// The path that was executed.
    pub execfn: u64,
    /// The random bytes.
    pub random: u64,
}

impl<S: AsRef<[u8]>> InitialStack<'_, S> {
    /// Lays the stack out.
    ///
    /// # Errors
    /// [`StackError::TooLong`] by Linux's limits; a string with a NUL; no memory.
    pub fn build(&self) -> Result<StackImage, StackError> {
        let mut args = Strings::measure(self.args)?;
        if args.count == 0 {
            args = Strings { bytes: 1, count: 1 };
        }
        let env = Strings::measure(self.env)?;
        let execfn = string_size(self.execfn)?;
        let platform = string_size(self.platform.as_bytes())?;

        let pointers = args.count.saturating_add(env.count).saturating_mul(POINTER);
        let sum = [args.bytes, env.bytes, execfn];
        let needed = sum.into_iter().fold(pointers, u64::saturating_add);
        let limit = argument_space(self.stack_limit);
        if needed > limit {
            return Err(StackError::TooLong { needed, limit });
        }

        let bad_top = StackError::Top(self.top);
        let below = |address: u64, len: u64| address.checked_sub(len).ok_or(bad_top);
        if !self.top.is_multiple_of(STACK_ALIGN) {
            return Err(bad_top);
        }
        let execfn_at = below(self.top, POINTER.saturating_add(execfn))?;
        let env_at = below(execfn_at, env.bytes)?;
        let args_at = below(env_at, args.bytes)?;
        let platform_at = below(args_at, platform)?;
        let random_at = below(platform_at, self.random.len() as u64)?;

        let at = Pointers { random: random_at, execfn: execfn_at, platform: platform_at };
        let entries = self.aux.entries(&at);
        const _: () = assert!(ENTRIES_MAX < 64);
        let entry_count = entries.iter().flatten().count() as u64;
        let auxv_size = entry_count.saturating_mul(2 * POINTER);
        // argc, and the NULL after argv and after envp.
        let table = auxv_size.saturating_add(pointers).saturating_add(3 * POINTER);
        let sp = below(random_at, table)?;
        let sp = sp - sp % STACK_ALIGN;

        let len = usize::try_from(self.top.saturating_sub(sp)).map_err(|_| bad_top)?;
        let mut out = Writer { bytes: Vec::new(), sp };
        out.bytes.try_reserve_exact(len).map_err(|_| StackError::OutOfMemory)?;
        out.word(args.count);
        out.pointers(self.args, args_at, args.count);
        out.pointers(self.env, env_at, env.count);
        let auxv_at = out.here();
        for (kind, value) in entries.into_iter().flatten() {
            out.word(kind);
            out.word(value);
        }
        let auxv = auxv_at..out.here();
        out.fill_to(random_at);
        out.bytes.extend_from_slice(&self.random);
        out.string(self.platform.as_bytes());
        self.args.iter().for_each(|arg| out.string(arg.as_ref()));
        out.fill_to(env_at);
        self.env.iter().for_each(|var| out.string(var.as_ref()));
        out.string(self.execfn);
        out.fill_to(self.top);
        Ok(StackImage {
            sp,
            bytes: out.bytes,
            argc: args.count,
            args: args_at..env_at,
            env: env_at..execfn_at,
            auxv,
            execfn: execfn_at,
            random: random_at,
        })
    }
}

/// Writes upwards from sp, into memory that was reserved as a whole.
struct Writer {
    bytes: Vec<u8>,
    sp: u64,
}

impl Writer {
    fn here(&self) -> u64 {
        self.sp.saturating_add(self.bytes.len() as u64)
    }

    fn word(&mut self, word: u64) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    /// `count` pointers to strings that lie one after the other from `address` on, and a NULL.
    fn pointers<S: AsRef<[u8]>>(&mut self, strings: &[S], mut address: u64, count: u64) {
        if strings.is_empty() && count != 0 {
            self.word(address);
        }
        for string in strings {
            self.word(address);
            address = address.saturating_add(string.as_ref().len() as u64).saturating_add(1);
        }
        self.word(0);
    }

    fn string(&mut self, string: &[u8]) {
        self.bytes.extend_from_slice(string);
        self.bytes.push(0);
    }

    fn fill_to(&mut self, address: u64) {
        let len = usize::try_from(address.saturating_sub(self.sp)).unwrap_or(0);
        self.bytes.resize(len.max(self.bytes.len()), 0);
    }
}
