//! Rows about memory: mappings, protection, advice, locking, memory policy.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_memory {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        mmap                    {   9, 222 } partial("no huge pages: MAP_HUGETLB fails with ENOMEM") (addr: UserAddr, len: usize, prot: ProtFlags, flags: MapFlags, fd: Fd, offset: usize) ["own:memory", "own:procmem"];
        munmap                  {  11, 215 } full (addr: UserAddr, len: usize) ["own:memory", "own:procmem"];
        mprotect                {  10, 226 } full (addr: UserAddr, len: usize, prot: ProtFlags) ["own:memory", "own:procmem"];
        mremap                  {  25, 216 } full (old: UserAddr, old_len: usize, new_len: usize, flags: MremapFlags, new: UserAddr) ["own:memory", "own:procmem"];
        madvise                 {  28, 233 } partial("hints about huge pages, equal pages, order and cold pages are taken and ignored") (addr: UserAddr, len: usize, advice: Advice) ["own:memory", "own:procmem"];
        brk                     {  12, 214 } full (addr: UserAddr) ["own:memory", "own:procmem"];
        msync                   {  26, 227 } full        (addr: UserAddr, len: usize, flags: MsyncFlags) ["own:memory"];
        mincore                 {  27, 232 } full        (addr: UserAddr, len: usize, vec: UserAddr) ["own:memory"];
        mlock                   { 149, 228 } full (addr: UserAddr, len: usize) ["own:memory", "own:procmem"];
        mlock2                  { 325, 284 } full (addr: UserAddr, len: usize, flags: u32) ["own:memory", "own:procmem"];
        munlock                 { 150, 229 } full (addr: UserAddr, len: usize) ["own:memory", "own:procmem"];
        mlockall                { 151, 230 } full (flags: MlockallFlags) ["own:memory", "own:procmem"];
        munlockall              { 152, 231 } full () ["own:memory", "own:procmem"];
        mseal                   { 462, 462 } stub("callers leave the mapping unsealed") (addr: UserAddr, len: usize, flags: usize) [];
        remap_file_pages        { 216, 234 } full (addr: UserAddr, len: usize, prot: usize, pgoff: usize, flags: usize) ["own:memory"];
        process_madvise         { 440, 440 } full (pidfd: Fd, iov: UserAddr, count: usize, advice: Advice, flags: u32) ["own:procmem"];
        process_mrelease        { 448, 448 } full (pidfd: Fd, flags: u32) ["own:procmem"];
        process_vm_readv        { 310, 270 } full (pid: Pid, local: UserAddr, liovcnt: usize, remote: UserAddr, riovcnt: usize, flags: usize) ["own:memory", "own:procmem"];
        process_vm_writev       { 311, 271 } full (pid: Pid, local: UserAddr, liovcnt: usize, remote: UserAddr, riovcnt: usize, flags: usize) ["own:memory", "own:procmem"];
        membarrier              { 324, 283 } full (cmd: i32, flags: u32, cpu: i32) ["own:smp"];
        mbind                   { 237, 235 } stub("one memory node: numactl and allocators go without") (addr: UserAddr, len: usize, mode: usize, nodes: UserAddr, maxnode: usize, flags: u32) [];
        get_mempolicy           { 239, 236 } stub("one memory node: callers take ENOSYS as no NUMA") (mode: UserOut<i32>, nodes: UserAddr, maxnode: usize, addr: UserAddr, flags: usize) [];
        set_mempolicy           { 238, 237 } stub("one memory node: callers take ENOSYS as no NUMA") (mode: i32, nodes: UserAddr, maxnode: usize) [];
        set_mempolicy_home_node { 450, 450 } stub("one memory node: callers take ENOSYS as no NUMA") (addr: UserAddr, len: usize, node: usize, flags: usize) [];
        migrate_pages           { 256, 238 } stub("one memory node: there is nowhere to migrate to") (pid: Pid, maxnode: usize, old: UserAddr, new: UserAddr) [];
        move_pages              { 279, 239 } stub("one memory node: callers take ENOSYS as no NUMA") (pid: Pid, count: usize, pages: UserAddr, nodes: UserAddr, status: UserAddr, flags: i32) [];
        pkey_alloc              { 330, 289 } stub("callers go without protection keys") (flags: usize, rights: usize) [];
        pkey_free               { 331, 290 } stub("callers go without protection keys") (pkey: i32) [];
        pkey_mprotect           { 329, 288 } stub("callers use mprotect") (addr: UserAddr, len: usize, prot: ProtFlags, pkey: i32) [];
        map_shadow_stack        { 453, 453 } stub("C libraries run without shadow stacks") (addr: UserAddr, size: usize, flags: u32) [];
        userfaultfd             { 323, 282 } stub("callers copy eagerly") (flags: i32) [];
        swapon                  { 167, 224 } stub("there is no swap: init scripts go on") (path: UserStr, flags: i32) [];
        swapoff                 { 168, 225 } stub("there is no swap: init scripts go on") (path: UserStr) [];
    } };
}
