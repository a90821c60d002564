//! Results of an import: counted, told as they come, summed up at the end.

use super::progress::{progress, rate};
use super::source::Position;
use crate::cli::failure::Failure;
use crate::cli::terminal::{counted, grouped, print, tell};
use crate::wire::problem::Problem;
use crate::wire::sale::{ImportResult, ImportStatus};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Time between two lines of progress.
const EVERY: Duration = Duration::from_secs(2);

pub struct Tally {
    recorded: u64,
    known: u64,
    refused: u64,
    by_code: BTreeMap<String, u64>,
    /// What a sale stands on: a line, or the row of a table.
    place: &'static str,
    position: Position,
    began: Instant,
    told: Instant,
}

/// How an import came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The whole file was read.
    Finished,
    /// Somebody stopped it.
    Stopped,
}

impl Tally {
    pub fn new(place: &'static str, position: Position) -> Tally {
        let now = Instant::now();
        Tally {
            recorded: 0,
            known: 0,
            refused: 0,
            by_code: BTreeMap::new(),
            place,
            position,
            began: now,
            told: now,
        }
    }

    /// Counts one result. Trouble of ours ends the import: what follows would fare no better.
    pub fn take(&mut self, result: &ImportResult) -> Result<(), Failure> {
        match (result.status, &result.problem) {
            (ImportStatus::Recorded, _) => self.recorded += 1,
            (ImportStatus::Known, _) => self.known += 1,
            (ImportStatus::Refused, Some(problem)) if problem.status >= 500 => {
                let (place, line, detail) = (self.place, result.line, &problem.detail);
                return Err(Failure::Trouble(format!(
                    "The import ended at {place} {line}. {detail} {}",
                    self.safe()
                )));
            }
            (ImportStatus::Refused, problem) => self.refuse(result.line, problem.as_deref()),
        }
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            tell(&format!("  {}", progress(self.done(), self.began.elapsed(), &self.position)));
        }
        Ok(())
    }

    fn refuse(&mut self, line: usize, problem: Option<&Problem>) {
        self.refused += 1;
        let code = problem.map_or("invalid_body", |problem| problem.code.as_str());
        *self.by_code.entry(code.to_owned()).or_default() += 1;
        tell(&format!("{} {line}: {}", self.place, problem.map(reason).unwrap_or_default()));
    }

    fn done(&self) -> u64 {
        self.recorded + self.known + self.refused
    }

    fn safe(&self) -> String {
        let done = counted(self.recorded + self.known, "sale is", "sales are");
        format!("{done} recorded. Start the import again: no sale is recorded twice.")
    }

    /// Prints what was done. The answer is no if a line was refused or a row was passed over.
    pub fn conclude(&self, end: End, passed_over: u64) -> Result<(), Failure> {
        let (recorded, known, refused) =
            (grouped(self.recorded), grouped(self.known), grouped(self.refused));
        let a_second = grouped(rate(self.done(), self.began.elapsed()));
        print(&format!(
            "{recorded} recorded, {known} known before, {refused} refused; {a_second} sales a second"
        ));
        for (code, count) in &self.by_code {
            tell(&format!("  {} {code}", grouped(*count)));
        }
        if end == End::Stopped {
            let safe = self.safe();
            return Err(Failure::Trouble(format!("Stopped before the end of the file. {safe}")));
        }
        let (one, many) = (format!("{} was", self.place), format!("{}s were", self.place));
        let not_taken: Vec<String> = [(self.refused, "refused"), (passed_over, "passed over")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, how)| format!("{} {how}", counted(count, &one, &many)))
            .collect();
        match not_taken.is_empty() {
            true => Ok(()),
            false => Err(Failure::No(format!(
                "{}; the rest is recorded. Correct what is listed above and import the file again.",
                not_taken.join(", ")
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
        let mut tally = Tally::new("line", Position::default());
        tally.take(&ImportResult::recorded(1, Uuid::nil(), false)).unwrap();
        tally.take(&ImportResult::recorded(2, Uuid::nil(), true)).unwrap();
        assert_eq!(tally.conclude(End::Finished, 0), Ok(()));
        let passed = tally.conclude(End::Finished, 1).unwrap_err();
        assert!(passed.to_string().starts_with("1 line was passed over; "), "{passed}");
        tally.take(&ImportResult::refused(3, Problem::new("receipt_exists", "Taken."))).unwrap();
        assert_eq!((tally.recorded, tally.known, tally.refused), (1, 1, 1));
        let both = tally.conclude(End::Finished, 2);
        let text = "1 line was refused, 2 lines were passed over; the rest is recorded. \
                    Correct what is listed above and import the file again.";
        assert_eq!(both, Err(Failure::No(text.to_owned())));
        let trouble = tally.take(&ImportResult::refused(4, Problem::new("unavailable", "Gone.")));
        assert!(matches!(trouble, Err(Failure::Trouble(text)) if text.contains("line 4")));
    }

    #[test]
    fn a_stopped_import_says_that_it_is_safe_to_start_again() {
        let mut tally = Tally::new("line", Position::default());
        tally.take(&ImportResult::recorded(1, Uuid::nil(), false)).unwrap();
        let text = "Stopped before the end of the file. 1 sale is recorded. \
                    Start the import again: no sale is recorded twice.";
        let stopped = tally.conclude(End::Stopped, 3);
        assert_eq!(stopped, Err(Failure::Trouble(text.to_owned())));
    }
}
