//! Rows about signals.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_signals {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        rt_sigaction      {  13, 134 } full (sig: SigNum, new: UserIn<SigactionK>, old: UserOut<SigactionK>, size: usize) ["own:signals"];
        rt_sigprocmask    {  14, 135 } full (how: SigHow, new: UserIn<Sigset>, old: UserOut<Sigset>, size: usize) ["own:signals"];
        rt_sigreturn      {  15, 139 } full () ["own:signals"];
        rt_sigpending     { 127, 136 } full (out: UserOut<Sigset>, size: usize) ["own:signals"];
        rt_sigsuspend     { 130, 133 } full (mask: UserIn<Sigset>, size: usize) ["own:signals"];
        rt_sigtimedwait   { 128, 137 } full (mask: UserIn<Sigset>, info: UserOut<Siginfo>, timeout: UserIn<Timespec>, size: usize) ["own:signals"];
        rt_sigqueueinfo   { 129, 138 } full (pid: Pid, sig: SigNum, info: UserIn<Siginfo>) ["own:signals"];
        rt_tgsigqueueinfo { 297, 240 } full (tgid: Pid, tid: Pid, sig: SigNum, info: UserIn<Siginfo>) ["own:procsig"];
        sigaltstack       { 131, 132 } full (new: UserIn<Stack>, old: UserOut<Stack>) ["own:signals"];
        kill              {  62, 129 } full (pid: Pid, sig: SigNum) ["own:signals"];
        tkill             { 200, 130 } full (tid: Pid, sig: SigNum) ["own:signals"];
        tgkill            { 234, 131 } full (tgid: Pid, tid: Pid, sig: SigNum) ["own:signals"];
        pause             {  34,   _ } full () ["own:signals"];
        signalfd          { 282,   _ } full                  (fd: Fd, mask: UserIn<Sigset>, size: usize) ["own:events"];
        signalfd4         { 289,  74 } full                  (fd: Fd, mask: UserIn<Sigset>, size: usize, flags: SignalFdFlags) ["own:events"];
        restart_syscall   { 219, 128 } full () ["own:signals"];
    } };
}
