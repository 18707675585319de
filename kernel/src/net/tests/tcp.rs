//! Connections over a good wire: beginnings, ends, limits.

use super::wire::*;
use crate::net::addr::Endpoint;
use crate::net::tcp::{State, TcpSock};
use crate::task::PollEvents;
use elfin_syscalls::Errno;
use std::net::Ipv4Addr;

#[test]
fn request_and_reply() {
    let bench = Bench::new(1);
    let listener = bench.listen(80, 10);
    let (client, server) = bench.connect(&listener);
    assert_eq!(server.remote().unwrap().addr, A);
    for round in 0..100 {
        let request = format!("request {round}");
        assert_eq!(send(&client, request.as_bytes()).unwrap(), request.len());
        let mut got = None;
        bench.run(1, || {
            got = got.take().or_else(|| recv(&server).unwrap());
            got.is_some()
        });
        assert_eq!(got.unwrap(), request.as_bytes());
        assert_eq!(recv(&server).unwrap(), None);
        send(&server, b"reply").unwrap();
        let mut got = None;
        bench.run(1, || {
            got = got.take().or_else(|| recv(&client).unwrap());
            got.is_some()
        });
        assert_eq!(got.unwrap(), b"reply");
    }
    // One packet each way per round, beside handshake, ARP and a few delayed acknowledgements.
    assert!(*bench.wire_a.sent.lock().unwrap() < 110, "{}", bench.wire_a.sent.lock().unwrap());
    assert!(*bench.wire_b.sent.lock().unwrap() < 110);
}

