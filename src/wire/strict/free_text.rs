//! Characters that no text may contain. Exports are XML, so what XML 1.0 cannot carry is refused
//! when it comes in (STANDARDS 8).

/// The first character that XML 1.0 (§2.2) does not allow.
pub fn forbidden_character(text: &str) -> Option<char> {
    text.chars().find(|c| {
        !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_forbids_controls_and_noncharacters_only() {
        assert_eq!(forbidden_character("tab\t, line\r\n, naïve, 日本, 👍"), None);
        for bad in ['\0', '\u{b}', '\u{1b}', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(forbidden_character(&format!("a{bad}b")), Some(bad));
        }
    }
}
