//! Constants of the machine: the log, clocks, System V IPC.

use crate::abi::macros::constants;

constants! {
    /// Actions of `syslog`.
    i32 {
        SYSLOG_ACTION_CLOSE = 0;
        SYSLOG_ACTION_OPEN = 1;
        SYSLOG_ACTION_READ = 2;
        SYSLOG_ACTION_READ_ALL = 3;
        SYSLOG_ACTION_READ_CLEAR = 4;
        SYSLOG_ACTION_CLEAR = 5;
        SYSLOG_ACTION_CONSOLE_OFF = 6;
        SYSLOG_ACTION_CONSOLE_ON = 7;
        SYSLOG_ACTION_CONSOLE_LEVEL = 8;
        SYSLOG_ACTION_SIZE_UNREAD = 9;
        SYSLOG_ACTION_SIZE_BUFFER = 10;
    }

    /// `adjtimex` modes and results.
    u32 {
        ADJ_OFFSET = 1;
        ADJ_FREQUENCY = 2;
        ADJ_MAXERROR = 4;
        ADJ_ESTERROR = 8;
        ADJ_STATUS = 16;
        ADJ_TIMECONST = 32;
        ADJ_TAI = 128;
        ADJ_SETOFFSET = 0x100;
        ADJ_MICRO = 0x1000;
        ADJ_NANO = 0x2000;
        ADJ_TICK = 0x4000;
        STA_PLL = 1;
        STA_UNSYNC = 64;
        STA_NANO = 0x2000;
        TIME_OK = 0;
        TIME_ERROR = 5;
    }

    /// System V IPC.
    i32 {
        IPC_CREAT = 0x200;
        IPC_EXCL = 0x400;
        IPC_NOWAIT = 0x800;
        IPC_PRIVATE = 0;
        IPC_RMID = 0;
        IPC_SET = 1;
        IPC_STAT = 2;
        IPC_INFO = 3;
        SHM_RDONLY = 0x1000;
        SHM_RND = 0x2000;
        SHM_REMAP = 0x4000;
        SHM_EXEC = 0x8000;
        SHM_LOCK = 11;
        SHM_UNLOCK = 12;
        SHM_STAT = 13;
        SHM_INFO = 14;
        SHM_STAT_ANY = 15;
        SEM_STAT = 18;
        SEM_INFO = 19;
        SEM_STAT_ANY = 20;
        MSG_STAT = 11;
        MSG_INFO = 12;
        MSG_STAT_ANY = 13;
        MSG_NOERROR = 0x1000;
        MSG_EXCEPT = 0x2000;
        MSG_COPY = 0x4000;
        GETPID = 11;
        GETVAL = 12;
        GETALL = 13;
        GETNCNT = 14;
        GETZCNT = 15;
        SETVAL = 16;
        SETALL = 17;
        SEM_UNDO = 0x1000;
    }

    /// The length of a host name.
    usize {
        HOST_NAME_MAX = 64;
    }
}
