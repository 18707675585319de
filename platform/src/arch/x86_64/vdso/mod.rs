//! x86_64's vDSO: its image is part of the kernel's ([`image`]), its data page is the kernel's
//! own [`crate::time::page::CLOCK`].

#[cfg(target_os = "none")]
mod frames;
mod image;
#[cfg(all(test, not(target_os = "none")))]
mod tests;

#[cfg(target_os = "none")]
pub use frames::{frames, init_cpu};
pub use image::image;
