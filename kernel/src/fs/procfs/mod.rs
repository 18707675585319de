//! procfs: stub
use alloc::sync::Arc;
use super::attr::StatFs;
use super::dentry::Dentry;
use super::mount::{FileSystem, anonymous_dev};
use super::pseudo::TableDirectory;
/// x
pub struct ProcFs { dev: u64, root: Arc<Dentry> }
impl ProcFs {
    /// x
    pub fn new() -> Arc<Self> {
        let dev = anonymous_dev();
        let root = Dentry::root(TableDirectory::new(dev, 1, &[]));
        Arc::new(Self { dev, root })
    }
}
impl FileSystem for ProcFs {
    fn name(&self) -> &'static str { "proc" }
    fn dev(&self) -> u64 { self.dev }
    fn root(&self) -> Arc<Dentry> { self.root.clone() }
    fn statfs(&self) -> StatFs { StatFs::default() }
}
