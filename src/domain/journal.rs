//! What the log says of each act: facts and references, never personal data, never a secret.
//!
//! Amounts are decimal text in the currency named beside them.

pub mod chargebacks;
pub mod day_end;
pub mod exchanges;
pub mod gift_cards;
pub mod registers;
mod without_receipt;

use super::canonical::Json;
use super::decision::{Conversion, Decision, Finding, LineDecision, RefundPlan};
use super::directory::Document;
use super::draft::{Draft, Grant};
use super::entry::{Event, hex};
use super::money::{Currency, Minor};
use super::overrides::{IssueOverride, Override};
use super::perform::{Context, Done, Outcome};
use super::policies::{PolicyRecord, PolicyStatus};
use super::refusal::{OverrideFault, Refusal};
use super::returns::{Return, SettleRefund, VoidReturn};
use super::sale::{CameBack, ReturnedBefore, Sale, SaleLine};
use super::sales::{RecordSale, VoidSale};
use super::settings::{Operator, Register, Store};
use super::sign_in::SignIn;
use super::state::{HEAD_OFFICE, State};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Something that only the log needs to know.
#[derive(Clone, Debug)]
pub struct Note {
    /// None: the chain of what concerns no single store.
    pub store: Option<String>,
    pub event: Event,
    pub subject_id: Option<String>,
    pub data: Json,
}

/// Notes it, in the store's chain if the store is known.
pub fn take_note(state: &mut State, note: &Note, context: &Context<'_>) -> Outcome {
    let store = chain(state, note.store.as_deref().unwrap_or(HEAD_OFFICE));
    state.note(context, &store, note.event, note.subject_id.clone(), note.data.clone());
    Done::Noted.into()
}

/// The chain of a store; what names an unknown one goes to head office's.
fn chain(state: &State, store: &str) -> String {
    if state.settings().store(store).is_some() { store.to_owned() } else { HEAD_OFFICE.to_owned() }
}

fn money(amount: Minor, currency: Currency) -> Json {
    amount.format(currency).into()
}

/// A short reference to something personal: whoever knows it can find it, nobody can read it off.
fn reference(text: Option<&str>) -> Json {
    text.map(|text| hex(&Sha256::digest(text))).into()
}

pub fn sale_recorded(state: &mut State, context: &Context<'_>, sale: &Sale, command: &RecordSale) {
    let tenders = sale.payments().map(|tender| {
        Json::object([
            ("tender", tender.tender.into()),
            ("type", tender.kind.as_str().into()),
            ("paid", money(tender.paid(), sale.currency)),
        ])
    });
    let data = Json::object([
        ("receipt", sale.receipt.as_str().into()),
        ("register", sale.register.as_str().into()),
        ("business_date", sale.business_date.to_string().into()),
        ("currency", sale.currency.code().into()),
        ("total", money(sale.total, sale.currency)),
        ("tenders", Json::List(tenders.collect())),
        ("lines", Json::from(i64::try_from(sale.lines.len()).unwrap_or(i64::MAX))),
        ("items", Json::List(sale.lines.iter().map(|line| item(line, sale.currency)).collect())),
        ("customer_ref", state.references.customer(sale.customer.as_deref())),
        ("document_sha256", hex(&command.digest).into()),
    ]);
    let data = with_returned_before(data, sale);
    state.note(context, &sale.store, Event::SaleRecorded, Some(sale.id.to_string()), data);
}

/// What was sold, for reports from the log alone. Kept short: every sale has some.
fn item(line: &SaleLine, currency: Currency) -> Json {
    let mut members = vec![
        ("line", line.line.into()),
        ("sku", line.sku.as_deref().into()),
        ("quantity", line.quantity.to_string().into()),
        ("net", money(line.net, currency)),
    ];
    if !line.is_goods() {
        members.push(("kind", line.kind.as_str().into()));
    }
    if !line.taxes.is_empty() {
        let taxes = line.taxes.iter().map(|tax| (tax.code.as_str(), tax.amount));
        members.push(("taxes", taxes_by_code(taxes, currency)));
    }
    Json::object(members)
}

fn taxes_by_code<'a>(taxes: impl Iterator<Item = (&'a str, Minor)>, currency: Currency) -> Json {
    let tax = |(code, amount): (&str, Minor)| {
        Json::object([("code", code.into()), ("amount", money(amount, currency))])
    };
    Json::List(taxes.map(tax).collect())
}

