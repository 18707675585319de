//! Sizes of structures and offsets of their fields.

use core::mem::offset_of;
use std::format;
use std::string::String;

use super::{KERNEL_HEADERS, LIBRARY_HEADERS, assertion, compile};
use crate::Arch;
use crate::abi::*;

/// Assertions about one structure: `Rust = "C" { field, field = "c_field", … }`. With `..` the
/// C structure may be larger (newer headers append fields).
macro_rules! layout {
    ($($rust:ident = $c:literal { $($field:ident $(= $c_field:literal)?),* $(; $more:tt)? })*) => {{
        let mut text = String::new();
        $(
            let relation = layout!(@relation $($more)?);
            text += &assertion(&format!("sizeof({}) {relation} {}", $c, size_of::<$rust>()));
            $(
                let c_field = layout!(@name $field $($c_field)?);
                let offset = offset_of!($rust, $field);
                text += &assertion(&format!("offsetof({}, {c_field}) == {offset}", $c));
            )*
        )*
        text
    }};
    (@relation) => { "==" };
    (@relation $more:tt) => { ">=" };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $c:literal) => { $c };
}

fn kernel_structures() -> String {
    layout! {
        Timespec = "struct timespec" { tv_sec, tv_nsec }
        Timeval = "struct timeval" { tv_sec, tv_usec }
        Timezone = "struct timezone" { tz_minuteswest, tz_dsttime }
        Itimerspec = "struct itimerspec" { it_interval, it_value }
        Itimerval = "struct itimerval" { it_interval, it_value }
        Tms = "struct tms" { tms_utime, tms_stime, tms_cutime, tms_cstime }
        Utimbuf = "struct utimbuf" { actime, modtime }
        Timex = "struct __kernel_timex" {
            modes, offset, freq, maxerror, esterror, status, constant, precision, tolerance, time,
            tick, ppsfreq, jitter, shift, stabil, jitcnt, calcnt, errcnt, stbcnt, tai
        }
        StatxTimestamp = "struct statx_timestamp" { tv_sec, tv_nsec }
        Statx = "struct statx" {
            stx_mask, stx_blksize, stx_attributes, stx_nlink, stx_uid, stx_gid, stx_mode, stx_ino,
            stx_size, stx_blocks, stx_attributes_mask, stx_atime, stx_btime, stx_ctime, stx_mtime,
            stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor, stx_mnt_id
        }
        Statfs = "struct statfs" {
            f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_fsid, f_namelen,
            f_frsize, f_flags
        }
        Iovec = "struct iovec" { iov_base, iov_len }
        OpenHow = "struct open_how" { flags, mode, resolve }
        Flock = "struct flock" { l_type, l_whence, l_start, l_len, l_pid }
        FOwnerEx = "struct f_owner_ex" { kind = "type", pid }
        CloneArgs = "struct clone_args" {
            flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
            set_tid_size, cgroup
        }
        Rusage = "struct rusage" {
            ru_utime, ru_stime, ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt,
            ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw
        }
        Rlimit64 = "struct rlimit64" { rlim_cur, rlim_max }
        SchedAttr = "struct sched_attr" {
            size, sched_policy, sched_flags, sched_nice, sched_priority, sched_runtime,
            sched_deadline, sched_period, sched_util_min, sched_util_max
        }
        CapHeader = "struct __user_cap_header_struct" { version, pid }
        CapData = "struct __user_cap_data_struct" { effective, permitted, inheritable }
        RobustListHead = "struct robust_list_head" { list, futex_offset, list_op_pending }
        FutexWaitv = "struct futex_waitv" { val, uaddr, flags }
        Rseq = "struct rseq" { cpu_id_start, cpu_id, rseq_cs, flags }
        RseqCs = "struct rseq_cs" { version, flags, start_ip, post_commit_offset, abort_ip }
        SigactionK = "struct sigaction" {
            handler = "sa_handler", flags = "sa_flags", restorer = "sa_restorer", mask = "sa_mask"
        }
        Stack = "stack_t" { ss_sp, ss_flags, ss_size }
        Siginfo = "siginfo_t" { si_signo, si_errno, si_code, fields = "_sifields" }
        Sigevent = "struct sigevent" {
            sigev_value, sigev_signo, sigev_notify, sigev_tid = "sigev_notify_thread_id"
        }
        Pollfd = "struct pollfd" { fd, events, revents }
        SignalfdSiginfo = "struct signalfd_siginfo" {
            ssi_signo, ssi_errno, ssi_code, ssi_pid, ssi_uid, ssi_fd, ssi_tid, ssi_band, ssi_overrun,
            ssi_trapno, ssi_status, ssi_int, ssi_ptr, ssi_utime, ssi_stime, ssi_addr, ssi_addr_lsb,
            ssi_syscall, ssi_call_addr, ssi_arch
        }
        Iocb = "struct iocb" {
            aio_data, aio_key, aio_rw_flags, aio_lio_opcode, aio_reqprio, aio_fildes, aio_buf,
            aio_nbytes, aio_offset, aio_reserved2, aio_flags, aio_resfd
        }
        IoEvent = "struct io_event" { data, obj, res, res2 }
        InotifyEvent = "struct inotify_event" { wd, mask, cookie, len }
        Utsname = "struct new_utsname" { sysname, nodename, release, version, machine, domainname }
        Sysinfo = "struct sysinfo" {
            uptime, loads, totalram, freeram, sharedram, bufferram, totalswap, freeswap, procs,
            totalhigh, freehigh, mem_unit
        }
        Termios = "struct termios" { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc }
        Termios2 = "struct termios2" {
            c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc, c_ispeed, c_ospeed
        }
        Winsize = "struct winsize" { ws_row, ws_col, ws_xpixel, ws_ypixel }
    }
}

