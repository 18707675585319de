//! Tests of the tree as a whole: walks, opening, changing names, as a program would see them.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_loader::cpio::{Archive, Meta};
use elfin_syscalls::Errno;
use elfin_syscalls::args::{OpenFlags, RenameFlags};

use super::attr::FileKind;
use super::context::FsContext;
use super::dentry::PathRef;
use super::file::OpenFile;
use super::mount::{Mount, MountFlags};
use super::namei::{self, Make};
use super::tmpfs::TmpFs;
use super::unpack::unpack_slice;
use super::walk::{WalkFlags, Walker};
use super::{Dest, Source, dir, open, path, rename};
use crate::task::Cred;

/// A tree of its own, and who looks at it.
struct Tree {
    context: FsContext,
    cred: Arc<Cred>,
}

impl Tree {
    fn new() -> Self {
        let mount = Mount::new(TmpFs::new("tmpfs", 0o755), "test", MountFlags::empty(), None);
        let mount = mount.unwrap();
        let root = PathRef::new(mount.clone(), mount.root.clone());
        Self { context: FsContext::new(root), cred: Arc::new(Cred::root()) }
    }

    fn user(&self, uid: u32) -> Self {
        let mut cred = Cred::root();
        cred.set_resgid([uid; 3]).unwrap();
        cred.set_uid(uid).unwrap();
        Self { context: self.context.clone(), cred: Arc::new(cred) }
    }

    fn walker(&self, flags: WalkFlags) -> Walker {
        Walker::new(&self.context, self.cred.clone(), None, flags)
    }

    fn make(&self, at: &str, make: Make<'_>) -> Result<PathRef, Errno> {
        namei::make(&mut self.walker(WalkFlags::empty()), at.as_bytes(), make)
    }

    fn mkdir(&self, at: &str) -> Result<PathRef, Errno> {
        self.make(at, Make::new(FileKind::Directory, 0o755))
    }

    fn link(&self, target: &str, at: &str) -> Result<PathRef, Errno> {
        let make = Make::new(FileKind::Symlink, 0o777);
        self.make(at, Make { target: target.as_bytes(), ..make })
    }

    fn open(&self, at: &str, flags: OpenFlags) -> Result<Arc<OpenFile>, Errno> {
        open::open(&mut self.walker(WalkFlags::empty()), at.as_bytes(), flags, 0o644)
    }

    fn write(&self, at: &str, text: &str) {
        let file = self.open(at, OpenFlags::CREAT | OpenFlags::WRONLY | OpenFlags::TRUNC).unwrap();
        assert_eq!(file.write(&mut Source::kernel(text.as_bytes())), Ok(text.len()));
    }

    fn read(&self, at: &str) -> Result<String, Errno> {
        let file = self.open(at, OpenFlags::RDONLY)?;
        let mut buf = [0; 100];
        let n = file.read(&mut Dest::kernel(&mut buf))?;
        Ok(String::from_utf8(buf[..n].to_vec()).unwrap())
    }

    fn find(&self, at: &str) -> Result<PathRef, Errno> {
        self.walker(WalkFlags::FOLLOW).resolve(at.as_bytes())
    }

    fn error(&self, at: &str) -> Option<Errno> {
        self.find(at).err()
    }

    fn rename(&self, old: &str, new: &str, flags: RenameFlags) -> Result<(), Errno> {
        let empty = WalkFlags::empty();
        let (mut from, mut to) = (self.walker(empty), self.walker(empty));
        rename::rename(&mut from, old.as_bytes(), &mut to, new.as_bytes(), flags)
    }

    fn unlink(&self, at: &str) -> Result<(), Errno> {
        namei::unlink(&mut self.walker(WalkFlags::empty()), at.as_bytes())
    }

    fn rmdir(&self, at: &str) -> Result<(), Errno> {
        namei::rmdir(&mut self.walker(WalkFlags::empty()), at.as_bytes())
    }

    fn path(&self, place: &PathRef) -> String {
        String::from_utf8(path::shown(place, &self.context.root()).unwrap()).unwrap()
    }

    fn names(&self, at: &str) -> Vec<String> {
        let mut names = Vec::new();
        dir::list(&self.find(at).unwrap(), 0, &mut |entry| {
            names.push(String::from_utf8(entry.name.to_vec()).unwrap());
            true
        })
        .unwrap();
        names
    }
}

