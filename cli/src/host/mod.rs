//! The host's side of a running machine: its process ([`run_machine`]), the terminal, the event
//! channel and signals. Knows nothing of how the QEMU command came to be.

mod console;
mod events;
mod leash;
mod machine;
mod outcome;
mod terminal;

pub use console::{HostInput, HostOutput, classify_input, classify_output};
pub use leash::{LEASH_COMMAND, become_leashed, leashed};
pub use machine::{EventPipe, MachineOptions, run_machine};
pub use outcome::Outcome;
pub use terminal::Reporter;
