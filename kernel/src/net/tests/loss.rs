//! Transfers over bad wires: whatever is lost, repeated, swapped or changed on the way, the
//! bytes arrive once and in order.

use super::wire::*;

fn transfer(seed: u64, trouble: Trouble, bytes: usize) {
    let bench = Bench::new(seed);
    let listener = bench.listen(80, 5);
    bench.trouble(trouble);
    let (client, server) = bench.connect(&listener);
    let mut random = Random(seed + 1);
    let up: Vec<u8> = (0..bytes).map(|_| random.next() as u8).collect();
    let down: Vec<u8> = (0..bytes / 2).map(|_| random.next() as u8).collect();
    let (mut sent_up, mut sent_down) = (0, 0);
    let (mut got_up, mut got_down) = (Vec::new(), Vec::new());
    let (mut end_up, mut end_down) = (false, false);
    bench.run(6000, || {
        if sent_up < up.len() {
            sent_up += send(&client, &up[sent_up..]).unwrap();
            if sent_up == up.len() {
                client.shutdown(false, true).unwrap();
            }
        }
        if sent_down < down.len() {
            let piece = (random.next() as usize % 5000 + 1).min(down.len() - sent_down);
            sent_down += send(&server, &down[sent_down..sent_down + piece]).unwrap();
            if sent_down == down.len() {
                server.shutdown(false, true).unwrap();
            }
        }
        if let Some(piece) = recv(&server).unwrap() {
            end_up |= piece.is_empty();
            got_up.extend(piece);
        }
        if let Some(piece) = recv(&client).unwrap() {
            end_down |= piece.is_empty();
            got_down.extend(piece);
        }
        end_up && end_down
    });
    assert!(got_up == up, "seed {seed}: {} of {} bytes", got_up.len(), up.len());
    assert!(got_down == down, "seed {seed}");
    bench.trouble(Trouble::default());
    client.close(false);
    server.close(false);
    bench.idle(130_000);
    assert!(
        !bench.a.tcp.rows().iter().any(|row| row.state.is_synchronized() && row.state as u8 != 6)
    );
}

#[test]
fn good_wire() {
    transfer(1, Trouble::default(), 8_000_000);
}

#[test]
fn some_loss() {
    for seed in 10..14 {
        transfer(seed, Trouble { drop: 2, ..Trouble::default() }, 1_000_000);
    }
}

#[test]
fn everything_at_once() {
    for seed in 20..30 {
        transfer(seed, Trouble { drop: 5, repeat: 5, swap: 20, corrupt: 3 }, 200_000);
    }
}

#[test]
fn heavy_loss() {
    for seed in 40..43 {
        transfer(seed, Trouble { drop: 25, repeat: 2, swap: 5, corrupt: 0 }, 50_000);
    }
}

#[test]
fn only_swaps() {
    transfer(50, Trouble { swap: 50, ..Trouble::default() }, 2_000_000);
}
