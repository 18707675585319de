//! [`Array`]: the semaphores of a set, and the operations that wait for them.
//!
//! The operations of one call are done all or not at all, in order, each seeing what those before
//! it did. Those that cannot be done wait in the order in which they came; whenever a value
//! changes, each that can be done now is done.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

/// The largest value (`SEMVMX`), and the largest that can be undone (`SEMAEM`).
pub const VALUE_MAX: i32 = 32_767;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// The semaphore.
    pub index: usize,
    /// What to add; 0 waits for the value 0.
    pub delta: i32,
    /// `EAGAIN` instead of waiting.
    pub no_wait: bool,
    /// Take it back when the process ends.
    pub undo: bool,
}

/// One semaphore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Semaphore {
    /// 0 to [`VALUE_MAX`].
    pub value: i32,
    /// The process that changed it last.
    pub pid: i32,
}

/// Operations that wait.
struct Pending<W> {
    waiter: W,
    ops: Vec<Op>,
    pid: i32,
    list: u64,
    /// The operation that could not be done.
    blocked_by: Op,
}

/// What one list of undo operations adds at the end.
struct Undo {
    list: u64,
    adjust: Vec<i32>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Done.
    Done,
    /// This operation must wait; nothing has changed.
    Blocked(Op),
}

/// The semaphores of a set. `W` is who waits.
pub struct Array<W> {
    semaphores: Vec<Semaphore>,
    pending: VecDeque<Pending<W>>,
    undo: Vec<Undo>,
}

