//! What the machine was told at boot, and the start of its first program.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use elfin_loader::cmdline::{ArgumentFile, Autoconf, CommandLine, InitWord, IpConfig, Param};
use elfin_platform::hooks::Hooks;
use elfin_platform::{boot, console, host, mm};
use elfin_syscalls::Errno;
use elfin_syscalls::args::{OpenFlags, Resource};

use crate::exec::{self, ExecError};
use crate::fs::root::StandardInput;
use crate::fs::walk::{WalkFlags, Walker};
use crate::fs::{self, Dest, FdTable, FsContext, OpenFile, PathRef};
use crate::net;
use crate::sys;
use crate::task::clone::{First, first_thread};
use crate::task::cred::ExecCred;
use crate::task::{self, Cred, Rlimits, ThreadRef, signal, work};
use crate::{tty, uts};

/// The program that an image without further words starts, as on Linux.
const DEFAULT_INIT: &[u8] = b"/init";
/// The environment that Linux gives to it.
const DEFAULT_ENV: [&[u8]; 2] = [b"HOME=/", b"TERM=linux"];
/// Where the first program's standard input is, when it comes from a file.
const STDIN_FILE: &[u8] = b"/.elfin/stdin";
/// The folder of files that are for the kernel.
const ELFIN_FOLDER: &[u8] = b"/.elfin";
/// Exit status of the machine when the kernel cannot start anything.
const CANNOT_START: u8 = 125;
/// Parameters that the kernel itself understands: others go to the first program. (So do none
/// with a dot in their names.)
const KNOWN: [&str; 15] = [
    "console",
    "quiet",
    "loglevel",
    "debug",
    "init",
    "rdinit",
    "root",
    "ro",
    "rw",
    "ip",
    "hostname",
    "nokaslr",
    "norandmaps",
    "reboot",
    "panic",
];

/// The command line, read.
pub struct Options {
    line: CommandLine<'static>,
    /// `loglevel=`.
    pub loglevel: Option<u64>,
    /// `debug`.
    pub debug: bool,
}

impl Options {
    /// Reads the command line.
    pub fn read() -> Self {
        let line = CommandLine::new(boot::info().cmdline.as_bytes());
        Self { line, loglevel: line.number("loglevel"), debug: line.has("debug") }
    }
}

/// Why the first program could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The program itself is the reason.
    Program(ExecError),
    /// Something before it: what, and what to do.
    Machine(String),
}

impl StartError {
    /// The machine's exit status.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Program(error) => error.exit_status(),
            Self::Machine(_) => CANNOT_START,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(error) => error.fmt(f),
            Self::Machine(text) => f.write_str(text),
        }
    }
}

fn machine(what: &str, errno: Errno) -> StartError {
    StartError::Machine(format!("{what}: {}", errno.message()))
}

/// What the first program is.
struct Program {
    path: Vec<u8>,
    args: Vec<Vec<u8>>,
    env: Vec<Vec<u8>>,
    directory: Vec<u8>,
}

/// Connects the platform's entries to the kernel, and the host's channel if there is one.
pub fn connect(options: &Options) {
    elfin_platform::hooks::set::<sys::Entries>(Hooks {
        user_return: work::on_user_return,
        user_page_fault: signal::user_page_fault,
        kernel_page_fault: signal::kernel_page_fault,
        user_exception: signal::user_exception,
    });
    if options.line.flag("elfin.debugcon") {
        host::enable();
        host::event(format_args!("elfin-event: boot"));
    }
    if options.line.flag("elfin.strace") {
        sys::enable_strace();
    }
    if options.line.flag("elfin.stats") {
        STATISTICS.call_once(|| ());
    }
    if let Some(name) = options.line.get("hostname")
        && uts::set_hostname(name).is_err()
    {
        log::error!("hostname=: longer than {} bytes", uts::NAME_MAX);
    }
    let is_terminal = |name| options.line.get(name).is_none_or(|value| value == b"tty");
    let size = options.line.text("elfin.winsize").and_then(|size| {
        let (rows, columns) = size.split_once('x')?;
        Some((rows.parse().ok()?, columns.parse().ok()?))
    });
    // The host command says what its input is, and then escapes it.
    let escaped = options.line.get("elfin.stdin").is_some();
    tty::configure(is_terminal("elfin.stdin"), is_terminal("elfin.stdout"), size, escaped);
}

static STATISTICS: elfin_platform::sync::Once<()> = elfin_platform::sync::Once::new();

/// Tells the host how much memory there was and was used, if it asked for that.
pub fn report_statistics() {
    if STATISTICS.get().is_some() {
        let memory = mm::stats();
        host::event(format_args!(
            "elfin-event: memory total={} free={} used_peak={}",
            memory.total, memory.free, memory.peak_used
        ));
        let resident = task::try_current().map_or(0, |thread| thread.mm().resident());
        host::event(format_args!(
            "elfin-event: counters kernel_heap={} resident={resident}",
            memory.kernel_heap
        ));
    }
}

/// Says on the console why nothing runs.
pub fn complain(error: &StartError) {
    let text = format!("elfin: {error}\n");
    console::write(text.as_bytes());
}

/// Brings the network up as `ip=` says.
pub fn network(options: &Options) -> net::Config {
    let Some(value) = options.line.text("ip") else { return net::Config::None };
    let config = match IpConfig::parse(value) {
        Ok(config) => config,
        Err(error) => {
            log::error!("ip={value}: {error}; the machine goes on without a network");
            return net::Config::None;
        }
    };
    match (config.client, config.prefix_or_class()) {
        (Some(client), Some(prefix)) => {
            let cidr = net::addr::Cidr { addr: client, prefix };
            let dns = config.dns.into_iter().flatten().collect();
            net::Config::Static { cidr, gateway: config.gateway, dns }
        }
        _ if config.autoconf == Autoconf::Off => net::Config::None,
        _ => net::Config::Dhcp,
    }
}

