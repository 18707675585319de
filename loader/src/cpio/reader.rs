//! [`Entries`]: walks the archives that lie one after the other in a slice.

use core::ops::Range;

use hashbrown::HashMap;

use super::error::{CpioError, Fault};
use super::header::{
    ALIGN, FileType, HEADER_SIZE, Header, MAGIC, MAGIC_CRC, NAME_MAX, TRAILER, align_up,
};

/// Something that the archive wants to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its path as the archive has it, never empty: mostly without a leading `/`, the root as `.`.
    /// It may hold `..` and `//`, and its directory may be missing: who unpacks decides.
    pub name: &'a [u8],
    /// Inode number in the archive.
    pub ino: u32,
    /// File type and permissions, as st_mode.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Number of its names.
    pub nlink: u32,
    /// Seconds since 1970.
    pub mtime: u32,
    /// Its data: a range of the slice that is being read.
    pub data: Range<usize>,
    /// Device it was on, major and minor.
    pub dev: (u32, u32),
    /// Device it is, major and minor.
    pub rdev: (u32, u32),
    /// An earlier entry of this archive that is the same file (a hard link). If `data` is not
    /// empty it is the file's data, whichever name it comes with.
    pub link_to: Option<&'a [u8]>,
}

impl Entry<'_> {
    /// What it is; `None` if `mode` makes no sense.
    pub const fn file_type(&self) -> Option<FileType> {
        FileType::of_mode(self.mode)
    }
}

/// A file that several names have: device, inode, file type.
type FileId = ((u32, u32), u32, u32);

/// Iterator over the entries of a slice: of one archive, and of all that follow it after zero
/// bytes. It ends after an error, at the end, or where something else begins ([`Self::rest`]).
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Between two archives.
    outside: bool,
    failed: bool,
    links: HashMap<FileId, &'a [u8]>,
}

/// What a header turned out to be.
enum Item<'a> {
    Entry(Entry<'a>),
    Trailer,
}

impl<'a> Entries<'a> {
    /// Begins at the first byte of `bytes`, which should be page-aligned in memory if its data is
    /// to be adopted in place.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, outside: true, failed: false, links: HashMap::new() }
    }

    /// What follows the last archive: empty, or something that is not cpio (compressed, perhaps).
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next entry, if another one or another archive follows.
    fn advance(&mut self) -> Result<Option<Entry<'a>>, Fault> {
        loop {
            if self.outside {
                let skipped = self.rest().iter().take_while(|byte| **byte == 0).count();
                self.at = self.at.saturating_add(skipped);
                match self.rest().first() {
                    None => return Ok(None),
                    Some(first) if *first != MAGIC[0] && self.at != 0 => return Ok(None),
                    Some(_) => self.outside = false,
                }
            }
            match self.item()? {
                Item::Entry(entry) => return Ok(Some(entry)),
                Item::Trailer => {
                    self.outside = true;
                    self.links.clear();
                }
            }
        }
    }

    fn item(&mut self) -> Result<Item<'a>, Fault> {
        let begin = self.at;
        let rest = self.rest();
        if rest.is_empty() {
            return Err(Fault::CutShort("the list of entries (no TRAILER!!!)"));
        }
        let mut magic = [0; MAGIC.len()];
        magic.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        if magic != MAGIC && magic != MAGIC_CRC {
            return Err(Fault::Magic(magic));
        }
        if !begin.is_multiple_of(ALIGN) {
            return Err(Fault::Padding);
        }
        let header = rest.first_chunk::<HEADER_SIZE>().ok_or(Fault::CutShort("a header"))?;
        let header = Header::parse(header).ok_or(Fault::Digits)?;
        if !(1..=NAME_MAX).contains(&header.name_size) {
            return Err(Fault::NameSize(header.name_size));
        }
        let name_range = self.range(begin.checked_add(HEADER_SIZE), header.name_size);
        let (name_range, name) = name_range.ok_or(Fault::CutShort("a name"))?;
        if name.last() != Some(&0) {
            return Err(Fault::Name);
        }
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name.is_empty() {
            return Err(Fault::Name);
        }
        let data = self.range(align_up(name_range.end), header.file_size);
        let (range, data) = match data {
            // A trailer may be the last bytes, without padding.
            None if header.file_size == 0 => (name_range.end..name_range.end, &[][..]),
            data => data.ok_or(Fault::CutShort("the data of a file"))?,
        };
        // The sum is for regular files, and for the name of one that comes with the data.
        let is_regular = FileType::of_mode(header.mode) == Some(FileType::Regular);
        let has_sum = magic == MAGIC_CRC && is_regular && !data.is_empty();
        if has_sum && header.check != sum(data) {
            return Err(Fault::Checksum);
        }
        self.at = align_up(range.end).unwrap_or(range.end).min(self.bytes.len());
        if name == TRAILER {
            return Ok(Item::Trailer);
        }
        let link_to = self.link(&header, name)?;
        let Header { ino, mode, uid, gid, nlink, mtime, dev, rdev, .. } = header;
        let entry =
            Entry { name, ino, mode, uid, gid, nlink, mtime, data: range, dev, rdev, link_to };
        Ok(Item::Entry(entry))
    }

    /// `len` bytes from `start` on, if the slice has them.
    fn range(&self, start: Option<usize>, len: u32) -> Option<(Range<usize>, &'a [u8])> {
        let start = start?;
        let range = start..start.checked_add(usize::try_from(len).ok()?)?;
        Some((range.clone(), self.bytes.get(range)?))
    }

    /// The first name of this file, if it had one before; else remembers this one.
    fn link(&mut self, header: &Header, name: &'a [u8]) -> Result<Option<&'a [u8]>, Fault> {
        let file_type = header.mode & FileType::MASK;
        let alone = header.nlink < 2
            || matches!(
                FileType::of_mode(header.mode),
                None | Some(FileType::Directory | FileType::Symlink)
            );
        if alone {
            return Ok(None);
        }
        self.links.try_reserve(1).map_err(|_| Fault::OutOfMemory)?;
        let first = *self.links.entry((header.dev, header.ino, file_type)).or_insert(name);
        Ok((first != name).then_some(first))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, CpioError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        self.advance().transpose().map(|item| {
            item.map_err(|fault| {
                self.failed = true;
                CpioError { offset: self.at, fault }
            })
        })
    }
}

impl core::iter::FusedIterator for Entries<'_> {}

/// The checksum of 070702: all bytes added up.
fn sum(data: &[u8]) -> u32 {
    data.iter().fold(0, |sum: u32, byte| sum.wrapping_add(u32::from(*byte)))
}
