//! To which tenders an amount goes back (PRODUCT §7): the order by policy, never more than a tender
//! paid, substitutes where a tender cannot or may not be paid back, cash rounded without loss over
//! repeated returns.

mod bare;
mod carry;
mod coins;
mod instead;
mod rest;

pub use carry::Carry;
pub use coins::off_by;
pub use instead::in_other_means;

use super::book::{Book, TenderBook};
use super::caller::Role;
use super::decision::{Code, Finding, RefundPlan};
use super::money::{Currency, Minor};
use super::policy::{CashLimit, DEFAULT_APPROVER, Resolved, Set, TenderOrder};
use super::rounding::CashRounding;
use super::sale::{Sale, Tender};
use super::tender::TenderType;
use super::words::RefundTo;
use coins::{Into, Pending};
use jiff::civil::Date;
use rest::capacity;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the plan must know beside the sale.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    pub currency: Currency,
    pub refund_to: RefundTo,
    /// The register names the original tender itself.
    pub original_asked: bool,
    /// Tenders of the sale that the register cannot pay back to.
    pub unavailable: &'a [u32],
    /// The store's calendar day.
    pub today: Date,
    pub cash_rounding: Option<CashRounding>,
    /// The sale is presented by its gift receipt: the money is not for whoever paid.
    pub gift_receipt: bool,
    /// What was redeemed for its sale, of each tender that is a card of ours.
    pub redeemed: &'a Redeemed,
}

/// What was taken off cards of ours for sales, by sale and number of the tender. No more than that
/// is refunded of such a tender.
pub type Redeemed = BTreeMap<(Uuid, u32), Minor>;

/// Refunds planned so far, over all sales of one return.
#[derive(Default)]
pub struct Plan {
    pub refunds: Vec<RefundPlan>,
    pub findings: Vec<Finding>,
    /// Money that goes into the new goods of an exchange instead of out of the shop.
    pub carried: Vec<Carry>,
    /// Paid in cash so far: the cash limit is one for the whole return.
    cash: Minor,
    /// Cash that is rounded once all of it is planned.
    pending: Vec<Pending>,
}

/// Where a share of the money leaves the sale's tender, and by what means it reaches the customer.
struct Route {
    means: TenderType,
    /// The very tender of the sale, not another of its kind.
    original: bool,
    fallbacks: Vec<TenderType>,
}

impl Plan {
    /// Plans `amount`, exact, over the tenders of a sale, and enters it in the book.
    pub fn add(
        &mut self,
        book: &mut Book,
        amount: Minor,
        policy: &Resolved<'_>,
        terms: &Terms<'_>,
    ) {
        let mut left = amount;
        for (place, most) in shares(book, amount, policy.tender_order.value, terms.redeemed) {
            let exact = Minor(left.0.min(most.0).min(capacity(book, place, terms.redeemed).0));
            if exact.is_positive() {
                self.pay(book, place, exact, policy, terms);
                left.0 -= exact.0;
            }
        }
        if left.is_positive() {
            self.exhausted(book, amount, left, terms);
        }
    }

    fn exhausted(&mut self, book: &Book, amount: Minor, left: Minor, terms: &Terms<'_>) {
        let unredeemed = |(tender, state): (&Tender, &TenderBook)| {
            let redeemed = terms.redeemed.get(&(book.sale.id, tender.tender));
            redeemed.is_some_and(|redeemed| *redeemed < state.paid)
        };
        if book.sale.tenders.iter().zip(&book.tenders).any(unredeemed) {
            return self.findings.push(Finding::refused(
                Code::TenderExhausted,
                "service:redeemed",
                format!(
                    "{} of {} was never taken off the gift card that the receipt names. Redeem it \
                     for this receipt first, or check the receipt.",
                    left.format(terms.currency),
                    amount.format(terms.currency)
                ),
            ));
        }
        let disputed = book.tenders.iter().any(TenderBook::disputed);
        let taken = book.tenders.iter().any(|tender| tender.lost.is_positive());
        let why = match (disputed, taken) {
            (true, _) => "is in dispute at the bank, was never paid, or has been refunded already",
            (_, true) => "was taken back by the bank, was never paid, or has been refunded already",
            _ => "was never paid or has been refunded already",
        };
        self.findings.push(Finding::refused(
            Code::TenderExhausted,
            "service:tender-cap",
            format!(
                "{} is to go back, but {} of it {why}.",
                amount.format(terms.currency),
                left.format(terms.currency)
            ),
        ));
    }

