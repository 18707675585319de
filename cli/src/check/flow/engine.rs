//! Runs a function's steps to a fixed point of states, block by block.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use super::ir::{Flow, Isa, Step};
use super::state::State;

/// How often a block may be run before its state becomes unknown.
const VISITS_MAX: u32 = 64;

/// What [`analyze`] shows, with the state right before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// A system call at this address.
    Syscall(u64),
    /// A call at `at` of the function at `target`, which finds its return address on the stack if the
    /// architecture puts it there.
    Call {
        /// Address of the call.
        at: u64,
        /// The function.
        target: u64,
    },
    /// Control leaves the function for `target` without a call.
    Leave {
        /// Address of the jump.
        at: u64,
        /// Where to.
        target: u64,
    },
}

/// Analyzes the function that `steps` are, in `range`.
pub fn analyze<I: Isa>(steps: &[Step], range: Range<u64>, visit: &mut dyn FnMut(Visit, &State)) {
    let mut solver = Solver::new(steps, range);
    solver.enter(0, &State::entry::<I>());
    solver.solve::<I>();
    let last_is_reached = solver.states.last().is_some_and(Option::is_some);
    // What nothing has led to yet is reached in a way that can not be seen, such as a jump table.
    for block in 0..solver.states.len() {
        let unreached = solver.states.get(block).is_some_and(Option::is_none);
        if unreached && !solver.blocks.is_padding(block) {
            let state = solver.indirect.clone().unwrap_or_else(State::unknown::<I>);
            solver.enter(block, &state);
            solver.solve::<I>();
        }
    }
    let Solver { blocks, states, .. } = solver;
    let last = states.len().wrapping_sub(1);
    for (block, state) in states.into_iter().enumerate() {
        let Some(mut state) = state else { continue };
        run_block::<I>(&blocks, block, &mut state, visit);
        if block == last && last_is_reached {
            leave_at_the_end(&blocks, block, &state, visit);
        }
    }
}

/// The states on the way to the fixed point.
struct Solver<'a> {
    blocks: Blocks<'a>,
    /// At the top of each block; `None` where nothing has led to yet.
    states: Vec<Option<State>>,
    visits: Vec<u32>,
    todo: VecDeque<usize>,
    /// At all indirect jumps together.
    indirect: Option<State>,
}

impl<'a> Solver<'a> {
    fn new(steps: &'a [Step], range: Range<u64>) -> Self {
        let blocks = Blocks::new(steps, range);
        let count = blocks.starts.len();
        Self {
            blocks,
            states: vec![None; count],
            visits: vec![0; count],
            todo: VecDeque::new(),
            indirect: None,
        }
    }

    /// Control may come to `block` with `state`.
    fn enter(&mut self, block: usize, state: &State) {
        let Some(slot) = self.states.get_mut(block) else { return };
        if join_into(slot, state) && !self.todo.contains(&block) {
            self.todo.push_back(block);
        }
    }

    fn solve<I: Isa>(&mut self) {
        while let Some(block) = self.todo.pop_front() {
            let Some(count) = self.visits.get_mut(block) else { continue };
            *count += 1;
            if *count > VISITS_MAX {
                continue;
            }
            if *count == VISITS_MAX
                && let Some(slot) = self.states.get_mut(block)
            {
                *slot = Some(State::unknown::<I>());
            }
            let Some(Some(mut state)) = self.states.get(block).cloned() else { continue };
            run_block::<I>(&self.blocks, block, &mut state, &mut |_, _| {});
            if self.blocks.ends_in_indirect_jump(block) {
                join_into(&mut self.indirect, &state);
            }
            for next in self.blocks.successors(block) {
                self.enter(next, &state);
            }
        }
    }
}

/// Joins `state` into what is known. Says whether that was new.
fn join_into(slot: &mut Option<State>, state: &State) -> bool {
    match slot {
        Some(known) => known.join(state),
        None => {
            *slot = Some(state.clone());
            true
        }
    }
}

/// Shows that control runs on into what follows the function. Padding after it does not count.
fn leave_at_the_end(
    blocks: &Blocks<'_>,
    block: usize,
    state: &State,
    visit: &mut dyn FnMut(Visit, &State),
) {
    let Some(last) = blocks.steps(block).last() else { return };
    let runs_on = match last.flow {
        Flow::Next => !last.ops.is_empty(),
        Flow::Branch(_) => true,
        _ => false,
    };
    if runs_on {
        visit(Visit::Leave { at: last.address, target: blocks.range.end }, state);
    }
}

