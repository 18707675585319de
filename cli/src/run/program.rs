//! The program: where it is, in `--root` or on the host, and what it is called in the guest.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use elfin_loader::cmdline::ArgumentFile;

use crate::args::RunArgs;
use crate::exit::Refused;
use crate::image::{Content, GuestPath, NodeKind, Tree, add_host_path};
use crate::judge::judge_in_tree;

/// Where a program without a directory of its own goes.
const GUEST_DIRECTORY: &str = "/bin";
/// Where a program named without a slash is looked for in a `--root`.
const SEARCH_PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// Execute permission for anyone.
const EXECUTE_BITS: u32 = 0o111;

/// The program to run.
#[derive(Debug)]
pub struct Program {
    /// As the user names it.
    pub name: String,
    /// Its path in the guest.
    pub guest: PathBuf,
    /// The file of the host that it comes from.
    pub host: PathBuf,
}

/// Finds the program that `args` name, and puts it into `tree` if it is not there yet.
///
/// # Errors
/// [`Refused`] when it is not found (127) or is not executable (126).
pub fn locate(args: &RunArgs, tree: &mut Tree) -> Result<Program> {
    let name = args.command.first().context("no program given")?;
    if args.root.is_some()
        && let Some(program) = locate_in_tree(name, &args.workdir, tree)?
    {
        return Ok(program);
    }
    let host = find_on_host(name, args.root.is_some())?;
    let stat = fs::metadata(&host).with_context(|| format!("'{}'", host.display()))?;
    if !stat.is_file() {
        let message = format!("'{}' is not a regular file", host.display());
        return Err(Refused::not_runnable(message).into());
    }
    require_executable(&host.display().to_string(), stat.permissions().mode())?;
    let Some(file_name) = host.file_name() else {
        bail!("'{}' has no file name", host.display());
    };
    let guest = GuestPath::new(GUEST_DIRECTORY).join(file_name);
    add_host_path(tree, &host, &guest)?;
    Ok(Program { name: host.display().to_string(), guest: guest.absolute(), host })
}

fn locate_in_tree(name: &OsStr, workdir: &Path, tree: &Tree) -> Result<Option<Program>> {
    let candidates: Vec<PathBuf> = if name.as_bytes().contains(&b'/') {
        vec![GuestPath::new(workdir.join(name)).absolute()]
    } else {
        SEARCH_PATH.iter().map(|directory| Path::new(directory).join(name)).collect()
    };
    for guest in candidates {
        let Some(place) = tree.resolve(&GuestPath::new(&guest)) else { continue };
        let Some(node) = tree.get(&place) else { continue };
        match &node.kind {
            NodeKind::File(Content::Host(host, _)) => {
                require_executable(&format!("{} (in --root)", guest.display()), node.mode)?;
                let name = format!("{} (in --root)", guest.display());
                return Ok(Some(Program { name, guest, host: host.clone() }));
            }
            _ => {
                let message = format!("'{}' in --root is not a regular file", guest.display());
                return Err(Refused::not_runnable(message).into());
            }
        }
    }
    Ok(None)
}

/// The file that `name` means on the host: the path itself, else the command of that name.
fn find_on_host(name: &OsStr, looked_in_root: bool) -> Result<PathBuf> {
    let path = PathBuf::from(name);
    if path.exists() {
        return Ok(path);
    }
    if !name.as_bytes().contains(&b'/')
        && let Some(found) = crate::qemu::in_path(name)
    {
        return Ok(found);
    }
    let name = name.to_string_lossy();
    let also = if looked_in_root { ", neither in --root nor on this host" } else { "" };
    Err(Refused::not_found(format!("'{name}' is not found{also}")).into())
}

fn require_executable(name: &str, mode: u32) -> Result<()> {
    if mode & EXECUTE_BITS == 0 {
        let message = format!(
            "'{name}' is not executable (mode {:04o}); chmod +x makes it so",
            mode & 0o7777
        );
        return Err(Refused::not_runnable(message).into());
    }
    Ok(())
}

/// The program's argument vector.
fn argv(args: &RunArgs, program: &Program) -> Vec<Vec<u8>> {
    let first = args.argv0.clone().unwrap_or_else(|| OsString::from(&program.guest));
    let rest = args.command.iter().skip(1).cloned();
    std::iter::once(first).chain(rest).map(OsString::into_vec).collect()
}

/// Judges the program before a machine is started for it.
///
/// # Errors
/// [`Refused`] with the field and the value that can not be run (126), or what is missing (127).
pub fn check(program: &Program, tree: &Tree) -> Result<(), Refused> {
    judge_in_tree(&program.name, &program.host, tree)
}

/// The bytes of the argument file.
pub fn argument_file(args: &RunArgs, program: &Program, env: &[Vec<u8>]) -> Result<Vec<u8>> {
    let argv = argv(args, program);
    let directory = GuestPath::new(&args.workdir).absolute();
    let file = ArgumentFile {
        program: program.guest.as_os_str().as_bytes(),
        directory: directory.as_os_str().as_bytes(),
        args: argv.iter().map(Vec::as_slice).collect(),
        env: env.iter().map(Vec::as_slice).collect(),
    };
    file.encode().context("can not pass the program's arguments")
}
