//! Error numbers: [`Errno`], the result type of every handler, and its register encoding.
//!
//! The values are those of `include/uapi/asm-generic/errno*.h`, the same on x86_64 and arm64.
//! Neighbours: [`crate::args`] fails with these, [`crate::strace`] prints them.

use core::fmt;
use core::num::NonZero;

/// What a system call handler returns: the value for the program, or the error.
pub type SysResult = Result<usize, Errno>;

/// A Linux error number, from 1 to 4095.
///
/// It is as wide as a register so that [`SysResult`] is returned in two registers, and never 0
/// so that `Result<(), Errno>` is returned in one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Errno(NonZero<usize>);

/// The value for the result register: the result itself, or the negated error number.
#[inline]
#[must_use]
pub const fn encode(result: SysResult) -> isize {
    match result {
        Ok(value) => value.cast_signed(),
        Err(errno) => -errno.0.get().cast_signed(),
    }
}

/// The inverse of [`encode`]: values from -4095 to -1 are errors.
#[inline]
pub const fn decode(value: isize) -> SysResult {
    let number = value.unsigned_abs();
    match Errno::new(number) {
        Some(errno) if value < 0 => Err(errno),
        _ => Ok(value.cast_unsigned()),
    }
}

impl Errno {
    /// The largest number that counts as an error in the result register (`MAX_ERRNO`).
    pub const MAX: u16 = 4095;

    const fn new(number: usize) -> Option<Self> {
        match NonZero::new(number) {
            Some(valid) if number <= Self::MAX as usize => Some(Self(valid)),
            _ => None,
        }
    }

    /// The error with this number; `None` for 0 and for numbers above 4095.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        if number < 0 { None } else { Self::new(number.unsigned_abs() as usize) }
    }

    /// The positive number, as in C's `errno`.
    #[inline]
    #[must_use]
    pub const fn number(self) -> i32 {
        // At most `MAX`.
        self.0.get() as i32
    }

    /// The constant's name (`"ENOENT"`), or `"E?"` for a number without one.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.line().and_then(|line| line.split(' ').next()).unwrap_or("E?")
    }

    /// What the C library says about the error.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.line().and_then(|line| line.split_once(' ')).map_or("Unknown error", |parts| parts.1)
    }

    /// The name and the message.
    fn line(self) -> Option<&'static str> {
        let number = u16::try_from(self.0.get()).ok()?;
        let index = NUMBERS.binary_search(&number).ok()?;
        LINES.lines().nth(index)
    }
}

