//! `FUTEX_WAKE`, `FUTEX_REQUEUE` and `FUTEX_WAKE_OP`.

use elfin_platform::user;
use elfin_syscalls::{Errno, SysResult};

use super::table;
use super::word::{self, fetch, fetch_for_writing, quietly, update};
use crate::mm::FutexKey;
use crate::task::thread::Thread;

/// All bits: wakes whoever waits.
const ANY: u32 = u32::MAX;

/// Wakes up to `count` threads that wait for the word at `address` and share a bit with `bitset`;
/// how many.
///
/// # Errors
/// `EINVAL` without a bit or for a misaligned word, `EFAULT`.
#[inline]
pub fn wake(me: &Thread, address: usize, private: bool, count: u32, bitset: u32) -> SysResult {
    if bitset == 0 {
        return Err(Errno::EINVAL);
    }
    let key = word::key(me, address, private)?;
    let index = table::index_of(key);
    if table::in_use(index) { Ok(wake_in(index, key, count, bitset)) } else { Ok(0) }
}

#[inline(never)]
fn wake_in(index: usize, key: FutexKey, count: u32, bitset: u32) -> usize {
    // Linux wakes one even if asked for none.
    let woken = table::lock(index).wake(key, bitset, count.max(1));
    usize::try_from(woken).unwrap_or(usize::MAX)
}

/// Wakes one thread that waits for a word which the kernel itself has changed.
pub fn wake_word(me: &Thread, address: usize) {
    for private in [true, false] {
        // A word that cannot be waited for has no waiters.
        let woken = wake(me, address, private, 1, ANY);
        if woken.is_ok_and(|count| count > 0) {
            return;
        }
    }
}

/// Wakes up to `wake` threads that wait for the word at `from`, and has up to `moved` more wait
/// for the one at `to`; how many in all. With `expected` only if the first word holds that.
///
/// # Errors
/// `EAGAIN` if the word holds something else, `EINVAL`, `EFAULT`, `ENOMEM`.
pub fn requeue(
    me: &Thread,
    private: bool,
    from: usize,
    to: usize,
    wake: u32,
    moved: u32,
    expected: Option<u32>,
) -> SysResult {
    if i32::try_from(wake).is_err() || i32::try_from(moved).is_err() {
        return Err(Errno::EINVAL);
    }
    let from_key = word::key(me, from, private)?;
    let to_key = word::key(me, to, private)?;
    let (from_index, to_index) = (table::index_of(from_key), table::index_of(to_key));
    loop {
        let (mut first, mut second) = table::lock_two(from_index, to_index);
        if let Some(expected) = expected {
            match quietly(me, || user::load_u32(from)) {
                Ok(value) if value != expected => return Err(Errno::EAGAIN),
                Ok(_) => {}
                Err(_) => {
                    drop((first, second));
                    fetch(from)?;
                    continue;
                }
            }
        }
        let woken = first.wake(from_key, ANY, wake);
        let moved = first.move_to(from_key, to_key, moved, second.as_mut())?;
        return Ok(usize::try_from(woken + moved).unwrap_or(usize::MAX));
    }
}

/// Changes the word at `second` as `operation` says, wakes up to `wake` threads that wait for the
/// word at `first`, and, if the old value of the second fulfils the operation's condition, up to
/// `wake_second` that wait for that; how many in all.
///
/// # Errors
/// `ENOSYS` for an unknown operation, `EINVAL`, `EFAULT`.
pub fn wake_op(
    me: &Thread,
    private: bool,
    first: usize,
    second: usize,
    wake: u32,
    wake_second: u32,
    operation: u32,
) -> SysResult {
    let operation = Operation::decode(operation)?;
    let first_key = word::key(me, first, private)?;
    let second_key = word::key(me, second, private)?;
    let (first_index, second_index) = (table::index_of(first_key), table::index_of(second_key));
    loop {
        let (mut bucket, mut other) = table::lock_two(first_index, second_index);
        let Ok(old) = quietly(me, || update(second, |old| operation.apply(old))) else {
            drop((bucket, other));
            fetch_for_writing(second)?;
            continue;
        };
        let mut woken = bucket.wake(first_key, ANY, wake.max(1));
        if operation.holds(old) {
            let bucket = other.as_mut().unwrap_or(&mut bucket);
            woken += bucket.wake(second_key, ANY, wake_second.max(1));
        }
        return Ok(usize::try_from(woken).unwrap_or(usize::MAX));
    }
}

