//! What becomes of a refund: the terminal's word, and another means where it failed.

use super::{Refund, RefundStatus, Return, ReturnStatus, kept_in_another, move_refunded};
use crate::domain::book::Book;
use crate::domain::decision::RefundPlan;
use crate::domain::entry::Event;
use crate::domain::gift_cards::{NewCode, of_returns};
use crate::domain::money::Minor;
use crate::domain::perform::{Context, Done, Outcome};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::state::State;
use crate::domain::tender::TenderType;
use crate::domain::{journal, ledger, policy, refunds};
use jiff::Timestamp;
use uuid::Uuid;

/// What the payment terminal said of a refund.
#[derive(Clone, Debug)]
pub struct SettleRefund {
    pub id: Uuid,
    pub refund: u32,
    pub settled: bool,
    pub reference: Option<String>,
    /// Where the money goes instead when it failed.
    pub fallback: Option<TenderType>,
    /// A code for a card that the fallback may issue.
    pub codes: Vec<NewCode>,
}

/// `POST /v1/returns/{id}/refunds/{n}/settlement`.
pub fn settle(state: &mut State, command: &SettleRefund, context: &Context<'_>) -> Outcome {
    let Some(mut the_return) = state.visible_return(command.id, context) else {
        return Refusal::NotFound { what: "return" }.into();
    };
    let Some(place) = the_return.refunds.iter().position(|r| r.plan.refund == command.refund)
    else {
        return Refusal::NotFound { what: "refund" }.into();
    };
    if let Some(refusal) = why_not_settled(state, &the_return, place, command) {
        return refusal.into();
    }
    if let Err(refusal) = state.wallet.codes_free(&command.codes, false) {
        return refusal.into();
    }
    let before = the_return.clone();
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
        let instead = refunds::in_other_means(state, &the_return, &plan, fallback, context.now);
        let from = the_return.refunds.len();
        stand_in(state, &mut the_return, instead, context.now);
        let paid =
            of_returns::pay_onto_cards(state, &mut the_return, from, None, &command.codes, context);
        if let Err(refusal) = paid {
            return refusal.into();
        }
    }
    let event = if command.settled { Event::RefundSettled } else { Event::RefundFailed };
    journal::refund_settled(state, context, event, &the_return, command);
    if !the_return.training {
        state.post(ledger::settled(state, &before, &the_return, context));
    }
    state.change_return(the_return.kept());
    Outcome::Done(Box::new(Done::RefundSettled(the_return)))
}

fn why_not_settled(
    state: &State,
    the_return: &Return,
    place: usize,
    command: &SettleRefund,
) -> Option<Refusal> {
    let refund = &the_return.refunds[place];
    // A refund that failed may still be given a way out, once.
    let stood_in = the_return.refunds.iter().any(|r| r.stands_in_for == Some(refund.plan.refund));
    let open = refund.status == RefundStatus::Due
        || (refund.status == RefundStatus::Failed
            && !command.settled
            && command.fallback.is_some()
            && !stood_in);
    if !open || the_return.status != ReturnStatus::Completed {
        return Some(Refusal::RefundNotDue { status: refund.status.as_str() });
    }
    if !command.settled
        && let Some(now) = kept_in_another(state, the_return)
    {
        let detail = format!(
            "Refund {} was due in {}, which {} has replaced since. Pay it in {} by other means, and \
             report it as settled.",
            refund.plan.refund,
            the_return.currency.code(),
            now.code(),
            now.code()
        );
        return Some(Refusal::Invalid(vec![Fault::new("/outcome", "currency_mismatch", detail)]));
    }
    let fallback = command.fallback.filter(|_| !command.settled)?;
    // While it stood as failed, another return may have been paid from the same tender; and what
    // the bank took meanwhile the customer has.
    let counted = refund.status == RefundStatus::Due;
    let asked = !(counted && the_return.training);
    if asked && !state.tender_can_bear(&refund.plan, counted) {
        let detail =
            "Meanwhile other returns, or the bank, have given back all that the tender paid."
                .to_owned();
        return Some(Refusal::Invalid(vec![Fault::new("/fallback", "tender_exhausted", detail)]));
    }
    if fallback == TenderType::Cash
        && let Some(most) = cash_limit(state, the_return, &refund.plan)
    {
        let exact = refund.plan.amount.0 - refund.plan.rounding.0;
        if given_in_cash(state, the_return, &refund.plan).0 + exact > most.0 {
            let detail = format!(
                "At most {} can be given in cash for one sale. Choose another means.",
                most.format(the_return.currency)
            );
            return Some(not_allowed(detail));
        }
    }
    (!refund.plan.fallbacks.contains(&fallback)).then(|| {
        let allowed: Vec<&str> = refund.plan.fallbacks.iter().map(|kind| kind.as_str()).collect();
        let detail = match allowed.is_empty() {
            true => "The policy allows no other means for this refund.".to_owned(),
            false => format!("The policy allows {} instead.", allowed.join(" or ")),
        };
        not_allowed(detail)
    })
}

fn not_allowed(detail: String) -> Refusal {
    Refusal::Invalid(vec![Fault::new("/fallback", "tender_not_allowed", detail)])
}

/// The least cash that a rule of the versions in force at sale and return allows: returns of the
/// same sale since then may have used it up.
fn cash_limit(state: &State, the_return: &Return, plan: &RefundPlan) -> Option<Minor> {
    let settings = state.settings();
    let versions = settings.policy_of(settings.store(&the_return.store)?)?;
    let sold_at = plan.sale.and_then(|sale| Some(state.book(sale)?.sale.sold_at));
    let first = || versions.iter().min_by_key(|version| (version.effective_from, version.number));
    let moments = [Some(the_return.recorded_at), sold_at].into_iter().flatten();
    let rules = moments
        .filter_map(|at| policy::in_force(versions, at).or_else(first))
        .flat_map(|version| &version.policy.policy().rules);
    rules.filter_map(|rule| Some(rule.set.cash_limit?.amount)).min()
}

/// What the sale of a refund, or its return, has given in cash so far: the greater of the two.
fn given_in_cash(state: &State, the_return: &Return, plan: &RefundPlan) -> Minor {
    let in_cash = the_return
        .refunds
        .iter()
        .filter(|r| r.plan.kind == TenderType::Cash && r.status != RefundStatus::Failed)
        .map(|r| r.plan.amount.0 - r.plan.rounding.0);
    let of_sale = plan.sale.and_then(|sale| state.book(sale)).map(Book::given_in_cash);
    of_sale.unwrap_or_default().max(Minor(in_cash.sum()))
}

/// A new refund in the place of the failed one.
fn stand_in(state: &mut State, the_return: &mut Return, instead: RefundPlan, now: Timestamp) {
    let failed = instead.refund;
    let plan = RefundPlan {
        refund: u32::try_from(the_return.refunds.len() + 1).unwrap_or(u32::MAX),
        reference: None,
        fallbacks: instead
            .fallbacks
            .iter()
            .copied()
            .filter(|other| *other != instead.kind)
            .collect(),
        ..instead
    };
    if !the_return.training {
        move_refunded(state, &plan, 1);
    }
    the_return.refunds.push(Refund { stands_in_for: Some(failed), ..Refund::planned(plan, now) });
}
