//! [`Report`]: all that `elfin check` says, as text or as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use elfin_syscalls::{Arch, Entry};
use serde::Serialize;

use super::code::Code;
use super::facts::Facts;
use super::scan::Scan;

/// Width of a line of names.
const LINE_WIDTH: usize = 96;
/// Before what belongs to the line above.
const INDENT: &str = "      ";
/// The order in which the text lists them.
const ORDER: [&str; 5] = ["full", "partial", "fake", "stub", UNKNOWN];
/// A number that is not in the table.
const UNKNOWN: &str = "unknown";

/// The report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The file.
    pub file: String,
    /// What it is.
    #[serde(flatten)]
    pub facts: Facts,
    /// Whether Elfin can run it.
    pub runnable: bool,
    /// Why not, or on which condition.
    pub reason: Option<String>,
    /// The calls that its code can make, by number.
    pub syscalls: Vec<Call>,
    /// How the calls were found.
    pub code: CodeReport,
}

/// One system call.
#[derive(Debug, Serialize)]
pub struct Call {
    /// Number on the program's architecture.
    pub number: u32,
    /// Linux's name.
    pub name: Option<&'static str>,
    /// `full`, `partial`, `fake`, `stub`, or `unknown`.
    pub status: &'static str,
    /// What is missing, or why that is harmless.
    pub note: &'static str,
    /// Where it is chosen.
    pub sites: Vec<Site>,
}

/// A place in the code.
#[derive(Debug, Serialize)]
pub struct Site {
    /// Address.
    pub address: u64,
    /// The function around it, if the program tells.
    pub function: Option<String>,
}

/// A place whose number is not known.
#[derive(Debug, Serialize)]
pub struct Unresolved {
    /// The place.
    #[serde(flatten)]
    pub site: Site,
    /// Why not.
    pub reason: &'static str,
}

/// How sure the list of calls is.
#[derive(Debug, Serialize)]
pub struct CodeReport {
    /// System call instructions.
    pub instructions: usize,
    /// Instructions of interfaces that are not the machine's own, such as `int 0x80`.
    pub foreign_instructions: usize,
    /// Places where a number is chosen.
    pub sites: usize,
    /// Those where it could not be found out.
    pub unresolved: Vec<Unresolved>,
}

impl CodeReport {
    fn site(code: &Code<'_>, address: u64) -> Site {
        Site { address, function: code.function_name(address).map(str::to_owned) }
    }

    /// From what `scan` found in `code`.
    pub fn new(scan: &Scan, code: &Code<'_>) -> Self {
        let unresolved = scan
            .unresolved
            .iter()
            .map(|(at, reason)| Unresolved { site: Self::site(code, *at), reason })
            .collect();
        Self {
            instructions: scan.instructions,
            foreign_instructions: scan.foreign,
            sites: scan.sites(),
            unresolved,
        }
    }
}

/// The calls that `scan` found, with our status for each.
pub fn calls(scan: &Scan, code: &Code<'_>, arch: Arch) -> Vec<Call> {
    let call = |(number, sites): (&u32, &std::collections::BTreeSet<u64>)| {
        let entry = usize::try_from(*number).ok().and_then(|it| Entry::by_number(arch, it));
        let sites = sites.iter().map(|at| CodeReport::site(code, *at)).collect();
        match entry {
            Some(entry) => Call {
                number: *number,
                name: Some(entry.call().name),
                status: entry.call().status.name(),
                note: entry.note().note,
                sites,
            },
            None => Call { number: *number, name: None, status: UNKNOWN, note: "", sites },
        }
    };
    scan.numbers.iter().map(call).collect()
}

impl Report {
    /// The text, with the address of each site if `sites`.
    pub fn text(&self, sites: bool) -> String {
        let mut out = String::new();
        // Writing to a string can not fail.
        let _ = self.write_text(&mut out, sites);
        out
    }

