//! Typed arguments: what is refused, what is ignored, what is cut to its width.

use elfin_syscalls::abi::{Timespec, open_bits_aarch64, open_bits_x86_64};
use elfin_syscalls::args::*;
use elfin_syscalls::{Arch, Errno, FromArg};

/// All bits of a register.
const ALL_BITS: usize = usize::MAX;

fn parse<T: FromArg>(word: usize) -> Result<T, Errno> {
    T::from_arg(word)
}

#[test]
fn narrow_types_take_the_low_bits() {
    assert_eq!(parse::<i32>(0xdead_beef_ffff_ffff), Ok(-1));
    assert_eq!(parse::<u32>(0xdead_beef_0000_0001), Ok(1));
    assert_eq!(parse::<i64>(ALL_BITS), Ok(-1));
    assert_eq!(parse::<Fd>(0x1_0000_0003), Ok(Fd(3)));
    assert_eq!(parse::<Fd>(ALL_BITS - 99), Ok(Fd::CWD));
    assert_eq!(Fd(-1).index(), None);
    assert_eq!(Fd(7).index(), Some(7));
}

#[test]
fn strict_flags_refuse_unknown_bits() {
    macro_rules! refuses {
        ($($type:ty => $good:expr),* $(,)?) => {$(
            assert_eq!(parse::<$type>(ALL_BITS), Err(Errno::EINVAL), stringify!($type));
            assert!(parse::<$type>($good).is_ok(), stringify!($type));
        )*};
    }
    let cloexec = 0o2_000_000;
    refuses! {
        EpollFlags => cloexec,
        EventFdFlags => cloexec | 1,
        PipeFlags => cloexec | 0o4000,
        Dup3Flags => cloexec,
        RenameFlags => 1,
        GetrandomFlags => 3,
        SockFlags => cloexec,
        SignalFdFlags => cloexec,
        TimerFdFlags => cloexec,
        TimerFdSetFlags => 3,
        InotifyFlags => cloexec,
        MremapFlags => 1,
        MsyncFlags => 4,
        CloseRangeFlags => 4,
        AccessMode => 7,
        XattrFlags => 1,
        UmountFlags => 2,
        Strict<ProtFlags> => 7,
    }
}

#[test]
fn lenient_flags_do_not() {
    assert!(parse::<OpenFlags>(ALL_BITS).is_ok_and(|flags| !flags.is_empty()));
    assert!(parse::<TimerFlags>(ALL_BITS).is_ok_and(|flags| flags == TimerFlags::ABSTIME));
    let prot = parse::<ProtFlags>(0x10 | 1).unwrap();
    assert!(prot.contains(ProtFlags::READ) && prot.has_unknown());
    assert_eq!(prot.only(ProtFlags::READ), Err(Errno::EINVAL));
    let at = parse::<AtFlags>(0x1100).unwrap();
    assert_eq!(at.only(AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH), Ok(at));
}

#[test]
fn open_flags_know_their_access() {
    let open = |bits: usize| parse::<OpenFlags>(bits).unwrap();
    assert!(open(0).readable() && !open(0).writable());
    assert!(!open(1).readable() && open(1).writable());
    assert!(open(2).readable() && open(2).writable());
    // 3 is for ioctl alone.
    assert!(!open(3).readable() && !open(3).writable());
    assert_eq!(open(0o102).access(), OpenFlags::RDWR);
    // The four that differ are a permutation of each other.
    assert_eq!(open_bits_x86_64::DIRECTORY, open_bits_aarch64::DIRECT);
    assert_eq!(open_bits_x86_64::NOFOLLOW, open_bits_aarch64::LARGEFILE);
    assert_eq!(open_bits_x86_64::DIRECT, open_bits_aarch64::DIRECTORY);
    assert_eq!(open_bits_x86_64::LARGEFILE, open_bits_aarch64::NOFOLLOW);
}

#[test]
fn mappings_need_a_type_of_sharing() {
    assert_eq!(parse::<MapFlags>(0x22).unwrap().sharing(), Ok(Sharing::Private));
    assert_eq!(parse::<MapFlags>(0x01).unwrap().sharing(), Ok(Sharing::Shared));
    assert_eq!(parse::<MapFlags>(0x03).unwrap().sharing(), Ok(Sharing::SharedValidate));
    assert_eq!(parse::<MapFlags>(0x20).unwrap().sharing(), Err(Errno::EINVAL));
}

#[test]
fn futex_operations() {
    let wait = parse::<FutexOp>(128).unwrap();
    assert_eq!(wait, FutexOp { cmd: FutexCmd::Wait, private: true, realtime: false });
    let bitset = parse::<FutexOp>(9 | 128 | 256).unwrap();
    assert_eq!(bitset, FutexOp { cmd: FutexCmd::WaitBitset, private: true, realtime: true });
    // The wall clock has no meaning for a wake, nor since 5.14 for a plain wait.
    assert_eq!(parse::<FutexOp>(1 | 256), Err(Errno::ENOSYS));
    assert_eq!(parse::<FutexOp>(256), Err(Errno::ENOSYS));
    assert_eq!(parse::<FutexOp>(2), Err(Errno::ENOSYS));
    assert_eq!(parse::<FutexOp>(99), Err(Errno::ENOSYS));
    assert_eq!(parse::<FutexOp>(512), Err(Errno::ENOSYS));
}

#[test]
fn socket_types_carry_flags() {
    let stream = parse::<SockType>(0o2_004_001).unwrap();
    assert_eq!(stream.kind, SockType::STREAM);
    assert!(stream.nonblock() && stream.cloexec());
    assert_eq!(parse::<SockType>(0x100), Err(Errno::EINVAL));
    assert_eq!(parse::<SockType>(15).unwrap().kind, 15);
}

#[test]
fn clone_differs_per_architecture() {
    let flags = parse::<CloneFlags>(0x1200011).unwrap();
    assert_eq!(flags.exit_signal(), 17);
    assert_eq!(flags.without_signal(), CloneFlags::CHILD_CLEARTID | CloneFlags::CHILD_SETTID);
    assert_eq!(clone_tail(Arch::X86_64, 1, 2), (2, 1));
    assert_eq!(clone_tail(Arch::Aarch64, 1, 2), (1, 2));
}

#[test]
fn whence_and_signals_and_limits() {
    assert_eq!(parse::<Whence>(2), Ok(Whence::End));
    assert_eq!(parse::<Whence>(5), Err(Errno::EINVAL));
    assert_eq!(parse::<SigNum>(64).unwrap().check(), Ok(64));
    assert_eq!(parse::<SigNum>(0).unwrap().check(), Err(Errno::EINVAL));
    assert_eq!(parse::<SigNum>(ALL_BITS).unwrap().check(), Err(Errno::EINVAL));
    assert_eq!(Resource::NOFILE.index(), Ok(7));
    assert_eq!(Resource(16).index(), Err(Errno::EINVAL));
    assert_eq!(parse::<WaitOptions>(4).unwrap().only(WaitOptions::WAIT4), Err(Errno::EINVAL));
}

#[test]
fn user_addresses_never_wrap() {
    let addr = parse::<UserAddr>(ALL_BITS).unwrap();
    assert_eq!(addr.offset(1), Err(Errno::EFAULT));
    let times = UserIn::<[Timespec]>::new(0x1000);
    assert_eq!(times.at(2).map(UserIn::addr), Ok(0x1020));
    assert!(times.at(ALL_BITS).is_err());
    assert!(UserOut::<Timespec>::new(0).non_null().is_none());
    assert_eq!(UserOut::<Timespec>::SIZE, 16);
}
