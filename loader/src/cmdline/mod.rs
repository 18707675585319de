//! What a machine is told at its start: the kernel command line ([`CommandLine`], [`Param`]), its
//! `ip=` parameter ([`IpConfig`]), and the [`ArgumentFile`] that carries the program's arguments
//! where a command line can not.

mod arguments;
mod ip;
mod line;
mod value;

pub use arguments::{ARGUMENT_FILE_PATH, ArgumentFile, ArgumentFileError};
pub use ip::{Autoconf, IpConfig, IpError};
pub use line::{CommandLine, InitWord, Param, Params};
