//! The test bench: [`WireEnd`]s connected to each other, a clock of its own per test thread, and
//! [`Bench`], two hosts on a wire.

use crate::fs::{Dest, Source};
use crate::net::addr::{Cidr, Endpoint};
use crate::net::link::{Full, Iface, Link, MacAddr};
use crate::net::stack::Stack;
use crate::net::tcp::{Attempt, TcpSock};
use elfin_syscalls::Errno;
use std::cell::Cell;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

pub const MS: u64 = 1_000_000;
pub const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

thread_local! {
    static CLOCK: Cell<u64> = const { Cell::new(1_000_000_000) };
}

pub fn clock() -> u64 {
    CLOCK.get()
}

pub fn advance(ns: u64) {
    CLOCK.set(CLOCK.get() + ns);
}

fn no_alarm(_: &'static Stack, _: u64) {}

/// A small generator of random numbers, the same in every run.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
}

/// What a wire does to frames, in percent.
#[derive(Clone, Copy, Default)]
pub struct Trouble {
    pub drop: u64,
    pub repeat: u64,
    pub swap: u64,
    pub corrupt: u64,
}

#[derive(Default)]
struct Lane {
    frames: VecDeque<(u64, Vec<u8>)>,
}

/// One end of a wire.
pub struct WireEnd {
    pub mac: MacAddr,
    pub mtu: usize,
    pub delay: u64,
    pub trouble: Mutex<Trouble>,
    random: Mutex<Random>,
    inbox: Arc<Mutex<Lane>>,
    outbox: Arc<Mutex<Lane>>,
    pub sent: Mutex<u64>,
}

