//! [`AddressSpace`]: a program's mappings and the page table that realises them.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use elfin_platform::paging::{PageFlags, PageTable};
use elfin_platform::sync::SpinLock;

use super::layout::Layout;
use super::vma::{Backing, Label, Vma, VmaFlags, same_object};
use super::vma_map::VmaMap;
use super::{PAGE_SIZE, page_floor};
use crate::event::aio::Contexts;
use crate::fs::{Mappable, OpenFile};
use crate::task::RwLock;

/// What [`AddressSpace::lock`](AddressSpace) guards.
pub(super) struct Inner {
    pub map: VmaMap,
    /// The heap's first address and its end (`brk`), which need not be page-aligned.
    pub heap: (usize, usize),
    /// Properties that new mappings get (`mlockall`).
    pub default_flags: VmaFlags,
}

/// A program's memory. Threads share it by reference.
pub struct AddressSpace {
    pub(super) inner: RwLock<Inner>,
    pub(super) pages: Arc<PageTable>,
    /// Places for new parts.
    pub layout: Layout,
    /// Where arguments and environment lie on the stack: `argv` from, to, `envp` from, to.
    args: [AtomicUsize; 4],
    /// Threads that run in it.
    pub(super) users: AtomicUsize,
    /// What `membarrier` was told to be ready for.
    pub barriers: AtomicI32,
    /// The most bytes that were ever mapped.
    pub(super) peak: AtomicUsize,
    /// The file that runs and the auxiliary vector that it was given.
    program: SpinLock<Option<Program>>,
    /// Where results of `io_submit` wait.
    pub aio: Contexts,
}

/// What an address space was made for.
#[derive(Clone)]
pub struct Program {
    /// The file that runs.
    pub file: Arc<OpenFile>,
    /// The auxiliary vector's bytes.
    pub auxv: Arc<[u8]>,
}

/// All address spaces, and some that are gone.
static SPACES: SpinLock<Vec<Weak<AddressSpace>>> = SpinLock::new(Vec::new());
/// Counts forks, whose pages no fault brought.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// Notes an address space; `None` without memory.
fn register(space: &Arc<AddressSpace>) -> Option<()> {
    let mut spaces = SPACES.lock();
    if spaces.len() == spaces.capacity() {
        spaces.retain(|space| space.strong_count() > 0);
        // As much room again as there are: so each call costs a few steps on the average.
        let room = spaces.len().max(1);
        spaces.try_reserve(room).ok()?;
    }
    spaces.push(Arc::downgrade(space));
    Some(())
}

/// What two futex words have in common when they are the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FutexKey {
    /// In private memory: the address space and the address.
    Private(usize, usize),
    /// In shared memory: the object, and the offset in it.
    Shared(usize, u64),
}

impl AddressSpace {
    /// An address space with nothing in it; `None` without memory.
    pub fn new(layout: Layout) -> Option<Arc<Self>> {
        let space = Arc::new(Self {
            inner: RwLock::new(Inner {
                map: VmaMap::new(),
                heap: (0, 0),
                default_flags: VmaFlags::empty(),
            }),
            pages: Arc::new(PageTable::new()?),
            layout,
            args: [const { AtomicUsize::new(0) }; 4],
            users: AtomicUsize::new(0),
            barriers: AtomicI32::new(0),
            peak: AtomicUsize::new(0),
            program: SpinLock::new(None),
            aio: Contexts::new(),
        });
        register(&space)?;
        Some(space)
    }

    /// The page table, for the CPU.
    pub fn page_table(&self) -> &Arc<PageTable> {
        &self.pages
    }

    /// Where arguments and environment lie: `argv` from, to, `envp` from, to.
    pub fn args(&self) -> [usize; 4] {
        [0, 1, 2, 3].map(|n: usize| self.args[n].load(Ordering::Relaxed))
    }

