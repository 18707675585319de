//! Rows about System V IPC and POSIX message queues.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_ipc {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        shmget          {  29, 194 } full (key: i32, size: usize, flags: i32) ["own:ipc"];
        shmat           {  30, 196 } full (id: i32, addr: UserAddr, flags: i32) ["own:ipc"];
        shmdt           {  67, 197 } full (addr: UserAddr) ["own:ipc"];
        shmctl          {  31, 195 } full (id: i32, cmd: i32, buf: UserAddr) ["own:ipc"];
        semget          {  64, 190 } full (key: i32, count: i32, flags: i32) ["own:ipc"];
        semop           {  65, 193 } full (id: i32, ops: UserAddr, count: u32) ["own:ipc"];
        semtimedop      { 220, 192 } full (id: i32, ops: UserAddr, count: u32, timeout: UserIn<Timespec>) ["own:ipc"];
        semctl          {  66, 191 } full (id: i32, index: i32, cmd: i32, arg: usize) ["own:ipc"];
        msgget          {  68, 186 } full (key: i32, flags: i32) ["own:ipc"];
        msgsnd          {  69, 189 } full (id: i32, msg: UserAddr, size: usize, flags: i32) ["own:ipc"];
        msgrcv          {  70, 188 } full (id: i32, msg: UserAddr, size: usize, kind: isize, flags: i32) ["own:ipc"];
        msgctl          {  71, 187 } full (id: i32, cmd: i32, buf: UserAddr) ["own:ipc"];
        mq_open         { 240, 180 } full (name: UserStr, flags: OpenFlags, mode: Mode, attr: UserAddr) ["own:ipc"];
        mq_unlink       { 241, 181 } full (name: UserStr) ["own:ipc"];
        mq_timedsend    { 242, 182 } full (mq: Fd, msg: UserIn<[u8]>, len: usize, prio: u32, timeout: UserIn<Timespec>) ["own:ipc"];
        mq_timedreceive { 243, 183 } full (mq: Fd, msg: UserOut<[u8]>, len: usize, prio: UserOut<u32>, timeout: UserIn<Timespec>) ["own:ipc"];
        mq_notify       { 244, 184 } full (mq: Fd, event: UserIn<Sigevent>) ["own:ipc"];
        mq_getsetattr   { 245, 185 } full (mq: Fd, new: UserAddr, old: UserAddr) ["own:ipc"];
    } };
}
