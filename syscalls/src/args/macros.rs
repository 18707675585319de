//! The macros that define argument types once, with the names that a trace prints:
//! `flag_set!` for sets of bits and `codes!` for one of several values.

use super::{FromArg, Kind};
use crate::errno::Errno;

/// Defines a set of flags over `u32` or `u64`.
///
/// `reject`: bits without a name fail with `EINVAL`. `ignore`: they are dropped.
/// `keep`: they stay in the value, for the handler to judge (`only`, `has_unknown`).
macro_rules! flag_set {
    (
        $(#[$meta:meta])*
        pub struct $name:ident : $bits:ty, $prefix:literal, $policy:ident {
            $($(#[$($flag_meta:tt)*])* $flag:ident = $value:expr;)*
        }
    ) => {
        bitflags::bitflags! {
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #[repr(transparent)]
            pub struct $name: $bits {
                $($(#[$($flag_meta)*])* #[doc = concat!("`", $prefix, stringify!($flag), "`")]
                const $flag = $value;)*
            }
        }
        impl $name {
            /// The flags' names, for a trace.
            pub const NAMES: &'static $crate::args::Names = $crate::args::kind::names! {
                $prefix { $($flag = { let value: $bits = $value; value as u64 }),* }
            };

            /// Passes the set on if it has no bit outside `allowed`.
            ///
            /// # Errors
            /// `EINVAL` otherwise.
            #[inline]
            pub const fn only(self, allowed: Self) -> Result<Self, $crate::Errno> {
                if self.bits() & !allowed.bits() == 0 { Ok(self) } else { Err($crate::Errno::EINVAL) }
            }

            /// Whether a bit is set that has no name here.
            #[inline]
            #[must_use]
            pub const fn has_unknown(self) -> bool {
                self.bits() & !Self::all().bits() != 0
            }
        }
        impl $crate::args::FromArg for $name {
            const KIND: $crate::args::Kind = $crate::args::Kind::Flags($crate::args::Set::$name);
            #[inline]
            fn from_arg(raw: usize) -> Result<Self, $crate::Errno> {
                // Narrowing is what Linux does to an `int` or `unsigned` parameter.
                let bits = raw as $bits;
                $crate::args::macros::flag_set!(@$policy Self, bits)
            }
        }
        impl $crate::args::macros::FlagSet for $name {
            #[inline]
            fn known(self) -> bool { !self.has_unknown() }
        }
    };
    (@reject $type:ty, $bits:ident) => { <$type>::from_bits($bits).ok_or($crate::Errno::EINVAL) };
    (@ignore $type:ty, $bits:ident) => { Ok(<$type>::from_bits_truncate($bits)) };
    (@keep $type:ty, $bits:ident) => { Ok(<$type>::from_bits_retain($bits)) };
}
pub(crate) use flag_set;

/// Defines a number that selects one of several things. Every value is accepted: what to say
/// about an unknown one is the handler's to decide, in the last arm of its `match`.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        pub struct $name:ident : $bits:ty, $prefix:literal {
            $($(#[$code_meta:meta])* $code:ident = $value:expr;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub $bits);
        #[allow(clippy::cast_sign_loss, reason = "the names hold any code as 64 bits")]
        impl $name {
            $($(#[$code_meta])* #[doc = concat!("`", $prefix, stringify!($code), "`")]
            pub const $code: Self = Self($value);)*

            /// The codes' names, for a trace.
            pub const NAMES: &'static $crate::args::Names = $crate::args::kind::names! {
                $prefix { $($code = { let value: $bits = $value; value as u32 as u64 }),* }
            };
        }
        impl $crate::args::FromArg for $name {
            const KIND: $crate::args::Kind = $crate::args::Kind::Code($crate::args::Set::$name);
            #[inline]
            fn from_arg(raw: usize) -> Result<Self, $crate::Errno> {
                // Narrowing is what Linux does to an `int` or `unsigned` parameter.
                Ok(Self(raw as $bits))
            }
        }
    };
}
pub(crate) use codes;

/// What every flag set can tell about itself.
pub trait FlagSet {
    /// Whether all its bits have names.
    fn known(self) -> bool;
}

/// A flag set that refuses unknown bits with `EINVAL`, for calls that are stricter about the
/// same flags than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strict<T>(pub T);

impl<T: FromArg + FlagSet + Copy> FromArg for Strict<T> {
    const KIND: Kind = T::KIND;
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        let flags = T::from_arg(raw)?;
        if flags.known() { Ok(Self(flags)) } else { Err(Errno::EINVAL) }
    }
}
