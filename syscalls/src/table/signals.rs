//! Rows about signals.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_signals {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        rt_sigaction      {  13, 134 } partial("not compared with Linux by a test yet") (sig: SigNum, new: UserIn<SigactionK>, old: UserOut<SigactionK>, size: usize) [];
        rt_sigprocmask    {  14, 135 } partial("not compared with Linux by a test yet") (how: SigHow, new: UserIn<Sigset>, old: UserOut<Sigset>, size: usize) [];
        rt_sigreturn      {  15, 139 } partial("not compared with Linux by a test yet") () [];
        rt_sigpending     { 127, 136 } partial("not compared with Linux by a test yet") (out: UserOut<Sigset>, size: usize) [];
        rt_sigsuspend     { 130, 133 } partial("not compared with Linux by a test yet") (mask: UserIn<Sigset>, size: usize) [];
        rt_sigtimedwait   { 128, 137 } partial("not compared with Linux by a test yet") (mask: UserIn<Sigset>, info: UserOut<Siginfo>, timeout: UserIn<Timespec>, size: usize) [];
        rt_sigqueueinfo   { 129, 138 } partial("not compared with Linux by a test yet") (pid: Pid, sig: SigNum, info: UserIn<Siginfo>) [];
        rt_tgsigqueueinfo { 297, 240 } partial("not compared with Linux by a test yet") (tgid: Pid, tid: Pid, sig: SigNum, info: UserIn<Siginfo>) [];
        sigaltstack       { 131, 132 } partial("not compared with Linux by a test yet") (new: UserIn<Stack>, old: UserOut<Stack>) [];
        kill              {  62, 129 } partial("not compared with Linux by a test yet") (pid: Pid, sig: SigNum) [];
        tkill             { 200, 130 } partial("not compared with Linux by a test yet") (tid: Pid, sig: SigNum) [];
        tgkill            { 234, 131 } partial("not compared with Linux by a test yet") (tgid: Pid, tid: Pid, sig: SigNum) [];
        pause             {  34,   _ } partial("not compared with Linux by a test yet") () [];
        signalfd          { 282,   _ } full                  (fd: Fd, mask: UserIn<Sigset>, size: usize) ["own:events"];
        signalfd4         { 289,  74 } full                  (fd: Fd, mask: UserIn<Sigset>, size: usize, flags: SignalFdFlags) ["own:events"];
        restart_syscall   { 219, 128 } partial("not compared with Linux by a test yet") () [];
    } };
}
