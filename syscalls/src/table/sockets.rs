//! Rows about sockets.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_sockets {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        socket      {  41, 198 } partial("no IPv6 (EAFNOSUPPORT), no AF_PACKET; of netlink NETLINK_ROUTE alone") (family: i32, kind: SockType, protocol: i32) [];
        socketpair  {  53, 199 } partial("not checked by the conformance programs yet") (family: i32, kind: SockType, protocol: i32, fds: UserOut<[i32; 2]>) [];
        bind        {  49, 200 } partial("not checked by the conformance programs yet") (fd: Fd, addr: UserSockaddr, len: i32) [];
        connect     {  42, 203 } partial("not checked by the conformance programs yet") (fd: Fd, addr: UserSockaddr, len: i32) [];
        listen      {  50, 201 } partial("not checked by the conformance programs yet") (fd: Fd, backlog: i32) [];
        accept      {  43, 202 } partial("not checked by the conformance programs yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>) [];
        accept4     { 288, 242 } partial("not checked by the conformance programs yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>, flags: SockFlags) [];
        getsockname {  51, 204 } partial("not checked by the conformance programs yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>) [];
        getpeername {  52, 205 } partial("not checked by the conformance programs yet") (fd: Fd, addr: UserAddr, len: UserInOut<i32>) [];
        sendto      {  44, 206 } partial("no MSG_ZEROCOPY, no urgent data; MSG_FASTOPEN is ignored") (fd: Fd, buf: UserIn<[u8]>, len: usize, flags: MsgFlags, addr: UserSockaddr, addr_len: i32) [];
        recvfrom    {  45, 207 } partial("urgent data stays in the stream; no error queue") (fd: Fd, buf: UserOut<[u8]>, len: usize, flags: MsgFlags, addr: UserAddr, addr_len: UserInOut<i32>) [];
        sendmsg     {  46, 211 } partial("as sendto") (fd: Fd, msg: UserIn<Msghdr>, flags: MsgFlags) [];
        recvmsg     {  47, 212 } partial("as recvfrom") (fd: Fd, msg: UserInOut<Msghdr>, flags: MsgFlags) [];
        sendmmsg    { 307, 269 } partial("as sendto") (fd: Fd, msgs: UserAddr, count: u32, flags: MsgFlags) [];
        recvmmsg    { 299, 243 } partial("as recvfrom") (fd: Fd, msgs: UserAddr, count: u32, flags: MsgFlags, timeout: UserInOut<Timespec>) [];
        getsockopt  {  55, 209 } partial("options of multicast, filters and IPv6 are missing") (fd: Fd, level: i32, name: i32, value: UserAddr, len: UserInOut<i32>) [];
        setsockopt  {  54, 208 } partial("options of multicast, filters and IPv6 are missing") (fd: Fd, level: i32, name: i32, value: UserAddr, len: i32) [];
        shutdown    {  48, 210 } partial("not checked by the conformance programs yet") (fd: Fd, how: i32) [];
    } };
}
