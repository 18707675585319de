//! The program's environment: a small default, then the files, then the options, later ones winning.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::args::{EnvSetting, RunArgs};
use crate::host::HostInput;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const HOME: &str = "/root";

/// All variables as `NAME=VALUE`, sorted by name.
///
/// # Errors
/// When a file can not be read or has a line that is no variable.
pub fn environment(args: &RunArgs, input: HostInput) -> Result<Vec<Vec<u8>>> {
    let mut variables: BTreeMap<OsString, OsString> = BTreeMap::new();
    variables.insert("PATH".into(), PATH.into());
    variables.insert("HOME".into(), HOME.into());
    if input == HostInput::Tty
        && let Some(terminal) = std::env::var_os("TERM")
    {
        variables.insert("TERM".into(), terminal);
    }
    let mut settings = Vec::new();
    for path in &args.env_file {
        settings.extend(read_env_file(path)?);
    }
    settings.extend(args.env.iter().cloned());
    for setting in settings {
        match setting {
            EnvSetting::Set(name, value) => {
                variables.insert(name, value);
            }
            EnvSetting::Inherit(name) => {
                if let Some(value) = std::env::var_os(&name) {
                    variables.insert(name, value);
                }
            }
        }
    }
    let joined = |(name, value): (OsString, OsString)| {
        let mut bytes = name.into_vec();
        bytes.push(b'=');
        bytes.extend_from_slice(value.as_bytes());
        bytes
    };
    Ok(variables.into_iter().map(joined).collect())
}

/// A setting per line; empty lines and lines that begin with `#` are skipped.
fn read_env_file(path: &Path) -> Result<Vec<EnvSetting>> {
    let text = fs::read(path).with_context(|| format!("can not read '{}'", path.display()))?;
    let mut settings = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let setting = EnvSetting::parse(OsStr::from_bytes(line))
            .map_err(|error| anyhow!("'{}', line {}: {error}", path.display(), index + 1))?;
        settings.push(setting);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files_have_comments() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("env");
        fs::write(&path, "# comment\n\nA=1\r\nB\n").unwrap();
        let settings = read_env_file(&path).unwrap();
        assert_eq!(
            settings,
            [EnvSetting::Set("A".into(), "1".into()), EnvSetting::Inherit("B".into())]
        );
        fs::write(&path, "A=1\n=2\n").unwrap();
        let error = format!("{:#}", read_env_file(&path).unwrap_err());
        assert!(error.contains("line 2"), "{error}");
    }
}
