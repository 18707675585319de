//! `elfin check` on programs made by hand and by musl's compiler.

mod common;

use std::process::Command;

use common::{Bench, EM_AARCH64, EM_X86_64, assert_says, elf, has, stderr, stdout};

#[test]
fn a_small_program_is_read_whole() {
    let bench = Bench::new("");
    let output = bench.elfin().args(["check", "./program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_says(
        &stdout(&output),
        &[
            "static executable",
            "x86_64",
            "exit",
            "1 system call instructions",
            "0 of them unresolved",
        ],
    );
}

#[test]
fn json_is_for_programs() {
    let bench = Bench::new("");
    let output = bench.elfin().args(["check", "--json", "./program"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["machine"], "x86_64");
    assert_eq!(json["runnable"], true);
    assert_eq!(json["syscalls"][0]["name"], "exit");
    assert_eq!(json["syscalls"][0]["number"], 60);
    assert_eq!(json["code"]["unresolved"], serde_json::json!([]));
}

#[test]
fn other_programs_are_said_not_to_run() {
    let bench = Bench::new("");
    // mov x8, #93; svc #0
    let code = [0xd280_0ba8_u32, 0xd400_0001].map(u32::to_le_bytes).concat();
    bench.write("arm", &elf(EM_AARCH64, &code), 0o755);
    let output = bench.elfin().args(["check", "arm"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert_says(&stdout(&output), &["aarch64", "no:", "exit"]);
    bench.write("text", b"no program", 0o755);
    let output = bench.elfin().args(["check", "text"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let output = bench.elfin().args(["check", "nothing"]).output().unwrap();
    assert_eq!(output.status.code(), Some(127));
}

#[test]
fn numbers_from_nowhere_are_counted() {
    let bench = Bench::new("");
    // mov rax, [rdi+8]; syscall
    bench.write("odd", &elf(EM_X86_64, b"\x48\x8b\x47\x08\x0f\x05"), 0o755);
    let output = bench.elfin().args(["check", "odd"]).output().unwrap();
    assert_says(&stdout(&output), &["none", "1 of them unresolved", "computed"]);
}

/// The calls that `program` makes are all among those found, and none is left open.
#[test]
fn what_musl_programs_do_is_found() {
    if !has("musl-gcc") {
        eprintln!("skipped: no musl-gcc");
        return;
    }
    let bench = Bench::new("");
    let source = br#"
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <pthread.h>
        #include <stdio.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        static void *wait(void *unused) { pause(); return unused; }
        int main(int argc, char **argv) {
            char byte;
            int fd = open(argv[0], O_RDONLY);
            read(fd, &byte, 1);
            fsync(fd);
            syscall(SYS_gettid);
            syscall(SYS_getuid);
            argc += geteuid();
            pthread_t thread;
            pthread_create(&thread, 0, wait, 0);
            pthread_cancel(thread);
            pthread_join(thread, 0);
            return printf("%d\n", byte) < 0;
        }"#;
    bench.write("source.c", source, 0o644);
    for level in ["-O0", "-O2", "-Os"] {
        for strip in [false, true] {
            let mut compiler = Command::new("musl-gcc");
            compiler.current_dir(bench.path("")).args(["-static", level, "-o", "made", "source.c"]);
            compiler.args(strip.then_some("-s"));
            assert!(compiler.status().unwrap().success());
            let output = bench.elfin().args(["check", "--json", "made"]).output().unwrap();
            let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let calls = json["syscalls"].as_array().unwrap();
            let names: Vec<&str> = calls.iter().filter_map(|call| call["name"].as_str()).collect();
            for made in [
                "open",
                "read",
                "fsync",
                "gettid",
                "getuid",
                "geteuid",
                "pause",
                "clone",
                "mmap",
                "tkill",
                "futex",
                "writev",
                "exit_group",
                "arch_prctl",
                "set_tid_address",
            ] {
                assert!(names.contains(&made), "{level} {strip}: no {made} in {names:?}");
            }
            for never in ["fork", "execve", "bind", "listen", "kill", "reboot"] {
                assert!(!names.contains(&never), "{level} {strip}: {never} in {names:?}");
            }
            let unresolved = json["code"]["unresolved"].as_array().unwrap();
            assert!(unresolved.is_empty(), "{level} {strip}: {unresolved:?}");
            assert_eq!(json["libc"], "musl");
        }
    }
}
