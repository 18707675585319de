//! On a terminal: keys go to the guest one by one, Ctrl-C ends the machine, and the terminal is afterwards what it
//! was.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use common::{Bench, assert_says, wait_until};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

/// A terminal with `elfin run` on it.
struct Session {
    ours: File,
    terminal: OwnedFd,
    before: Termios,
    elfin: Child,
}

impl Session {
    fn new(bench: &Bench, options: &[&str]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let terminal = open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let size = Winsize { ws_row: 33, ws_col: 99, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let side = || Stdio::from(terminal.try_clone().unwrap());
        // A session of its own, so that the terminal sends its signals to elfin.
        let elfin = bench.elfin_run();
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(elfin.get_program()).args(elfin.get_args());
        command.args(options).arg("./program").current_dir(bench.path(""));
        command.env_clear().envs(elfin.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let elfin = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        Self { ours: File::from(ours), terminal, before, elfin }
    }

    fn wait_until_raw(&self) {
        wait_until(|| !tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ICANON));
    }

    /// Waits for the end and returns the status; the terminal must be as before.
    fn end(&mut self) -> Option<i32> {
        let status = self.elfin.wait().unwrap();
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        status.code()
    }
}

const STAYS: &str = "exec sleep 60";

#[test]
fn ctrl_c_ends_the_machine() {
    let bench = Bench::new(STAYS);
    let mut session = Session::new(&bench, &[]);
    bench.wait_for_qemu(true);
    session.wait_until_raw();
    session.ours.write_all(b"\x03").unwrap();
    assert_eq!(session.end(), Some(130));
    assert!(!bench.qemu_runs());
    let cmdline = bench.qemu_arg("-append");
    assert_says(&cmdline, &["elfin.stdin=tty elfin.stdout=tty elfin.winsize=33x99"]);
}

#[test]
fn a_timeout_leaves_the_terminal_as_it_was() {
    let bench = Bench::new(STAYS);
    let mut session = Session::new(&bench, &["--timeout", "0.5"]);
    session.wait_until_raw();
    assert_eq!(session.end(), Some(124));
}

#[test]
fn keys_go_to_the_guest_one_by_one() {
    // The terminal's size, 33 rows and 99 columns, and the keys, of which the escape is doubled.
    const SENT: &[u8] = b"\x10W\x00\x21\x00\x63a\x03\x1a\x10\x10";
    let script =
        format!("tell 'elfin-event: boot'; head -c {}; tell 'elfin-exit: 5'; exit 33", SENT.len());
    let bench = Bench::new(&script);
    let mut session = Session::new(&bench, &["--ctrl-c", "guest"]);
    bench.wait_for_qemu(true);
    session.wait_until_raw();
    session.ours.write_all(b"a\x03\x1a\x10").unwrap();
    assert_eq!(session.end(), Some(5));
    let mut seen = [0; SENT.len()];
    session.ours.read_exact(&mut seen).unwrap();
    assert_eq!(seen, SENT);
}

#[test]
fn ctrl_backslash_ends_the_machine_when_ctrl_c_does_not() {
    let bench = Bench::new(STAYS);
    let mut session = Session::new(&bench, &["--ctrl-c", "guest"]);
    bench.wait_for_qemu(true);
    session.wait_until_raw();
    session.ours.write_all(b"\x03\x1c").unwrap();
    assert_eq!(session.end(), Some(131));
    assert!(!bench.qemu_runs());
}
