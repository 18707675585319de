//! Tests of the whole stack: hosts connected by wires that lose, repeat and swap frames.

mod hostile;
mod loss;
mod tcp;
mod udp;
pub mod wire;
