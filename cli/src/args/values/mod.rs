//! Value types of the options, each with a parser whose error says what was expected: [`memory`],
//! [`network`], and what the [`program`] gets.

mod memory;
mod network;
mod program;

pub use memory::MemorySize;
pub use network::{Cidr, MacAddress, NetChoice, PortForward, Protocol};
pub use program::{EnvSetting, FileMapping, parse_hostname, parse_seconds};
