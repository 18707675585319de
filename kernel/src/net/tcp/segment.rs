//! TCP segments on the wire: [`Segment`] as received, [`Header`] as sent.

use super::seq::Seq;
use arrayvec::ArrayVec;
use bitflags::bitflags;
use core::net::Ipv4Addr;
use smoltcp::wire::{Ipv4Address, TcpPacket};

bitflags! {
    /// The control bits that matter here.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Flags: u8 {
        /// No more data.
        const FIN = 0x01;
        /// Synchronize sequence numbers.
        const SYN = 0x02;
        /// Reset.
        const RST = 0x04;
        /// Push.
        const PSH = 0x08;
        /// The acknowledgement is valid.
        const ACK = 0x10;
        /// The urgent pointer is valid.
        const URG = 0x20;
    }
}

/// Bytes of a header without options.
pub const HEADER: usize = 20;
/// Bytes of the longest header.
pub const HEADER_MAX: usize = 60;
/// Where the checksum lies in the header.
pub const CHECKSUM_AT: u16 = 16;
/// Most ranges in a SACK option, without timestamps beside it.
pub const SACK_RANGES: usize = 4;

/// Ranges of sequence numbers: first, and first after.
pub type Ranges = ArrayVec<(Seq, Seq), SACK_RANGES>;

/// The options of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Largest segment the sender of this takes (SYN only).
    pub mss: Option<u16>,
    /// Shift of the windows its sender announces (SYN only).
    pub window_scale: Option<u8>,
    /// Whether its sender understands SACK (SYN only).
    pub sack_permitted: bool,
    /// Received ranges beyond the acknowledgement.
    pub sack: Ranges,
}

/// A received segment.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// Port of the sender.
    pub src_port: u16,
    /// Port here.
    pub dst_port: u16,
    /// First sequence number.
    pub seq: Seq,
    /// Next number that its sender expects; meaningless without [`Flags::ACK`].
    pub ack: Seq,
    /// Control bits.
    pub flags: Flags,
    /// The window, not scaled.
    pub window: u16,
    /// The options.
    pub options: Options,
    /// The data.
    pub payload: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Checks and takes apart a segment; `None` if it is malformed or, unless `trusted`, its
    /// checksum is wrong.
    #[must_use]
    pub fn parse(src: Ipv4Addr, dst: Ipv4Addr, bytes: &'a [u8], trusted: bool) -> Option<Self> {
        let packet = TcpPacket::new_checked(bytes).ok()?;
        if !trusted {
            let (src, dst): (Ipv4Address, Ipv4Address) = (src, dst);
            if !packet.verify_checksum(&src.into(), &dst.into()) {
                return None;
            }
        }
        let header_len = usize::from(packet.header_len());
        let options = if header_len > HEADER {
            parse_options(bytes.get(HEADER..header_len)?)
        } else {
            Options::default()
        };
        Some(Self {
            src_port: packet.src_port(),
            dst_port: packet.dst_port(),
            seq: Seq(packet.seq_number().0.cast_unsigned()),
            ack: Seq(packet.ack_number().0.cast_unsigned()),
            flags: Flags::from_bits_truncate(bytes.get(13).copied()?),
            window: packet.window_len(),
            options,
            payload: bytes.get(header_len..)?,
        })
    }

    /// How much of the sequence space the segment takes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.payload.len()
            + usize::from(self.flags.contains(Flags::SYN))
            + usize::from(self.flags.contains(Flags::FIN))
    }

    /// The number after the segment's last.
    #[must_use]
    pub fn end(&self) -> Seq {
        self.seq.plus(self.length())
    }
}

const OPTION_END: u8 = 0;
const OPTION_NOP: u8 = 1;
const OPTION_MSS: u8 = 2;
const OPTION_SCALE: u8 = 3;
const OPTION_SACK_PERMITTED: u8 = 4;
const OPTION_SACK: u8 = 5;

/// Reads the options; what is malformed ends the list, as in Linux.
fn parse_options(mut bytes: &[u8]) -> Options {
    let mut options = Options::default();
    while let Some((kind, rest)) = bytes.split_first() {
        match *kind {
            OPTION_END => break,
            OPTION_NOP => {
                bytes = rest;
                continue;
            }
            _ => {}
        }
        let Some(length) = rest.first().map(|n| usize::from(*n)).filter(|n| *n >= 2) else { break };
        let (Some(data), Some(next)) = (bytes.get(2..length), bytes.get(length..)) else { break };
        match (*kind, data) {
            (OPTION_MSS, [a, b]) => options.mss = Some(u16::from_be_bytes([*a, *b])),
            (OPTION_SCALE, [shift]) => options.window_scale = Some(*shift),
            (OPTION_SACK_PERMITTED, []) => options.sack_permitted = true,
            (OPTION_SACK, ranges) => {
                for range in ranges.as_chunks::<8>().0 {
                    let [a, b, c, d, e, f, g, h] = *range;
                    let first = Seq(u32::from_be_bytes([a, b, c, d]));
                    let end = Seq(u32::from_be_bytes([e, f, g, h]));
                    if options.sack.try_push((first, end)).is_err() {
                        break;
                    }
                }
            }
            _ => {}
        }
        bytes = next;
    }
    options
}

