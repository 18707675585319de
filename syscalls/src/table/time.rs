//! Rows about clocks and timers.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_time {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        clock_gettime    { 228, 113 } partial("not compared with Linux by a test yet") (clock: ClockId, out: UserOut<Timespec>) [];
        clock_settime    { 227, 112 } partial("sleepers by the wall clock are not woken early") (clock: ClockId, new: UserIn<Timespec>) [];
        clock_getres     { 229, 114 } partial("not compared with Linux by a test yet") (clock: ClockId, out: UserOut<Timespec>) [];
        clock_nanosleep  { 230, 115 } partial("not compared with Linux by a test yet") (clock: ClockId, flags: TimerFlags, request: UserIn<Timespec>, remain: UserOut<Timespec>) [];
        nanosleep        {  35, 101 } partial("not compared with Linux by a test yet") (request: UserIn<Timespec>, remain: UserOut<Timespec>) [];
        gettimeofday     {  96, 169 } partial("not compared with Linux by a test yet") (tv: UserOut<Timeval>, tz: UserOut<Timezone>) [];
        settimeofday     { 164, 170 } partial("the time zone is ignored") (tv: UserIn<Timeval>, tz: UserIn<Timezone>) [];
        time             { 201,   _ } partial("not compared with Linux by a test yet") (out: UserOut<i64>) [];
        times            { 100, 153 } partial("all CPU time counts as the program's own") (out: UserOut<Tms>) [];
        alarm            {  37,   _ } partial("not compared with Linux by a test yet") (seconds: u32) [];
        getitimer        {  36, 102 } partial("not compared with Linux by a test yet") (which: i32, out: UserOut<Itimerval>) [];
        setitimer        {  38, 103 } partial("not compared with Linux by a test yet") (which: i32, new: UserIn<Itimerval>, old: UserOut<Itimerval>) [];
        timer_create     { 222, 107 } partial("not compared with Linux by a test yet") (clock: ClockId, event: UserIn<Sigevent>, out: UserOut<i32>) [];
        timer_settime    { 223, 110 } partial("not compared with Linux by a test yet") (timer: i32, flags: TimerFlags, new: UserIn<Itimerspec>, old: UserOut<Itimerspec>) [];
        timer_gettime    { 224, 108 } partial("not compared with Linux by a test yet") (timer: i32, out: UserOut<Itimerspec>) [];
        timer_getoverrun { 225, 109 } partial("not compared with Linux by a test yet") (timer: i32) [];
        timer_delete     { 226, 111 } partial("not compared with Linux by a test yet") (timer: i32) [];
        timerfd_create   { 283,  85 } full                  (clock: ClockId, flags: TimerFdFlags) ["own:events"];
        timerfd_settime  { 286,  86 } full                  (fd: Fd, flags: TimerFdSetFlags, new: UserIn<Itimerspec>, old: UserOut<Itimerspec>) ["own:events"];
        timerfd_gettime  { 287,  87 } full                  (fd: Fd, out: UserOut<Itimerspec>) ["own:events"];
        adjtimex         { 159, 171 } stub("not built yet") (timex: UserAddr) [];
        clock_adjtime    { 305, 266 } stub("not built yet") (clock: ClockId, timex: UserAddr) [];
    } };
}
