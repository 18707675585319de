//! The tree of processes: who is whose child, who inherits orphans, and who hears of an end.
//!
//! One lock guards the shape of the whole tree; it is taken by fork, wait and exit alone. A
//! process's children form a list of links in [`Family`], so that orphans move without memory.
//! Lock order: tree, a process's signal queue, its threads, a thread's queue, run queues.
//!
//! Neighbours: [`super::clone`] adds children, [`super::wait_child`] reaps them, [`super::exit`]
//! ends processes.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;

use elfin_platform::sync::{SpinGuard, SpinLock};

use super::poll::PollEvents;
use super::process::{INIT, Process};
use super::signal::{self, Info, SIGCHLD, SigFlags, Signal};
use super::thread::Thread;
use super::{ids, jobs};

static TREE: SpinLock<()> = SpinLock::new(());

/// The right to change the tree, held for a short time: no sleeping.
pub struct Tree(#[allow(dead_code, reason = "it is the lock that counts")] SpinGuard<'static, ()>);

/// A process's links in the tree. They change only under the tree's lock.
#[derive(Default)]
pub struct Family {
    /// Its parent; dead for the first process.
    parent: Weak<Process>,
    first_child: Option<Arc<Process>>,
    last_child: Weak<Process>,
    next: Option<Arc<Process>>,
    previous: Weak<Process>,
}

/// Locks the tree.
pub fn lock() -> Tree {
    Tree(TREE.lock())
}

impl Tree {
    /// Makes `child` the youngest child of `parent`.
    pub fn adopt(&self, parent: &Arc<Process>, child: Arc<Process>) {
        let mut above = parent.family.lock();
        let elder = core::mem::replace(&mut above.last_child, Arc::downgrade(&child)).upgrade();
        {
            let mut own = child.family.lock();
            own.parent = Arc::downgrade(parent);
            own.previous = elder.as_ref().map(Arc::downgrade).unwrap_or_default();
        }
        match elder {
            Some(elder) => elder.family.lock().next = Some(child),
            None => above.first_child = Some(child),
        }
    }

    /// Takes `child` out of its parent's children; its parent stays known to it.
    pub fn remove(&self, child: &Process) -> Option<Arc<Process>> {
        let (parent, previous, next) = {
            let mut own = child.family.lock();
            (own.parent.upgrade()?, core::mem::take(&mut own.previous).upgrade(), own.next.take())
        };
        let mut above = parent.family.lock();
        match &next {
            Some(next) => {
                next.family.lock().previous =
                    previous.as_ref().map(Arc::downgrade).unwrap_or_default();
            }
            None => {
                above.last_child = previous.as_ref().map(Arc::downgrade).unwrap_or_default();
            }
        }
        match &previous {
            Some(previous) => core::mem::replace(&mut previous.family.lock().next, next),
            None => core::mem::replace(&mut above.first_child, next),
        }
    }

    /// The children of `parent`, eldest first.
    pub fn children(&self, parent: &Process) -> impl Iterator<Item = Arc<Process>> {
        let first = parent.family.lock().first_child.clone();
        core::iter::successors(first, |child| child.family.lock().next.clone())
    }

    /// Takes an ended child out of the tree for good: its id means nobody from now on.
    pub fn reap(&self, child: &Process) -> Option<Arc<Process>> {
        child.mark_reaped();
        ids::unregister_process(child);
        self.remove(child)
    }
}

impl Process {
    /// Its parent; none for the first process.
    pub fn parent(&self) -> Option<Arc<Process>> {
        self.family.lock().parent.upgrade()
    }

    /// The id of its parent; 0 for the first process.
    pub fn ppid(&self) -> u32 {
        self.parent().map_or(0, |parent| parent.pid)
    }

    /// Whether it has children, ended ones too.
    pub fn has_children(&self) -> bool {
        self.family.lock().first_child.is_some()
    }
}

/// Who inherits the children of `process`: the nearest living ancestor that asked for it
/// (`PR_SET_CHILD_SUBREAPER`), else the first process.
fn heir(process: &Process) -> Option<Arc<Process>> {
    let mut ancestor = process.parent();
    while let Some(candidate) = ancestor {
        if candidate.subreaper.load(Ordering::Relaxed) && !candidate.is_exiting() {
            return Some(candidate);
        }
        ancestor = candidate.parent();
    }
    ids::find_process(INIT)
}

/// The last thread of `process`, `me`, has gone: its children get a new parent and its parent
/// hears of it. Whoever is to be reaped at once is.
pub fn leave(me: &Thread) {
    let process = &me.process;
    let tree = lock();
    if let Some(heir) = heir(process) {
        let mut next = tree.children(process).next();
        while let Some(child) = next {
            send_death_signals(&child);
            let moved = tree.remove(&child);
            child.exit_signal.store(SIGCHLD.number(), Ordering::Relaxed);
            child.parent_tid.store(heir.pid, Ordering::Relaxed);
            tree.adopt(&heir, child.clone());
            jobs::reparented(&child, process);
            drop(moved);
            if child.has_ended() {
                notify_parent_of_end(&tree, &child);
            }
            next = tree.children(process).next();
        }
    }
    jobs::leaves_group(process);
    process.uid.store(me.cred().uid, Ordering::Relaxed);
    process.mark_ended();
    notify_parent_of_end(&tree, process);
    drop(tree);
    process.ended.wake_all(PollEvents::READABLE);
}

/// The thread `me`, one of several, has gone: the children that it made get another thread of
/// its process as their parent, and those that asked for it a signal.
pub fn thread_left(me: &Thread) {
    if !me.process.has_children() {
        return;
    }
    let tree = lock();
    for child in tree.children(&me.process) {
        if child.parent_tid.load(Ordering::Relaxed) == me.tid {
            child.parent_tid.store(me.process.pid, Ordering::Relaxed);
            send_death_signals(&child);
        }
    }
}

/// `PR_SET_PDEATHSIG`: tells the threads of `child` that asked for it that the thread which made
/// it has gone.
fn send_death_signals(child: &Arc<Process>) {
    let mut signals = [0_u32; 4];
    let mut count = 0;
    child.for_each_thread(|thread| {
        let number = thread.death_signal.load(Ordering::Relaxed);
        if number != 0
            && let Some(slot) = signals.get_mut(count)
        {
            *slot = number;
            count += 1;
        }
    });
    for number in signals.into_iter().take(count) {
        if let Some(signal) = Signal::from_number(number) {
            let (pid, uid) = child.parent().map_or((0, 0), |parent| (parent.pid, 0));
            let info = Info::from_process(signal, signal::code::USER, pid, uid);
            // Standard signals always find room; others are lost as a full queue loses them.
            let _sent = signal::send_to_process(child, info);
        }
    }
}

/// Tells the parent of `process`, which has ended, and reaps it if nobody will wait.
fn notify_parent_of_end(tree: &Tree, process: &Process) {
    let Some(parent) = process.parent() else { return };
    let number = process.exit_signal.load(Ordering::Relaxed);
    let mut sends = number != 0;
    let mut reaps = false;
    if number == SIGCHLD.number() {
        let action = parent.signals.action(SIGCHLD);
        reaps = action.is_ignored() || action.flags().contains(SigFlags::NOCLDWAIT);
        sends = !action.is_ignored();
    }
    if sends && let Some(signal) = Signal::from_number(number) {
        // A standard signal always finds room.
        let _sent = signal::send_to_process(&parent, process.end_info(signal));
    }
    let reaped = if reaps { tree.reap(process) } else { None };
    parent.child_events.wake_all(PollEvents::empty());
    // The caller holds a reference, so nothing is freed here.
    drop(reaped);
}
