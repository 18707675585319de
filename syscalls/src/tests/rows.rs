//! The rules that every row keeps.

use std::collections::BTreeSet;
use std::format;
use std::path::Path;

use crate::{Arch, Entry, Status, TABLE};

/// Where the programs lie that `own:` proofs name.
const CONFORMANCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-binaries/conformance");

/// The most arguments that registers hold.
const MAX_ARGS: usize = 6;

#[test]
fn names_are_unique() {
    let names: BTreeSet<&str> = TABLE.iter().map(|call| call.name).collect();
    assert_eq!(names.len(), TABLE.len());
}

#[test]
fn numbers_are_unique_and_lead_back() {
    for arch in Arch::ALL {
        let mut seen = BTreeSet::new();
        for entry in Entry::all() {
            if let Some(number) = entry.number(arch) {
                assert!(seen.insert(number), "{} twice", number);
                assert_eq!(Entry::by_number(arch, number), Some(entry));
            }
        }
        assert_eq!(Entry::by_number(arch, usize::MAX), None);
    }
    for entry in Entry::all() {
        assert!(Arch::ALL.iter().any(|arch| entry.number(*arch).is_some()));
        assert_eq!(Entry::by_name(entry.call().name), Some(entry));
    }
}

#[test]
fn every_status_is_explained() {
    for entry in Entry::all() {
        let (call, note) = (entry.call(), entry.note());
        match call.status {
            Status::Full => {
                assert!(!note.proofs.is_empty(), "{} is full without a proof", call.name);
            }
            Status::Partial | Status::Fake | Status::Stub => {
                assert!(!note.note.is_empty(), "{} has no note", call.name);
            }
        }
        assert!(note.proofs.iter().all(|proof| !proof.is_empty()), "{}", call.name);
    }
}

#[test]
fn arguments_fit_in_registers() {
    for entry in Entry::all() {
        let (call, note) = (entry.call(), entry.note());
        assert!(note.args.len() <= MAX_ARGS, "{}", call.name);
        assert_eq!(call.args().count(), note.args.len());
    }
}

#[test]
fn own_proofs_exist() {
    for entry in Entry::all() {
        for proof in entry.note().proofs {
            if let Some(name) = proof.strip_prefix("own:") {
                let file = Path::new(CONFORMANCE).join(format!("{name}.c"));
                assert!(file.exists(), "{}: {proof} is not in test-binaries", entry.call().name);
            }
        }
    }
}

#[test]
fn every_call_has_a_number_on_x86_64() {
    // docs/src/syscalls.md lists by these numbers.
    assert!(TABLE.iter().all(|call| call.number(Arch::X86_64).is_some()));
}
