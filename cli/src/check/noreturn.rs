//! Functions that never return, such as `exit` and `abort`: what follows a call of them is not reached by it.

use std::collections::{HashMap, HashSet};

use super::code::Code;
use super::flow::{Flow, Isa};
use super::functions::{Functions, Sweep};

/// The beginnings of the functions that never return: those without a return of their own that only go on to
/// others of the kind.
pub fn never_returning<I: Isa>(
    code: &Code<'_>,
    functions: &Functions,
    sweep: &Sweep,
) -> HashSet<u64> {
    let mut exits: HashMap<u64, Vec<u64>> = HashMap::new();
    for range in functions.ranges().filter(|range| !sweep.may_return(range.clone())) {
        let Some(bytes) = code.bytes(&range) else { continue };
        let steps = I::steps(bytes, range.start);
        let outside = |target: &u64| !range.contains(target);
        let mut targets: Vec<u64> = steps
            .iter()
            .filter_map(|step| match step.flow {
                Flow::Jump(target) | Flow::Branch(target) => Some(target),
                _ => None,
            })
            .filter(outside)
            .collect();
        // The end: a call that must not return, or on into what follows.
        let is_padding = |flow: Flow, idle: bool| flow == Flow::Next && idle;
        let last = steps.iter().rev().find(|step| !is_padding(step.flow, step.ops.is_empty()));
        match last.map(|step| step.flow) {
            Some(Flow::Call(target)) => targets.push(target),
            Some(flow) if !flow.leads_on() => {}
            _ => targets.push(range.end),
        }
        exits.insert(range.start, targets);
    }
    // What goes on to a function that returns, returns.
    loop {
        let returning: Vec<u64> = exits
            .iter()
            .filter(|(_, targets)| targets.iter().any(|target| !exits.contains_key(target)))
            .map(|(start, _)| *start)
            .collect();
        if returning.is_empty() {
            return exits.into_keys().collect();
        }
        for start in returning {
            exits.remove(&start);
        }
    }
}
