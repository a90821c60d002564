//! Policies: drafted by one, published by another, for now or for later.

use crate::counter::caller;
use crate::terms::Terms;
use crate::world::World;
use jiff::Timestamp;
use returndesk::domain::caller::Role;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::policies::{DraftPolicy, PublishPolicy};
use returndesk::domain::refusal::Refusal;

impl World {
    pub fn draft_policy(&mut self) {
        let terms = Terms::any(&mut self.chance);
        self.counter.caller = caller("9001", Role::PolicyAdmin);
        let (document, compiled) = terms.document(self.shop.code);
        let command = DraftPolicy { name: "standard".to_owned(), document, compiled };
        let Outcome::Done(done) = self.perform(&Command::DraftPolicy(Box::new(command)), false)
        else {
            panic!("drafted")
        };
        let Done::PolicyDrafted(record) = *done else { panic!("{done:?}") };
        assert_eq!(record.number as usize, self.versions.len() + self.drafted.len() + 1);
        self.drafted.push((record.number, terms));
        self.counter.caller = caller("1042", Role::Cashier);
    }

    /// By its author never, by another person once, for now or later.
    pub fn publish(&mut self) {
        let number =
            self.chance.within(1, (self.versions.len() + self.drafted.len()) as i64 + 1) as u32;
        let author = self.chance.one_in(4);
        let later = self
            .chance
            .one_in(3)
            .then(|| self.counter.now.as_second() + self.chance.within(0, 9 * 86_400));
        self.publish_as(if author { "9001" } else { "9003" }, number, later);
    }

    pub fn publish_as(&mut self, who: &str, number: u32, later: Option<i64>) {
        let author = who == "9001";
        self.counter.caller = caller(who, Role::PolicyAdmin);
        let effective_from = later.map(|at| Timestamp::from_second(at).unwrap());
        let command = PublishPolicy { name: "standard".to_owned(), number, effective_from };
        let open = self.drafted.iter().position(|(drafted, _)| *drafted == number);
        match self.perform(&Command::PublishPolicy(command), false) {
            Outcome::Refused(refusal) => {
                assert!(
                    (open.is_none() || author) && matches!(*refusal, Refusal::Policy { .. }),
                    "{refusal:?}"
                );
            }
            Outcome::Done(_) => {
                assert!(!author);
                let (number, terms) = self.drafted.remove(open.unwrap());
                self.versions.push((number, later.unwrap_or(self.counter.now.as_second()), terms));
                self.seen.published += 1;
            }
        }
        self.counter.caller = caller("1042", Role::Cashier);
    }
}
