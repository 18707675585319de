//! /etc/resolv.conf and /etc/hosts, for programs that look names up.

use crate::fs::open::open;
use crate::fs::walk::{WalkFlags, Walker};
use crate::fs::{FileKind, FsContext, PathRef, Source, namei};
use crate::task::Cred;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::net::Ipv4Addr;
use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

/// Writes both where they are not there, and `resolv.conf` only with a name server to name.
pub fn write(root: &PathRef, dns: &[Ipv4Addr]) {
    let servers: String = dns.iter().map(|server| format!("nameserver {server}\n")).collect();
    let hosts = "127.0.0.1\tlocalhost\n";
    let mut outcome = make(root, b"/etc/hosts", hosts);
    if !servers.is_empty() {
        outcome = outcome.and(make(root, b"/etc/resolv.conf", &servers));
    }
    if let Err(errno) = outcome {
        log::warn!("/etc/hosts and /etc/resolv.conf cannot be written: {errno}");
    }
}

fn make(root: &PathRef, path: &[u8], text: &str) -> Result<(), Errno> {
    let context = FsContext::new(root.clone());
    let walker = || Walker::new(&context, Arc::new(Cred::root()), None, WalkFlags::FOLLOW);
    match namei::make(&mut walker(), b"/etc", namei::Make::new(FileKind::Directory, 0o755)) {
        Ok(_) | Err(Errno::EEXIST) => {}
        Err(errno) => return Err(errno),
    }
    let flags = OpenFlags::WRONLY | OpenFlags::CREAT | OpenFlags::EXCL;
    let file = match open(&mut walker(), path, flags, 0o644) {
        Ok(file) => file,
        // The program's own.
        Err(Errno::EEXIST) => return Ok(()),
        Err(errno) => return Err(errno),
    };
    file.write(&mut Source::kernel(text.as_bytes())).map(drop)
}
