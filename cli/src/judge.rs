//! Whether a file can be run, by the loader that the kernel uses: [`judge`] for one file, the others for
//! a program with the interpreters that it needs.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use elfin_loader::Machine;
use elfin_loader::elf::{ElfError, LoadPlan, ParseError};
use elfin_loader::script::{self, FIRST_BYTES};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use crate::exit::Refused;
use crate::image::{Content, GuestPath, NodeKind, Tree};

/// The machine that programs are run on.
const MACHINE: Machine = Machine::X86_64;
/// Most interpreters behind one another, as in Linux's execve(2).
const INTERPRETERS_MAX: u32 = 5;

/// What a file is that can be run.
#[derive(Debug)]
pub struct Runnable {
    /// What must be in the guest to run it.
    pub interpreter: Option<Interpreter>,
}

/// What runs the file.
#[derive(Debug)]
pub enum Interpreter {
    /// A dynamic program's loader (PT_INTERP).
    Loader(Vec<u8>),
    /// The first line of a script.
    Script(Vec<u8>),
}

impl Interpreter {
    fn path(&self) -> &[u8] {
        match self {
            Self::Loader(path) | Self::Script(path) => path,
        }
    }

    /// Why it must be there, and how to bring it there.
    pub fn demand(&self, name: &str) -> String {
        let path = String::from_utf8_lossy(self.path());
        match self {
            Self::Loader(_) => format!(
                "'{name}' is a dynamic program: it asks for the interpreter '{path}' (PT_INTERP), \
                 which is not in the guest. Give a tree with it and the program's libraries by \
                 --root DIR, or link the program statically"
            ),
            Self::Script(_) => format!(
                "'{name}' is a script for '{path}', which is not in the guest. Give a tree with it by \
                 --root DIR, or add it by --file"
            ),
        }
    }
}

/// Looks at the file `host`, called `name`, as the kernel will.
///
/// # Errors
/// [`Refused`] with the field and the value that are wrong.
pub fn judge(name: &str, host: &Path) -> Result<Runnable, Refused> {
    let unreadable =
        |error: io::Error| Refused::not_runnable(format!("can not read '{name}': {error}"));
    let file = File::open(host).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut first = [0; FIRST_BYTES];
    let read = file.read_at(&mut first, 0).map_err(unreadable)?;
    if let Some(script) = script::parse(first.get(..read).unwrap_or_default()) {
        let interpreter = Some(Interpreter::Script(script.interpreter.to_vec()));
        return Ok(Runnable { interpreter });
    }
    let mut read = |offset, bytes: &mut [u8]| file.read_exact_at(bytes, offset);
    match LoadPlan::parse(size, &mut read, MACHINE) {
        Ok(plan) => Ok(Runnable { interpreter: plan.interp.map(Interpreter::Loader) }),
        Err(ParseError::Read(error)) => Err(unreadable(error)),
        Err(ParseError::Elf(error)) => Err(refuse(name, &error)),
    }
}

fn refuse(name: &str, error: &ElfError) -> Refused {
    let status = u8::try_from(error.exit_status()).unwrap_or(crate::exit::NOT_RUNNABLE);
    Refused { status, message: format!("can not run '{name}': {error}") }
}

/// Judges the file `host`, called `name`, and every interpreter that it needs, which `find` finds by its path in
/// the guest.
///
/// # Errors
/// [`Refused`] for the file or for an interpreter; 127 when one is not there.
pub fn judge_with(
    name: &str,
    host: &Path,
    find: &mut dyn FnMut(&Path) -> Option<PathBuf>,
) -> Result<(), Refused> {
    let mut name = name.to_owned();
    let mut host = host.to_path_buf();
    for _ in 0..INTERPRETERS_MAX {
        let Some(interpreter) = judge(&name, &host)?.interpreter else { return Ok(()) };
        let path = Path::new(OsStr::from_bytes(interpreter.path()));
        host = find(path).ok_or_else(|| Refused::not_found(interpreter.demand(&name)))?;
        name = path.display().to_string();
        if matches!(interpreter, Interpreter::Loader(_)) {
            // The loader of a dynamic program is run as it is: it has no other.
            return judge(&name, &host).map(drop);
        }
    }
    Err(Refused::not_runnable(format!("'{name}': too many interpreters behind one another")))
}

/// [`judge_with`] the interpreters of `tree`.
pub fn judge_in_tree(name: &str, host: &Path, tree: &Tree) -> Result<(), Refused> {
    judge_with(name, host, &mut |path| match &tree.get(&tree.resolve(&GuestPath::new(path))?)?.kind
    {
        NodeKind::File(Content::Host(file, _)) => Some(file.clone()),
        _ => None,
    })
}

/// [`judge_with`] the interpreters in the directory `root`, or none.
pub fn judge_in_root(name: &str, host: &Path, root: Option<&Path>) -> Result<(), Refused> {
    // What is found stays open, so that it has a path.
    let mut found = Vec::new();
    judge_with(name, host, &mut |path| {
        let directory = File::open(root?).ok()?;
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let inside = ResolveFlags::IN_ROOT;
        let file = openat2(&directory, path, flags, Mode::empty(), inside).ok()?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        found.push(file);
        Some(path)
    })
}
