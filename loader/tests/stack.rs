//! The initial stack, read back the way a program's first instructions read it.

use elfin_loader::auxv::{self, AuxValues};
use elfin_loader::machine::Machine;
use elfin_loader::stack::{ARGUMENT_MAX, InitialStack, StackError, StackImage, argument_space};

const TOP: u64 = 0x7fff_ffff_f000;
const STACK_LIMIT: u64 = 8 << 20;

fn stack<'a>(
    args: &'a [&'a [u8]],
    env: &'a [&'a [u8]],
    aux: &'a AuxValues,
) -> InitialStack<'a, &'a [u8]> {
    InitialStack {
        args,
        env,
        execfn: b"/bin/program",
        platform: Machine::X86_64.name(),
        random: *b"sixteen random b",
        top: TOP,
        stack_limit: STACK_LIMIT,
        aux,
    }
}

fn word(image: &StackImage, address: u64) -> u64 {
    let at = (address - image.sp) as usize;
    u64::from_le_bytes(image.bytes[at..at + 8].try_into().unwrap())
}

fn string(image: &StackImage, address: u64) -> &[u8] {
    let bytes = &image.bytes[(address - image.sp) as usize..];
    &bytes[..bytes.iter().position(|byte| *byte == 0).unwrap()]
}

/// What a program finds: argv, envp, auxv.
type Found = (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<(u64, u64)>);

fn read_back(image: &StackImage) -> Found {
    assert_eq!(image.sp % 16, 0, "the psABIs want sp aligned");
    assert_eq!(image.sp + image.bytes.len() as u64, TOP);
    let mut at = image.sp;
    let mut next = || {
        at += 8;
        word(image, at - 8)
    };
    let argc = next();
    assert_eq!(argc, image.argc);
    let args: Vec<_> = (0..argc).map(|_| string(image, next()).to_vec()).collect();
    assert_eq!(next(), 0);
    let mut env = Vec::new();
    loop {
        match next() {
            0 => break,
            address => env.push(string(image, address).to_vec()),
        }
    }
    let mut aux = Vec::new();
    loop {
        let entry = (next(), next());
        aux.push(entry);
        if entry.0 == auxv::AT_NULL {
            break;
        }
    }
    assert_eq!(at, image.auxv.end);
    assert_eq!(image.auxv.end - image.auxv.start, aux.len() as u64 * 16);
    (args, env, aux)
}

#[test]
fn all_is_where_a_program_looks() {
    let aux = AuxValues {
        phdr: 0x40_0040,
        phent: 56,
        phnum: 7,
        entry: 0x40_1000,
        sysinfo_ehdr: Some(0x7fff_0000),
        hwcap: 0x1234,
        hwcap2: 2,
        uid: 1,
        euid: 2,
        gid: 3,
        egid: 4,
        secure: true,
        min_sigstack: Some(3632),
        rseq: Some((28, 32)),
        ..AuxValues::default()
    };
    for extra in 0..17 {
        // Every length of the strings, so that padding takes every value.
        let last = vec![b'x'; extra];
        let args: [&[u8]; 4] = [b"program", b"", b"two words\n\"", &last];
        let env: [&[u8]; 2] = [b"HOME=/", b"EMPTY="];
        let image = stack(&args, &env, &aux).build().unwrap();
        let (found_args, found_env, found_aux) = read_back(&image);
        assert_eq!(found_args, args);
        assert_eq!(found_env, env);

        let value = |kind| found_aux.iter().find(|entry| entry.0 == kind).map(|entry| entry.1);
        assert_eq!(value(auxv::AT_PHDR), Some(0x40_0040));
        assert_eq!(value(auxv::AT_PHENT), Some(56));
        assert_eq!(value(auxv::AT_PHNUM), Some(7));
        assert_eq!(value(auxv::AT_ENTRY), Some(0x40_1000));
        assert_eq!(value(auxv::AT_BASE), Some(0));
        assert_eq!(value(auxv::AT_SYSINFO_EHDR), Some(0x7fff_0000));
        assert_eq!(value(auxv::AT_HWCAP), Some(0x1234));
        assert_eq!(value(auxv::AT_HWCAP2), Some(2));
        assert_eq!(value(auxv::AT_PAGESZ), Some(4096));
        assert_eq!(value(auxv::AT_CLKTCK), Some(100));
        let ids = [auxv::AT_UID, auxv::AT_EUID, auxv::AT_GID, auxv::AT_EGID].map(value);
        assert_eq!(ids, [1, 2, 3, 4].map(Some));
        assert_eq!(value(auxv::AT_SECURE), Some(1));
        assert_eq!(value(auxv::AT_FLAGS), Some(0));
        assert_eq!(value(auxv::AT_MINSIGSTKSZ), Some(3632));
        assert_eq!(value(auxv::AT_RSEQ_FEATURE_SIZE), Some(28));
        assert_eq!(value(auxv::AT_RSEQ_ALIGN), Some(32));
        assert_eq!(string(&image, value(auxv::AT_EXECFN).unwrap()), b"/bin/program");
        assert_eq!(string(&image, value(auxv::AT_PLATFORM).unwrap()), b"x86_64");
        let random = (value(auxv::AT_RANDOM).unwrap() - image.sp) as usize;
        assert_eq!(&image.bytes[random..random + 16], b"sixteen random b");

        // /proc/self/cmdline and environ.
        let slice = |range: &std::ops::Range<u64>| {
            &image.bytes[(range.start - image.sp) as usize..(range.end - image.sp) as usize]
        };
        assert_eq!(slice(&image.args), [&args[..], &[b""]].concat().join(&0));
        assert_eq!(slice(&image.env), b"HOME=/\0EMPTY=\0");
        assert_eq!(image.env.end, image.execfn);
        assert_eq!(word(&image, TOP - 8), 0);
    }
}

