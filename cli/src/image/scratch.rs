//! [`Scratch`]: a nameless file that a child can open by path. Nothing is left behind,
//! whichever way we end.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};

/// Up to this size a scratch file lives in memory.
const IN_MEMORY_MAX: u64 = 512 << 20;

/// A file without a name that children inherit.
#[derive(Debug)]
pub struct Scratch(File);

impl Scratch {
    /// Makes one for about `len` bytes; `label` is for who looks at /proc.
    pub fn new(label: &str, len: u64) -> Result<Self> {
        let in_memory = || Some(File::from(memfd_create(label, MemfdFlags::empty()).ok()?));
        let file = match (len <= IN_MEMORY_MAX).then(in_memory).flatten() {
            Some(file) => file,
            None => on_disk().context("can not make a scratch file in the temporary directory")?,
        };
        Ok(Self(file))
    }

    /// The file, to write it.
    pub fn file(&mut self) -> &mut File {
        &mut self.0
    }

    /// The path under which a child that we start finds it.
    pub fn child_path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

fn on_disk() -> io::Result<File> {
    let file = tempfile::tempfile()?;
    fcntl_setfd(&file, FdFlags::empty())?;
    Ok(file)
}
