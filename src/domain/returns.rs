//! A recorded return, its refunds, and what later happens to them.

use super::book::Parts;
use super::decision::{Decision, RefundPlan, Verdict};
use super::draft::{Draft, Grant, Quoted};
use super::entry::Event;
use super::money::{Currency, Minor};
use super::overrides::check_grants;
use super::perform::{Context, Done, Outcome};
use super::quantity::Quantity;
use super::refunds::settles_at_once;
use super::refusal::{Drift, Fault, OverrideFault, Refusal};
use super::rounding::cash_rounding;
use super::state::State;
use super::tender::TenderType;
use super::words::vocabulary;
use super::{decide, journal};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

vocabulary! {
    /// Where a return stands.
    ReturnStatus {
        Completed = "completed",
        PendingApproval = "pending_approval",
        Denied = "denied",
        Cancelled = "cancelled",
        Lapsed = "lapsed",
        Voided = "voided",
    }
}

vocabulary! {
    /// Where a refund stands: due → settled | failed → fallback; taken back by a void.
    RefundStatus {
        Due = "due",
        Settled = "settled",
        Failed = "failed",
        Voided = "voided",
    }
}

/// What a return needs to be settled or taken back: its lines and refunds, not its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    pub id: Uuid,
    pub store: String,
    pub register: String,
    pub operator: String,
    pub customer: Option<String>,
    pub id_hash: Option<[u8; 32]>,
    pub status: ReturnStatus,
    pub currency: Currency,
    /// The store's calendar day.
    pub business_date: Date,
    pub recorded_at: Timestamp,
    /// Exact, before cash rounding.
    pub refund: Minor,
    pub training: bool,
    pub lines: Vec<ReturnedLine>,
    pub charges: Vec<(Uuid, u32)>,
    pub refunds: Vec<Refund>,
}

/// What came back of one line of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedLine {
    /// Counted from 1 within the return.
    pub line: u32,
    pub sale: Uuid,
    pub sale_line: u32,
    pub quantity: Quantity,
    pub parts: Parts,
    pub fee: Minor,
    pub reason: String,
    pub serial_number: Option<String>,
}

/// Money on its way to one tender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub plan: RefundPlan,
    pub status: RefundStatus,
    /// What the payment terminal said.
    pub settled_at: Option<Timestamp>,
    pub settlement_reference: Option<String>,
    /// The failed refund that this one stands in for.
    pub stands_in_for: Option<u32>,
}

/// Records a return, if the policy and the approvals allow it.
#[derive(Clone, Debug)]
pub struct RecordReturn {
    pub draft: Draft,
    pub grants: Vec<Grant>,
    /// An override token that was no good before it was even looked up: expired, forged, of another kind.
    pub bad_grant: Option<(Option<Uuid>, OverrideFault)>,
    pub quoted: Option<Quoted>,
    /// SHA-256 of the draft, to hold against the quote's.
    pub digest: [u8; 32],
    pub expected_refund: Option<Minor>,
}

/// A return as recorded, with the decision it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub the_return: Return,
    pub decision: Decision,
}

/// `POST /v1/returns`: decides again, and records.
pub fn record(state: &mut State, command: &RecordReturn, context: &Context<'_>) -> Outcome {
    let draft = &command.draft;
    let decided = match decide::decide(&state.case(draft, context.now), draft, &command.grants) {
        Ok(decided) => decided,
        Err(faults) => return Refusal::Invalid(faults).into(),
    };
    let decision = &decided.decision;
    if let Some((id, why)) = check_grants(state, command, decision, context) {
        journal::override_refused(state, context, draft, id, why);
        return Refusal::Override { id: id.unwrap_or_default(), why }.into();
    }
    if let Some(refusal) = against_quote(command, &decided).or_else(|| against_verdict(command, decision)) {
        journal::attempt_refused(state, context, Event::ReturnRefused, draft, &refusal);
        return refusal.into();
    }
    let the_return = build(state, draft, &decided, context.now);
    for grant in &command.grants {
        if decision.all_findings().any(|finding| finding.approved_by.contains(&grant.id)) {
            state.use_override(grant.id, the_return.id, context.now);
            journal::override_used(state, context, grant, the_return.id);
        }
    }
    if !draft.training {
        state.set_books(decided.books);
    }
    journal::return_recorded(state, context, &the_return, decision);
    state.add_return(the_return.clone());
    Outcome::Done(Box::new(Done::Returned(Recorded { the_return, decision: decided.decision })))
}