/// Runs one block from `state` to its end, showing what happens on the way.
fn run_block<I: Isa>(
    blocks: &Blocks<'_>,
    block: usize,
    state: &mut State,
    visit: &mut dyn FnMut(Visit, &State),
) {
    for step in blocks.steps(block) {
        for op in &step.ops {
            state.apply::<I>(*op);
        }
        let at = step.address;
        match step.flow {
            Flow::Syscall => {
                visit(Visit::Syscall(at), state);
                state.forget(I::SYSCALL_FORGETS);
            }
            Flow::ForeignSyscall => state.forget(I::SYSCALL_FORGETS),
            Flow::Call(target) => {
                visit(Visit::Call { at, target }, state);
                state.forget(I::CALL_FORGETS);
            }
            Flow::LastCall(target) => visit(Visit::Call { at, target }, state),
            Flow::IndirectCall => state.forget(I::CALL_FORGETS),
            Flow::Jump(target) | Flow::Branch(target) if !blocks.range.contains(&target) => {
                visit(Visit::Leave { at, target }, state);
            }
            Flow::Jump(_)
            | Flow::Branch(_)
            | Flow::Next
            | Flow::IndirectJump
            | Flow::Return
            | Flow::Stop => {}
        }
    }
}

/// A function cut into blocks: runs of steps that are entered at the top only.
struct Blocks<'a> {
    steps: &'a [Step],
    range: Range<u64>,
    /// Index of each block's first step.
    starts: Vec<usize>,
    /// Block that begins at an address.
    by_address: BTreeMap<u64, usize>,
}

impl<'a> Blocks<'a> {
    fn new(steps: &'a [Step], range: Range<u64>) -> Self {
        let mut leaders = BTreeSet::from([range.start]);
        for pair in steps.windows(2) {
            if let [step, next] = pair {
                match step.flow {
                    Flow::Jump(target) | Flow::Branch(target) => {
                        leaders.insert(target);
                        leaders.insert(next.address);
                    }
                    flow if !flow.leads_on() => {
                        leaders.insert(next.address);
                    }
                    _ => {}
                }
            }
        }
        if let Some(Step { flow: Flow::Jump(target) | Flow::Branch(target), .. }) = steps.last() {
            leaders.insert(*target);
        }
        let starts: Vec<usize> = steps
            .iter()
            .enumerate()
            .filter(|(index, step)| *index == 0 || leaders.contains(&step.address))
            .map(|(index, _)| index)
            .collect();
        let address = |index: &usize| steps.get(*index).map(|step| step.address);
        let by_address = starts
            .iter()
            .enumerate()
            .filter_map(|(block, index)| Some((address(index)?, block)))
            .collect();
        Self { steps, range, starts, by_address }
    }

    fn steps(&self, block: usize) -> &'a [Step] {
        let start = self.starts.get(block).copied().unwrap_or(self.steps.len());
        let end = self.starts.get(block + 1).copied().unwrap_or(self.steps.len());
        self.steps.get(start..end).unwrap_or_default()
    }

    /// Whether `block` only fills space before an aligned target.
    fn is_padding(&self, block: usize) -> bool {
        self.steps(block).iter().all(|step| step.ops.is_empty() && step.flow == Flow::Next)
    }

    fn ends_in_indirect_jump(&self, block: usize) -> bool {
        self.steps(block).last().is_some_and(|step| step.flow == Flow::IndirectJump)
    }

    /// Blocks of this function that may follow `block`.
    fn successors(&self, block: usize) -> impl Iterator<Item = usize> + use<> {
        let flow = self.steps(block).last().map_or(Flow::Stop, |step| step.flow);
        let (there, on) = match flow {
            Flow::Jump(target) => (Some(target), false),
            Flow::Branch(target) => (Some(target), true),
            flow => (None, flow.leads_on()),
        };
        let there = there.and_then(|target| self.by_address.get(&target).copied());
        let on = (on && block + 1 < self.starts.len()).then_some(block + 1);
        there.into_iter().chain(on)
    }
}