    /// Pays `exact` of one tender of the sale, by the best means that policy and circumstances
    /// allow.
    fn pay(
        &mut self,
        book: &mut Book,
        place: usize,
        exact: Minor,
        policy: &Resolved<'_>,
        terms: &Terms<'_>,
    ) {
        let tender = &book.sale.tenders[place];
        let route = match terms.gift_receipt {
            true => self.gift_route(tender.kind, policy, terms),
            false => self.route(tender, book.sale.paid_on(tender.tender), policy, terms),
        };
        let within = match policy.cash_limit {
            Some(limit) if route.means == TenderType::Cash => {
                let before = book.given_in_cash().0 - self.cash_of(book.sale.id).0;
                let most = limit.value.amount.0 - book.given_in_cash().max(self.cash).0;
                let within = exact.min(Minor(most.max(0)));
                if within < exact {
                    self.cash_over_limit(&limit, Minor(before), exact, within, terms);
                    let fallbacks = others(&[TenderType::StoreCredit], limit.value.beyond);
                    let beyond = Route { means: limit.value.beyond, original: false, fallbacks };
                    self.enter(book, place, Minor(exact.0 - within.0), &beyond, terms);
                }
                within
            }
            _ => exact,
        };
        if within.is_positive() {
            self.enter(book, place, within, &route, terms);
        }
    }

    /// Says that cash is limited, for one return and for one sale, and what pays the rest.
    fn cash_over_limit(
        &mut self,
        limit: &Set<'_, CashLimit>,
        before: Minor,
        exact: Minor,
        within: Minor,
        terms: &Terms<'_>,
    ) {
        let told = |amount: Minor| amount.format(terms.currency);
        let paid = match before.is_positive() {
            true => format!("; {} was given before. ", told(before)),
            false => "; ".to_owned(),
        };
        let detail = format!(
            "At most {} can be given in cash{paid}{} goes to {} instead.",
            told(limit.value.amount),
            told(Minor(exact.0 - within.0)),
            spoken(limit.value.beyond)
        );
        self.findings.push(Finding::noted(Code::CashOverLimit, limit.rule, detail));
    }

    /// What this return pays in cash of a sale, exact.
    fn cash_of(&self, sale: Uuid) -> Minor {
        let cash = |refund: &&RefundPlan| refund.kind == TenderType::Cash;
        let of_sale = self.refunds.iter().filter(|refund| refund.sale == Some(sale)).filter(cash);
        Minor(of_sale.map(|refund| refund.amount.0 - refund.rounding.0).sum())
    }

    /// Cash stands in for another means only where all of the return, and all that was given back
    /// on the sale so far, could have been paid in cash: else a card said to have failed would be
    /// the way around the limit. `given` is what the sale has given back, this return included.
    pub fn keep_cash_within(&mut self, limit: Minor, given: impl Fn(Uuid) -> Minor) {
        let exact = |refund: &RefundPlan| refund.amount.0 - refund.rounding.0;
        let total: i64 = self.refunds.iter().map(exact).sum();
        for refund in &mut self.refunds {
            let of_sale = refund.sale.map_or(Minor::ZERO, &given);
            if of_sale.max(Minor(total)) > limit {
                refund.fallbacks.retain(|kind| *kind != TenderType::Cash);
            }
        }
    }

