//! Frames nobody sane would send: nothing panics, nothing grows without bound.

use super::wire::*;
use crate::net::addr::Endpoint;
use crate::net::checksum::Sum;
use crate::net::tcp::TcpSock;

/// Makes the checksums of a frame right, so that it is not thrown away at the first look.
fn repair(frame: &mut [u8]) {
    if frame.len() < 34 {
        return;
    }
    frame[14] = 0x45;
    let total = (frame.len() - 14) as u16;
    frame[16..18].copy_from_slice(&total.to_be_bytes());
    frame[24..26].fill(0);
    let sum = crate::net::checksum::checksum(&frame[14..34]);
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    let at = match frame[23] {
        6 => 16,
        17 => 6,
        1 => 2,
        _ => return,
    };
    if frame.len() < 34 + at + 2 {
        return;
    }
    frame[34 + at..36 + at].fill(0);
    let src = u32::from_be_bytes(frame[26..30].try_into().unwrap());
    let dst = u32::from_be_bytes(frame[30..34].try_into().unwrap());
    let start = if frame[23] == 1 {
        Sum::default()
    } else {
        Sum::pseudo_header(src.into(), dst.into(), frame[23], frame.len() - 34)
    };
    let sum = start.and(&frame[34..]).finish();
    frame[34 + at..36 + at].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn random_frames() {
    let bench = Bench::new(200);
    let mut random = Random(99);
    let _listener = bench.listen(80, 10);
    for round in 0..60_000 {
        let len = (random.next() % 120) as usize;
        let mut frame: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        if len >= 14 {
            frame[..6].copy_from_slice(&bench.wire_b.mac);
            frame[6] &= 0xfe;
            frame[12..14].copy_from_slice(if round % 5 == 0 { &[8, 6] } else { &[8, 0] });
        }
        if len >= 34 && round % 3 != 0 {
            frame[26..30].copy_from_slice(&A.octets());
            frame[30..34].copy_from_slice(&B.octets());
            frame[23] = [6, 17, 1, 99][round % 4];
            if round % 2 == 0 {
                frame[20..22].fill(0);
            }
            repair(&mut frame);
        }
        bench.wire_b.inject(frame);
        bench.b.poll();
        bench.wire_b.steal();
        advance(1000);
    }
}

#[test]
fn changed_segments_of_a_living_connection() {
    let bench = Bench::new(201);
    let listener = bench.listen(80, 10);
    let mut random = Random(5);
    let (client, server) = bench.connect(&listener);
    let mut got = 0;
    for _ in 0..20_000 {
        let _ = send(&client, &[1; 700]);
        for mut frame in bench.wire_a.steal() {
            if random.chance(60) && frame.len() > 54 {
                for _ in 0..=random.next() % 3 {
                    let at = 34 + (random.next() as usize) % (frame.len() - 34);
                    if !(34..38).contains(&at) {
                        frame[at] = random.next() as u8;
                    }
                }
                repair(&mut frame);
            }
            bench.wire_b.inject(frame);
        }
        bench.b.poll();
        bench.a.poll();
        got += recv(&server).ok().flatten().map_or(0, |bytes| bytes.len());
        advance(MS);
    }
    assert!(got > 0);
}

#[test]
fn a_flood_of_syns_is_bounded_and_does_not_shut_out() {
    let bench = Bench::new(202);
    let listener = bench.listen(80, 10);
    let mut random = Random(7);
    let template = {
        let probe = TcpSock::new(bench.a);
        probe.connect(Endpoint::new(B, 80)).unwrap();
        let mut frames = Vec::new();
        for _ in 0..10 {
            bench.b.poll();
            bench.a.poll();
            for frame in bench.wire_a.steal() {
                if frame[12..14] == [8, 0] {
                    frames.push(frame.clone());
                }
                bench.wire_b.inject(frame);
            }
            advance(MS);
        }
        frames.swap_remove(0)
    };
    for _ in 0..20_000 {
        let mut frame = template.clone();
        frame[26..30].copy_from_slice(&[10, 0, 0, (random.next() % 200 + 20) as u8]);
        frame[34..36].copy_from_slice(&(random.next() as u16).to_be_bytes());
        repair(&mut frame);
        bench.wire_b.inject(frame);
        bench.b.poll();
        bench.wire_b.steal();
        advance(10_000);
    }
    assert!(bench.b.tcp.len() < 1200, "{}", bench.b.tcp.len());
    let (_client, _server) = bench.connect(&listener);
    bench.idle(300_000);
    assert!(bench.b.tcp.len() < 5);
}