/// A header to be sent.
#[derive(Clone, Debug)]
pub struct Header {
    /// Our port.
    pub src_port: u16,
    /// The peer's port.
    pub dst_port: u16,
    /// First sequence number.
    pub seq: Seq,
    /// Next number expected.
    pub ack: Seq,
    /// Control bits.
    pub flags: Flags,
    /// The window, scaled.
    pub window: u16,
    /// The options.
    pub options: Options,
}

impl Header {
    /// Writes the header to `room`; returns its length. The checksum is left zero.
    pub fn emit(&self, room: &mut [u8; HEADER_MAX]) -> usize {
        let options = self.emit_options(room);
        let length = HEADER + options;
        let Some(fixed) = room.first_chunk_mut::<HEADER>() else { return 0 };
        let [s0, s1] = self.src_port.to_be_bytes();
        let [d0, d1] = self.dst_port.to_be_bytes();
        let [q0, q1, q2, q3] = self.seq.0.to_be_bytes();
        let [a0, a1, a2, a3] = self.ack.0.to_be_bytes();
        let [w0, w1] = self.window.to_be_bytes();
        let words = u8::try_from(length / 4).unwrap_or(0);
        *fixed = [
            s0,
            s1,
            d0,
            d1,
            q0,
            q1,
            q2,
            q3,
            a0,
            a1,
            a2,
            a3,
            words << 4,
            self.flags.bits(),
            w0,
            w1,
            0,
            0,
            0,
            0,
        ];
        length
    }

    fn emit_options(&self, room: &mut [u8; HEADER_MAX]) -> usize {
        let options = &self.options;
        let mut bytes: ArrayVec<u8, { HEADER_MAX - HEADER }> = ArrayVec::new();
        // All together are at most 4 + 4 + 4 or 36 bytes: there is room for them.
        let mut put = |piece: &[u8]| {
            let _fits = bytes.try_extend_from_slice(piece);
        };
        if let Some(mss) = options.mss {
            let [a, b] = mss.to_be_bytes();
            put(&[OPTION_MSS, 4, a, b]);
        }
        if let Some(shift) = options.window_scale {
            put(&[OPTION_NOP, OPTION_SCALE, 3, shift]);
        }
        if options.sack_permitted {
            put(&[OPTION_NOP, OPTION_NOP, OPTION_SACK_PERMITTED, 2]);
        }
        if !options.sack.is_empty() {
            let length = u8::try_from(2 + options.sack.len() * 8).unwrap_or(2);
            put(&[OPTION_NOP, OPTION_NOP, OPTION_SACK, length]);
            for (first, end) in &options.sack {
                put(&first.0.to_be_bytes());
                put(&end.0.to_be_bytes());
            }
        }
        let end = HEADER + bytes.len();
        if let Some(to) = room.get_mut(HEADER..end) {
            to.copy_from_slice(&bytes);
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let mut sack = Ranges::new();
        sack.push((Seq(5), Seq(9)));
        sack.push((Seq(20), Seq(30)));
        let header = Header {
            src_port: 80,
            dst_port: 40000,
            seq: Seq(0xffff_fff0),
            ack: Seq(7),
            flags: Flags::SYN | Flags::ACK,
            window: 1234,
            options: Options { mss: Some(1460), window_scale: Some(7), sack_permitted: true, sack },
        };
        let mut room = [0; HEADER_MAX];
        let length = header.emit(&mut room);
        let (src, dst) = (Ipv4Addr::new(1, 2, 3, 4), Ipv4Addr::new(5, 6, 7, 8));
        let segment = Segment::parse(src, dst, &room[..length], true).unwrap();
        assert_eq!(segment.options, header.options);
        assert_eq!((segment.seq, segment.ack, segment.window), (header.seq, header.ack, 1234));
        assert_eq!(segment.flags, header.flags);
        assert!(Segment::parse(src, dst, &room[..length], false).is_none());
    }

    #[test]
    fn broken_options_end_the_list() {
        assert_eq!(parse_options(&[2, 4, 5, 0xb4, 3, 0, 1, 1]).mss, Some(1460));
        assert_eq!(parse_options(&[3, 9, 1]), Options::default());
        assert_eq!(parse_options(&[5, 200]), Options::default());
    }
}