/// Makes the root file system from the initramfs.
///
/// # Errors
/// What is wrong with it, or that memory is out.
pub fn mount_root() -> Result<PathRef, StartError> {
    let root = fs::mount_root().map_err(|errno| machine("the root file system", errno))?;
    if let Some(archive) = boot::take_initramfs() {
        fs::unpack(&root, archive).map_err(|error| StartError::Machine(format!("{error}")))?;
    }
    fs::mount_standard(&root).map_err(|errno| machine("/dev, /proc and /sys", errno))?;
    Ok(root)
}

/// Loads the first program, with the descriptors and the directory that it starts with.
///
/// # Errors
/// Why it cannot be run.
pub fn first_program(options: &Options, root: &PathRef) -> Result<ThreadRef, StartError> {
    let context = Arc::new(FsContext::new(root.clone()));
    let walker = || Walker::new(&context, Arc::new(Cred::root()), None, WalkFlags::FOLLOW);
    let program = program(options, &walker)?;
    if !program.directory.is_empty() {
        let directory = walker().resolve(&program.directory).map_err(|errno| {
            machine(
                &format!("working directory {}", String::from_utf8_lossy(&program.directory)),
                errno,
            )
        })?;
        context.set_cwd(directory);
    }
    let files = Arc::new(FdTable::new());
    let input = match options.line.get("elfin.stdin") {
        Some(b"null") => StandardInput::Null,
        Some(b"file") => StandardInput::File(STDIN_FILE),
        _ => StandardInput::Console,
    };
    fs::open_standard(root, &files, input)
        .map_err(|errno| machine("standard input and output", errno))?;

    let rlimits = Rlimits::new();
    let name = program.path.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec();
    let open = |path: &[u8]| open_program(&mut walker(), path);
    let image = exec::load(exec::Request {
        path: &program.path,
        args: program.args,
        env: program.env,
        credentials: &|_| Ok(ExecCred { cred: Cred::root(), secure: false, dumpable: true }),
        stack_limit: usize::try_from(rlimits.soft(Resource::STACK)).unwrap_or(usize::MAX),
        random: !options.line.has("norandmaps"),
        open: &open,
    })
    .map_err(StartError::Program)?;
    remove_folder(&mut walker());
    let first = First { files, fs: context.clone(), mm: image.mm, name, rlimits };
    let thread =
        first_thread(first, &image.frame).map_err(|errno| machine("the first thread", errno))?;
    if tty::is_terminal() {
        task::jobs::give_to_first(&thread.process, tty::console::serial());
    }
    host::event(format_args!("elfin-event: user"));
    Ok(thread)
}

/// Opens a file to execute it.
fn open_program(walker: &mut Walker, path: &[u8]) -> Result<Arc<OpenFile>, Errno> {
    let file = fs::open::open(walker, path, OpenFlags::RDONLY, 0)?;
    if file.file.mapping().is_none() {
        return Err(Errno::EACCES);
    }
    Ok(file)
}

/// What to run: the argument file's words, or the command line's.
fn program(options: &Options, walker: &dyn Fn() -> Walker) -> Result<Program, StartError> {
    let Some(path) = options.line.get("elfin.args") else { return Ok(program_of_line(options)) };
    let bytes = read_file(&mut walker(), path)
        .map_err(|errno| machine(&String::from_utf8_lossy(path), errno))?;
    let file = ArgumentFile::parse(&bytes).map_err(|error| {
        StartError::Machine(format!("{}: {error}", String::from_utf8_lossy(path)))
    })?;
    let owned = |words: &[&[u8]]| words.iter().map(|word| word.to_vec()).collect();
    Ok(Program {
        path: file.program.to_vec(),
        args: owned(&file.args),
        env: owned(&file.env),
        directory: file.directory.to_vec(),
    })
}

fn program_of_line(options: &Options) -> Program {
    let line = options.line;
    let path = line.get("rdinit").or(line.get("init")).unwrap_or(DEFAULT_INIT).to_vec();
    let mut args = Vec::new();
    args.push(path.clone());
    let mut env: Vec<Vec<u8>> = DEFAULT_ENV.map(<[u8]>::to_vec).to_vec();
    let known = |param: &Param<'_>| KNOWN.iter().any(|name| param.is(name));
    for word in line.init_words(known) {
        match word {
            InitWord::Arg(param) => args.push(param.word()),
            InitWord::Env(param) => env.push(param.word()),
        }
    }
    Program { path, args, env, directory: Vec::new() }
}

fn read_file(walker: &mut Walker, path: &[u8]) -> Result<Vec<u8>, Errno> {
    let file = fs::open::open(walker, path, OpenFlags::RDONLY, 0)?;
    let len = file.file.mapping().ok_or(Errno::EINVAL)?.len();
    let len = usize::try_from(len).map_err(|_| Errno::EFBIG)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(len, 0);
    let read = file.file.read_at(0, &mut Dest::kernel(&mut bytes))?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Removes what is in the initramfs for the kernel alone.
fn remove_folder(walker: &mut Walker) {
    for path in [b"/.elfin/args".as_slice(), STDIN_FILE] {
        // There may be none.
        let _ = fs::namei::unlink(walker, path);
    }
    let _ = fs::namei::rmdir(walker, ELFIN_FOLDER);
}
