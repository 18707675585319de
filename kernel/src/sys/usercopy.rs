//! Values between a handler and the program's memory. A user address is an allegation: each of
//! these answers `EFAULT` for one that cannot be reached.

use alloc::vec::Vec;

use elfin_platform::user::{self, Fault};
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{Iovec, zeroed};
use elfin_syscalls::args::{UserAddr, UserIn, UserInOut, UserOut, UserStr};
use elfin_syscalls::zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

/// Longest path with its terminating zero (`PATH_MAX`).
pub const PATH_MAX: usize = 4096;
/// Most ranges in one call (`UIO_MAXIOV`).
pub const IOV_MAX: usize = 1024;
/// Most bytes that one call moves.
const MAX_RW_COUNT: usize = 0x7fff_f000;

/// A fault as the program sees it.
pub fn efault(_: Fault) -> Errno {
    Errno::EFAULT
}

/// An address with a known type of contents.
pub trait TypedAddr<T: ?Sized> {
    /// The address.
    fn address(&self) -> usize;
}

macro_rules! typed {
    ($($name:ident),*) => {$(
        impl<T: ?Sized> TypedAddr<T> for $name<T> {
            #[inline]
            fn address(&self) -> usize {
                self.addr()
            }
        }
    )*};
}
typed!(UserIn, UserOut, UserInOut);

/// Reads the value at a typed address.
///
/// # Errors
/// `EFAULT`.
#[inline]
pub fn user_read<T: FromBytes + IntoBytes>(from: impl TypedAddr<T>) -> Result<T, Errno> {
    user_read_at(UserAddr(from.address()))
}

/// Reads a value at any address.
///
/// # Errors
/// `EFAULT`.
#[inline]
pub fn user_read_at<T: FromBytes + IntoBytes>(from: UserAddr) -> Result<T, Errno> {
    let mut value = T::new_zeroed();
    user::copy_in(value.as_mut_bytes(), from.addr()).map_err(efault)?;
    Ok(value)
}

/// Writes a value to a typed address.
///
/// # Errors
/// `EFAULT`.
#[inline]
pub fn user_write<T: IntoBytes + Immutable>(to: impl TypedAddr<T>, value: &T) -> Result<(), Errno> {
    user_write_at(UserAddr(to.address()), value)
}

/// Writes a value to any address.
///
/// # Errors
/// `EFAULT`.
#[inline]
pub fn user_write_at<T: IntoBytes + Immutable + ?Sized>(
    to: UserAddr,
    value: &T,
) -> Result<(), Errno> {
    user::copy_out(to.addr(), value.as_bytes()).map_err(efault)
}

/// Reads `count` values from `from` on.
///
/// # Errors
/// `EFAULT`, `ENOMEM`.
pub fn user_read_slice<T>(from: UserAddr, count: usize) -> Result<Vec<T>, Errno>
where
    T: FromBytes + IntoBytes + FromZeros + Clone,
{
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    values.resize_with(count, T::new_zeroed);
    user::copy_in(values.as_mut_slice().as_mut_bytes(), from.addr()).map_err(efault)?;
    Ok(values)
}

/// Reads a string of less than `max` bytes, without its terminating zero; `None` when it is
/// longer.
///
/// # Errors
/// `EFAULT`, `ENOMEM`.
pub fn user_cstr(from: UserAddr, max: usize) -> Result<Option<Vec<u8>>, Errno> {
    const FIRST: usize = 256;
    let mut bytes = Vec::new();
    let mut want = FIRST.min(max);
    loop {
        let have = bytes.len();
        bytes.try_reserve_exact(want - have).map_err(|_| Errno::ENOMEM)?;
        bytes.resize(want, 0);
        let Some(tail) = bytes.get_mut(have..) else { return Ok(None) };
        let address = from.offset(have)?;
        if let Some(len) = user::str_in(tail, address.addr()).map_err(efault)? {
            bytes.truncate(have + len);
            return Ok(Some(bytes));
        }
        if want == max {
            return Ok(None);
        }
        want = want.saturating_mul(4).min(max);
    }
}

/// Reads a path.
///
/// # Errors
/// `EFAULT`; `ENAMETOOLONG` from 4096 bytes on. An empty one is the walk's to refuse.
pub fn user_path(from: UserStr) -> Result<Vec<u8>, Errno> {
    user_cstr(from.0, PATH_MAX)?.ok_or(Errno::ENAMETOOLONG)
}

/// Reads the ranges of a `readv` or `writev`; their sum is cut to what one call moves.
///
/// # Errors
/// `EINVAL` for more than 1024 or a negative length, `EFAULT`.
pub fn user_iovecs(from: UserAddr, count: usize) -> Result<Vec<Iovec>, Errno> {
    if count > IOV_MAX {
        return Err(Errno::EINVAL);
    }
    let mut iovecs: Vec<Iovec> = user_read_slice(from, count)?;
    let mut room = MAX_RW_COUNT as u64;
    for iovec in &mut iovecs {
        if i64::try_from(iovec.iov_len).is_err() {
            return Err(Errno::EINVAL);
        }
        let end = iovec.iov_base.checked_add(iovec.iov_len);
        if iovec.iov_len > 0 && end.is_none_or(|end| end > user::END as u64) {
            return Err(Errno::EFAULT);
        }
        iovec.iov_len = iovec.iov_len.min(room);
        room -= iovec.iov_len;
    }
    Ok(iovecs)
}

/// A value of zeroes, to be filled.
pub fn blank<T: FromZeros>() -> T {
    zeroed()
}
