//! Starts Linux programs on paper: an ELF file becomes a [`LoadPlan`](elf::LoadPlan), arguments and
//! environment become an [initial stack](stack::InitialStack), an initramfs becomes
//! [entries](cpio::Entries), a kernel command line becomes [parameters](cmdline::CommandLine).
//!
//! # Principles
//! * Pure: no I/O, no `unsafe`, no globals; `no_std` with `alloc`. The kernel and the host command
//!   share it, so that what `elfin check` says is what the kernel does.
//! * Every byte given is hostile: arithmetic is checked, sizes that the input chooses are
//!   allocated fallibly, and nothing here panics.
//! * What Linux accepts is accepted here, what it refuses is refused with the same errno; where
//!   Linux would kill the program later without a word, the error here names field and value.
//!
//! # Left out
//! Placing (ASLR), mapping and copying are the kernel's; relocations, RELRO and TLS are the libc's.
//!
//! # Summary
//! ```text
//! // elf: what to map
//! LoadPlan::parse(file_size, &mut |offset, buf| -> Result<(), E>, Machine::NATIVE) -> Result<LoadPlan, ParseError<E>>
//! LoadPlan::from_slice(bytes, machine)                     -> Result<LoadPlan, ElfError>
//! plan: .machine .kind (Kind::{Exec, DynamicExec, StaticPie, DynamicPie}: .is_pie() .is_dynamic())
//!       .entry .phdr_vaddr: Option<u64> .phnum .phent .segments .span (page-aligned range) .end (for brk)
//!       .load_align .interp: Option<Vec<u8>> .executable_stack: Option<bool> .tls .relro .properties
//!       .bias_for(address) -> bias    wrapping_add it to every address of the plan; 0 for Exec
//!       .regions() -> impl Iterator<Item = Region { start, len, prot, backing, segment }>
//!           Backing::File { offset, zero_tail: Option<Range<u64>> } | Backing::Zero
//! ElfError: Display, .errno() -> i32, .exit_status() -> 126 | 127
//! script::parse(first_bytes) -> Option<Script { interpreter, argument }>
//!
//! // auxv, stack: what the program finds at sp
//! AuxValues { hwcap, .., ..AuxValues::of_plan(&plan, bias) }
//! InitialStack { args, env, execfn, platform, random, top, stack_limit, aux: &aux }.build()
//!       -> Result<StackImage { sp, bytes, argc, args, env, auxv, execfn, random }, StackError>
//!           copy `bytes` to `sp`; they end at `top`; the ranges are for /proc/self
//!
//! // cpio, gzip: the initramfs (see `cpio` for the loop over several archives)
//! cpio::Entries::new(bytes): Iterator<Item = Result<Entry, CpioError>>; .rest() after the end
//! Entry { name, ino, mode, uid, gid, nlink, mtime, data: Range<usize>, dev, rdev, link_to }
//! cpio::Encoder::new(align): .entry(&mut out, name, &Meta, data_len)?, then the data, then
//!       Encoder::padding(data_len); at the end .finish(&mut out)?
//! cpio::Archive::new(align): .add(name, &Meta, data)? .finish()? -> Vec<u8>
//! gzip::is_gzip(bytes); gzip::inflate(bytes, limit) -> Result<Inflated { data, rest }, GzipError>
//!
//! // cmdline: what the machine was told
//! CommandLine::new(bytes): .iter() .get("init") .text(..) .number("loglevel") .has("quiet") .flag(..)
//!       .after_dashes() .init_words(is_known) -> what goes to init's argv and environment
//! IpConfig::parse(value) -> Result<IpConfig { client, gateway, prefix, dns, autoconf, .. }, IpError>
//! ArgumentFile { program, directory, args, env }: .encode()? / ArgumentFile::parse(bytes)?
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod auxv;
pub mod cmdline;
pub mod cpio;
pub mod elf;
pub mod gzip;
pub mod machine;
pub mod script;
pub mod stack;

pub use machine::Machine;