#[test]
fn walks_as_linux_does() {
    let tree = Tree::new();
    tree.mkdir("/a").unwrap();
    tree.mkdir("a/b/").unwrap();
    tree.write("/a/b/file", "hello");
    for path in ["/a/b/file", "a//b/./file", "/../a/b/../b/file", "//a///b/file"] {
        assert_eq!(tree.read(path).unwrap(), "hello", "{path}");
    }
    assert_eq!(tree.error(""), Some(Errno::ENOENT));
    assert_eq!(tree.error("/a/x/y"), Some(Errno::ENOENT));
    assert_eq!(tree.error("/a/b/file/"), Some(Errno::ENOTDIR));
    assert_eq!(tree.error("/a/b/file/."), Some(Errno::ENOTDIR));
    assert_eq!(tree.error("/a/b/file/x"), Some(Errno::ENOTDIR));
    assert_eq!(tree.error(&"x".repeat(255)), Some(Errno::ENOENT));
    assert_eq!(tree.error(&"x".repeat(256)), Some(Errno::ENAMETOOLONG));
    let b = tree.find("/a/b/").unwrap();
    assert_eq!(tree.path(&b), "/a/b");
    tree.context.set_cwd(b);
    assert_eq!(tree.read("file").unwrap(), "hello");
    assert_eq!(tree.read("../b/file").unwrap(), "hello");
}

#[test]
fn follows_links() {
    let tree = Tree::new();
    tree.mkdir("/dir").unwrap();
    tree.write("/dir/file", "text");
    tree.link("dir", "/to-dir").unwrap();
    tree.link("/dir/file", "/to-file").unwrap();
    tree.link("to-file", "/twice").unwrap();
    tree.link("loop", "/loop").unwrap();
    tree.link("missing", "/dangling").unwrap();
    for path in ["/to-dir/file", "/to-file", "/twice", "/to-dir/../to-file"] {
        assert_eq!(tree.read(path).unwrap(), "text", "{path}");
    }
    assert_eq!(tree.error("/loop"), Some(Errno::ELOOP));
    assert_eq!(tree.error("/dangling"), Some(Errno::ENOENT));
    assert_eq!(tree.error("/to-file/"), Some(Errno::ENOTDIR));
    let no_follow = |path: &str| tree.walker(WalkFlags::empty()).resolve(path.as_bytes());
    assert_eq!(no_follow("/to-dir").unwrap().inode().kind(), FileKind::Symlink);
    assert_eq!(no_follow("/to-dir/").unwrap().inode().kind(), FileKind::Directory);
    let flags = OpenFlags::NOFOLLOW;
    assert_eq!(tree.open("/to-file", flags).err(), Some(Errno::ELOOP));
    assert_eq!(tree.open("/to-dir", flags | OpenFlags::DIRECTORY).err(), Some(Errno::ENOTDIR));
    assert!(tree.open("/to-file", flags | OpenFlags::PATH).unwrap().is_path());
    // Forty links and not one more.
    tree.write("/l0", "deep");
    for n in 1..=41 {
        tree.link(&std::format!("l{}", n - 1), &std::format!("/l{n}")).unwrap();
    }
    assert_eq!(tree.read("/l40").unwrap(), "deep");
    assert_eq!(tree.error("/l41"), Some(Errno::ELOOP));
}

