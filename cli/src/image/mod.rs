//! The guest's root file system: collected as a [`Tree`] (what goes where), then written once, in
//! order, as an initramfs ([`write_initramfs`]).

mod archive;
mod collect;
mod path;
mod scratch;
mod skeleton;
mod tree;

pub use archive::write_initramfs;
pub use collect::{add_host_path, add_root};
pub use path::GuestPath;
pub use scratch::Scratch;
pub use skeleton::{SkeletonOptions, add_skeleton};
pub use tree::{Content, Node, NodeKind, Tree};
