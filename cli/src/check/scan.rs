//! Which system calls a program's code can make: [`scan`] looks at every system call instruction, and, where the
//! number comes from the function's caller, at every call of that function, and so on.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::code::Code;
use super::flow::{Atom, Flow, Isa, Reg, Source, State, Value, Visit, analyze};
use super::functions::{Functions, Sweep};
use super::noreturn::never_returning;

/// Most functions that are analyzed: a bound for programs made to be hard.
const ANALYSES_MAX: usize = 500_000;
/// System call numbers are the low half of their register.
const NUMBER_MASK: i64 = 0xffff_ffff;

/// What was found.
#[derive(Debug, Default)]
pub struct Scan {
    /// System call instructions.
    pub instructions: usize,
    /// Instructions of other system call interfaces.
    pub foreign: usize,
    /// Numbers, with the addresses where they are chosen.
    pub numbers: BTreeMap<u32, BTreeSet<u64>>,
    /// Where a number that is only known at run time can come from, with the reason.
    pub unresolved: BTreeMap<u64, &'static str>,
}

impl Scan {
    /// Places where numbers are chosen, known or not.
    pub fn sites(&self) -> usize {
        let mut sites: BTreeSet<u64> = self.unresolved.keys().copied().collect();
        sites.extend(self.numbers.values().flatten());
        sites.len()
    }
}

/// Scans `code`.
pub fn scan<I: Isa>(code: &Code<'_>) -> Scan {
    let sweep = Sweep::new::<I>(code);
    let functions = Functions::new(code, &sweep);
    let callers = Callers::new(&functions, &sweep);
    let never_returning = never_returning::<I>(code, &functions, &sweep);
    let mut scanner = Scanner {
        code,
        functions,
        callers,
        never_returning,
        scan: Scan {
            instructions: sweep.syscalls.len(),
            foreign: sweep.foreign,
            ..Scan::default()
        },
        wrappers: HashSet::new(),
        todo: VecDeque::new(),
        uncalled: BTreeSet::new(),
        analyses: 0,
        number: I::NUMBER,
    };
    scanner.run::<I>(&sweep.syscalls);
    scanner.judge_uncalled::<I>();
    scanner.scan
}

/// Which functions call, or run into, a function.
struct Callers(HashMap<u64, BTreeSet<u64>>);

impl Callers {
    fn new(functions: &Functions, sweep: &Sweep) -> Self {
        let mut callers: HashMap<u64, BTreeSet<u64>> = HashMap::new();
        for (at, target) in sweep.calls.iter().chain(&sweep.jumps) {
            if let Some(from) = functions.start_of(*at)
                && (from != *target || sweep.calls.binary_search(&(*at, *target)).is_ok())
                && functions.is_start(*target)
            {
                callers.entry(*target).or_default().insert(from);
            }
        }
        for (start, next) in functions.adjacent() {
            callers.entry(next).or_default().insert(start);
        }
        Self(callers)
    }
}

/// From what the analysis shows, picks where a number is chosen and what it may be.
type Pick<'a> = dyn FnMut(Visit, &State) -> Option<(u64, Value)> + 'a;

struct Scanner<'a> {
    code: &'a Code<'a>,
    functions: Functions,
    callers: Callers,
    never_returning: HashSet<u64>,
    scan: Scan,
    /// Functions whose number comes from their caller, and where from.
    wrappers: HashSet<(u64, Source)>,
    todo: VecDeque<(u64, Source)>,
    /// Wrappers without a direct call.
    uncalled: BTreeSet<u64>,
    analyses: usize,
    number: Reg,
}

impl Scanner<'_> {
    fn run<I: Isa>(&mut self, syscalls: &[u64]) {
        let direct: BTreeSet<u64> =
            syscalls.iter().filter_map(|at| self.functions.start_of(*at)).collect();
        for function in direct {
            let number = Source::Register(self.number);
            self.look::<I>(function, &mut |visit, state| match visit {
                Visit::Syscall(at) => Some((at, state.source::<I>(number, 0))),
                _ => None,
            });
        }
        while let Some((wrapper, source)) = self.todo.pop_front() {
            let callers = self.callers.0.get(&wrapper).cloned().unwrap_or_default();
            let mut called = false;
            for caller in callers {
                called |= self.look::<I>(caller, &mut |visit, state| match visit {
                    Visit::Call { at, target } if target == wrapper => {
                        Some((at, state.source::<I>(source, I::CALL_PUSHES)))
                    }
                    Visit::Leave { at, target } if target == wrapper => {
                        Some((at, state.source::<I>(source, 0)))
                    }
                    _ => None,
                });
            }
            if !called {
                self.uncalled.insert(wrapper);
            }
        }
    }

    /// A function that nobody calls directly is called through a pointer if its address is
    /// somewhere, and never otherwise.
    fn judge_uncalled<I: Isa>(&mut self) {
        for function in self.code.referenced::<I>(&self.uncalled) {
            let reason = "its callers choose the number, through a pointer";
            self.scan.unresolved.insert(function, reason);
        }
    }

    /// Analyzes `function` and takes in the values that `pick` picks. Says whether there were any.
    fn look<I: Isa>(&mut self, function: u64, pick: &mut Pick<'_>) -> bool {
        let Some(range) = self.functions.range_of(function) else { return false };
        let Some(bytes) = self.code.bytes(&range) else { return false };
        self.analyses += 1;
        if self.analyses > ANALYSES_MAX {
            self.scan.unresolved.insert(function, "the program is too large to look at all of it");
            return true;
        }
        let mut steps = I::steps(bytes, range.start);
        for step in &mut steps {
            if let Flow::Call(target) = step.flow
                && self.never_returning.contains(&target)
            {
                step.flow = Flow::LastCall(target);
            }
        }
        let mut picked = Vec::new();
        analyze::<I>(&steps, range, &mut |visit, state| picked.extend(pick(visit, state)));
        let any = !picked.is_empty();
        for (at, value) in picked {
            for atom in value.atoms() {
                self.take(function, at, atom);
            }
        }
        any
    }

    /// `atom` may be the number that is chosen at `at`, in `function`.
    fn take(&mut self, function: u64, at: u64, atom: Atom) {
        match atom {
            Atom::Const(number) => {
                if let Ok(number) = u32::try_from(number & NUMBER_MASK) {
                    self.scan.numbers.entry(number).or_default().insert(at);
                }
            }
            Atom::Entry(source) => {
                if self.wrappers.insert((function, source)) {
                    self.todo.push_back((function, source));
                }
            }
            Atom::Stack(_) | Atom::Unknown => {
                self.scan.unresolved.insert(at, "the number is computed");
            }
        }
    }
}
