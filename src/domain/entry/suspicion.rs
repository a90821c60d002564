//! The first fault among the rows, and what the rows after it still say about its kind.

use super::chain::{Span, link};
use super::fault::{Fault, FaultKind};
use super::verifier::Row;
use std::collections::BTreeMap;

/// The first fault among the rows, and what the following rows may still say about its kind.
#[derive(Debug)]
pub(super) struct Suspicion {
    pub fault: Fault,
    pub question: Option<Box<Question>>,
}

/// What is still open about a fault.
#[derive(Debug)]
pub(super) enum Question {
    /// The hash is wrong: was the leaf altered, the hash, or was the row put in between?
    Link { prev: [u8; 32], computed: [u8; 32] },
    /// An entry is not where it should be: is it gone, or does it come later?
    Gap,
}

impl From<Fault> for Suspicion {
    fn from(fault: Fault) -> Suspicion {
        Suspicion { fault, question: None }
    }
}

impl Suspicion {
    /// Learns from a row after the fault what kind of fault it was.
    pub fn consider(&mut self, row: &Row<'_>) {
        if row.store != self.fault.store {
            return;
        }
        match self.question.as_deref() {
            Some(Question::Gap) if row.seq == self.fault.seq => {
                self.fault.kind = FaultKind::Swapped;
                self.fault.detail =
                    "another entry stands in its place, and it comes later".to_owned();
                self.question = None;
            }
            Some(Question::Link { prev, computed }) => {
                let (prev, computed) = (*prev, *computed);
                self.question = None;
                if row.seq == self.fault.seq && link(&prev, row.leaf) == row.hash {
                    self.fault.kind = FaultKind::Inserted;
                    self.fault.detail =
                        "it was put in: the true entry of that number follows".to_owned();
                } else if row.seq == self.fault.seq + 1 && link(&computed, row.leaf) == row.hash {
                    self.hash_altered();
                }
            }
            _ => {}
        }
    }

    /// The last word on the kind: a head that fits the leaf shows that the stored hash was altered.
    pub fn settle(&self, spans: &BTreeMap<&str, &Span>) -> Fault {
        let mut settled = Suspicion { fault: self.fault.clone(), question: None };
        if let Some(Question::Link { computed, .. }) = self.question.as_deref()
            && let Some(span) = spans.get(self.fault.store.as_str())
            && (span.last.seq, span.last.hash) == (self.fault.seq, *computed)
        {
            settled.hash_altered();
        }
        settled.fault
    }

    fn hash_altered(&mut self) {
        self.fault.kind = FaultKind::HashMismatch;
        self.fault.detail =
            "its stored hash was altered: what follows fits the hash of its content, not the stored one".to_owned();
    }
}
