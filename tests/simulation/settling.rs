//! What becomes of returns: voided, settled, failed and stood in for.

use crate::ledger::Books;
use crate::promotions::overpaid;
use crate::tenders::Planned;
use crate::verdict::in_force;
use crate::world::{Made, MadeLine, MadeRefund, Stands, World};
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{SettleRefund, VoidReturn};
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;

impl World {
    fn a_return(&mut self) -> Option<usize> {
        let recent = self.returns.len().min(12);
        (recent > 0).then(|| self.returns.len() - 1 - self.chance.index(recent))
    }

    pub fn void(&mut self) {
        let Some(at) = self.a_return() else { return };
        let made = &self.returns[at];
        let reached = |refund: &MadeRefund| {
            matches!(refund.plan.kind, TenderType::CreditCard | TenderType::Check)
        };
        let gone =
            made.refunds.iter().any(|refund| refund.stands == Stands::Settled && reached(refund));
        let after = self.without(made);
        let shared = !made.voided && self.others_share(at);
        let possible = !made.voided
            && !gone
            && self.cards_can_go_back(made)
            && self.goods_can_go_back(made)
            && !shared
            && !self.farms(made, &after);
        let (id, training) = (made.id, made.training);
        let command = VoidReturn { id, reason: "mistake".to_owned(), note: None };
        match self.perform(&Command::VoidReturn(command), false) {
            Outcome::Refused(refusal) => {
                assert!(
                    !possible && matches!(*refusal, Refusal::NotVoidable { .. }),
                    "{refusal:?}: training {training}"
                );
                self.seen.shared_later += u64::from(shared);
            }
            Outcome::Done(_) => {
                assert!(possible);
                self.returns[at].voided = true;
                self.seen.voided += 1;
                if !training {
                    self.cards_go_back(at);
                    after
                        .clone()
                        .into_iter()
                        .for_each(|(sale, books)| self.sales[sale].books = books);
                    self.goods_go_back(at);
                }
            }
        }
        after.keys().for_each(|place| self.compare(*place));
    }

    /// The books as they would be without a return.
    fn without(&self, made: &Made) -> BTreeMap<usize, Books> {
        let mut all: BTreeMap<usize, Books> = BTreeMap::new();
        let of_lines = made
            .lines
            .iter()
            .map(|line| line.sale)
            .chain(made.charges.iter().map(|(sale, _, _)| *sale));
        for sale in of_lines.chain(made.refunds.iter().map(|refund| refund.plan.sale)) {
            all.entry(sale).or_insert_with(|| self.sales[sale].books.clone());
        }
        for of in &made.lines {
            let line = &mut all.get_mut(&of.sale).unwrap().lines[of.line];
            let let_go: Vec<i64> = of.forgone.iter().map(|part| -part).collect();
            line.let_go(&let_go);
            line.put_back(of.quantity, &of.worth, &of.withheld);
            let back =
                line.serials_back.iter().rposition(|serial| Some(serial) == of.serial.as_ref());
            back.into_iter().for_each(|back| drop(line.serials_back.remove(back)));
        }
        for (sale, number, parts) in &made.charges {
            all.get_mut(sale).unwrap().charge(*number).unwrap().put_back(parts);
        }
        for refund in
            made.refunds.iter().filter(|refund| !matches!(refund.stands, Stands::Failed { .. }))
        {
            let tender = &mut all.get_mut(&refund.plan.sale).unwrap().tenders[refund.plan.tender];
            tender.give(refund.plan.kind, -refund.plan.amount, -refund.plan.rounding);
        }
        for part in made.carried() {
            let tender = &mut all.get_mut(&part.sale).unwrap().tenders[part.tender];
            tender.move_over(-part.amount, -part.rounding);
        }
        all
    }

    /// Whether units of a later return share what an adjustment left, this one or one that came
    /// after these units.
    fn others_share(&self, at: usize) -> bool {
        let made = &self.returns[at];
        let stands = |other: &&Made| !other.voided && !other.training;
        let later: Vec<&Made> = self.returns[at + 1..].iter().filter(stands).collect();
        let shares = |of: &MadeLine| {
            let of_line = later.iter().flat_map(|other| &other.lines);
            let same = of_line.filter(|line| (line.sale, line.line) == (of.sale, of.line));
            let mut adjusted = of.is_money();
            same.into_iter().any(|line| {
                adjusted |= line.is_money();
                adjusted && line.quantity > 0
            })
        };
        !made.training && made.lines.iter().any(shares)
    }

    /// What other returns were rounded by stays within one coin, and no promotion is paid for
    /// twice.
    fn farms(&self, made: &Made, after: &BTreeMap<usize, Books>) -> bool {
        if made.training {
            return false;
        }
        let coin = self.shop.coin;
        let standing =
            made.refunds.iter().filter(|refund| !matches!(refund.stands, Stands::Failed { .. }));
        let places = standing.map(|refund| refund.plan.sale);
        let mut places = places.chain(made.carried().iter().map(|part| part.sale));
        let by_coins = coin > 1
            && places.any(|sale| {
                let (then, now) = (after[&sale].off(coin), self.sales[sale].books.off(coin));
                then > coin && then > now
            });
        let of_lines = |sale: &usize| made.lines.iter().any(|line| line.sale == *sale);
        // The newest return of a sale can always be taken back.
        let at = self.returns.iter().position(|other| std::ptr::eq(other, made));
        let newer = at.map_or(&[][..], |at| &self.returns[at + 1..]);
        let stands = |other: &&Made| !other.voided && !other.training;
        let is_newest = |sale: usize| {
            !newer.iter().filter(stands).any(|of| of.lines.iter().any(|line| line.sale == sale))
        };
        let more = |(sale, books): (&usize, &Books)| {
            !is_newest(*sale) && overpaid(books) > overpaid(&self.sales[*sale].books)
        };
        by_coins || after.iter().filter(|(sale, _)| of_lines(sale)).any(more)
    }