/// Adds what came back before the service knew the sale, where something did.
fn with_returned_before(data: Json, sale: &Sale) -> Json {
    let Json::Object(mut data) = data else { return data };
    let before = |before: &ReturnedBefore| {
        let amount = match before.what {
            CameBack::Money(amount) => money(amount, sale.currency),
            CameBack::Units(_) => Json::Null,
        };
        let tender = |(number, amount): &(u32, Minor)| {
            Json::object([
                ("tender", Json::from(*number)),
                ("amount", money(*amount, sale.currency)),
            ])
        };
        Json::object([
            ("at", Json::from(before.at.to_string())),
            ("amount", amount),
            ("tenders", Json::List(before.tenders.iter().map(tender).collect())),
        ])
    };
    if !sale.returned.is_empty() {
        let all = sale.returned.iter().map(before).collect();
        data.insert("returned_before".into(), Json::List(all));
    }
    Json::Object(data)
}

/// Why and by whom a sale was taken back; the ledger's movement is added by its posting.
pub fn sale_voided(state: &mut State, context: &Context<'_>, sale: &Sale, command: &VoidSale) {
    let data = Json::object([
        ("receipt", Json::from(sale.receipt.as_str())),
        ("register", sale.register.as_str().into()),
        ("business_date", sale.business_date.to_string().into()),
        ("reason", command.reason.as_str().into()),
        ("note_sha256", reference(command.note.as_deref())),
        ("currency", sale.currency.code().into()),
        ("total", money(sale.total, sale.currency)),
    ]);
    state.note(context, &sale.store, Event::SaleVoided, Some(sale.id.to_string()), data);
}

pub fn sale_void_refused(state: &mut State, context: &Context<'_>, sale: &Sale, refusal: &Refusal) {
    let data = Json::object([("code", Json::from(refusal.code()))]);
    state.note(context, &sale.store, Event::SaleVoidRefused, Some(sale.id.to_string()), data);
}

pub fn sale_refused(state: &mut State, context: &Context<'_>, sale: &Sale, known: Uuid) {
    let data = Json::object([
        ("receipt", sale.receipt.as_str().into()),
        ("business_date", sale.business_date.to_string().into()),
        ("code", "receipt_exists".into()),
    ]);
    state.note(context, &sale.store, Event::SaleRefused, Some(known.to_string()), data);
}

fn finding(finding: &Finding) -> Json {
    Json::object([
        ("code", finding.code.as_str().into()),
        ("rule", finding.rule.as_str().into()),
        ("outcome", finding.outcome.as_str().into()),
        ("approval_role", finding.approval.map(|approval| approval.role.as_str()).into()),
        (
            "approved_by",
            Json::List(finding.approved_by.iter().map(|id| id.to_string().into()).collect()),
        ),
    ])
}

fn findings(all: &[Finding]) -> Json {
    Json::List(all.iter().map(finding).collect())
}

fn taxes(taxes: &[(String, Minor)], currency: Currency) -> Json {
    taxes_by_code(taxes.iter().map(|(code, amount)| (code.as_str(), *amount)), currency)
}

fn line(line: &LineDecision, currency: Currency) -> Json {
    let note = line.note.as_deref().map(|note| ("note_sha256", reference(Some(note))));
    let codes = || line.tax_only.iter().map(|code| code.as_str().into()).collect();
    let tax_only = (!line.tax_only.is_empty()).then(|| ("tax_only", Json::List(codes())));
    let members = [
        ("sale", line.sale.map(|sale| sale.to_string()).into()),
        ("sale_line", line.sale_line.map(Json::from).unwrap_or(Json::Null)),
        ("sku", line.sku.as_deref().into()),
        ("quantity", line.quantity.to_string().into()),
        ("reason", line.reason.as_str().into()),
        ("condition", line.condition.as_str().into()),
        ("disposition", line.disposition.as_str().into()),
        ("serial_number", line.serial_number.as_deref().into()),
        ("policy_version", line.policy_version.into()),
        ("net", money(line.net, currency)),
        ("taxes", taxes(&line.taxes, currency)),
        ("withheld", money(line.withheld, currency)),
        ("fee", money(line.fee, currency)),
        ("fee_taxes", taxes(&line.fee_taxes, currency)),
        ("refund", money(line.refund, currency)),
        ("findings", findings(&line.findings)),
    ];
    let forgone = line.forgone.is_positive().then(|| ("forgone", money(line.forgone, currency)));
    Json::object(members.into_iter().chain(note).chain(tax_only).chain(forgone))
}

