//! The list of mutants, as `cargo mutants --list --json` prints it.

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// A change to one place of one file.
#[derive(Clone, Debug, Deserialize)]
pub struct Mutant {
    pub file: String,
    pub name: String,
    pub genre: String,
    pub replacement: String,
    pub span: Span,
}

/// Lines and columns from 1, counted in characters; the end is exclusive.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Span {
    pub start: Place,
    pub end: Place,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// Lists the mutants of the files that match `globs`, or of those that changed since `since`.
pub fn list(root: &Path, globs: &[String], since: Option<&str>) -> Result<Vec<Mutant>> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["mutants", "--list", "--json"]);
    for glob in globs {
        command.args(["--file", glob]);
    }
    let diff = root.join("target/mutants.diff");
    if let Some(revision) = since {
        let changes = Command::new("git").current_dir(root).args(["diff", revision]).output()?;
        ensure!(changes.status.success(), "git diff {revision} failed");
        std::fs::create_dir_all(root.join("target"))?;
        std::fs::write(&diff, changes.stdout)?;
        command.arg("--in-diff").arg(&diff);
    }
    let output = command.output().context("cargo mutants cannot be run")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("the list of cargo mutants cannot be read")
}

/// Draws `count` mutants; the same seed draws the same ones from the same list.
pub fn sample(mut all: Vec<Mutant>, count: usize, seed: u64) -> Vec<Mutant> {
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all.shuffle(&mut StdRng::seed_from_u64(seed));
    all.truncate(count);
    all
}
