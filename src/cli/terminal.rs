//! Printing. A reader that went away (`returndesk keys list | head -1`) is no reason to panic, as
//! `println!` would.

use std::io::{Write, stderr, stdout};

/// A line of the answer, on stdout.
pub fn print(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line about what is going on, on stderr.
pub fn tell(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// A count with its digits in groups of three.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 sale`, `2 sales`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        let shown = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "12,345,678"]);
        assert_eq!(
            (counted(1, "entry", "entries"), counted(2, "entry", "entries")),
            ("1 entry".into(), "2 entries".into())
        );
    }
}
