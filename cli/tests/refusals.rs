//! What can not be run is refused before there is a machine, with the reason.

mod common;

use std::net::TcpListener;
use std::process::Output;

use common::{Bench, EM_AARCH64, EM_X86_64, assert_says, elf, stderr, stdout};

#[track_caller]
fn refused(bench: &Bench, output: &Output, status: i32, says: &[&str]) {
    assert_eq!(output.status.code(), Some(status), "{}", stderr(output));
    assert_says(&stderr(output), says);
    assert!(!bench.path("args").exists(), "QEMU was started");
}

#[test]
fn programs_that_can_not_run() {
    let bench = Bench::new("exit 33");
    let run = |name: &str| bench.elfin_run().arg(name).output().unwrap();
    refused(&bench, &run("./nothing"), 127, &["./nothing", "not found"]);
    refused(&bench, &run("no-such-command"), 127, &["no-such-command"]);
    refused(&bench, &run("./tmp"), 126, &["./tmp", "not a regular file"]);
    bench.write("plain", &elf(EM_X86_64, b""), 0o644);
    refused(&bench, &run("./plain"), 126, &["not executable", "0644", "chmod +x"]);
    bench.write(
        "text",
        b"hello, this is no program at all, but some text of a certain length",
        0o755,
    );
    refused(&bench, &run("./text"), 126, &["./text", "ELF"]);
    bench.write("empty", b"", 0o755);
    refused(&bench, &run("./empty"), 126, &["./empty"]);
    bench.write("arm", &elf(EM_AARCH64, b""), 0o755);
    refused(&bench, &run("./arm"), 126, &["./arm", "183"]);
    let mut short = elf(EM_X86_64, &[0x90; 100]);
    short.truncate(130);
    bench.write("short", &short, 0o755);
    refused(&bench, &run("./short"), 126, &["./short"]);
}

#[test]
fn hosts_that_lack_something() {
    let bench = Bench::new("exit 33");
    let output = bench.elfin().env("PATH", "/nowhere").args(["run", "./program"]).output().unwrap();
    refused(&bench, &output, 125, &["qemu-system-x86_64", "apt install", "ELFIN_QEMU"]);
    let mut command = bench.elfin();
    command.env("ELFIN_QEMU", "./none").args(["run", "./program"]);
    refused(&bench, &command.output().unwrap(), 125, &["ELFIN_QEMU", "./none"]);
    let mut command = bench.elfin();
    command.args(["run", "--qemu", "./qemu", "--kernel", "none", "./program"]);
    refused(&bench, &command.output().unwrap(), 125, &["--kernel", "none"]);
}

#[test]
fn options_that_are_wrong() {
    let bench = Bench::new("exit 33");
    for options in ["--bogus", "-m x", "-p 80", "--net bridge", "--file a", "--cpus 0", "--ip 1"] {
        refused(&bench, &bench.run(options), 2, &["error:"]);
    }
    refused(&bench, &bench.run("--net none -p 1:2"), 125, &["--net none"]);
    refused(&bench, &bench.run("--net tap=t0"), 125, &["tap=t0", "--ip"]);
    refused(&bench, &bench.run("--root nowhere"), 125, &["nowhere"]);
    refused(&bench, &bench.run("--file nowhere:/x"), 125, &["nowhere"]);
}

#[test]
fn a_port_in_use_is_named() {
    let bench = Bench::new("exit 33");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = bench.run(&format!("-p {port}:80"));
    refused(&bench, &output, 125, &[&port.to_string(), "in use"]);
}

#[test]
fn help_has_examples() {
    let bench = Bench::new("");
    for (args, says) in [
        (&["--version"][..], &["elfin"][..]),
        (&["help"], &["run", "check", "Examples"]),
        (&["help", "run"], &["Examples", "Exit status", "--publish", "127.0.0.1"]),
        (&["check", "--help"], &["Examples", "--json"]),
    ] {
        let output = bench.elfin().args(args).output().unwrap();
        assert!(output.status.success());
        assert_says(&stdout(&output), says);
        assert!(!stdout(&output).contains("__leash"));
    }
}
