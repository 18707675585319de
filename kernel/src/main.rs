//! The bootable image, and the boot order. The platform's boot code (PVH entry, page tables, heap,
//! interrupt controllers) calls [`main`].
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod bare {
    use elfin_kernel::{boot, fs, log, net, panic, shutdown, task};

    elfin_platform::entry!(main);

    fn main() -> ! {
        let options = boot::Options::read();
        log::init(options.loglevel, options.debug);
        boot::install_hooks();
        boot::announce(&options);
        fs::init(elfin_platform::boot::take_initramfs(), &options.tree());
        net::init(options.ip());
        match boot::first_program(&options) {
            Ok(thread) => {
                task::sched::spawn(thread);
                task::sched::start()
            }
            Err(error) => {
                boot::complain(&error);
                shutdown(error.exit_status())
            }
        }
    }

    #[panic_handler]
    fn on_panic(info: &core::panic::PanicInfo<'_>) -> ! {
        panic::report(info)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("elfin-kernel is a machine's image: build it with `make kernel`, start it with `elfin run`");
}
