//! Where functions begin: one pass over all instructions ([`Sweep`]), and the cut of the code that follows
//! from it ([`Functions`]).

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::code::Code;
use super::flow::{Flow, Isa};

/// How often the code is cut again because a cut made more jumps lead from one function to another.
const ROUNDS_MAX: usize = 16;

/// What one pass over all instructions finds, by address.
#[derive(Debug, Default)]
pub struct Sweep {
    /// System call instructions.
    pub syscalls: Vec<u64>,
    /// Number of instructions of other system call interfaces.
    pub foreign: usize,
    /// Direct calls and their targets.
    pub calls: Vec<(u64, u64)>,
    /// Direct jumps and their targets.
    pub jumps: Vec<(u64, u64)>,
    /// Indirect jumps.
    indirect: BTreeSet<u64>,
    /// Returns.
    returns: BTreeSet<u64>,
    /// First instructions after one that never leads on.
    fresh: Vec<u64>,
}

impl Sweep {
    /// Looks at all of `code`.
    pub fn new<I: Isa>(code: &Code<'_>) -> Self {
        let mut sweep = Self::default();
        for region in code.regions() {
            I::sweep(region.bytes, region.address, &mut |at, flow, fresh| {
                match flow {
                    Flow::Syscall => sweep.syscalls.push(at),
                    Flow::ForeignSyscall => sweep.foreign += 1,
                    Flow::Call(target) => sweep.calls.push((at, target)),
                    Flow::Jump(target) | Flow::Branch(target) => sweep.jumps.push((at, target)),
                    Flow::IndirectJump => {
                        sweep.indirect.insert(at);
                    }
                    Flow::Return => {
                        sweep.returns.insert(at);
                    }
                    Flow::Next | Flow::IndirectCall | Flow::LastCall(_) | Flow::Stop => {}
                }
                if fresh {
                    sweep.fresh.push(at);
                }
            });
        }
        sweep
    }

    /// Whether a return or an indirect jump is in `range`.
    pub fn may_return(&self, range: Range<u64>) -> bool {
        self.returns.range(range.clone()).next().is_some()
            || self.indirect.range(range).next().is_some()
    }
}

/// A cut through all code.
#[derive(Debug)]
pub struct Functions {
    /// Each beginning, with the end of its code.
    starts: Vec<(u64, u64)>,
}

impl Functions {
    /// Cuts at symbols, at the targets of calls, where jumps from elsewhere lead, and where code begins
    /// that nothing leads to.
    pub fn new(code: &Code<'_>, sweep: &Sweep) -> Self {
        let mut starts: BTreeSet<u64> = code.known_starts().collect();
        starts.extend(sweep.calls.iter().map(|(_, target)| *target));
        let mut cut = Self::cut(code, &starts);

        // Where there are indirect jumps, what nothing leads to is where they lead.
        let targets: HashSet<u64> = sweep.jumps.iter().map(|(_, target)| *target).collect();
        let no_indirect_jump = |at: &&u64| {
            cut.range_of(**at).is_some_and(|range| sweep.indirect.range(range).next().is_none())
        };
        let fresh = sweep.fresh.iter().filter(|at| !targets.contains(at));
        starts.extend(fresh.filter(no_indirect_jump));

        for _ in 0..ROUNDS_MAX {
            let across = |(at, target): &&(u64, u64)| cut.start_of(*at) != cut.start_of(*target);
            let before = starts.len();
            starts.extend(sweep.jumps.iter().filter(across).map(|(_, target)| *target));
            if starts.len() == before && cut.starts.len() == before {
                break;
            }
            cut = Self::cut(code, &starts);
        }
        cut
    }

    fn cut(code: &Code<'_>, starts: &BTreeSet<u64>) -> Self {
        let mut cut = Vec::new();
        for region in code.regions() {
            let range = region.range();
            let mut inside = starts.range(range.clone()).copied().peekable();
            while let Some(start) = inside.next() {
                cut.push((start, inside.peek().copied().unwrap_or(range.end)));
            }
        }
        Self { starts: cut }
    }

    /// The function that `address` is in.
    pub fn start_of(&self, address: u64) -> Option<u64> {
        self.range_of(address).map(|range| range.start)
    }

    /// The whole function that `address` is in.
    pub fn range_of(&self, address: u64) -> Option<Range<u64>> {
        let after = self.starts.partition_point(|(start, _)| *start <= address);
        let (start, end) = *self.starts.get(after.checked_sub(1)?)?;
        (address < end).then_some(start..end)
    }

    /// Whether a function begins at `address`.
    pub fn is_start(&self, address: u64) -> bool {
        self.starts.binary_search_by_key(&address, |(start, _)| *start).is_ok()
    }

    /// All functions.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.starts.iter().map(|(start, end)| *start..*end)
    }

    /// Pairs of functions of which the second follows right after the first.
    pub fn adjacent(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.starts.windows(2).filter_map(|pair| match pair {
            [(start, end), (next, _)] if end == next => Some((*start, *next)),
            _ => None,
        })
    }
}