    /// Says where arguments and environment lie.
    pub fn set_args(&self, args: [usize; 4]) {
        for (place, value) in self.args.iter().zip(args) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// The program that was loaded into it.
    pub fn program(&self) -> Option<Program> {
        self.program.lock().clone()
    }

    /// Lets the program's file go.
    pub(super) fn forget_program(&self) {
        let program = self.program.lock().take();
        drop(program);
    }

    /// Says which program was loaded into it.
    pub fn set_program(&self, program: Program) {
        *self.program.lock() = Some(program);
    }

    /// The heap: its first address and its end.
    pub fn heap(&self) -> (usize, usize) {
        self.inner.read().heap
    }

    /// Calls `f` with each mapping, in order. `f` must not touch the address space.
    pub fn for_each(&self, mut f: impl FnMut(&Vma)) {
        self.inner.read().map.iter().for_each(&mut f);
    }

    /// A copy of the mapping that holds `address`.
    pub fn find(&self, address: usize) -> Option<Vma> {
        self.inner.read().map.find(address).cloned()
    }

    /// Bytes mapped.
    pub fn size(&self) -> usize {
        self.inner.read().map.total()
    }

    /// The most bytes that were ever mapped.
    pub fn peak_size(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// Bytes of memory that it uses (resident).
    pub fn resident(&self) -> usize {
        self.pages.resident().0 * PAGE_SIZE
    }

    /// The most bytes of memory that it ever used.
    pub fn peak_resident(&self) -> usize {
        self.pages.resident().1 * PAGE_SIZE
    }

    /// Bytes of `vma` in the page table, as `/proc/self/smaps` counts them.
    pub fn resident_in(&self, vma: &Vma) -> usize {
        let mut pages = 0;
        self.pages.for_each(vma.range(), &mut |_, flags| {
            pages += usize::from(!flags.contains(PageFlags::ZERO));
        });
        pages * PAGE_SIZE
    }

    /// What the futex word at `address` is known by. `private` promises that no other address
    /// space uses it.
    pub fn futex_key(&self, address: usize, private: bool) -> FutexKey {
        let private_key = FutexKey::Private(core::ptr::from_ref(self).addr(), address);
        if private {
            return private_key;
        }
        match self.inner.read().map.find(address) {
            Some(vma) if vma.is_shared() => match &vma.backing {
                Backing::Object { object, .. } => FutexKey::Shared(
                    Arc::as_ptr(object).cast::<()>().addr(),
                    vma.object_page(address) * PAGE_SIZE as u64
                        + (address - page_floor(address)) as u64,
                ),
                Backing::Anonymous => private_key,
            },
            _ => private_key,
        }
    }

    /// The kernel's name for `address`, where a mapping has one.
    pub fn label(&self, address: usize) -> Label {
        self.find(address).map_or(Label::None, |vma| vma.label)
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        for vma in self.inner.get_mut().map.iter() {
            if let Backing::Object { object, .. } = &vma.backing {
                object.mapped(-1, super::map::holds_back_seal(vma));
            }
        }
    }
}

/// Takes the pages of `object` from `first` on out of every program's page table: the file was
/// cut there. The next touch asks the object again.
pub fn unmap_file_range(object: &Arc<dyn Mappable>, first: u64) {
    loop {
        let forks = FORKS.load(Ordering::Acquire);
        let spaces: Vec<_> = SPACES.lock().iter().filter_map(Weak::upgrade).collect();
        spaces.iter().for_each(|space| space.unmap_object(object, first));
        if FORKS.load(Ordering::Acquire) == forks {
            return;
        }
    }
}

/// The part of `vma` that maps pages of `object` from `first` on; empty if there is none.
fn range_from(vma: &Vma, object: &Arc<dyn Mappable>, first: u64) -> Range<usize> {
    match &vma.backing {
        Backing::Object { object: other, page, .. } if same_object(object, other) => {
            let skip = usize::try_from(first.saturating_sub(*page)).unwrap_or(usize::MAX);
            vma.start.saturating_add(skip.saturating_mul(PAGE_SIZE)).min(vma.end)..vma.end
        }
        _ => vma.end..vma.end,
    }
}

impl AddressSpace {
    /// Counts a fork, before it copies any page.
    pub(super) fn note_fork() {
        FORKS.fetch_add(1, Ordering::AcqRel);
    }

    fn unmap_object(&self, object: &Arc<dyn Mappable>, first: u64) {
        let concerns = |vma: &Vma| !range_from(vma, object, first).is_empty();
        if !self.inner.read().map.iter().any(concerns) {
            return;
        }
        // Faults under way may hold frames that are no longer the object's: none may be left.
        let inner = self.inner.write();
        for vma in inner.map.iter() {
            let range = range_from(vma, object, first);
            if !range.is_empty() {
                self.pages.unmap(range);
            }
        }
    }
}
