//! Datagrams between hosts.

use super::wire::*;
use crate::net::addr::Endpoint;
use crate::net::dgram::{DgramSock, Kind};
use elfin_syscalls::Errno;
use std::net::Ipv4Addr;

fn udp(stack: &'static crate::net::Stack, port: u16) -> std::sync::Arc<DgramSock> {
    let sock = DgramSock::new(stack, Kind::Udp);
    sock.bind(Endpoint::new(Ipv4Addr::UNSPECIFIED, port)).unwrap();
    sock
}

#[test]
fn there_and_back_small_and_large() {
    let bench = Bench::new(100);
    let (a, b) = (udp(bench.a, 0), udp(bench.b, 53));
    for size in [0, 1, 1472, 1473, 9000, 65507] {
        let data: Vec<u8> = (0..size).map(|i| i as u8).collect();
        assert_eq!(a.send(Some(Endpoint::new(B, 53)), &data, Default::default()), Ok(size));
        let mut got = None;
        bench.run(5, || {
            got = got.take().or_else(|| b.try_recv(false).unwrap());
            got.is_some()
        });
        let got = got.unwrap();
        assert_eq!((got.data.len(), got.from), (size, Endpoint::new(A, a.local().port)));
        assert_eq!(got.data, data);
    }
    let long = vec![0; 65508];
    assert_eq!(a.send(Some(Endpoint::new(B, 53)), &long, Default::default()), Err(Errno::EMSGSIZE));
}

#[test]
fn nobody_there_is_an_error_for_the_connected() {
    let bench = Bench::new(101);
    let a = udp(bench.a, 0);
    a.send(Some(Endpoint::new(B, 9)), b"x", Default::default()).unwrap();
    bench.idle(10);
    assert!(a.try_recv(false).unwrap().is_none());
    a.connect(Some(Endpoint::new(B, 9))).unwrap();
    a.send(None, b"x", Default::default()).unwrap();
    bench.idle(10);
    assert_eq!(a.try_recv(false).unwrap_err(), Errno::ECONNREFUSED);
    assert!(a.try_recv(false).unwrap().is_none());
}

#[test]
fn the_connected_hear_only_their_peer_and_broadcasts_reach_all() {
    let bench = Bench::new(102);
    let server = udp(bench.b, 7);
    let (one, two) = (udp(bench.a, 1111), udp(bench.a, 2222));
    server.connect(Some(Endpoint::new(A, 1111))).unwrap();
    for sock in [&one, &two] {
        sock.send(Some(Endpoint::new(B, 7)), b"hi", Default::default()).unwrap();
    }
    bench.idle(10);
    assert_eq!(server.try_recv(false).unwrap().unwrap().from.port, 1111);
    assert!(server.try_recv(false).unwrap().is_none());

    let to = Endpoint::new(Ipv4Addr::new(10, 0, 0, 255), 99);
    assert_eq!(one.send(Some(to), b"all", Default::default()), Err(Errno::EACCES));
    one.set(|settings| settings.broadcast = true);
    let all: Vec<_> = (0..3)
        .map(|_| {
            let sock = DgramSock::new(bench.b, Kind::Udp);
            sock.set(|settings| settings.reuse_addr = true);
            sock.bind(Endpoint::new(Ipv4Addr::UNSPECIFIED, 99)).unwrap();
            sock
        })
        .collect();
    one.send(Some(to), b"all", Default::default()).unwrap();
    bench.idle(10);
    assert!(all.iter().all(|sock| sock.try_recv(false).unwrap().is_some()));
}

#[test]
fn the_queue_is_bounded() {
    let bench = Bench::new(103);
    let (a, b) = (udp(bench.a, 0), udp(bench.b, 53));
    b.set(|settings| settings.receive_buffer = 10_000);
    for _ in 0..1000 {
        a.send(Some(Endpoint::new(B, 53)), &[0; 100], Default::default()).unwrap();
        bench.idle(1);
    }
    let count = std::iter::from_fn(|| b.try_recv(false).unwrap()).count();
    assert!((40..80).contains(&count), "{count}");
}

#[test]
fn ping() {
    let bench = Bench::new(104);
    let sock = DgramSock::new(bench.a, Kind::Ping);
    let request = [8, 0, 0, 0, 0, 0, 0, 5, b'p', b'i', b'n', b'g'];
    sock.send(Some(Endpoint::new(B, 0)), &request, Default::default()).unwrap();
    bench.idle(10);
    let reply = sock.try_recv(false).unwrap().unwrap();
    assert_eq!((reply.data[0], &reply.data[6..]), (0, &request[6..]));
    sock.close();
    let raw = DgramSock::new(bench.a, Kind::Raw(1));
    raw.send(Some(Endpoint::new(B, 0)), &[8, 0, 0xf7, 0xfa, 0, 0, 0, 5], Default::default())
        .unwrap();
    bench.idle(10);
    assert_eq!(raw.try_recv(false).unwrap().unwrap().data.len(), 28);
}