#[test]
fn opens_and_creates() {
    let tree = Tree::new();
    let (creat, excl) = (OpenFlags::CREAT, OpenFlags::EXCL);
    tree.mkdir("/d").unwrap();
    tree.link("d/new", "/link").unwrap();
    tree.write("/link", "through the link");
    assert_eq!(tree.read("/d/new").unwrap(), "through the link");
    assert_eq!(tree.open("/d/new", creat | excl).err(), Some(Errno::EEXIST));
    assert_eq!(tree.open("/link", creat | excl).err(), Some(Errno::EEXIST));
    assert_eq!(tree.open("/d", creat).err(), Some(Errno::EISDIR));
    assert_eq!(tree.open("/d", OpenFlags::WRONLY).err(), Some(Errno::EISDIR));
    assert_eq!(tree.open("/d/x/", creat).err(), Some(Errno::EISDIR));
    assert_eq!(tree.open("/x/y", creat).err(), Some(Errno::ENOENT));
    assert_eq!(tree.open("/d/new", OpenFlags::DIRECTORY).err(), Some(Errno::ENOTDIR));
    assert_eq!(tree.open("/d", creat | OpenFlags::DIRECTORY).err(), Some(Errno::EINVAL));
    assert!(tree.open("/d", OpenFlags::DIRECTORY).is_ok());
    assert_eq!(tree.open("/d", OpenFlags::TMPFILE).err(), Some(Errno::EINVAL));
    let unnamed = tree.open("/d", OpenFlags::TMPFILE | OpenFlags::RDWR).unwrap();
    assert_eq!(unnamed.stat().unwrap().nlink, 0);
    assert_eq!(tree.names("/d"), [".", "..", "new"]);
    let place = unnamed.path.clone().unwrap();
    namei::link(&mut tree.walker(WalkFlags::empty()), &place, b"/d/named").unwrap();
    assert_eq!(unnamed.stat().unwrap().nlink, 1);
}

#[test]
fn files_outlive_their_names() {
    let tree = Tree::new();
    tree.write("/f", "still here");
    let file = tree.open("/f", OpenFlags::RDONLY).unwrap();
    let old = tree.find("/f").unwrap();
    namei::link(&mut tree.walker(WalkFlags::empty()), &old, b"/g").unwrap();
    assert_eq!(file.stat().unwrap().nlink, 2);
    tree.unlink("/f").unwrap();
    tree.unlink("/g").unwrap();
    assert_eq!(file.stat().unwrap().nlink, 0);
    let mut buf = [0; 10];
    assert_eq!(file.read(&mut Dest::kernel(&mut buf)), Ok(10));
    assert_eq!(tree.path(file.path.as_ref().unwrap()), "/f (deleted)");
    assert_eq!(tree.unlink("/f"), Err(Errno::ENOENT));
}

#[test]
fn removes_directories_only_when_empty() {
    let tree = Tree::new();
    tree.mkdir("/d").unwrap();
    tree.mkdir("/d/e").unwrap();
    let d = tree.find("/d").unwrap();
    assert_eq!(d.inode().stat().unwrap().nlink, 3);
    assert_eq!(tree.rmdir("/d"), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.unlink("/d/e"), Err(Errno::EISDIR));
    assert_eq!(tree.rmdir("/d/e/."), Err(Errno::EINVAL));
    assert_eq!(tree.rmdir("/d/e/.."), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.rmdir("/"), Err(Errno::EBUSY));
    tree.context.set_cwd(tree.find("/d/e").unwrap());
    tree.rmdir("/d/e/").unwrap();
    assert_eq!(d.inode().stat().unwrap().nlink, 2);
    // Who is still in it can do nothing there.
    assert_eq!(tree.mkdir("x").err(), Some(Errno::ENOENT));
    assert_eq!(tree.open("x", OpenFlags::CREAT).err(), Some(Errno::ENOENT));
    let (cwd, root) = (tree.context.cwd(), tree.context.root());
    assert_eq!(path::working_directory(&cwd, &root), Err(Errno::ENOENT));
    assert_eq!(tree.find("..").map(|place| tree.path(&place)), Ok(String::from("/d")));
}

#[test]
fn renames() {
    let tree = Tree::new();
    let none = RenameFlags::empty();
    for dir in ["/a", "/a/sub", "/b", "/full", "/full/x", "/empty"] {
        tree.mkdir(dir).unwrap();
    }
    tree.write("/a/f", "f");
    tree.write("/b/g", "g");
    tree.rename("/a/f", "/b/h", none).unwrap();
    assert_eq!(tree.read("/b/h").unwrap(), "f");
    assert_eq!(tree.error("/a/f"), Some(Errno::ENOENT));
    assert_eq!(tree.rename("/b/h", "/b/g", RenameFlags::NOREPLACE), Err(Errno::EEXIST));
    tree.rename("/b/h", "/b/g", none).unwrap();
    assert_eq!(tree.names("/b"), [".", "..", "g"]);
    assert_eq!(tree.rename("/a", "/a/sub/a", none), Err(Errno::EINVAL));
    assert_eq!(tree.rename("/a/sub", "/a", none), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.rename("/a", "/full", none), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.rename("/b/g", "/empty", none), Err(Errno::EISDIR));
    assert_eq!(tree.rename("/empty", "/b/g", none), Err(Errno::ENOTDIR));
    assert_eq!(tree.rename("/b/g", "/b/new/", none), Err(Errno::ENOTDIR));
    assert_eq!(tree.rename("/a/.", "/c", none), Err(Errno::EBUSY));
    let inside = tree.find("/a/sub").unwrap();
    tree.rename("/a", "/empty", none).unwrap();
    assert_eq!(tree.path(&inside), "/empty/sub");
    let root = tree.find("/").unwrap();
    assert_eq!(root.inode().stat().unwrap().nlink, 2 + 3);
    tree.rename("/empty", "/b/g", RenameFlags::EXCHANGE).unwrap();
    assert_eq!(tree.read("/empty").unwrap(), "g".replace('g', "f"));
    assert_eq!(tree.path(&inside), "/b/g/sub");
    assert_eq!(root.inode().stat().unwrap().nlink, 2 + 2);
}

