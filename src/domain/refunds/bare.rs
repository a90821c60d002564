//! Money that goes back to no tender of a sale: for goods without a receipt, and to whoever holds a
//! gift receipt.

use super::super::decision::{Code, RefundPlan};
use super::super::money::Minor;
use super::super::policy::{RefundMeans, RefundRoutes, Resolved};
use super::super::tender::TenderType;
use super::{Into, Plan, Route, Terms, means_asked, others, spoken, spoken_list};

impl Plan {
    /// Plans `amount` for goods without a receipt. What was paid with is not known: only the
    /// policy's routes for every tender (`*`) count, and `original` means nothing among them.
    pub fn add_without_sale(&mut self, amount: Minor, policy: &Resolved<'_>, terms: &Terms<'_>) {
        let allowed =
            or_store_credit(real_means(policy.refund_to.value.otherwise.iter().flatten()));
        let route = self.bare_route("Without a receipt", allowed, policy, terms);
        let within = match policy.cash_limit {
            Some(limit) if route.means == TenderType::Cash => {
                let most = Minor((limit.value.amount.0 - self.cash.0).max(0));
                let within = amount.min(most);
                if within < amount {
                    let beyond = Minor(amount.0 - within.0);
                    self.cash_over_limit(&limit, Minor::ZERO, amount, within, terms);
                    let fallbacks = others(&[TenderType::StoreCredit], limit.value.beyond);
                    self.enter_bare(
                        beyond,
                        &Route { means: limit.value.beyond, original: false, fallbacks },
                    );
                }
                within
            }
            _ => amount,
        };
        if within.is_positive() {
            self.enter_bare(within, &route);
        }
    }

    /// Where the money of a gift goes: to store credit, or to a gift card where the policy says so.
    /// Never to the giver's tender, which `original` would mean; in cash only if somebody approves.
    pub(super) fn gift_route(
        &mut self,
        paid: TenderType,
        policy: &Resolved<'_>,
        terms: &Terms<'_>,
    ) -> Route {
        let RefundRoutes { by_tender, otherwise, .. } = policy.refund_to.value;
        let mut allowed =
            real_means(by_tender.get(&paid).or(otherwise.as_ref()).into_iter().flatten());
        allowed.retain(|means| matches!(means, TenderType::StoreCredit | TenderType::GiftCard));
        self.bare_route("With a gift receipt", or_store_credit(allowed), policy, terms)
    }

    /// The means asked for, with a finding where it is none of those allowed; the best of those
    /// where none is.
    fn bare_route(
        &mut self,
        why: &str,
        allowed: Vec<TenderType>,
        policy: &Resolved<'_>,
        terms: &Terms<'_>,
    ) -> Route {
        let means = means_asked(terms.refund_to).unwrap_or(allowed[0]);
        if !allowed.contains(&means) {
            let detail = format!(
                "{why} the money goes to {}, not to {}.",
                spoken_list(&allowed),
                spoken(means)
            );
            self.needs(Code::TenderNotAllowed, policy.refund_to.rule, detail);
        }
        Route { means, original: false, fallbacks: others(&allowed, means) }
    }

    /// Enters an exact amount; cash is rounded with all other cash of the return.
    fn enter_bare(&mut self, exact: Minor, route: &Route) {
        let known = self.refunds.iter().position(|r| r.sale.is_none() && r.kind == route.means);
        if route.means == TenderType::Cash {
            self.cash.0 += exact.0;
            let into = Into::Refund(known.unwrap_or(self.refunds.len()));
            self.note_cash_without_sale(exact, into);
        }
        match known.map(|known| &mut self.refunds[known]) {
            Some(refund) => refund.amount.0 += exact.0,
            None => self.refunds.push(RefundPlan {
                refund: u32::try_from(self.refunds.len() + 1).unwrap_or(u32::MAX),
                kind: route.means,
                sale: None,
                sale_tender: None,
                reference: None,
                amount: exact,
                rounding: Minor::ZERO,
                fallbacks: route.fallbacks.clone(),
            }),
        }
    }
}

/// The means that are named by what they are, each once, in their order.
fn real_means<'p>(routes: impl Iterator<Item = &'p RefundMeans>) -> Vec<TenderType> {
    let mut means = Vec::new();
    for route in routes {
        if let RefundMeans::Tender(kind) = route
            && !means.contains(kind)
        {
            means.push(*kind);
        }
    }
    means
}

fn or_store_credit(means: Vec<TenderType>) -> Vec<TenderType> {
    if means.is_empty() { vec![TenderType::StoreCredit] } else { means }
}
