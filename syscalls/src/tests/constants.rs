//! Constants and the names of flags, one by one.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::{KERNEL_HEADERS, LIBRARY_HEADERS, compile};
use crate::Arch;
use crate::abi::ALL_CONSTANTS;
use crate::args::{OpenFlags, Set};

/// Enumerators, which `#ifdef` cannot see, of the kernel's headers. (Names that end in one of
/// the second list are macros all the same.)
const ENUMERATORS: [&str; 17] = [
    "IFLA_",
    "IFA_",
    "RTA_",
    "NDA_",
    "RT_TABLE_",
    "RTN_",
    "RT_SCOPE_",
    "MEMBARRIER_CMD_QUERY",
    "MEMBARRIER_CMD_GLOBAL",
    "MEMBARRIER_CMD_PRIVATE",
    "MEMBARRIER_CMD_REGISTER",
    "IOPRIO_WHO_",
    "IOPRIO_CLASS_",
    "RSEQ_",
    "PER_LINUX",
    "ADDR_",
    "READ_IMPLIES_EXEC",
];
const MACROS: [&str; 2] = ["IFA_F_PERMANENT", "IOPRIO_CLASS_SHIFT"];

/// Enumerators of the C library's headers.
const LIBRARY_ENUMERATORS: [&str; 9] = [
    "IF_OPER_",
    "TCP_ESTABLISHED",
    "TCP_SYN_",
    "TCP_FIN_WAIT",
    "TCP_TIME_WAIT",
    "TCP_CLOSE",
    "TCP_CLOSING",
    "TCP_LAST_ACK",
    "TCP_LISTEN",
];

/// The kernel's values where the C library says otherwise under the same name.
const KERNEL_ONLY: [&str; 3] = ["SIGRTMIN", "SIGRTMAX", "O_LARGEFILE"];

/// The constant's assertion, inside `#ifdef` unless it is an enumerator. Differing signs and
/// widths are taken as equal: the low 32 bits count, or all 64 if there are more.
fn check(name: &str, value: i128, enumerator: bool) -> String {
    let mask = if value > i128::from(u32::MAX) { u64::MAX } else { u64::from(u32::MAX) };
    let value = (value as u64) & mask;
    let assertion = super::assertion(&format!(
        "((unsigned long long)({name}) & {mask:#x}ull) == {value:#x}ull"
    ));
    if enumerator { assertion } else { format!("#ifdef {name}\n{assertion}#endif\n") }
}

fn all_constants() -> Vec<(String, i128)> {
    let mut all = Vec::new();
    for list in ALL_CONSTANTS {
        all.extend(list.iter().map(|(name, value)| (String::from(*name), *value)));
    }
    for names in Set::ALL.iter().map(|set| set.names()) {
        for (name, value) in names.iter() {
            // The open flags differ per architecture: see `open_flags`.
            if names.prefix != "O_" {
                all.push((format!("{}{name}", names.prefix), i128::from(value)));
            }
        }
    }
    all
}

fn open_flags(arch: Arch) -> Vec<(String, i128)> {
    OpenFlags::names(arch)
        .iter()
        .map(|(name, value)| (format!("O_{name}"), i128::from(value)))
        .collect()
}

#[test]
fn constants_are_those_of_the_headers() {
    let all = all_constants();
    assert!(all.len() > 1300, "{} constants", all.len());
    for arch in Arch::ALL {
        let mut kernel = String::new();
        let mut library = String::new();
        for (name, value) in all.iter().cloned().chain(open_flags(arch)) {
            let enumerator = ENUMERATORS.iter().any(|prefix| name.starts_with(prefix))
                && !MACROS.contains(&name.as_str());
            if !KERNEL_ONLY.contains(&name.as_str()) {
                let enumerator = LIBRARY_ENUMERATORS.iter().any(|prefix| name.starts_with(prefix));
                library += &check(&name, value, enumerator);
            }
            if !name.starts_with("SIGRT") {
                kernel += &check(&name, value, enumerator);
            }
        }
        compile(arch, "constants", KERNEL_HEADERS, &kernel);
        compile(arch, "constants of the C library", LIBRARY_HEADERS, &library);
    }
}

#[test]
fn a_wrong_constant_is_found() {
    let wrong = check("EINVAL_IS_NOT_HERE", 1, false) + &check("SIGKILL", 9, false);
    compile(Arch::X86_64, "a right constant", KERNEL_HEADERS, &wrong);
    let wrong = check("SIGKILL", 8, false);
    let found = std::panic::catch_unwind(|| {
        compile(Arch::NATIVE, "a wrong constant", KERNEL_HEADERS, &wrong);
    });
    assert!(found.is_err(), "no C compiler, or it accepts anything");
}