    fn route(
        &mut self,
        tender: &Tender,
        sold: Date,
        policy: &Resolved<'_>,
        terms: &Terms<'_>,
    ) -> Route {
        let routes = policy.refund_to;
        let usable = !terms.unavailable.contains(&tender.tender);
        let clears = jiff::Span::new().try_days(i64::from(*policy.check_clears_days.value));
        let clears = clears.map_or(Date::MAX, |days| sold.saturating_add(days));
        let uncleared = tender.kind == TenderType::Check && terms.today < clears;
        let allowed: Vec<TenderType> = routes.value.allowed(tender.kind).collect();
        let open = |means: TenderType| match means == tender.kind {
            true => usable && !uncleared,
            // A check that has not cleared is no reason to hand out cash for it.
            false => !uncleared || means != TenderType::Cash,
        };
        let usable_means: Vec<TenderType> =
            allowed.iter().copied().filter(|means| open(*means)).collect();
        if let Some(asked) = means_asked(terms.refund_to) {
            if !allowed.contains(&asked) {
                let detail = format!(
                    "Paid by {}; the policy refunds that to {}, not to {}.",
                    spoken(tender.kind),
                    spoken_list(&allowed),
                    spoken(asked)
                );
                self.needs(Code::TenderNotAllowed, routes.rule, detail);
            }
            if uncleared {
                self.uncleared(policy, clears, asked);
            }
            let original = asked == tender.kind && usable && !uncleared;
            return Route { means: asked, original, fallbacks: others(&usable_means, asked) };
        }
        if terms.original_asked && usable && !uncleared && !allowed.contains(&tender.kind) {
            let detail = format!(
                "Paid by {0}; the policy refunds that to {1}. A manager may allow {0}.",
                spoken(tender.kind),
                spoken_list(&allowed)
            );
            self.needs(Code::TenderNotAllowed, routes.rule, detail);
            return Route { means: tender.kind, original: true, fallbacks: usable_means };
        }
        match usable_means.first().copied() {
            Some(means) => {
                if uncleared {
                    self.uncleared(policy, clears, means);
                }
                Route {
                    means,
                    original: means == tender.kind,
                    fallbacks: others(&usable_means, means),
                }
            }
            None => {
                let (code, rule, why) = if uncleared {
                    let why = format!("The check clears on {clears}");
                    (Code::TenderNotCleared, policy.check_clears_days.rule, why)
                } else {
                    let why = format!(
                        "Tender {} ({}) cannot be paid back to",
                        tender.tender,
                        spoken(tender.kind)
                    );
                    (Code::TenderNotAllowed, routes.rule, why)
                };
                let detail = format!(
                    "{why}, and the policy allows nothing else for it; a manager may give store credit."
                );
                self.needs(code, rule, detail);
                Route { means: TenderType::StoreCredit, original: false, fallbacks: Vec::new() }
            }
        }
    }

    fn uncleared(&mut self, policy: &Resolved<'_>, clears: Date, means: TenderType) {
        let rule = policy.check_clears_days.rule;
        if means == TenderType::Cash || means == TenderType::Check {
            let detail = format!(
                "The check clears on {clears}; before that a manager has to approve {}.",
                spoken(means)
            );
            self.needs(Code::TenderNotCleared, rule, detail);
        } else {
            let detail = format!(
                "The check clears on {clears}; until then the money goes to {}.",
                spoken(means)
            );
            self.findings.push(Finding::noted(Code::TenderNotCleared, rule, detail));
        }
    }

    fn needs(&mut self, code: Code, rule: &str, detail: String) {
        const APPROVER: Role = DEFAULT_APPROVER;
        if !self.findings.iter().any(|f| f.code == code && f.detail == detail) {
            self.findings.push(Finding::needs(code, rule, APPROVER, 1, detail));
        }
    }

