//! The steps of `elfin run`.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use elfin_loader::cmdline::ARGUMENT_FILE_PATH;

use super::environment::environment;
use super::parameters::{STDIN_FILE, WindowSize, kernel_parameters};
use super::program::{self, Program};
use super::report;
use crate::args::{FirmwareChoice, MachineChoice, MemorySize, RunArgs};
use crate::host::{
    EventPipe, HostInput, MachineOptions, Reporter, classify_input, classify_output, run_machine,
};
use crate::image::{
    self, GuestPath, Node, Scratch, SkeletonOptions, Tree, add_skeleton, write_initramfs,
};
use crate::output::print;
use crate::qemu::{self, Accel, Card, Firmware, MachinePlan, Network};

/// Memory for the kernel and a program's first needs, in bytes.
const MEMORY_BASE: u64 = 64 << 20;
/// How often the files' size goes into the default memory: the initramfs, what is unpacked or
/// mapped of it, and as much again to work with, twice.
const MEMORY_PER_FILE_BYTE: u64 = 4;
/// Permissions of a working directory that is not there yet.
const WORKDIR_MODE: u32 = 0o755;
/// What a dry run shows in place of the files that it does not make.
const DRY_INITRAMFS: &str = "INITRAMFS";
const DRY_EVENTS: &str = "/dev/stderr";

/// Runs a program and returns the exit status.
///
/// # Errors
/// When there was no machine to run, with the status as [`crate::exit::status_of`] finds it.
pub fn run(args: &RunArgs) -> Result<u8> {
    let begun = Instant::now();
    let network = Network::from_args(args)?;
    let input = classify_input(args.no_stdin);
    let (tree, _program) = collect(args, network.as_ref(), input)?;

    let qemu = qemu::find_qemu(args.qemu.as_deref())?;
    let kernel = qemu::find_kernel(args.kernel.as_deref())?;
    if let Some(Card::User(ports)) = network.as_ref().map(|network| &network.card)
        && !args.dry_run
    {
        qemu::check_ports(ports)?;
    }
    let accel = qemu::choose_accel(args.accel, &qemu)?;
    if let (true, Accel::Tcg(reason)) = (args.verbose, &accel) {
        Reporter.line(&format!("elfin: using TCG: {reason}"));
    }
    if let Some(path) = &args.save_initramfs {
        let mut file = File::create(path)
            .with_context(|| format!("can not write --save-initramfs '{}'", path.display()))?;
        write_initramfs(&tree, &mut file)?;
    }

    let output = classify_output(input);
    let cmdline = kernel_parameters(args, network.as_ref(), input, output, window_size());
    let mut plan = MachinePlan {
        machine: args.machine.unwrap_or(MachineChoice::Microvm),
        firmware: choose_firmware(args)?,
        accel,
        cpu: args.cpu.clone(),
        cpus: args.cpus,
        memory: args.memory.unwrap_or_else(|| default_memory(&tree)),
        kernel,
        initramfs: args.save_initramfs.clone().unwrap_or_else(|| PathBuf::from(DRY_INITRAMFS)),
        cmdline,
        network,
        events: PathBuf::from(DRY_EVENTS),
        extra: args.qemu_arg.clone(),
    };
    if args.dry_run {
        let words = plan.args();
        let words = std::iter::once(qemu.as_os_str()).chain(words.iter().map(|word| &**word));
        print(&format!("{}\n", qemu::shell_quoted(words)))?;
        return Ok(0);
    }

    // Kept until the machine has ended: QEMU opens it by its number here.
    let mut initramfs = Scratch::new("elfin-initramfs", tree.content_len())?;
    write_initramfs(&tree, initramfs.file()).context("can not make the initramfs")?;
    drop(tree);
    let initramfs_len = initramfs.file().metadata().context("can not see the initramfs")?.len();
    qemu::check_memory(&plan, initramfs_len)?;
    let events = EventPipe::new()?;
    plan.initramfs = initramfs.child_path();
    plan.events = events.path().into();
    let options =
        MachineOptions { input, ctrl_c: args.ctrl_c, timeout: args.timeout, verbose: args.verbose };
    let outcome = run_machine(&qemu, &plan.args(), events, &options)?;

    if args.stats {
        report::print_stats(&outcome);
    }
    if args.print_timing {
        report::print_timing(begun, &outcome);
    }
    let ending = outcome.ending();
    if let Some(message) = ending.message {
        Reporter.line(&format!("elfin: {message}"));
    }
    Ok(ending.status)
}

/// The guest's files, and the program among them.
fn collect(args: &RunArgs, network: Option<&Network>, input: HostInput) -> Result<(Tree, Program)> {
    let mut tree = Tree::default();
    if let Some(root) = &args.root {
        image::add_root(&mut tree, root, args.keep_owners)?;
    }
    for mapping in &args.files {
        image::add_host_path(&mut tree, &mapping.host, &GuestPath::new(&mapping.guest))?;
    }
    let program = program::locate(args, &mut tree)?;
    program::check(&program, &tree)?;
    let skeleton = SkeletonOptions {
        hostname: &args.hostname,
        address: network.and_then(Network::address),
        name_servers: network.map(Network::name_servers).unwrap_or_default(),
    };
    add_skeleton(&mut tree, &skeleton)?;
    let workdir = GuestPath::new(&args.workdir);
    tree.insert_if_absent(&workdir, Node::directory(WORKDIR_MODE))
        .context("can not make the --workdir")?;

    let arguments = program::argument_file(args, &program, &environment(args, input)?)?;
    tree.insert(&GuestPath::new(ARGUMENT_FILE_PATH), Node::file(arguments, 0o400))?;
    if input == HostInput::File {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).context("can not read the standard input")?;
        tree.insert(&GuestPath::new(STDIN_FILE), Node::file(bytes, 0o400))?;
    }
    Ok((tree, program))
}

fn choose_firmware(args: &RunArgs) -> Result<Firmware> {
    match (args.firmware, qemu::find_qboot()) {
        (Some(FirmwareChoice::Seabios), _) | (None, None) => Ok(Firmware::Default),
        (_, Some(path)) => Ok(Firmware::Qboot(path)),
        (Some(FirmwareChoice::Qboot), None) => {
            anyhow::bail!(
                "--firmware qboot: there is no qboot.rom on this host (it comes with QEMU)"
            )
        }
    }
}

fn default_memory(tree: &Tree) -> MemorySize {
    let files = tree.content_len().saturating_mul(MEMORY_PER_FILE_BYTE);
    MemorySize::from_bytes(MEMORY_BASE.saturating_add(files))
}

fn window_size() -> Option<WindowSize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then_some((size.ws_row, size.ws_col))
}
