//! [`State`]: what may be in each register and known stack slot at one point of a function.

use std::collections::BTreeMap;

use super::ir::{Isa, Op, Reg};
use super::value::{Atom, Source, Value};

/// Most stack slots that are followed.
const SLOTS_MAX: usize = 128;

/// Registers and stack slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    registers: Vec<Value>,
    /// By offset from the stack pointer at the beginning. A slot that is not here holds what it held then.
    slots: BTreeMap<i64, Value>,
}

impl State {
    /// At the beginning of a function.
    pub fn entry<I: Isa>() -> Self {
        let register = |number: usize| match Reg::try_from(number) {
            Ok(register) if register != I::STACK_POINTER => {
                Value::one(Atom::Entry(Source::Register(register)))
            }
            _ => Value::one(Atom::Stack(0)),
        };
        Self { registers: (0..I::REGISTERS).map(register).collect(), slots: BTreeMap::new() }
    }

    /// Where nothing is known but that there is a stack.
    pub fn unknown<I: Isa>() -> Self {
        Self { registers: vec![Value::unknown(); I::REGISTERS], slots: BTreeMap::new() }
    }

    /// What may be in `register`.
    pub fn register(&self, register: Reg) -> Value {
        self.registers.get(usize::from(register)).cloned().unwrap_or_else(Value::unknown)
    }

    /// What may be at `source` for a callee that is entered now, when the call pushes `pushed` bytes.
    pub fn source<I: Isa>(&self, source: Source, pushed: i64) -> Value {
        match source {
            Source::Register(register) => self.register(register),
            Source::Slot(offset) => match self.register(I::STACK_POINTER).stack_offset() {
                Some(pointer) => {
                    self.slot::<I>(pointer.saturating_sub(pushed).saturating_add(offset))
                }
                None => Value::unknown(),
            },
        }
    }

    /// Carries out `op`.
    pub fn apply<I: Isa>(&mut self, op: Op) {
        let same = |number: i64| number;
        match op {
            Op::Set(to, number) => self.set(to, Value::one(Atom::Const(number))),
            Op::SetBits { to, mask, bits } => {
                let value = self.register(to);
                let change = |number: i64| (number & !mask) | (bits & mask);
                self.set(to, value.map(false, change, |_| None));
            }
            Op::Add { to, from, by } => {
                let value = self.register(from);
                let add = |number: i64| number.wrapping_add(by);
                self.set(to, value.map(by == 0, add, |offset| offset.checked_add(by)));
            }
            Op::Maybe { to, from } => {
                let mut value = self.register(to);
                value.join(&self.register(from));
                self.set(to, value);
            }
            Op::Swap(one, other) => {
                let (first, second) = (self.register(one), self.register(other));
                self.set(one, second);
                self.set(other, first);
            }
            Op::Load { to, base, offset } => {
                let value = match self.address(base, offset) {
                    Some(slot) => self.slot::<I>(slot),
                    None => Value::unknown(),
                };
                self.set(to, value);
            }
            Op::Store { base, offset, from } => {
                let value = self.register(from).map(true, same, Some);
                self.store(base, offset, value);
            }
            Op::StoreConst { base, offset, value } => {
                self.store(base, offset, Value::one(Atom::Const(value)));
            }
            Op::Forget(register) => self.set(register, Value::unknown()),
        }
    }

    /// Forgets `registers`.
    pub fn forget(&mut self, registers: &[Reg]) {
        for register in registers {
            self.set(*register, Value::unknown());
        }
    }

    /// Adds what `other` may be. Says whether that was new.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            changed |= mine.join(theirs);
        }
        // A slot that only one side has written holds what is unknown to us.
        let only_theirs = other.slots.keys().filter(|slot| !self.slots.contains_key(slot));
        let only_theirs: Vec<i64> = only_theirs.copied().collect();
        for slot in only_theirs {
            self.slots.insert(slot, Value::unknown());
            changed = true;
        }
        for (slot, mine) in &mut self.slots {
            changed |= match other.slots.get(slot) {
                Some(theirs) => mine.join(theirs),
                None => mine.join(&Value::unknown()),
            };
        }
        changed
    }

    fn set(&mut self, register: Reg, value: Value) {
        if let Some(place) = self.registers.get_mut(usize::from(register)) {
            *place = value;
        }
    }

    fn address(&self, base: Reg, offset: i64) -> Option<i64> {
        self.register(base).stack_offset()?.checked_add(offset)
    }

    fn slot<I: Isa>(&self, slot: i64) -> Value {
        match self.slots.get(&slot) {
            Some(value) => value.clone(),
            None if slot >= I::CALL_PUSHES => Value::one(Atom::Entry(Source::Slot(slot))),
            None => Value::unknown(),
        }
    }

    fn store(&mut self, base: Reg, offset: i64, value: Value) {
        let Some(slot) = self.address(base, offset) else { return };
        if self.slots.len() < SLOTS_MAX || self.slots.contains_key(&slot) {
            self.slots.insert(slot, value);
        }
    }
}
