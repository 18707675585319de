//! The few files and directories that programs expect of any Unix, added where a tree lacks them.

use std::net::Ipv4Addr;

use anyhow::Result;

use super::path::GuestPath;
use super::tree::{Node, Tree};

const FILE_MODE: u32 = 0o644;

/// Directories and their modes.
const DIRECTORIES: [(&str, u32); 11] = [
    ("/bin", 0o755),
    ("/dev", 0o755),
    ("/etc", 0o755),
    ("/proc", 0o555),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/sys", 0o555),
    ("/tmp", 0o1777),
    ("/var", 0o755),
    ("/var/log", 0o755),
    ("/var/tmp", 0o1777),
];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\n";
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// What the files say.
#[derive(Debug, Default)]
pub struct SkeletonOptions<'a> {
    /// The guest's name.
    pub hostname: &'a str,
    /// Its address, if known.
    pub address: Option<Ipv4Addr>,
    /// Name servers.
    pub name_servers: &'a [Ipv4Addr],
}

/// Adds what `tree` lacks.
pub fn add_skeleton(tree: &mut Tree, options: &SkeletonOptions<'_>) -> Result<()> {
    for (path, mode) in DIRECTORIES {
        tree.insert_if_absent(&GuestPath::new(path), Node::directory(mode))?;
    }
    let mut hosts = format!("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {}\n", options.hostname);
    if let Some(address) = options.address {
        hosts = format!("127.0.0.1 localhost\n::1 localhost\n{address} {}\n", options.hostname);
    }
    let mut files = vec![
        ("/etc/passwd", PASSWD.to_owned()),
        ("/etc/group", GROUP.to_owned()),
        ("/etc/hosts", hosts),
        ("/etc/nsswitch.conf", NSSWITCH.to_owned()),
        ("/etc/hostname", format!("{}\n", options.hostname)),
    ];
    if !options.name_servers.is_empty() {
        let lines = options.name_servers.iter().map(|server| format!("nameserver {server}\n"));
        files.push(("/etc/resolv.conf", lines.collect()));
    }
    for (path, text) in files {
        tree.insert_if_absent(&GuestPath::new(path), Node::file(text, FILE_MODE))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays() {
        let mut tree = Tree::default();
        let passwd = GuestPath::new("/etc/passwd");
        tree.insert(&passwd, Node::file("mine", 0o600)).unwrap();
        let options = SkeletonOptions { hostname: "h", ..SkeletonOptions::default() };
        add_skeleton(&mut tree, &options).unwrap();
        assert_eq!(tree.get(&passwd).unwrap().mode, 0o600);
        assert_eq!(tree.get(&GuestPath::new("/tmp")).unwrap().mode, 0o1777);
        assert!(tree.get(&GuestPath::new("/etc/resolv.conf")).is_none());
    }
}