    /// Takes `exact` of a tender in its book, and returns what is paid for it by these means. Cash
    /// is exact for now: all of it is rounded together ([`Plan::in_coins`]).
    fn take(
        &mut self,
        book: &mut Book,
        place: usize,
        exact: Minor,
        (means, into): (TenderType, Into),
        terms: &Terms<'_>,
    ) -> Minor {
        let amount = match terms.cash_rounding.filter(|_| means == TenderType::Cash) {
            None => to_the_unit(book, place, exact),
            Some(rounding) if coins::in_smaller_coins(book, place, rounding.step) => {
                coins::small_change(book, place, exact, rounding)
            }
            Some(_) => {
                self.note_cash(book, place, exact, into);
                exact
            }
        };
        let rounding = Minor(amount.0 - exact.0);
        match into {
            Into::Refund(_) => book.tenders[place].refund(means, amount, rounding),
            Into::Carried(_) => book.tenders[place].carry(amount, rounding),
        }
        amount
    }

    /// Enters a refund of `exact`, rounded if it is cash, in the plan and in the book.
    fn enter(
        &mut self,
        book: &mut Book,
        place: usize,
        exact: Minor,
        route: &Route,
        terms: &Terms<'_>,
    ) {
        let number = book.sale.tenders[place].tender;
        let known = self.refunds.iter().position(|r| {
            r.sale == Some(book.sale.id) && r.sale_tender == Some(number) && r.kind == route.means
        });
        let into = Into::Refund(known.unwrap_or(self.refunds.len()));
        let amount = self.take(book, place, exact, (route.means, into), terms);
        let rounding = Minor(amount.0 - exact.0);
        if route.means == TenderType::Cash {
            self.cash.0 += exact.0;
        }
        let paid_with = &book.sale.tenders[place];
        match known.map(|known| &mut self.refunds[known]) {
            Some(refund) => {
                refund.amount.0 += amount.0;
                refund.rounding.0 += rounding.0;
            }
            None => self.refunds.push(RefundPlan {
                refund: u32::try_from(self.refunds.len() + 1).unwrap_or(u32::MAX),
                kind: route.means,
                sale: Some(book.sale.id),
                sale_tender: Some(paid_with.tender),
                reference: if route.original { paid_with.reference.clone() } else { None },
                amount,
                rounding,
                fallbacks: route.fallbacks.clone(),
            }),
        }
    }
}

/// Returns what leaves a tender for `exact` by a means that pays to the minor unit: the last of it
/// with what the sale's cash rounding added to the tender.
fn to_the_unit(book: &Book, place: usize, exact: Minor) -> Minor {
    let own = if closes(book, place, exact) { own_share(book, place) } else { 0 };
    Minor((exact.0 + own).max(0))
}

/// Returns true if nothing exact is left of a tender once `exact` is paid.
fn closes(book: &Book, place: usize, exact: Minor) -> bool {
    let (tender, ceiling) = (&book.tenders[place], exact_ceiling(book, place));
    ceiling.is_positive() && tender.exact_out().0 + exact.0 == ceiling.0
}

/// What the sale's cash rounding added to a tender.
fn own_share(book: &Book, place: usize) -> i64 {
    book.tenders[place].paid.0 - exact_ceiling(book, place).0
}

/// Returns true if an exact amount still fits into what a tender paid.
pub fn can_bear(book: &Book, place: usize, exact: Minor) -> bool {
    book.tenders[place].exact_out().0 + exact.0 <= exact_ceiling(book, place).0
}

/// What a tender paid before cash rounding. Money carried over from an earlier sale brings its own
/// rounding along.
fn exact_ceiling(book: &Book, place: usize) -> Minor {
    let carried = book.sale.carried(book.sale.tenders[place].tender);
    let rounding = match carried {
        Some(carried) => carried.rounding.0,
        None if bears_rounding(&book.sale) == Some(place) => own_rounding(&book.sale).0,
        None => 0,
    };
    Minor((book.tenders[place].paid.0 - rounding).max(0))
}