impl<W> Array<W> {
    /// `count` semaphores of value 0.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new(count: usize) -> Result<Self, Errno> {
        let mut semaphores = Vec::new();
        semaphores.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
        semaphores.resize(count, Semaphore::default());
        Ok(Self { semaphores, pending: VecDeque::new(), undo: Vec::new() })
    }

    /// The number of semaphores.
    pub fn len(&self) -> usize {
        self.semaphores.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.semaphores.is_empty()
    }

    /// The semaphores.
    pub fn semaphores(&self) -> &[Semaphore] {
        &self.semaphores
    }

    /// Prepares to undo what `list` asks for.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn prepare_undo(&mut self, list: u64) -> Result<(), Errno> {
        if self.undo.iter().any(|undo| undo.list == list) {
            return Ok(());
        }
        let mut adjust = Vec::new();
        adjust.try_reserve_exact(self.len()).map_err(|_| Errno::ENOMEM)?;
        adjust.resize(self.len(), 0);
        self.undo.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.undo.push(Undo { list, adjust });
        Ok(())
    }

    /// Does all operations, or none.
    ///
    /// # Errors
    /// `ERANGE` for a value that is too large, `EFBIG` for a semaphore that is not there.
    pub fn attempt(&mut self, ops: &[Op], pid: i32, list: u64) -> Result<Attempt, Errno> {
        let mut done = 0;
        let outcome = loop {
            let Some(&op) = ops.get(done) else { break Ok(Attempt::Done) };
            match self.step(op, list) {
                Ok(Attempt::Done) => done += 1,
                other => break other,
            }
        };
        let applied = ops.get(..done).unwrap_or_default();
        if outcome == Ok(Attempt::Done) {
            for op in applied {
                if let Some(semaphore) = self.semaphores.get_mut(op.index) {
                    semaphore.pid = pid;
                }
            }
        } else {
            for &op in applied {
                self.add(op, -op.delta, list);
            }
        }
        outcome
    }

    fn step(&mut self, op: Op, list: u64) -> Result<Attempt, Errno> {
        let value = self.semaphores.get(op.index).ok_or(Errno::EFBIG)?.value;
        let sum = value + op.delta;
        if (op.delta == 0 && value != 0) || sum < 0 {
            return Ok(Attempt::Blocked(op));
        }
        if sum > VALUE_MAX {
            return Err(Errno::ERANGE);
        }
        if op.undo {
            let undo = self.undo.iter().find(|undo| undo.list == list);
            let before = undo.and_then(|undo| undo.adjust.get(op.index)).copied().unwrap_or(0);
            if !(-VALUE_MAX - 1..=VALUE_MAX).contains(&(before - op.delta)) {
                return Err(Errno::ERANGE);
            }
        }
        self.add(op, op.delta, list);
        Ok(Attempt::Done)
    }

    fn add(&mut self, op: Op, delta: i32, list: u64) {
        if let Some(semaphore) = self.semaphores.get_mut(op.index) {
            semaphore.value += delta;
        }
        if op.undo
            && let Some(undo) = self.undo.iter_mut().find(|undo| undo.list == list)
            && let Some(adjust) = undo.adjust.get_mut(op.index)
        {
            *adjust -= delta;
        }
    }

    /// Lets operations wait, after those that wait already.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn wait(
        &mut self,
        waiter: W,
        ops: Vec<Op>,
        (pid, list): (i32, u64),
        blocked_by: Op,
    ) -> Result<(), Errno> {
        self.pending.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.pending.push_back(Pending { waiter, ops, pid, list, blocked_by });
        Ok(())
    }

    /// Takes operations back for which `is` holds; whether they still waited.
    pub fn withdraw(&mut self, is: impl Fn(&W) -> bool) -> bool {
        let at = self.pending.iter().position(|pending| is(&pending.waiter));
        at.and_then(|at| self.pending.remove(at)).is_some()
    }

    /// Takes all operations back, and says so to who waits.
    pub fn dismiss(&mut self, mut tell: impl FnMut(&W)) {
        for pending in self.pending.drain(..) {
            tell(&pending.waiter);
        }
    }

    /// Values have changed: does what can be done now, and tells who waited for it. Whether
    /// there was any.
    pub fn settle(&mut self, mut tell: impl FnMut(&W, Result<(), Errno>)) -> bool {
        let mut any = false;
        let mut at = 0;
        while let Some(mut pending) = self.pending.remove(at) {
            let result = match self.attempt(&pending.ops, pending.pid, pending.list) {
                Ok(Attempt::Blocked(op)) if !op.no_wait => {
                    pending.blocked_by = op;
                    self.pending.insert(at, pending);
                    at += 1;
                    continue;
                }
                Ok(Attempt::Blocked(_)) => Err(Errno::EAGAIN),
                Ok(Attempt::Done) => Ok(()),
                Err(errno) => Err(errno),
            };
            any |= result.is_ok();
            tell(&pending.waiter, result);
            if result.is_ok() && pending.ops.iter().any(|op| op.delta != 0) {
                // Those before may be next now.
                at = 0;
            }
        }
        any
    }

    /// How many wait for a semaphore to become 0, or larger.
    pub fn waiting(&self, index: usize, for_zero: bool) -> usize {
        let waits = |op: Op| op.index == index && (op.delta == 0) == for_zero;
        self.pending.iter().filter(|pending| waits(pending.blocked_by)).count()
    }

    /// Sets a value, which nobody's end takes back then.
    pub fn set(&mut self, index: usize, value: i32, pid: i32) {
        for undo in &mut self.undo {
            if let Some(adjust) = undo.adjust.get_mut(index) {
                *adjust = 0;
            }
        }
        if let Some(semaphore) = self.semaphores.get_mut(index) {
            *semaphore = Semaphore { value, pid };
        }
    }

    /// Undoes what `list` has asked for: values stay within their bounds.
    pub fn undo(&mut self, list: u64, pid: i32) {
        let Some(at) = self.undo.iter().position(|undo| undo.list == list) else { return };
        let undo = self.undo.swap_remove(at);
        for (semaphore, adjust) in self.semaphores.iter_mut().zip(undo.adjust) {
            if adjust != 0 {
                semaphore.value = (semaphore.value + adjust).clamp(0, VALUE_MAX);
                semaphore.pid = pid;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PID: i32 = 7;
    const LIST: u64 = 1;

    fn op(index: usize, delta: i32) -> Op {
        Op { index, delta, no_wait: false, undo: false }
    }

    fn values(array: &Array<u32>) -> Vec<i32> {
        array.semaphores().iter().map(|semaphore| semaphore.value).collect()
    }

    /// Does the operations, or lets `who` wait for them.
    fn run(array: &mut Array<u32>, who: u32, ops: &[Op]) -> Vec<u32> {
        match array.attempt(ops, PID, LIST).unwrap() {
            Attempt::Done => settle(array),
            Attempt::Blocked(by) => {
                array.wait(who, ops.to_vec(), (PID, LIST), by).unwrap();
                Vec::new()
            }
        }
    }

    fn settle(array: &mut Array<u32>) -> Vec<u32> {
        let mut woken = Vec::new();
        array.settle(|who, result| {
            assert_eq!(result, Ok(()));
            woken.push(*who);
        });
        woken
    }

    #[test]
    fn all_or_nothing() {
        let mut array = Array::new(2).unwrap();
        array.set(0, 1, PID);
        let ops = [op(0, -1), op(0, 5), op(1, -1)];
        assert_eq!(array.attempt(&ops, PID, LIST), Ok(Attempt::Blocked(op(1, -1))));
        assert_eq!(values(&array), [1, 0]);
        // Each sees what those before it did.
        assert_eq!(array.attempt(&[op(1, 1), op(1, -1), op(1, 0)], PID, LIST), Ok(Attempt::Done));
        assert_eq!(array.attempt(&[op(1, 9), op(1, 0)], PID, LIST), Ok(Attempt::Blocked(op(1, 0))));
        assert_eq!(values(&array), [1, 0]);
        run(&mut array, 0, &[]);
    }

    #[test]
    fn values_have_bounds() {
        let mut array: Array<u32> = Array::new(1).unwrap();
        array.set(0, VALUE_MAX, PID);
        assert_eq!(array.attempt(&[op(0, -5), op(0, 6)], PID, LIST), Err(Errno::ERANGE));
        assert_eq!(values(&array), [VALUE_MAX]);
        assert_eq!(array.attempt(&[op(1, 1)], PID, LIST), Err(Errno::EFBIG));
    }

    #[test]
    fn the_first_who_can_goes_first() {
        let mut array = Array::new(1).unwrap();
        assert!(run(&mut array, 1, &[op(0, -3)]).is_empty());
        assert!(run(&mut array, 2, &[op(0, -1)]).is_empty());
        assert!(run(&mut array, 3, &[op(0, -1)]).is_empty());
        assert_eq!(array.waiting(0, false), 3);
        assert_eq!(run(&mut array, 0, &[op(0, 1)]), [2]);
        assert_eq!(run(&mut array, 0, &[op(0, 4)]), [1, 3]);
        assert_eq!((array.waiting(0, false), values(&array)), (0, std::vec![0]));
    }

    #[test]
    fn what_one_does_lets_another_go() {
        let mut array = Array::new(2).unwrap();
        run(&mut array, 1, &[op(1, -1)]);
        run(&mut array, 2, &[op(0, -1), op(1, 1)]);
        assert_eq!(run(&mut array, 0, &[op(0, 1)]), [2, 1]);
    }

    #[test]
    fn counts_by_what_blocks() {
        let mut array = Array::new(2).unwrap();
        array.set(0, 1, PID);
        run(&mut array, 1, &[op(0, 0), op(1, -1)]);
        run(&mut array, 2, &[op(0, -1), op(1, -1)]);
        assert_eq!((array.waiting(0, true), array.waiting(1, false)), (1, 1));
        array.set(0, 0, PID);
        assert!(settle(&mut array).is_empty());
        // Now the first waits for the other semaphore, and the second for this one.
        assert_eq!((array.waiting(0, true), array.waiting(1, false)), (0, 1));
        assert_eq!(array.waiting(0, false), 1);
        assert!(array.withdraw(|who| *who == 1) && !array.withdraw(|who| *who == 1));
        let mut left = Vec::new();
        array.dismiss(|who| left.push(*who));
        assert_eq!(left, [2]);
    }

    #[test]
    fn undoes_within_bounds() {
        let mut array: Array<u32> = Array::new(3).unwrap();
        let undo = |index, delta| Op { undo: true, ..op(index, delta) };
        array.prepare_undo(LIST).unwrap();
        array.set(2, 5, PID);
        assert_eq!(
            array.attempt(&[undo(0, 4), undo(1, 3), undo(2, -5)], PID, LIST),
            Ok(Attempt::Done)
        );
        // Less is left than is to be taken away; and one was set meanwhile.
        assert_eq!(array.attempt(&[op(0, -2)], PID, LIST), Ok(Attempt::Done));
        array.set(1, 9, PID);
        array.undo(LIST, 8);
        assert_eq!(values(&array), [0, 9, 5]);
        assert_eq!(array.semaphores().first().map(|semaphore| semaphore.pid), Some(8));
        array.undo(LIST, 8);
        assert_eq!(values(&array), [0, 9, 5]);
    }

    #[test]
    fn what_is_undone_has_bounds_too() {
        let mut array: Array<u32> = Array::new(1).unwrap();
        array.prepare_undo(LIST).unwrap();
        let undo = |delta| Op { undo: true, ..op(0, delta) };
        assert_eq!(array.attempt(&[undo(VALUE_MAX)], PID, LIST), Ok(Attempt::Done));
        assert_eq!(array.attempt(&[op(0, -VALUE_MAX)], PID, LIST), Ok(Attempt::Done));
        assert_eq!(array.attempt(&[undo(2)], PID, LIST), Err(Errno::ERANGE));
        assert_eq!(array.attempt(&[undo(1)], PID, LIST), Ok(Attempt::Done));
    }
}
