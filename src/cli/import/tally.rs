//! What became of the sales of an import: counted, told as they come, summed up at the end.

use crate::cli::failure::Failure;
use crate::cli::terminal::{counted, grouped, print, tell};
use crate::wire::problem::Problem;
use crate::wire::sale::{ImportResult, ImportStatus};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Refused lines that are told one by one; later ones are only counted.
const TOLD: u64 = 20;
/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

pub struct Tally {
    recorded: u64,
    known: u64,
    refused: u64,
    by_code: BTreeMap<String, u64>,
    began: Instant,
    told: Instant,
}

impl Default for Tally {
    fn default() -> Self {
        let now = Instant::now();
        Tally { recorded: 0, known: 0, refused: 0, by_code: BTreeMap::new(), began: now, told: now }
    }
}

impl Tally {
    /// Counts one result. Trouble of ours ends the import: what follows would fare no better.
    pub fn take(&mut self, result: &ImportResult) -> Result<(), Failure> {
        match (result.status, &result.problem) {
            (ImportStatus::Recorded, _) => self.recorded += 1,
            (ImportStatus::Known, _) => self.known += 1,
            (ImportStatus::Refused, Some(problem)) if problem.status >= 500 => {
                let detail = &problem.detail;
                let done = grouped(self.recorded);
                let line = result.line;
                return Err(Failure::Trouble(format!(
                    "the import ended at line {line}: {detail} {done} sales are recorded; send the file again, nothing is done twice."
                )));
            }
            (ImportStatus::Refused, problem) => self.refuse(result.line, problem.as_deref()),
        }
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            tell(&format!(
                "  {} lines, {} a second",
                grouped(self.lines()),
                grouped(self.per_second())
            ));
        }
        Ok(())
    }

    fn refuse(&mut self, line: usize, problem: Option<&Problem>) {
        self.refused += 1;
        let code = problem.map_or("invalid_body", |problem| problem.code.as_str());
        *self.by_code.entry(code.to_owned()).or_default() += 1;
        if self.refused <= TOLD {
            tell(&format!("line {line}: {}", problem.map(reason).unwrap_or_default()));
        }
        if self.refused == TOLD + 1 {
            tell("Further refused lines are only counted.");
        }
    }

    fn lines(&self) -> u64 {
        self.recorded + self.known + self.refused
    }

    fn per_second(&self) -> u64 {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.lines().saturating_mul(1_000) / millis
    }

    /// Says what was done; no if any line was refused.
    pub fn conclude(&self) -> Result<(), Failure> {
        let (recorded, known, refused) =
            (grouped(self.recorded), grouped(self.known), grouped(self.refused));
        print(&format!(
            "{recorded} recorded, {known} known before, {refused} refused; {} lines a second",
            grouped(self.per_second())
        ));
        for (code, count) in &self.by_code {
            tell(&format!("  {} {code}", grouped(*count)));
        }
        match self.refused {
            0 => Ok(()),
            refused => Err(Failure::No(format!(
                "{} refused; the others are recorded. Mend them and send the file again.",
                counted(refused, "line was", "lines were")
            ))),
        }
    }
}

/// Why a line was refused, each fault with its place.
fn reason(problem: &Problem) -> String {
    let faults: Vec<String> = problem
        .errors
        .iter()
        .map(|fault| format!("{} {} ({})", fault.pointer, fault.detail, fault.code))
        .collect();
    match faults.is_empty() {
        true => format!("{} ({})", problem.detail, problem.code),
        false => faults.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn refused_lines_make_the_answer_no_and_trouble_ends_it() {
        let mut tally = Tally::default();
        tally.take(&ImportResult::recorded(1, Uuid::nil(), false)).unwrap();
        tally.take(&ImportResult::recorded(2, Uuid::nil(), true)).unwrap();
        assert_eq!(tally.conclude(), Ok(()));
        tally.take(&ImportResult::refused(3, Problem::new("receipt_exists", "Taken."))).unwrap();
        assert_eq!((tally.recorded, tally.known, tally.refused), (1, 1, 1));
        assert!(matches!(tally.conclude(), Err(Failure::No(_))));
        let trouble = tally.take(&ImportResult::refused(4, Problem::new("unavailable", "Gone.")));
        assert!(matches!(trouble, Err(Failure::Trouble(text)) if text.contains("line 4")));
    }
}