    fn write_text(&self, out: &mut String, sites: bool) -> fmt::Result {
        let facts = &self.facts;
        writeln!(out, "{}", self.file)?;
        let symbols = if facts.stripped { ", stripped" } else { "" };
        writeln!(out, "  kind         {} ({}){symbols}", facts.kind, facts.elf_type)?;
        writeln!(out, "  machine      {}, {} bits", facts.machine, facts.bits)?;
        writeln!(out, "  interpreter  {}", facts.interpreter.as_deref().unwrap_or("none"))?;
        if !facts.needs.is_empty() {
            writeln!(out, "  needs        {}", facts.needs.join(", "))?;
        }
        writeln!(out, "  libc         {}", facts.libc)?;
        let kib = |bytes: u64| bytes.div_ceil(1024);
        let (size, memory) = (kib(facts.size), kib(facts.memory));
        writeln!(out, "  size         {size} KiB in the file, {memory} KiB in memory")?;
        writeln!(out, "  entry        {:#x}", facts.entry)?;
        for (index, segment) in facts.segments.iter().enumerate() {
            let label = if index == 0 { "segments" } else { "" };
            let end = segment.address.saturating_add(segment.memory_size);
            let (address, size) = (segment.address, segment.file_size);
            let permissions = &segment.permissions;
            writeln!(
                out,
                "  {label:<12} {permissions} {address:#x}..{end:#x}, {size} bytes of the file"
            )?;
        }
        let verdict = if self.runnable { "yes" } else { "no" };
        match &self.reason {
            Some(reason) => writeln!(out, "  runs         {verdict}: {reason}")?,
            None => writeln!(out, "  runs         {verdict}")?,
        }
        self.write_calls(out, sites)
    }

    fn write_calls(&self, out: &mut String, sites: bool) -> fmt::Result {
        let of =
            |status: &'static str| self.syscalls.iter().filter(move |call| call.status == status);
        let counts: Vec<String> = ORDER
            .iter()
            .map(|status| (status, of(status).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| format!("{count} {status}"))
            .collect();
        let counts = if counts.is_empty() { "none".into() } else { counts.join(", ") };
        writeln!(out, "\nSystem calls in its code: {} ({counts})", self.syscalls.len())?;
        for status in ORDER {
            let mut by_note: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
            for call in of(status) {
                by_note.entry(call.note).or_default().push(call);
            }
            for (note, calls) in by_note {
                write_group(out, status, note, &calls, sites)?;
            }
        }
        self.write_confidence(out)
    }

    fn write_confidence(&self, out: &mut String) -> fmt::Result {
        let code = &self.code;
        let unresolved = code.unresolved.len();
        writeln!(
            out,
            "\n{} system call instructions, {} places that choose a number, {unresolved} of them unresolved{}",
            code.instructions,
            code.sites,
            if unresolved == 0 { "" } else { ":" }
        )?;
        for site in &code.unresolved {
            writeln!(out, "  {}: {}", place(&site.site), site.reason)?;
        }
        if code.foreign_instructions > 0 {
            let count = code.foreign_instructions;
            writeln!(
                out,
                "{count} instructions of the 32-bit interface, which Elfin does not serve"
            )?;
        }
        if self.facts.interpreter.is_some() {
            writeln!(out, "The shared libraries make system calls of their own: check them too.")?;
        }
        Ok(())
    }
}

fn name(call: &Call) -> String {
    call.name.map_or_else(|| format!("number {}", call.number), str::to_owned)
}

fn place(site: &Site) -> String {
    match &site.function {
        Some(function) => format!("{:#x} in {function}", site.address),
        None => format!("{:#x}", site.address),
    }
}

/// Calls with the same status and note: their names in lines of [`LINE_WIDTH`], or each with its places.
fn write_group(
    out: &mut String,
    status: &str,
    note: &str,
    calls: &[&Call],
    sites: bool,
) -> fmt::Result {
    match note {
        "" => writeln!(out, "  {status}")?,
        note => writeln!(out, "  {status}: {note}")?,
    }
    if sites {
        for call in calls {
            writeln!(out, "{INDENT}{}", name(call))?;
            for site in &call.sites {
                writeln!(out, "{INDENT}{INDENT}{}", place(site))?;
            }
        }
        return Ok(());
    }
    let mut line = String::from(INDENT);
    for call in calls {
        let name = name(call);
        if line.len() + 1 + name.len() > LINE_WIDTH && line.len() > INDENT.len() {
            writeln!(out, "{}", line.trim_end())?;
            line = String::from(INDENT);
        }
        line.push_str(&name);
        line.push(' ');
    }
    writeln!(out, "{}", line.trim_end())
}