/// What has changed since the register was quoted; or that the policy wants a quote and there is none.
fn against_quote(command: &RecordReturn, decided: &decide::Decided) -> Option<Refusal> {
    let decision = &decided.decision;
    let Some(quoted) = &command.quoted else {
        return decided.quote_required.clone().map(|rule| Refusal::QuoteRequired { rule });
    };
    let mut drifts = Vec::new();
    let mut compare = |what: &'static str, then: String, now: String| {
        if then != now {
            drifts.push(Drift { what, quoted: then, now });
        }
    };
    if quoted.draft != command.digest {
        compare("return", "another return".into(), "this return".into());
    }
    let amount = |minor: Minor| minor.format(decision.currency);
    compare("refund", amount(quoted.refund), amount(decision.totals.refund));
    let version = |(name, number): (&str, u32)| format!("{name} {number}");
    compare(
        "policy",
        version((&quoted.policy.0, quoted.policy.1)),
        version((&decision.policy.name, decision.policy.version)),
    );
    let quantities = |all: Vec<Quantity>| all.iter().map(Quantity::to_string).collect::<Vec<_>>().join(", ");
    compare(
        "returnable_quantity",
        quantities(quoted.returnable.clone()),
        quantities(decision.lines.iter().map(|line| line.returnable).collect()),
    );
    (!drifts.is_empty()).then_some(Refusal::QuoteDrifted(drifts))
}

fn against_verdict(command: &RecordReturn, decision: &Decision) -> Option<Refusal> {
    let boxed = || Box::new(decision.clone());
    match (decision.verdict, command.expected_refund) {
        (Verdict::Refused, _) => Some(Refusal::ReturnRefused(boxed())),
        (_, Some(expected)) if expected != decision.totals.refund => {
            Some(Refusal::AmountChanged { expected: expected.format(decision.currency), decision: boxed() })
        }
        (Verdict::NeedsApproval, _) => Some(Refusal::ApprovalRequired(boxed())),
        (Verdict::Allowed, _) => None,
    }
}

fn build(state: &mut State, draft: &Draft, decided: &decide::Decided, now: Timestamp) -> Return {
    let decision = &decided.decision;
    let business_date = state.settings().store(&draft.store).map_or(Date::MIN, |store| store.day(now));
    Return {
        id: state.new_id(now),
        store: draft.store.clone(),
        register: draft.register.clone(),
        operator: draft.operator.clone(),
        customer: draft.customer.clone(),
        id_hash: draft.id_hash,
        status: ReturnStatus::Completed,
        currency: decision.currency,
        business_date,
        recorded_at: now,
        refund: decision.totals.refund,
        training: draft.training,
        lines: returned_lines(decided),
        charges: decision.charges.iter().map(|charge| (charge.sale, charge.charge)).collect(),
        refunds: decision.refunds.iter().map(|plan| Refund::planned(plan.clone(), now)).collect(),
    }
}

fn returned_lines(decided: &decide::Decided) -> Vec<ReturnedLine> {
    let taken = decided.decision.lines.iter().zip(&decided.parts);
    let lines = taken.filter_map(|(line, parts)| {
        Some(ReturnedLine {
            line: 0,
            sale: line.sale?,
            sale_line: line.sale_line?,
            quantity: line.quantity,
            parts: parts.clone()?,
            fee: line.fee,
            reason: line.reason.as_str().to_owned(),
            serial_number: line.serial_number.clone(),
        })
    });
    lines.zip(1..).map(|(line, number)| ReturnedLine { line: number, ..line }).collect()
}

impl Refund {
    fn planned(plan: RefundPlan, now: Timestamp) -> Refund {
        let settled = settles_at_once(plan.kind);
        Refund {
            status: if settled { RefundStatus::Settled } else { RefundStatus::Due },
            settled_at: settled.then_some(now),
            settlement_reference: None,
            stands_in_for: None,
            plan,
        }
    }
}

impl Return {
    /// A short number for people: store, day and eight letters of the id.
    pub fn number(&self) -> String {
        let day = self.business_date.strftime("%y%m%d");
        format!("{}-{day}-{}", self.store, short_code(self.id))
    }

    /// The sales that anything came back of, each once.
    pub fn sales(&self) -> Vec<Uuid> {
        let of_lines = self.lines.iter().map(|line| line.sale);
        let of_charges = self.charges.iter().map(|(sale, _)| *sale);
        let of_refunds = self.refunds.iter().filter_map(|refund| refund.plan.sale);
        let mut sales: Vec<Uuid> = of_lines.chain(of_charges).chain(of_refunds).collect();
        sales.sort_unstable();
        sales.dedup();
        sales
    }
}

