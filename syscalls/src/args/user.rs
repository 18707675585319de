//! User addresses: allegations that only user copies can prove.
//!
//! [`UserIn`], [`UserOut`] and [`UserInOut`] say what should lie there and who writes it; they
//! hold nothing but the address. A slice (`UserIn<[Iovec]>`) has its length in the next argument.

use core::fmt;
use core::marker::PhantomData;

use super::{Count, FromArg, Item, Kind, Shape};
use crate::errno::Errno;

/// A user address; nothing about it is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct UserAddr(pub usize);

impl UserAddr {
    /// The null pointer.
    pub const NULL: Self = Self(0);

    /// The address as a number.
    #[inline]
    #[must_use]
    pub const fn addr(self) -> usize {
        self.0
    }

    /// Whether it is the null pointer.
    #[inline]
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address `bytes` further on.
    ///
    /// # Errors
    /// `EFAULT` if that wraps around.
    #[inline]
    pub const fn offset(self, bytes: usize) -> Result<Self, Errno> {
        match self.0.checked_add(bytes) {
            Some(addr) => Ok(Self(addr)),
            None => Err(Errno::EFAULT),
        }
    }
}

impl fmt::Debug for UserAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromArg for UserAddr {
    const KIND: Kind = Kind::Addr;
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self(raw))
    }
}

macro_rules! address_kinds {
    ($($(#[$meta:meta])* $name:ident => $kind:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(transparent)]
        pub struct $name(pub UserAddr);

        impl $name {
            /// The address as a number.
            #[inline]
            #[must_use]
            pub const fn addr(self) -> usize {
                self.0.0
            }

            /// Whether it is the null pointer.
            #[inline]
            #[must_use]
            pub const fn is_null(self) -> bool {
                self.0.is_null()
            }
        }

        impl FromArg for $name {
            const KIND: Kind = Kind::$kind;
            #[inline]
            fn from_arg(raw: usize) -> Result<Self, Errno> {
                Ok(Self(UserAddr(raw)))
            }
        }
    )*};
}

address_kinds! {
    /// The address of a string that ends with a zero byte.
    UserStr => Str;
    /// The address of a socket address; its length is the next argument.
    UserSockaddr => Sockaddr;
}

/// What can lie at a typed user address: an item, or several.
pub trait UserData {
    /// How a trace prints it.
    const SHAPE: Shape;
}

/// One of something at a user address.
pub trait UserItem {
    /// How a trace prints it.
    const ITEM: Item;
}

impl<T: UserItem> UserData for T {
    const SHAPE: Shape = Shape { item: T::ITEM, count: Count::One };
}

impl<T: UserItem> UserData for [T] {
    const SHAPE: Shape = Shape { item: T::ITEM, count: Count::Next };
}

impl<T: UserItem> UserData for [T; 2] {
    const SHAPE: Shape = Shape { item: T::ITEM, count: Count::Two };
}

macro_rules! plain_data {
    ($($type:ty => $item:ident),*) => {
        $(impl UserItem for $type { const ITEM: Item = Item::$item; })*
    };
}

plain_data!(u8 => Byte, i32 => I32, u32 => U32, i64 => I64, u64 => U64);

macro_rules! typed_addresses {
    ($($(#[$meta:meta])* $name:ident => $kind:ident;)*) => {$(
        $(#[$meta])*
        #[repr(transparent)]
        pub struct $name<T: ?Sized> {
            addr: usize,
            what: PhantomData<T>,
        }

        impl<T: ?Sized> $name<T> {
            /// Wraps an address.
            #[inline]
            #[must_use]
            pub const fn new(addr: usize) -> Self {
                Self { addr, what: PhantomData }
            }

            /// The address as a number.
            #[inline]
            #[must_use]
            pub const fn addr(self) -> usize {
                self.addr
            }

            /// The address without its type.
            #[inline]
            #[must_use]
            pub const fn untyped(self) -> UserAddr {
                UserAddr(self.addr)
            }

            /// Whether it is the null pointer, which often means "not wanted".
            #[inline]
            #[must_use]
            pub const fn is_null(self) -> bool {
                self.addr == 0
            }

            /// `None` for the null pointer.
            #[inline]
            #[must_use]
            pub const fn non_null(self) -> Option<Self> {
                if self.addr == 0 { None } else { Some(self) }
            }
        }

        impl<T> $name<T> {
            /// The size of what lies there, in bytes.
            pub const SIZE: usize = size_of::<T>();
        }

        impl<T> $name<[T]> {
            /// The address of the element with this index.
            ///
            /// # Errors
            /// `EFAULT` if that wraps around.
            #[inline]
            pub const fn at(self, index: usize) -> Result<$name<T>, Errno> {
                match index.checked_mul(size_of::<T>()) {
                    Some(bytes) => match self.addr.checked_add(bytes) {
                        Some(addr) => Ok($name::new(addr)),
                        None => Err(Errno::EFAULT),
                    },
                    None => Err(Errno::EFAULT),
                }
            }
        }

        impl<T: ?Sized> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T: ?Sized> Copy for $name<T> {}

        impl<T: ?Sized> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.addr)
            }
        }

        impl<T: ?Sized + UserData> FromArg for $name<T> {
            const KIND: Kind = Kind::$kind(T::SHAPE);
            #[inline]
            fn from_arg(raw: usize) -> Result<Self, Errno> {
                Ok(Self::new(raw))
            }
        }
    )*};
}

typed_addresses! {
    /// The address of a `T` that the program passes in.
    UserIn => In;
    /// The address of a `T` that the kernel fills.
    UserOut => Out;
    /// The address of a `T` that the kernel reads and changes.
    UserInOut => InOut;
}
