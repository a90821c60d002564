//! The proof: the log exported, verified with nothing but the file and the public key, and a copy
//! with one byte changed, which verification finds.

use super::http::Asked;
use super::script::Script;
use super::token;
use crate::app::App;
use crate::cli::failure::Failure;
use crate::cli::keys;
use crate::cli::terminal::{counted, print};
use crate::cli::verify::verify_path;
use crate::domain::caller::Role;
use std::fs;
use std::path::Path;

/// Exports into the demo's folder, verifies, alters a copy, verifies again.
pub fn prove(script: &mut Script, app: &App, home: &Path) -> Result<(), Failure> {
    let auditor = token(app, Role::Auditor, "6001", None, None)?;
    let (file, copy) = (home.join("audit.ndjson"), home.join("audit-altered.ndjson"));
    script.step("An auditor exports the log");
    let exported =
        script.ask(&Asked::get("/v1/audit/export?format=ndjson", &auditor), "auditor 6001", 200)?;
    let lines = exported.body.iter().filter(|byte| **byte == b'\n').count() as u64;
    fs::write(&file, &exported.body).map_err(|fault| Failure::file(&file, &fault))?;
    print(&format!(
        "{} in {}, the last one a signed manifest.",
        counted(lines, "line", "lines"),
        file.display()
    ));

    script.step("The file is verified, with no database and no network");
    let signer = keys::signer(&app.service.keys)?;
    print(&format!("returndesk audit verify {} --key '{}'", file.display(), signer.vkey()));
    let verified = verify_path(&file, signer.vkey(), None)?;
    let (entries, chains) = (verified.manifest.entries, verified.manifest.chains.len() as u64);
    script.expect(entries + 1 == lines, "every line has to be verified")?;
    let (entries, chains) =
        (counted(entries, "entry", "entries"), counted(chains, "chain", "chains"));
    print(&format!("→ It holds: {entries} in {chains}, every link of them."));

    script.step("Someone makes a refund in a copy of the file larger, by one byte");
    let (altered, line) = alter(&exported.body)
        .ok_or_else(|| Failure::Trouble("the log has no refund to alter".into()))?;
    fs::write(&copy, &altered).map_err(|fault| Failure::file(&copy, &fault))?;
    print(&format!("returndesk audit verify {} --key '{}'", copy.display(), signer.vkey()));
    let found = match verify_path(&copy, signer.vkey(), None) {
        Err(Failure::No(why)) => why,
        Err(failure) => return Err(failure),
        Ok(_) => String::new(),
    };
    print(&format!("→ {found}"));
    script.expect(
        found.contains(&format!("line {line}:")),
        "verification has to name the altered entry",
    )?;
    script.expect(found.contains("of store \"0042\""), "verification has to name its store")
}

/// The export with one digit of a recorded return's refund changed, and the line it is on, from 1.
fn alter(export: &[u8]) -> Option<(Vec<u8>, usize)> {
    let text = std::str::from_utf8(export).ok()?;
    let mut begins = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let refund = Some("\"refund\":\"")
            .filter(|_| line.contains("\"return.recorded\""))
            .and_then(|name| {
                let at = line.find(name)? + name.len();
                line.as_bytes().get(at).filter(|digit| digit.is_ascii_digit()).map(|_| at)
            });
        if let Some(at) = refund {
            let mut altered = export.to_vec();
            let digit = &mut altered[begins + at];
            *digit = if *digit == b'9' { b'8' } else { *digit + 1 };
            return Some((altered, index + 1));
        }
        begins += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_digit_of_the_first_refund_is_changed() {
        let export = "{\"event\":\"sale.recorded\",\"refund\":\"1\"}\n{\"event\":\"return.recorded\",\"refund\":\"43.33\"}\n";
        let (altered, line) = alter(export.as_bytes()).unwrap();
        assert_eq!(
            (String::from_utf8(altered).unwrap(), line),
            (export.replace("43.33", "53.33"), 2)
        );
        assert_eq!(alter(b"{\"event\":\"return.recorded\"}\n"), None);
    }
}
