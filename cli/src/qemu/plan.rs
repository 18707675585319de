//! [`MachinePlan`]: a machine, decided in all parts, as a QEMU command line.

use std::ffi::OsString;
use std::path::PathBuf;

use super::accel::Accel;
use super::network::Network;
use crate::args::{MachineChoice, MemorySize};

/// Port of the event channel, docs/src/host-protocol.md.
const EVENT_PORT: u16 = 0xe9;
/// Port that ends the machine.
const EXIT_PORT: u16 = 0x501;

/// Firmware of q35 and pc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// This file.
    Qboot(PathBuf),
    /// What the machine has by itself.
    Default,
}

/// A machine.
#[derive(Clone, Debug)]
pub struct MachinePlan {
    /// Type.
    pub machine: MachineChoice,
    /// Firmware; microvm has its own.
    pub firmware: Firmware,
    /// Who executes.
    pub accel: Accel,
    /// CPU model, if not the best.
    pub cpu: Option<String>,
    /// Number of CPUs.
    pub cpus: u32,
    /// Memory.
    pub memory: MemorySize,
    /// The kernel image.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initramfs: PathBuf,
    /// Kernel command line.
    pub cmdline: String,
    /// Network card.
    pub network: Option<Network>,
    /// Where QEMU writes the event channel.
    pub events: PathBuf,
    /// The user's own arguments, last.
    pub extra: Vec<OsString>,
}

impl MachinePlan {
    /// The arguments for QEMU.
    pub fn args(&self) -> Vec<OsString> {
        let mut args = Args::default();
        args.pair("-M", self.machine_options());
        args.pair("-accel", self.accel.parameter());
        args.pair("-cpu", self.cpu.as_deref().unwrap_or(self.accel.best_cpu()));
        args.pair("-smp", self.cpus.to_string());
        args.pair("-m", self.memory.to_string());
        for flag in ["-nodefaults", "-no-user-config", "-no-reboot"] {
            args.flag(flag);
        }
        args.pair("-display", "none");
        if let (Firmware::Qboot(path), true) = (&self.firmware, self.has_pci()) {
            args.pair("-bios", path);
        }
        args.pair("-kernel", &self.kernel);
        args.pair("-initrd", &self.initramfs);
        args.pair("-append", &self.cmdline);
        args.pair("-chardev", "stdio,id=console,signal=off");
        args.pair("-serial", "chardev:console");
        let mut events = OsString::from("file,id=events,path=");
        events.push(&self.events);
        args.pair("-chardev", events);
        args.pair("-device", format!("isa-debugcon,iobase={EVENT_PORT:#x},chardev=events"));
        args.pair("-device", format!("isa-debug-exit,iobase={EXIT_PORT:#x},iosize=2"));
        if let Some(network) = &self.network {
            self.add_network(network, &mut args);
        }
        args.0.extend(self.extra.iter().cloned());
        args.0
    }

    fn has_pci(&self) -> bool {
        self.machine != MachineChoice::Microvm
    }

    /// Parts that Elfin does not use are left out: they would cost time at start.
    fn machine_options(&self) -> &'static str {
        match self.machine {
            MachineChoice::Microvm => {
                "microvm,acpi=off,rtc=on,pit=on,pic=on,isa-serial=on,auto-kernel-cmdline=on"
            }
            MachineChoice::Q35 => "q35,smm=off,vmport=off,sata=off,smbus=off,usb=off",
            MachineChoice::Pc => "pc,smm=off,vmport=off,usb=off",
        }
    }

    fn add_network(&self, network: &Network, args: &mut Args) {
        args.pair("-netdev", network.netdev());
        let mut device = if self.has_pci() {
            String::from("virtio-net-pci,netdev=net0,disable-legacy=on,romfile=")
        } else {
            args.pair("-global", "virtio-mmio.force-legacy=false");
            String::from("virtio-net-device,netdev=net0")
        };
        if let Some(mac) = network.mac {
            device.push_str(&format!(",mac={mac}"));
        }
        args.pair("-device", device);
    }
}

#[derive(Default)]
struct Args(Vec<OsString>);

impl Args {
    fn flag(&mut self, flag: &str) {
        self.0.push(flag.into());
    }

    fn pair(&mut self, flag: &str, value: impl AsRef<std::ffi::OsStr>) {
        self.flag(flag);
        self.0.push(value.as_ref().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::network::{Addressing, Card};

    fn plan(machine: MachineChoice) -> MachinePlan {
        MachinePlan {
            machine,
            firmware: Firmware::Qboot("/q.rom".into()),
            accel: Accel::Tcg(String::new()),
            cpu: None,
            cpus: 2,
            memory: "64M".parse().unwrap(),
            kernel: "/k".into(),
            initramfs: "/i".into(),
            cmdline: "quiet".into(),
            network: Some(Network {
                card: Card::User(vec!["8080:80".parse().unwrap()]),
                addressing: Addressing::Dhcp,
                mac: Some("52:54:00:00:00:01".parse().unwrap()),
            }),
            events: "/e".into(),
            extra: vec!["-S".into()],
        }
    }

    fn line(plan: &MachinePlan) -> String {
        let args = plan.args();
        let words: Vec<_> = args.iter().map(|arg| arg.to_str().unwrap()).collect();
        words.join(" ")
    }

    #[test]
    fn microvm_has_modern_mmio_devices_and_its_own_firmware() {
        let line = line(&plan(MachineChoice::Microvm));
        assert!(line.starts_with("-M microvm,acpi=off"), "{line}");
        assert!(line.contains("-global virtio-mmio.force-legacy=false"), "{line}");
        assert!(line.contains("virtio-net-device,netdev=net0,mac=52:54:00:00:00:01"), "{line}");
        assert!(line.contains("-cpu max -smp 2 -m 64M"), "{line}");
        assert!(!line.contains("-bios"), "{line}");
        assert!(line.ends_with(" -S"), "{line}");
    }

    #[test]
    fn pci_machines_have_modern_pci_devices_without_option_rom() {
        for machine in [MachineChoice::Q35, MachineChoice::Pc] {
            let line = line(&plan(machine));
            assert!(
                line.contains("virtio-net-pci,netdev=net0,disable-legacy=on,romfile=,"),
                "{line}"
            );
            assert!(line.contains("-bios /q.rom"), "{line}");
            assert!(line.contains("hostfwd=tcp:127.0.0.1:8080-:80"), "{line}");
        }
    }
}
