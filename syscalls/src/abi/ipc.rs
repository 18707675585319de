//! System V IPC and POSIX message queues: what their control calls exchange.

use super::macros::abi;

abi! {
    /// `struct ipc64_perm`, the same on both architectures.
    pub struct IpcPerm {
        pub key: i32,
        pub uid: u32,
        pub gid: u32,
        pub cuid: u32,
        pub cgid: u32,
        pub mode: u32,
        pub seq: u16,
        pub pad: [u16; 3],
        pub unused: [u64; 2],
    }

    /// `struct shmid64_ds`.
    pub struct ShmidDs {
        pub shm_perm: IpcPerm,
        pub shm_segsz: u64,
        pub shm_atime: i64,
        pub shm_dtime: i64,
        pub shm_ctime: i64,
        pub shm_cpid: i32,
        pub shm_lpid: i32,
        pub shm_nattch: u64,
        pub unused: [u64; 2],
    }

    /// `struct msqid64_ds`.
    pub struct MsqidDs {
        pub msg_perm: IpcPerm,
        pub msg_stime: i64,
        pub msg_rtime: i64,
        pub msg_ctime: i64,
        pub msg_cbytes: u64,
        pub msg_qnum: u64,
        pub msg_qbytes: u64,
        pub msg_lspid: i32,
        pub msg_lrpid: i32,
        pub unused: [u64; 2],
    }

    /// `struct shminfo64` of `IPC_INFO`.
    pub struct Shminfo {
        pub shmmax: u64,
        pub shmmin: u64,
        pub shmmni: u64,
        pub shmseg: u64,
        pub shmall: u64,
        pub unused: [u64; 4],
    }

    /// `struct shm_info` of `SHM_INFO`.
    pub struct ShmInfo {
        pub used_ids: i32,
        pub pad: u32,
        pub shm_tot: u64,
        pub shm_rss: u64,
        pub shm_swp: u64,
        pub swap_attempts: u64,
        pub swap_successes: u64,
    }

    /// `struct seminfo` of `IPC_INFO` and `SEM_INFO`.
    pub struct Seminfo {
        pub semmap: i32,
        pub semmni: i32,
        pub semmns: i32,
        pub semmnu: i32,
        pub semmsl: i32,
        pub semopm: i32,
        pub semume: i32,
        pub semusz: i32,
        pub semvmx: i32,
        pub semaem: i32,
    }

    /// `struct msginfo` of `IPC_INFO` and `MSG_INFO`.
    pub struct Msginfo {
        pub msgpool: i32,
        pub msgmap: i32,
        pub msgmax: i32,
        pub msgmnb: i32,
        pub msgmni: i32,
        pub msgssz: i32,
        pub msgtql: i32,
        pub msgseg: u16,
        pub pad: u16,
    }

    /// `struct sembuf`.
    pub struct Sembuf {
        pub sem_num: u16,
        pub sem_op: i16,
        pub sem_flg: i16,
    }

    /// `struct mq_attr`.
    pub struct MqAttr {
        pub mq_flags: i64,
        pub mq_maxmsg: i64,
        pub mq_msgsize: i64,
        pub mq_curmsgs: i64,
        pub reserved: [i64; 4],
    }

    /// `struct semid64_ds` of x86_64, where padding follows each time.
    pub struct SemidDsX86_64 {
        pub sem_perm: IpcPerm,
        pub sem_otime: i64,
        pub unused1: u64,
        pub sem_ctime: i64,
        pub unused2: u64,
        pub sem_nsems: u64,
        pub unused: [u64; 2],
    }

    /// `struct semid64_ds` of arm64.
    pub struct SemidDsAarch64 {
        pub sem_perm: IpcPerm,
        pub sem_otime: i64,
        pub sem_ctime: i64,
        pub sem_nsems: u64,
        pub unused: [u64; 2],
    }
}

/// `struct semid64_ds` of the architecture compiled for.
#[cfg(not(target_arch = "aarch64"))]
pub type SemidDs = SemidDsX86_64;
/// `struct semid64_ds` of the architecture compiled for.
#[cfg(target_arch = "aarch64")]
pub type SemidDs = SemidDsAarch64;
