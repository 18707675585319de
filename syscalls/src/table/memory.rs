//! Rows about memory: mappings, protection, advice, locking, memory policy.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_memory {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        mmap                    {   9, 222 } partial("no huge pages: MAP_HUGETLB fails with ENOMEM")        (addr: UserAddr, len: usize, prot: ProtFlags, flags: MapFlags, fd: Fd, offset: usize) ["own:memory"];
        munmap                  {  11, 215 } full        (addr: UserAddr, len: usize) ["own:memory"];
        mprotect                {  10, 226 } full        (addr: UserAddr, len: usize, prot: ProtFlags) ["own:memory"];
        mremap                  {  25, 216 } full        (old: UserAddr, old_len: usize, new_len: usize, flags: MremapFlags, new: UserAddr) ["own:memory"];
        madvise                 {  28, 233 } partial("hints about huge pages, order and cold pages are taken and ignored")        (addr: UserAddr, len: usize, advice: Advice) ["own:memory"];
        brk                     {  12, 214 } full        (addr: UserAddr) ["own:memory"];
        msync                   {  26, 227 } full        (addr: UserAddr, len: usize, flags: MsyncFlags) ["own:memory"];
        mincore                 {  27, 232 } full        (addr: UserAddr, len: usize, vec: UserAddr) ["own:memory"];
        mlock                   { 149, 228 } partial("pages are provided; RLIMIT_MEMLOCK is not counted, for memory is never swapped")        (addr: UserAddr, len: usize) [];
        mlock2                  { 325, 284 } partial("pages are provided; RLIMIT_MEMLOCK is not counted, for memory is never swapped")        (addr: UserAddr, len: usize, flags: u32) [];
        munlock                 { 150, 229 } partial("pages are provided; RLIMIT_MEMLOCK is not counted, for memory is never swapped")        (addr: UserAddr, len: usize) [];
        mlockall                { 151, 230 } partial("provides what is mapped now; memory is never swapped")        (flags: MlockallFlags) [];
        munlockall              { 152, 231 } partial("memory is never swapped: nothing to undo")        () [];
        mseal                   { 462, 462 } stub("callers leave the mapping unsealed") (addr: UserAddr, len: usize, flags: usize) [];
        remap_file_pages        { 216, 234 } stub("obsolete: callers map each range") (addr: UserAddr, len: usize, prot: usize, pgoff: usize, flags: usize) [];
        process_madvise         { 440, 440 } stub("advice about another process is never needed") (pidfd: Fd, iov: UserIn<[Iovec]>, count: usize, advice: Advice, flags: u32) [];
        process_mrelease        { 448, 448 } stub("a killed process frees its memory by itself") (pidfd: Fd, flags: u32) [];
        process_vm_readv        { 310, 270 } full (pid: Pid, local: UserAddr, liovcnt: usize, remote: UserAddr, riovcnt: usize, flags: usize) ["own:memory"];
        process_vm_writev       { 311, 271 } full (pid: Pid, local: UserAddr, liovcnt: usize, remote: UserAddr, riovcnt: usize, flags: usize) ["own:memory"];
        membarrier              { 324, 283 } partial("one CPU needs no interrupts to others")        (cmd: i32, flags: u32, cpu: i32) [];
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
