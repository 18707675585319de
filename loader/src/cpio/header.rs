//! The header before each entry: a magic number and 13 fields of 8 hexadecimal digits.

/// Bytes of a name at most, its NULs included: Linux's PATH_MAX. Linux skips entries with more.
pub const NAME_MAX: u32 = 4096;

/// Bytes of a header.
pub(super) const HEADER_SIZE: usize = MAGIC_SIZE + FIELDS * DIGITS;
/// Headers, names and data begin at multiples of this.
pub(super) const ALIGN: usize = 4;
/// Name of the entry that ends an archive.
pub(super) const TRAILER: &[u8] = b"TRAILER!!!";
/// Magic number of entries without a checksum.
pub(super) const MAGIC: [u8; MAGIC_SIZE] = *b"070701";
/// Magic number of entries with a checksum.
pub(super) const MAGIC_CRC: [u8; MAGIC_SIZE] = *b"070702";

const MAGIC_SIZE: usize = 6;
const FIELDS: usize = 13;
const DIGITS: usize = 8;
const RADIX: u32 = 16;

/// What `mode` says an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice,
    /// A directory.
    Directory,
    /// A block device.
    BlockDevice,
    /// A regular file.
    Regular,
    /// A symbolic link; its data is the target.
    Symlink,
    /// A socket.
    Socket,
}

impl FileType {
    /// The bits of `mode` that say it.
    pub const MASK: u32 = 0o170_000;

    /// What `mode` says, if anything.
    pub const fn of_mode(mode: u32) -> Option<Self> {
        Some(match mode & Self::MASK {
            0o010_000 => Self::Fifo,
            0o020_000 => Self::CharDevice,
            0o040_000 => Self::Directory,
            0o060_000 => Self::BlockDevice,
            0o100_000 => Self::Regular,
            0o120_000 => Self::Symlink,
            0o140_000 => Self::Socket,
            _ => return None,
        })
    }
}

/// The fields in their order.
#[derive(Clone, Copy, Default)]
pub(super) struct Header {
    pub ino: u32,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    pub mtime: u32,
    pub file_size: u32,
    pub dev: (u32, u32),
    pub rdev: (u32, u32),
    pub name_size: u32,
    pub check: u32,
}

impl Header {
    /// Reads the fields from the bytes after the magic number; `None` if one is not a number.
    pub(super) fn parse(header: &[u8; HEADER_SIZE]) -> Option<Self> {
        let mut fields = [0_u32; FIELDS];
        let (texts, _) = header.get(MAGIC_SIZE..)?.as_chunks::<DIGITS>();
        for (field, text) in fields.iter_mut().zip(texts) {
            for digit in text {
                *field = *field << 4 | char::from(*digit).to_digit(RADIX)?;
            }
        }
        let [ino, mode, uid, gid, nlink, mtime, file_size, d, e, r, s, name_size, check] = fields;
        let (dev, rdev) = ((d, e), (r, s));
        Some(Self { ino, mode, uid, gid, nlink, mtime, file_size, dev, rdev, name_size, check })
    }

    /// The header's bytes.
    pub(super) fn bytes(&self) -> [u8; HEADER_SIZE] {
        let fields: [u32; FIELDS] = [
            self.ino,
            self.mode,
            self.uid,
            self.gid,
            self.nlink,
            self.mtime,
            self.file_size,
            self.dev.0,
            self.dev.1,
            self.rdev.0,
            self.rdev.1,
            self.name_size,
            self.check,
        ];
        let mut bytes = [b'0'; HEADER_SIZE];
        let (magic, texts) = bytes.split_at_mut(MAGIC_SIZE);
        magic.copy_from_slice(&MAGIC);
        for (mut field, text) in fields.into_iter().zip(texts.chunks_exact_mut(DIGITS)) {
            for digit in text.iter_mut().rev() {
                let value = char::from_digit(field % RADIX, RADIX).map_or(b'0', |c| c as u8);
                *digit = value;
                field /= RADIX;
            }
        }
        bytes
    }
}

/// `at`, or the next multiple of [`ALIGN`].
pub(super) const fn align_up(at: usize) -> Option<usize> {
    at.checked_next_multiple_of(ALIGN)
}
