//! A manager's override: these findings, on this return as the manager saw it, for at most this
//! amount, once, within minutes (PRODUCT §10).

use super::decide::{self, ranks};
use super::decision::{Code, Decision, Verdict};
use super::draft::{Approver, Draft, Grant};
use super::journal;
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, OverrideFault, Refusal};
use super::returns::RecordReturn;
use super::state::State;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// An override as kept: issued, and used at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub grant: Grant,
    pub reason: String,
    pub note: Option<String>,
    /// The return it was used for.
    pub used_for: Option<Uuid>,
    pub used_at: Option<Timestamp>,
}

/// Asks for an override; the approver has been authenticated, by token or PIN.
#[derive(Clone, Debug)]
pub struct IssueOverride {
    /// `operator` is empty where the manager asks alone and names nobody.
    pub draft: Draft,
    /// SHA-256 of the draft, as quotes count it.
    pub digest: [u8; 32],
    /// Empty: all findings that need approval.
    pub codes: Vec<Code>,
    pub approver: Approver,
    pub reason: String,
    pub note: Option<String>,
    pub valid_for: SignedDuration,
}

/// The longest an override is good for.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// `POST /v1/overrides`: binds an approval to what it approves.
pub fn issue(state: &mut State, command: &IssueOverride, context: &Context<'_>) -> Outcome {
    let draft = &command.draft;
    let case = state.case(draft, context.now);
    let decision = match decide::decide_for_approval(&case, draft) {
        Ok(decision) => decision,
        Err(faults) => return Refusal::Invalid(faults).into(),
    };
    if decision.verdict == Verdict::Refused {
        let refusal = Refusal::ReturnRefused(Box::new(decision));
        journal::override_not_issued(state, context, command, &refusal);
        return refusal.into();
    }
    let codes = match codes_asked(command, &decision) {
        Ok(codes) => codes,
        Err(faults) => return Refusal::Invalid(faults).into(),
    };
    if let Some(why) = approver_fault(state, draft, &decision, &command.approver, &codes) {
        journal::override_refused(state, context, draft, None, why);
        return Refusal::Override { id: Uuid::nil(), why }.into();
    }
    let sales = sales_of(&decision);
    let grant = Grant {
        id: state.new_id(context.now),
        approver: command.approver.clone(),
        store: draft.store.clone(),
        draft: command.digest,
        operator: Some(draft.operator.clone()).filter(|operator| !operator.is_empty()),
        sales,
        codes,
        // New goods are taken for it as well as money: what is approved is the worth of what comes
        // back.
        max_refund: decision.totals.credit(),
        currency: decision.currency,
        issued_at: context.now,
        expires_at: context.now + command.valid_for.min(LONGEST),
    };
    let issued = Override {
        grant,
        reason: command.reason.clone(),
        note: command.note.clone(),
        used_for: None,
        used_at: None,
    };
    journal::override_issued(state, context, &issued, draft, &decision);
    state.add_override(issued.clone());
    Outcome::Done(Box::new(Done::OverrideIssued(issued)))
}

