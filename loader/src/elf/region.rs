//! [`Region`]: what a mapper does for a segment, page by page. A segment gives up to two of them:
//!
//! ```text
//!   vaddr            vaddr + file_size        vaddr + mem_size
//!     |---- bytes of the file ----|------ zeroes ------|
//!  |  .       |          |        .zero |          |   .       |      pages
//!  '------ Backing::File ---------zero_tail'--- Backing::Zero -'
//! ```

use core::ops::Range;

use super::plan::LoadPlan;
use super::segment::{Prot, Segment};
use crate::machine::{page_down, page_up};

/// Where the bytes of a [`Region`] come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backing {
    /// A private mapping of the file. Beyond its end the last page is zero.
    File {
        /// Where the region begins in the file; a multiple of the page size.
        offset: u64,
        /// Addresses (without bias) that must read as zero, up to the end of the region's last
        /// page. Linux leaves them alone where the segment is not writable.
        zero_tail: Option<Range<u64>>,
    },
    /// Zeroes.
    Zero,
}

/// Pages that are mapped alike. Regions of a plan do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Number of the program header it comes from.
    pub segment: usize,
    /// First address, without bias; a multiple of the page size.
    pub start: u64,
    /// Length in bytes; a multiple of the page size, at least one page.
    pub len: u64,
    /// What the program may do with it.
    pub prot: Prot,
    /// Where its bytes come from.
    pub backing: Backing,
}

impl Region {
    /// Its end, without bias.
    pub const fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }
}

impl LoadPlan {
    /// What to map, in ascending order of addresses.
    pub fn regions(&self) -> impl Iterator<Item = Region> + '_ {
        self.segments.iter().enumerate().flat_map(|(position, segment)| {
            let next = self.segments.get(position.saturating_add(1));
            // A page shared with the next segment is the next one's.
            let end = match next {
                Some(next) => page_up(segment.end()).min(page_down(next.vaddr)),
                None => page_up(segment.end()),
            };
            [file_region(segment, end), zero_region(segment, end)].into_iter().flatten()
        })
    }
}

fn file_region(segment: &Segment, limit: u64) -> Option<Region> {
    let start = page_down(segment.vaddr);
    let end = segment.file_pages_end().min(limit);
    let len = end.checked_sub(start).filter(|len| *len != 0)?;
    let zero = segment.file_backed_end()..end;
    let zero_tail = (segment.mem_size > segment.file_size && !zero.is_empty()).then_some(zero);
    let offset = page_down(segment.file_offset);
    let backing = Backing::File { offset, zero_tail };
    Some(Region { segment: segment.index, start, len, prot: segment.prot, backing })
}

fn zero_region(segment: &Segment, limit: u64) -> Option<Region> {
    let start = segment.file_pages_end();
    let len = limit.checked_sub(start).filter(|len| *len != 0)?;
    Some(Region { segment: segment.index, start, len, prot: segment.prot, backing: Backing::Zero })
}
