//! Writes a [`Tree`] as a cpio archive: each file of the host is read once, straight into the archive.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

use anyhow::{Context, Result, bail};

use super::tree::{Content, NodeKind, Tree};

const S_IFDIR: u32 = 0o040000;
const S_IFREG: u32 = 0o100000;
const S_IFLNK: u32 = 0o120000;
const PAGE: u64 = 4096;

/// Writes `tree` to `out`.
///
/// # Errors
/// Names the file that can not be read, or that changed its length meanwhile.
pub fn write_initramfs(tree: &Tree, out: &mut File) -> Result<()> {
    let mut out = Counting { inner: BufWriter::new(out), at: 0 };
    let mut inode = 1;
    for (path, node) in tree.iter() {
        let (file_type, len) = match &node.kind {
            NodeKind::Directory => (S_IFDIR, 0),
            NodeKind::File(content) => (S_IFREG, content.len()),
            NodeKind::Symlink(target) => (S_IFLNK, target.len() as u64),
            NodeKind::Special { file_type, .. } => (*file_type, 0),
        };
        let (major, minor) = match node.kind {
            NodeKind::Special { major, minor, .. } => (major, minor),
            _ => (0, 0),
        };
        let len32 = u32::try_from(len).with_context(|| format!("{path} is longer than 4 GiB"))?;
        let name = path.archive_name();
        let mut name_len = name.len() + 1;
        if len >= PAGE {
            let end = out.at + 110 + name_len as u64;
            name_len += (end.next_multiple_of(PAGE) - end) as usize;
        }
        write!(out, "070701")?;
        for field in [
            inode,
            node.mode | file_type,
            node.uid,
            node.gid,
            1,
            node.mtime,
            len32,
            0,
            0,
            major,
            minor,
            name_len as u32,
            0,
        ] {
            write!(out, "{field:08x}")?;
        }
        inode += 1;
        out.write_all(name)?;
        out.write_all(&vec![0; name_len - name.len()])?;
        out.pad()?;
        match &node.kind {
            NodeKind::File(Content::Bytes(bytes)) => out.write_all(bytes)?,
            NodeKind::Symlink(target) => out.write_all(target)?,
            NodeKind::File(Content::Host(host, len)) => {
                let reading = || format!("can not read '{}'", host.display());
                let file = File::open(host).with_context(reading)?;
                let copied = io::copy(&mut file.take(*len), &mut out).with_context(reading)?;
                if copied != *len {
                    bail!("'{}' became shorter while it was read", host.display());
                }
            }
            _ => {}
        }
        out.pad()?;
    }
    write!(out, "070701{:088}{:08x}{:08}TRAILER!!!\0", 0, 11, 0)?;
    out.pad()?;
    out.flush()?;
    Ok(())
}

struct Counting<W> {
    inner: W,
    at: u64,
}

impl<W: Write> Counting<W> {
    fn pad(&mut self) -> io::Result<()> {
        while !self.at.is_multiple_of(4) {
            self.write_all(&[0])?;
        }
        Ok(())
    }
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.at += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
