//! [`CommandLine`]: the kernel command line, split by Linux's rules
//! (Documentation/admin-guide/kernel-parameters.rst): words are separated by space, `"` keeps
//! spaces, `--` ends the kernel's part. There is no escape for `"`: what needs one travels in the
//! [`super::ArgumentFile`].

use alloc::vec::Vec;

use super::value::parse_number;

const DASHES: &[u8] = b"--";

/// A command line. Cheap to copy: it refers to the line's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandLine<'a>(&'a [u8]);

/// One word of a command line. The quotes around it, or around its value, are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// All before the first `=`.
    pub name: &'a [u8],
    /// All after it; `None` without `=`.
    pub value: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    /// Whether it is called `name`; `-` and `_` are the same, as in Linux.
    pub fn is(&self, name: &str) -> bool {
        let plain = |byte: &u8| if *byte == b'-' { b'_' } else { *byte };
        self.name.iter().map(plain).eq(name.as_bytes().iter().map(plain))
    }

    /// The word as it was, without its quotes: `name=value`, or `name`.
    pub fn word(&self) -> Vec<u8> {
        let value: &[u8] = self.value.unwrap_or_default();
        let equals: &[u8] = if self.value.is_some() { b"=" } else { b"" };
        [self.name, equals, value].concat()
    }

    /// Its value as text, if it has one that is.
    pub fn text(&self) -> Option<&'a str> {
        core::str::from_utf8(self.value?).ok()
    }
}

/// What becomes of a word that the kernel does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitWord<'a> {
    /// An argument of init.
    Arg(Param<'a>),
    /// A variable of init's environment.
    Env(Param<'a>),
}

impl<'a> CommandLine<'a> {
    /// Takes a line, up to its first NUL if it has one.
    pub fn new(line: &'a [u8]) -> Self {
        Self(line.split(|byte| *byte == 0).next().unwrap_or_default())
    }

    /// The line as it is.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The words before ` -- `.
    pub fn iter(&self) -> Params<'a> {
        Params { rest: self.0, stop: true }
    }

    /// The words after ` -- `: arguments of init, quotes removed.
    pub fn after_dashes(&self) -> Params<'a> {
        let mut words = self.iter();
        words.by_ref().for_each(drop);
        Params { rest: words.rest, stop: false }
    }

    /// All words called `name`, in their order.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = Param<'a>> + use<'a, 'n> {
        self.iter().filter(move |param| param.is(name))
    }

    /// Value of the last `name=value`: a later one replaces an earlier one.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).filter_map(|param| param.value).last()
    }

    /// The same as text; `None` also if it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        core::str::from_utf8(self.get(name)?).ok()
    }

    /// The same as a number: decimal, `0x` or `0`-octal, with K, M, G, T behind it for powers of
    /// 1024. `None` also if it is none.
    pub fn number(&self, name: &str) -> Option<u64> {
        parse_number(self.get(name)?)
    }

    /// Whether there is a word `name`, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// A switch: `name`, or `name=` with 1, y, yes, on, t, true, and not followed by one with
    /// 0, n, no, off, f, false. Other values leave it as it is.
    pub fn flag(&self, name: &str) -> bool {
        self.all(name).fold(false, |is_on, param| match param.value {
            None => true,
            Some([b'1' | b'y' | b'Y' | b't' | b'T', ..] | [b'o' | b'O', b'n' | b'N', ..]) => true,
            Some([b'0' | b'n' | b'N' | b'f' | b'F', ..] | [b'o' | b'O', b'f' | b'F', ..]) => false,
            Some(_) => is_on,
        })
    }

    /// What goes to init: words before ` -- ` that the kernel does not know and that have no `.`
    /// in their name (those are for modules), then all words after it.
    pub fn init_words(
        &self,
        is_known: impl Fn(&Param<'a>) -> bool,
    ) -> impl Iterator<Item = InitWord<'a>> {
        let unknown =
            self.iter().filter(move |param| !param.name.contains(&b'.') && !is_known(param));
        let unknown = unknown.map(|param| match param.value {
            Some(_) => InitWord::Env(param),
            None => InitWord::Arg(param),
        });
        unknown.chain(self.after_dashes().map(InitWord::Arg))
    }
}

/// Iterator over words.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    rest: &'a [u8],
    /// Whether `--` is the end.
    stop: bool,
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        let begin = self.rest.iter().position(|byte| !is_space(*byte))?;
        let line = self.rest.get(begin..)?;
        let mut in_quotes = false;
        let end = line.iter().position(|byte| {
            in_quotes ^= *byte == b'"';
            !in_quotes && is_space(*byte)
        });
        let (word, rest) = line.split_at_checked(end.unwrap_or(line.len()))?;
        self.rest = rest;
        if self.stop && word == DASHES {
            return None;
        }
        let is_quoted = word.first() == Some(&b'"');
        let word = if is_quoted { unquote(word) } else { word };
        let equals = word.iter().position(|byte| *byte == b'=').filter(|at| *at != 0);
        let Some((name, value)) = equals.and_then(|at| word.split_at_checked(at)) else {
            return Some(Param { name: word, value: None });
        };
        let value = value.get(1..).unwrap_or_default();
        let value = if value.first() == Some(&b'"') { unquote(value) } else { value };
        Some(Param { name, value: Some(value) })
    }
}

/// As Linux's isspace, in ASCII.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Without the first byte, which is a quote, and without the last, if it is one.
fn unquote(word: &[u8]) -> &[u8] {
    let word = word.strip_prefix(b"\"").unwrap_or(word);
    word.strip_suffix(b"\"").unwrap_or(word)
}