fn siginfo_fields() -> String {
    let base = offset_of!(Siginfo, fields);
    let mut text = String::new();
    for (field, offset) in [
        ("si_pid", 0),
        ("si_uid", 4),
        ("si_value", 8),
        ("si_status", 8),
        ("si_utime", 16),
        ("si_stime", 24),
        ("si_addr", 0),
        ("si_tid", 0),
        ("si_overrun", 4),
        ("si_band", 0),
        ("si_fd", 8),
        ("si_call_addr", 0),
        ("si_syscall", 8),
        ("si_arch", 12),
    ] {
        let field = match field {
            // `si_value` is the same in `_rt` and `_timer`.
            "si_value" => "_sifields._rt._sigval",
            other => other,
        };
        text += &assertion(&format!("offsetof(siginfo_t, {field}) == {}", base + offset));
    }
    text
}

fn library_structures() -> String {
    layout! {
        Msghdr = "struct msghdr" {
            msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags
        }
        Mmsghdr = "struct mmsghdr" { msg_hdr, msg_len }
        Cmsghdr = "struct cmsghdr" { cmsg_len, cmsg_level, cmsg_type }
        SockaddrIn = "struct sockaddr_in" { sin_family, sin_port, sin_addr, sin_zero }
        SockaddrIn6 = "struct sockaddr_in6" {
            sin6_family, sin6_port, sin6_flowinfo, sin6_addr, sin6_scope_id
        }
        SockaddrUn = "struct sockaddr_un" { sun_family, sun_path }
        SockaddrNl = "struct sockaddr_nl" { nl_family, nl_pid, nl_groups }
        SockaddrLl = "struct sockaddr_ll" {
            sll_family, sll_protocol, sll_ifindex, sll_hatype, sll_pkttype, sll_halen, sll_addr
        }
        SockaddrStorage = "struct sockaddr_storage" { ss_family }
        Linger = "struct linger" { l_onoff, l_linger }
        Ucred = "struct ucred" { pid, uid, gid }
        IpMreqn = "struct ip_mreqn" { imr_multiaddr, imr_address, imr_ifindex }
        Ipv6Mreq = "struct ipv6_mreq" { ipv6mr_multiaddr, ipv6mr_interface }
        InPktinfo = "struct in_pktinfo" { ipi_ifindex, ipi_spec_dst, ipi_addr }
        In6Pktinfo = "struct in6_pktinfo" { ipi6_addr, ipi6_ifindex }
        SockExtendedErr = "struct sock_extended_err" {
            ee_errno, ee_origin, ee_type, ee_code, ee_info, ee_data
        }
        TcpInfo = "struct tcp_info" {
            tcpi_state, tcpi_ca_state, tcpi_retransmits, tcpi_probes, tcpi_backoff, tcpi_options,
            tcpi_rto, tcpi_ato, tcpi_snd_mss, tcpi_rcv_mss, tcpi_unacked, tcpi_sacked, tcpi_lost,
            tcpi_retrans, tcpi_fackets, tcpi_last_data_sent, tcpi_last_ack_sent,
            tcpi_last_data_recv, tcpi_last_ack_recv, tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt,
            tcpi_rttvar, tcpi_snd_ssthresh, tcpi_snd_cwnd, tcpi_advmss, tcpi_reordering,
            tcpi_rcv_rtt, tcpi_rcv_space, tcpi_total_retrans; ..
        }
        IfReq = "struct ifreq" { ifr_name, ifr_data = "ifr_ifru" }
        IfConf = "struct ifconf" { ifc_len, ifc_buf }
        Nlmsghdr = "struct nlmsghdr" { nlmsg_len, nlmsg_type, nlmsg_flags, nlmsg_seq, nlmsg_pid }
        Nlmsgerr = "struct nlmsgerr" { error, msg }
        Rtgenmsg = "struct rtgenmsg" { rtgen_family }
        Rtattr = "struct rtattr" { rta_len, rta_type }
        Ifinfomsg = "struct ifinfomsg" { ifi_family, ifi_type, ifi_index, ifi_flags, ifi_change }
        Ifaddrmsg = "struct ifaddrmsg" {
            ifa_family, ifa_prefixlen, ifa_flags, ifa_scope, ifa_index
        }
        IfaCacheinfo = "struct ifa_cacheinfo" { ifa_prefered, ifa_valid, cstamp, tstamp }
        Rtmsg = "struct rtmsg" {
            rtm_family, rtm_dst_len, rtm_src_len, rtm_tos, rtm_table, rtm_protocol, rtm_scope,
            rtm_type, rtm_flags
        }
        Ndmsg = "struct ndmsg" { ndm_family, ndm_ifindex, ndm_state, ndm_flags, ndm_type }
        SchedParam = "struct sched_param" { sched_priority }
        Dirent64 = "struct dirent64" { d_ino, d_off, d_reclen, d_type, d_name; .. }
        IpcPerm = "struct ipc_perm" { key = "__key", uid, gid, cuid, cgid, mode, seq = "__seq" }
        ShmidDs = "struct shmid_ds" {
            shm_perm, shm_segsz, shm_atime, shm_dtime, shm_ctime, shm_cpid, shm_lpid, shm_nattch
        }
        MsqidDs = "struct msqid_ds" {
            msg_perm, msg_stime, msg_rtime, msg_ctime, msg_cbytes = "__msg_cbytes", msg_qnum,
            msg_qbytes, msg_lspid, msg_lrpid
        }
        Shminfo = "struct shminfo" { shmmax, shmmin, shmmni, shmseg, shmall }
        ShmInfo = "struct shm_info" {
            used_ids, shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes
        }
        Seminfo = "struct seminfo" {
            semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem
        }
        Msginfo = "struct msginfo" {
            msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql, msgseg
        }
        Sembuf = "struct sembuf" { sem_num, sem_op, sem_flg }
        MqAttr = "struct mq_attr" { mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs }
    }
}

