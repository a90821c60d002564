//! The simple patterns of our schemas: anchored sequences of letters, classes and counts, like
//! `^[A-Z]{3}$`.
//!
//! Anything else (alternatives, groups, look-around) is not understood and left to the type's own
//! parsing. No backtracking: every element takes as much as it can, which is exact where neighbours
//! share no characters.

/// A pattern made ready to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Element>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Element {
    ranges: Vec<(char, char)>,
    least: usize,
    most: usize,
}

impl Pattern {
    /// Reads a pattern; nothing if it is not one of the simple ones.
    pub fn compile(pattern: &str) -> Option<Pattern> {
        let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?;
        let mut elements = Vec::new();
        while !rest.is_empty() {
            let (ranges, after) = class(rest)?;
            let (least, most, after) = count(after)?;
            elements.push(Element { ranges, least, most });
            rest = after;
        }
        Some(Pattern(elements))
    }

    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars().peekable();
        for Element { ranges, least, most } in &self.0 {
            let mut taken = 0;
            while taken < *most
                && rest
                    .next_if(|c| ranges.iter().any(|(from, to)| (from..=to).contains(&c)))
                    .is_some()
            {
                taken += 1;
            }
            if taken < *least {
                return false;
            }
        }
        rest.next().is_none()
    }
}

/// One character or one class in brackets, and what follows.
fn class(rest: &str) -> Option<(Vec<(char, char)>, &str)> {
    if let Some(inside) = rest.strip_prefix('[') {
        let (inside, after) = inside.split_once(']')?;
        return Some((members(inside)?, after));
    }
    let mut chars = rest.chars();
    match chars.next()? {
        '\\' => match chars.next()? {
            'd' => Some((vec![('0', '9')], chars.as_str())),
            c if c.is_ascii_punctuation() => Some((vec![(c, c)], chars.as_str())),
            _ => None,
        },
        c if ".()|*+?{}^$".contains(c) => None,
        c => Some((vec![(c, c)], chars.as_str())),
    }
}

fn members(inside: &str) -> Option<Vec<(char, char)>> {
    let chars: Vec<char> = inside.chars().collect();
    if chars.is_empty() || chars[0] == '^' || chars.contains(&'\\') {
        return None;
    }
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let is_range = at + 2 < chars.len() && chars[at + 1] == '-';
        let to = if is_range { chars[at + 2] } else { chars[at] };
        ranges.push((chars[at], to));
        at += if is_range { 3 } else { 1 };
    }
    Some(ranges)
}

/// `{2}`, `{1,3}`, `{1,}`, `?`, `*`, `+` or nothing: least, most, and what follows.
fn count(rest: &str) -> Option<(usize, usize, &str)> {
    let after = rest.get(1..);
    match rest.chars().next() {
        Some('?') => Some((0, 1, after?)),
        Some('*') => Some((0, usize::MAX, after?)),
        Some('+') => Some((1, usize::MAX, after?)),
        Some('{') => {
            let (inside, after) = after?.split_once('}')?;
            let (least, most) = match inside.split_once(',') {
                None => (inside.parse().ok()?, inside.parse().ok()?),
                Some((least, "")) => (least.parse().ok()?, usize::MAX),
                Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
            };
            Some((least, most, after))
        }
        _ => Some((1, 1, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_match_as_written() {
        let cases: [(&str, &[&str], &[&str]); 5] = [
            ("^[A-Z]{3}$", &["USD"], &["", "US", "USDX", "usd", "USD "]),
            ("^[A-Za-z0-9._-]{1,4}$", &["a", "a.-_"], &["", "abcde", "ä", "a b"]),
            (r"^[0-9]+\.\d{2}$", &["1.23", "10.00"], &["1", ".12", "1.2", "1.234"]),
            ("^US-[A-Z]{2}$", &["US-NY"], &["USNY", "US-ny"]),
            ("^-?[0-9]*$", &["", "-", "-12", "7"], &["--1", "1-"]),
        ];
        for (pattern, good, bad) in cases {
            let compiled = Pattern::compile(pattern).unwrap();
            assert_eq!(good.iter().filter(|text| !compiled.matches(text)).count(), 0, "{pattern}");
            assert_eq!(bad.iter().filter(|text| compiled.matches(text)).count(), 0, "{pattern}");
        }
    }

    #[test]
    fn what_is_not_simple_is_left_alone() {
        for pattern in ["[a-z]", "^a|b$", "^(ab)+$", "^[^a]$", "^.$", "^[\\w]$", "^[]$"] {
            assert_eq!(Pattern::compile(pattern), None, "{pattern}");
        }
    }
}
