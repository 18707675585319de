//! Page tables of programs: [`PageTable`] maps counted frames with [`PageFlags`].

use bitflags::bitflags;

bitflags! {
    /// Rights of a mapped page. Without READ, WRITE and EXECUTE the page keeps its frame but
    /// cannot be reached.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PageFlags: u8 {
        /// The program may read.
        const READ = 1 << 0;
        /// The program may write.
        const WRITE = 1 << 1;
        /// The program may fetch instructions.
        const EXECUTE = 1 << 2;
        /// The program wrote to the page.
        const DIRTY = 1 << 3;
        /// The frame of zeroes that all programs share: it is nobody's memory.
        const ZERO = 1 << 4;
    }
}

/// Which pages of a range `fork` copies, and how ([`PageTable::fork_range`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkRule {
    /// Both lose write access: the first who writes gets a copy.
    pub copy_on_write: bool,
    /// Pages that nobody wrote to, too, which a fault would bring back.
    pub clean_too: bool,
}

pub use crate::arch::paging::{OutOfMemory, PageTable};
