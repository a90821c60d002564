//! Folders that explain themselves: decisions are numbered and listed, migrations have a README.

use crate::{Offence, offence};

/// Offences of the decisions folder: `names` are its files, `readme` its list.
pub fn check_decisions(names: &[String], readme: &str) -> Vec<Offence> {
    let mut records: Vec<&String> = names.iter().filter(|name| *name != "README.md").collect();
    records.sort();
    let mut found = Vec::new();
    for (at, name) in records.into_iter().enumerate() {
        let path = format!("docs/decisions/{name}");
        let number = format!("{:04}-", at + 1);
        if !name.starts_with(&number) || !name.ends_with(".md") {
            found.push(offence(
                &path,
                1,
                &format!("decisions are numbered without gaps; this should be {number}….md"),
            ));
        }
        if !readme.contains(&format!("]({name})")) {
            found.push(offence(&path, 1, "is not linked from docs/decisions/README.md"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_and_a_missing_link_are_found() {
        let names = ["0001-a.md", "0003-b.md", "README.md"].map(str::to_owned);
        let told: Vec<String> =
            check_decisions(&names, "[A](0001-a.md)").iter().map(ToString::to_string).collect();
        let expected = [
            "docs/decisions/0003-b.md:1: decisions are numbered without gaps; this should be 0002-….md",
            "docs/decisions/0003-b.md:1: is not linked from docs/decisions/README.md",
        ];
        assert_eq!(told, expected);
    }
}