impl WireEnd {
    pub fn send(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<(), Full> {
        assert!(len <= self.mtu + 14, "{len} bytes on a wire of {}", self.mtu);
        let mut frame = vec![0; len];
        fill(&mut frame);
        *self.sent.lock().unwrap() += 1;
        let trouble = *self.trouble.lock().unwrap();
        let mut random = self.random.lock().unwrap();
        let mut lane = self.outbox.lock().unwrap();
        if random.chance(trouble.drop) {
            return Ok(());
        }
        if random.chance(trouble.corrupt) {
            let at = 14 + (random.next() as usize) % (len - 14);
            frame[at] ^= 1 << (random.next() % 8);
        }
        let at = clock() + self.delay;
        if random.chance(trouble.repeat) {
            lane.frames.push_back((at, frame.clone()));
        }
        if random.chance(trouble.swap) && !lane.frames.is_empty() {
            let place = lane.frames.len() - 1 - (random.next() as usize) % lane.frames.len().min(4);
            lane.frames.insert(place, (at, frame));
        } else {
            lane.frames.push_back((at, frame));
        }
        Ok(())
    }

    pub fn receive(&self) -> Option<Vec<u8>> {
        let mut lane = self.inbox.lock().unwrap();
        match lane.frames.front() {
            Some((at, _)) if *at <= clock() => lane.frames.pop_front().map(|(_, frame)| frame),
            _ => None,
        }
    }

    /// Puts a frame into this end's own inbox.
    pub fn inject(&self, frame: Vec<u8>) {
        self.inbox.lock().unwrap().frames.push_back((0, frame));
    }

    /// Takes what this end has sent, before the other end sees it.
    pub fn steal(&self) -> Vec<Vec<u8>> {
        self.outbox.lock().unwrap().frames.drain(..).map(|(_, frame)| frame).collect()
    }

    fn next_arrival(&self) -> Option<u64> {
        self.inbox.lock().unwrap().frames.front().map(|(at, _)| *at)
    }
}

pub fn wire(seed: u64, delay: u64) -> (&'static WireEnd, &'static WireEnd) {
    let (one, two) = (Arc::new(Mutex::new(Lane::default())), Arc::new(Mutex::new(Lane::default())));
    let end = |mac: u8, inbox: &Arc<Mutex<Lane>>, outbox: &Arc<Mutex<Lane>>| {
        &*Box::leak(Box::new(WireEnd {
            mac: [2, 0, 0, 0, 0, mac],
            mtu: 1500,
            delay,
            trouble: Mutex::default(),
            random: Mutex::new(Random(seed * 2 + u64::from(mac) + 0x9e37_79b9)),
            inbox: inbox.clone(),
            outbox: outbox.clone(),
            sent: Mutex::new(0),
        }))
    };
    (end(1, &one, &two), end(2, &two, &one))
}

pub fn host(end: &'static WireEnd, addr: Ipv4Addr) -> &'static Stack {
    let stack = Stack::new(&[Link::Wire(end)], [1, 2, 3, addr.to_bits().into()], clock, no_alarm);
    stack.ifaces[1].set_cidr(Some(Cidr { addr, prefix: 24 }));
    stack
}

pub fn lone_iface() -> Iface {
    Iface::new("eth0", 2, Link::Wire(wire(1, 0).0))
}

/// Two hosts on a wire.
pub struct Bench {
    pub a: &'static Stack,
    pub b: &'static Stack,
    pub wire_a: &'static WireEnd,
    pub wire_b: &'static WireEnd,
}

impl Bench {
    pub fn new(seed: u64) -> Self {
        let (wire_a, wire_b) = wire(seed, MS / 10);
        Self { a: host(wire_a, A), b: host(wire_b, B), wire_a, wire_b }
    }

    pub fn trouble(&self, trouble: Trouble) {
        *self.wire_a.trouble.lock().unwrap() = trouble;
        *self.wire_b.trouble.lock().unwrap() = trouble;
    }

    /// Lets both hosts work until `done`, moving the clock to whatever comes next; panics after
    /// `seconds` of the bench's time.
    pub fn run(&self, seconds: u64, mut done: impl FnMut() -> bool) {
        let end = clock() + seconds * 1000 * MS;
        loop {
            self.a.poll();
            self.b.poll();
            if done() {
                return;
            }
            assert!(clock() < end, "nothing came of it in {seconds} s");
            let next = [
                self.wire_a.next_arrival(),
                self.wire_b.next_arrival(),
                self.a.next_deadline(),
                self.b.next_deadline(),
            ];
            // Whatever the test does itself has its chance every few milliseconds.
            let next = next.into_iter().flatten().min().unwrap_or(end).min(clock() + 5 * MS);
            if next > clock() {
                advance(next - clock());
            } else {
                advance(1000);
            }
        }
    }

    /// Lets time pass.
    pub fn idle(&self, ms: u64) {
        let until = clock() + ms * MS;
        self.run(ms / 1000 + 1, || clock() >= until);
    }

    pub fn listen(&self, port: u16, backlog: i32) -> Arc<TcpSock> {
        let sock = TcpSock::new(self.b);
        sock.bind(Endpoint::new(Ipv4Addr::UNSPECIFIED, port)).unwrap();
        sock.listen(backlog).unwrap();
        sock
    }

    /// A connection from host A to a listener on host B.
    pub fn connect(&self, listener: &TcpSock) -> (Arc<TcpSock>, Arc<TcpSock>) {
        let client = TcpSock::new(self.a);
        client.connect(Endpoint::new(B, listener.local().port)).unwrap();
        self.run(60, || client.connected().is_some());
        let mut server = None;
        self.run(60, || {
            server = server.take().or_else(|| listener.accept().ok());
            server.is_some()
        });
        (client, server.unwrap())
    }
}

/// Sends as much as there is room for.
pub fn send(sock: &Arc<TcpSock>, bytes: &[u8]) -> Result<usize, Errno> {
    match sock.try_send(&mut Source::kernel(bytes), false)? {
        Attempt::Done(n) => Ok(n),
        Attempt::Wait => Ok(0),
    }
}

/// Receives what is there; `None` if nothing is.
pub fn recv(sock: &Arc<TcpSock>) -> Result<Option<Vec<u8>>, Errno> {
    let mut buffer = vec![0; 65536];
    match sock.try_recv(&mut Dest::kernel(&mut buffer), false, false)? {
        Attempt::Done(n) => {
            buffer.truncate(n);
            Ok(Some(buffer))
        }
        Attempt::Wait => Ok(None),
    }
}
