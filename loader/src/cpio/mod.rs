//! cpio archives in the "newc" form, as Linux takes for an initramfs
//! (Documentation/driver-api/early-userspace/buffer-format.rst).
//!
//! [`Entries`] reads one that lies in memory; an [`Entry`] says where the data lies, so that a
//! kernel can adopt it in place. [`Encoder`] writes one entry by entry, [`Archive`] in memory.
//!
//! An initramfs may be several archives one after the other, some of them compressed:
//! ```text
//! while !rest.is_empty() {
//!     if gzip::is_gzip(rest) { let part = gzip::inflate(rest, limit)?; unpack(&part.data)?; rest = part.rest; }
//!     else { let mut entries = Entries::new(rest); for entry in &mut entries { … entry? … } rest = entries.rest(); }
//! }
//! ```

mod error;
mod header;
mod reader;
mod writer;

pub use error::{CpioError, EncodeError, Fault};
pub use header::{FileType, NAME_MAX};
pub use reader::{Entries, Entry};
pub use writer::{Archive, DATA_ALIGN, Encoder, Meta};
