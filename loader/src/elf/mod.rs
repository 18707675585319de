//! ELF files as load plans: [`LoadPlan`] says what of a file belongs where, [`Region`] how each
//! page gets there, [`ElfError`] why a file can not be run.

mod error;
mod header;
mod plan;
mod property;
mod region;
mod segment;
mod words;

pub use error::{ElfError, ParseError};
pub use header::ReadAt;
pub use plan::{Kind, LoadPlan};
pub use property::Properties;
pub use region::{Backing, Region};
pub use segment::{Prot, Segment};