/// The entries come in the order in which Linux has them, which the test sees on itself.
#[test]
fn the_vector_has_linux_order() {
    let Ok(bytes) = std::fs::read("/proc/self/auxv") else { return };
    let of_linux: Vec<u64> = bytes
        .chunks_exact(16)
        .map(|entry| u64::from_le_bytes(entry[..8].try_into().unwrap()))
        .collect();
    let aux = AuxValues {
        sysinfo_ehdr: Some(1),
        min_sigstack: Some(1),
        rseq: Some((28, 32)),
        ..AuxValues::default()
    };
    let (_, _, ours) = read_back(&stack(&[b"x"], &[], &aux).build().unwrap());
    let common: Vec<u64> =
        ours.iter().map(|entry| entry.0).filter(|kind| of_linux.contains(kind)).collect();
    let expected: Vec<u64> =
        of_linux.iter().copied().filter(|kind| common.contains(kind)).collect();
    assert!(common.len() > 15);
    assert_eq!(common, expected);
}

#[test]
fn no_arguments_become_one_empty_one() {
    let aux = AuxValues::default();
    let (args, env, _) = read_back(&stack(&[], &[], &aux).build().unwrap());
    assert_eq!((args, env), (vec![Vec::new()], vec![]));
}

#[test]
fn limits_are_those_of_linux() {
    assert_eq!(argument_space(STACK_LIMIT), 2 << 20);
    assert_eq!(argument_space(0), 128 << 10);
    assert_eq!(argument_space(u64::MAX), 6 << 20);

    let aux = AuxValues::default();
    let longest = vec![b'x'; ARGUMENT_MAX as usize - 1];
    assert!(stack(&[&longest], &[], &aux).build().is_ok());
    let longer = vec![b'x'; ARGUMENT_MAX as usize];
    let error = stack(&[b"x"], &[&longer], &aux).build().unwrap_err();
    assert_eq!(error, StackError::TooLong { needed: 131_073, limit: 131_072 });
    assert_eq!(error.errno(), 7);
    assert_eq!(
        error.to_string(),
        "arguments and environment are too long: 131073 bytes, 131072 are allowed"
    );

    // Pointers count as well: many short ones.
    let many = vec![&b"x"[..]; 250_000];
    assert!(matches!(stack(&many, &[], &aux).build(), Err(StackError::TooLong { .. })));
    let fewer = vec![&b"x"[..]; 200_000];
    assert_eq!(read_back(&stack(&fewer, &[], &aux).build().unwrap()).0.len(), 200_000);
}

#[test]
fn what_can_not_be_is_refused() {
    let aux = AuxValues::default();
    let error = stack(&[b"a\0b"], &[], &aux).build().unwrap_err();
    assert_eq!((error, error.errno()), (StackError::NulByte, 22));
    for top in [0, 8, 64, TOP - 1] {
        let result = InitialStack { top, ..stack(&[b"x"], &[], &aux) }.build();
        assert_eq!(result, Err(StackError::Top(top)));
    }
}
