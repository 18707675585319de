//! Rows about processes and threads: creation, ids, limits, scheduling, futexes.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_process {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        getpid                 {  39, 172 } full     () ["own:threads"];
        gettid                 { 186, 178 } full     () ["own:threads"];
        getppid                { 110, 173 } full     () ["own:process"];
        fork                   {  57,   _ } full     () ["own:process"];
        vfork                  {  58,   _ } full     () ["own:process"];
        clone                  {  56, 220 } partial("no namespaces")     (flags: CloneFlags, stack: UserAddr, parent_tid: UserOut<i32>, a3: usize, a4: usize) [];
        clone3                 { 435, 435 } partial("no namespaces, no set_tid, no control groups")     (args: UserIn<CloneArgs>, size: usize) [];
        execve                 {  59, 221 } full     (path: UserStr, argv: UserAddr, envp: UserAddr) ["own:process"];
        execveat               { 322, 281 } full     (dir: Fd, path: UserStr, argv: UserAddr, envp: UserAddr, flags: AtFlags) ["own:process"];
        exit                   {  60,  93 } full     (status: i32) ["own:threads"];
        exit_group             { 231,  94 } full     (status: i32) ["own:process"];
        wait4                  {  61, 260 } full     (pid: Pid, status: UserOut<i32>, options: WaitOptions, usage: UserOut<Rusage>) ["own:process"];
        waitid                 { 247,  95 } full     (which: u32, id: Pid, info: UserOut<Siginfo>, options: WaitOptions, usage: UserOut<Rusage>) ["own:process"];
        set_tid_address        { 218,  96 } full     (tidptr: UserAddr) ["own:threads"];
        getpgid                { 121, 155 } full     (pid: Pid) ["own:jobs"];
        setpgid                { 109, 154 } full     (pid: Pid, pgid: Pid) ["own:jobs"];
        getpgrp                { 111,   _ } full     () ["own:jobs"];
        getsid                 { 124, 156 } full     (pid: Pid) ["own:jobs"];
        setsid                 { 112, 157 } full     () ["own:jobs"];
        vhangup                { 153,  58 } full     () ["own:jobs"];
        getuid                 { 102, 174 } full     () ["own:misc"];
        geteuid                { 107, 175 } full     () ["own:misc"];
        getgid                 { 104, 176 } full     () ["own:misc"];
        getegid                { 108, 177 } full     () ["own:misc"];
        setuid                 { 105, 146 } full     (uid: Uid) ["own:creds"];
        setgid                 { 106, 144 } full     (gid: Gid) ["own:creds"];
        setreuid               { 113, 145 } full     (ruid: Uid, euid: Uid) ["own:creds"];
        setregid               { 114, 143 } full     (rgid: Gid, egid: Gid) ["own:creds"];
        getresuid              { 118, 148 } full     (ruid: UserOut<u32>, euid: UserOut<u32>, suid: UserOut<u32>) ["own:creds"];
        setresuid              { 117, 147 } full     (ruid: Uid, euid: Uid, suid: Uid) ["own:creds"];
        getresgid              { 120, 150 } full     (rgid: UserOut<u32>, egid: UserOut<u32>, sgid: UserOut<u32>) ["own:creds"];
        setresgid              { 119, 149 } full     (rgid: Gid, egid: Gid, sgid: Gid) ["own:creds"];
        setfsuid               { 122, 151 } full     (uid: Uid) ["own:creds"];
        setfsgid               { 123, 152 } full     (gid: Gid) ["own:creds"];
        getgroups              { 115, 158 } full     (size: i32, list: UserAddr) ["own:creds"];
        setgroups              { 116, 159 } full     (size: i32, list: UserAddr) ["own:creds"];
        capget                 { 125,  90 } full     (header: UserInOut<CapHeader>, data: UserAddr) ["own:creds"];
        capset                 { 126,  91 } full         (header: UserInOut<CapHeader>, data: UserAddr) ["own:creds"];
        getrlimit              {  97, 163 } full     (resource: Resource, out: UserOut<Rlimit64>) ["own:misc"];
        setrlimit              { 160, 164 } full     (resource: Resource, new: UserIn<Rlimit64>) ["own:process"];
        prlimit64              { 302, 261 } full     (pid: Pid, resource: Resource, new: UserIn<Rlimit64>, old: UserOut<Rlimit64>) ["own:misc"];
        getrusage              {  98, 165 } partial("all CPU time counts as the program's own") (who: i32, out: UserOut<Rusage>) ["own:memory", "own:procmem"];
        getpriority            { 140, 141 } full     (which: i32, who: i32) ["own:threads"];
        setpriority            { 141, 140 } full         (which: i32, who: i32, prio: i32) ["own:smp"];
        ioprio_get             { 252,  31 } fake(0, "disk requests are served in the order they come: nobody has a priority")     (which: i32, who: i32) [];
        ioprio_set             { 251,  30 } fake(0, "disk requests are served in the order they come")     (which: i32, who: i32, prio: i32) [];
        prctl                  { 157, 167 } partial("the options that concern other architectures, seccomp and core scheduling are EINVAL")     (option: PrctlOption, a1: usize, a2: usize, a3: usize, a4: usize) [];
        arch_prctl             { 158,   _ } partial("CPUID faulting, and what concerns 32-bit code")     (code: ArchPrctlCode, addr: UserAddr) [];
        personality            { 135,  92 } partial("stored without effect")     (persona: u32) [];
        sched_yield            {  24, 124 } full     () ["own:threads"];
        sched_getaffinity      { 204, 123 } full     (pid: Pid, len: u32, mask: UserAddr) ["own:threads"];
        sched_setaffinity      { 203, 122 } full     (pid: Pid, len: u32, mask: UserAddr) ["own:smp"];
        sched_getscheduler     { 145, 120 } full     (pid: Pid) ["own:threads"];
        sched_setscheduler     { 144, 119 } partial("no deadline policy")     (pid: Pid, policy: i32, param: UserIn<SchedParam>) [];
        sched_getparam         { 143, 121 } full     (pid: Pid, param: UserOut<SchedParam>) ["own:threads"];
        sched_setparam         { 142, 118 } full         (pid: Pid, param: UserIn<SchedParam>) ["own:smp"];
        sched_getattr          { 315, 275 } full         (pid: Pid, attr: UserAddr, size: u32, flags: u32) ["own:smp"];
        sched_setattr          { 314, 274 } partial("no deadline policy")     (pid: Pid, attr: UserAddr, flags: u32) [];
        sched_get_priority_max { 146, 125 } full     (policy: i32) ["own:threads"];
        sched_get_priority_min { 147, 126 } full     (policy: i32) ["own:threads"];
        sched_rr_get_interval  { 148, 127 } full         (pid: Pid, out: UserOut<Timespec>) ["own:smp"];
        getcpu                 { 309, 168 } full     (cpu: UserOut<u32>, node: UserOut<u32>, cache: UserAddr) ["own:threads"];
        futex                  { 202,  98 } partial("no priority inheritance in LOCK_PI; no WAIT_REQUEUE_PI")     (addr: UserAddr, op: FutexOp, val: u32, timeout: UserAddr, addr2: UserAddr, val3: u32) [];
        futex_waitv            { 449, 449 } full     (waiters: UserIn<[FutexWaitv]>, count: u32, flags: u32, timeout: UserIn<Timespec>, clock: ClockId) ["own:procsig"];
        futex_wake             { 454, 454 } stub("callers use futex") (addr: UserAddr, mask: usize, count: i32, flags: u32) [];
        futex_wait             { 455, 455 } stub("callers use futex") (addr: UserAddr, val: usize, mask: usize, flags: u32, timeout: UserIn<Timespec>, clock: ClockId) [];
        futex_requeue          { 456, 456 } stub("callers use futex") (waiters: UserAddr, flags: u32, wake: i32, requeue: i32) [];
        set_robust_list        { 273,  99 } full     (head: UserAddr, len: usize) ["own:threads"];
        get_robust_list        { 274, 100 } full     (pid: Pid, head: UserOut<u64>, len: UserOut<u64>) ["own:threads"];
        rseq                   { 334, 293 } full     (area: UserAddr, len: u32, flags: i32, sig: u32) ["own:misc"];
        rseq_slice_yield       { 471, 471 } stub("callers use sched_yield") () [];
        pidfd_open             { 434, 434 } partial("no test compares it with Linux yet")     (pid: Pid, flags: u32) [];
        pidfd_getfd            { 438, 438 } partial("no test compares it with Linux yet")     (pidfd: Fd, target: Fd, flags: u32) [];
        pidfd_send_signal      { 424, 424 } partial("no test compares it with Linux yet")     (pidfd: Fd, sig: SigNum, info: UserIn<Siginfo>, flags: u32) [];
        ptrace                 { 101, 117 } partial("no debug registers; seccomp and single blocks are not known; any thread of the tracer may ask") (request: PtraceRequest, pid: Pid, addr: usize, data: usize) ["own:ptrace"];
        kcmp                   { 312, 272 } stub("callers assume the resources differ") (pid1: Pid, pid2: Pid, kind: i32, idx1: usize, idx2: usize) [];
        acct                   { 163,  89 } stub("process accounting is off") (path: UserStr) [];
        unshare                { 272,  97 } partial("no namespaces") (flags: CloneFlags) [];
        setns                  { 308, 268 } stub("the machine is the namespace") (fd: Fd, flags: i32) [];
        seccomp                { 317, 277 } stub("callers take it for a Linux without filters, and run unfiltered")     (op: u32, flags: u32, args: UserAddr) [];
        modify_ldt             { 154,   _ } stub("only 16-bit and 32-bit code needs an LDT") (func: i32, ptr: UserAddr, len: usize) [];
        set_thread_area        { 205,   _ } stub("32-bit programs only; 64-bit ones use arch_prctl") (desc: UserAddr) [];
        get_thread_area        { 211,   _ } stub("32-bit programs only; 64-bit ones use arch_prctl") (desc: UserAddr) [];
        iopl                   { 172,   _ } stub("a program has no business with I/O ports") (level: i32) [];
        ioperm                 { 173,   _ } stub("a program has no business with I/O ports") (from: usize, count: usize, on: i32) [];
    } };
}
