//! Any bytes as an ELF file, on both machines: no panic, and every plan is sound.
#![no_main]

use elfin_loader::Machine;
use elfin_loader::elf::LoadPlan;
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/mod.rs"]
mod common;

fuzz_target!(|file: &[u8]| {
    for machine in [Machine::X86_64, Machine::Aarch64] {
        match LoadPlan::from_slice(file, machine) {
            Ok(plan) => common::check(&plan, file),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let _ = elfin_loader::script::parse(file);
});