impl fmt::Display for Errno {
    /// As a trace shows it: `ENOENT (No such file or directory)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.message())
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Errno {}

macro_rules! errnos {
    ($($name:ident = $number:literal, $message:literal;)*) => {
        impl Errno {
            $(#[doc = $message]
            pub const $name: Errno = Errno(NonZero::new($number).unwrap());)*
            /// The same as [`Errno::EAGAIN`].
            pub const EWOULDBLOCK: Errno = Errno::EAGAIN;
            /// The same as [`Errno::EDEADLK`].
            pub const EDEADLOCK: Errno = Errno::EDEADLK;
            /// The same as [`Errno::EOPNOTSUPP`].
            pub const ENOTSUP: Errno = Errno::EOPNOTSUPP;
        }
        /// The numbers, in order.
        static NUMBERS: &[u16] = &[$($number,)*];
        /// In the same order: a line with the name and the message. One string for all, because
        /// a kernel carries it.
        static LINES: &str = concat!($(stringify!($name), " ", $message, "\n",)*);
    };
}

errnos! {
    EPERM = 1, "Operation not permitted";
    ENOENT = 2, "No such file or directory";
    ESRCH = 3, "No such process";
    EINTR = 4, "Interrupted system call";
    EIO = 5, "Input/output error";
    ENXIO = 6, "No such device or address";
    E2BIG = 7, "Argument list too long";
    ENOEXEC = 8, "Exec format error";
    EBADF = 9, "Bad file descriptor";
    ECHILD = 10, "No child processes";
    EAGAIN = 11, "Resource temporarily unavailable";
    ENOMEM = 12, "Cannot allocate memory";
    EACCES = 13, "Permission denied";
    EFAULT = 14, "Bad address";
    ENOTBLK = 15, "Block device required";
    EBUSY = 16, "Device or resource busy";
    EEXIST = 17, "File exists";
    EXDEV = 18, "Invalid cross-device link";
    ENODEV = 19, "No such device";
    ENOTDIR = 20, "Not a directory";
    EISDIR = 21, "Is a directory";
    EINVAL = 22, "Invalid argument";
    ENFILE = 23, "Too many open files in system";
    EMFILE = 24, "Too many open files";
    ENOTTY = 25, "Inappropriate ioctl for device";
    ETXTBSY = 26, "Text file busy";
    EFBIG = 27, "File too large";
    ENOSPC = 28, "No space left on device";
    ESPIPE = 29, "Illegal seek";
    EROFS = 30, "Read-only file system";
    EMLINK = 31, "Too many links";
    EPIPE = 32, "Broken pipe";
    EDOM = 33, "Numerical argument out of domain";
    ERANGE = 34, "Numerical result out of range";
    EDEADLK = 35, "Resource deadlock avoided";
    ENAMETOOLONG = 36, "File name too long";
    ENOLCK = 37, "No locks available";
    ENOSYS = 38, "Function not implemented";
    ENOTEMPTY = 39, "Directory not empty";
    ELOOP = 40, "Too many levels of symbolic links";
    ENOMSG = 42, "No message of desired type";
    EIDRM = 43, "Identifier removed";
    ECHRNG = 44, "Channel number out of range";
    EL2NSYNC = 45, "Level 2 not synchronized";
    EL3HLT = 46, "Level 3 halted";
    EL3RST = 47, "Level 3 reset";
    ELNRNG = 48, "Link number out of range";
    EUNATCH = 49, "Protocol driver not attached";
    ENOCSI = 50, "No CSI structure available";
    EL2HLT = 51, "Level 2 halted";
    EBADE = 52, "Invalid exchange";
    EBADR = 53, "Invalid request descriptor";
    EXFULL = 54, "Exchange full";
    ENOANO = 55, "No anode";
    EBADRQC = 56, "Invalid request code";
    EBADSLT = 57, "Invalid slot";
    EBFONT = 59, "Bad font file format";
    ENOSTR = 60, "Device not a stream";
    ENODATA = 61, "No data available";
    ETIME = 62, "Timer expired";
    ENOSR = 63, "Out of streams resources";
    ENONET = 64, "Machine is not on the network";
    ENOPKG = 65, "Package not installed";
    EREMOTE = 66, "Object is remote";
    ENOLINK = 67, "Link has been severed";
    EADV = 68, "Advertise error";
    ESRMNT = 69, "Srmount error";
    ECOMM = 70, "Communication error on send";
    EPROTO = 71, "Protocol error";
    EMULTIHOP = 72, "Multihop attempted";
    EDOTDOT = 73, "RFS specific error";
    EBADMSG = 74, "Bad message";
    EOVERFLOW = 75, "Value too large for defined data type";
    ENOTUNIQ = 76, "Name not unique on network";
    EBADFD = 77, "File descriptor in bad state";
    EREMCHG = 78, "Remote address changed";
    ELIBACC = 79, "Can not access a needed shared library";
    ELIBBAD = 80, "Accessing a corrupted shared library";
    ELIBSCN = 81, ".lib section in a.out corrupted";
    ELIBMAX = 82, "Attempting to link in too many shared libraries";
    ELIBEXEC = 83, "Cannot exec a shared library directly";
    EILSEQ = 84, "Invalid or incomplete multibyte or wide character";
    ERESTART = 85, "Interrupted system call should be restarted";
    ESTRPIPE = 86, "Streams pipe error";
    EUSERS = 87, "Too many users";
    ENOTSOCK = 88, "Socket operation on non-socket";
    EDESTADDRREQ = 89, "Destination address required";
    EMSGSIZE = 90, "Message too long";
    EPROTOTYPE = 91, "Protocol wrong type for socket";
    ENOPROTOOPT = 92, "Protocol not available";
    EPROTONOSUPPORT = 93, "Protocol not supported";
    ESOCKTNOSUPPORT = 94, "Socket type not supported";
    EOPNOTSUPP = 95, "Operation not supported";
    EPFNOSUPPORT = 96, "Protocol family not supported";
    EAFNOSUPPORT = 97, "Address family not supported by protocol";
    EADDRINUSE = 98, "Address already in use";
    EADDRNOTAVAIL = 99, "Cannot assign requested address";
    ENETDOWN = 100, "Network is down";
    ENETUNREACH = 101, "Network is unreachable";
    ENETRESET = 102, "Network dropped connection on reset";
    ECONNABORTED = 103, "Software caused connection abort";
    ECONNRESET = 104, "Connection reset by peer";
    ENOBUFS = 105, "No buffer space available";
    EISCONN = 106, "Transport endpoint is already connected";
    ENOTCONN = 107, "Transport endpoint is not connected";
    ESHUTDOWN = 108, "Cannot send after transport endpoint shutdown";
    ETOOMANYREFS = 109, "Too many references: cannot splice";
    ETIMEDOUT = 110, "Connection timed out";
    ECONNREFUSED = 111, "Connection refused";
    EHOSTDOWN = 112, "Host is down";
    EHOSTUNREACH = 113, "No route to host";
    EALREADY = 114, "Operation already in progress";
    EINPROGRESS = 115, "Operation now in progress";
    ESTALE = 116, "Stale file handle";
    EUCLEAN = 117, "Structure needs cleaning";
    ENOTNAM = 118, "Not a XENIX named type file";
    ENAVAIL = 119, "No XENIX semaphores available";
    EISNAM = 120, "Is a named type file";
    EREMOTEIO = 121, "Remote I/O error";
    EDQUOT = 122, "Disk quota exceeded";
    ENOMEDIUM = 123, "No medium found";
    EMEDIUMTYPE = 124, "Wrong medium type";
    ECANCELED = 125, "Operation canceled";
    ENOKEY = 126, "Required key not available";
    EKEYEXPIRED = 127, "Key has expired";
    EKEYREVOKED = 128, "Key has been revoked";
    EKEYREJECTED = 129, "Key was rejected by service";
    EOWNERDEAD = 130, "Owner died";
    ENOTRECOVERABLE = 131, "State not recoverable";
    ERFKILL = 132, "Operation not possible due to RF-kill";
    EHWPOISON = 133, "Memory page has hardware error";
    ERESTARTSYS = 512, "Restart if the handler has SA_RESTART (never seen by programs)";
    ERESTARTNOINTR = 513, "Restart always (never seen by programs)";
    ERESTARTNOHAND = 514, "Restart if no handler ran (never seen by programs)";
    ERESTART_RESTARTBLOCK = 516, "Restart through restart_syscall (never seen by programs)";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_linux_s() {
        assert_eq!(encode(Ok(7)), 7);
        assert_eq!(encode(Err(Errno::ENOENT)), -2);
        assert_eq!(decode(-2), Err(Errno::ENOENT));
        assert_eq!(decode(-4096), Ok((-4096isize).cast_unsigned()));
        assert_eq!(Errno::from_number(0), None);
        assert_eq!(Errno::from_number(4096), None);
    }

    #[test]
    fn results_fit_in_registers() {
        assert_eq!(size_of::<Result<(), Errno>>(), size_of::<usize>());
        assert_eq!(size_of::<SysResult>(), 2 * size_of::<usize>());
        assert!(matches!(Err::<(), _>(Errno::EPERM), Err(Errno::EPERM)));
    }

    #[test]
    fn names_are_sorted_and_found() {
        assert!(NUMBERS.is_sorted());
        assert_eq!(NUMBERS.len(), LINES.lines().count());
        assert_eq!(Errno::EAGAIN.name(), "EAGAIN");
        assert_eq!(Errno::from_number(41).map(Errno::name), Some("E?"));
        assert_eq!(std::format!("{}", Errno::ENOENT), "ENOENT (No such file or directory)");
    }
}
