//! The terms that the simulated policies differ in, as numbers for the model and as a document for
//! the service.

use crate::chance::Chance;
use crate::counter::currency;
use returndesk::domain::money::Minor;
use returndesk::domain::policies::ByCurrency;
use returndesk::domain::tender::TenderType;
use returndesk::wire::policy::{self, PolicyDocument, compile_document};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Last day of the window, counted from the sale.
    pub days: i64,
    /// How many days longer a manager may approve; none: not at all.
    pub grace: Option<i64>,
    pub fee: Fee,
    /// Above the first a supervisor approves, above the second two managers.
    pub tiers: (i64, i64),
    /// Returns of one customer within thirty days; one more takes a manager.
    pub returns: i64,
    /// Money back to one customer within thirty days; more is refused.
    pub returned: Option<i64>,
    pub governed: Governed,
    pub order: Order,
    pub routes: Routes,
    /// Where the money of a younger sale goes: up to how many days, by which routes, and whether
    /// the sale at hand is as young.
    pub young: Option<(i64, Routes, bool)>,
    /// Since when new goods of an exchange count as bought.
    pub exchange: Exchange,
    /// The most in cash; beyond it store credit.
    pub cash_limit: Option<i64>,
    /// The most in all.
    pub most: Option<i64>,
    /// Days before money paid by check goes back.
    pub check_days: i64,
    pub promotion: Promotion,
}