fn x86_64_structures() -> String {
    layout! {
        StatX86_64 = "struct stat" {
            st_dev, st_ino, st_nlink, st_mode, st_uid, st_gid, st_rdev, st_size, st_blksize,
            st_blocks, st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec
        }
        EpollEventX86_64 = "struct epoll_event" { events, data }
        SigcontextX86_64 = "struct sigcontext_64" {
            r8, r9, r10, r11, r12, r13, r14, r15, rdi = "di", rsi = "si", rbp = "bp", rbx = "bx",
            rdx = "dx", rax = "ax", rcx = "cx", rsp = "sp", rip = "ip", eflags = "flags", cs, gs, fs,
            ss, err, trapno, oldmask, cr2, fpstate, reserved1
        }
        UcontextX86_64 = "struct ucontext" { uc_flags, uc_link, uc_stack, uc_mcontext, uc_sigmask }
        FpxSwBytes = "struct _fpx_sw_bytes" { magic1, extended_size, xfeatures, xstate_size, padding }
        Fpstate = "struct _fpstate_64" {
            cwd, swd, twd, fop, rip, rdp, mxcsr, mxcsr_mask, st_space, xmm_space, reserved2,
            sw_reserved
        }
        XstateHeader = "struct _header" { xfeatures, reserved1, reserved2 }
    }
}

