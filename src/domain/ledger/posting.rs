//! What each act moves, as an accountant would book it.

use super::{Account, Amounts, Posting};
use crate::domain::book::TenderBook;
use crate::domain::exchanges::Exchange;
use crate::domain::gift_cards::{Card, CardEntry, Movement};
use crate::domain::money::Minor;
use crate::domain::perform::Context;
use crate::domain::returns::{Refund, RefundStatus, Return, ReturnedLine, Unreceipted};
use crate::domain::sale::{Sale, SaleLine, contained_of, taxes_of};
use crate::domain::state::State;
use crate::domain::tender::TenderType;
use jiff::civil::Date;
use uuid::Uuid;

/// A sale: what was taken in, against revenue, charges and taxes. What was given back with the same
/// receipt is a return, so that it lowers no total of sales. Change leaves the drawer,
/// whatever was paid with; the rounding of cash is a gain or loss of its own.
pub fn sold(sale: &Sale) -> Posting {
    let mut amounts = Amounts::default();
    for tender in sale.payments() {
        amounts.debit(Account::of_tender(tender.kind), tender.amount);
        amounts.credit(Account::Cash, tender.change);
    }
    let paid = sale.paid();
    for (line, paid) in sale.lines.iter().zip(&paid.lines) {
        let of_sale: i64 = paid.discount_shares.iter().map(|share| share.0).sum();
        let net = Minor(paid.net.0 + of_sale - contained_of(&paid.taxes).0);
        if !line.is_goods() {
            amounts.credit(Account::Returns, net);
            amounts.credit(Account::TaxReturned, taxes_of(&paid.taxes));
            continue;
        }
        let on_card = on_card(line, net);
        amounts.credit(Account::GiftCard, on_card);
        amounts.credit(Account::Sales, Minor(net.0 - on_card.0));
        amounts.credit(Account::Tax, taxes_of(&paid.taxes));
        paid.discount_shares.iter().for_each(|share| amounts.debit(Account::Sales, *share));
    }
    for charge in &paid.charges {
        amounts.credit(Account::Charges, Minor(charge.amount.0 - contained_of(&charge.taxes).0));
        amounts.credit(Account::Tax, taxes_of(&charge.taxes));
    }
    amounts.credit(Account::Rounding, sale.cash_rounding);
    Posting {
        register: Some(sale.register.clone()),
        business_date: sale.business_date,
        currency: sale.currency,
        amounts,
    }
}

/// A sale taken back on its own business day: the exact reverse, in the drawer where it is done.
pub fn sale_taken_back(sale: &Sale, context: &Context<'_>) -> Posting {
    let booked = sold(sale);
    let register = context.caller.register.clone().or(booked.register);
    Posting { register, amounts: booked.amounts.reversed(), ..booked }
}

/// What became of a dispute on a tender, on the day when it is told: what the bank took is its debt
/// while the dispute is open, a loss once it is lost, and in the clearing account again once it is
/// won.
pub fn charged_back(
    state: &State,
    sale: &Sale,
    (kind, before, after): (TenderType, &TenderBook, &TenderBook),
    context: &Context<'_>,
) -> Posting {
    let mut amounts = disputes(kind, after);
    amounts.add(&disputes(kind, before).reversed());
    let store = state.settings().store(&sale.store);
    Posting {
        register: context.caller.register.clone(),
        business_date: store.map_or(Date::MIN, |store| store.day(context.now)),
        currency: sale.currency,
        amounts,
    }
}

/// What all disputes on a tender so far come to.
pub fn disputes(kind: TenderType, tender: &TenderBook) -> Amounts {
    let mut amounts = Amounts::default();
    let clearing = Account::of_tender(kind);
    amounts.shift(tender.in_dispute, clearing, Account::ChargebacksReceivable);
    amounts.shift(tender.lost, clearing, Account::ChargebackLosses);
    amounts.shift(tender.bank_fees, clearing, Account::ChargebackFees);
    amounts
}

/// Of a line's net, what was put on a gift card: owed, not sold. A card of ours is booked for it
/// apart, against the same account; a discount on it is the sale's. Of another's card this service
/// knows the price alone.
fn on_card(line: &SaleLine, net: Minor) -> Minor {
    match &line.gift_card {
        Some(sold) => sold.face(line),
        None if line.is_gift_card() => net,
        None => Minor::ZERO,
    }
}

