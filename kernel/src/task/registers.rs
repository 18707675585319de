//! [`Registers`]: all of a thread's registers at a stop, for core files and tracers.
//!
//! A thread that stops copies its own out and, if they were changed meanwhile, its own back:
//! nobody else touches what the processor saved.

use alloc::vec::Vec;

use elfin_platform::arch::UserFrame;
use elfin_platform::task as platform;
use elfin_platform::user;
use elfin_syscalls::Errno;

/// Words of `struct user_regs_struct`.
pub const GENERAL: usize = 27;
/// Bytes of `struct user_fpregs_struct`: the legacy area of the vector state.
pub const LEGACY_SIZE: usize = 512;
/// Where the legacy area tells debuggers which state components follow (`xfeatures`).
const FEATURES_OFFSET: usize = 464;
/// Where the header after the legacy area says which components are not initial (`XSTATE_BV`).
const COMPONENTS: usize = LEGACY_SIZE;
/// Components: x87, the lower and the upper halves of the vector registers.
const X87: u8 = 1;
const SSE: u8 = 2;
const AVX: u8 = 4;
/// After the frame: the base registers and the data segments.
const FS_BASE: usize = UserFrame::WORDS;
const GS_BASE: usize = FS_BASE + 1;

/// All of a thread's registers.
#[derive(Clone, Debug)]
pub struct Registers {
    /// The general registers.
    pub frame: UserFrame,
    tls: usize,
    gs: usize,
    /// The vector state in the standard format; empty without memory for it.
    vector: Vec<u8>,
    vector_changed: bool,
}

impl Registers {
    /// The running thread's, whose general registers are `frame`.
    pub fn save(frame: &UserFrame) -> Self {
        let mut vector = Vec::new();
        platform::with_fpu_state(|state| {
            if vector.try_reserve_exact(state.len()).is_ok() {
                vector.extend_from_slice(state);
            }
        });
        let (_, has_header) = platform::fpu_features();
        if has_header {
            show_initial(&mut vector);
        }
        let (tls, gs) = (platform::tls(), platform::user_gs());
        Self { frame: *frame, tls, gs, vector, vector_changed: false }
    }

    /// Gives them back to the running thread, whose general registers are `frame`.
    pub fn restore(&self, frame: &mut UserFrame) {
        *frame = self.frame;
        if self.tls != platform::tls() {
            platform::set_tls(self.tls);
        }
        if self.gs != platform::user_gs() {
            platform::set_user_gs(self.gs);
        }
        if self.vector_changed {
            // It was checked by a state of the same kind; else it stays as it was.
            platform::set_fpu_state(&self.vector);
        }
    }

    /// `struct user_regs_struct`.
    pub fn general(&self) -> [u64; GENERAL] {
        let mut words = [0; GENERAL];
        words.iter_mut().zip(self.frame.words()).for_each(|(to, from)| *to = from);
        words[FS_BASE] = self.tls as u64;
        words[GS_BASE] = self.gs as u64;
        words
    }

    /// Sets the register at `place` in `struct user_regs_struct`.
    ///
    /// # Errors
    /// `EIO` beyond the structure, and for a base outside of user space.
    pub fn set_general(&mut self, place: usize, value: u64) -> Result<(), Errno> {
        let base = || usize::try_from(value).ok().filter(|base| *base < user::END);
        match place {
            FS_BASE => self.tls = base().ok_or(Errno::EIO)?,
            GS_BASE => self.gs = base().ok_or(Errno::EIO)?,
            GENERAL.. => return Err(Errno::EIO),
            _ => self.frame.set_word(place, value),
        }
        Ok(())
    }

    /// `struct user_fpregs_struct`; empty if there was no memory for it.
    pub fn legacy(&self) -> &[u8] {
        self.vector.get(..LEGACY_SIZE).unwrap_or_default()
    }

    /// Sets `struct user_fpregs_struct`, as far as `bytes` goes.
    ///
    /// # Errors
    /// `EINVAL` if the processor would refuse it.
    pub fn set_legacy(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let mut vector = self.vector.clone();
        vector.iter_mut().take(LEGACY_SIZE).zip(bytes).for_each(|(to, from)| *to = *from);
        // What was initial is not so any more.
        if let Some(components) = vector.get_mut(COMPONENTS) {
            *components |= X87 | SSE;
        }
        self.set_vector(vector)
    }

    /// The whole vector state as debuggers read it (`NT_X86_XSTATE`); empty where there is only
    /// the legacy area.
    pub fn extended(&self) -> Vec<u8> {
        let (features, has_header) = platform::fpu_features();
        if !has_header {
            return Vec::new();
        }
        let mut state = self.vector.clone();
        let place = state.iter_mut().skip(FEATURES_OFFSET);
        place.zip(features.to_le_bytes()).for_each(|(to, from)| *to = from);
        state
    }

    /// Sets the whole vector state.
    ///
    /// # Errors
    /// `EFAULT` if it is shorter, `EINVAL` if the processor would refuse it.
    pub fn set_extended(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        if bytes.len() < self.vector.len() || self.vector.is_empty() {
            return Err(Errno::EFAULT);
        }
        self.set_vector(bytes.get(..self.vector.len()).unwrap_or_default().to_vec())
    }

    fn set_vector(&mut self, vector: Vec<u8>) -> Result<(), Errno> {
        if vector.is_empty() || !platform::is_fpu_state(&vector) {
            return Err(Errno::EINVAL);
        }
        (self.vector, self.vector_changed) = (vector, true);
        Ok(())
    }
}

/// Puts the initial values where the processor has left out components that have them: there
/// may be anything.
fn show_initial(state: &mut [u8]) {
    const CONTROL_WORD: [u8; 2] = 0x37f_u16.to_le_bytes();
    let present = state.get(COMPONENTS).copied().unwrap_or(0);
    for (component, place) in [(X87, 0..24), (X87, 32..160), (SSE, 160..416), (AVX, 576..832)] {
        if present & component == 0
            && let Some(bytes) = state.get_mut(place)
        {
            bytes.fill(0);
        }
    }
    if present & X87 == 0 {
        state.iter_mut().zip(CONTROL_WORD).for_each(|(to, from)| *to = from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_components_are_shown() {
        let mut state = std::vec![0xff; 1024];
        state[COMPONENTS] = AVX;
        show_initial(&mut state);
        assert_eq!((state[0], state[1], state[2], state[24]), (0x7f, 3, 0, 0xff));
        assert_eq!((state[160], state[576]), (0, 0xff));
    }

    #[test]
    fn bases_stay_in_user_space() {
        let frame = UserFrame::start(0x1000, 0x2000);
        let mut registers =
            Registers { frame, tls: 1, gs: 2, vector: Vec::new(), vector_changed: false };
        assert_eq!(registers.set_general(FS_BASE, u64::MAX), Err(Errno::EIO));
        assert_eq!(registers.set_general(GENERAL, 0), Err(Errno::EIO));
        assert_eq!(registers.set_general(GS_BASE, 0x3000), Ok(()));
        assert_eq!((registers.general()[FS_BASE], registers.general()[GS_BASE]), (1, 0x3000));
        assert_eq!(registers.set_legacy(&[0; LEGACY_SIZE]), Err(Errno::EINVAL));
    }
}
