//! Sockets: message headers and addresses.

use super::macros::abi;

abi! {
    /// `struct msghdr`.
    pub struct Msghdr as Msghdr {
        pub msg_name: u64,
        pub msg_namelen: i32,
        pub pad0: u32,
        pub msg_iov: u64,
        pub msg_iovlen: u64,
        pub msg_control: u64,
        pub msg_controllen: u64,
        pub msg_flags: u32,
        pub pad1: u32,
    }
}
