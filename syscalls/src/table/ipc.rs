//! Rows about System V IPC and POSIX message queues.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_ipc {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        shmget          {  29, 194 } stub("not built yet") (key: i32, size: usize, flags: i32) [];
        shmat           {  30, 196 } stub("not built yet") (id: i32, addr: UserAddr, flags: i32) [];
        shmdt           {  67, 197 } stub("not built yet") (addr: UserAddr) [];
        shmctl          {  31, 195 } stub("not built yet") (id: i32, cmd: i32, buf: UserAddr) [];
        semget          {  64, 190 } stub("not built yet") (key: i32, count: i32, flags: i32) [];
        semop           {  65, 193 } stub("not built yet") (id: i32, ops: UserAddr, count: u32) [];
        semtimedop      { 220, 192 } stub("not built yet") (id: i32, ops: UserAddr, count: u32, timeout: UserIn<Timespec>) [];
        semctl          {  66, 191 } stub("not built yet") (id: i32, index: i32, cmd: i32, arg: usize) [];
        msgget          {  68, 186 } stub("not built yet") (key: i32, flags: i32) [];
        msgsnd          {  69, 189 } stub("not built yet") (id: i32, msg: UserAddr, size: usize, flags: i32) [];
        msgrcv          {  70, 188 } stub("not built yet") (id: i32, msg: UserAddr, size: usize, kind: isize, flags: i32) [];
        msgctl          {  71, 187 } stub("not built yet") (id: i32, cmd: i32, buf: UserAddr) [];
        mq_open         { 240, 180 } stub("not built yet") (name: UserStr, flags: OpenFlags, mode: Mode, attr: UserAddr) [];
        mq_unlink       { 241, 181 } stub("not built yet") (name: UserStr) [];
        mq_timedsend    { 242, 182 } stub("not built yet") (mq: Fd, msg: UserIn<[u8]>, len: usize, prio: u32, timeout: UserIn<Timespec>) [];
        mq_timedreceive { 243, 183 } stub("not built yet") (mq: Fd, msg: UserOut<[u8]>, len: usize, prio: UserOut<u32>, timeout: UserIn<Timespec>) [];
        mq_notify       { 244, 184 } stub("not built yet") (mq: Fd, event: UserIn<Sigevent>) [];
        mq_getsetattr   { 245, 185 } stub("not built yet") (mq: Fd, new: UserAddr, old: UserAddr) [];
    } };
}
