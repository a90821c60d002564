//! Into the domain: what every reader needs, and the document as a whole. All faults are collected;
//! nothing is guessed.

use std::collections::HashSet;

use jiff::civil::Date;

use super::document::PolicyDocument;
use crate::domain::money::{Currency, Minor};
use crate::domain::policy::{GovernedBy, Policy};
use crate::domain::words::Reason;
use crate::wire::fault::{Fault, Written};

/// How large a policy may be. The schema of the document names the same numbers.
pub mod limits {
    /// Rules of one policy.
    pub const RULES: usize = 1000;
    /// Members of any list.
    pub const MEMBERS: usize = 100;
    /// Characters of a rule's id.
    pub const ID_LENGTH: usize = 64;
    /// Characters of any other text.
    pub const TEXT_LENGTH: usize = 128;
    /// Days of any period: a hundred years.
    pub const DAYS: i64 = 36_500;
    /// Returns that a velocity limit counts.
    pub const COUNT: i64 = 1_000_000;
    /// Approvers of one tier.
    pub const APPROVERS: i64 = 5;
}

impl TryFrom<&PolicyDocument> for Policy {
    /// Every fault of the document, in its order.
    type Error = Vec<Fault>;

    fn try_from(document: &PolicyDocument) -> Result<Policy, Vec<Fault>> {
        let mut reader = Reader { faults: Vec::new(), currency: None, reasons: Vec::new() };
        let policy = reader.policy(document);
        match policy {
            Some(policy) if reader.faults.is_empty() => Ok(policy),
            _ => Err(reader.faults),
        }
    }
}

/// Collects faults while reading. Every method returns nothing only after it has noted a fault.
pub(super) struct Reader {
    faults: Vec<Fault>,
    /// None where the document's currency is at fault: amounts are then not judged.
    currency: Option<Currency>,
    /// Reasons that the policy adds.
    reasons: Vec<Reason>,
}

impl Reader {
    fn policy(&mut self, document: &PolicyDocument) -> Option<Policy> {
        self.currency = Currency::parse(&document.currency);
        if self.currency.is_none() {
            self.fault(
                "/currency",
                "invalid_currency",
                "Name a currency by its ISO 4217 code, such as USD.",
            );
        }
        let governed_by = match &document.governed_by {
            None => Some(GovernedBy::Sale),
            Some(word) => self.word(
                "/governed_by",
                word,
                GovernedBy::parse,
                GovernedBy::ALL.iter().map(|w| w.as_str()),
            ),
        };
        self.reasons =
            document.reasons.iter().flat_map(|added| self.added_reasons(added)).collect();
        if document.rules.len() > limits::RULES {
            let detail = format!(
                "A policy has at most {} rules; this one has {}.",
                limits::RULES,
                document.rules.len()
            );
            self.fault("/rules", "too_many", detail);
            return None;
        }
        self.ids_are_unique(document);
        let rules: Vec<_> = document
            .rules
            .iter()
            .enumerate()
            .filter_map(|(n, rule)| self.rule(&format!("/rules/{n}"), rule))
            .collect();
        if !rules.last().is_some_and(|last| last.when.is_always() && !last.statutory) {
            let detail = "The last rule must be the default: an empty \"when\", and not statutory.";
            self.fault("/rules", "default_rule_missing", detail);
        }
        Some(Policy {
            currency: self.currency?,
            governed_by: governed_by?,
            reasons: self.reasons.clone(),
            rules,
        })
    }

    fn added_reasons(&mut self, added: &[String]) -> Vec<Reason> {
        if added.len() > limits::MEMBERS {
            self.too_many("/reasons", added.len());
            return Vec::new();
        }
        let mut read = Vec::new();
        for (n, text) in added.iter().enumerate() {
            let at = format!("/reasons/{n}");
            match Reason::parse(text) {
                None => self.fault(
                    at,
                    "invalid_reason",
                    "A reason is 1 to 40 of a-z, 0-9 and _, a letter first.",
                ),
                Some(reason) if reason.is_standard() || read.contains(&reason) => {
                    self.fault(at, "duplicate", format!("The reason {reason} is there already."));
                }
                Some(reason) => read.push(reason),
            }
        }
        read
    }

    fn ids_are_unique(&mut self, document: &PolicyDocument) {
        let mut seen = HashSet::new();
        for (n, rule) in document.rules.iter().enumerate() {
            if !seen.insert(rule.id.as_str()) {
                let detail = format!(
                    "Another rule before this one is named {}; findings could not tell them apart.",
                    rule.id
                );
                self.fault(format!("/rules/{n}/id"), "duplicate", detail);
            }
        }
    }