fn codes_asked(command: &IssueOverride, decision: &Decision) -> Result<Vec<Code>, Vec<Fault>> {
    let open = |f: &&super::decision::Finding| f.outcome == Verdict::NeedsApproval;
    let mut needed: Vec<Code> = decision.all_findings().filter(open).map(|f| f.code).collect();
    needed.sort_unstable();
    needed.dedup();
    let mut faults = Vec::new();
    for (index, code) in command.codes.iter().enumerate().filter(|(_, code)| !needed.contains(code))
    {
        let detail = format!("This return has no finding {} that needs approval.", code.as_str());
        faults.push(Fault::invalid(format!("/codes/{index}"), &detail));
    }
    if needed.is_empty() {
        faults
            .push(Fault::invalid("/return", "This return needs no approval; record it as it is."));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(if command.codes.is_empty() { needed } else { command.codes.clone() })
}

/// The sales that lines or charges come back of: each once, ascending.
fn sales_of(decision: &Decision) -> Vec<Uuid> {
    let of_lines = decision.lines.iter().filter_map(|line| line.sale);
    let mut sales: Vec<Uuid> =
        of_lines.chain(decision.charges.iter().map(|charge| charge.sale)).collect();
    sales.sort_unstable();
    sales.dedup();
    sales
}

/// Separation of duties (STANDARDS 27): approver ≠ operator, not the buyer, of the role the
/// findings ask for.
fn approver_fault(
    state: &State,
    draft: &Draft,
    decision: &Decision,
    approver: &Approver,
    codes: &[Code],
) -> Option<OverrideFault> {
    if approver.operator == draft.operator {
        return Some(OverrideFault::ApproverIsOperator);
    }
    let of_sales = sales_of(decision).into_iter().filter_map(|id| state.book(id));
    let mut buyers =
        of_sales.map(|book| book.sale.customer.clone()).chain([draft.customer.clone()]);
    if buyers.any(|buyer| state.settings().is_customer(&approver.operator, buyer.as_deref())) {
        return Some(OverrideFault::ApproverOwnPurchase);
    }
    let covered =
        decision.all_findings().filter(|f| codes.contains(&f.code)).filter_map(|f| f.approval);
    let lacks = covered.into_iter().any(|needed| !ranks(approver.rank, needed.role));
    lacks.then_some(OverrideFault::ApproverLacksRole)
}

/// The first override that cannot be used for this return, and why.
pub fn check_grants(
    state: &State,
    command: &RecordReturn,
    decision: &Decision,
    context: &Context<'_>,
) -> Option<(Option<Uuid>, OverrideFault)> {
    if let Some(bad) = command.bad_grant {
        return Some(bad);
    }
    for grant in &command.grants {
        let fault = grant_fault(state, command, decision, grant, context);
        if let Some(why) = fault {
            return Some((Some(grant.id), why));
        }
    }
    None
}

fn grant_fault(
    state: &State,
    command: &RecordReturn,
    decision: &Decision,
    grant: &Grant,
    context: &Context<'_>,
) -> Option<OverrideFault> {
    let draft = &command.draft;
    let Some(known) = state.override_of(grant.id).filter(|known| same_bounds(&known.grant, grant))
    else {
        return Some(OverrideFault::Mismatch);
    };
    if known.used_for.is_some() {
        return Some(OverrideFault::Used);
    }
    if context.now >= known.grant.expires_at {
        return Some(OverrideFault::Expired);
    }
    let covers = decision
        .all_findings()
        .any(|f| f.outcome == Verdict::NeedsApproval && grant.codes.contains(&f.code));
    if !is_what_was_shown(command, decision, grant)
        || (!covers && decision.verdict != Verdict::Refused)
    {
        return Some(OverrideFault::Mismatch);
    }
    // The same person under two employee numbers is still one.
    if grant.approver.subject == context.caller.subject {
        return Some(OverrideFault::ApproverIsOperator);
    }
    approver_fault(state, draft, decision, &grant.approver, &grant.codes)
}

/// Returns true if this is the return that the approver was shown. The digest holds all of it but
/// the person at the register; the rest is compared as well, since a price or a sale may have
/// changed meanwhile.
fn is_what_was_shown(command: &RecordReturn, decision: &Decision, grant: &Grant) -> bool {
    let draft = &command.draft;
    grant.draft == command.digest
        && grant.operator.as_ref().is_none_or(|operator| *operator == draft.operator)
        && grant.store == draft.store
        && grant.currency == decision.currency
        && decision.totals.credit() <= grant.max_refund
        && sales_of(decision) == grant.sales
}

/// Returns true if the token says what was issued. Times aside: a token keeps whole seconds, the issue
/// microseconds.
fn same_bounds(issued: &Grant, token: &Grant) -> bool {
    let times = |grant: &Grant| Grant {
        issued_at: issued.issued_at,
        expires_at: issued.expires_at,
        ..grant.clone()
    };
    *issued == times(token)
}
