//! Versions of a policy: drafted by one person, published by another, never changed afterwards
//! (PRODUCT §4).

use super::journal;
use super::money::Currency;
use super::perform::{Context, Done, Outcome};
use super::policy::{CompiledPolicy, Severity, lint};
use super::refusal::Refusal;
use super::state::State;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A policy ready to be asked, by currency: its own, and of the standard policy, whose amounts are
/// the same number of main units everywhere, one for each.
pub type ByCurrency = BTreeMap<Currency, Arc<CompiledPolicy>>;

/// One version of a policy, draft or published.
#[derive(Clone, Debug)]
pub struct PolicyRecord {
    pub name: String,
    pub number: u32,
    /// The document, in canonical JSON.
    pub document: Arc<str>,
    pub compiled: Arc<ByCurrency>,
    /// Subject and employee number of whoever drafted it.
    pub author: (String, String),
    pub drafted_at: Timestamp,
    pub status: PolicyStatus,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyStatus {
    Draft,
    Published { effective_from: Timestamp, published_at: Timestamp, publisher: (String, String) },
}

impl PartialEq for PolicyRecord {
    fn eq(&self, other: &PolicyRecord) -> bool {
        (&self.name, self.number, &self.document, &self.author, self.drafted_at, &self.status)
            == (
                &other.name,
                other.number,
                &other.document,
                &other.author,
                other.drafted_at,
                &other.status,
            )
    }
}

/// A new version to be drafted. The document has been read and found well formed.
#[derive(Clone, Debug)]
pub struct DraftPolicy {
    pub name: String,
    pub document: Arc<str>,
    pub compiled: Arc<ByCurrency>,
}

/// `POST /v1/policies/{name}/versions`.
pub fn draft(state: &mut State, command: &DraftPolicy, context: &Context<'_>) -> Outcome {
    let last = state.settings().versions_of(&command.name).last().map_or(0, |record| record.number);
    let record = PolicyRecord {
        name: command.name.clone(),
        number: last + 1,
        document: Arc::clone(&command.document),
        compiled: Arc::clone(&command.compiled),
        author: (context.caller.subject.clone(), context.caller.operator.clone()),
        drafted_at: context.now,
        status: PolicyStatus::Draft,
    };
    journal::policy_drafted(state, context, &record);
    state.save_policy(record.clone());
    Done::PolicyDrafted(record).into()
}

#[derive(Clone, Debug)]
pub struct PublishPolicy {
    pub name: String,
    pub number: u32,
    /// None: at once.
    pub effective_from: Option<Timestamp>,
}

/// `POST /v1/policies/{name}/versions/{n}/publish`: by someone other than its author, and never for
/// the past.
pub fn publish(state: &mut State, command: &PublishPolicy, context: &Context<'_>) -> Outcome {
    let key = (command.name.clone(), command.number);
    let Some(record) = state.settings().policy_records.get(&key).cloned() else {
        return Refusal::NotFound { what: "policy version" }.into();
    };
    if let Some(refusal) = why_not_published(&record, command, context) {
        journal::policy_refused(state, context, &record, &refusal);
        return refusal.into();
    }
    let status = PolicyStatus::Published {
        effective_from: command.effective_from.unwrap_or(context.now),
        published_at: context.now,
        publisher: (context.caller.subject.clone(), context.caller.operator.clone()),
    };
    let published = PolicyRecord { status, ..record };
    journal::policy_published(state, context, &published);
    state.save_policy(published.clone());
    Done::PolicyPublished(published).into()
}

fn why_not_published(
    record: &PolicyRecord,
    command: &PublishPolicy,
    context: &Context<'_>,
) -> Option<Refusal> {
    let refuse = |code, detail: &str| Some(Refusal::Policy { code, detail: detail.to_owned() });
    if record.status != PolicyStatus::Draft {
        return refuse(
            "policy_published",
            "This version is published already; draft a new one to change anything.",
        );
    }
    let (subject, operator) = &record.author;
    if *subject == context.caller.subject || *operator == context.caller.operator {
        return refuse(
            "publisher_is_author",
            "Whoever wrote a version cannot publish it; ask a second person.",
        );
    }
    let policy = record.compiled.values().next().map(|compiled| compiled.policy());
    let faults: Vec<String> = (policy.into_iter().flat_map(lint))
        .filter(|finding| finding.severity == Severity::Fault)
        .map(|finding| format!("{} ({}): {}", finding.rule, finding.code, finding.detail))
        .collect();
    if !faults.is_empty() {
        return refuse(
            "policy_invalid",
            &format!("Lint finds what cannot be meant: {}", faults.join(" ")),
        );
    }
    if command.effective_from.is_some_and(|from| from < context.now) {
        return refuse(
            "policy_invalid",
            "A version cannot take effect in the past; leave effective_from out for now.",
        );
    }
    None
}