/// What an entry of a card moved, against the account that it is for.
pub fn card_moved(
    state: &State,
    card: &Card,
    entry: &CardEntry,
    movement: &Movement<'_>,
) -> Posting {
    let mut amounts = Amounts::default();
    amounts.shift(entry.amount, card.kind.liability(), movement.against);
    let today =
        || state.settings().store(&entry.store).map_or(Date::MIN, |store| store.day(entry.at));
    let day = movement.at.business_date.unwrap_or_else(today);
    Posting {
        register: entry.register.clone(),
        business_date: day,
        currency: card.currency,
        amounts,
    }
}

/// A return: what came back, against what was handed out and what is owed until it is settled. Of a
/// price adjustment the goods stay, so that its net is goodwill. With an exchange it is one
/// movement, both sides and the net of the money.
pub fn returned(state: &State, the_return: &Return) -> Posting {
    let mut amounts = Amounts::default();
    for line in &the_return.lines {
        let taxes: i64 = line.parts.taxes.iter().map(|tax| tax.0).sum();
        // What repricing had withheld is paid later, without units, for goods that did come back.
        let goods_stay = line.quantity.0 == 0 && line.parts.withheld.is_empty();
        let account = if goods_stay { Account::Goodwill } else { Account::Returns };
        // Whether the net contains the taxes or not: what the customer gets, less its taxes, is the
        // net.
        let net = Minor(line.parts.gross.0 - taxes);
        amounts.debit(if is_foreign_card(state, line) { Account::GiftCard } else { account }, net);
        amounts.debit(Account::TaxReturned, Minor(taxes));
        let (fee, tax_kept) = fee(line, state.book(line.sale).map(|book| &*book.sale));
        amounts.credit(Account::Fees, fee);
        amounts.credit(Account::TaxReturned, tax_kept);
    }
    for line in &the_return.without_receipt {
        let (fee, tax_kept) = fee_without_receipt(line);
        let taxes = Minor(line.taxes.iter().map(|(_, tax)| tax.0).sum());
        amounts.debit(Account::Returns, Minor(line.gross.0 - taxes.0));
        amounts.debit(Account::TaxReturned, Minor(taxes.0 - tax_kept.0));
        amounts.credit(Account::Fees, fee);
    }
    // What was left on the bought cards that came back; paid for them was more, or less, by what
    // they were sold under face.
    amounts.shift(state.wallet.taken_by_return(the_return.id), Account::Returns, Account::GiftCard);
    for charge in &the_return.charges {
        let of_sale = state.book(charge.sale);
        let Some(book) = of_sale.and_then(|book| Some(&book.charges[book.charge(charge.charge)?]))
        else {
            continue;
        };
        let parts = charge.parts.clone().unwrap_or_else(|| book.whole());
        let contained = book.contained(&parts);
        amounts.debit(Account::ChargesReturned, Minor(parts.amount.0 - contained.0));
        amounts.debit(Account::TaxReturned, parts.tax());
    }
    amounts.add(&paid_out(the_return));
    if let Some(exchange) = &the_return.exchange
        && let Some(book) = state.book(exchange.sale)
    {
        amounts.add(&exchanged(exchange, &book.sale));
    }
    Posting {
        register: Some(the_return.register.clone()),
        business_date: the_return.business_date,
        currency: the_return.currency,
        amounts,
    }
}

/// The new goods of an exchange: sold like any others. The money that was carried into them left
/// the tenders that it was paid with, as a refund would, and is a tender of the new sale: of the
/// same kind, so that nothing of it shows.
pub fn exchanged(exchange: &Exchange, sale: &Sale) -> Amounts {
    let mut amounts = sold(sale).amounts;
    for part in &exchange.carried {
        let Some(tender) = sale.tenders.iter().find(|tender| tender.tender == part.into) else {
            continue;
        };
        amounts.credit(Account::of_tender(tender.kind), part.amount);
        amounts.debit(Account::Rounding, part.rounding);
    }
    amounts
}

