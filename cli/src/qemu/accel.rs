//! KVM or TCG: asks the user's choice, the device, the cached verdict of this boot, and last the probe.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::kvm_probe;
use crate::args::AccelChoice;
use crate::host::Reporter;

const KVM_DEVICE: &str = "/dev/kvm";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const WORKS: &[u8] = b"works";
const FAILS: &[u8] = b"fails";

/// Who executes the guest's instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accel {
    /// The processor.
    Kvm,
    /// QEMU, because of this.
    Tcg(String),
}

impl Accel {
    /// The value of `-accel`.
    pub fn parameter(&self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg(_) => "tcg",
        }
    }

    /// The CPU model with the most features.
    pub fn best_cpu(&self) -> &'static str {
        match self {
            Self::Kvm => "host",
            Self::Tcg(_) => "max",
        }
    }
}

/// Decides. The probe runs at most once per boot and QEMU.
///
/// # Errors
/// When `choice` is KVM and it does not work.
pub fn choose_accel(choice: AccelChoice, qemu: &OsStr) -> Result<Accel> {
    if choice == AccelChoice::Tcg {
        return Ok(Accel::Tcg("--accel tcg".into()));
    }
    match (kvm_works(qemu, choice), choice) {
        (Ok(()), _) => Ok(Accel::Kvm),
        (Err(reason), AccelChoice::Kvm) => {
            bail!(
                "--accel kvm: KVM does not work on this host: {reason:#}; --accel tcg always does"
            )
        }
        (Err(reason), _) => Ok(Accel::Tcg(format!("{reason:#}"))),
    }
}

fn kvm_works(qemu: &OsStr, choice: AccelChoice) -> Result<()> {
    // What fails here may be repaired at any time, so it is not remembered.
    OpenOptions::new().read(true).write(true).open(KVM_DEVICE).context(KVM_DEVICE)?;
    let cache = Cache::new();
    match cache.as_ref().and_then(|cache| cache.read(qemu)) {
        Some(true) => return Ok(()),
        Some(false) => bail!("{KVM_DEVICE} is there, but a small guest did not run on it"),
        None => {}
    }
    let verdict = kvm_probe::probe(qemu, "kvm", kvm_probe::LIMIT);
    if let (Err(reason), AccelChoice::Auto) = (&verdict, choice) {
        // Said once: the next time the verdict is known.
        Reporter.line(&format!("elfin: {KVM_DEVICE} does not work here ({reason:#}); using TCG"));
    }
    if let Some(cache) = cache {
        // A verdict that can not be kept is found again next time.
        let _ = cache.write(qemu, verdict.is_ok());
    }
    verdict
}

/// The file with the verdict of this boot. It goes with the boot id, so it is never stale.
struct Cache(PathBuf);

impl Cache {
    fn new() -> Option<Self> {
        let boot = fs::read_to_string(BOOT_ID).ok()?;
        let directory = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let directory = directory.filter(|path| path.is_dir()).unwrap_or_else(std::env::temp_dir);
        let user = rustix::process::geteuid().as_raw();
        Some(Self(directory.join(format!("elfin-kvm-{user}-{}", boot.trim()))))
    }

    /// The verdict on `qemu`, if this user wrote one.
    fn read(&self, qemu: &OsStr) -> Option<bool> {
        let stat = fs::symlink_metadata(&self.0).ok()?;
        if !stat.is_file() || stat.uid() != rustix::process::geteuid().as_raw() {
            return None;
        }
        let text = fs::read(&self.0).ok()?;
        let (verdict, of) = text.split_at_checked(WORKS.len())?;
        if of != [b" ", qemu.as_bytes()].concat() {
            return None;
        }
        Some(verdict == WORKS)
    }

    fn write(&self, qemu: &OsStr, works: bool) -> Result<()> {
        let directory = self.0.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        let verdict = if works { WORKS } else { FAILS };
        file.write_all(&[verdict, b" ", qemu.as_bytes()].concat())?;
        file.persist(&self.0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_kept_for_its_qemu() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache(directory.path().join("verdict"));
        let (one, other) = (OsStr::new("/one"), OsStr::new("/other"));
        assert_eq!(cache.read(one), None);
        cache.write(one, true).unwrap();
        assert_eq!(cache.read(one), Some(true));
        assert_eq!(cache.read(other), None);
        cache.write(one, false).unwrap();
        assert_eq!(cache.read(one), Some(false));
        fs::write(&cache.0, "odd").unwrap();
        assert_eq!(cache.read(one), None);
    }
}