/// Of what comes back opened and is not defective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fee {
    /// Percent of the net.
    Percent(i64),
    /// For each unit.
    Each(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Governed {
    Sale,
    Return,
    Better,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    First,
    Last,
    CardsFirst,
    Proportional,
}

/// Where the money of each tender may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routes {
    OriginalOrCredit,
    OriginalAlone,
    CashForChecks,
    CreditForCards,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    Inherit,
    InheritAll,
    Restart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promotion {
    Prorate,
    Refuse,
    Reprice,
}

impl Terms {
    /// Until a line has been judged.
    pub const NONE: Terms = Terms {
        days: 0,
        grace: None,
        fee: Fee::Percent(0),
        tiers: (i64::MAX, i64::MAX),
        returns: i64::MAX,
        returned: None,
        governed: Governed::Sale,
        order: Order::First,
        routes: Routes::OriginalAlone,
        young: None,
        exchange: Exchange::Inherit,
        cash_limit: None,
        most: None,
        check_days: 0,
        promotion: Promotion::Prorate,
    };

    /// Whether money goes the same ways under both.
    pub fn pays_like(&self, other: &Terms) -> bool {
        (self.routes, self.young, self.order, self.check_days, self.cash_limit)
            == (other.routes, other.young, other.order, other.check_days, other.cash_limit)
    }

    /// What holds for a sale of so many days.
    pub fn at(self, age: i64) -> Terms {
        match self.young {
            Some((days, routes, _)) if age <= days => {
                Terms { routes, young: Some((days, routes, true)), ..self }
            }
            _ => self,
        }
    }

    pub fn any(chance: &mut Chance) -> Terms {
        let low = chance.within(500, 6_000);
        let some = |chance: &mut Chance| {
            chance.pick(&[
                Routes::OriginalOrCredit,
                Routes::OriginalOrCredit,
                Routes::OriginalAlone,
                Routes::CashForChecks,
                Routes::CreditForCards,
            ])
        };
        let (routes, younger) = (some(chance), some(chance));
        let young =
            (younger != routes && chance.one_in(3)).then(|| (chance.within(0, 12), younger, false));
        let alone = |routes: Routes| routes == Routes::OriginalAlone;
        let no_credit = alone(routes) || young.is_some_and(|(_, routes, _)| alone(routes));
        Terms {
            days: chance.within(3, 40),
            grace: chance.one_in(2).then(|| chance.within(1, 30)),
            fee: if chance.one_in(4) {
                Fee::Each(chance.within(1, 300))
            } else {
                Fee::Percent(chance.pick(&[0, 0, 10, 15]))
            },
            tiers: (low, low + chance.within(100, 9_000)),
            returns: chance.within(2, 9),
            returned: chance.one_in(4).then(|| chance.within(3_000, 30_000)),
            governed: chance.pick(&[Governed::Sale, Governed::Return, Governed::Better]),
            order: chance.pick(&[
                Order::First,
                Order::First,
                Order::Last,
                Order::CardsFirst,
                Order::Proportional,
            ]),
            routes,
            young,
            exchange: chance.pick(&[Exchange::Inherit, Exchange::InheritAll, Exchange::Restart]),
            // What is paid beyond it must be allowed for cash.
            cash_limit: (!no_credit && chance.one_in(3)).then(|| chance.within(100, 4_000)),
            most: chance.one_in(8).then(|| chance.within(5_000, 15_000)),
            check_days: chance.pick(&[0, 0, 5]),
            promotion: chance.pick(&[Promotion::Prorate, Promotion::Refuse, Promotion::Reprice]),
        }
    }

    /// By what the money of a tender may go, best first.
    pub fn means(&self, paid_by: TenderType) -> Vec<TenderType> {
        use TenderType::{Cash, Check, CreditCard, StoreCredit};
        match (self.routes, paid_by) {
            (Routes::OriginalAlone, _) => vec![paid_by],
            (Routes::CashForChecks, Check) => vec![Cash, StoreCredit],
            (Routes::CreditForCards, CreditCard) => vec![StoreCredit],
            (Routes::CashForChecks, _) if paid_by != Cash => vec![paid_by, Cash, StoreCredit],
            _ => vec![paid_by, StoreCredit],
        }
    }

    /// The document as it is kept, and ready to be asked.
    pub fn document(&self, code: &str) -> (Arc<str>, Arc<ByCurrency>) {
        let text = format!(
            r#"{{"currency": "{code}", "governed_by": "{}", "rules": [
            {{"id": "final", "when": {{"flags": ["final_sale"]}}, "set": {{"outcome": "refuse"}}}},
            {{"id": "default", "when": {{}}, "set": {{{}}}}}]}}"#,
            match self.governed {
                Governed::Sale => "sale",
                Governed::Return => "return",
                Governed::Better => "better",
            },
            self.settings(code)
        );
        let document: PolicyDocument =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"));
        let compiled =
            compile_document(&document).unwrap_or_else(|faults| panic!("{faults:?} in {text}"));
        (policy::text(&document).into(), compiled)
    }

    fn settings(&self, code: &str) -> String {
        let money = |amount: i64| Minor(amount).format(currency(code));
        let after = match self.grace {
            None => r#""after": "refuse""#.to_owned(),
            Some(grace) => format!(
                r#""after": "needs_approval", "approval_role": "manager", "refuse_after_days": {}"#,
                self.days + grace
            ),
        };
        let fee = match self.fee {
            Fee::Percent(percent) => format!(r#""percent": "{percent}""#),
            Fee::Each(each) => format!(r#""fixed": "{}""#, money(each)),
        };
        let returned = self.returned.map_or(String::new(), |most| {
            format!(r#", {{"days": 30, "amount": "{}", "outcome": "refuse"}}"#, money(most))
        });
        let cash_limit = self.cash_limit.map_or(String::new(), |most| {
            format!(r#""cash_limit": {{"amount": "{}", "beyond": "store_credit"}},"#, money(most))
        });
        let most = self.most.map_or(String::new(), |most| {
            format!(r#""amount_limit": {{"amount": "{}", "outcome": "refuse"}},"#, money(most))
        });
        let (first, second) = self.tiers;
        format!(
            r#""fee": {{{fee}, "conditions": ["opened"], "except_reasons": ["wrong_item"]}},
            "window": {{"days": {}, {after}}}, {cash_limit} {most}
            "approval": [{{"over": "{}", "role": "supervisor"}}, {{"over": "{}", "role": "manager", "approvers": 2}}],
            "velocity": [{{"days": 30, "count": {}, "outcome": "needs_approval", "approval_role": "manager"}}{returned}],
            "refund_to": {}, "tender_order": {}, "check_clears_days": {}, "promotion": "{}",
            "exchange_window": "{}""#,
            self.days,
            money(first),
            money(second),
            self.returns,
            self.routes_written(),
            self.order.written(),
            self.check_days,
            self.promotion.written(),
            self.exchange.written()
        )
    }
}

impl Terms {
    fn routes_written(&self) -> String {
        let all = self.routes.written();
        match self.young {
            None => all.to_owned(),
            Some((days, young, _)) => {
                let young = young.written();
                format!(r#"[{{"within_days": {days}, "to": {young}}}, {{"to": {all}}}]"#)
            }
        }
    }
}

impl Exchange {
    fn written(self) -> &'static str {
        match self {
            Exchange::Inherit => "inherit",
            Exchange::InheritAll => "inherit_all",
            Exchange::Restart => "restart",
        }
    }
}

impl Routes {
    fn written(self) -> &'static str {
        match self {
            Routes::OriginalOrCredit => r#"{"*": ["original", "store_credit"]}"#,
            Routes::OriginalAlone => r#"{"*": ["original"]}"#,
            Routes::CashForChecks => {
                r#"{"check": ["cash", "store_credit"], "cash": ["original", "store_credit"],
                "*": ["original", "cash", "store_credit"]}"#
            }
            Routes::CreditForCards => {
                r#"{"credit_card": ["store_credit"], "*": ["original", "store_credit"]}"#
            }
        }
    }
}

impl Order {
    fn written(self) -> &'static str {
        match self {
            Order::First => r#""first""#,
            Order::Last => r#""last""#,
            Order::CardsFirst => r#"["credit_card"]"#,
            Order::Proportional => r#""proportional""#,
        }
    }
}

impl Promotion {
    fn written(self) -> &'static str {
        match self {
            Promotion::Prorate => "prorate",
            Promotion::Refuse => "refuse",
            Promotion::Reprice => "reprice",
        }
    }
}
