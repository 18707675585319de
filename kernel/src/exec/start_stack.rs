//! The first stack of a program: mapped, and filled with arguments, environment and auxiliary
//! vector.

use alloc::vec::Vec;

use elfin_loader::auxv::AuxValues;
use elfin_loader::stack::InitialStack;
use elfin_platform::cpu;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::error::ExecError;
use super::image::Request;
use crate::mm::{AddressSpace, Label, MapRequest, VmaFlags, page_floor};
use crate::rand;
use crate::task::cred::ExecCred;

/// Room below the first stack pointer that is mapped from the start; faults add to it.
const INITIAL_ROOM: usize = 128 * 1024;

/// What [`build`] made.
pub struct Stack {
    /// The first stack pointer.
    pub sp: usize,
    /// The auxiliary vector's bytes.
    pub auxv: Vec<u8>,
}

/// `aux` with the user and group ids of the program.
pub fn with_identity(aux: AuxValues, exec: &ExecCred) -> AuxValues {
    let cred = &exec.cred;
    AuxValues {
        uid: cred.uid,
        euid: cred.euid,
        gid: cred.gid,
        egid: cred.egid,
        secure: exec.secure,
        ..aux
    }
}

/// Maps the stack of `mm` and fills it; `plan` is what the auxiliary vector says of the file.
///
/// # Errors
/// Arguments too long, or no memory.
pub fn build(
    request: &Request<'_>,
    mm: &AddressSpace,
    plan: AuxValues,
    executable: bool,
) -> Result<Stack, ExecError> {
    let mut random = [0; 16];
    rand::fill(&mut random);
    let (hwcap, hwcap2) = cpu::hwcap();
    let aux =
        AuxValues { hwcap, hwcap2, min_sigstack: Some(cpu::min_signal_stack() as u64), ..plan };
    let top = mm.layout.stack_top;
    let image = InitialStack {
        args: &request.args,
        env: &request.env,
        execfn: request.path,
        platform: cpu::PLATFORM,
        random,
        top: top as u64,
        stack_limit: request.stack_limit as u64,
        aux: &aux,
    }
    .build()
    .map_err(ExecError::Arguments)?;

    let low = page_floor(top.saturating_sub(image.bytes.len() + INITIAL_ROOM));
    let mut prot = ProtFlags::READ | ProtFlags::WRITE;
    prot.set(ProtFlags::EXEC, executable);
    let no_memory = |_: Errno| ExecError::OutOfMemory;
    mm.map_request(MapRequest {
        address: low,
        flags: VmaFlags::GROWS_DOWN | VmaFlags::MAY_WRITE,
        label: Label::Stack,
        fixed: true,
        ..MapRequest::anonymous(top - low, prot)
    })
    .map_err(no_memory)?;
    let sp = image.sp as usize;
    mm.write(sp, &image.bytes).map_err(no_memory)?;
    let ends = [image.args.start, image.args.end, image.env.start, image.env.end];
    mm.set_args(ends.map(|address| address as usize));
    let within = |address: u64| address.saturating_sub(image.sp) as usize;
    let auxv = image.bytes.get(within(image.auxv.start)..within(image.auxv.end));
    Ok(Stack { sp, auxv: auxv.unwrap_or_default().to_vec() })
}