fn refund(plan: &RefundPlan, currency: Currency) -> Json {
    Json::object([
        ("refund", plan.refund.into()),
        ("type", plan.kind.as_str().into()),
        ("sale", plan.sale.map(|sale| sale.to_string()).into()),
        ("sale_tender", plan.paid_tender().map(Json::from).unwrap_or(Json::Null)),
        ("amount", money(plan.amount, currency)),
        ("rounding", money(plan.rounding, currency)),
    ])
}

/// What was decided, as facts.
pub fn decision(decision: &Decision) -> Json {
    let currency = decision.currency;
    let charges = decision.charges.iter().map(|charge| {
        Json::object([
            ("sale", charge.sale.to_string().into()),
            ("charge", charge.charge.into()),
            ("amount", money(charge.amount, currency)),
            ("taxes", taxes(&charge.taxes, currency)),
            ("refund", money(charge.refund, currency)),
            ("findings", findings(&charge.findings)),
        ])
    });
    let with_exchange = |total: Minor| decision.exchange.as_ref().map(|_| money(total, currency));
    let exchange = [
        ("exchanged", with_exchange(decision.totals.exchanged)),
        ("due", with_exchange(decision.totals.due)),
    ];
    let exchange = exchange.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let conversions: Vec<Json> =
        decision.conversions.iter().map(|of| conversion(of, currency)).collect();
    let conversions =
        Some(("conversions", Json::List(conversions))).filter(|_| !decision.conversions.is_empty());
    let members = [
        ("decision", decision.verdict.as_str().into()),
        ("policy", decision.policy.name.as_str().into()),
        ("policy_version", decision.policy.version.into()),
        ("currency", currency.code().into()),
        ("lines", Json::List(decision.lines.iter().map(|l| line(l, currency)).collect())),
        ("charges", Json::List(charges.collect())),
        ("findings", findings(&decision.findings)),
        ("returned", money(decision.totals.returned, currency)),
        ("fees", money(decision.totals.fees, currency)),
        ("fee_taxes", money(decision.totals.fee_taxes, currency)),
        ("refund", money(decision.totals.refund, currency)),
        (
            "refunds",
            Json::List(decision.refunds.iter().map(|plan| refund(plan, currency)).collect()),
        ),
    ];
    Json::object(members.into_iter().chain(exchange).chain(conversions))
}

/// What comes back of a sale in a currency that was replaced: both amounts and the rate.
fn conversion(of: &Conversion, currency: Currency) -> Json {
    let from = of.by.from().unwrap_or(currency);
    Json::object([
        ("sale", of.sale.to_string().into()),
        ("currency", from.code().into()),
        ("rate", of.by.rate().into()),
        ("as_sold", money(of.as_sold, from)),
        ("converted", money(of.converted, currency)),
    ])
}

pub fn return_recorded(
    state: &mut State,
    context: &Context<'_>,
    the_return: &Return,
    decided: &Decision,
) {
    let mut data = vec![
        ("return_number", the_return.number().into()),
        ("register", the_return.register.as_str().into()),
        ("operator", the_return.operator.as_str().into()),
        ("business_date", the_return.business_date.to_string().into()),
        ("customer_sha256", reference(the_return.customer.as_deref())),
        ("customer_ref", state.references.customer(the_return.customer.as_deref())),
        ("training", the_return.training.into()),
        ("decision", decision(decided)),
    ];
    data.extend(without_receipt::members(the_return, decided));
    let data = Json::object(data);
    state.note(
        context,
        &the_return.store,
        Event::ReturnRecorded,
        Some(the_return.id.to_string()),
        data,
    );
}

/// An attempt that was not carried out: what was asked, and every finding.
pub fn attempt_refused(
    state: &mut State,
    context: &Context<'_>,
    event: Event,
    draft: &Draft,
    refusal: &Refusal,
) {
    let store = chain(state, &draft.store);
    let data = Json::object([
        ("register", draft.register.as_str().into()),
        ("operator", draft.operator.as_str().into()),
        ("training", draft.training.into()),
        ("code", refusal.code().into()),
        ("decision", refusal.decision().map_or(Json::Null, decision)),
    ]);
    state.note(context, &store, event, None, data);
}

