//! Mutation tests from one build: each mutant is a switch in the code that the environment turns.
//!
//! `cargo mutants` lists the mutants and builds each by itself, which takes a minute for every one.
//! This program builds all of a sample together, in a copy of the tree, and then only runs tests.

mod list;
mod places;
mod suites;
mod switch;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use list::Mutant;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[derive(Parser)]
struct Options {
    /// Mutate what changed since this revision, instead of drawing a sample.
    #[arg(long)]
    since: Option<String>,
    /// Number of mutants to draw.
    #[arg(long, default_value_t = 200)]
    sample: usize,
    /// Seed of the draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Files to mutate, as globs; without any, those that decide and count money.
    #[arg(long = "file")]
    files: Vec<String>,
    /// Mutants that run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

/// Files that decide and count money.
const HEART: [&str; 13] = [
    "src/domain/decide.rs",
    "src/domain/decide/**",
    "src/domain/refunds.rs",
    "src/domain/refunds/**",
    "src/domain/book.rs",
    "src/domain/book/**",
    "src/domain/rounding.rs",
    "src/domain/exchanges.rs",
    "src/domain/exchanges/**",
    "src/domain/gift_cards/**",
    "src/domain/ledger/**",
    "src/domain/entry.rs",
    "src/domain/entry/**",
];

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("mutants: {error:#}");
            ExitCode::from(3)
        }
    }
}

/// Returns true if every mutant was caught.
fn run(options: &Options) -> Result<bool> {
    let root = std::env::current_dir()?;
    ensure!(
        root.join("Cargo.toml").exists(),
        "run scripts/mutants, which starts in the right folder"
    );
    let globs: Vec<String> = match options.files.is_empty() {
        true => HEART.map(str::to_owned).to_vec(),
        false => options.files.clone(),
    };
    let all = list::list(&root, &globs, options.since.as_deref())?;
    let total = all.len();
    let drawn = match options.since {
        Some(_) => all,
        None => list::sample(all, options.sample, options.seed),
    };
    eprintln!("mutants: {} of {total}", drawn.len());
    // Number 0 is the sleeping build.
    let mutants: BTreeMap<usize, Mutant> =
        drawn.into_iter().enumerate().map(|(at, m)| (at + 1, m)).collect();
    let tree = copy_tree(&root)?;
    let left_out = build(&root, &tree, &mutants)?;
    let awake: Vec<(usize, &Mutant)> = mutants
        .iter()
        .filter(|(number, _)| !left_out.contains(number))
        .map(|(n, m)| (*n, m))
        .collect();
    let survivors = suites::run(&tree, &awake, options.jobs)?;
    report(&mutants, &left_out, &survivors);
    Ok(survivors.is_empty())
}

fn report(mutants: &BTreeMap<usize, Mutant>, left_out: &BTreeSet<usize>, survivors: &[usize]) {
    println!("\nnot built in (constants, fields, what does not compile): {}", left_out.len());
    for number in left_out {
        println!("  {}", mutants[number].name);
    }
    let ran = mutants.len() - left_out.len();
    println!("ran: {ran}, caught: {}, survived: {}", ran - survivors.len(), survivors.len());
    for number in survivors {
        println!("  {}", mutants[number].name);
    }
}

/// Copies the files that git knows, so that the mutants never touch the work tree.
fn copy_tree(root: &Path) -> Result<PathBuf> {
    let tree = root.join("target/mutants/tree");
    if tree.exists() {
        std::fs::remove_dir_all(&tree)?;
    }
    let output = Command::new("git").current_dir(root).args(["ls-files", "-z"]).output()?;
    ensure!(output.status.success(), "git ls-files failed");
    for name in String::from_utf8(output.stdout)?.split('\0').filter(|name| !name.is_empty()) {
        let to = tree.join(name);
        std::fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        std::fs::copy(root.join(name), to).with_context(|| name.to_owned())?;
    }
    Ok(tree)
}

/// Builds the switches in, leaving out mutants that do not compile. Returns those.
fn build(root: &Path, tree: &Path, mutants: &BTreeMap<usize, Mutant>) -> Result<BTreeSet<usize>> {
    let mut left_out = BTreeSet::new();
    for _ in 0..30 {
        left_out.extend(write_switches(root, tree, mutants, &left_out)?);
        let errors = suites::check(tree)?;
        if errors.is_empty() {
            return Ok(left_out);
        }
        let mut found = BTreeSet::new();
        for error in &errors {
            found.extend(numbers_near(tree, error)?);
        }
        found.retain(|number| !left_out.contains(number));
        if found.is_empty() {
            bail!("does not compile, and no mutant is near:\n{}", errors[0].text);
        }
        left_out.extend(found);
    }
    bail!("does not compile after 30 rounds")
}

fn write_switches(
    root: &Path,
    tree: &Path,
    mutants: &BTreeMap<usize, Mutant>,
    left_out: &BTreeSet<usize>,
) -> Result<Vec<usize>> {
    let mut of_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (number, mutant) in mutants {
        let list = of_file.entry(&mutant.file).or_default();
        if !left_out.contains(number) {
            list.push((*number, mutant));
        }
    }
    let mut without = Vec::new();
    for (file, mutants) in of_file {
        let text = std::fs::read_to_string(root.join(file))?;
        let (switched, none) =
            switch::build_in(&text, &mutants).with_context(|| file.to_owned())?;
        without.extend(none);
        std::fs::write(tree.join(file), switched)?;
    }
    let library = std::fs::read_to_string(root.join("src/lib.rs"))?;
    std::fs::write(tree.join("src/lib.rs"), library + switch::AWAKE)?;
    Ok(without)
}

/// Numbers of the mutants on the lines of a compiler's complaint, or on the closest line above.
fn numbers_near(tree: &Path, error: &suites::Complaint) -> Result<BTreeSet<usize>> {
    let text = std::fs::read_to_string(tree.join(&error.file))?;
    let lines: Vec<&str> = text.lines().collect();
    let last = error.last_line.min(lines.len());
    let on = |line: &str| -> BTreeSet<usize> {
        let calls = line.split("crate::awake(").skip(1);
        calls.filter_map(|rest| rest.split(')').next()?.parse().ok()).collect()
    };
    let first = error.first_line.clamp(1, last.max(1));
    let direct: BTreeSet<usize> = lines[first - 1..last].iter().flat_map(|line| on(line)).collect();
    if !direct.is_empty() {
        return Ok(direct);
    }
    Ok(lines[..first]
        .iter()
        .rev()
        .map(|line| on(line))
        .find(|found| !found.is_empty())
        .unwrap_or_default())
}
