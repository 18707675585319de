//! Writes a [`Tree`] as an initramfs: each file of the host is read once, straight into the archive.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use elfin_loader::cpio::{Encoder, Meta};

use super::tree::{Content, Node, NodeKind, Tree};

const S_IFDIR: u32 = 0o040_000;
const S_IFREG: u32 = 0o100_000;
const S_IFLNK: u32 = 0o120_000;
/// How much is written at once.
const BUFFER: usize = 256 << 10;

/// Writes `tree` to `out`. The data of larger files begins at multiples of a page, so that the kernel can use
/// them where they are.
///
/// # Errors
/// Names the file that can not be read or is too long, or that became shorter meanwhile.
pub fn write_initramfs(tree: &Tree, out: &mut File) -> Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let mut encoder = Encoder::new(true);
    let mut head = Vec::new();
    for (path, node) in tree.iter() {
        let len = data_len(node);
        encoder
            .entry(&mut head, path.archive_name(), &meta(node), len)
            .with_context(|| format!("can not put {path} into the initramfs"))?;
        out.write_all(&head)?;
        head.clear();
        match &node.kind {
            NodeKind::File(Content::Bytes(bytes)) | NodeKind::Symlink(bytes) => {
                out.write_all(bytes)?;
            }
            NodeKind::File(Content::Host(host, len)) => copy(host, *len, &mut out)?,
            NodeKind::Directory | NodeKind::Special { .. } => {}
        }
        out.write_all(Encoder::padding(len))?;
    }
    encoder.finish(&mut head).context("can not end the initramfs")?;
    out.write_all(&head)?;
    out.flush()?;
    Ok(())
}

fn data_len(node: &Node) -> u64 {
    match &node.kind {
        NodeKind::File(content) => content.len(),
        NodeKind::Symlink(target) => u64::try_from(target.len()).unwrap_or(u64::MAX),
        NodeKind::Directory | NodeKind::Special { .. } => 0,
    }
}

fn meta(node: &Node) -> Meta {
    let (file_type, rdev) = match node.kind {
        NodeKind::Directory => (S_IFDIR, (0, 0)),
        NodeKind::File(_) => (S_IFREG, (0, 0)),
        NodeKind::Symlink(_) => (S_IFLNK, (0, 0)),
        NodeKind::Special { file_type, major, minor } => (file_type, (major, minor)),
    };
    Meta {
        uid: node.uid,
        gid: node.gid,
        mtime: node.mtime,
        rdev,
        ..Meta::new(file_type | node.mode)
    }
}

/// Copies `len` bytes of `host`: what is added to it meanwhile is left out.
fn copy(host: &Path, len: u64, out: &mut impl Write) -> Result<()> {
    let reading = || format!("can not read '{}'", host.display());
    let file = File::open(host).with_context(reading)?;
    let copied = io::copy(&mut file.take(len), out).with_context(reading)?;
    if copied != len {
        bail!("'{}' became shorter while it was read", host.display());
    }
    Ok(())
}