#[test]
fn loopback_without_a_device() {
    let bench = Bench::new(2);
    let listener = TcpSock::new(bench.a);
    listener.bind(Endpoint::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.listen(5).unwrap();
    let client = TcpSock::new(bench.a);
    client.connect(listener.local()).unwrap();
    let mut server = None;
    bench.run(1, || {
        server = server.take().or_else(|| listener.accept().ok());
        server.is_some()
    });
    let server = server.unwrap();
    let data = vec![7; 300_000];
    let (mut sent, mut got) = (0, 0);
    bench.run(5, || {
        sent += send(&client, &data[sent..]).unwrap();
        got += recv(&server).unwrap().map_or(0, |bytes| bytes.len());
        got == data.len()
    });
    assert_eq!(*bench.wire_a.sent.lock().unwrap(), 0);
}

#[test]
fn refused_and_timed_out() {
    let bench = Bench::new(3);
    let client = TcpSock::new(bench.a);
    client.connect(Endpoint::new(B, 81)).unwrap();
    assert_eq!(client.connect(Endpoint::new(B, 81)), Err(Errno::EALREADY));
    let mut outcome = None;
    bench.run(5, || {
        outcome = outcome.or_else(|| client.connected());
        outcome.is_some()
    });
    assert_eq!(outcome, Some(Err(Errno::ECONNREFUSED)));
    // The same socket may try again.
    bench.wire_a.trouble.lock().unwrap().drop = 100;
    client.tune(|tuning| tuning.syn_retries = 2);
    client.connect(Endpoint::new(B, 80)).unwrap();
    let mut outcome = None;
    bench.run(200, || {
        outcome = outcome.or_else(|| client.connected());
        outcome.is_some()
    });
    assert_eq!(outcome, Some(Err(Errno::ETIMEDOUT)));
    // Nobody with that address on the network.
    bench.wire_a.trouble.lock().unwrap().drop = 0;
    client.connect(Endpoint::new(Ipv4Addr::new(10, 0, 0, 77), 80)).unwrap();
    let mut outcome = None;
    bench.run(20, || {
        outcome = outcome.or_else(|| client.connected());
        outcome.is_some()
    });
    assert_eq!(outcome, Some(Err(Errno::EHOSTUNREACH)));
    assert_eq!(
        client.connect(Endpoint::new(Ipv4Addr::new(8, 8, 8, 8), 1)),
        Err(Errno::ENETUNREACH)
    );
}

#[test]
fn backlog_overflows_by_dropping() {
    let bench = Bench::new(4);
    let listener = bench.listen(80, 3);
    let clients: Vec<_> = (0..10)
        .map(|_| {
            let client = TcpSock::new(bench.a);
            client.connect(Endpoint::new(B, 80)).unwrap();
            client
        })
        .collect();
    bench.idle(500);
    // Whoever is accepted makes room for those who try again.
    let mut accepted = Vec::new();
    for _ in 0..4 {
        accepted.push(listener.accept().unwrap());
    }
    assert_eq!(listener.accept().unwrap_err(), Errno::EAGAIN);
    bench.run(100, || {
        accepted.extend(listener.accept());
        accepted.len() == 10
    });
    assert!(clients.iter().all(|client| client.connected() == Some(Ok(()))));
}

#[test]
fn a_connection_per_request_many_times() {
    let bench = Bench::new(5);
    let listener = bench.listen(80, 128);
    for round in 0..3000u32 {
        let (client, server) = bench.connect(&listener);
        send(&client, b"GET /").unwrap();
        bench.run(1, || recv(&server).unwrap().is_some());
        send(&server, &round.to_be_bytes()).unwrap();
        server.close(false);
        let mut reply = Vec::new();
        bench.run(1, || match recv(&client).unwrap() {
            Some(bytes) if bytes.is_empty() => true,
            Some(bytes) => {
                reply.extend(bytes);
                false
            }
            None => false,
        });
        assert_eq!(reply, round.to_be_bytes());
        client.close(false);
    }
    bench.idle(10);
    assert!(bench.a.tcp.is_empty(), "{:?}", bench.a.tcp.rows());
    bench.idle(70_000);
    assert!(bench.b.tcp.is_empty(), "{:?}", bench.b.tcp.rows());
}

#[test]
fn all_orders_of_closing() {
    // Each side: shutdown, then close; in every order, with data in flight one way.
    for order in 0..8 {
        let bench = Bench::new(6 + order);
        let listener = bench.listen(80, 1);
        let (client, server) = bench.connect(&listener);
        send(&server, b"last words").unwrap();
        match order {
            0 => client.shutdown(false, true).unwrap(),
            1 => server.shutdown(false, true).unwrap(),
            2 => {
                client.shutdown(false, true).unwrap();
                server.shutdown(false, true).unwrap();
            }
            3 => {
                server.shutdown(false, true).unwrap();
                bench.idle(5);
                client.shutdown(false, true).unwrap();
            }
            4 => {
                client.shutdown(false, true).unwrap();
                bench.idle(5);
                server.shutdown(false, true).unwrap();
            }
            5 => client.shutdown(true, true).unwrap(),
            6 => server.close(false),
            _ => {}
        }
        let mut words = Vec::new();
        bench.run(5, || {
            words.extend(recv(&client).unwrap().unwrap_or_default());
            words.len() == 10
        });
        if order == 0 || order == 5 {
            bench.run(5, || recv(&server).unwrap() == Some(vec![]));
            assert_eq!(server.state(), State::CloseWait);
            send(&server, b"and more").unwrap();
            bench.run(5, || recv(&client).unwrap() == Some(b"and more".to_vec()));
            assert_eq!(send(&client, b"x"), Err(Errno::EPIPE));
        }
        client.close(false);
        server.close(false);
        bench.idle(100);
        let states: Vec<_> =
            bench.a.tcp.rows().into_iter().chain(bench.b.tcp.rows()).map(|row| row.state).collect();
        let ours = |state: &State| !matches!(state, State::Listen | State::TimeWait);
        assert!(!states.iter().any(ours), "order {order}: {states:?}");
        bench.idle(61_000);
        assert!(bench.a.tcp.is_empty() && bench.b.tcp.is_empty());
    }
}

#[test]
fn closing_with_unread_data_resets() {
    let bench = Bench::new(20);
    let listener = bench.listen(80, 1);
    let (client, server) = bench.connect(&listener);
    send(&client, b"never read").unwrap();
    bench.idle(5);
    server.close(false);
    bench.idle(5);
    assert!(client.poll(None).contains(PollEvents::ERR | PollEvents::HUP | PollEvents::IN));
    assert_eq!(recv(&client), Err(Errno::ECONNRESET));
    assert_eq!(recv(&client), Ok(Some(vec![])));
    assert_eq!(send(&client, b"x"), Err(Errno::EPIPE));
    client.close(false);
    assert!(bench.a.tcp.is_empty() && bench.b.tcp.is_empty());
}

#[test]
fn a_full_window_stops_and_opens_again() {
    let bench = Bench::new(21);
    let listener = bench.listen(80, 1);
    let (client, server) = bench.connect(&listener);
    let data: Vec<u8> = (0..2_000_000u32).map(|i| (i % 253) as u8).collect();
    let mut sent = 0;
    for _ in 0..200 {
        sent += send(&client, &data[sent..]).unwrap();
        bench.idle(10);
    }
    assert!(sent < 400_000, "{sent}");
    assert!(!client.poll(None).contains(PollEvents::OUT));
    // Nobody reads for minutes: probes keep the connection.
    bench.idle(300_000);
    assert_eq!(client.state(), State::Established);
    let mut got = Vec::new();
    bench.run(60, || {
        sent += send(&client, &data[sent..]).unwrap();
        got.extend(recv(&server).unwrap().unwrap_or_default());
        got.len() == data.len()
    });
    assert_eq!(got, data);
}

#[test]
fn poll_says_what_linux_says() {
    let bench = Bench::new(22);
    let fresh = TcpSock::new(bench.a);
    let out = PollEvents::OUT | PollEvents::WRNORM;
    assert_eq!(fresh.poll(None), out | PollEvents::HUP);
    let listener = bench.listen(80, 1);
    assert_eq!(listener.poll(None), PollEvents::empty());
    let (client, server) = bench.connect(&listener);
    assert_eq!(client.poll(None), out);
    send(&client, b"x").unwrap();
    bench.idle(1);
    let input = PollEvents::IN | PollEvents::RDNORM;
    assert_eq!(server.poll(None), out | input);
    recv(&server).unwrap();
    client.shutdown(false, true).unwrap();
    bench.idle(1);
    assert_eq!(server.poll(None), out | input | PollEvents::RDHUP);
    assert_eq!(client.poll(None), out);
    server.shutdown(false, true).unwrap();
    bench.idle(1);
    let all = out | input | PollEvents::RDHUP | PollEvents::HUP;
    assert_eq!(server.poll(None), all);
    assert_eq!(client.poll(None), all);
}

#[test]
fn ports_are_shared_by_the_rules() {
    let bench = Bench::new(23);
    let any = |port| Endpoint::new(Ipv4Addr::UNSPECIFIED, port);
    let listener = bench.listen(80, 1);
    let other = TcpSock::new(bench.b);
    assert_eq!(other.bind(any(80)), Err(Errno::EADDRINUSE));
    other.set_reuse(|reuse| reuse.addr = true);
    assert_eq!(other.bind(any(80)), Err(Errno::EADDRINUSE));
    assert_eq!(other.bind(Endpoint::new(A, 80)), Err(Errno::EADDRNOTAVAIL));
    let (client, server) = bench.connect(&listener);
    server.close(false);
    bench.idle(1);
    client.close(false);
    bench.idle(1);
    listener.close(false);
    // The name of the closed connection rests.
    let strict = TcpSock::new(bench.b);
    assert_eq!(strict.bind(any(80)), Err(Errno::EADDRINUSE));
    other.bind(any(80)).unwrap();
    other.listen(1).unwrap();
    let (one, two) = (TcpSock::new(bench.b), TcpSock::new(bench.b));
    for sock in [&one, &two] {
        sock.set_reuse(|reuse| reuse.port = true);
        sock.bind(any(90)).unwrap();
        sock.listen(10).unwrap();
    }
    for _ in 0..40 {
        let client = TcpSock::new(bench.a);
        client.connect(Endpoint::new(B, 90)).unwrap();
        bench.idle(1);
    }
    let count = |sock: &TcpSock| std::iter::from_fn(|| sock.accept().ok()).count();
    let (first, second) = (count(&one), count(&two));
    assert!(first + second >= 22 && first > 3 && second > 3, "{first} {second}");
}

#[test]
fn a_resting_name_serves_a_new_connection() {
    let bench = Bench::new(24);
    let listener = bench.listen(80, 10);
    for _ in 0..5 {
        let client = TcpSock::new(bench.a);
        client.bind(Endpoint::new(A, 5555)).unwrap();
        client.connect(Endpoint::new(B, 80)).unwrap();
        let mut server = None;
        bench.run(5, || {
            server = server.take().or_else(|| listener.accept().ok());
            server.is_some()
        });
        let server = server.unwrap();
        server.close(false);
        bench.idle(10);
        client.close(false);
        bench.idle(10);
        assert!(bench.b.tcp.rows().iter().any(|row| row.state == State::TimeWait));
    }
}

#[test]
fn keepalive_finds_the_dead() {
    let bench = Bench::new(25);
    let listener = bench.listen(80, 10);
    let (client, server) = bench.connect(&listener);
    server.tune(|tuning| {
        tuning.keepalive.on = true;
        tuning.keepalive.idle = 10;
        tuning.keepalive.interval = 2;
        tuning.keepalive.count = 3;
    });
    bench.idle(60_000);
    assert_eq!(server.state(), State::Established);
    bench.wire_a.trouble.lock().unwrap().drop = 100;
    bench.idle(30_000);
    assert_eq!(server.state(), State::Closed);
    assert_eq!(recv(&server), Err(Errno::ETIMEDOUT));
    drop(client);
}

#[test]
fn ten_thousand_idle_connections_are_cheap() {
    let bench = Bench::new(26);
    let listener = bench.listen(80, 4096);
    let mut all = Vec::new();
    for _ in 0..2000 {
        all.push(bench.connect(&listener));
    }
    for (client, server) in &all {
        send(client, b"hello").unwrap();
        bench.run(1, || recv(server).unwrap().is_some());
    }
    bench.idle(1000);
    assert!(all.iter().all(|(client, server)| client.chunks() + server.chunks() == 0));
    let size = size_of::<TcpSock>();
    assert!(size <= 1024, "{size}");
}
