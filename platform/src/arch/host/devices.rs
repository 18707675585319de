//! Stand-ins for a machine's devices: enough that what lies above them can be tested.

/// A console that writes to the standard error output and has no input.
pub mod serial {
    use std::io::Write;

    /// The ISA interrupt that nobody raises.
    pub const ISA_IRQ: u8 = 4;

    /// Writes `bytes`.
    pub fn write(bytes: &[u8]) {
        // A test harness without standard error has nowhere to complain either.
        let _ = std::io::stderr().write_all(bytes);
    }

    /// Everything has been written.
    pub fn drain() {}

    /// No input.
    pub fn read() -> Option<u8> {
        None
    }

    /// No input.
    pub fn has_early() -> bool {
        false
    }

    /// No input device.
    pub fn present() -> bool {
        false
    }

    /// No interrupts.
    pub fn set_receive_interrupt(_on: bool) {}
}

/// Nobody listens.
pub mod debugcon {
    /// Drops `bytes`.
    pub fn write(_bytes: &[u8]) {}

    /// There is no such device.
    pub fn exit(_code: u16) {}
}

/// The end of the test.
pub mod poweroff {
    /// Ends the process with an error: a test does not power off.
    pub fn power_off() -> ! {
        panic!("the machine was switched off")
    }
}

/// No interrupt controllers.
pub mod irqchip {
    use crate::irq::{IrqError, MsiMessage, Polarity, Trigger};

    /// There are no lines.
    pub fn route(gsi: u32, _vector: u8, _: Trigger, _: Polarity) -> Result<(), IrqError> {
        Err(IrqError::NoLine(gsi))
    }

    /// There are no lines.
    pub fn route_isa(irq: u8, _vector: u8) -> Result<(), IrqError> {
        Err(IrqError::NoLine(u32::from(irq)))
    }

    /// A message that reaches nobody.
    pub fn msi_message(vector: u8) -> MsiMessage {
        MsiMessage { address: 0, data: u32::from(vector) }
    }

    /// Nothing to end.
    pub fn end_of_interrupt() {}

    /// Nobody's.
    pub fn dispatch_own(_vector: u8) {}
}

/// The host's monotonic clock as a counter of nanoseconds.
pub mod clock {
    use crate::time::page::Rate;
    use std::sync::OnceLock;
    use std::time::Instant;

    static BOOT: OnceLock<Instant> = OnceLock::new();

    /// Nanoseconds since the first look.
    pub fn counter() -> u64 {
        let elapsed = BOOT.get_or_init(Instant::now).elapsed();
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The first look.
    pub fn boot_counter() -> u64 {
        0
    }

    /// One tick, one nanosecond.
    pub fn rate() -> Rate {
        Rate::from_hz(crate::time::NANOS_PER_SEC)
    }

    /// It is exact.
    pub fn wants_refinement() -> bool {
        false
    }

    /// It is exact.
    pub fn refined_rate() -> Option<Rate> {
        None
    }
}

/// An alarm that goes off only if it is due already.
pub mod alarm {
    use crate::cpu::{self, Work};

    /// Raises the work bit for a deadline in the past.
    pub fn set(now: u64, deadline: u64) {
        if deadline <= now {
            cpu::raise(Work::TIMER);
        }
    }
}

/// The host's time of day.
pub mod wall {
    use std::time::{SystemTime, UNIX_EPOCH};

    /// Nanoseconds since the epoch.
    pub fn read() -> Option<u64> {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(elapsed.as_nanos()).ok()
    }
}

/// The host's randomness, by the seeds of its hash maps.
pub mod seed {
    use std::hash::{BuildHasher, Hasher, RandomState};

    /// A random word.
    pub fn hardware_word() -> Option<u64> {
        Some(RandomState::new().build_hasher().finish())
    }

    /// A word that differs from call to call.
    pub fn jitter_word() -> u64 {
        super::clock::counter()
    }
}

/// No vDSO: two empty pages.
pub mod vdso {
    use crate::mm::Frame;
    use crate::vdso::Vdso;

    /// Two empty pages.
    pub fn frames() -> Vdso {
        let empty = || Frame::zeroed().expect("memory for a test");
        Vdso { data: empty(), code: empty() }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
#[path = "../x86_64/vdso/mod.rs"]
mod x86_64_vdso;

/// No firmware.
pub fn firmware_bytes(_phys: u64, _len: usize) -> Option<&'static [u8]> {
    None
}
