//! [`GuestPath`]: an absolute path in the guest in its plain form, as the key of a tree.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Components without the leading `/`: no `.`, `..` or empty ones. The root is the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestPath(Vec<u8>);

impl GuestPath {
    /// The root directory.
    pub fn root() -> Self {
        Self::default()
    }

    /// Takes `path` from the root, whether it begins with `/` or not; `..` does not leave it.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let mut plain = Self::root();
        for component in path.as_ref().components() {
            match component {
                Component::Normal(name) => plain = plain.join(name),
                Component::ParentDir => plain = plain.parent().unwrap_or_default(),
                Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
            }
        }
        plain
    }

    /// The entry `name` of this directory.
    pub fn join(&self, name: impl AsRef<OsStr>) -> Self {
        let mut bytes = self.0.clone();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name.as_ref().as_bytes());
        Self(bytes)
    }

    /// The directory that holds this; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(Self(self.0.get(..end).unwrap_or_default().to_vec()))
    }

    /// The last component; empty for the root.
    pub fn name(&self) -> &OsStr {
        OsStr::from_bytes(self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
    }

    /// Without the leading `/`, as an archive names it.
    pub fn archive_name(&self) -> &[u8] {
        if self.0.is_empty() { b"." } else { &self.0 }
    }

    /// With the leading `/`.
    pub fn absolute(&self) -> PathBuf {
        Path::new("/").join(OsStr::from_bytes(&self.0))
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.absolute().display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_plain() {
        for (given, plain) in [
            ("/", "/"),
            ("", "/"),
            ("/a//b/./c/", "/a/b/c"),
            ("a/../../b", "/b"),
            ("/..", "/"),
            ("/etc/passwd", "/etc/passwd"),
        ] {
            assert_eq!(GuestPath::new(given).to_string(), plain, "{given}");
        }
        let path = GuestPath::new("/a/b");
        assert_eq!(path.name(), "b");
        assert_eq!(path.parent(), Some(GuestPath::new("/a")));
        assert_eq!(GuestPath::new("/a").parent(), Some(GuestPath::root()));
        assert_eq!(GuestPath::root().parent(), None);
        assert_eq!(path.archive_name(), b"a/b");
        assert_eq!(GuestPath::root().archive_name(), b".");
    }
}
