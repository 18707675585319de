//! `abi!`: structures with the derives that all of them need.

/// Defines structures that go to and come from programs. `as Item` names how a trace prints it.
macro_rules! abi {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident $(as $item:ident)? {
            $($(#[$field_meta:meta])* pub $field:ident : $ty:ty,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq,
            zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout,
        )]
        #[repr(C)]
        #[allow(missing_docs, reason = "the fields are those of the C structure")]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl $crate::args::UserItem for $name {
            const ITEM: $crate::args::Item = $crate::abi::macros::item!($($item)?);
        }
    )*};
}
pub(crate) use abi;

/// What a structure is for a trace: opaque unless named.
macro_rules! item {
    () => {
        $crate::args::Item::Opaque
    };
    ($item:ident) => {
        $crate::args::Item::$item
    };
}
pub(crate) use item;

/// Defines constants in groups: the type, then names and values. A group's comment documents
/// each of its constants, whose names are Linux's.
macro_rules! constants {
    ($(#[$doc:meta] $ty:ty { $($name:ident = $value:expr;)* })*) => {
        $($(#[$doc] pub const $name: $ty = $value;)*)*

        /// Names and values, for the comparison with the C headers.
        #[cfg(test)]
        pub(crate) const LIST: &[(&str, i128)] =
            &[$($((stringify!($name), { let value: $ty = $value; value as i128 }),)*)*];
    };
}
pub(crate) use constants;