/// The fee kept of a line of this sale, and the tax kept with it: that tax was not given back.
/// Where the line's net contains a tax, the fee contains its own.
fn fee(line: &ReturnedLine, sale: Option<&Sale>) -> (Minor, Minor) {
    let taxes = total(&line.fee_taxes);
    let parts = &line.parts;
    let added = parts.gross.0 - parts.net.0;
    let contained = if added == 0 {
        taxes
    } else if added == total(&parts.taxes) {
        0
    } else {
        let paid = sale.and_then(|sale| sale.paid_line(line.sale_line));
        let known = paid.iter().flat_map(|paid| &paid.taxes).zip(&line.fee_taxes);
        known.filter(|(tax, _)| tax.is_contained()).map(|(_, kept)| kept.0).sum()
    };
    (Minor(line.fee.0 - contained), Minor(taxes))
}

/// What was refunded of goods without a receipt tells which of the kept taxes the fee contains.
fn fee_without_receipt(line: &Unreceipted) -> (Minor, Minor) {
    let taxes: i64 = line.fee_taxes.iter().map(|(_, tax)| tax.0).sum();
    let added = line.gross.0 - line.fee.0 - line.refund.0;
    (Minor(line.fee.0 - (taxes - added)), Minor(taxes))
}

fn total(amounts: &[Minor]) -> i64 {
    amounts.iter().map(|amount| amount.0).sum()
}

/// The fees kept of a return, without the taxes in them. `sale` finds the sales that it is of.
pub fn fees<'s>(the_return: &Return, sale: impl Fn(Uuid) -> Option<&'s Sale>) -> Minor {
    let with_receipt = the_return.lines.iter().map(|line| fee(line, sale(line.sale)));
    let without = the_return.without_receipt.iter().map(fee_without_receipt);
    Minor(with_receipt.chain(without).map(|(fee, _)| fee.0).sum())
}

/// Whether a line is a gift card that this service does not keep.
fn is_foreign_card(state: &State, line: &ReturnedLine) -> bool {
    let of_sale = state.book(line.sale).and_then(|book| book.sale.line(line.sale_line));
    of_sale.is_some_and(|line| line.gift_card.is_none() && line.is_gift_card())
}

/// The money side of a return as it stands: paid out or still owed, and what cash rounding made of
/// it.
pub fn paid_out(the_return: &Return) -> Amounts {
    let mut amounts = Amounts::default();
    for refund in the_return.refunds.iter().filter(|refund| !replaced(the_return, refund)) {
        amounts.credit(stands_at(refund), refund.plan.amount);
        amounts.debit(Account::Rounding, refund.plan.rounding);
    }
    amounts
}

/// A return as it stands now, taken back: the exact reverse of all that was booked for it so far.
/// The money comes back on the day of the void, into the drawer where it is done.
pub fn taken_back(state: &State, the_return: &Return, context: &Context<'_>) -> Posting {
    let booked = returned(state, the_return);
    Posting { amounts: booked.amounts.reversed(), ..later(state, the_return, context) }
}

/// What the terminal said of a refund: what was owed has been paid, or is paid by other means. A
/// refund that failed without a stand-in is still owed, and nothing moves.
pub fn settled(state: &State, before: &Return, after: &Return, context: &Context<'_>) -> Posting {
    let mut amounts = returned(state, after).amounts;
    amounts.add(&returned(state, before).amounts.reversed());
    Posting { amounts, ..later(state, after, context) }
}

/// Something done to a return later: on its own day, at its own register if the caller is at one.
fn later(state: &State, the_return: &Return, context: &Context<'_>) -> Posting {
    let day =
        state.settings().store(&the_return.store).map_or(Date::MIN, |store| store.day(context.now));
    let register = context.caller.register.as_ref().unwrap_or(&the_return.register);
    let currency = the_return.currency;
    Posting {
        register: Some(register.clone()),
        business_date: day,
        currency,
        amounts: Amounts::default(),
    }
}

/// Where the money of a refund stands: with the customer, or owed. What failed without a stand-in
/// is owed on.
fn stands_at(refund: &Refund) -> Account {
    match refund.status {
        RefundStatus::Settled => Account::of_tender(refund.plan.kind),
        RefundStatus::Due | RefundStatus::Failed | RefundStatus::Voided => Account::RefundsPayable,
    }
}

/// Whether another refund has taken its place.
fn replaced(the_return: &Return, refund: &Refund) -> bool {
    the_return.refunds.iter().any(|other| other.stands_in_for == Some(refund.plan.refund))
}