    pub fn settle(&mut self) {
        let Some(at) = self.a_return() else { return };
        if self.returns[at].refunds.is_empty() {
            return;
        }
        let nth = self.chance.index(self.returns[at].refunds.len());
        let settled = self.chance.one_in(2);
        let fallback = (!settled && self.chance.one_in(2))
            .then(|| self.chance.pick(&[TenderType::StoreCredit, TenderType::Cash]));
        let made = &self.returns[at];
        let MadeRefund { number, plan, stands } = made.refunds[nth].clone();
        let tender = &self.sales[plan.sale].books.tenders[plan.tender];
        let can_bear = tender.free() >= plan.amount - plan.rounding;
        let open = match stands {
            Stands::Due => true,
            Stands::Failed { stood_in } => fallback.is_some() && !stood_in,
            Stands::Settled => false,
        };
        let open = open && !made.voided;
        // What was counted with the refund fits, unless the bank took it, too.
        let twice = tender.twice() > 0 && !made.training;
        let fits = if stands == Stands::Due { !twice } else { can_bear };
        let full = fallback == Some(TenderType::Cash) && self.cash_is_full(made, &plan);
        let allowed =
            fallback.is_none_or(|fallback| plan.fallbacks.contains(&fallback) && fits && !full);
        let command = SettleRefund {
            id: made.id,
            refund: number,
            settled,
            reference: None,
            fallback,
            codes: vec![],
        };
        match self.perform(&Command::SettleRefund(command), !(open && allowed)) {
            Outcome::Refused(refusal) => match *refusal {
                Refusal::RefundNotDue { .. } => assert!(!open),
                Refusal::Invalid(_) => assert!(open && !allowed),
                other => panic!("{other:?}"),
            },
            Outcome::Done(done) => {
                assert!(open && allowed);
                let Done::RefundSettled(settled_return) = *done else { panic!("{done:?}") };
                let before = self.returns[at].refunds.len();
                self.settled(at, nth, settled, fallback);
                self.onto_cards(at, &settled_return, before, None, &[]);
            }
        }
        self.compare(plan.sale);
    }

    /// Whether other returns of the sale have meanwhile taken the cash that may be given on it.
    fn cash_is_full(&self, made: &Made, plan: &Planned) -> bool {
        let sold_at = self.sales[plan.sale].sale.sold_at.as_second();
        let first = self.versions.iter().min_by_key(|(number, from, _)| (*from, *number)).unwrap();
        let limits =
            [made.at, sold_at].map(|at| in_force(&self.versions, at).unwrap_or(first).2.cash_limit);
        let standing = |refund: &&MadeRefund| {
            refund.plan.kind == TenderType::Cash && !matches!(refund.stands, Stands::Failed { .. })
        };
        let of_return = made.refunds.iter().filter(standing);
        let of_return: i64 =
            of_return.map(|refund| refund.plan.amount - refund.plan.rounding).sum();
        let given = of_return.max(self.sales[plan.sale].books.cash());
        let more = plan.amount - plan.rounding;
        limits.into_iter().flatten().min().is_some_and(|most| given + more > most)
    }

    fn settled(&mut self, at: usize, nth: usize, settled: bool, fallback: Option<TenderType>) {
        let made = &mut self.returns[at];
        let MadeRefund { plan, stands, .. } = made.refunds[nth].clone();
        let tender = &mut self.sales[plan.sale].books.tenders[plan.tender];
        if !settled && stands == Stands::Due {
            let real = i64::from(!made.training);
            tender.give(plan.kind, -real * plan.amount, -real * plan.rounding);
            self.seen.failed += 1;
        }
        made.refunds[nth].stands =
            if settled { Stands::Settled } else { Stands::Failed { stood_in: fallback.is_some() } };
        if let Some(kind) = fallback {
            let exact = plan.amount - plan.rounding;
            let books = &mut self.sales[plan.sale].books;
            let amount = match kind {
                TenderType::Cash if self.shop.coin > 1 => {
                    books.alone(plan.tender, exact, self.shop.coin)
                }
                _ => plan.amount,
            };
            let plan = Planned { amount, rounding: amount - exact, ..plan };
            let tender = &mut books.tenders[plan.tender];
            let real = i64::from(!made.training);
            tender.give(kind, real * plan.amount, real * plan.rounding);
            let number = made.refunds.len() as u32 + 1;
            let fallbacks = plan.fallbacks.iter().copied().filter(|other| *other != kind).collect();
            let plan = Planned { kind, fallbacks, ..plan };
            made.refunds.push(MadeRefund { number, plan, stands: Stands::Settled });
            self.seen.stood_in += 1;
        }
        self.seen.settled += u64::from(settled);
    }
}