/// The tender that the sale's cash rounding is part of: the last cash, or where only the change was
/// cash the last tender that had any. One that paid less than the rounding cannot hold it.
fn bears_rounding(sale: &Sale) -> Option<usize> {
    if sale.rounds_what_it_paid_out() {
        return None;
    }
    let own = own_rounding(sale);
    let may = |tender: &Tender| {
        tender.paid() >= own && !tender.is_in_kind() && sale.carried(tender.tender).is_none()
    };
    let last = |which: fn(&Tender) -> bool| sale.tenders.iter().rposition(|t| which(t) && may(t));
    last(|tender| tender.kind == TenderType::Cash)
        .or_else(|| last(|tender| tender.change.is_positive()))
        .or_else(|| last(|_| true))
}

/// The sale's cash rounding but for what came with money of earlier sales.
fn own_rounding(sale: &Sale) -> Minor {
    let carried =
        sale.exchange_of.iter().flat_map(|tie| &tie.carried).map(|carried| carried.rounding.0);
    Minor(sale.cash_rounding.0 - carried.sum::<i64>())
}

/// The tenders of a sale in the order they are paid back, each with the most it is to pay. What was
/// paid in kind comes last, whatever the order: whatever a real tender paid goes back to that.
fn shares(
    book: &Book,
    amount: Minor,
    order: &TenderOrder,
    redeemed: &Redeemed,
) -> Vec<(usize, Minor)> {
    let (in_kind, paid): (Vec<usize>, Vec<usize>) =
        (0..book.sale.tenders.len()).partition(|&place| book.sale.tenders[place].is_in_kind());
    let mut shares = of_payments(book, amount, order, paid, redeemed);
    shares.extend(in_kind.into_iter().map(|place| (place, amount)));
    shares
}

fn of_payments(
    book: &Book,
    amount: Minor,
    order: &TenderOrder,
    mut places: Vec<usize>,
    redeemed: &Redeemed,
) -> Vec<(usize, Minor)> {
    match order {
        TenderOrder::First => {}
        TenderOrder::Last => places.reverse(),
        TenderOrder::Listed(kinds) => {
            let rank =
                |kind: TenderType| kinds.iter().position(|k| *k == kind).unwrap_or(kinds.len());
            places.sort_by_key(|&place| (rank(book.sale.tenders[place].kind), place));
        }
        TenderOrder::Proportional => return proportional(book, amount, &places, redeemed),
    }
    places.into_iter().map(|place| (place, amount)).collect()
}

/// Each tender its share by what it still has to give, then whatever a share could not take.
fn proportional(
    book: &Book,
    amount: Minor,
    places: &[usize],
    redeemed: &Redeemed,
) -> Vec<(usize, Minor)> {
    let capacities: Vec<Minor> =
        places.iter().map(|&place| capacity(book, place, redeemed)).collect();
    let total: i64 = capacities.iter().map(|c| c.0).sum();
    let parts = super::allocate::largest_remainder(Minor(amount.0.min(total)), &capacities);
    places.iter().copied().zip(parts).collect()
}

fn means_asked(refund_to: RefundTo) -> Option<TenderType> {
    match refund_to {
        RefundTo::Original => None,
        RefundTo::StoreCredit => Some(TenderType::StoreCredit),
        RefundTo::GiftCard => Some(TenderType::GiftCard),
        RefundTo::Cash => Some(TenderType::Cash),
        RefundTo::Check => Some(TenderType::Check),
    }
}

/// Whether the money has reached the customer with the recording: the others wait for the
/// terminal's word or the mail.
pub fn settles_at_once(kind: TenderType) -> bool {
    matches!(kind, TenderType::Cash | TenderType::GiftCard | TenderType::StoreCredit)
}

fn others(allowed: &[TenderType], means: TenderType) -> Vec<TenderType> {
    allowed.iter().copied().filter(|other| *other != means).collect()
}

fn spoken(kind: TenderType) -> String {
    kind.as_str().replace('_', " ")
}

fn spoken_list(kinds: &[TenderType]) -> String {
    kinds.iter().map(|kind| spoken(*kind)).collect::<Vec<_>>().join(" or ")
}