    pub fn fault(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) {
        self.faults.push(Fault::new(pointer, code, detail));
    }

    fn too_many(&mut self, at: &str, found: usize) {
        self.fault(
            at,
            "too_many",
            format!("At most {} members; there are {found}.", limits::MEMBERS),
        );
    }

    /// A word of a closed vocabulary.
    pub fn word<T>(
        &mut self,
        at: &str,
        text: &str,
        parse: impl Fn(&str) -> Option<T>,
        known: impl Iterator<Item = &'static str>,
    ) -> Option<T> {
        let word = parse(text);
        if word.is_none() {
            let known = known.collect::<Vec<_>>().join(", ");
            self.fault(at, "unknown_value", format!("This is none of {known}."));
        }
        word
    }

    /// Each member of a list; the list has 1 to 100 members, and none twice.
    pub fn members<T: PartialEq>(
        &mut self,
        at: &str,
        list: &[String],
        mut read: impl FnMut(&mut Reader, &str, &str) -> Option<T>,
    ) -> Vec<T> {
        if list.is_empty() {
            self.fault(
                at,
                "empty_list",
                "An empty list holds for nothing; leave it out, or name something.",
            );
        }
        if list.len() > limits::MEMBERS {
            self.too_many(at, list.len());
            return Vec::new();
        }
        let mut members = Vec::with_capacity(list.len());
        for (n, text) in list.iter().enumerate() {
            let at = format!("{at}/{n}");
            match read(self, &at, text) {
                Some(member) if members.contains(&member) => {
                    self.fault(at, "duplicate", "This is in the list already.")
                }
                Some(member) => members.push(member),
                None => {}
            }
        }
        members
    }

    /// A list of shapes, which may be empty.
    pub fn shapes<S, T>(
        &mut self,
        at: &str,
        list: &[S],
        mut read: impl FnMut(&mut Reader, &str, &S) -> Option<T>,
    ) -> Vec<T> {
        if list.len() > limits::MEMBERS {
            self.too_many(at, list.len());
            return Vec::new();
        }
        list.iter()
            .enumerate()
            .filter_map(|(n, shape)| read(self, &format!("{at}/{n}"), shape))
            .collect()
    }

    /// Free text of 1 to 128 printable characters.
    pub fn text(&mut self, at: &str, text: &str) -> Option<String> {
        self.printable(at, text, limits::TEXT_LENGTH)
    }

    pub fn printable(&mut self, at: &str, text: &str, most: usize) -> Option<String> {
        let length = text.chars().count();
        let fits = (1..=most).contains(&length) && !text.chars().any(char::is_control);
        if !fits {
            self.fault(at, "invalid_text", format!("Between 1 and {most} printable characters."));
        }
        fits.then(|| text.to_owned())
    }

    /// A reason that is standard or that the policy adds.
    pub fn reason(&mut self, at: &str, text: &str) -> Option<Reason> {
        let reason = Reason::parse(text)
            .filter(|reason| reason.is_standard() || self.reasons.contains(reason));
        if reason.is_none() {
            self.fault(
                at,
                "unknown_reason",
                "No standard reason, and the policy's \"reasons\" do not add it.",
            );
        }
        reason
    }

    /// An amount in the policy's currency, not negative.
    pub fn amount(&mut self, at: &str, written: &Written) -> Option<Minor> {
        let currency = self.currency?;
        let amount = written
            .text()
            .and_then(|text| Minor::parse(text, currency))
            .filter(|amount| *amount >= Minor::ZERO);
        if amount.is_none() {
            let example = Minor(1230).format(currency);
            let detail = format!(
                "An amount is text such as \"{example}\", not negative, with at most {} decimals for {}.",
                currency.digits(),
                currency.code()
            );
            self.fault(at, "invalid_amount", detail);
        }
        amount
    }

    /// A whole number within limits.
    pub fn number(&mut self, at: &str, number: i64, least: i64, most: i64) -> Option<u32> {
        let within = (least..=most).contains(&number).then(|| u32::try_from(number).ok()).flatten();
        if within.is_none() {
            self.fault(at, "out_of_range", format!("A whole number from {least} to {most}."));
        }
        within
    }

    /// A calendar date, exactly `YYYY-MM-DD`.
    pub fn date(&mut self, at: &str, text: &str) -> Option<Date> {
        let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
        if date.is_none() {
            self.fault(at, "invalid_date", "A day of the calendar as YYYY-MM-DD.");
        }
        date
    }
}
