//! A recorded return, its refunds, and what later happens to them.

mod later;
mod settling;
mod without_receipt;

pub use settling::{SettleRefund, settle};
pub use without_receipt::Unreceipted;
use without_receipt::{buyers, unreceipted};

use super::book::{Book, ChargeParts, Parts};
use super::decision::{ChargeDecision, Decision, RefundPlan, Verdict};
use super::draft::{Draft, Grant, Quoted};
use super::entry::Event;
use super::exchanges::Exchange;
use super::gift_cards::{CardRef, NewCode, of_returns};
use super::money::{Currency, Minor};
use super::overrides::check_grants;
use super::perform::{Context, Done, Outcome};
use super::quantity::Quantity;
use super::refunds::{self, settles_at_once};
use super::refusal::{Drift, OverrideFault, Refusal};
use super::state::State;
use super::words::vocabulary;
use super::{day_end, decide, exchanges, journal, ledger, promotion};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
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
    /// Goods that came back without a receipt; their numbers follow on those of `lines`.
    pub without_receipt: Vec<Unreceipted>,
    /// Customers of the sales, where `customer` names nobody: whose limits the return counts for.
    pub buyers: Vec<String>,
    pub charges: Vec<ReturnedCharge>,
    pub refunds: Vec<Refund>,
    /// The new goods taken for it.
    pub exchange: Option<Exchange>,
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
    /// Of each tax, what was kept with the fee; empty where that is nothing.
    pub fee_taxes: Vec<Minor>,
    pub reason: String,
    pub serial_number: Option<String>,
    /// The number of the return among those of the sale, from 1. None for practice, and for a row
    /// of an older version.
    pub nth: Option<i64>,
}

/// What came back of one charge of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedCharge {
    pub sale: Uuid,
    pub charge: u32,
    /// None: all of it, as returns were recorded before charges could come back in parts.
    pub parts: Option<ChargeParts>,
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
    /// The gift card or store credit that it went to.
    pub card: Option<CardRef>,
}

/// Records a return, if the policy and the approvals allow it.
#[derive(Clone, Debug)]
pub struct RecordReturn {
    pub draft: Draft,
    pub grants: Vec<Grant>,
    /// An override token that was no good before it was even looked up: expired, forged, of another
    /// kind.
    pub bad_grant: Option<(Option<Uuid>, OverrideFault)>,
    pub quoted: Option<Quoted>,
    /// SHA-256 of the draft, to hold against the quote's.
    pub digest: [u8; 32],
    pub expected_refund: Option<Minor>,
    /// Codes for cards that it may issue: one for gift cards, one for store credit.
    pub codes: Vec<NewCode>,
}

/// A return as recorded, with the decision it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub the_return: Return,
    pub decision: Box<Decision>,
}

/// `POST /v1/returns`: decides again, and records.
pub fn record(state: &mut State, command: &RecordReturn, context: &Context<'_>) -> Outcome {
    let draft = &command.draft;
    if let Some(refusal) = day_end::why_not_in(state, draft, context.now) {
        journal::attempt_refused(state, context, Event::ReturnRefused, draft, &refusal);
        return refusal.into();
    }
    let mut decided = match decide::decide(&state.case(draft, context.now), draft, &command.grants)
    {
        Ok(decided) => decided,
        Err(faults) => return Refusal::Invalid(faults).into(),
    };
    let decision = &decided.decision;
    if let Some((id, why)) = check_grants(state, command, decision, context) {
        journal::override_refused(state, context, draft, id, why);
        return Refusal::Override { id: id.unwrap_or_default(), why }.into();
    }
    let refusal = against_quote(command, &decided).or_else(|| against_verdict(command, decision));
    if let Some(refusal) = refusal.or_else(|| exchanges::against(state, decision)) {
        journal::attempt_refused(state, context, Event::ReturnRefused, draft, &refusal);
        return refusal.into();
    }
    if let Err(refusal) = state.wallet.codes_free(&command.codes, false) {
        return refusal.into();
    }
    let mut the_return = build(state, draft, &decided, context.now);
    number(&mut the_return, &mut decided.books);
    for grant in &command.grants {
        if decision.all_findings().any(|finding| finding.approved_by.contains(&grant.id)) {
            state.use_override(grant.id, the_return.id, context.now);
            journal::override_used(state, context, grant, the_return.id);
        }
    }
    if !draft.training {
        state.set_books(decided.books);
    }
    journal::return_recorded(state, context, &the_return, &decided.decision);
    let entry = state.last_entry();
    let (taken, onto) = (&decided.cards, draft.refund_card);
    if let Err(refusal) =
        of_returns::record(state, &mut the_return, taken, onto, &command.codes, context)
    {
        return refusal.into();
    }
    exchanges::record(state, context, draft, &mut decided.decision, &mut the_return);
    // The entry that tells of it all: the return's, or with new goods the exchange's.
    let entry = the_return.exchange.as_ref().map_or(entry, |_| state.last_entry());
    if !the_return.training {
        state.post_on(entry, ledger::returned(state, &the_return));
    }
    if draft.business_date.is_some() {
        state.name_day(&the_return);
    }
    state.add_return(the_return.kept());
    Outcome::Done(Box::new(Done::Returned(Recorded {
        the_return,
        decision: Box::new(decided.decision),
    })))
}

