//! `/proc/cpuinfo`.

use core::fmt::Write;

use elfin_platform::cpu;

use super::super::pseudo::{Shown, Text};

/// `/proc/cpuinfo`.
pub fn show(out: &mut Text) -> Shown {
    let cpus = cpu::count();
    for id in 0..cpus {
        arch::show(out, id, cpus)?;
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(target_arch = "x86_64")]
mod arch {
    use core::arch::x86_64::{__cpuid, __cpuid_count, CpuidResult};
    use core::fmt::Write;

    use super::{Shown, Text};

    /// A register of a leaf, and the names of its bits: `""` for one without a name.
    struct Word {
        leaf: u32,
        register: fn(&CpuidResult) -> u32,
        names: [&'static str; 32],
    }

    /// The bits that programs look for, in Linux's order of words.
    const WORDS: [Word; 5] = [
        Word {
            leaf: 1,
            register: |leaf| leaf.edx,
            names: [
                "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", "", "sep",
                "mtrr", "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush", "", "dts", "acpi",
                "mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
            ],
        },
        Word {
            leaf: 0x8000_0001,
            register: |leaf| leaf.edx,
            names: [
                "", "", "", "", "", "", "", "", "", "", "", "syscall", "", "", "", "", "", "", "",
                "mp", "nx", "", "mmxext", "", "", "fxsr_opt", "pdpe1gb", "rdtscp", "", "lm",
                "3dnowext", "3dnow",
            ],
        },
        Word {
            leaf: 1,
            register: |leaf| leaf.ecx,
            names: [
                "pni",
                "pclmulqdq",
                "dtes64",
                "monitor",
                "ds_cpl",
                "vmx",
                "smx",
                "est",
                "tm2",
                "ssse3",
                "cid",
                "sdbg",
                "fma",
                "cx16",
                "xtpr",
                "pdcm",
                "",
                "pcid",
                "dca",
                "sse4_1",
                "sse4_2",
                "x2apic",
                "movbe",
                "popcnt",
                "tsc_deadline_timer",
                "aes",
                "xsave",
                "",
                "avx",
                "f16c",
                "rdrand",
                "hypervisor",
            ],
        },
        Word {
            leaf: 0x8000_0001,
            register: |leaf| leaf.ecx,
            names: [
                "lahf_lm",
                "cmp_legacy",
                "svm",
                "extapic",
                "cr8_legacy",
                "abm",
                "sse4a",
                "misalignsse",
                "3dnowprefetch",
                "osvw",
                "ibs",
                "xop",
                "skinit",
                "wdt",
                "",
                "lwp",
                "fma4",
                "tce",
                "",
                "nodeid_msr",
                "",
                "tbm",
                "topoext",
                "perfctr_core",
                "perfctr_nb",
                "",
                "bpext",
                "ptsc",
                "perfctr_llc",
                "mwaitx",
                "",
                "",
            ],
        },
        Word {
            leaf: 7,
            register: |leaf| leaf.ebx,
            names: [
                "fsgsbase",
                "tsc_adjust",
                "sgx",
                "bmi1",
                "hle",
                "avx2",
                "",
                "smep",
                "bmi2",
                "erms",
                "invpcid",
                "rtm",
                "cqm",
                "",
                "mpx",
                "rdt_a",
                "avx512f",
                "avx512dq",
                "rdseed",
                "adx",
                "smap",
                "avx512ifma",
                "",
                "clflushopt",
                "clwb",
                "intel_pt",
                "avx512pf",
                "avx512er",
                "avx512cd",
                "sha_ni",
                "avx512bw",
                "avx512vl",
            ],
        },
    ];

    /// The leaf whose EAX is the highest extended leaf.
    const EXTENDED: u32 = 0x8000_0000;

    fn leaf(number: u32) -> CpuidResult {
        let highest = __cpuid(number & EXTENDED).eax;
        if number > highest {
            return CpuidResult { eax: 0, ebx: 0, ecx: 0, edx: 0 };
        }
        __cpuid_count(number, 0)
    }

    fn text(registers: &[u32]) -> alloc::string::String {
        let bytes: alloc::vec::Vec<u8> =
            registers.iter().flat_map(|register| register.to_le_bytes()).collect();
        let text = alloc::string::String::from_utf8_lossy(&bytes);
        alloc::string::String::from(text.trim_matches('\0').trim())
    }

    /// The base frequency in kHz, as the hypervisor or the processor tells it; 0 if neither does.
    fn frequency() -> u32 {
        const HYPERVISOR: u32 = 0x4000_0000;
        const TIMING: u32 = 0x4000_0010;
        const FREQUENCY: u32 = 0x16;
        const KHZ_PER_MHZ: u32 = 1000;
        let virtual_machine = leaf(1).ecx >> 31 != 0;
        if virtual_machine && __cpuid(HYPERVISOR).eax >= TIMING {
            return __cpuid(TIMING).eax;
        }
        (leaf(FREQUENCY).eax & 0xffff) * KHZ_PER_MHZ
    }

    pub(super) fn show(out: &mut Text, id: usize, cpus: usize) -> Shown {
        let vendor = leaf(0);
        let signature = leaf(1).eax;
        let base_family = signature >> 8 & 0xf;
        let family = if base_family == 0xf { 0xf + (signature >> 20 & 0xff) } else { base_family };
        let base_model = signature >> 4 & 0xf;
        let high_model = signature >> 16 & 0xf;
        let model =
            if matches!(base_family, 6 | 0xf) { high_model << 4 | base_model } else { base_model };
        let brand: alloc::vec::Vec<u32> = (0x8000_0002..=0x8000_0004)
            .map(leaf)
            .flat_map(|leaf| [leaf.eax, leaf.ebx, leaf.ecx, leaf.edx])
            .collect();
        let cache = leaf(0x8000_0006).ecx >> 16;
        writeln!(out, "processor\t: {id}")?;
        writeln!(out, "vendor_id\t: {}", text(&[vendor.ebx, vendor.edx, vendor.ecx]))?;
        writeln!(out, "cpu family\t: {family}\nmodel\t\t: {model}")?;
        writeln!(out, "model name\t: {}", text(&brand))?;
        writeln!(out, "stepping\t: {}", signature & 0xf)?;
        let khz = frequency();
        if khz > 0 {
            writeln!(out, "cpu MHz\t\t: {}.{:03}", khz / 1000, khz % 1000)?;
        }
        if cache > 0 {
            writeln!(out, "cache size\t: {cache} KB")?;
        }
        writeln!(out, "physical id\t: 0\nsiblings\t: {cpus}\ncore id\t\t: {id}")?;
        writeln!(out, "cpu cores\t: {cpus}\napicid\t\t: {id}\ninitial apicid\t: {id}")?;
        writeln!(out, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: {}", vendor.eax)?;
        writeln!(out, "wp\t\t: yes")?;
        write!(out, "flags\t\t:")?;
        for word in &WORDS {
            let bits = (word.register)(&leaf(word.leaf));
            for (bit, name) in word.names.iter().enumerate() {
                if bits >> bit & 1 != 0 && !name.is_empty() {
                    write!(out, " {name}")?;
                }
            }
        }
        let sizes = leaf(0x8000_0008).eax;
        writeln!(out, "\nbugs\t\t:")?;
        if khz > 0 {
            writeln!(out, "bogomips\t: {}.{:02}", khz / 500, khz / 5 % 100)?;
        }
        writeln!(out, "clflush size\t: 64\ncache_alignment\t: 64")?;
        let (physical, virtual_bits) = (sizes & 0xff, sizes >> 8 & 0xff);
        writeln!(out, "address sizes\t: {physical} bits physical, {virtual_bits} bits virtual")?;
        writeln!(out, "power management:")?;
        Ok(())
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod arch {
    use core::fmt::Write;

    use super::{Shown, Text};

    pub(super) fn show(out: &mut Text, id: usize, _cpus: usize) -> Shown {
        writeln!(out, "processor\t: {id}")?;
        Ok(())
    }
}
