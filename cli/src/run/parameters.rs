//! The kernel command line, in the order that docs/src/host-protocol.md gives.

use elfin_loader::cmdline::ARGUMENT_FILE_PATH;

use crate::args::RunArgs;
use crate::host::{HostInput, HostOutput};
use crate::qemu::Network;

/// Where a redirected standard input is in the initramfs.
pub const STDIN_FILE: &str = "/.elfin/stdin";

/// Rows and columns of a terminal.
pub type WindowSize = (u16, u16);

/// Builds the line.
pub fn kernel_parameters(
    args: &RunArgs,
    network: Option<&Network>,
    input: HostInput,
    output: HostOutput,
    window: Option<WindowSize>,
) -> String {
    let mut words = vec![
        "console=ttyS0".to_owned(),
        if args.verbose { "loglevel=7" } else { "quiet" }.to_owned(),
        "elfin.debugcon=1".to_owned(),
        format!("elfin.args={ARGUMENT_FILE_PATH}"),
        format!("elfin.stdin={}", input.parameter()),
        format!("elfin.stdout={}", output.parameter()),
    ];
    if let (HostInput::Tty, Some((rows, columns))) = (input, window) {
        words.push(format!("elfin.winsize={rows}x{columns}"));
    }
    words.push(format!("hostname={}", args.hostname));
    words.extend(network.map(|network| network.ip_parameter(&args.hostname)));
    for (wanted, word) in [(args.strace, "elfin.strace=1"), (args.stats, "elfin.stats=1")] {
        if wanted {
            words.push(word.to_owned());
        }
    }
    words.extend(args.append.iter().cloned());
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn line(options: &str, input: HostInput, output: HostOutput) -> String {
        let words = ["elfin", "run"].into_iter().chain(options.split_whitespace()).chain(["x"]);
        let Command::Run(args) = Cli::try_parse_from(words).unwrap().command else {
            unreachable!("'run' is what was given")
        };
        let network = Network::from_args(&args).unwrap();
        kernel_parameters(&args, network.as_ref(), input, output, Some((24, 80)))
    }

    #[test]
    fn the_line_is_as_documented() {
        assert_eq!(
            line("", HostInput::Null, HostOutput::Stream),
            "console=ttyS0 quiet elfin.debugcon=1 elfin.args=/.elfin/args elfin.stdin=null \
             elfin.stdout=stream hostname=elfin"
        );
        assert_eq!(
            line(
                "-v --strace --stats -p 1:2 --hostname h --append a=b",
                HostInput::Tty,
                HostOutput::Tty
            ),
            "console=ttyS0 loglevel=7 elfin.debugcon=1 elfin.args=/.elfin/args elfin.stdin=tty \
             elfin.stdout=tty elfin.winsize=24x80 hostname=h \
             ip=10.0.2.15::10.0.2.2:255.255.255.0:h:eth0:off:10.0.2.3 elfin.strace=1 \
             elfin.stats=1 a=b"
        );
    }
}
