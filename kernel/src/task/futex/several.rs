//! Waiting for the first of several words (`futex_waitv(2)`).

use alloc::vec::Vec;

use elfin_platform::user;
use elfin_syscalls::{Errno, SysResult};

use super::table::{self, announce};
use super::wait::End;
use super::wait::{Deadline, give_up};
use super::word::{self, quietly};
use crate::mm::FutexKey;
use crate::task::sched::{self, Sleep};
use crate::task::thread::ThreadRef;
use crate::task::timer;

/// One of the words.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Its address.
    pub address: usize,
    /// It is not shared with other processes.
    pub private: bool,
    /// What it must hold, or there is nothing to wait for.
    pub value: u32,
}

/// Waits until one of `words` is woken; which one, from 0.
///
/// # Errors
/// `EAGAIN` if one of them holds something else, `ETIMEDOUT`, `EINVAL` for a misaligned word,
/// `EFAULT`, `ENOMEM`, `ERESTARTSYS`.
pub fn wait_for_any(me: &ThreadRef, words: &[Word], deadline: Option<Deadline>) -> SysResult {
    let mut keys = Vec::new();
    keys.try_reserve_exact(words.len()).map_err(|_| Errno::ENOMEM)?;
    for word in words {
        keys.push(word::key(me, word.address, word.private)?);
    }
    me.futex.forget_woken_word();
    let mut queued = 0;
    let result = queue_all(me, words, &keys, &mut queued).and_then(|()| sleep(me, deadline));
    for (number, key) in (1..).zip(keys.iter().take(queued)) {
        table::lock(table::index_of(*key)).withdraw_one_of_several(number, me);
    }
    // A wakeup that was used up counts, whatever else happened.
    match me.futex.woken_word().checked_sub(1) {
        Some(index) => usize::try_from(index).map_err(|_| Errno::EINVAL),
        None => result.map(|()| 0),
    }
}

/// Puts the thread into the table for each word, as long as they hold what they must.
fn queue_all(
    me: &ThreadRef,
    words: &[Word],
    keys: &[FutexKey],
    queued: &mut usize,
) -> Result<(), Errno> {
    for ((number, word), key) in (1..).zip(words).zip(keys) {
        let index = table::index_of(*key);
        loop {
            let announced = announce(index);
            let mut bucket = table::lock(index);
            match quietly(me, || user::load_u32(word.address)) {
                Ok(value) if value != word.value => return Err(Errno::EAGAIN),
                Ok(_) => {
                    bucket.add_one_of_several(announced, *key, number, me)?;
                    *queued += 1;
                    break;
                }
                Err(_) => {
                    drop(bucket);
                    word::fetch(word.address)?;
                }
            }
        }
    }
    Ok(())
}

fn sleep(me: &ThreadRef, deadline: Option<Deadline>) -> Result<(), Errno> {
    loop {
        sched::prepare_to_sleep(me, Sleep::Interruptible);
        let until = deadline.map(Deadline::monotonic);
        let end = if me.futex.woken_word() != 0 { Some(End::Woken) } else { give_up(me, until) };
        if let Some(end) = end {
            sched::stay_awake(me);
            return match end {
                End::Woken => Ok(()),
                End::TimedOut => Err(Errno::ETIMEDOUT),
                End::Interrupted => Err(Errno::ERESTARTSYS),
            };
        }
        let timer = until.map(|at| timer::arm_wakeup(at, me.clone()));
        sched::block(me);
        drop(timer);
    }
}
