//! [`Properties`]: what the code of a file promises by its PT_GNU_PROPERTY note (x86 and arm64
//! psABI). A note that makes no sense promises nothing.

use bitflags::bitflags;
use scroll::{LE, Pread};

use super::error::ParseError;
use super::header::{ProgramHeader, Source};
use crate::Machine;

/// Bytes of a note that are looked at, at most (a page, as Linux).
const NOTE_MAX: u64 = 4096;
/// Offset of the descriptor: note header and the name "GNU\0".
const DESCRIPTOR: usize = 16;
/// Note type NT_GNU_PROPERTY_TYPE_0.
const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
/// Property GNU_PROPERTY_X86_FEATURE_1_AND.
const X86_FEATURE_1_AND: u32 = 0xc000_0002;
/// Property GNU_PROPERTY_AARCH64_FEATURE_1_AND.
const AARCH64_FEATURE_1_AND: u32 = 0xc000_0000;
/// Properties begin at multiples of this.
const PROPERTY_ALIGN: usize = 8;
/// Type and length before a property's data.
const PROPERTY_HEADER: usize = 8;
/// Feature bit 0: IBT on x86, BTI on arm64.
const FEATURE_0: u32 = 1;
/// Feature bit 1: shadow stack on x86, pointer authentication on arm64.
const FEATURE_1: u32 = 2;

bitflags! {
    /// What all code of a file is fit for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Properties: u8 {
        /// x86: indirect branches land on ENDBR.
        const X86_IBT = 1;
        /// x86: returns match a shadow stack.
        const X86_SHSTK = 2;
        /// arm64: indirect branches land on BTI.
        const ARM64_BTI = 4;
        /// arm64: return addresses are signed.
        const ARM64_PAC = 8;
    }
}

impl Properties {
    /// Reads the note that `header` points at.
    pub(super) fn read<E>(
        source: &mut Source<'_, E>,
        header: &ProgramHeader,
        machine: Machine,
    ) -> Result<Self, ParseError<E>> {
        let inside =
            header.p_offset.checked_add(header.p_filesz).is_some_and(|end| end <= source.size);
        let len = usize::try_from(header.p_filesz.min(NOTE_MAX)).unwrap_or(0);
        if !inside || len < DESCRIPTOR {
            return Ok(Self::empty());
        }
        let note = source.bytes("the note of PT_GNU_PROPERTY", header.p_offset, len)?;
        Ok(Self::of_note(&note, machine).unwrap_or_default())
    }

    fn of_note(note: &[u8], machine: Machine) -> Option<Self> {
        let word = |at: usize| note.pread_with::<u32>(at, LE).ok();
        if word(8)? != NT_GNU_PROPERTY_TYPE_0 || note.get(12..DESCRIPTOR)? != b"GNU\0" {
            return None;
        }
        let len = usize::try_from(word(4)?).ok()?;
        let end = DESCRIPTOR.checked_add(len)?;
        let (wanted, features) = match machine {
            Machine::X86_64 => (X86_FEATURE_1_AND, [Self::X86_IBT, Self::X86_SHSTK]),
            Machine::Aarch64 => (AARCH64_FEATURE_1_AND, [Self::ARM64_BTI, Self::ARM64_PAC]),
        };
        let mut at = DESCRIPTOR;
        while at < end {
            let data = at.checked_add(PROPERTY_HEADER)?;
            if word(at)? == wanted {
                let bits = word(data)?;
                let mut found = Self::empty();
                for (bit, feature) in [FEATURE_0, FEATURE_1].into_iter().zip(features) {
                    found.set(feature, bits & bit != 0);
                }
                return Some(found);
            }
            let size = usize::try_from(word(at.checked_add(4)?)?).ok()?;
            at = data.checked_add(size)?.checked_next_multiple_of(PROPERTY_ALIGN)?;
        }
        Some(Self::empty())
    }
}
