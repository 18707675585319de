//! gzip (RFC 1952) around miniz_oxide's inflate: [`is_gzip`], [`inflate`] with a limit, several
//! members, lengths and checksums verified.

use alloc::vec::Vec;
use core::fmt;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// ID1, ID2 and the compression method "deflate".
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes before the optional fields: magic number, flags, time, extra flags, system.
const HEADER_SIZE: usize = 10;
/// FLG: a checksum of the header follows.
const FHCRC: u8 = 2;
/// FLG: an extra field follows.
const FEXTRA: u8 = 4;
/// FLG: a file name follows.
const FNAME: u8 = 8;
/// FLG: a comment follows.
const FCOMMENT: u8 = 16;
/// FLG: bits that must be 0.
const FLAGS_RESERVED: u8 = 0xe0;
/// Bytes of FHCRC.
const HEADER_CRC_SIZE: usize = 2;
/// No deflate stream becomes more than this many times longer.
const RATIO_MAX: usize = 1032;
/// Growth of the output where the length at the file's end is of no use.
const GROWTH_MIN: usize = 64 << 10;

/// What is wrong with compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GzipError {
    /// It does not begin as gzip does.
    NotGzip,
    /// It has header flags that are not defined.
    Flags(u8),
    /// It ends too early.
    CutShort,
    /// It is no deflate stream.
    Corrupt,
    /// What came out does not have the checksum (CRC32) or length (ISIZE) that was promised.
    Checksum,
    /// It becomes longer than this.
    TooLong(usize),
    /// No memory for the output.
    OutOfMemory,
}

impl fmt::Display for GzipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip => f.write_str("gzip: does not begin with 1f 8b 08"),
            Self::Flags(flags) => write!(f, "gzip: header flags {flags:#04x} are not defined"),
            Self::CutShort => f.write_str("gzip: the data is cut short"),
            Self::Corrupt => f.write_str("gzip: the data is corrupt"),
            Self::Checksum => f.write_str("gzip: checksum or length (CRC32, ISIZE) is wrong"),
            Self::TooLong(limit) => write!(f, "gzip: more than {limit} bytes come out"),
            Self::OutOfMemory => f.write_str("gzip: out of memory"),
        }
    }
}

impl core::error::Error for GzipError {}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inflated<'a> {
    /// All members, one after the other.
    pub data: Vec<u8>,
    /// What follows the last member.
    pub rest: &'a [u8],
}

/// Whether `bytes` begins as gzip does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Inflates all members at the begin of `bytes`, to at most `limit` bytes.
///
/// # Errors
/// See [`GzipError`].
pub fn inflate(bytes: &[u8], limit: usize) -> Result<Inflated<'_>, GzipError> {
    if !is_gzip(bytes) {
        return Err(GzipError::NotGzip);
    }
    let mut data = Vec::new();
    let mut rest = bytes;
    // Some 10 KiB, made in place: neither a Box nor `push` keeps it off a kernel's small stack.
    let mut states = Vec::new();
    states.try_reserve_exact(1).map_err(|_| GzipError::OutOfMemory)?;
    states.resize_with(1, DecompressorOxide::default);
    for state in &mut states {
        while is_gzip(rest) {
            state.init();
            rest = member(rest, &mut data, limit, state)?;
        }
    }
    Ok(Inflated { data, rest })
}

/// Appends one member to `data` and gives what follows it.
fn member<'a>(
    bytes: &'a [u8],
    data: &mut Vec<u8>,
    limit: usize,
    state: &mut DecompressorOxide,
) -> Result<&'a [u8], GzipError> {
    let mut input = skip_header(bytes)?;
    let begin = data.len();
    let mut end = begin;
    loop {
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) = decompress(state, input, data, end, flags);
        input = input.get(read..).unwrap_or_default();
        end = end.saturating_add(written);
        match status {
            TINFLStatus::Done => break,
            TINFLStatus::HasMoreOutput => grow(data, input, limit)?,
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                return Err(GzipError::CutShort);
            }
            _ => return Err(GzipError::Corrupt),
        }
    }
    data.truncate(end);
    let (crc, input) = input.split_first_chunk().ok_or(GzipError::CutShort)?;
    let (size, input) = input.split_first_chunk().ok_or(GzipError::CutShort)?;
    let output = data.get(begin..).unwrap_or_default();
    let is_size = u32::from_le_bytes(*size) == (output.len() & u32::MAX as usize) as u32;
    if !is_size || u32::from_le_bytes(*crc) != crc32(output) {
        return Err(GzipError::Checksum);
    }
    Ok(input)
}

/// Makes room for what `input` will become: as much as the last four bytes say, if that can be.
fn grow(data: &mut Vec<u8>, input: &[u8], limit: usize) -> Result<(), GzipError> {
    let len = data.len();
    if len >= limit {
        return Err(GzipError::TooLong(limit));
    }
    let promised = input.last_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let is_possible = promised > len && promised / RATIO_MAX <= input.len();
    let wanted = if is_possible { promised } else { len.saturating_mul(2).max(GROWTH_MIN) };
    let wanted = wanted.max(len.saturating_add(1)).min(limit);
    data.try_reserve_exact(wanted - len).map_err(|_| GzipError::OutOfMemory)?;
    data.resize(wanted, 0);
    Ok(())
}

/// The deflate stream of a member.
fn skip_header(bytes: &[u8]) -> Result<&[u8], GzipError> {
    let (header, mut rest) = bytes.split_first_chunk::<HEADER_SIZE>().ok_or(GzipError::CutShort)?;
    let flags = header[MAGIC.len()];
    if flags & FLAGS_RESERVED != 0 {
        return Err(GzipError::Flags(flags));
    }
    if flags & FEXTRA != 0 {
        let (len, after) = rest.split_first_chunk().ok_or(GzipError::CutShort)?;
        let len = usize::from(u16::from_le_bytes(*len));
        rest = after.get(len..).ok_or(GzipError::CutShort)?;
    }
    for flag in [FNAME, FCOMMENT] {
        if flags & flag != 0 {
            let nul = rest.iter().position(|byte| *byte == 0).ok_or(GzipError::CutShort)?;
            rest = rest.get(nul + 1..).unwrap_or_default();
        }
    }
    if flags & FHCRC != 0 {
        rest = rest.get(HEADER_CRC_SIZE..).ok_or(GzipError::CutShort)?;
    }
    Ok(rest)
}

/// The polynomial of CRC-32, bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What each byte does to a CRC.
static CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < u8::BITS {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ POLYNOMIAL };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        let [low, ..] = crc.to_le_bytes();
        crc >> u8::BITS ^ CRC_TABLE[usize::from(low ^ byte)]
    })
}
