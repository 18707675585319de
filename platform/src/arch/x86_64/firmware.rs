//! Tables that the firmware left in memory.

use super::paging;

/// No x86 processor has more physical address bits.
const MAX_PHYS_BITS: u32 = 52;
/// Nothing that the kernel reads of the firmware is longer.
const MAX_LEN: usize = 1 << 20;

/// `len` bytes at physical address `phys`, which the firmware keeps unchanged; `None` for what
/// can be no such address.
pub fn firmware_bytes(phys: u64, len: usize) -> Option<&'static [u8]> {
    let end = phys.checked_add(len as u64)?;
    if phys == 0 || end >> MAX_PHYS_BITS != 0 || len > MAX_LEN {
        return None;
    }
    let start = paging::mmio_map(phys, len);
    // SAFETY: mapped; firmware tables are not written to after boot.
    Some(unsafe { core::slice::from_raw_parts(start, len) })
}
