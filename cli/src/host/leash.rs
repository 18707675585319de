//! Keeps a child from outliving us, whatever kills us: the child runs as
//! `elfin <LEASH_COMMAND> <our pid> <command>…`, which asks the kernel for SIGKILL at its parent's
//! death (prctl(2), PR_SET_PDEATHSIG) and then becomes the command.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Name of the internal subcommand.
pub const LEASH_COMMAND: &str = "__leash";

/// This very program, also after its file was replaced.
const SELF: &str = "/proc/self/exe";

/// A command that runs `program` on a leash. The thread that spawns it must live as long as the
/// child should: the kernel watches the thread.
pub fn leashed(program: &std::ffi::OsStr) -> Command {
    let mut command = Command::new(SELF);
    command.arg(LEASH_COMMAND).arg(std::process::id().to_string()).arg("--").arg(program);
    // A group of its own: the terminal's Ctrl-C is for us to handle.
    command.process_group(0);
    command
}

/// Becomes `command`; returns only if that failed. `parent` is the process that must still be
/// our parent: it may have died before the kernel was asked.
pub fn become_leashed(parent: u32, command: &[OsString]) -> Result<Infallible> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("prctl(PR_SET_PDEATHSIG)")?;
    let alive = getppid().is_some_and(|now| i64::from(now.as_raw_pid()) == i64::from(parent));
    if !alive {
        bail!("the process {parent} that started this one is gone");
    }
    let (program, args) = command.split_first().context("no command")?;
    let error = Command::new(program).args(args).exec();
    Err(error).with_context(|| format!("can not run '{}'", program.to_string_lossy()))
}
