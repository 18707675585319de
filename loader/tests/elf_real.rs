//! Files that real tools make. A tool that is not there leaves its test out, and says so.

mod common;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{check, plan};
use elfin_loader::Machine;
use elfin_loader::elf::{ElfError, Kind, LoadPlan, Prot};

const PROGRAM: &str = "#include <stdio.h>\nint counter[5000]; __thread int own = 7;\n\
                       int main(void) { counter[9] = own; puts(\"hello\"); return 0; }\n";
const BARE: &str = ".globl _start\n.text\n_start: mov $60, %eax\nxor %edi, %edi\nsyscall\n\
                    .bss\n.skip 10000\n.section .note.GNU-stack,\"\",@progbits\n";

/// Compiles `source`; `None` if there is no such compiler.
fn compile(name: &str, compiler: &str, source: &str, options: &[&str]) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("elf-real-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let input = folder.join(if source.starts_with('#') { "in.c" } else { "in.s" });
    let output = folder.join("out");
    std::fs::write(&input, source).unwrap();
    let arguments = options.iter().map(OsStr::new);
    let status = Command::new(compiler).args(arguments).arg("-o").args([&output, &input]).status();
    let file = match status {
        Ok(status) if status.success() => std::fs::read(&output).ok(),
        _ => None,
    };
    if file.is_none() {
        eprintln!("left out: {compiler} {} does not work here", options.join(" "));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    file
}

fn accepted(file: &[u8]) -> LoadPlan {
    let plan = plan(file).unwrap();
    check(&plan, file);
    assert!(plan.phdr_vaddr.is_some(), "libc needs AT_PHDR");
    assert!(
        !plan.segments.iter().any(|s| s.prot.contains(Prot::WRITE | Prot::EXEC)),
        "no compiler does this by default"
    );
    plan
}

#[test]
fn static_program_of_glibc() {
    let Some(file) = compile("glibc", "cc", PROGRAM, &["-static"]) else { return };
    let plan = accepted(&file);
    assert_eq!((plan.kind, plan.interp.is_none()), (Kind::Exec, true));
    assert_eq!(plan.executable_stack, Some(false));
    assert!(plan.tls.is_some() && plan.relro.is_some());
}

#[test]
fn static_pie_of_glibc() {
    let Some(file) = compile("glibc-pie", "cc", PROGRAM, &["-static-pie"]) else { return };
    let plan = accepted(&file);
    assert_eq!((plan.kind, plan.span.start), (Kind::StaticPie, 0));
}

#[test]
fn static_program_of_musl() {
    let Some(file) = compile("musl", "musl-gcc", PROGRAM, &["-static"]) else { return };
    assert_eq!(accepted(&file).kind, Kind::Exec);
}

#[test]
fn bare_programs() {
    let options = ["-static", "-nostdlib"];
    if let Some(file) = compile("bare", "cc", BARE, &options) {
        assert_eq!(accepted(&file).kind, Kind::Exec);
    }
    // Old linkers' layouts: code and data in one page of the file, and all in one segment.
    if let Some(file) =
        compile("no-separate", "cc", BARE, &[&options[..], &["-Wl,-z,noseparate-code"]].concat())
    {
        assert_eq!(accepted(&file).kind, Kind::Exec);
    }
    if let Some(file) = compile("omagic", "cc", BARE, &[&options[..], &["-Wl,-N"]].concat()) {
        let plan = plan(&file).unwrap();
        check(&plan, &file);
        assert!(plan.segments[0].prot.contains(Prot::WRITE | Prot::EXEC));
    }
    if let Some(file) = compile("lld", "cc", BARE, &[&options[..], &["-fuse-ld=lld"]].concat()) {
        assert_eq!(accepted(&file).kind, Kind::Exec);
    }
}

#[test]
fn dynamic_program_names_its_interpreter() {
    let Some(file) = compile("dynamic", "cc", PROGRAM, &[]) else { return };
    let plan = accepted(&file);
    assert_eq!(plan.kind, Kind::DynamicPie);
    let interpreter = plan.interp.unwrap();
    let path = Path::new(std::str::from_utf8(&interpreter).unwrap());
    assert!(path.is_absolute());
    if let Ok(file) = std::fs::read(path) {
        // It is a static PIE itself.
        assert_eq!(accepted(&file).kind, Kind::StaticPie);
    }
}

#[test]
fn object_files_are_refused() {
    let Some(file) = compile("object", "cc", PROGRAM, &["-c"]) else { return };
    assert_eq!(plan(&file), Err(ElfError::Type(1)));
}

#[test]
fn shared_libraries_are_refused() {
    let source = "#define X\nint add(int a) { return a + 1; }\n";
    let Some(file) = compile("library", "cc", source, &["-shared", "-fPIC"]) else { return };
    assert_eq!(plan(&file), Err(ElfError::Entry { entry: 0 }));
}

#[test]
fn programs_of_the_other_machine() {
    let Some(file) = compile("arm64", "aarch64-linux-gnu-gcc", PROGRAM, &["-static"]) else {
        return;
    };
    let error = plan(&file).unwrap_err();
    assert_eq!(error.to_string(), "e_machine is 183 (AArch64), this machine is x86_64");
    let plan = LoadPlan::from_slice(&file, Machine::Aarch64).unwrap();
    check(&plan, &file);
    assert_eq!((plan.kind, plan.load_align), (Kind::Exec, 0x1_0000));
}

#[test]
fn programs_of_the_host() {
    for path in ["/bin/true", "/bin/sh", "/usr/bin/env"] {
        if let Ok(file) = std::fs::read(path)
            && file.starts_with(b"\x7fELF")
        {
            check(&LoadPlan::from_slice(&file, Machine::NATIVE).unwrap(), &file);
        }
    }
    let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    check(&LoadPlan::from_slice(&file, Machine::NATIVE).unwrap(), &file);
}

/// Reading in pieces gives the same as having all of it.
#[test]
fn pieces_and_slices_agree() {
    let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let mut bytes_read = 0;
    let mut read = |offset: u64, to: &mut [u8]| {
        bytes_read += to.len();
        let offset = offset as usize;
        to.copy_from_slice(file.get(offset..offset + to.len()).ok_or("past the end")?);
        Ok::<(), &str>(())
    };
    let in_pieces = LoadPlan::parse(file.len() as u64, &mut read, Machine::NATIVE).unwrap();
    assert_eq!(in_pieces, LoadPlan::from_slice(&file, Machine::NATIVE).unwrap());
    assert!(bytes_read < 4096, "{bytes_read} bytes were read");
}
