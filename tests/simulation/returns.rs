//! What is brought back, voided and settled, by the service and by the model.

use crate::counter::{draft, money, reason, record_of, weighed, with};
use crate::ledger::Portion;
use crate::overrides::approved;
use crate::verdict::{Ask, Expected, Scene, expect};
use crate::world::{Brought, Made, Stands, World};
use returndesk::domain::draft::{Draft, SaleRef};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{RecordReturn, Return, SettleRefund, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::Condition;

impl World {
    pub fn something(&mut self) -> Brought {
        let place = if self.chance.one_in(2) { self.sales.len() - 1 } else { self.chance.index(self.sales.len()) };
        let known = &self.sales[place];
        let chance = &mut self.chance;
        let adjusting = chance.one_in(6);
        let asks: Vec<Ask> = (0..if adjusting { 1 } else { chance.within(1, 4) })
            .map(|_| {
                let line = chance.index(known.books.lines.len());
                let model = &known.books.lines[line];
                let left = model.sold - model.returned;
                let some = if chance.one_in(3) { left.max(1) } else { chance.within(1, left.max(1) + 1) };
                let whole = if model.sold % 1_000 == 0 { (some + 999) / 1_000 * 1_000 } else { some };
                let quantity = whole + if chance.one_in(25) { 1_000 } else { 0 };
                Ask {
                    line,
                    quantity: (!adjusting).then_some(quantity),
                    money: if adjusting { chance.within(1, model.left().max(1) + 2) } else { 0 },
                    opened: chance.one_in(2),
                    defective: chance.one_in(4),
                }
            })
            .collect();
        let customer = chance.one_in(3).then(|| chance.pick(&["C-1", "C-2", "C-3001"]));
        let at_register = if chance.one_in(15) { "3001" } else { "1042" };
        Brought { sale: place, asks, customer, at_register }
    }

    /// It as a draft, with what the model thinks of it now.
    pub fn foretold(&self, brought: &Brought) -> (Draft, Expected) {
        let Brought { asks, customer, at_register, .. } = brought.clone();
        let known = &self.sales[brought.sale];
        let is = |customer: &str| customer == at_register || (at_register == "3001" && customer == "C-3001");
        let own = customer.is_some_and(is) || known.sale.customer.as_deref().is_some_and(is);
        let since = self.counter.now.as_second() - 30 * 86_400;
        let earlier = customer.map(|customer| {
            let theirs = |made: &&Made| !made.voided && made.customer == Some(customer) && made.at > since;
            self.returns.iter().filter(theirs).count() as i64
        });
        let sold_at = known.sale.sold_at.as_second();
        let scene = Scene { now: self.counter.now.as_second(), sold_at, versions: &self.versions, own, earlier };
        let expected = expect(&known.books, &scene, &asks);
        let lines = asks.iter().map(|ask| {
            let number = known.books.lines[ask.line].number;
            let line = ask.quantity.map_or_else(|| money(number, ask.money), |quantity| weighed(number, quantity));
            with(line, |line| {
                line.condition = if ask.opened { Condition::Opened } else { Condition::Unopened };
                line.reason = reason(if ask.defective { "defective" } else { "changed_mind" });
            })
        });
        let draft = with(draft(lines.collect()), |draft| {
            draft.store.clone_from(&known.sale.store);
            draft.operator = at_register.to_owned();
            draft.customer = customer.map(str::to_owned);
            draft.sale = Some(match number_of(&known.sale) {
                number if number % 2 == 0 => SaleRef::Id(known.sale.id),
                _ => SaleRef::Receipt { receipt: known.sale.receipt.clone(), store: None, business_date: None },
            });
        });
        (draft, expected)
    }

    pub fn bring_back(&mut self) {
        let brought = match self.waiting.take() {
            Some(waiting) => waiting,
            None => self.something(),
        };
        let (draft, expected) = self.foretold(&brought);
        let (place, customer) = (brought.sale, brought.customer);
        let grants = self.some_grants(place);
        let fault = self.override_fault(place, &draft, &expected, &grants);
        let missing = expected.needed.iter().any(|needed| !approved(needed, &grants, &draft.operator));
        let command = RecordReturn {
            grants: grants.clone(),
            expected_refund: self.chance.one_in(30).then(|| Minor(expected.refund + 1)),
            ..record_of(draft.clone())
        };
        let surprised = command.expected_refund.is_some();
        let outcome = self.perform(&Command::RecordReturn(Box::new(command)), false);
        let told = format!("{draft:?} under {grants:?} expected {expected:?}");
        match outcome {
            Outcome::Refused(refusal) => match *refusal {
                Refusal::Override { why, .. } => {
                    assert_eq!(Some(why), fault, "{told}");
                    self.seen.bad_overrides += 1;
                }
                Refusal::ReturnRefused(_) => {
                    assert!(fault.is_none() && expected.refused, "refused: {told}");
                    self.seen.refused += 1;
                }
                Refusal::AmountChanged { .. } => assert!(fault.is_none() && !expected.refused && surprised, "{told}"),
                Refusal::ApprovalRequired(_) => {
                    assert!(fault.is_none() && !expected.refused && missing, "approval: {told}");
                    self.seen.unapproved += 1;
                }
                other => panic!("{other:?}: {told}"),
            },
            Outcome::Done(done) => {
                assert!(fault.is_none() && !expected.refused && !missing && !surprised, "let through: {told}");
                let Done::Returned(recorded) = *done else { panic!("{done:?}") };
                for (line, (gross, fee, left)) in recorded.decision.lines.iter().zip(&expected.lines) {
                    assert_eq!((line.gross.0, line.fee.0, line.returnable.0), (*gross, *fee, *left), "{told}");
                }
                assert_eq!(recorded.the_return.refund.0, expected.refund, "{told}");
                self.enter(place, customer, &recorded.the_return, expected);
                self.use_up(&grants);
            }
        }
        self.compare(place);
    }

    pub fn enter(&mut self, place: usize, customer: Option<&'static str>, made: &Return, expected: Expected) {
        let known = &mut self.sales[place];
        known.books = expected.books;
        let mut lines = Vec::new();
        for line in &made.lines {
            let at = known.books.lines.iter().position(|model| model.number == line.sale_line).unwrap();
            let model = &mut known.books.lines[at];
            let worth = model.portions_of(&line.parts);
            if line.quantity.0 == 0 {
                assert_eq!(model.gross(&worth), line.parts.gross.0, "an adjustment gives what was asked");
                let fair = |(portion, worth): (&Portion, &i64)| (0..=portion.value - portion.given).contains(worth);
                assert!(
                    model.portions.iter().zip(&worth).all(fair),
                    "an adjustment gives no more than is left of a part"
                );
                model.adjust(&worth);
            }
            lines.push((at, line.quantity.0, worth));
        }
        let refunds = made.refunds.iter().map(|refund| {
            let tender = known.sale.tenders.iter().position(|t| Some(t.tender) == refund.plan.sale_tender).unwrap();
            let at_once = !matches!(refund.plan.kind, TenderType::CreditCard | TenderType::Check);
            let stands = if at_once { Stands::Settled } else { Stands::Due };
            (refund.plan.refund, tender, refund.plan.kind, refund.plan.amount.0, refund.plan.rounding.0, stands)
        });
        let refunds: Vec<_> = refunds.collect();
        let paid: Vec<(usize, i64, i64)> =
            refunds.iter().map(|(_, tender, _, amount, rounding, _)| (*tender, *amount, *rounding)).collect();
        assert_eq!(paid, expected.paid, "to the tenders in their order");
        let at = self.counter.now.as_second();
        self.returns.push(Made { id: made.id, sale: place, at, customer, lines, refunds, voided: false });
        self.seen.returned += 1;
    }

    pub fn a_return(&mut self) -> Option<usize> {
        let recent = self.returns.len().min(12);
        (recent > 0).then(|| self.returns.len() - 1 - self.chance.index(recent))
    }

    pub fn void(&mut self) {
        let Some(at) = self.a_return() else { return };
        let made = &self.returns[at];
        let gone = made.refunds.iter().any(|(_, _, kind, _, _, stands)| {
            *stands == Stands::Settled && matches!(kind, TenderType::CreditCard | TenderType::Check)
        });
        // What the other returns' cash was rounded by stays within one coin.
        let books = &self.sales[made.sale].books;
        let standing = |tender: usize| {
            let released: i64 = made
                .refunds
                .iter()
                .filter(|(_, of, _, _, _, stands)| *of == tender && !matches!(stands, Stands::Failed { .. }))
                .map(|(_, _, _, _, rounding, _)| *rounding)
                .sum();
            books.tenders[tender].rounding - released
        };
        let farmed = books.coin > 1
            && (0..books.tenders.len()).any(|tender| {
                let touched = made
                    .refunds
                    .iter()
                    .any(|(_, of, _, _, _, stands)| *of == tender && !matches!(stands, Stands::Failed { .. }));
                touched && standing(tender).abs() > books.coin
            });
        let possible = !made.voided && !gone && !farmed;
        let command = VoidReturn { id: made.id, reason: "mistake".to_owned(), note: None };
        let place = made.sale;
        match self.perform(&Command::VoidReturn(command), false) {
            Outcome::Refused(refusal) => assert!(!possible && matches!(*refusal, Refusal::NotVoidable { .. })),
            Outcome::Done(_) => {
                assert!(possible);
                let made = &mut self.returns[at];
                made.voided = true;
                let books = &mut self.sales[place].books;
                made.lines.iter().for_each(|(line, quantity, worth)| books.lines[*line].put_back(*quantity, worth));
                for (_, tender, _, amount, rounding, stands) in &made.refunds {
                    if !matches!(stands, Stands::Failed { .. }) {
                        books.tenders[*tender].refunded -= amount;
                        books.tenders[*tender].rounding -= rounding;
                    }
                }
                self.seen.voided += 1;
            }
        }
        self.compare(place);
    }

    pub fn settle(&mut self) {
        let Some(at) = self.a_return() else { return };
        if self.returns[at].refunds.is_empty() {
            return;
        }
        let nth = self.chance.index(self.returns[at].refunds.len());
        let settled = self.chance.one_in(2);
        let fallback =
            (!settled && self.chance.one_in(2)).then(|| self.chance.pick(&[TenderType::StoreCredit, TenderType::Cash]));
        let made = &self.returns[at];
        let (number, tender, kind, amount, rounding, stands) = made.refunds[nth];
        let place = made.sale;
        let book = &self.sales[place].books.tenders[tender];
        let can_bear = book.paid - book.refunded >= amount;
        let open = match stands {
            Stands::Due => true,
            Stands::Failed { stood_in } => fallback.is_some() && !stood_in,
            Stands::Settled => false,
        };
        let open = open && !made.voided;
        let fits = stands == Stands::Due || can_bear;
        let allowed = fallback.is_none_or(|fallback| fallback == TenderType::StoreCredit && kind != fallback && fits);
        let command = SettleRefund { id: made.id, refund: number, settled, reference: None, fallback };
        match self.perform(&Command::SettleRefund(command), !(open && allowed)) {
            Outcome::Refused(refusal) => match *refusal {
                Refusal::RefundNotDue { .. } => assert!(!open),
                Refusal::Invalid(_) => assert!(open && !allowed),
                other => panic!("{other:?}"),
            },
            Outcome::Done(_) => {
                assert!(open && allowed);
                let made = &mut self.returns[at];
                let tenders = &mut self.sales[place].books.tenders;
                let mut give_back = |sign: i64| {
                    tenders[tender].refunded += sign * amount;
                    tenders[tender].rounding += sign * rounding;
                };
                if !settled && stands == Stands::Due {
                    give_back(-1);
                    self.seen.failed += 1;
                }
                made.refunds[nth].5 =
                    if settled { Stands::Settled } else { Stands::Failed { stood_in: fallback.is_some() } };
                if let Some(fallback) = fallback {
                    give_back(1);
                    let next = made.refunds.len() as u32 + 1;
                    made.refunds.push((next, tender, fallback, amount, rounding, Stands::Settled));
                    self.seen.stood_in += 1;
                }
                self.seen.settled += u64::from(settled);
            }
        }
        self.compare(place);
    }
}

/// The number in the receipt, which is as good as any to tell sales apart.
fn number_of(sale: &Sale) -> u64 {
    sale.receipt.trim_start_matches("R-").parse().unwrap()
}
