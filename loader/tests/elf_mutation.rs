//! Files broken at random, from a seed that is printed: the parser never panics, and what it
//! accepts is sound.

mod common;

use common::*;

const ROUNDS: usize = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
const ROUNDS_LONG: usize = 20_000_000;
/// Bytes of headers in the files that are mutated.
const HEADERS: usize = EHDR + 5 * PHDR;

fn corpus() -> Vec<Vec<u8>> {
    let mut with_interpreter = ordinary();
    put32(&mut with_interpreter, at(4, P_TYPE), PT_INTERP);
    put64(&mut with_interpreter, at(4, P_OFFSET), 0x2800);
    put64(&mut with_interpreter, at(4, P_FILESZ), 8);
    put(&mut with_interpreter, 0x2800, b"/lib/ld\0");
    let mut with_note = ordinary();
    put16(&mut with_note, E_TYPE, 3);
    put32(&mut with_note, at(4, P_TYPE), PT_GNU_PROPERTY);
    put64(&mut with_note, at(4, P_OFFSET), 0x160);
    put64(&mut with_note, at(4, P_FILESZ), 32);
    for (index, word) in [4_u32, 16, 5, 0x0055_4e47, 0xc000_0002, 4, 3, 0].into_iter().enumerate() {
        put32(&mut with_note, 0x160 + index * 4, word);
    }
    vec![ordinary(), with_interpreter, with_note]
}

fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        match random.below(6) {
            0 => {
                let at = random.below(HEADERS + 32).min(file.len().saturating_sub(1));
                if let Some(byte) = file.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
            1 => file.truncate(random.below(file.len() + 1)),
            _ => {
                // A whole field of a program header, or the entry or the table's place.
                let field = match random.below(8) {
                    0 => E_ENTRY,
                    1 => E_PHOFF,
                    _ => at(random.below(5), P_OFFSET + 8 * random.below(6)),
                };
                if field + 8 <= file.len() {
                    let value = random.nasty();
                    put64(file, field, value);
                }
            }
        }
    }
}

fn run(seed: u64, rounds: usize) {
    let corpus = corpus();
    let mut random = Random(seed);
    let mut accepted = 0_usize;
    for round in 0..rounds {
        let mut file = corpus[random.below(corpus.len())].clone();
        mutate(&mut file, &mut random);
        let result = std::panic::catch_unwind(|| match plan(&file) {
            Ok(plan) => {
                check(&plan, &file);
                true
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        });
        match result {
            Ok(is_accepted) => accepted += usize::from(is_accepted),
            Err(_) => {
                panic!("seed {seed:#x}, round {round}: {:02x?}", &file[..HEADERS.min(file.len())])
            }
        }
    }
    // A test in which everything is refused would prove nothing.
    assert!(accepted > rounds / 50, "only {accepted} of {rounds} files were accepted");
}

#[test]
fn broken_files_do_not_break_the_parser() {
    run(0x00e1_f1e1_f1e1_f1e1, ROUNDS);
}

#[test]
#[ignore = "runs for minutes: cargo test --release -p elfin-loader -- --ignored fuzz_long"]
fn fuzz_long() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    run(now.as_nanos() as u64 | 1, ROUNDS_LONG);
}