/// What has changed since the register was quoted; or that the policy wants a quote and there is
/// none.
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
    let quantities =
        |all: Vec<Quantity>| all.iter().map(Quantity::to_string).collect::<Vec<_>>().join(", ");
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
        (_, Some(expected)) if expected != decision.totals.refund => Some(Refusal::AmountChanged {
            expected: expected.format(decision.currency),
            decision: boxed(),
        }),
        (Verdict::NeedsApproval, _) => Some(Refusal::ApprovalRequired(boxed())),
        (Verdict::Allowed, _) => None,
    }
}

fn build(state: &mut State, draft: &Draft, decided: &decide::Decided, now: Timestamp) -> Return {
    let decision = &decided.decision;
    let lines = returned_lines(decided);
    let today = state.settings().store(&draft.store).map_or(Date::MIN, |store| store.day(now));
    let business_date = draft.business_date.unwrap_or(today);
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
        without_receipt: unreceipted(decided, lines.len()),
        buyers: buyers(draft, decided),
        lines,
        charges: returned_charges(decision),
        refunds: decision.refunds.iter().map(|plan| Refund::planned(plan.clone(), now)).collect(),
        exchange: None,
    }
}

/// Gives a return its number among those of each of its sales: whoever records one has claimed them.
fn number(the_return: &mut Return, books: &mut BTreeMap<Uuid, Book>) {
    if the_return.training {
        return;
    }
    for (sale, book) in books {
        let mut lines = the_return.lines.iter_mut().filter(|line| line.sale == *sale).peekable();
        if lines.peek().is_some() {
            book.returns += 1;
            lines.for_each(|line| line.nth = Some(book.returns));
        }
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
            fee_taxes: line.fee_taxes.iter().map(|(_, amount)| *amount).collect(),
            reason: line.reason.as_str().to_owned(),
            serial_number: line.serial_number.clone(),
            nth: None,
        })
    });
    lines.zip(1..).map(|(line, number)| ReturnedLine { line: number, ..line }).collect()
}

/// Each charge once, however often parts of it were asked for.
fn returned_charges(decision: &Decision) -> Vec<ReturnedCharge> {
    let mut returned: Vec<ReturnedCharge> = Vec::new();
    for ChargeDecision { sale, charge, amount, taxes, .. } in &decision.charges {
        let taxes = taxes.iter().map(|(_, tax)| *tax).collect();
        let parts = ChargeParts { amount: *amount, taxes };
        let known = returned.iter_mut().find(|of| (of.sale, of.charge) == (*sale, *charge));
        match known.and_then(|known| known.parts.as_mut()) {
            Some(known) => known.add(&parts),
            None => {
                let parts = Some(parts);
                returned.push(ReturnedCharge { sale: *sale, charge: *charge, parts });
            }
        }
    }
    returned
}