#[test]
fn permissions_count_for_those_who_are_not_root() {
    let tree = Tree::new();
    tree.mkdir("/public").unwrap().inode().attr().set_mode(0o1777);
    tree.mkdir("/private").unwrap().inode().attr().set_mode(0o700);
    tree.write("/private/f", "secret");
    tree.write("/public/roots", "root's");
    let user = tree.user(1000);
    assert_eq!(user.error("/private/f"), Some(Errno::EACCES));
    assert_eq!(user.open("/new", OpenFlags::CREAT).err(), Some(Errno::EACCES));
    assert_eq!(user.read("/public/roots").unwrap(), "root's");
    assert_eq!(user.open("/public/roots", OpenFlags::WRONLY).err(), Some(Errno::EACCES));
    assert_eq!(user.unlink("/public/roots"), Err(Errno::EPERM));
    user.write("/public/own", "own");
    let stat = user.find("/public/own").unwrap().inode().stat().unwrap();
    assert_eq!((stat.uid, stat.gid), (1000, 1000));
    user.unlink("/public/own").unwrap();
    assert_eq!(user.open("/public/roots", OpenFlags::NOATIME).err(), Some(Errno::EPERM));
    // Root may read and write anything, but execute only what somebody may.
    assert_eq!(
        super::perm::check(&**tree.find("/private/f").unwrap().inode(), 1, &tree.cred),
        Err(Errno::EACCES)
    );
}

#[test]
fn mounts_cover_directories() {
    let tree = Tree::new();
    let place = tree.mkdir("/m").unwrap();
    tree.mkdir("/m/hidden").unwrap();
    let fs = TmpFs::new("tmpfs", 0o755);
    let mount = Mount::new(fs, "m", MountFlags::RDONLY, Some(place)).unwrap();
    assert_eq!(tree.error("/m/hidden"), Some(Errno::ENOENT));
    assert_eq!(tree.mkdir("/m/x").err(), Some(Errno::EROFS));
    assert_eq!(tree.rmdir("/m"), Err(Errno::EBUSY));
    let inside = tree.find("/m").unwrap();
    assert!(Arc::ptr_eq(&inside.mount, &mount));
    assert_eq!(tree.path(&inside), "/m");
    assert_eq!(tree.path(&tree.find("/m/..").unwrap()), "/");
    assert_eq!(tree.rename("/m", "/n", RenameFlags::empty()), Err(Errno::EBUSY));
    Mount::unmount(&inside).unwrap();
    assert!(tree.find("/m/hidden").is_ok());
}

#[test]
fn scoped_walks_stay_inside() {
    let tree = Tree::new();
    tree.mkdir("/jail").unwrap();
    tree.write("/outside", "no");
    tree.write("/jail/inside", "yes");
    tree.link("/inside", "/jail/absolute").unwrap();
    tree.link("../outside", "/jail/up").unwrap();
    let jail = tree.find("/jail").unwrap();
    let walk = |path: &str, flags| {
        let start = Some(jail.clone());
        let flags = flags | WalkFlags::FOLLOW;
        Walker::new(&tree.context, tree.cred.clone(), start, flags)
            .resolve(path.as_bytes())
            .map(|place| tree.path(&place))
    };
    let inside = Ok(String::from("/jail/inside"));
    assert_eq!(walk("inside", WalkFlags::BENEATH), inside);
    for path in ["../outside", "/outside", "absolute", "up"] {
        assert_eq!(walk(path, WalkFlags::BENEATH), Err(Errno::EXDEV), "{path}");
    }
    assert_eq!(walk("absolute", WalkFlags::IN_ROOT), inside);
    assert_eq!(walk("up", WalkFlags::IN_ROOT), Err(Errno::ENOENT));
    assert_eq!(walk("absolute", WalkFlags::NO_SYMLINKS), Err(Errno::ELOOP));
}

