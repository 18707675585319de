//! The auxiliary vector: what the kernel tells a program beside arguments and environment
//! (getauxval(3)). [`AuxValues`] is filled by the kernel, [`crate::stack`] writes it.

/// AT_NULL: the end.
pub const AT_NULL: u64 = 0;
/// AT_PHDR: address of the program headers.
pub const AT_PHDR: u64 = 3;
/// AT_PHENT: bytes of one of them.
pub const AT_PHENT: u64 = 4;
/// AT_PHNUM: how many there are.
pub const AT_PHNUM: u64 = 5;
/// AT_PAGESZ: bytes of a page.
pub const AT_PAGESZ: u64 = 6;
/// AT_BASE: where the interpreter was loaded.
pub const AT_BASE: u64 = 7;
/// AT_FLAGS: always 0.
pub const AT_FLAGS: u64 = 8;
/// AT_ENTRY: the program's first instruction.
pub const AT_ENTRY: u64 = 9;
/// AT_UID: real user.
pub const AT_UID: u64 = 11;
/// AT_EUID: effective user.
pub const AT_EUID: u64 = 12;
/// AT_GID: real group.
pub const AT_GID: u64 = 13;
/// AT_EGID: effective group.
pub const AT_EGID: u64 = 14;
/// AT_PLATFORM: address of the machine's name.
pub const AT_PLATFORM: u64 = 15;
/// AT_HWCAP: features of the CPU.
pub const AT_HWCAP: u64 = 16;
/// AT_CLKTCK: ticks per second of times(2).
pub const AT_CLKTCK: u64 = 17;
/// AT_SECURE: whether the program gained rights by being executed.
pub const AT_SECURE: u64 = 23;
/// AT_RANDOM: address of 16 random bytes.
pub const AT_RANDOM: u64 = 25;
/// AT_HWCAP2: more features of the CPU.
pub const AT_HWCAP2: u64 = 26;
/// AT_RSEQ_FEATURE_SIZE: bytes of struct rseq that are served.
pub const AT_RSEQ_FEATURE_SIZE: u64 = 27;
/// AT_RSEQ_ALIGN: how it must be aligned.
pub const AT_RSEQ_ALIGN: u64 = 28;
/// AT_EXECFN: address of the path that was executed.
pub const AT_EXECFN: u64 = 31;
/// AT_SYSINFO_EHDR: address of the vDSO.
pub const AT_SYSINFO_EHDR: u64 = 33;
/// AT_MINSIGSTKSZ: least size of a signal stack.
pub const AT_MINSIGSTKSZ: u64 = 51;

/// Most entries of a vector, AT_NULL included.
pub(crate) const ENTRIES_MAX: usize = 23;

/// Linux's ticks per second, USER_HZ.
pub const USER_HZ: u64 = 100;

/// What a program is told. Addresses have their bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuxValues {
    /// Program headers in memory; 0 if they are not loaded.
    pub phdr: u64,
    /// Bytes of a program header.
    pub phent: u16,
    /// Number of program headers.
    pub phnum: u16,
    /// The program's entry, also when an interpreter starts it.
    pub entry: u64,
    /// Bias of the interpreter; 0 without.
    pub base: u64,
    /// The vDSO, if there is one.
    pub sysinfo_ehdr: Option<u64>,
    /// Features of the CPU (x86_64: CPUID 1 EDX; arm64: HWCAP_* bits).
    pub hwcap: u64,
    /// More features (x86_64: bit 1 says FSGSBASE).
    pub hwcap2: u64,
    /// Bytes of a page.
    pub page_size: u64,
    /// Ticks per second.
    pub clock_ticks: u64,
    /// Real user.
    pub uid: u32,
    /// Effective user.
    pub euid: u32,
    /// Real group.
    pub gid: u32,
    /// Effective group.
    pub egid: u32,
    /// Set-user-ID and its like.
    pub secure: bool,
    /// Least size of a signal stack, if the kernel says it.
    pub min_sigstack: Option<u64>,
    /// Size and alignment of struct rseq, if it is served.
    pub rseq: Option<(u64, u64)>,
}

impl Default for AuxValues {
    fn default() -> Self {
        Self {
            phdr: 0,
            phent: 0,
            phnum: 0,
            entry: 0,
            base: 0,
            sysinfo_ehdr: None,
            hwcap: 0,
            hwcap2: 0,
            page_size: crate::machine::PAGE_SIZE,
            clock_ticks: USER_HZ,
            uid: 0,
            euid: 0,
            gid: 0,
            egid: 0,
            secure: false,
            min_sigstack: None,
            rseq: None,
        }
    }
}

/// Where what the vector points at lies on the stack.
pub(crate) struct Pointers {
    pub random: u64,
    pub execfn: u64,
    pub platform: u64,
}

impl AuxValues {
    /// Takes what a plan and its bias say.
    pub fn of_plan(plan: &crate::elf::LoadPlan, bias: u64) -> Self {
        Self {
            phdr: plan.phdr_vaddr.map_or(0, |vaddr| vaddr.wrapping_add(bias)),
            phent: plan.phent,
            phnum: plan.phnum,
            entry: plan.entry.wrapping_add(bias),
            ..Self::default()
        }
    }

    /// The entries in Linux's order; a missing one is `None`.
    pub(crate) fn entries(&self, at: &Pointers) -> [Option<(u64, u64)>; ENTRIES_MAX] {
        let always = |kind: u64, value: u64| Some((kind, value));
        [
            self.sysinfo_ehdr.map(|address| (AT_SYSINFO_EHDR, address)),
            self.min_sigstack.map(|size| (AT_MINSIGSTKSZ, size)),
            always(AT_HWCAP, self.hwcap),
            always(AT_PAGESZ, self.page_size),
            always(AT_CLKTCK, self.clock_ticks),
            always(AT_PHDR, self.phdr),
            always(AT_PHENT, self.phent.into()),
            always(AT_PHNUM, self.phnum.into()),
            always(AT_BASE, self.base),
            always(AT_FLAGS, 0),
            always(AT_ENTRY, self.entry),
            always(AT_UID, self.uid.into()),
            always(AT_EUID, self.euid.into()),
            always(AT_GID, self.gid.into()),
            always(AT_EGID, self.egid.into()),
            always(AT_SECURE, self.secure.into()),
            always(AT_RANDOM, at.random),
            always(AT_HWCAP2, self.hwcap2),
            always(AT_EXECFN, at.execfn),
            always(AT_PLATFORM, at.platform),
            self.rseq.map(|(size, _)| (AT_RSEQ_FEATURE_SIZE, size)),
            self.rseq.map(|(_, align)| (AT_RSEQ_ALIGN, align)),
            always(AT_NULL, 0),
        ]
    }
}
