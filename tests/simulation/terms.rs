//! The few terms that the simulated policies differ in, as numbers for the model and as a document for the service.

use crate::chance::Chance;
use crate::counter::{currency, policy_in};
use returndesk::domain::money::Minor;
use returndesk::domain::policies::ByCurrency;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Last day of the window, counted from the sale.
    pub days: i64,
    /// How many days longer a manager may approve; none: not at all.
    pub grace: Option<i64>,
    /// Percent of the net of what comes back opened.
    pub fee: i64,
    /// Above the first a supervisor approves, above the second two managers.
    pub tiers: (i64, i64),
    /// Returns of one customer within thirty days; one more takes a manager.
    pub returns: i64,
    pub governed: Governed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Governed {
    Sale,
    Return,
    Better,
}

impl Terms {
    pub fn any(chance: &mut Chance) -> Terms {
        let low = chance.within(500, 6_000);
        Terms {
            days: chance.within(3, 40),
            grace: chance.one_in(2).then(|| chance.within(1, 30)),
            fee: chance.pick(&[0, 0, 10, 15]),
            tiers: (low, low + chance.within(100, 9_000)),
            returns: chance.within(2, 9),
            governed: chance.pick(&[Governed::Sale, Governed::Return, Governed::Better]),
        }
    }

    pub fn compiled(&self, codes: &[&str]) -> Arc<ByCurrency> {
        let all = codes.iter().flat_map(|code| (*self.in_currency(code)).clone());
        Arc::new(all.collect::<BTreeMap<_, _>>())
    }

    fn in_currency(&self, code: &str) -> Arc<ByCurrency> {
        let money = |amount: i64| Minor(amount).format(currency(code));
        let after = match self.grace {
            None => r#""after": "refuse""#.to_owned(),
            Some(grace) => format!(
                r#""after": "needs_approval", "approval_role": "manager", "refuse_after_days": {}"#,
                self.days + grace
            ),
        };
        let fee = format!(
            r#""fee": {{"percent": "{}", "conditions": ["opened"], "except_reasons": ["wrong_item"]}},"#,
            self.fee
        );
        let (first, second) = self.tiers;
        let rules = format!(
            r#"[{{"id": "final", "when": {{"flags": ["final_sale"]}}, "set": {{"outcome": "refuse"}}}},
            {{"id": "default", "when": {{}}, "set": {{ {fee} "window": {{"days": {}, {after}}},
            "approval": [{{"over": "{}", "role": "supervisor"}}, {{"over": "{}", "role": "manager", "approvers": 2}}],
            "velocity": [{{"days": 30, "count": {}, "outcome": "needs_approval", "approval_role": "manager"}}],
            "refund_to": {{"*": ["original", "store_credit"]}}, "tender_order": "first", "check_clears_days": 0}}}}]"#,
            self.days,
            money(first),
            money(second),
            self.returns
        );
        let governed = match self.governed {
            Governed::Sale => "sale",
            Governed::Return => "return",
            Governed::Better => "better",
        };
        policy_in(code, governed, &rules)
    }
}
