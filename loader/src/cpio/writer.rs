//! [`Encoder`]: writes an archive entry by entry, with the data of larger files at page boundaries
//! if wanted. The same input gives the same bytes.
//!
//! # How data comes to a page boundary
//! `namesize` counts the name's trailing NULs, and every unpacker takes the name up to the first
//! NUL, so NULs behind the name push the data on. Linux skips entries whose `namesize` is above
//! 4096 (PATH_MAX); where the NULs would exceed that, an extra entry goes before: the root
//! directory `.` once more, as it was written first, with a name that is long enough. Linux (6.1
//! was tried), GNU cpio and [`super::Entries`] all take it as a directory that exists already.

use alloc::vec::Vec;

use super::error::EncodeError;
use super::header::{ALIGN, FileType, HEADER_SIZE, Header, NAME_MAX, TRAILER};

/// Where the data of regular files of at least so many bytes may be made to begin.
pub const DATA_ALIGN: u64 = 4096;

const ROOT: &[u8] = b".";
/// The root directory where none was written.
const ROOT_META: Meta =
    Meta { mode: 0o040_755, uid: 0, gid: 0, mtime: 0, ino: 0, nlink: 2, dev: (0, 0), rdev: (0, 0) };
const PADDING: &[u8] = &[0; ALIGN - 1];

/// All about an entry but name and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// File type and permissions, as st_mode.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u32,
    /// Inode number; 0 takes the next one.
    pub ino: u32,
    /// Number of names. Names of one file have the same `ino` and `dev`.
    pub nlink: u32,
    /// Device it is on, major and minor.
    pub dev: (u32, u32),
    /// Device it is, major and minor.
    pub rdev: (u32, u32),
}

impl Meta {
    /// Something of root's with one name.
    pub const fn new(mode: u32) -> Self {
        Self { mode, nlink: 1, ..ROOT_META }
    }
}

/// Writes what goes around the data of files, and counts where the archive is.
#[derive(Clone, Debug)]
pub struct Encoder {
    position: u64,
    align: bool,
    next_ino: u32,
    root: Meta,
}

impl Encoder {
    /// Begins an archive. With `align`, the data of regular files of [`DATA_ALIGN`] bytes or more
    /// begins at a multiple of that, from the archive's begin.
    pub const fn new(align: bool) -> Self {
        Self { position: 0, align, next_ino: 1, root: ROOT_META }
    }

    /// Appends the begin of an entry to `out`. Then come `data_len` bytes of data, which the
    /// caller writes, and [`Self::padding`].
    ///
    /// # Errors
    /// A name or a length that an archive can not have; no memory.
    pub fn entry(
        &mut self,
        out: &mut Vec<u8>,
        name: &[u8],
        meta: &Meta,
        data_len: u64,
    ) -> Result<(), EncodeError> {
        let file_size = u32::try_from(data_len).map_err(|_| EncodeError::TooLong(data_len))?;
        let name_size = (name.len() as u64).saturating_add(1);
        let is_bad = name.is_empty() || name.contains(&0) || name == TRAILER;
        if is_bad || name_size > u64::from(NAME_MAX) {
            return Err(EncodeError::Name);
        }
        if name == ROOT {
            self.root = *meta;
        }
        let is_regular = FileType::of_mode(meta.mode) == Some(FileType::Regular);
        let mut padded = name_size;
        if self.align && is_regular && data_len >= DATA_ALIGN {
            let data = aligned(self.position + HEADER_SIZE as u64 + name_size);
            let missing = data.next_multiple_of(DATA_ALIGN) - data;
            let room = u64::from(NAME_MAX) - name_size;
            if missing <= room.saturating_sub(ALIGN as u64) {
                padded = aligned(HEADER_SIZE as u64 + name_size) - HEADER_SIZE as u64 + missing;
            } else if let Some(filler) = missing.checked_sub(HEADER_SIZE as u64)
                && filler > ROOT.len() as u64
            {
                let root = self.root;
                self.head(out, ROOT, &root, 0, filler)?;
            }
        }
        self.head(out, name, meta, file_size, padded)?;
        self.position += aligned(data_len);
        Ok(())
    }

    /// The bytes that follow data of this length.
    pub fn padding(data_len: u64) -> &'static [u8] {
        let missing = usize::try_from(aligned(data_len) - data_len).unwrap_or(0);
        PADDING.get(..missing).unwrap_or_default()
    }

    /// Appends the end of the archive to `out`.
    ///
    /// # Errors
    /// No memory.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let none = Meta { mode: 0, nlink: 1, ..ROOT_META };
        self.next_ino = 0;
        self.head(out, TRAILER, &none, 0, TRAILER.len() as u64 + 1)
    }

    /// Appends header and name with NULs up to `name_size`, and the padding.
    fn head(
        &mut self,
        out: &mut Vec<u8>,
        name: &[u8],
        meta: &Meta,
        file_size: u32,
        name_size: u64,
    ) -> Result<(), EncodeError> {
        let ino = if meta.ino != 0 {
            meta.ino
        } else {
            self.next_ino = self.next_ino.wrapping_add(1);
            self.next_ino.wrapping_sub(1)
        };
        let header = Header {
            ino,
            mode: meta.mode,
            uid: meta.uid,
            gid: meta.gid,
            nlink: meta.nlink,
            mtime: meta.mtime,
            file_size,
            dev: meta.dev,
            rdev: meta.rdev,
            name_size: u32::try_from(name_size).map_err(|_| EncodeError::Name)?,
            check: 0,
        };
        let size = aligned(HEADER_SIZE as u64 + name_size);
        let len = usize::try_from(size).map_err(|_| EncodeError::OutOfMemory)?;
        out.try_reserve(len).map_err(|_| EncodeError::OutOfMemory)?;
        let end = out.len() + len;
        out.extend_from_slice(&header.bytes());
        out.extend_from_slice(name);
        out.resize(end, 0);
        self.position += size;
        Ok(())
    }
}

const fn aligned(at: u64) -> u64 {
    at.next_multiple_of(ALIGN as u64)
}

/// An archive that is made in memory.
#[derive(Clone, Debug)]
pub struct Archive {
    encoder: Encoder,
    bytes: Vec<u8>,
}

impl Archive {
    /// Begins one; `align` as in [`Encoder::new`].
    pub const fn new(align: bool) -> Self {
        Self { encoder: Encoder::new(align), bytes: Vec::new() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// As [`Encoder::entry`].
    pub fn add(&mut self, name: &[u8], meta: &Meta, data: &[u8]) -> Result<(), EncodeError> {
        let len = data.len() as u64;
        self.encoder.entry(&mut self.bytes, name, meta, len)?;
        let room = data.len().saturating_add(ALIGN);
        self.bytes.try_reserve(room).map_err(|_| EncodeError::OutOfMemory)?;
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(Encoder::padding(len));
        Ok(())
    }

    /// Ends it and gives its bytes.
    ///
    /// # Errors
    /// No memory.
    pub fn finish(mut self) -> Result<Vec<u8>, EncodeError> {
        self.encoder.finish(&mut self.bytes)?;
        Ok(self.bytes)
    }
}
