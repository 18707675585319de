//! The bootable image, and the boot order. The platform's boot code (PVH entry, page tables, heap,
//! interrupt controllers) calls [`bare::main`].
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod bare {
    use elfin_kernel::boot::{self, Options, StartError};
    use elfin_kernel::{log, net, panic, shutdown, task};
    use elfin_platform::cpu;

    elfin_platform::entry!(main);

    fn main() -> ! {
        let options = Options::read();
        log::init(options.loglevel, options.debug);
        boot::connect(&options);
        cpu::start_others(task::sched::start);
        match start(&options) {
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

    fn start(options: &Options) -> Result<task::ThreadRef, StartError> {
        let root = boot::mount_root()?;
        net::init(&boot::network(options), &root);
        boot::first_program(options, &root)
    }

    #[panic_handler]
    fn on_panic(info: &core::panic::PanicInfo<'_>) -> ! {
        panic::report(info)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "elfin-kernel is a machine's image: build it with `make kernel`, start it with `elfin run`"
    );
}