fn aarch64_structures() -> String {
    layout! {
        StatAarch64 = "struct stat" {
            st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev, st_size, st_blksize,
            st_blocks, st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec
        }
        EpollEventAarch64 = "struct epoll_event" { events, data }
        SigcontextAarch64 = "struct sigcontext" {
            fault_address, regs, sp, pc, pstate, reserved = "__reserved"
        }
        UcontextAarch64 = "struct ucontext" { uc_flags, uc_link, uc_stack, uc_sigmask, uc_mcontext }
        Aarch64Ctx = "struct _aarch64_ctx" { magic, size }
        FpsimdContext = "struct fpsimd_context" { head, fpsr, fpcr, vregs }
        EsrContext = "struct esr_context" { head, esr }
        ExtraContext = "struct extra_context" { head, datap, size }
        SveContext = "struct sve_context" { head, vl, flags }
    }
}

#[test]
fn structures_of_the_kernel_headers() {
    for arch in Arch::ALL {
        let own = match arch {
            Arch::X86_64 => x86_64_structures(),
            Arch::Aarch64 => aarch64_structures(),
        };
        let text = kernel_structures() + &siginfo_fields() + &own;
        compile(arch, "kernel structures", KERNEL_HEADERS, &text);
    }
}

#[test]
fn structures_of_the_library_headers() {
    for arch in Arch::ALL {
        let own = match arch {
            Arch::X86_64 => layout! {
                SemidDsX86_64 = "struct semid_ds" { sem_perm, sem_otime, sem_ctime, sem_nsems }
            },
            Arch::Aarch64 => layout! {
                SemidDsAarch64 = "struct semid_ds" { sem_perm, sem_otime, sem_ctime, sem_nsems }
            },
        };
        compile(arch, "library structures", LIBRARY_HEADERS, &(library_structures() + &own));
    }
}

#[test]
fn frames_have_their_size() {
    assert_eq!(size_of::<RtSigframeX86_64>(), 8 + 304 + 128);
    assert_eq!(offset_of!(RtSigframeX86_64, info), 312);
    assert_eq!(size_of::<RtSigframeAarch64>(), 128 + 4560);
    assert_eq!(offset_of!(Fpstate, sw_reserved), FPX_SW_BYTES_OFFSET);
    assert_eq!(offset_of!(Dirent64, d_name), Dirent64::NAME_OFFSET);
    assert_eq!(size_of::<Siginfo>(), Siginfo::SIZE);
}
