//! What the program gets: [`EnvSetting`], [`FileMapping`], a host name, a time limit.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueParserFactory};

/// Longest host name, `HOST_NAME_MAX` of limits.h.
const HOSTNAME_MAX: usize = 64;
/// Longest `--timeout`, a year.
const TIMEOUT_MAX_SECONDS: f64 = 365.0 * 86400.0;

/// An environment variable for the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvSetting {
    /// NAME=VALUE.
    Set(OsString, OsString),
    /// NAME, with the host's value if it has one.
    Inherit(OsString),
}

impl EnvSetting {
    /// Parses `NAME=VALUE` or `NAME`.
    pub fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
            None => (bytes, None),
        };
        if name.is_empty() {
            return Err(format!("'{}' has no variable name", text.to_string_lossy()));
        }
        let own = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        Ok(match value {
            Some(value) => Self::Set(own(name), own(value)),
            None => Self::Inherit(own(name)),
        })
    }
}

impl ValueParserFactory for EnvSetting {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().try_map(|text| Self::parse(&text)).into()
    }
}

/// A file or directory of the host and where it goes in the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMapping {
    /// Path on the host.
    pub host: PathBuf,
    /// Absolute path in the guest.
    pub guest: PathBuf,
}

impl FileMapping {
    fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let split = bytes.windows(2).rposition(|pair| pair == b":/").filter(|at| *at > 0);
        let Some(at) = split else {
            let text = text.to_string_lossy();
            return Err(format!("'{text}' is not HOST:GUEST with an absolute path GUEST"));
        };
        let own = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        Ok(Self { host: own(&bytes[..at]), guest: own(&bytes[at + 1..]) })
    }
}

impl ValueParserFactory for FileMapping {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().try_map(|text| Self::parse(&text)).into()
    }
}

/// A host name: 1 to 64 letters, digits, `-` and `.`.
pub fn parse_hostname(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if (1..=HOSTNAME_MAX).contains(&text.len()) && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is not 1 to {HOSTNAME_MAX} letters, digits, '-', '_' or '.'"))
    }
}

/// Seconds, with a fraction if wanted.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= TIMEOUT_MAX_SECONDS => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!("'{text}' is not a positive number of seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_and_files() {
        let set = EnvSetting::parse(OsStr::new("A=b=c")).unwrap();
        assert_eq!(set, EnvSetting::Set("A".into(), "b=c".into()));
        let inherit = EnvSetting::parse(OsStr::new("HOME")).unwrap();
        assert_eq!(inherit, EnvSetting::Inherit("HOME".into()));
        assert!(EnvSetting::parse(OsStr::new("=x")).is_err());
        let mapping = FileMapping::parse(OsStr::new("a:b:/etc/c")).unwrap();
        assert_eq!((mapping.host, mapping.guest), ("a:b".into(), "/etc/c".into()));
        assert!(FileMapping::parse(OsStr::new("a:b")).is_err());
        assert!(FileMapping::parse(OsStr::new(":/b")).is_err());
    }

    #[test]
    fn names_and_seconds() {
        assert!(parse_hostname("my-host.example").is_ok());
        assert!(parse_hostname("").is_err());
        assert!(parse_hostname("a b").is_err());
        assert_eq!(parse_seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["0", "-1", "nan", "inf", "x"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }
}
