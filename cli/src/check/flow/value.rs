//! What may be in a register: [`Value`], a small set of [`Atom`]s.

use arrayvec::ArrayVec;

use super::ir::Reg;

/// Most atoms of a value; with more, nothing is known.
const ATOMS_MAX: usize = 12;

/// Where something was when the function began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// In this register.
    Register(Reg),
    /// On the stack, this far above the stack pointer.
    Slot(i64),
}

/// One thing that may be in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Atom {
    /// A number.
    Const(i64),
    /// What was there at the beginning.
    Entry(Source),
    /// An address on the stack, relative to the stack pointer at the beginning.
    Stack(i64),
    /// Anything.
    Unknown,
}

/// The set of what may be in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(ArrayVec<Atom, ATOMS_MAX>);

impl Value {
    /// Just this.
    pub fn one(atom: Atom) -> Self {
        let mut atoms = ArrayVec::new();
        atoms.push(atom);
        Self(atoms)
    }

    /// Anything.
    pub fn unknown() -> Self {
        Self::one(Atom::Unknown)
    }

    /// All that it may be.
    pub fn atoms(&self) -> impl Iterator<Item = Atom> + '_ {
        self.0.iter().copied()
    }

    /// The stack offset, if it is one and nothing else.
    pub fn stack_offset(&self) -> Option<i64> {
        match self.0.as_slice() {
            [Atom::Stack(offset)] => Some(*offset),
            _ => None,
        }
    }

    /// Adds what `other` may be. Says whether that was new.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for atom in &other.0 {
            if let Err(place) = self.0.binary_search(atom) {
                changed = true;
                if self.0.try_insert(place, *atom).is_err() {
                    *self = Self::unknown();
                    return true;
                }
            }
        }
        changed
    }

    /// Applies `change` to constants and `shift` to stack addresses; what was there at the beginning becomes
    /// unknown unless `keep_entry`.
    pub fn map(
        &self,
        keep_entry: bool,
        change: impl Fn(i64) -> i64,
        shift: impl Fn(i64) -> Option<i64>,
    ) -> Self {
        let mut atoms: Vec<Atom> = self
            .atoms()
            .map(|atom| match atom {
                Atom::Const(number) => Atom::Const(change(number)),
                Atom::Stack(offset) => shift(offset).map_or(Atom::Unknown, Atom::Stack),
                Atom::Entry(_) if keep_entry => atom,
                Atom::Entry(_) | Atom::Unknown => Atom::Unknown,
            })
            .collect();
        atoms.sort_unstable();
        atoms.dedup();
        Self(atoms.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bounded_sets() {
        let mut value = Value::one(Atom::Const(5));
        assert!(value.join(&Value::one(Atom::Const(3))));
        assert!(!value.join(&Value::one(Atom::Const(5))));
        assert_eq!(value.atoms().collect::<Vec<_>>(), [Atom::Const(3), Atom::Const(5)]);
        for number in 0..100 {
            value.join(&Value::one(Atom::Const(number)));
        }
        assert!(value.atoms().any(|atom| atom == Atom::Unknown));
        assert!(value.atoms().count() <= ATOMS_MAX);
    }
}
