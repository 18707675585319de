//! Traces: lines as strace writes them, and no line that walks off the memory there is.

use elfin_syscalls::abi::{self, *};
use elfin_syscalls::args::{EpollEvents, OpenFlags};
use elfin_syscalls::strace::{Memory, format_call, format_return};
use elfin_syscalls::zerocopy::IntoBytes;
use elfin_syscalls::{Arch, Entry, TABLE, encode};

/// Memory that begins at an address; what lies outside cannot be read.
struct Ram {
    base: usize,
    bytes: Vec<u8>,
}

const BASE: usize = 0x1000;

impl Ram {
    fn new() -> Self {
        Self { base: BASE, bytes: Vec::new() }
    }

    /// Appends bytes at a multiple of 8 and returns their address.
    fn put(&mut self, bytes: &[u8]) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let addr = self.base + self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        addr
    }
}

impl Memory for Ram {
    fn read(&self, addr: usize, buffer: &mut [u8]) -> usize {
        let Some(bytes) = addr.checked_sub(self.base).and_then(|at| self.bytes.get(at..)) else {
            return 0;
        };
        let len = bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&bytes[..len]);
        len
    }
}

fn number(name: &str) -> usize {
    let entry = Entry::by_name(name).unwrap();
    entry.number(Arch::X86_64).unwrap()
}

fn line(ram: &Ram, name: &str, words: [usize; 6], result: isize) -> String {
    format_return(Arch::X86_64, number(name), words, result, ram).to_string()
}

const CWD: usize = -100isize as usize;