impl Refund {
    fn planned(plan: RefundPlan, now: Timestamp) -> Refund {
        let settled = settles_at_once(plan.kind);
        Refund {
            status: if settled { RefundStatus::Settled } else { RefundStatus::Due },
            settled_at: settled.then_some(now),
            settlement_reference: None,
            stands_in_for: None,
            card: None,
            plan,
        }
    }
}

/// The number of a return, for people.
pub fn number_of(store: &str, business_date: Date, id: Uuid) -> String {
    format!("{store}-{}-{}", business_date.strftime("%y%m%d"), short_code(id))
}

impl Return {
    /// A short number for people: store, day and eight letters of the id.
    pub fn number(&self) -> String {
        number_of(&self.store, self.business_date, self.id)
    }

    /// The sales that anything came back of, each once.
    pub fn sales(&self) -> Vec<Uuid> {
        let of_lines = self.lines.iter().map(|line| line.sale);
        let of_charges = self.charges.iter().map(|charge| charge.sale);
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
    if let Some(detail) = why_not_voidable(&the_return)
        .or_else(|| in_old_currency(state, &the_return))
        .or_else(|| of_returns::why_not_voidable(state, &the_return))
        .or_else(|| exchanges::why_not_voidable(state, &the_return))
        .or_else(|| later::void_first(state, &the_return))
        .or_else(|| farms_rounding(state, &the_return))
        .or_else(|| farms_promotion(state, &the_return))
    {
        let refusal = Refusal::NotVoidable { detail };
        journal::void_refused(state, context, &the_return, &refusal);
        return refusal.into();
    }
    let back = (!the_return.training).then(|| ledger::taken_back(state, &the_return, context));
    let mut voided = the_return;
    if !voided.training {
        put_back(state, &voided);
        if let Err(refusal) = of_returns::void(state, &voided, context) {
            return refusal.into();
        }
        exchanges::put_back(state, &voided, context.now);
    }
    voided.status = ReturnStatus::Voided;
    voided
        .refunds
        .iter_mut()
        .filter(|r| r.status != RefundStatus::Failed)
        .for_each(|r| r.status = RefundStatus::Voided);
    journal::return_voided(state, context, &voided, command);
    back.into_iter().for_each(|posting| state.post(posting));
    journal::exchanges::voided(state, context, &voided);
    state.change_return(voided.clone());
    Outcome::Done(Box::new(Done::ReturnVoided(voided)))
}

fn why_not_voidable(the_return: &Return) -> Option<String> {
    if the_return.status != ReturnStatus::Completed {
        return Some(format!(
            "The return is {}, not completed.",
            the_return.status.as_str().replace('_', " ")
        ));
    }
    let gone = the_return
        .refunds
        .iter()
        .find(|r| r.status == RefundStatus::Settled && !settles_at_once(r.plan.kind))?;
    Some(format!(
        "Refund {} of {} has reached the customer's {}; it cannot be called back. Ring the goods up as a new sale.",
        gone.plan.refund,
        gone.plan.amount.format(the_return.currency),
        gone.plan.kind.as_str().replace('_', " ")
    ))
}

/// What was paid in a currency that has been replaced since is no longer in the balance.
fn in_old_currency(state: &State, the_return: &Return) -> Option<String> {
    let now = kept_in_another(state, the_return)?;
    Some(format!(
        "This return was paid in {}, and its sale is kept in {} since. Ring the goods up as a new \
         sale instead.",
        the_return.currency.code(),
        now.code()
    ))
}

/// The currency of a return's sale, where the sale's balance was converted after the return.
fn kept_in_another(state: &State, the_return: &Return) -> Option<Currency> {
    let sales = the_return.sales();
    let mut kept = sales.iter().filter_map(|sale| Some(state.book(*sale)?.sale.currency));
    kept.find(|currency| *currency != the_return.currency)
}

/// Voiding just those returns whose cash was rounded down would keep what the others were rounded
/// up by: what cash rounding has added to a sale, or kept of it, stays within one step.
fn farms_rounding(state: &State, the_return: &Return) -> Option<String> {
    // Practice took nothing from the tenders.
    if the_return.training {
        return None;
    }
    let store = state.settings().store(&the_return.store)?;
    let step = store.rounds_cash(the_return.business_date)?.step;
    let farms = |book: &&Book| {
        let mut after = (*book).clone();
        for refund in the_return.refunds.iter().filter(|r| r.status != RefundStatus::Failed) {
            move_in_book(&mut after, &refund.plan, -1);
        }
        let exchange = the_return.exchange.iter();
        exchange.for_each(|exchange| exchange.put_back_carried(&mut after));
        let left = refunds::off_by(&after, step);
        left > step && left > refunds::off_by(book, step)
    };
    let carried = the_return.exchange.iter().flat_map(|exchange| &exchange.carried);
    let mut sales = the_return.sales();
    sales.extend(carried.filter_map(|part| part.from).map(|(sale, _)| sale));
    sales.iter().filter_map(|sale| state.book(*sale)).find(farms)?;
    let detail = "Without this return, the cash of other returns of this sale would be rounded by \
                  more than one coin. Void the later returns of the sale first.";
    Some(detail.to_owned())
}

/// Taking the first of two returns of a promotion back would leave the second one paid as if both
/// had come.
fn farms_promotion(state: &State, the_return: &Return) -> Option<String> {
    if the_return.training {
        return None;
    }
    let mut sales: Vec<Uuid> = the_return.lines.iter().map(|line| line.sale).collect();
    sales.dedup();
    // The newest return of a sale can be taken back: what is left is as it was before it. Clocks of
    // instances differ, so that one may seem the newest whose money a later one has released.
    let measure = |book: &Book| match later::is_newest(state, the_return, book.sale.id) {
        true => promotion::released_too_much(book),
        false => promotion::overpaid(book),
    };
    sales.into_iter().filter_map(|sale| state.book(sale)).find_map(|book| {
        let mut after = book.clone();
        the_return
            .lines
            .iter()
            .filter(|line| line.sale == book.sale.id)
            .for_each(|line| put_line_back(&mut after, line));
        (measure(&after) > measure(book))
            .then(|| "Later returns of the same promotion were paid as if this one stood; void those first.".to_owned())
    })
}

fn put_line_back(book: &mut Book, line: &ReturnedLine) {
    if let Some(place) = book.position(line.sale_line) {
        let state = &mut book.lines[place];
        state.put_back(line.quantity, &line.parts);
        // A lot's number comes back with each of its returns: one of them is taken back.
        let number = line.serial_number.as_ref();
        let place = state.serials_returned.iter().rposition(|serial| Some(serial) == number);
        place.into_iter().for_each(|place| drop(state.serials_returned.remove(place)));
    }
}

fn put_back(state: &mut State, the_return: &Return) {
    for line in &the_return.lines {
        state.with_book(line.sale, |book| put_line_back(book, line));
    }
    for ReturnedCharge { sale, charge, parts } in &the_return.charges {
        state.with_book(*sale, |book| {
            let Some(place) = book.charge(*charge) else { return };
            let parts = parts.clone().unwrap_or_else(|| book.charges[place].whole());
            book.charges[place].put_back(&parts);
        });
    }
    for refund in the_return.refunds.iter().filter(|r| r.status != RefundStatus::Failed) {
        move_refunded(state, &refund.plan, -1);
    }
}

/// Takes a refund from its tender's rest (1), or gives it back to it (−1).
fn move_refunded(state: &mut State, plan: &RefundPlan, sign: i64) {
    if let Some(sale) = plan.sale {
        state.with_book(sale, |book| move_in_book(book, plan, sign));
    }
}

fn move_in_book(book: &mut Book, plan: &RefundPlan, sign: i64) {
    let of_sale = plan.sale_tender.filter(|_| plan.sale == Some(book.sale.id));
    if let Some(place) = of_sale.and_then(|number| book.tender(number)) {
        let signed = |amount: Minor| Minor(sign * amount.0);
        let (amount, rounding) = (signed(plan.amount), signed(plan.rounding));
        book.tenders[place].refund(plan.kind, amount, rounding);
    }
}