/// What the log says of a check that was refused.
pub fn check_refused(draft: &Draft, decided: &Decision) -> Note {
    let data = Json::object([
        ("register", draft.register.as_str().into()),
        ("operator", draft.operator.as_str().into()),
        ("training", draft.training.into()),
        ("decision", decision(decided)),
    ]);
    Note { store: Some(draft.store.clone()), event: Event::CheckRefused, subject_id: None, data }
}

/// The log keeps what the approver was shown, so that an auditor can hold it against what came of
/// it.
pub fn override_issued(
    state: &mut State,
    context: &Context<'_>,
    issued: &Override,
    draft: &Draft,
    shown: &Decision,
) {
    let grant = &issued.grant;
    let data = Json::object([
        ("draft_sha256", hex(&grant.draft).into()),
        ("shown", decision(shown)),
        ("refund_to", draft.refund_to.as_str().into()),
        ("exchange", draft.exchange.is_some().into()),
        ("training", draft.training.into()),
        ("customer_ref", state.references.customer(draft.customer.as_deref())),
        ("identified", draft.id_hash.is_some().into()),
        ("approver", grant.approver.operator.as_str().into()),
        ("operator", draft.operator.as_str().into()),
        ("register", draft.register.as_str().into()),
        ("codes", Json::List(grant.codes.iter().map(|code| code.as_str().into()).collect())),
        ("sales", Json::List(grant.sales.iter().map(|sale| sale.to_string().into()).collect())),
        ("max_refund", money(grant.max_refund, grant.currency)),
        ("currency", grant.currency.code().into()),
        ("expires_at", grant.expires_at.to_string().into()),
        ("reason", issued.reason.as_str().into()),
        ("note_sha256", reference(issued.note.as_deref())),
    ]);
    state.note(context, &grant.store, Event::OverrideIssued, Some(grant.id.to_string()), data);
}

pub fn override_not_issued(
    state: &mut State,
    context: &Context<'_>,
    command: &IssueOverride,
    refusal: &Refusal,
) {
    let store = chain(state, &command.draft.store);
    let data = Json::object([
        ("approver", command.approver.operator.as_str().into()),
        ("operator", command.draft.operator.as_str().into()),
        ("code", refusal.code().into()),
        ("decision", refusal.decision().map_or(Json::Null, decision)),
    ]);
    state.note(context, &store, Event::OverrideRefused, None, data);
}

pub fn override_refused(
    state: &mut State,
    context: &Context<'_>,
    draft: &Draft,
    id: Option<Uuid>,
    why: OverrideFault,
) {
    let store = chain(state, &draft.store);
    // An override that ran out is told apart from one that was never good.
    let event =
        if why == OverrideFault::Expired { Event::OverrideExpired } else { Event::OverrideRefused };
    let data = Json::object([
        ("code", why.code().into()),
        ("operator", draft.operator.as_str().into()),
        ("register", draft.register.as_str().into()),
    ]);
    state.note(context, &store, event, id.map(|id| id.to_string()), data);
}

pub fn override_used(state: &mut State, context: &Context<'_>, grant: &Grant, used_for: Uuid) {
    let data = Json::object([
        ("approver", grant.approver.operator.as_str().into()),
        ("return", used_for.to_string().into()),
        ("draft_sha256", hex(&grant.draft).into()),
        ("codes", Json::List(grant.codes.iter().map(|code| code.as_str().into()).collect())),
    ]);
    state.note(context, &grant.store, Event::OverrideUsed, Some(grant.id.to_string()), data);
}

pub fn return_voided(
    state: &mut State,
    context: &Context<'_>,
    voided: &Return,
    command: &VoidReturn,
) {
    let refunds = voided.refunds.iter().map(|r| refund(&r.plan, voided.currency));
    let data = Json::object([
        ("reason", command.reason.as_str().into()),
        ("note_sha256", reference(command.note.as_deref())),
        ("currency", voided.currency.code().into()),
        ("refund", money(voided.refund, voided.currency)),
        ("training", voided.training.into()),
        ("refunds", Json::List(refunds.collect())),
    ]);
    state.note(context, &voided.store, Event::ReturnVoided, Some(voided.id.to_string()), data);
}

