//! The options of `elfin run`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{
    Cidr, EnvSetting, FileMapping, MacAddress, MemorySize, NetChoice, PortForward,
};
use std::net::Ipv4Addr;

/// Options of `elfin run`. Everything after PROGRAM belongs to the program.
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    override_usage = "elfin run [OPTIONS] [--] PROGRAM [ARGS]...",
    after_long_help = "\
Examples:
  elfin run ./hello                                       run a program
  elfin run ./sqlite3 :memory: < script.sql               standard input is the program's
  elfin run -p 6379:6379 -m 64M ./redis-server            a server on 127.0.0.1:6379
  elfin run --file nginx.conf:/etc/nginx/nginx.conf -p 8080:80 ./nginx
  elfin run --root ./rootfs /usr/bin/python3 app.py       a whole tree; dynamic programs too
  elfin run --net tap=tap0 --ip 10.1.0.2/24 ./server      on a tap interface of the host
  elfin run --strace ./hello                              every system call, on standard error
  elfin run --dry-run ./hello                             only print the QEMU command

PROGRAM is put at /bin/NAME in the guest, or used where it is when it is found inside --root.

Exit status: the program's own; 128+n when signal n killed it; 126 when it can not be run; 127 when
it is not found; 125 when the machine or Elfin failed; 124 after --timeout; 130 after Ctrl-C."
)]
pub struct RunArgs {
    /// The program, then its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM [ARGS]")]
    pub command: Vec<OsString>,

    /// Memory of the machine: 64M, 1G; a plain number is MiB [default: by the program's size]
    #[arg(short, long, value_name = "SIZE", help_heading = "Machine")]
    pub memory: Option<MemorySize>,

    /// Virtual CPUs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=255), help_heading = "Machine")]
    pub cpus: u32,

    /// Machine type [default: microvm]
    #[arg(long, value_enum, value_name = "TYPE", help_heading = "Machine")]
    pub machine: Option<MachineChoice>,

    /// Firmware of q35 and pc [default: qboot if installed]
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Machine")]
    pub firmware: Option<FirmwareChoice>,

    /// KVM, or QEMU's own translation; auto runs a small probe once per boot
    #[arg(long, value_enum, value_name = "HOW", default_value = "auto", help_heading = "Machine")]
    pub accel: AccelChoice,

    /// CPU model as QEMU names it [default: host with KVM, max without]
    #[arg(long, value_name = "MODEL", help_heading = "Machine")]
    pub cpu: Option<String>,

    /// The kernel image [default: $ELFIN_KERNEL, then beside this command]
    #[arg(long, value_name = "PATH", help_heading = "Machine")]
    pub kernel: Option<PathBuf>,

    /// The QEMU to use [default: $ELFIN_QEMU, then qemu-system-x86_64 in PATH]
    #[arg(long, value_name = "PATH", help_heading = "Machine")]
    pub qemu: Option<PathBuf>,

    /// A further argument for QEMU (repeatable)
    #[arg(long, value_name = "ARG", allow_hyphen_values = true, help_heading = "Machine")]
    pub qemu_arg: Vec<OsString>,

    /// Further kernel parameters
    #[arg(long, value_name = "PARAMS", allow_hyphen_values = true, help_heading = "Machine")]
    pub append: Vec<String>,

    /// Copy a file or a directory of the host into the guest (repeatable)
    #[arg(long = "file", value_name = "HOST:GUEST", help_heading = "Files")]
    pub files: Vec<FileMapping>,

    /// Use this tree as the guest's root file system
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub root: Option<PathBuf>,

    /// Keep the owners of the files in --root (else all is root's)
    #[arg(long, requires = "root", help_heading = "Files")]
    pub keep_owners: bool,

    /// Also write the initramfs to this file
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub save_initramfs: Option<PathBuf>,

    /// Forward a port of the host: [ADDR:]HOST:GUEST[/udp], on 127.0.0.1 unless said (repeatable)
    #[arg(short = 'p', long = "publish", value_name = "PORTS", help_heading = "Network")]
    pub ports: Vec<PortForward>,