#[test]
fn archives_become_trees() {
    const DAY: u64 = 86_400;
    let text = "x".repeat(10_000);
    let meta = |mode: u32| Meta { mtime: 86_400, ..Meta::new(mode) };
    let mut archive = Archive::new(true);
    archive.add(b".", &meta(0o040_755), b"").unwrap();
    archive.add(b"bin", &meta(0o040_711), b"").unwrap();
    archive.add(b"bin/prog", &Meta { uid: 7, ..meta(0o104_755) }, text.as_bytes()).unwrap();
    archive.add(b"bin/link", &meta(0o120_777), b"prog").unwrap();
    archive.add(b"no/entry/for/this", &meta(0o100_600), b"deep").unwrap();
    archive.add(b"dev-null", &Meta { rdev: (1, 3), ..meta(0o020_666) }, b"").unwrap();
    let mut bytes = archive.finish().unwrap();
    let mut second = Archive::new(false);
    second.add(b"bin/link", &meta(0o100_644), b"a file now").unwrap();
    bytes.extend(second.finish().unwrap());

    let tree = Tree::new();
    unpack_slice(&tree.context.root(), &bytes).unwrap();
    let stat = |at: &str| tree.find(at).unwrap().inode().stat().unwrap();
    let prog = stat("/bin/prog");
    assert_eq!((prog.mode, prog.uid, prog.size), (0o104_755, 7, 10_000));
    assert_eq!(prog.times.mtime, DAY * 1_000_000_000);
    assert_eq!(stat("/bin").times.mtime, DAY * 1_000_000_000);
    let file = tree.open("/bin/prog", OpenFlags::RDONLY).unwrap();
    let mut buf = std::vec![0; 20_000];
    assert_eq!(file.read(&mut Dest::kernel(&mut buf)), Ok(10_000));
    assert!(buf[..10_000].iter().all(|&byte| byte == b'x'));
    assert_eq!(tree.read("/bin/link").unwrap(), "a file now");
    assert_eq!(tree.read("/no/entry/for/this").unwrap(), "deep");
    assert_eq!(stat("/dev-null").rdev, 0x103);
    assert!(unpack_slice(&tree.context.root(), b"070701 nonsense").is_err());
}

#[test]
fn deep_trees_go_without_a_deep_stack() {
    const DEPTH: usize = 50_000;
    let tree = Tree::new();
    for _ in 0..DEPTH {
        tree.context.set_cwd(tree.mkdir("d").unwrap());
    }
    let (cwd, root) = (tree.context.cwd(), tree.context.root());
    assert_eq!(path::absolute(&cwd, &root), Err(Errno::ENAMETOOLONG));
    // Removed from below, each held only by the one in it.
    let mut above = cwd.dentry.parent();
    while let Some(dentry) = above {
        let place = PathRef::new(cwd.mount.clone(), dentry);
        let walker =
            |flags| Walker::new(&tree.context, tree.cred.clone(), Some(place.clone()), flags);
        namei::rmdir(&mut walker(WalkFlags::empty()), b"d").unwrap();
        above = place.dentry.parent();
    }
    drop(cwd);
    tree.context.set_cwd(root);
    // And one that goes with its file system.
    let fs = TmpFs::new("tmpfs", 0o755);
    let weak = {
        let mount = Mount::detached(fs.clone());
        let at = PathRef::new(mount.clone(), mount.root.clone());
        let other = Tree { context: FsContext::new(at.clone()), cred: tree.cred.clone() };
        for _ in 0..DEPTH {
            other.context.set_cwd(other.mkdir("d").unwrap());
        }
        Arc::downgrade(&other.context.cwd().dentry)
    };
    assert!(weak.upgrade().is_some());
    drop(fs);
    assert!(weak.upgrade().is_none());
}
