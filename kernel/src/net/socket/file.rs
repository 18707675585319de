//! A socket as an open file.

use super::socket::{Patience, Protocol, Socket};
use crate::fs::attr::{FileKind, FileStat, makedev};
use crate::fs::{Dest, File, OpenFile, Source};
use crate::net::tcp::State;
use crate::net::unix;
use crate::sys::Cx;
use crate::task::{PollEvents, PollTable};
use core::any::Any;
use core::sync::atomic::AtomicU64;
use elfin_syscalls::args::{MsgFlags, UserAddr};
use elfin_syscalls::{Errno, SysResult};

/// The device number that sockets show.
const SOCKFS: u64 = makedev(0, 8);
const SECOND: u64 = 1_000_000_000;

impl File for Socket {
    fn sends_signals(&self) -> bool {
        true
    }

    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        if let Protocol::Unix(sock) = &self.protocol
            && sock.kind == unix::Kind::Stream
            && let Some(n) = sock.try_read(dst)?
        {
            return Ok(n);
        }
        self.recv(of.nonblocking(), dst, MsgFlags::empty()).map(|received| received.bytes)
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        self.send(of.nonblocking(), src, MsgFlags::empty(), super::Outgoing::default())
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        match &self.protocol {
            Protocol::Tcp(sock) => sock.poll(table),
            Protocol::Dgram(sock) => sock.poll(table),
            Protocol::Unix(sock) => sock.poll(table),
            Protocol::Netlink(sock) => sock.poll(table),
        }
    }

    fn ioctl(&self, _of: &OpenFile, _cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        self.control(cmd, arg)
    }

    fn stat(&self) -> Result<FileStat, Errno> {
        Ok(FileStat {
            dev: SOCKFS,
            ino: self.ino,
            mode: FileKind::Socket.mode_bits() | 0o777,
            nlink: 1,
            block_size: FileStat::BLOCK_SIZE,
            ..FileStat::default()
        })
    }

    fn release(&self, _of: &OpenFile) {
        match &self.protocol {
            Protocol::Tcp(sock) => {
                let linger = self.common.linger();
                sock.close(linger.on && linger.seconds == 0);
                if linger.on && linger.seconds > 0 {
                    let nanoseconds = u64::from(linger.seconds).saturating_mul(SECOND);
                    let patience = Patience::of(&AtomicU64::new(nanoseconds));
                    // Who is interrupted or out of time leaves the rest to the stack.
                    let _outcome = patience.wait(&sock.queue, || {
                        let busy = [State::FinWait1, State::Closing, State::LastAck];
                        !busy.contains(&sock.state())
                    });
                }
            }
            Protocol::Dgram(sock) => sock.close(),
            Protocol::Unix(sock) => sock.close(),
            Protocol::Netlink(_) => {}
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