/// The last 40 bits of an id in Crockford's base 32: no I, L, O or U to misread.
fn short_code(id: Uuid) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = id.as_u128() & 0xff_ffff_ffff;
    (0..8).rev().map(|i| char::from(ALPHABET[((bits >> (5 * i)) & 31) as usize])).collect()
}

/// Takes a return back with reversing entries.
#[derive(Clone, Debug)]
pub struct VoidReturn {
    pub id: Uuid,
    pub reason: String,
    pub note: Option<String>,
}

/// `POST /v1/returns/{id}/void`.
pub fn void(state: &mut State, command: &VoidReturn, context: &Context<'_>) -> Outcome {
    let Some(the_return) = state.visible_return(command.id, context) else {
        return Refusal::NotFound { what: "return" }.into();
    };
    if let Some(detail) = why_not_voidable(&the_return).or_else(|| farms_rounding(state, &the_return)) {
        let refusal = Refusal::NotVoidable { detail };
        journal::void_refused(state, context, &the_return, &refusal);
        return refusal.into();
    }
    let mut voided = the_return;
    if !voided.training {
        put_back(state, &voided);
    }
    voided.status = ReturnStatus::Voided;
    voided
        .refunds
        .iter_mut()
        .filter(|r| r.status != RefundStatus::Failed)
        .for_each(|r| r.status = RefundStatus::Voided);
    journal::return_voided(state, context, &voided, command);
    state.change_return(voided.clone());
    Outcome::Done(Box::new(Done::ReturnVoided(voided)))
}

fn why_not_voidable(the_return: &Return) -> Option<String> {
    if the_return.status != ReturnStatus::Completed {
        return Some(format!("The return is {}, not completed.", the_return.status.as_str().replace('_', " ")));
    }
    let gone =
        the_return.refunds.iter().find(|r| r.status == RefundStatus::Settled && !settles_at_once(r.plan.kind))?;
    Some(format!(
        "Refund {} of {} has reached the customer's {}; it cannot be called back. Ring the goods up as a new sale.",
        gone.plan.refund,
        gone.plan.amount.format(the_return.currency),
        gone.plan.kind.as_str().replace('_', " ")
    ))
}

/// Voiding just those returns whose cash was rounded down would keep what the others were rounded up by: what cash
/// rounding has added to a tender, or kept of it, stays within one step.
fn farms_rounding(state: &State, the_return: &Return) -> Option<String> {
    let store = state.settings().store(&the_return.store)?;
    let step = cash_rounding(the_return.currency, &store.region, the_return.business_date)?.step;
    for plan in the_return.refunds.iter().filter(|r| r.status != RefundStatus::Failed).map(|r| &r.plan) {
        let (Some(sale), Some(number)) = (plan.sale, plan.sale_tender) else { continue };
        let Some(book) = state.book(sale) else { continue };
        let Some(place) = book.sale.tenders.iter().position(|t| t.tender == number) else { continue };
        let of_tender = |r: &&Refund| {
            r.status != RefundStatus::Failed && r.plan.sale == Some(sale) && r.plan.sale_tender == Some(number)
        };
        let released: i64 = the_return.refunds.iter().filter(of_tender).map(|r| r.plan.rounding.0).sum();
        let left = book.tenders[place].rounding.0 - released;
        if left.abs() > step {
            return Some(format!(
                "Cash rounding of the other returns of this sale would come to {}, more than one step; void those first.",
                Minor(left).format(the_return.currency)
            ));
        }
    }
    None
}

fn put_back(state: &mut State, the_return: &Return) {
    for line in &the_return.lines {
        state.with_book(line.sale, |book| {
            if let Some(place) = book.position(line.sale_line) {
                let state = &mut book.lines[place];
                state.put_back(line.quantity, &line.parts);
                state.serials_returned.retain(|serial| Some(serial) != line.serial_number.as_ref());
            }
        });
    }
    for (sale, charge) in &the_return.charges {
        state.with_book(*sale, |book| book.charges_refunded.retain(|number| number != charge));
    }
    for refund in the_return.refunds.iter().filter(|r| r.status != RefundStatus::Failed) {
        move_refunded(state, &refund.plan, -1);
    }
}

