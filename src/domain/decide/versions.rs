//! `governed_by: better`: of the version of the sale and that of the return, the one that is better
//! for the customer counts: first by the verdict, then by the amount.
//!
//! A version also speaks through what concerns the whole, such as tiers of approval, so whole
//! decisions are compared: the better version of each line, all lines under the one, all under the
//! other.

use super::super::decision::{Alternative, Decision, Verdict};
use super::super::draft::{Draft, Grant};
use super::super::refusal::Fault;
use super::super::words::RefundTo;
use super::{Case, Choice, Decided, Deciding, approve};
use std::cmp::Reverse;

/// Decides a draft for one destination of the money, and answers the decisions under either version
/// as well where two were asked.
pub(super) fn decide_by(
    case: &Case<'_>,
    draft: &Draft,
    grants: &[Grant],
    refund_to: RefundTo,
) -> Result<(Decided, Vec<Decided>), Vec<Fault>> {
    let (mut best, two_versions) = run(case, draft, grants, refund_to, Choice::EachLine)?;
    let mut others = Vec::new();
    if two_versions {
        for choice in [Choice::AtSale, Choice::AtReturn] {
            let (other, _) = run(case, draft, grants, refund_to, choice)?;
            if burden(&other.decision) < burden(&best.decision) {
                best = other.clone();
            }
            others.push(other);
        }
    }
    Ok((best, others))
}

fn run(
    case: &Case<'_>,
    draft: &Draft,
    grants: &[Grant],
    refund_to: RefundTo,
    choice: Choice,
) -> Result<(Decided, bool), Vec<Fault>> {
    let (mut decided, two_versions) = Deciding::new(case, draft, choice)?.run(refund_to)?;
    approve(&mut decided.decision, draft, grants);
    Ok((decided, two_versions))
}

/// Less is better for the customer.
fn burden(decision: &Decision) -> (Verdict, Reverse<i64>) {
    (decision.verdict, Reverse(worth(decision)))
}

/// What the customer has of it in the end: what is paid out, less what is due.
fn worth(decision: &Decision) -> i64 {
    decision.totals.refund.0 - decision.totals.due.0
}

/// The outcomes under other versions that are worth more than the one that counts, after approval.
pub(super) fn worth_more(
    best: &Decision,
    others: &[Decided],
    refund_to: RefundTo,
) -> Vec<Alternative> {
    let others = others.iter().map(|other| &other.decision);
    let more = others.filter(|d| d.verdict != Verdict::Refused && worth(d) > worth(best));
    more.map(|decision| Alternative {
        refund_to,
        verdict: decision.verdict,
        refund: decision.totals.refund,
        policy: Some(decision.policy.clone()),
    })
    .collect()
}

/// The decision that an approver is asked about: the one that counts; or, where that needs no
/// approval, the one under the other version that is worth more with it.
pub fn decide_for_approval(case: &Case<'_>, draft: &Draft) -> Result<Decision, Vec<Fault>> {
    let (best, others) = decide_by(case, draft, &[], draft.refund_to)?;
    let best = best.decision;
    if best.verdict != Verdict::Allowed {
        return Ok(best);
    }
    let others = others.into_iter().map(|other| other.decision);
    let asks = others.filter(|other| other.verdict == Verdict::NeedsApproval);
    let more = asks.filter(|other| worth(other) > worth(&best)).max_by_key(worth);
    Ok(more.unwrap_or(best))
}
