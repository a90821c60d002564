//! Refusals as problems. Statuses come from the list of codes; overrides answer 403 where the
//! approver is at fault, 409 where the override was used, 422 where it is expired, altered or for
//! something else.

use crate::domain::decision::{Decision, Finding, Verdict};
use crate::domain::refusal::{Drift, OverrideFault, Refusal};
use crate::wire::decision::DecisionView;
use crate::wire::problem::Problem;
use crate::wire::problem::codes::is_listed;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Findings told in a problem's detail; `decision` has them all.
const FINDINGS_TOLD: usize = 3;

/// One difference between a quote and now: a member of `differences` in `quote_drifted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// `refund`, `policy`, `returnable_quantity`, or `return` where the quote is for something
    /// else.
    #[schema(example = "refund")]
    pub what: String,
    #[schema(example = "12.25")]
    pub quoted: String,
    #[schema(example = "11.25")]
    pub now: String,
}

/// The problem that a refusal is answered with.
pub fn problem(refusal: &Refusal) -> Problem {
    let code = refusal.code();
    match refusal {
        Refusal::Invalid(faults) => Problem::of_found(faults, "invalid_value"),
        Refusal::NotFound { what } => {
            Problem::new("not_found", format!("There is no such {what} in your stores."))
        }
        Refusal::ReceiptExists { sale } => {
            let detail = "Another sale of this register and day has this receipt number, with other content. Correct the receipt number.";
            Problem::new("receipt_exists", detail).with("sale", json!(sale.to_string()))
        }
        Refusal::Override { id, why } => {
            let problem = Problem::new(why.code(), override_detail(*why));
            if id.is_nil() { problem } else { problem.with("override", json!(id.to_string())) }
        }
        Refusal::QuoteDrifted(drifts) => {
            let differences: Vec<Difference> = drifts.iter().map(Difference::from).collect();
            let told: Vec<String> = drifts.iter().map(told).collect();
            let detail = format!("Since the check this changed: {}. Check again.", told.join("; "));
            Problem::new("quote_drifted", detail).with("differences", value(&differences))
        }
        Refusal::QuoteRequired { rule } => {
            let detail = format!(
                "The policy (rule {rule}) records only what was checked: check first, and send the quote."
            );
            Problem::new(listed(code, "quote_invalid"), detail)
        }
        Refusal::AmountChanged { expected, decision } => {
            let now = decision.totals.refund.format(decision.currency);
            with_decision(code, format!("The refund is {now}, not {expected}."), decision)
        }
        Refusal::ReturnRefused(decision) => with_decision(code, worst(decision), decision),
        Refusal::ApprovalRequired(decision) => {
            let detail = format!("{} Ask {}.", worst(decision), approvers(decision));
            with_decision(code, detail, decision)
        }
        Refusal::NotVoidable { detail } | Refusal::SaleNotVoidable { detail } => {
            Problem::new(code, detail.as_str())
        }
        Refusal::Card { code, detail, balance } => {
            let problem = Problem::new(code, detail.as_str());
            balance.iter().fold(problem, |problem, balance| problem.with("balance", json!(balance)))
        }
        Refusal::RefundNotDue { status } => Problem::new(
            code,
            format!("The refund is {status}; the terminal's word is not waited for."),
        ),
        Refusal::Stale => Problem::new(
            code,
            "The document changed since it was read, or is not there: read it again and send its ETag.",
        ),
        Refusal::MustMatch => {
            Problem::new(code, "The document exists: send the ETag it was read with in If-Match.")
        }
        Refusal::DayEnd { code, detail } | Refusal::Register { code, detail } => {
            Problem::new(code, detail.as_str())
        }
        Refusal::Policy { code, detail } => {
            Problem::new(listed(code, "policy_invalid"), detail.as_str())
        }
    }
}

fn with_decision(code: &'static str, detail: String, decision: &Decision) -> Problem {
    Problem::new(code, detail).with("decision", value(&DecisionView::from(decision)))
}

/// What the findings say that decide, in their own words.
fn worst(decision: &Decision) -> String {
    let deciding = |finding: &&Finding| {
        finding.verdict() == decision.verdict && decision.verdict != Verdict::Allowed
    };
    let mut told: Vec<&str> = Vec::new();
    for finding in decision.all_findings().filter(deciding) {
        if !told.contains(&finding.detail.as_str()) && told.len() < FINDINGS_TOLD {
            told.push(&finding.detail);
        }
    }
    if told.is_empty() { "The policy does not allow it.".to_owned() } else { told.join(" ") }
}

/// Who has to be asked: "a manager", "2 times a district manager and a supervisor".
fn approvers(decision: &Decision) -> String {
    let needed = decision.approvals_needed();
    let each = needed.iter().map(|needed| {
        let role = needed.role.as_str().replace('_', " ");
        if needed.count == 1 {
            format!("a {role}")
        } else {
            format!("{} people of the role {role}", needed.count)
        }
    });
    let all: Vec<String> = each.collect();
    if all.is_empty() { "an approver".to_owned() } else { all.join(" and ") }
}

fn override_detail(why: OverrideFault) -> &'static str {
    match why {
        OverrideFault::Invalid => {
            "The approval is not one of this service, or was altered; ask for it again."
        }
        OverrideFault::Expired => "The approval has expired; ask for it again.",
        OverrideFault::Used => "The approval was used for another return; ask for a new one.",
        OverrideFault::Mismatch => {
            "The approval is for something else: store, sale, findings and amount are bound to it."
        }
        OverrideFault::ApproverIsOperator => "Nobody approves their own return; ask somebody else.",
        OverrideFault::ApproverLacksRole => {
            "The approver's role may not approve this; ask somebody of the role that is named."
        }
        OverrideFault::ApproverOwnPurchase => {
            "Nobody approves the return of their own purchase; ask somebody else."
        }
    }
}

impl From<&Drift> for Difference {
    fn from(drift: &Drift) -> Difference {
        Difference {
            what: drift.what.to_owned(),
            quoted: drift.quoted.clone(),
            now: drift.now.clone(),
        }
    }
}

fn told(drift: &Drift) -> String {
    format!("{} from {} to {}", drift.what.replace('_', " "), drift.quoted, drift.now)
}

/// The code, or another where the list of codes does not have it.
fn listed(code: &'static str, or: &'static str) -> &'static str {
    if is_listed(code) { code } else { or }
}

fn value(view: &impl Serialize) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}