/// Takes a refund from its tender's rest (1), or gives it back to it (−1).
fn move_refunded(state: &mut State, plan: &RefundPlan, sign: i64) {
    let (Some(sale), Some(number)) = (plan.sale, plan.sale_tender) else { return };
    state.with_book(sale, |book| {
        if let Some(place) = book.sale.tenders.iter().position(|t| t.tender == number) {
            book.tenders[place].refunded.0 += sign * plan.amount.0;
            book.tenders[place].rounding.0 += sign * plan.rounding.0;
        }
    });
}

/// What the payment terminal said of a refund.
#[derive(Clone, Debug)]
pub struct SettleRefund {
    pub id: Uuid,
    pub refund: u32,
    pub settled: bool,
    pub reference: Option<String>,
    /// Where the money goes instead when it failed.
    pub fallback: Option<TenderType>,
}

/// `POST /v1/returns/{id}/refunds/{n}/settlement`.
pub fn settle(state: &mut State, command: &SettleRefund, context: &Context<'_>) -> Outcome {
    let Some(mut the_return) = state.visible_return(command.id, context) else {
        return Refusal::NotFound { what: "return" }.into();
    };
    let Some(place) = the_return.refunds.iter().position(|r| r.plan.refund == command.refund) else {
        return Refusal::NotFound { what: "refund" }.into();
    };
    if let Some(refusal) = why_not_settled(state, &the_return, place, command) {
        return refusal.into();
    }
    let was = the_return.refunds[place].status;
    let refund = &mut the_return.refunds[place];
    refund.status = if command.settled { RefundStatus::Settled } else { RefundStatus::Failed };
    refund.settled_at = Some(context.now);
    refund.settlement_reference.clone_from(&command.reference);
    let plan = refund.plan.clone();
    if !command.settled && was == RefundStatus::Due && !the_return.training {
        move_refunded(state, &plan, -1);
    }
    if let Some(fallback) = command.fallback.filter(|_| !command.settled) {
        stand_in(state, &mut the_return, &plan, fallback, context.now);
    }
    let event = if command.settled { Event::RefundSettled } else { Event::RefundFailed };
    journal::refund_settled(state, context, event, &the_return, command);
    state.change_return(the_return.clone());
    Outcome::Done(Box::new(Done::RefundSettled(the_return)))
}

fn why_not_settled(state: &State, the_return: &Return, place: usize, command: &SettleRefund) -> Option<Refusal> {
    let refund = &the_return.refunds[place];
    // A refund that failed may still be given a way out, once.
    let stood_in = the_return.refunds.iter().any(|r| r.stands_in_for == Some(refund.plan.refund));
    let open = refund.status == RefundStatus::Due
        || (refund.status == RefundStatus::Failed && !command.settled && command.fallback.is_some() && !stood_in);
    if !open || the_return.status != ReturnStatus::Completed {
        return Some(Refusal::RefundNotDue { status: refund.status.as_str() });
    }
    let fallback = command.fallback.filter(|_| !command.settled)?;
    // While it stood as failed, another return may have been paid from the same tender.
    if refund.status == RefundStatus::Failed && !state.tender_can_bear(&refund.plan) {
        let detail = "Meanwhile the tender has been refunded in full by other returns.".to_owned();
        return Some(Refusal::Invalid(vec![Fault::new("/fallback", "tender_exhausted", detail)]));
    }
    (!refund.plan.fallbacks.contains(&fallback)).then(|| {
        let allowed: Vec<&str> = refund.plan.fallbacks.iter().map(|kind| kind.as_str()).collect();
        let detail = match allowed.is_empty() {
            true => "The policy allows no other means for this refund.".to_owned(),
            false => format!("The policy allows {} instead.", allowed.join(" or ")),
        };
        Refusal::Invalid(vec![Fault::new("/fallback", "tender_not_allowed", detail)])
    })
}

/// A new refund for the amount of the failed one, by another means.
fn stand_in(state: &mut State, the_return: &mut Return, failed: &RefundPlan, kind: TenderType, now: Timestamp) {
    let plan = RefundPlan {
        refund: u32::try_from(the_return.refunds.len() + 1).unwrap_or(u32::MAX),
        kind,
        reference: None,
        fallbacks: failed.fallbacks.iter().copied().filter(|other| *other != kind).collect(),
        ..failed.clone()
    };
    if !the_return.training {
        move_refunded(state, &plan, 1);
    }
    the_return.refunds.push(Refund { stands_in_for: Some(failed.refund), ..Refund::planned(plan, now) });
}
