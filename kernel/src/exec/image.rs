//! [`load`]: a file becomes an [`Image`], an address space with the program in it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_loader::Machine;
use elfin_loader::auxv::AuxValues;
use elfin_loader::elf::{LoadPlan, ParseError};
use elfin_loader::script;
use elfin_platform::arch::UserFrame;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::error::ExecError;
use super::{segments, start_stack, vdso};
use crate::fs::{Dest, OpenFile};
use crate::mm::{AddressSpace, Layout, MapRequest, PAGE_SIZE, Program, page_ceil};
use crate::task::cred::ExecCred;

/// `#!` lines that may lead on to each other.
const MAX_SCRIPTS: usize = 5;
/// What is read to tell a script from an ELF.
const HEAD: usize = 256;

/// Opens a file for execution.
pub type Open<'a> = dyn Fn(&[u8]) -> Result<Arc<OpenFile>, Errno> + 'a;

/// Tells with which credentials a file runs.
pub type Credentials<'a> = dyn Fn(&OpenFile) -> Result<ExecCred, Errno> + 'a;

/// A program to be loaded.
pub struct Request<'a> {
    /// Its path, as the caller named it.
    pub path: &'a [u8],
    /// Its arguments, its own name first.
    pub args: Vec<Vec<u8>>,
    /// Its environment.
    pub env: Vec<Vec<u8>>,
    /// The credentials that the file runs with.
    pub credentials: &'a Credentials<'a>,
    /// How large its stack may become, in bytes.
    pub stack_limit: usize,
    /// Whether addresses are random.
    pub random: bool,
    /// Opens a file for execution.
    pub open: &'a Open<'a>,
}

/// A program ready to run.
pub struct Image {
    /// Its memory.
    pub mm: Arc<AddressSpace>,
    /// Whom it acts for.
    pub cred: ExecCred,
    /// Its registers at the first instruction.
    pub frame: UserFrame,
}

fn name(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

fn open(request: &Request<'_>, path: &[u8]) -> Result<Arc<OpenFile>, ExecError> {
    (request.open)(path).map_err(|errno| ExecError::File(name(path), errno))
}

/// Loads the program that `request` names.
///
/// # Errors
/// Why it cannot be run. Nothing has changed then.
pub fn load(mut request: Request<'_>) -> Result<Image, ExecError> {
    let mut path = request.path.to_vec();
    let mut file = open(&request, &path)?;
    let mut scripts = 0;
    loop {
        let mut head = [0; HEAD];
        let len = file.file.read_at(0, &mut Dest::kernel(&mut head));
        let len = len.map_err(|errno| ExecError::File(name(&path), errno))?;
        let Some(script) = head.get(..len).and_then(script::parse) else { break };
        if scripts == MAX_SCRIPTS {
            return Err(ExecError::TooManyScripts(name(request.path)));
        }
        scripts += 1;
        // `#! interpreter argument` runs as: interpreter argument path arguments…
        let mut args = Vec::new();
        args.push(script.interpreter.to_vec());
        args.extend(script.argument.map(<[u8]>::to_vec));
        args.push(path.clone());
        args.extend(request.args.drain(..).skip(1));
        request.args = args;
        let interpreter = script.interpreter.to_vec();
        file = (request.open)(&interpreter)
            .map_err(|errno| ExecError::Interpreter(name(&path), name(&interpreter), errno))?;
        path = interpreter;
    }
    load_elf(&request, &path, file)
}

fn plan(path: &[u8], file: &OpenFile) -> Result<LoadPlan, ExecError> {
    let size = file.file.mapping().map_or(0, |object| object.len());
    let mut read = |offset: u64, buf: &mut [u8]| {
        let mut at = 0;
        while at < buf.len() {
            let rest = buf.get_mut(at..).ok_or(Errno::EIO)?;
            match file.file.read_at(offset + at as u64, &mut Dest::kernel(rest))? {
                0 => return Err(Errno::EIO),
                n => at += n,
            }
        }
        Ok(())
    };
    LoadPlan::parse(size, &mut read, Machine::NATIVE).map_err(|error| match error {
        ParseError::Elf(error) => ExecError::Elf(name(path), error),
        ParseError::Read(errno) => ExecError::File(name(path), errno),
    })
}

fn load_elf(request: &Request<'_>, path: &[u8], file: Arc<OpenFile>) -> Result<Image, ExecError> {
    let failed = |errno| match errno {
        Errno::ENOMEM => ExecError::OutOfMemory,
        errno => ExecError::File(name(path), errno),
    };
    let program = plan(path, &file)?;
    let layout = Layout::new(request.stack_limit, request.random);
    let mm = AddressSpace::new(layout).ok_or(ExecError::OutOfMemory)?;
    let bias = if program.kind.is_pie() { program.bias_for(layout.pie_base as u64) } else { 0 };
    segments::map(&mm, &file, &program, bias).map_err(failed)?;

    let mut entry = program.entry.wrapping_add(bias);
    let mut base = 0;
    if let Some(interpreter) = &program.interp {
        (entry, base) = load_interpreter(request, path, interpreter, &mm)?;
    }
    let end =
        usize::try_from(program.end.wrapping_add(bias)).map_err(|_| ExecError::OutOfMemory)?;
    // The heap begins on a page of its own: what of the last page the program does not use is
    // mapped with the program.
    mm.set_heap(page_ceil(end.saturating_add(layout.brk_gap)).ok_or(ExecError::OutOfMemory)?);
    let sysinfo = vdso::map(&mm).map_err(failed)?;
    let aux = AuxValues {
        base,
        sysinfo_ehdr: Some(sysinfo as u64),
        ..AuxValues::of_plan(&program, bias)
    };
    let executable = program.executable_stack == Some(true);
    let cred = (request.credentials)(&file).map_err(failed)?;
    let aux = start_stack::with_identity(aux, &cred);
    let stack = start_stack::build(request, &mm, aux, executable)?;
    let ip = usize::try_from(entry).map_err(|_| ExecError::OutOfMemory)?;
    mm.set_program(Program { file, auxv: stack.auxv.into() });
    Ok(Image { mm, cred, frame: UserFrame::start(ip, stack.sp) })
}

/// Maps the program's interpreter (a dynamic linker) where there is room; its entry point and
/// base address.
fn load_interpreter(
    request: &Request<'_>,
    path: &[u8],
    interpreter: &[u8],
    mm: &AddressSpace,
) -> Result<(u64, u64), ExecError> {
    let failed = |errno| ExecError::Interpreter(name(path), name(interpreter), errno);
    let file = (request.open)(interpreter).map_err(failed)?;
    let linker = plan(interpreter, &file)?;
    let bias = if linker.kind.is_pie() {
        // The bias is rounded down to the alignment: keep room for that.
        let slack = linker.load_align.saturating_sub(PAGE_SIZE as u64);
        let span = (linker.span.end - linker.span.start).saturating_add(slack);
        let span = usize::try_from(span).map_err(|_| failed(Errno::ENOMEM))?;
        // Find room, then map the segments there: nothing else runs in this address space yet.
        let room =
            mm.map_request(MapRequest::anonymous(span, ProtFlags::empty())).map_err(failed)?;
        mm.unmap(room, span).map_err(failed)?;
        linker.bias_for((room as u64).saturating_add(slack))
    } else {
        0
    };
    segments::map(mm, &file, &linker, bias).map_err(failed)?;
    Ok((linker.entry.wrapping_add(bias), bias))
}
