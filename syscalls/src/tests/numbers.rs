//! System call numbers, against the headers of both architectures and, for the newest calls,
//! against the crate linux-raw-sys.

use std::collections::BTreeSet;
use std::format;
use std::println;
use std::process::{Command, Stdio};
use std::string::{String, ToString as _};

use linux_raw_sys::general as raw;

use super::{assertion, compile, compiler};
use crate::{Arch, Entry, TABLE};

const HEADER: &str = "#include <asm/unistd.h>\n";

/// From here on all architectures share their numbers.
const COMMON_FROM: u16 = 424;
/// The newest call of the table: Linux 7.0.
const NEWEST: u16 = 471;

#[test]
fn numbers_are_those_of_the_headers() {
    for arch in Arch::ALL {
        let mut text = String::new();
        for call in TABLE {
            let name = format!("__NR_{}", call.name);
            let body = match call.number(arch) {
                Some(number) => assertion(&format!("{name} == {number}")),
                None => format!("#error {name} is there\n"),
            };
            text += &format!("#ifdef {name}\n{body}#endif\n");
        }
        compile(arch, "system call numbers", HEADER, &text);
    }
}

/// The names that the headers of `arch` define; `None` without a compiler.
fn header_names(arch: Arch) -> Option<BTreeSet<String>> {
    let mut child = Command::new(compiler(arch))
        .args(["-x", "c", "-E", "-dM", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    std::io::Write::write_all(&mut child.stdin.take()?, HEADER.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define __NR_"))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !["syscalls", "arch_specific_syscall"].contains(name));
    Some(names.map(|name| name.to_string()).collect())
}

#[test]
fn every_call_of_the_headers_is_in_the_table() {
    for arch in Arch::ALL {
        let Some(names) = header_names(arch) else {
            println!("skipped {}: no {}", arch.name(), compiler(arch));
            continue;
        };
        assert!(names.len() > 290, "{} names of {}", names.len(), arch.name());
        for name in names {
            let entry = Entry::by_name(&name);
            assert!(entry.is_some_and(|entry| entry.number(arch).is_some()), "{name} is missing");
        }
    }
}

#[test]
fn the_newest_calls_have_their_numbers() {
    let newest = [
        ("cachestat", raw::__NR_cachestat),
        ("fchmodat2", raw::__NR_fchmodat2),
        ("map_shadow_stack", raw::__NR_map_shadow_stack),
        ("futex_wake", raw::__NR_futex_wake),
        ("futex_wait", raw::__NR_futex_wait),
        ("futex_requeue", raw::__NR_futex_requeue),
        ("statmount", raw::__NR_statmount),
        ("listmount", raw::__NR_listmount),
        ("lsm_get_self_attr", raw::__NR_lsm_get_self_attr),
        ("lsm_set_self_attr", raw::__NR_lsm_set_self_attr),
        ("lsm_list_modules", raw::__NR_lsm_list_modules),
        ("mseal", raw::__NR_mseal),
        ("setxattrat", raw::__NR_setxattrat),
        ("getxattrat", raw::__NR_getxattrat),
        ("listxattrat", raw::__NR_listxattrat),
        ("removexattrat", raw::__NR_removexattrat),
        ("open_tree_attr", raw::__NR_open_tree_attr),
        ("file_getattr", raw::__NR_file_getattr),
        ("file_setattr", raw::__NR_file_setattr),
    ];
    for (name, number) in newest {
        let entry = Entry::by_name(name).unwrap();
        for arch in Arch::ALL {
            assert_eq!(entry.number(arch), usize::try_from(number).ok(), "{name}");
        }
    }
}

#[test]
fn new_numbers_are_common_and_without_gaps() {
    for number in COMMON_FROM..=NEWEST {
        let [first, second] =
            Arch::ALL.map(|arch| Entry::by_number(arch, usize::from(number)).unwrap());
        assert_eq!(first, second, "{number}");
    }
    assert!(Entry::by_number(Arch::NATIVE, usize::from(NEWEST) + 1).is_none());
}
