//! The steps of `elfin check`.

use std::fs;

use anyhow::{Context, Result};
use elfin_syscalls::Arch;
use goblin::elf::{Elf, header};

use super::arm64::Aarch64;
use super::code::Code;
use super::facts::Facts;
use super::report::{CodeReport, Report, calls};
use super::scan::{Scan, scan};
use super::x86::X86_64;
use crate::args::CheckArgs;
use crate::exit::Refused;
use crate::judge::judge_in_root;
use crate::output::print;

/// Status when the program can not be run.
const NOT_RUNNABLE: u8 = 1;

/// Prints the report on a program and returns the exit status.
///
/// # Errors
/// When the file can not be read, or is not an ELF at all.
pub fn check(args: &CheckArgs) -> Result<u8> {
    let name = args.program.display().to_string();
    if args.program.is_dir() {
        return Err(
            Refused { status: NOT_RUNNABLE, message: format!("'{name}' is a directory") }.into()
        );
    }
    if !args.program.exists() {
        return Err(Refused::not_found(format!("'{name}' is not found")).into());
    }
    let file = fs::read(&args.program).with_context(|| format!("can not read '{name}'"))?;
    let verdict = judge_in_root(&name, &args.program, args.root.as_deref());
    let elf = match (Elf::parse(&file), verdict.as_ref()) {
        (Ok(elf), _) => elf,
        // The loader's words are better than the parser's, if it has something to say.
        (Err(_), Err(refused)) => {
            let message = refused.message.clone();
            return Err(Refused { status: NOT_RUNNABLE, message }.into());
        }
        (Err(error), Ok(_)) => {
            let message = format!(
                "'{name}' has no code to look at ({error}); if it is a script, check its interpreter"
            );
            return Err(Refused { status: NOT_RUNNABLE, message }.into());
        }
    };
    let code = Code::new(&elf, &file);
    let (scan, arch) = match elf.header.e_machine {
        header::EM_AARCH64 => (scan::<Aarch64>(&code), Arch::Aarch64),
        header::EM_X86_64 => (scan::<X86_64>(&code), Arch::X86_64),
        _ => (Scan::default(), Arch::X86_64),
    };
    let report = Report {
        file: name,
        facts: Facts::new(&elf, &file),
        runnable: verdict.is_ok(),
        reason: verdict.err().map(|refused| refused.message),
        syscalls: calls(&scan, &code, arch),
        code: CodeReport::new(&scan, &code),
    };
    if args.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?;
    } else {
        print(&report.text(args.sites))?;
    }
    Ok(if report.runnable { 0 } else { NOT_RUNNABLE })
}
