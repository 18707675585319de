//! Runs the real `elfin` with a QEMU that is a shell script, in a directory of its own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Writes down how it was called and what it was given, then does as the test says. `$events` is the event
/// channel.
const FAKE_QEMU: &str = r#"#!/bin/sh
printf '%s\n' "$@" > "$FAKE/args"
echo $$ > "$FAKE/pid"
for word; do
    case $previous in -initrd) cat "$word" > "$FAKE/initramfs" ;; esac
    case $word in file,id=events,path=*) events=${word#file,id=events,path=} ;; esac
    previous=$word
done
tell() { printf '%s\n' "$1" > "$events"; }
. "$FAKE/script"
"#;

/// `mov eax, 60; mov edi, 7; syscall`
const EXIT_7: [u8; 12] = [0xb8, 60, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05];
/// Where the program's only segment goes.
const LOAD_ADDRESS: u64 = 0x40_0000;
/// ELF header and one program header.
const HEADERS_LEN: u64 = 64 + 56;

/// `e_machine` of x86_64 and arm64.
pub const EM_X86_64: u16 = 62;
#[allow(dead_code, reason = "not every test program uses it")]
pub const EM_AARCH64: u16 = 183;

/// A static ELF with one segment that holds `code`.
pub fn elf(machine: u16, code: &[u8]) -> Vec<u8> {
    let len = HEADERS_LEN + u64::try_from(code.len()).unwrap();
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let mut put = |bytes: &[u8]| file.extend_from_slice(bytes);
    put(&2_u16.to_le_bytes());
    put(&machine.to_le_bytes());
    put(&1_u32.to_le_bytes());
    for word in [LOAD_ADDRESS + HEADERS_LEN, 64, 0] {
        put(&word.to_le_bytes());
    }
    put(&0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 64, 0, 0] {
        put(&half.to_le_bytes());
    }
    put(&1_u32.to_le_bytes());
    put(&5_u32.to_le_bytes());
    for word in [0, LOAD_ADDRESS, LOAD_ADDRESS, len, len, 4096] {
        put(&word.to_le_bytes());
    }
    put(code);
    file
}

/// A directory with a fake QEMU, a kernel that is none, and a program.
pub struct Bench {
    directory: TempDir,
}

impl Bench {
    /// `script` is what the QEMU does.
    pub fn new(script: &str) -> Self {
        let bench = Self { directory: tempfile::tempdir().unwrap() };
        bench.write("qemu", FAKE_QEMU.as_bytes(), 0o755);
        bench.write("script", script.as_bytes(), 0o644);
        bench.write("kernel", b"", 0o644);
        bench.write("program", &elf(EM_X86_64, &EXIT_7), 0o755);
        fs::create_dir(bench.path("tmp")).unwrap();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8], mode: u32) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// `elfin`, in the directory, with an empty environment.
    pub fn elfin(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elfin"));
        command.current_dir(self.directory.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("FAKE", self.directory.path()).env("TMPDIR", self.path("tmp"));
        command.stdin(Stdio::null());
        command
    }

    /// `elfin run` with the fake QEMU and kernel.
    pub fn elfin_run(&self) -> Command {
        let mut command = self.elfin();
        command.args(["run", "--accel", "tcg", "--qemu", "./qemu", "--kernel", "kernel"]);
        command
    }

    /// Runs `./program` with `options`, each a word.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn run(&self, options: &str) -> Output {
        self.elfin_run().args(options.split_whitespace()).arg("./program").output().unwrap()
    }

    /// The words that QEMU was called with.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn qemu_args(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("args")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The word after `option`.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn qemu_arg(&self, option: &str) -> String {
        let args = self.qemu_args();
        let at = args.iter().position(|word| word == option).unwrap();
        args[at + 1].clone()
    }

    /// Unpacks the initramfs that QEMU was given.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn unpacked(&self) -> PathBuf {
        let into = self.path("unpacked");
        fs::create_dir_all(&into).unwrap();
        let mut cpio = Command::new("cpio")
            .args(["-idmu", "--quiet", "--no-absolute-filenames"])
            .current_dir(&into)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let archive = fs::read(self.path("initramfs")).unwrap();
        cpio.stdin.take().unwrap().write_all(&archive).unwrap();
        assert!(cpio.wait().unwrap().success());
        into
    }

    /// Whether the fake QEMU still runs.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn qemu_runs(&self) -> bool {
        let Ok(pid) = fs::read_to_string(self.path("pid")) else { return false };
        let status = fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
    }

    /// Waits until the fake QEMU runs, or does not.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn wait_for_qemu(&self, running: bool) {
        wait_until(|| self.qemu_runs() == running);
    }

    /// What is left in the temporary directory.
    #[allow(dead_code, reason = "not every test program uses it")]
    pub fn leftovers(&self) -> usize {
        fs::read_dir(self.path("tmp")).unwrap().count()
    }
}

/// Waits until `done`, but not for ever.
#[allow(dead_code, reason = "not every test program uses it")]
pub fn wait_until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < deadline, "waited too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal by its name.
#[allow(dead_code, reason = "not every test program uses it")]
pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

#[allow(dead_code, reason = "not every test program uses it")]
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[allow(dead_code, reason = "not every test program uses it")]
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether all of `words` are in the text.
#[allow(dead_code, reason = "not every test program uses it")]
#[track_caller]
pub fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "'{word}' is not in:\n{text}");
    }
}

/// A port that nobody listens on.
#[allow(dead_code, reason = "not every test program uses it")]
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether a command can be run here.
#[allow(dead_code, reason = "not every test program uses it")]
pub fn has(command: &str) -> bool {
    let found = |directory: &Path| directory.join(command).is_file();
    std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|path| found(&path))
}