pub fn void_refused(
    state: &mut State,
    context: &Context<'_>,
    the_return: &Return,
    refusal: &Refusal,
) {
    let data = Json::object([("code", Json::from(refusal.code()))]);
    state.note(
        context,
        &the_return.store,
        Event::ReturnVoidRefused,
        Some(the_return.id.to_string()),
        data,
    );
}

pub fn refund_settled(
    state: &mut State,
    context: &Context<'_>,
    event: Event,
    the_return: &Return,
    command: &SettleRefund,
) {
    let plan =
        the_return.refunds.iter().map(|r| &r.plan).find(|plan| plan.refund == command.refund);
    let stand_in = the_return
        .refunds
        .iter()
        .find(|r| r.stands_in_for == Some(command.refund))
        .map(|r| &r.plan);
    let data = Json::object([
        ("refund", plan.map_or(Json::Null, |plan| refund(plan, the_return.currency))),
        ("currency", the_return.currency.code().into()),
        ("reference", command.reference.as_deref().into()),
        ("fallback", stand_in.map_or(Json::Null, |plan| refund(plan, the_return.currency))),
        ("training", the_return.training.into()),
    ]);
    state.note(context, &the_return.store, event, Some(the_return.id.to_string()), data);
}

pub fn store_saved(state: &mut State, context: &Context<'_>, store: &Store) {
    state.note(
        context,
        &store.store.clone(),
        Event::StoreSaved,
        Some(store.store.clone()),
        store.facts(),
    );
}

pub fn register_saved(state: &mut State, context: &Context<'_>, register: &Register) {
    let id = format!("{}/{}", register.store, register.register);
    state.note(context, &register.store.clone(), Event::RegisterSaved, Some(id), register.facts());
}

/// Operators belong to no single store.
pub fn operator_saved(
    state: &mut State,
    context: &Context<'_>,
    operator: &Operator,
    new_pin: bool,
) {
    let data = Json::object([("operator", operator.facts()), ("new_pin", new_pin.into())]);
    state.note(context, HEAD_OFFICE, Event::OperatorSaved, Some(operator.operator.clone()), data);
}

fn policy_id(record: &PolicyRecord) -> String {
    format!("{}/{}", record.name, record.number)
}

pub fn policy_drafted(state: &mut State, context: &Context<'_>, record: &PolicyRecord) {
    let data = Json::object([
        ("policy", record.name.as_str().into()),
        ("version", record.number.into()),
        ("document_sha256", reference(Some(&record.document))),
    ]);
    state.note(context, HEAD_OFFICE, Event::PolicyDrafted, Some(policy_id(record)), data);
}

pub fn policy_published(state: &mut State, context: &Context<'_>, record: &PolicyRecord) {
    let effective_from = match &record.status {
        PolicyStatus::Published { effective_from, .. } => effective_from.to_string().into(),
        PolicyStatus::Draft => Json::Null,
    };
    let data = Json::object([
        ("policy", record.name.as_str().into()),
        ("version", record.number.into()),
        ("author", record.author.1.as_str().into()),
        ("effective_from", effective_from),
        ("document_sha256", reference(Some(&record.document))),
    ]);
    state.note(context, HEAD_OFFICE, Event::PolicyPublished, Some(policy_id(record)), data);
}

pub fn policy_refused(
    state: &mut State,
    context: &Context<'_>,
    record: &PolicyRecord,
    refusal: &Refusal,
) {
    let data = Json::object([("code", Json::from(refusal.code()))]);
    state.note(context, HEAD_OFFICE, Event::PolicyRefused, Some(policy_id(record)), data);
}

pub fn signed_in(state: &mut State, context: &Context<'_>, command: &SignIn, event: Event) {
    let store = chain(state, &command.store);
    let attempts = state.attempts_of(&command.key());
    let locked = attempts
        .locked_until
        .filter(|until| *until > context.now)
        .map(|until: Timestamp| until.to_string());
    let data = Json::object([
        ("source", command.source.as_str().into()),
        ("failures", attempts.failures.into()),
        ("locked_until", locked.into()),
    ]);
    state.note(context, &store, event, Some(command.operator.clone()), data);
}
