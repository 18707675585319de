//! Finds the files a machine needs on the host: QEMU, qboot, the kernel.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The command looked for in PATH.
const QEMU: &str = "qemu-system-x86_64";
/// Environment variable that names the QEMU.
const QEMU_VARIABLE: &str = "ELFIN_QEMU";
/// Environment variable that names the kernel.
const KERNEL_VARIABLE: &str = "ELFIN_KERNEL";
/// The kernel's file name.
const KERNEL: &str = "elfin-kernel";
/// Where an installation keeps the kernel, seen from the directory of this command.
const KERNEL_INSTALLED: [&str; 3] =
    ["elfin-kernel", "../share/elfin/elfin-kernel", "../lib/elfin/elfin-kernel"];
/// Where the build leaves the kernel, seen from the build directory.
const KERNEL_BUILT: &str = "x86_64-unknown-none/release/elfin-kernel";
/// Where distributions keep qboot.
const QBOOT_PLACES: [&str; 4] = [
    "/usr/share/qemu/qboot.rom",
    "/usr/local/share/qemu/qboot.rom",
    "/usr/share/qboot/qboot.rom",
    "/usr/share/seabios/qboot.rom",
];

/// The QEMU to use: `given`, else `$ELFIN_QEMU`, else the one in `PATH`.
///
/// # Errors
/// When there is none; says how to get one.
pub fn find_qemu(given: Option<&Path>) -> Result<OsString> {
    let named = given.map(|path| (path.as_os_str().to_owned(), "--qemu"));
    let named = named.or_else(|| Some((variable(QEMU_VARIABLE)?, QEMU_VARIABLE)));
    let (name, said_by) = named.unwrap_or_else(|| (QEMU.into(), "PATH"));
    match in_path(&name) {
        Some(path) => Ok(path.into_os_string()),
        None if said_by == "PATH" => bail!(
            "{QEMU} is not in PATH. Install it: apt install qemu-system-x86 (Debian, Ubuntu), \
             dnf install qemu-system-x86-core (Fedora), pacman -S qemu-system-x86 (Arch), \
             apk add qemu-system-x86_64 (Alpine); or name one with --qemu or ${QEMU_VARIABLE}"
        ),
        None => bail!("{said_by} names '{}', which is not a program", name.to_string_lossy()),
    }
}

/// The kernel to boot: `given`, else `$ELFIN_KERNEL`, else where installations and builds keep it.
///
/// # Errors
/// When there is none; says where it was looked for.
pub fn find_kernel(given: Option<&Path>) -> Result<PathBuf> {
    let named = given.map(|path| (path.to_path_buf(), "--kernel"));
    let named = named.or_else(|| Some((variable(KERNEL_VARIABLE)?.into(), KERNEL_VARIABLE)));
    if let Some((path, said_by)) = named {
        if !path.is_file() {
            bail!("{said_by} names the kernel '{}', which is not a file", path.display());
        }
        return Ok(path);
    }
    let own = env::current_exe()?;
    let directory = own.parent().unwrap_or(Path::new("/"));
    let installed = KERNEL_INSTALLED.iter().map(|place| directory.join(place));
    let built = directory.ancestors().skip(1).map(|ancestor| ancestor.join(KERNEL_BUILT));
    match installed.chain(built).find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!(
            "the kernel image {KERNEL} is neither beside this command ({}), nor in ../share/elfin, nor built \
             (make kernel); name it with --kernel or ${KERNEL_VARIABLE}",
            directory.display()
        ),
    }
}

/// The qboot firmware, if the host has it.
pub fn find_qboot() -> Option<PathBuf> {
    QBOOT_PLACES.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// `name` itself if it has a slash, else the first executable file of that name in `PATH`.
pub fn in_path(name: &OsStr) -> Option<PathBuf> {
    let executable = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|stat| stat.is_file() && stat.permissions().mode() & 0o111 != 0)
    };
    if Path::new(name).components().count() > 1 {
        return Some(PathBuf::from(name)).filter(executable);
    }
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|path| executable(path))
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
