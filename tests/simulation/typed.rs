//! Numbers as people type them, and what two spellings have in common.

use crate::chance::Chance;

/// An identifier as somebody may type it: in other letters, with more spaces, from another keyboard.
pub fn typed(text: &str, chance: &mut Chance) -> String {
    match chance.index(8) {
        0 => text.to_lowercase(),
        1 => format!("  {text} "),
        2 => wide(text),
        3 => wide(&text.to_lowercase()),
        _ => text.to_owned(),
    }
}

/// The full-width forms of letters, digits and signs.
pub fn wide(text: &str) -> String {
    text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect()
}

/// What all spellings have in common.
pub fn plain(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap(),
        _ => c,
    };
    let text: String = text.chars().map(narrow).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
