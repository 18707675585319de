//! Words as a POSIX shell reads them back.

use std::ffi::OsStr;

/// Joins `words` to a line that a shell splits into the same words. Bytes that are not UTF-8 are shown
/// replaced.
pub fn shell_quoted<'a>(words: impl IntoIterator<Item = &'a OsStr>) -> String {
    let quoted: Vec<_> = words.into_iter().map(|word| quote(&word.to_string_lossy())).collect();
    quoted.join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_are_quoted() {
        let words = ["a", "", "b c", "it's", "-m", "x=1,y"].map(OsStr::new);
        assert_eq!(shell_quoted(words), r"a '' 'b c' 'it'\''s' -m x=1,y");
    }
}
