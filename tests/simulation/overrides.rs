//! Overrides asked for, used, used again and too late, by the service and by the model.

use crate::counter::{approver, digest_of};
use crate::verdict::{Expected, Needed, is_customer};
use crate::world::{Brought, Issued, World};
use jiff::SignedDuration;
use returndesk::domain::decision::Code;
use returndesk::domain::draft::{Draft, Grant};
use returndesk::domain::overrides::IssueOverride;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::{OverrideFault, Refusal};
use uuid::Uuid;

impl World {
    pub fn ask_for_override(&mut self) {
        let brought = match self.waiting.take() {
            Some(waiting) => waiting,
            None => self.something(),
        };
        let (draft, mut expected) = self.foretold(&brought, &[]);
        let (_, versions) = self.expected(&brought, brought.refund_to, &[]);
        if !expected.invalid && !expected.refused && expected.needed.is_empty() {
            // Nothing to approve, unless the other version gives more with it.
            let more = |other: &&Expected| {
                !other.refused && !other.needed.is_empty() && other.worth() > expected.worth()
            };
            let more = versions.iter().filter(more).max_by_key(|other| other.worth()).cloned();
            expected = more.unwrap_or(expected);
        }
        let who = match self.chance.within(0, 10) {
            0 => approver(&draft.operator, 2),
            1..3 => approver("2002", 1),
            3..5 => approver("3001", 3),
            _ => approver(self.chance.pick(&["2001", "2003"]), 2),
        };
        let mut codes: Vec<Code> = expected.needed.iter().map(|needed| needed.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let fault = self.approver_fault(&draft, &expected, &who.operator, who.rank, &codes);
        let (digest, operator) = (digest_of(&draft), draft.operator.clone());
        let command = IssueOverride {
            draft,
            digest,
            codes: vec![],
            approver: who,
            reason: "goodwill".to_owned(),
            note: None,
            valid_for: SignedDuration::from_mins(5),
        };
        let silent = expected.invalid || (!expected.refused && codes.is_empty());
        match self.perform(&Command::IssueOverride(Box::new(command)), silent) {
            Outcome::Refused(refusal) => match *refusal {
                Refusal::ReturnRefused(_) => assert!(!silent && expected.refused),
                Refusal::Invalid(_) => assert!(silent),
                Refusal::Override { why, .. } => {
                    assert!(!silent && !expected.refused && Some(why) == fault)
                }
                other => panic!("{other:?}"),
            },
            Outcome::Done(done) => {
                assert!(!expected.refused && !silent && fault.is_none());
                let Done::OverrideIssued(issued) = *done else { panic!("{done:?}") };
                let grant = issued.grant;
                assert_eq!((&grant.codes, grant.max_refund.0), (&codes, expected.credit));
                let mut sales: Vec<Uuid> =
                    expected.sales().map(|sale| self.sales[sale].sale.id).collect();
                sales.sort_unstable();
                sales.dedup();
                assert_eq!(grant.sales, sales);
                assert_eq!((grant.draft, grant.operator.as_ref()), (digest, Some(&operator)));
                self.overrides.push(Issued { grant, used: false });
                self.waiting = Some(brought);
            }
        }
        expected.books.keys().for_each(|place| self.compare(*place));
    }

    pub fn approver_fault(
        &self,
        draft: &Draft,
        expected: &Expected,
        who: &str,
        rank: u8,
        codes: &[Code],
    ) -> Option<OverrideFault> {
        let buyers = expected.sales().map(|sale| self.sales[sale].sale.customer.as_deref());
        let mut buyers = buyers.chain([draft.customer.as_deref()]).flatten();
        let lacks =
            expected.needed.iter().any(|needed| codes.contains(&needed.code) && needed.rank > rank);
        if who == draft.operator {
            Some(OverrideFault::ApproverIsOperator)
        } else if buyers.any(|buyer| is_customer(who, buyer)) {
            Some(OverrideFault::ApproverOwnPurchase)
        } else {
            lacks.then_some(OverrideFault::ApproverLacksRole)
        }
    }

    /// Of the overrides at hand mostly those for this sale, sometimes any.
    pub fn some_grants(&mut self, brought: &Brought) -> Vec<Grant> {
        if self.overrides.is_empty() || self.chance.one_in(4) {
            return vec![];
        }
        let (sale, now) = (self.sales[brought.main].sale.id, self.counter.now);
        let good = |issued: &&Issued| {
            !issued.used && now < issued.grant.expires_at && issued.grant.sales.contains(&sale)
        };
        let mut grants: Vec<Grant> =
            self.overrides.iter().filter(good).map(|issued| issued.grant.clone()).take(3).collect();
        if self.chance.one_in(20) {
            let any = self.chance.index(self.overrides.len());
            grants.push(self.overrides[any].grant.clone());
        }
        grants
    }

    /// The first fault of the first override that has one.
    pub fn override_fault(
        &self,
        draft: &Draft,
        expected: &Expected,
        grants: &[Grant],
    ) -> Option<OverrideFault> {
        let refused = expected.refused;
        // A sale that was voided meanwhile is not among them any more.
        let mut sales: Vec<Uuid> = expected.sales().map(|sale| self.sales[sale].sale.id).collect();
        sales.sort_unstable();
        sales.dedup();
        grants.iter().find_map(|grant| {
            let used =
                self.overrides.iter().any(|issued| issued.grant.id == grant.id && issued.used);
            let covers = expected.needed.iter().any(|needed| grant.codes.contains(&needed.code));
            let bound = grant.store == draft.store
                && expected.credit <= grant.max_refund.0
                && grant.draft == digest_of(draft)
                && grant.sales == sales
                && grant.operator.as_ref() == Some(&draft.operator);
            if used {
                Some(OverrideFault::Used)
            } else if self.counter.now >= grant.expires_at {
                Some(OverrideFault::Expired)
            } else if !bound || (!covers && !refused) {
                Some(OverrideFault::Mismatch)
            } else {
                self.approver_fault(
                    draft,
                    expected,
                    &grant.approver.operator,
                    grant.approver.rank,
                    &grant.codes,
                )
            }
        })
    }

    /// Those that covered something are used up.
    pub fn use_up(&mut self, grants: &[Grant]) {
        for issued in &mut self.overrides {
            if grants.iter().any(|grant| grant.id == issued.grant.id) {
                issued.used =
                    self.counter.state.override_of(issued.grant.id).unwrap().used_for.is_some();
            }
        }
        self.seen.by_override += u64::from(!grants.is_empty());
    }
}

/// Whether enough different people of the rank have approved a finding.
pub fn approved(needed: &Needed, grants: &[Grant], operator: &str) -> bool {
    let good =
        |grant: &&Grant| grant.codes.contains(&needed.code) && grant.approver.rank >= needed.rank;
    let mut people: Vec<&str> =
        grants.iter().filter(good).map(|grant| grant.approver.operator.as_str()).collect();
    people.retain(|person| *person != operator);
    people.sort_unstable();
    people.dedup();
    people.len() >= needed.people
}
