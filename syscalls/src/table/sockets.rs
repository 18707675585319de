//! Rows about sockets.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_sockets {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        socket      {  41, 198 } stub("not built yet") (family: i32, kind: SockType, protocol: i32) [];
        socketpair  {  53, 199 } stub("not built yet") (family: i32, kind: SockType, protocol: i32, fds: UserOut<[i32; 2]>) [];
        bind        {  49, 200 } stub("not built yet") (fd: Fd, addr: UserSockaddr, len: i32) [];
        connect     {  42, 203 } stub("not built yet") (fd: Fd, addr: UserSockaddr, len: i32) [];
        listen      {  50, 201 } stub("not built yet") (fd: Fd, backlog: i32) [];
        accept      {  43, 202 } stub("not built yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>) [];
        accept4     { 288, 242 } stub("not built yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>, flags: SockFlags) [];
        getsockname {  51, 204 } stub("not built yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>) [];
        getpeername {  52, 205 } stub("not built yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>) [];
        sendto      {  44, 206 } stub("not built yet") (fd: Fd, buf: UserIn<[u8]>, len: usize, flags: MsgFlags, addr: UserSockaddr, addr_len: i32) [];
        recvfrom    {  45, 207 } stub("not built yet") (fd: Fd, buf: UserOut<[u8]>, len: usize, flags: MsgFlags, addr: UserAddr, addr_len: UserInOut<i32>) [];
        sendmsg     {  46, 211 } stub("not built yet") (fd: Fd, msg: UserIn<Msghdr>, flags: MsgFlags) [];
        recvmsg     {  47, 212 } stub("not built yet") (fd: Fd, msg: UserInOut<Msghdr>, flags: MsgFlags) [];
        sendmmsg    { 307, 269 } stub("not built yet") (fd: Fd, msgs: UserAddr, count: u32, flags: MsgFlags) [];
        recvmmsg    { 299, 243 } stub("not built yet") (fd: Fd, msgs: UserAddr, count: u32, flags: MsgFlags, timeout: UserInOut<Timespec>) [];
        getsockopt  {  55, 209 } stub("not built yet") (fd: Fd, level: i32, name: i32, value: UserAddr, len: UserInOut<i32>) [];
        setsockopt  {  54, 208 } stub("not built yet") (fd: Fd, level: i32, name: i32, value: UserAddr, len: i32) [];
        shutdown    {  48, 210 } stub("not built yet") (fd: Fd, how: i32) [];
    } };
}
