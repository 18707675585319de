//! `abi!`: structures with the derives that all of them need.

/// Defines structures that go to and come from programs. `as Shape` names how a trace prints it.
macro_rules! abi {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident $(as $shape:ident)? {
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

        impl $crate::args::UserData for $name {
            const SHAPE: $crate::args::Shape = $crate::abi::macros::shape!($($shape)?);
        }
    )*};
}
pub(crate) use abi;

/// The shape of a structure: opaque unless named.
macro_rules! shape {
    () => {
        $crate::args::Shape::Opaque
    };
    ($shape:ident) => {
        $crate::args::Shape::$shape
    };
}
pub(crate) use shape;
