//! `/proc/<pid>/{mounts,mountinfo}`.

use core::fmt::Write;

use super::super::attr::{major, minor};
use super::super::dentry::PathRef;
use super::super::mount::{Mount, MountFlags};
use super::super::path;
use super::super::pseudo::{Shown, Text};
use crate::task::ThreadRef;

/// The options of a mount, `rw` or `ro` first.
fn options(flags: MountFlags, out: &mut Text) -> Shown {
    out.bytes(if flags.contains(MountFlags::RDONLY) { b"ro" } else { b"rw" })?;
    for (flag, name) in [
        (MountFlags::NOSUID, ",nosuid"),
        (MountFlags::NODEV, ",nodev"),
        (MountFlags::NOEXEC, ",noexec"),
        (MountFlags::RELATIME, ",relatime"),
    ] {
        if flags.contains(flag) {
            write!(out, "{name}")?;
        }
    }
    Ok(())
}

/// Writes a path with white space and backslashes as octal, as the format has it.
fn escaped(path: &[u8], out: &mut Text) -> Shown {
    for &byte in path {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => write!(out, "\\{byte:03o}")?,
            byte => out.bytes(&[byte])?,
        }
    }
    Ok(())
}

/// Where a mount is, as seen from `root`; `None` if not from there.
fn place(mount: &alloc::sync::Arc<Mount>, root: &PathRef) -> Option<alloc::vec::Vec<u8>> {
    let top = PathRef::new(mount.clone(), mount.root.clone());
    let absolute = path::absolute(&top, root).ok()?;
    absolute.reachable.then_some(absolute.path)
}

/// `mounts`.
pub fn mounts(thread: &ThreadRef, out: &mut Text) -> Shown {
    let root = thread.fs().root();
    for mount in Mount::all() {
        let Some(at) = place(&mount, &root) else { continue };
        escaped(mount.source.as_bytes(), out)?;
        out.bytes(b" ")?;
        escaped(&at, out)?;
        write!(out, " {} ", mount.fs.name())?;
        options(mount.flags, out)?;
        writeln!(out, "{} 0 0", mount.fs.options())?;
    }
    Ok(())
}

/// `mountinfo`.
pub fn mountinfo(thread: &ThreadRef, out: &mut Text) -> Shown {
    let root = thread.fs().root();
    for mount in Mount::all() {
        let Some(at) = place(&mount, &root) else { continue };
        let parent = mount.at.as_ref().map_or(mount.id, |at| at.mount.id);
        let dev = mount.fs.dev();
        write!(out, "{} {parent} {}:{} / ", mount.id, major(dev), minor(dev))?;
        escaped(&at, out)?;
        out.bytes(b" ")?;
        options(mount.flags, out)?;
        write!(out, " - {} ", mount.fs.name())?;
        escaped(mount.source.as_bytes(), out)?;
        let access = if mount.flags.contains(MountFlags::RDONLY) { "ro" } else { "rw" };
        writeln!(out, " {access}{}", mount.fs.options())?;
    }
    Ok(())
}
