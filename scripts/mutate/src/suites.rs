//! Compiles the tree with its switches, and runs the suites with one mutant awake at a time.

use crate::list::Mutant;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Arguments of `cargo test` for a suite, arguments for its binary, and commands of a simulation.
struct Suite {
    target: &'static [&'static str],
    arguments: &'static [&'static str],
    commands: &'static str,
}

/// Quick suites first: most mutants die there. The last ones run for survivors only.
const SUITES: [Suite; 11] = [
    Suite { target: &["--lib"], arguments: &["domain::"], commands: "" },
    Suite { target: &["--test=decisions"], arguments: &[], commands: "" },
    Suite { target: &["--test=worked_examples"], arguments: &[], commands: "" },
    Suite { target: &["--test=exchanges"], arguments: &[], commands: "" },
    Suite { target: &["--test=overrides"], arguments: &[], commands: "" },
    Suite { target: &["--test=properties"], arguments: &[], commands: "" },
    Suite { target: &["--test=simulation"], arguments: &["foretells"], commands: "3000" },
    Suite { target: &["--test=trouble"], arguments: &[], commands: "" },
    Suite { target: &["--test=ledger"], arguments: &[], commands: "" },
    Suite { target: &["--test=api"], arguments: &[], commands: "" },
    Suite { target: &["--test=simulation"], arguments: &["foretells"], commands: "60000" },
];

/// A suite that takes longer has met a mutant that never ends.
const LONGEST: Duration = Duration::from_secs(240);

/// One error of the compiler.
pub struct Complaint {
    pub file: String,
    pub first_line: usize,
    pub last_line: usize,
    pub text: String,
}

fn cargo(tree: &Path) -> Command {
    let mut command = Command::new("cargo");
    let build = tree.parent().unwrap_or(tree).join("build");
    command.current_dir(tree).env("CARGO_TARGET_DIR", build);
    command
}

/// Compiles the library, and returns the errors.
pub fn check(tree: &Path) -> Result<Vec<Complaint>> {
    let output =
        cargo(tree).args(["check", "--lib", "--message-format=json", "--quiet"]).output()?;
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let message = &message["message"];
        if message["level"] != "error" {
            continue;
        }
        let spans = message["spans"].as_array().into_iter().flatten();
        for span in spans.filter(|span| span["is_primary"] == true) {
            found.push(Complaint {
                file: span["file_name"].as_str().unwrap_or_default().to_owned(),
                first_line: usize::try_from(span["line_start"].as_u64().unwrap_or(1))?,
                last_line: usize::try_from(span["line_end"].as_u64().unwrap_or(1))?,
                text: message["rendered"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    ensure!(output.status.success() || !found.is_empty(), "cargo check failed without an error");
    Ok(found)
}

fn executable(tree: &Path, suite: &Suite) -> Result<PathBuf> {
    let output = cargo(tree)
        .args(["test", "--no-run", "--message-format=json", "--quiet"])
        .args(suite.target)
        .output()?;
    ensure!(output.status.success(), "{:?} does not compile", suite.target);
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages
        .filter(|message| message["profile"]["test"] == true)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    built.next_back().with_context(|| format!("{:?} has no executable", suite.target))
}

/// Runs every mutant through the suites until one fails. Returns the numbers of the survivors.
pub fn run(tree: &Path, mutants: &[(usize, &Mutant)], jobs: usize) -> Result<Vec<usize>> {
    let suites: Vec<(&Suite, PathBuf)> =
        SUITES.iter().map(|s| Ok((s, executable(tree, s)?))).collect::<Result<_>>()?;
    for (suite, binary) in &suites {
        ensure!(
            passes(tree, suite, binary, 0)?,
            "{:?} fails with every mutant asleep",
            suite.target
        );
    }
    let (next, survivors) = (Mutex::new(mutants.iter()), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        loop {
            let Some((number, mutant)) = next.lock().expect("no panic holds it").next() else {
                return Ok(());
            };
            let mut caught_by = None;
            for (suite, binary) in &suites {
                if !passes(tree, suite, binary, *number)? {
                    caught_by = Some(suite.target[0]);
                    break;
                }
            }
            println!("{:<22} {}", caught_by.unwrap_or("SURVIVED"), mutant.name);
            if caught_by.is_none() {
                survivors.lock().expect("no panic holds it").push(*number);
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("workers do not panic"))
    })?;
    let mut survivors = survivors.into_inner().expect("no panic holds it");
    survivors.sort_unstable();
    Ok(survivors)
}

fn passes(tree: &Path, suite: &Suite, binary: &Path, awake: usize) -> Result<bool> {
    let mut command = Command::new(binary);
    command.current_dir(tree).args(suite.arguments).arg("--quiet");
    command.env("RETURNDESK_MUTANT", awake.to_string());
    if !suite.commands.is_empty() {
        command.env("RETURNDESK_COMMANDS", suite.commands);
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    ended(&mut child)
}

fn ended(child: &mut Child) -> Result<bool> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