/// A decoded `FUTEX_OP`.
#[derive(Clone, Copy, Debug)]
struct Operation {
    change: u32,
    change_arg: u32,
    condition: u32,
    condition_arg: i32,
}

impl Operation {
    /// `FUTEX_OP_OPARG_SHIFT`: the argument is a bit's number.
    const ARG_IS_SHIFT: u32 = 8;
    const CHANGES: u32 = 5;
    const CONDITIONS: u32 = 6;
    const NIBBLE: u32 = 0xf;
    const CHANGE_AT: u32 = 28;
    const CONDITION_AT: u32 = 24;
    const ARG_BITS: u32 = 12;

    fn decode(word: u32) -> Result<Self, Errno> {
        let change = word >> Self::CHANGE_AT & Self::NIBBLE;
        let condition = word >> Self::CONDITION_AT & Self::NIBBLE;
        // Both arguments are signed.
        let signed = |shifted: u32| shifted.cast_signed() >> (u32::BITS - Self::ARG_BITS);
        let arg = signed(word << (u32::BITS - 2 * Self::ARG_BITS));
        let condition_arg = signed(word << (u32::BITS - Self::ARG_BITS));
        let change_arg = if change & Self::ARG_IS_SHIFT != 0 {
            1u32.wrapping_shl(arg.cast_unsigned())
        } else {
            arg.cast_unsigned()
        };
        let change = change & !Self::ARG_IS_SHIFT;
        if change >= Self::CHANGES || condition >= Self::CONDITIONS {
            return Err(Errno::ENOSYS);
        }
        Ok(Self { change, change_arg, condition, condition_arg })
    }

    fn apply(self, old: u32) -> u32 {
        let arg = self.change_arg;
        match self.change {
            0 => arg,
            1 => old.wrapping_add(arg),
            2 => old | arg,
            3 => old & !arg,
            _ => old ^ arg,
        }
    }

    fn holds(self, old: u32) -> bool {
        let (old, arg) = (old.cast_signed(), self.condition_arg);
        match self.condition {
            0 => old == arg,
            1 => old != arg,
            2 => old < arg,
            3 => old <= arg,
            4 => old > arg,
            _ => old >= arg,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(change: u32, arg: u32, condition: u32, condition_arg: u32) -> u32 {
        change << 28 | condition << 24 | (arg & 0xfff) << 12 | condition_arg & 0xfff
    }

    #[test]
    fn changes_words() {
        let apply = |change, arg, old| Operation::decode(op(change, arg, 0, 0)).unwrap().apply(old);
        assert_eq!(apply(0, 7, 1), 7);
        assert_eq!(apply(1, 0xfff, 5), 4, "the argument is signed");
        assert_eq!(apply(2, 6, 1), 7);
        assert_eq!(apply(3, 6, 7), 1);
        assert_eq!(apply(4, 3, 5), 6);
        assert_eq!(apply(8, 5, 0), 32, "the argument is a shift");
    }

    #[test]
    fn compares_signed() {
        let holds =
            |condition, arg, old| Operation::decode(op(0, 0, condition, arg)).unwrap().holds(old);
        assert!(holds(0, 5, 5) && !holds(1, 5, 5));
        assert!(holds(2, 0, u32::MAX) && holds(4, 0xfff, 0));
        assert!(holds(3, 1, 1) && holds(5, 1, 1));
    }

    #[test]
    fn refuses_what_is_unknown() {
        assert!(matches!(Operation::decode(op(5, 0, 0, 0)), Err(Errno::ENOSYS)));
        assert!(matches!(Operation::decode(op(0, 0, 6, 0)), Err(Errno::ENOSYS)));
    }
}