    /// user, tap=IFNAME or none [default: user with -p, --dhcp or --ip, else none]
    #[arg(long, value_name = "NET", help_heading = "Network")]
    pub net: Option<NetChoice>,

    /// The guest's address, ADDR/PREFIX [default: 10.0.2.15/24 on the user network]
    #[arg(long, value_name = "CIDR", conflicts_with = "dhcp", help_heading = "Network")]
    pub ip: Option<Cidr>,

    /// The guest's gateway
    #[arg(long, value_name = "ADDR", conflicts_with = "dhcp", help_heading = "Network")]
    pub gateway: Option<Ipv4Addr>,

    /// A name server, at most two (repeatable)
    #[arg(long, value_name = "ADDR", help_heading = "Network")]
    pub dns: Vec<Ipv4Addr>,

    /// Ask the network for an address
    #[arg(long, help_heading = "Network")]
    pub dhcp: bool,

    /// The network card's hardware address
    #[arg(long, value_name = "ADDR", help_heading = "Network")]
    pub mac: Option<MacAddress>,

    /// Set an environment variable, or pass the host's on (repeatable)
    #[arg(short, long = "env", value_name = "NAME[=VALUE]", help_heading = "Program")]
    pub env: Vec<EnvSetting>,

    /// Read environment variables from a file, a NAME=VALUE per line (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Program")]
    pub env_file: Vec<PathBuf>,

    /// Working directory in the guest; made if it is not there
    #[arg(short, long, value_name = "DIR", default_value = "/", help_heading = "Program")]
    pub workdir: PathBuf,

    /// The program's argv[0] [default: its path in the guest]
    #[arg(long, value_name = "NAME", help_heading = "Program")]
    pub argv0: Option<OsString>,

    /// Host name in the guest
    #[arg(long, value_name = "NAME", default_value = "elfin", value_parser = super::values::parse_hostname, help_heading = "Program")]
    pub hostname: String,

    /// Give the program an empty standard input
    #[arg(short = 'n', long, help_heading = "Program")]
    pub no_stdin: bool,

    /// What Ctrl-C does on a terminal: end the machine, or go to the program (then Ctrl-\ ends it)
    #[arg(
        long,
        value_enum,
        value_name = "WHO",
        default_value = "machine",
        help_heading = "Program"
    )]
    pub ctrl_c: CtrlC,

    /// End the machine after this many seconds, with status 124
    #[arg(long, value_name = "SECONDS", value_parser = super::values::parse_seconds, help_heading = "Program")]
    pub timeout: Option<std::time::Duration>,

    /// Show every system call on standard error
    #[arg(long, help_heading = "Report")]
    pub strace: bool,

    /// Show memory and counters on standard error at the end
    #[arg(long, visible_alias = "init-mem-report", help_heading = "Report")]
    pub stats: bool,

    /// Show on standard error how long each step took
    #[arg(long, help_heading = "Report")]
    pub print_timing: bool,

    /// Show the kernel's messages and what QEMU says
    #[arg(short, long, help_heading = "Report")]
    pub verbose: bool,

    /// Print the QEMU command, and do not run it
    #[arg(long, help_heading = "Report")]
    pub dry_run: bool,
}

/// QEMU's machine types that Elfin knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MachineChoice {
    /// The smallest and fastest: virtio over MMIO, no PCI
    Microvm,
    /// PCI Express and ACPI
    Q35,
    /// PCI, the i440FX of old
    Pc,
}

/// Firmware for the machines that can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FirmwareChoice {
    /// Minimal, fast
    Qboot,
    /// QEMU's default
    Seabios,
}

/// Who executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccelChoice {
    /// KVM where a probe shows that it works, else TCG
    Auto,
    /// KVM or fail
    Kvm,
    /// QEMU's translator
    Tcg,
}

/// Who gets a terminal's Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CtrlC {
    /// It ends the machine
    Machine,
    /// It is the program's; Ctrl-\ ends the machine
    Guest,
}
