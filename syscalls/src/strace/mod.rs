//! Traces: a system call and its result as a line of text, the way strace writes it.
//!
//! [`format_call`] is for the way in (and for calls that do not come back), [`format_return`]
//! for the way out, when the buffers that the kernel fills can be shown. Both return something
//! to be displayed; nothing is allocated. User memory is read through [`Memory`], which may
//! refuse: then the address is shown. The kinds of the table's arguments decide the form.
//!
//! ```text
//! openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
//! read(3, "root:x:0:0:root:/root:/bin/sh\n"..., 4096) = 1024
//! ```

mod address;
mod line;
mod memory;
mod names;
mod shape;
mod special;

pub use line::{Line, format_call, format_return};
pub use memory::Memory;
pub use names::{signal_name, write_flags};
