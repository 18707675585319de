//! A stand-in for tests on the host: ordinary memory is user memory, threads do not switch, and
//! the clock is the host's.

pub mod cpu;
mod devices;
pub mod paging;
pub mod switch;
pub mod usercopy;

pub use devices::*;
pub use switch::whole_frame;

/// Copies bytes.
///
/// # Safety
/// Both must be valid for `len` bytes.
pub unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: by the contract.
    unsafe { core::ptr::copy(from, to, len) }
}

/// Zeroes bytes.
///
/// # Safety
/// `to` must be valid for `len` bytes of writing.
pub unsafe fn zero(to: *mut u8, len: usize) {
    // SAFETY: by the contract.
    unsafe { core::ptr::write_bytes(to, 0, len) }
}

/// Does nothing: there are no interrupts.
pub fn interrupts_on() {}

/// A program's registers: as many as tests need.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserFrame {
    nr: usize,
    args: [usize; 6],
    result: isize,
    ip: usize,
    sp: usize,
}

#[allow(missing_docs, reason = "as on a machine; see the x86_64 frame")]
impl UserFrame {
    pub fn start(ip: usize, sp: usize) -> Self {
        Self { ip, sp, ..Self::default() }
    }
    pub fn touch(&mut self) {}
    pub fn syscall_nr(&self) -> usize {
        self.nr
    }
    pub fn args(&self) -> [usize; 6] {
        self.args
    }
    pub fn arg(&self, n: usize) -> usize {
        self.args.get(n).copied().unwrap_or(0)
    }
    pub fn set_return(&mut self, value: isize) {
        self.result = value;
    }
    pub fn return_value(&self) -> isize {
        self.result
    }
    pub fn in_syscall(&self) -> bool {
        false
    }
    pub fn forget_syscall(&mut self) {}
    pub fn restart_syscall(&mut self, nr: usize) {
        self.nr = nr;
    }
    pub fn ip(&self) -> usize {
        self.ip
    }
    pub fn sp(&self) -> usize {
        self.sp
    }
    pub fn flags(&self) -> u64 {
        0
    }
    pub fn error_code(&self) -> u64 {
        0
    }
    pub fn set_ip(&mut self, ip: usize) {
        self.ip = ip;
    }
    pub fn set_sp(&mut self, sp: usize) {
        self.sp = sp;
    }
    pub fn set_flags(&mut self, _flags: u64) {}
    pub fn set_clone_child(&mut self, stack: Option<usize>) {
        self.result = 0;
        self.sp = stack.unwrap_or(self.sp);
    }
    pub fn set_call(&mut self, handler: usize, a: usize, b: usize, c: usize) {
        self.ip = handler;
        self.args = [a, b, c, 0, 0, 0];
    }
    pub const WORDS: usize = 21;
    pub fn words(&self) -> [u64; Self::WORDS] {
        [0; Self::WORDS]
    }
    pub fn set_word(&mut self, _place: usize, _value: u64) {}
    pub fn set_single_step(&mut self, _on: bool) {}
    pub fn single_steps(&self) -> bool {
        false
    }
    pub fn cs(&self) -> u16 {
        0
    }
    pub fn ss(&self) -> u16 {
        0
    }
}

/// No vector state.
pub struct FpuState;

#[allow(missing_docs, reason = "as on a machine; see the x86_64 state")]
impl FpuState {
    pub fn new() -> Option<Self> {
        Some(Self)
    }
    pub fn size() -> usize {
        0
    }
    pub fn features() -> (u64, bool) {
        (0, false)
    }
    pub fn bytes(&self) -> &[u8] {
        &[]
    }
    pub fn copy_from(&mut self, _other: &Self) {}
    pub fn set_bytes(&mut self, _bytes: &[u8]) -> bool {
        true
    }
    pub fn restore(&self) {}
}

/// No stack of its own.
pub struct KernelStack;

#[allow(missing_docs, reason = "as on a machine; see the x86_64 stack")]
impl KernelStack {
    pub fn new() -> Option<Self> {
        Some(Self)
    }
    pub fn top(&self) -> usize {
        0
    }
}
