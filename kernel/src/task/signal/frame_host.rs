//! Signal frames where there is no program: under the host's test harness every frame fails.

use core::fmt;

use elfin_platform::arch::UserFrame;

use super::action::Action;
use super::info::Info;
use super::set::SigSet;
use crate::task::thread::Thread;

/// A frame that cannot be written, read or restored.
#[derive(Clone, Copy, Debug)]
pub struct BadFrame;

/// Has the program at `regs` run `handler` for `info`: here it never can.
pub fn push(
    _me: &Thread,
    _regs: &mut UserFrame,
    _info: &Info,
    _action: &Action,
    _handler: usize,
    _mask: SigSet,
) -> Result<(), BadFrame> {
    Err(BadFrame)
}

/// Takes down a frame: here there is none.
pub fn pop(_me: &Thread, _regs: &mut UserFrame) -> Result<SigSet, BadFrame> {
    Err(BadFrame)
}

/// The register that points to the caller's frame: here there is none.
pub fn frame_pointer(_regs: &UserFrame) -> usize {
    0
}

/// Shows the registers, of which there are none.
pub fn registers(_regs: &UserFrame, _line: &mut dyn FnMut(fmt::Arguments<'_>)) {}