#[test]
fn paths_and_flags() {
    let mut ram = Ram::new();
    let path = ram.put(b"/etc/passwd\0");
    let flags = usize::try_from(OpenFlags::CLOEXEC.bits()).unwrap();
    let text = line(&ram, "openat", [CWD, path, flags, 0, 0, 0], 3);
    assert_eq!(text, r#"openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3"#);
    let text = line(&ram, "open", [path, 0o1102, 0o644, 0, 0, 0], -2);
    let expected = r#"open("/etc/passwd", O_RDWR|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)"#;
    assert_eq!(text, expected);
    let text = line(&ram, "access", [path, 0, 0, 0, 0, 0], 0);
    assert_eq!(text, r#"access("/etc/passwd", F_OK) = 0"#);
}

#[test]
fn open_flags_differ_per_architecture() {
    let mut ram = Ram::new();
    let path = ram.put(b"/\0");
    let openat = Entry::by_name("openat").unwrap();
    for (arch, bits) in [(Arch::X86_64, 0o200_000), (Arch::Aarch64, 0o40_000)] {
        let nr = openat.number(arch).unwrap();
        let text = format_call(arch, nr, [CWD, path, bits, 0, 0, 0], &ram).to_string();
        assert_eq!(text, r#"openat(AT_FDCWD, "/", O_RDONLY|O_DIRECTORY)"#);
    }
}

#[test]
fn buffers_are_escaped_and_cut() {
    let mut ram = Ram::new();
    let data = ram.put(b"a\"b\\c\n\x01\x029\xff and more than thirty-two bytes");
    let text = line(&ram, "write", [1, data, 40, 0, 0, 0], 40);
    assert_eq!(text, r#"write(1, "a\"b\\c\n\1\0029\377 and more than thirty-"..., 40) = 40"#);
    // Before the call a read's buffer is an address, and so it is after a failure.
    let words = [0, data, 40, 0, 0, 0];
    let before = format_call(Arch::X86_64, number("read"), words, &ram).to_string();
    assert_eq!(before, format!("read(0, {data:#x}, 40)"));
    assert_eq!(line(&ram, "read", words, 3), r#"read(0, "a\"b", 40) = 3"#);
    assert!(line(&ram, "read", words, -11).contains(&format!("{data:#x}, 40) = -1 EAGAIN")));
}

#[test]
fn memory_that_is_not_there_is_an_address() {
    let mut ram = Ram::new();
    let end = ram.put(b"no end");
    assert_eq!(
        line(&ram, "chdir", [0, 0, 0, 0, 0, 0], -14),
        "chdir(NULL) = -1 EFAULT (Bad address)"
    );
    assert!(
        line(&ram, "chdir", [0x9999_9999, 0, 0, 0, 0, 0], -14).starts_with("chdir(0x99999999)")
    );
    assert!(line(&ram, "chdir", [end, 0, 0, 0, 0, 0], -14).starts_with(r#"chdir("no end"...)"#));
    assert!(line(&ram, "write", [1, end, 100, 0, 0, 0], 0).starts_with("write(1, 0x1000, 100)"));
    let text = line(&ram, "nanosleep", [end, 0, 0, 0, 0, 0], 0);
    assert_eq!(text, "nanosleep(0x1000, NULL) = 0");
}

#[test]
fn structures() {
    let mut ram = Ram::new();
    let time = ram.put(Timespec { tv_sec: 1, tv_nsec: 500 }.as_bytes());
    assert_eq!(
        line(&ram, "nanosleep", [time, 0, 0, 0, 0, 0], 0),
        "nanosleep({tv_sec=1, tv_nsec=500}, NULL) = 0"
    );
    let text = ram.put(b"hello, world");
    let iov = ram.put(
        [Iovec { iov_base: text as u64, iov_len: 5 }, Iovec { iov_base: 0, iov_len: 0 }].as_bytes(),
    );
    assert_eq!(
        line(&ram, "writev", [1, iov, 2, 0, 0, 0], 5),
        r#"writev(1, [{iov_base="hello", iov_len=5}, {iov_base=NULL, iov_len=0}], 2) = 5"#
    );
    let poll = ram.put(Pollfd { fd: 5, events: 5, revents: 1 }.as_bytes());
    assert_eq!(
        line(&ram, "poll", [poll, 1, 1000, 0, 0, 0], 1),
        "poll([{fd=5, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 1000) = 1"
    );
    let limit = ram.put(Rlimit64 { rlim_cur: 8192 * 1024, rlim_max: RLIM_INFINITY }.as_bytes());
    assert_eq!(
        line(&ram, "prlimit64", [0, 3, 0, limit, 0, 0], 0),
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0"
    );
    let event = EpollEventX86_64::new(EpollEvents::IN | EpollEvents::ET, 7);
    let events = ram.put(event.as_bytes());
    assert_eq!(
        line(&ram, "epoll_wait", [4, events, 64, usize::MAX, 0, 0], 1),
        "epoll_wait(4, [{events=EPOLLIN|EPOLLET, data=0x7}], 64, -1) = 1"
    );
    let mut stat: StatX86_64 = abi::zeroed();
    stat.st_mode = S_IFREG | 0o644;
    stat.st_size = 42;
    let stat = ram.put(stat.as_bytes());
    assert_eq!(
        line(&ram, "fstat", [3, stat, 0, 0, 0, 0], 0),
        "fstat(3, {st_mode=S_IFREG|0644, st_size=42, ...}) = 0"
    );
    let fds = ram.put([3i32, 4].as_bytes());
    assert_eq!(
        line(&ram, "pipe2", [fds, 0o2_000_000, 0, 0, 0, 0], 0),
        "pipe2([3, 4], O_CLOEXEC) = 0"
    );
}

#[test]
fn sockets() {
    let mut ram = Ram::new();
    let addr = ram.put(SockaddrIn::new([127, 0, 0, 1], 6379).as_bytes());
    assert_eq!(
        line(&ram, "bind", [6, addr, 16, 0, 0, 0], 0),
        r#"bind(6, {sa_family=AF_INET, sin_port=htons(6379), sin_addr=inet_addr("127.0.0.1")}, 16) = 0"#
    );
    let len = ram.put(16i32.as_bytes());
    assert_eq!(
        line(&ram, "accept4", [6, addr, len, 0o4000, 0, 0], 7),
        r#"accept4(6, {sa_family=AF_INET, sin_port=htons(6379), sin_addr=inet_addr("127.0.0.1")}, [16], SOCK_NONBLOCK) = 7"#
    );
    let mut un: SockaddrUn = abi::zeroed();
    un.sun_family = AF_UNIX;
    un.sun_path[..5].copy_from_slice(b"/tmp\0");
    let un = ram.put(un.as_bytes());
    assert_eq!(
        line(&ram, "connect", [6, un, 110, 0, 0, 0], -111),
        r#"connect(6, {sa_family=AF_UNIX, sun_path="/tmp"}, 110) = -1 ECONNREFUSED (Connection refused)"#
    );
    assert_eq!(
        line(&ram, "socket", [2, 0o2_004_001, 0, 0, 0, 0], 3),
        "socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0) = 3"
    );
}

#[test]
fn memory_signals_and_threads() {
    let mut ram = Ram::new();
    assert_eq!(
        line(&ram, "mmap", [0, 4096, 3, 0x22, usize::MAX, 0], 0x7f00_0000),
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f000000"
    );
    let set = ram.put((sigmask(SIGINT) | sigmask(SIGCHLD)).as_bytes());
    assert_eq!(
        line(&ram, "rt_sigprocmask", [0, set, 0, 8, 0, 0], 0),
        "rt_sigprocmask(SIG_BLOCK, [INT CHLD], NULL, 8) = 0"
    );
    let full = ram.put((!SIG_UNBLOCKABLE).as_bytes());
    assert_eq!(
        line(&ram, "rt_sigprocmask", [2, full, 0, 8, 0, 0], 0),
        "rt_sigprocmask(SIG_SETMASK, ~[KILL STOP], NULL, 8) = 0"
    );
    let action = SigactionK { handler: SIG_IGN, flags: 0x1400_0000, restorer: 0x40_0000, mask: 0 };
    let action = ram.put(action.as_bytes());
    assert_eq!(
        line(&ram, "rt_sigaction", [13, action, 0, 8, 0, 0], 0),
        "rt_sigaction(SIGPIPE, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESTORER|SA_RESTART, \
         sa_restorer=0x400000}, NULL, 8) = 0"
    );
    assert_eq!(
        line(&ram, "futex", [0x2000, 0x81, 1, 0, 0, 0], 0),
        "futex(0x2000, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) = 0"
    );
    assert_eq!(line(&ram, "kill", [1, 9, 0, 0, 0, 0], 0), "kill(1, SIGKILL) = 0");
    assert_eq!(
        line(&ram, "exit_group", [3, 0, 0, 0, 0, 0], -512),
        "exit_group(3) = ? ERESTARTSYS (Restart if the handler has SA_RESTART (never seen by programs))"
    );
    let status = ram.put(0x0300i32.as_bytes());
    assert_eq!(
        line(&ram, "wait4", [usize::MAX, status, 1, 0, 0, 0], 9),
        "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], WNOHANG, NULL) = 9"
    );
    let ls = ram.put(b"ls\0");
    let argv = ram.put([ls as u64, ls as u64, 0].as_bytes());
    assert_eq!(
        format_call(Arch::X86_64, number("execve"), [ls, argv, 0, 0, 0, 0], &ram).to_string(),
        r#"execve("ls", ["ls", "ls"], NULL)"#
    );
}

#[test]
fn unknown_numbers() {
    let ram = Ram::new();
    let text = format_return(Arch::Aarch64, 0x1ff, [1, 2, 3, 4, 5, 6], -38, &ram).to_string();
    assert_eq!(
        text,
        "syscall_0x1ff(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)"
    );
    // A call of the other architecture alone is unknown too.
    assert!(format_call(Arch::Aarch64, 1000, [0; 6], &ram).to_string().starts_with("syscall_"));
}

/// A small generator of noise (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A word that is often an interesting one: small, in memory, at its end, or anything.
    fn word(&mut self, ram: &Ram) -> usize {
        let offset = usize::try_from(self.next()).unwrap_or(0) % (ram.bytes.len() + 16);
        match self.next() % 6 {
            0 => offset % 64,
            1 | 2 => ram.base + offset,
            3 => usize::MAX - offset,
            4 => ram.base + ram.bytes.len() - offset % 24,
            _ => usize::try_from(self.next()).unwrap_or(usize::MAX),
        }
    }
}

#[test]
fn any_words_make_a_line_of_bounded_length() {
    const ROUNDS: usize = 40;
    const LONGEST: usize = 20_000;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let mut ram = Ram::new();
    for _ in 0..512 {
        let word = match noise.next() % 3 {
            0 => noise.next() % 32,
            1 => BASE as u64 + noise.next() % 4096,
            _ => noise.next(),
        };
        ram.put(word.as_bytes());
    }
    for call in TABLE {
        for arch in Arch::ALL {
            let Some(number) = call.number(arch) else { continue };
            for _ in 0..ROUNDS {
                let words = core::array::from_fn(|_| noise.word(&ram));
                let result = match noise.next() % 3 {
                    0 => encode(Ok(noise.word(&ram))),
                    1 => -((noise.next() % 140) as isize),
                    _ => (noise.next() % 100) as isize,
                };
                let before = format_call(arch, number, words, &ram).to_string();
                let after = format_return(arch, number, words, result, &ram).to_string();
                assert!(before.starts_with(call.name) && before.ends_with(')'), "{before}");
                assert!(after.contains(") = "), "{after}");
                assert!(after.len() < LONGEST && !after.contains('\n'), "{after}");
            }
        }
    }
}
