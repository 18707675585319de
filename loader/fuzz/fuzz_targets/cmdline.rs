//! Any bytes as a command line, as its `ip=`, and as an argument file, which comes back as it was.
#![no_main]

use elfin_loader::cmdline::{ArgumentFile, CommandLine, IpConfig};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let line = CommandLine::new(bytes);
    let total: usize = line.iter().chain(line.after_dashes()).map(|p| p.word().len()).sum();
    assert!(total <= bytes.len());
    for param in line.iter() {
        if let Some(config) = param.text().and_then(|text| IpConfig::parse(text).ok()) {
            assert!(config.prefix.is_none_or(|prefix| prefix <= 32));
        }
        if let Ok(name) = core::str::from_utf8(param.name) {
            assert!(line.has(name));
            let _ = (line.number(name), line.flag(name));
        }
    }
    let _ = line.init_words(|param| param.is("console")).count();
    if let Ok(file) = ArgumentFile::parse(bytes) {
        let again = file.encode().unwrap();
        assert_eq!(ArgumentFile::parse(&again), Ok(file));
    }
});
