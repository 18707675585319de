//! How a machine's end becomes an exit status, and that nothing outlives it.

mod common;

use std::io::Read;
use std::process::Stdio;
use std::time::Instant;

use common::{Bench, assert_says, signal, stderr, stdout};

#[track_caller]
fn ends(script: &str, status: i32, says: &[&str]) {
    let bench = Bench::new(script);
    let output = bench.run("");
    assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
    assert_says(&stderr(&output), says);
    if says.is_empty() {
        assert_eq!(stderr(&output), "");
    }
    assert_eq!(bench.leftovers(), 0);
    assert!(!bench.qemu_runs());
}

#[test]
fn the_status_is_the_programs() {
    ends("tell 'elfin-exit: 0'; exit 33", 0, &[]);
    ends("tell 'elfin-exit: 7'; exit 33", 7, &[]);
    ends("tell 'elfin-exit: 139'; exit 33", 139, &[]);
}

#[test]
fn a_failing_machine_is_told_apart() {
    ends("exit 33", 125, &["without telling"]);
    ends("tell 'elfin-panic: out of luck'; exit 67", 125, &["panicked", "out of luck"]);
    ends("exit 67", 125, &["panicked"]);
    ends("exit 0", 125, &["switched off"]);
    ends("echo 'bad property' >&2; exit 1", 125, &["exit status: 1", "bad property"]);
    ends("tell 'elfin-exit: 0'; exit 1", 125, &["unexpectedly"]);
    ends("kill -SEGV $$", 125, &["signal: 11"]);
}

#[test]
fn the_console_is_standard_output() {
    let bench = Bench::new("echo out; tell 'elfin-exit: 0'; exit 33");
    let output = bench.run("");
    assert_eq!(stdout(&output), "out\n");
}

#[test]
fn time_is_limited() {
    let bench = Bench::new("exec sleep 60");
    let begun = Instant::now();
    let output = bench.run("--timeout 0.3");
    assert_eq!(output.status.code(), Some(124));
    assert!(begun.elapsed().as_secs() < 10);
    assert!(!bench.qemu_runs());
}

#[test]
fn a_qemu_that_does_not_obey_is_killed() {
    let bench = Bench::new("trap '' TERM; while :; do sleep 0.1; done");
    let output = bench.run("--timeout 0.3");
    assert_eq!(output.status.code(), Some(124));
    assert!(!bench.qemu_runs());
}

#[test]
fn signals_end_the_machine() {
    for (name, status) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let bench = Bench::new("exec sleep 60");
        let mut elfin = bench.elfin_run().arg("./program").spawn().unwrap();
        bench.wait_for_qemu(true);
        signal(&elfin, name);
        assert_eq!(elfin.wait().unwrap().code(), Some(status), "{name}");
        assert!(!bench.qemu_runs(), "{name}");
        assert_eq!(bench.leftovers(), 0);
    }
}

#[test]
fn qemu_dies_with_us() {
    let bench = Bench::new("exec sleep 60");
    let mut elfin = bench.elfin_run().arg("./program").spawn().unwrap();
    bench.wait_for_qemu(true);
    signal(&elfin, "KILL");
    elfin.wait().unwrap();
    bench.wait_for_qemu(false);
    assert_eq!(bench.leftovers(), 0);
}

#[test]
fn a_reader_that_leaves_ends_the_machine() {
    let bench = Bench::new("while echo line; do :; done; exec sleep 60");
    let mut command = bench.elfin_run();
    let mut elfin = command.arg("./program").stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 5];
    let mut pipe = elfin.stdout.take().unwrap();
    pipe.read_exact(&mut first).unwrap();
    drop(pipe);
    assert_eq!(elfin.wait().unwrap().code(), Some(141));
    assert!(!bench.qemu_runs());
}

#[test]
fn events_are_reported_on_standard_error() {
    let bench = Bench::new(
        "tell 'elfin-event: boot'; tell 'elfin-strace: read(0) = 1'; tell 'elfin-event: user'
         tell 'elfin-event: memory total=8192 free=1024 used_peak=4096'
         tell 'elfin-event: counters syscalls=5'; tell 'elfin-exit: 0'; exit 33",
    );
    let text = stderr(&bench.run("--strace --stats --print-timing"));
    assert_says(
        &text,
        &[
            "read(0) = 1\n",
            "8 KiB total, 1 KiB free at the end, 4 KiB used at most",
            "syscalls=5",
            "kernel after",
            "program after",
        ],
    );
    assert_says(&bench.qemu_arg("-append"), &["elfin.strace=1", "elfin.stats=1"]);
}
