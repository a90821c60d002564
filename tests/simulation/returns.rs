//! What is brought back, by the service and by the model.

use crate::exchanges::Goods;
use crate::overrides::approved;
use crate::tenders::Planned;
use crate::verdict::{Expected, Needed, Returned};
use crate::world::{Brought, Made, MadeLine, MadeRefund, Stands, World};
use returndesk::domain::decision::{Decision, Verdict};
use returndesk::domain::draft::{Draft, Grant};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{RecordReturn, Recorded};
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::RefundTo;

impl World {
    pub fn bring_back(&mut self) {
        let brought = match self.waiting.take() {
            Some(waiting) => waiting,
            None => self.something(),
        };
        let grants = self.some_grants(&brought);
        let (draft, expected) = self.foretold(&brought, &grants);
        let fault = self.override_fault(&draft, &expected, &grants);
        let missing = unapproved(&expected, &grants, &draft.operator);
        let unpaid = brought.goods.as_ref().is_some_and(Goods::is_not_paid);
        let taken = self.receipt_taken(&brought);
        let surprised = self.chance.one_in(30);
        let command = RecordReturn {
            grants: grants.clone(),
            expected_refund: surprised.then_some(Minor(expected.refund + 1)),
            ..crate::counter::record_of(draft.clone())
        };
        let checked = (grants.is_empty() && !unpaid && taken.is_none() && self.chance.one_in(3))
            .then(|| self.counter.check(&draft));
        let too_late = self.comes_too_late(&brought);
        let silent = expected.invalid && !too_late;
        let outcome = self.perform(&Command::RecordReturn(Box::new(command)), silent);
        let told = || format!("{draft:?} under {grants:?} expected {expected:?}: {outcome:?}");
        if let Some(checked) = checked {
            assert!(as_checked(&outcome, checked), "a check says what a record does: {}", told());
            self.seen.checked += 1;
        }
        if too_late {
            let Outcome::Refused(refusal) = outcome else { panic!("{}", told()) };
            assert_eq!(refusal.code(), "day_closed", "{}", refusal.code());
            self.seen.returned_too_late += 1;
            return;
        }
        let possible = !expected.invalid && fault.is_none();
        match &outcome {
            Outcome::Refused(refusal) => {
                match &**refusal {
                    Refusal::Invalid(_) if !expected.invalid => {
                        assert!(
                            possible && !expected.refused && !missing && !surprised && unpaid,
                            "{}",
                            told()
                        );
                        self.seen.unpaid += 1;
                    }
                    Refusal::Invalid(_) => {}
                    Refusal::ReceiptExists { sale } => {
                        assert!(
                            possible && !expected.refused && !missing && !surprised && !unpaid,
                            "{}",
                            told()
                        );
                        assert_eq!(Some(*sale), taken, "{}", told());
                        self.seen.exchange_receipts_taken += 1;
                    }
                    Refusal::Override { why, .. } => {
                        assert!(!expected.invalid && Some(*why) == fault, "{}", told())
                    }
                    Refusal::ReturnRefused(_) => {
                        assert!(possible && expected.refused, "refused: {}", told())
                    }
                    Refusal::AmountChanged { .. } => {
                        assert!(possible && !expected.refused && surprised, "{}", told())
                    }
                    Refusal::ApprovalRequired(_) => {
                        assert!(possible && !expected.refused && missing, "approval: {}", told());
                    }
                    other => panic!("{other:?}: {}", told()),
                }
                if let Some(decision) = refusal.decision() {
                    self.same_decision(&brought, decision, &expected, &grants, &draft);
                }
                self.count(refusal);
            }
            Outcome::Done(done) => {
                assert!(
                    possible && !expected.refused && !missing && !surprised && !unpaid,
                    "let through: {}",
                    told()
                );
                assert_eq!(taken, None, "{}", told());
                let Done::Returned(recorded) = &**done else { panic!("{done:?}") };
                self.same_decision(&brought, &recorded.decision, &expected, &grants, &draft);
                self.use_up(&grants);
                self.enter(&brought, recorded, &expected);
            }
        }
        expected.books.keys().for_each(|place| self.compare(*place));
    }

    fn count(&mut self, refusal: &Refusal) {
        let counted = match refusal {
            Refusal::Invalid(_) => &mut self.seen.invalid,
            Refusal::ReceiptExists { .. } => return,
            Refusal::Override { .. } => &mut self.seen.bad_overrides,
            Refusal::ReturnRefused(_) => &mut self.seen.refused,
            Refusal::ApprovalRequired(_) => &mut self.seen.unapproved,
            _ => &mut self.seen.surprised,
        };
        *counted += 1;
    }

    /// Every amount of a decision, and where the money could go instead for a better answer.
    fn same_decision(
        &self,
        brought: &Brought,
        decision: &Decision,
        expected: &Expected,
        grants: &[Grant],
        draft: &Draft,
    ) {
        let told = || format!("{decision:?} expected {expected:?}");
        assert_eq!(decision.totals.refund.0, expected.refund, "{}", told());
        let lines = decision.lines.iter().filter(|line| line.sale.is_some());
        assert_eq!(lines.clone().count(), expected.lines.len(), "{}", told());
        for (line, model) in lines.zip(&expected.lines) {
            let sale = &self.sales[model.sale];
            assert_eq!(
                (line.sale, line.returnable.0),
                (Some(sale.sale.id), model.left),
                "{}",
                told()
            );
            assert_eq!(line.sale_line, Some(sale.books.lines[model.line].number), "{}", told());
            assert_eq!((line.index, line.quantity.0), (model.ask, model.quantity), "{}", told());
            assert_eq!((line.net.0, line.fee.0), (model.worth[0], model.fee), "{}", told());
            assert_eq!(
                line.gross.0,
                sale.books.lines[model.line].gross(&model.worth),
                "{}",
                told()
            );
            assert_eq!(line.refund.0, model.refund(&sale.books), "{}", told());
            let taxes: Vec<i64> = line.taxes.iter().map(|(_, amount)| amount.0).collect();
            assert_eq!(taxes, model.worth[1..=taxes.len()], "{}", told());
            assert_eq!(line.forgone.0, model.forgone.first().copied().unwrap_or(0), "{}", told());
            let kept: i64 = line.fee_taxes.iter().map(|(_, amount)| amount.0).sum();
            assert_eq!(kept, model.fee_taxes.iter().sum::<i64>(), "{}", told());
        }
        assert_eq!(decision.charges.len(), expected.charges.len(), "{}", told());
        for (charge, (sale, number, worth)) in decision.charges.iter().zip(&expected.charges) {
            let taxes: Vec<i64> = charge.taxes.iter().map(|(_, amount)| amount.0).collect();
            assert_eq!((charge.charge, charge.amount.0), (*number, worth[0]), "{}", told());
            let gross = self.sales[*sale].books.charge_gross(*number, worth);
            assert_eq!((taxes.as_slice(), charge.refund.0), (&worth[1..], gross));
        }
        assert_eq!(self.planned(decision), expected.refunds, "{}", told());
        self.same_exchange(brought, decision, expected);
        let verdict = verdict(expected, grants, &draft.operator);
        assert_eq!(decision.verdict, verdict, "{}", told());
        let others = [RefundTo::Original, RefundTo::StoreCredit]
            .into_iter()
            .filter(|to| *to != brought.refund_to);
        let better = others.filter(|_| verdict != Verdict::Allowed).filter_map(|refund_to| {
            let (other, _) = self.expected(brought, refund_to, grants);
            let instead = self::verdict(&other, grants, &draft.operator);
            (instead < verdict).then_some((refund_to, instead, other.refund))
        });
        let (_, versions) = self.expected(brought, brought.refund_to, grants);
        let more =
            versions.iter().filter(|other| !other.refused && other.worth() > expected.worth());
        let more = more.map(|other| {
            (brought.refund_to, self::verdict(other, grants, &draft.operator), other.refund)
        });
        let better = better.chain(more);
        let told_better = decision
            .alternatives
            .iter()
            .map(|other| (other.refund_to, other.verdict, other.refund.0));
        assert_eq!(told_better.collect::<Vec<_>>(), better.collect::<Vec<_>>(), "{}", told());
    }

    /// The refunds of a decision as the model tells them.
    fn planned(&self, decision: &Decision) -> Vec<Planned> {
        let plan = |plan: &returndesk::domain::decision::RefundPlan| {
            let sale =
                self.sales.iter().position(|known| Some(known.sale.id) == plan.sale).unwrap();
            let tenders = &self.sales[sale].books.tenders;
            Planned {
                sale,
                tender: tenders
                    .iter()
                    .position(|tender| Some(tender.number) == plan.sale_tender)
                    .unwrap(),
                kind: plan.kind,
                amount: plan.amount.0,
                rounding: plan.rounding.0,
                fallbacks: plan.fallbacks.clone(),
            }
        };
        decision.refunds.iter().map(plan).collect()
    }

    fn enter(&mut self, brought: &Brought, recorded: &Recorded, expected: &Expected) {
        let made = &recorded.the_return;
        assert_eq!(made.business_date, self.day_of(brought));
        self.seen.trading_days_named += u64::from(brought.trading_day.is_some());
        let lines = made.lines.iter().zip(expected.lines.iter().filter(|line| line.taken)).map(
            |(line, model)| {
                let known = &self.sales[model.sale].books.lines[model.line];
                assert_eq!(known.portions_of(&line.parts), model.worth);
                assert_eq!(
                    line.parts.withheld.iter().map(|part| part.0).collect::<Vec<_>>(),
                    model.withheld
                );
                let forgone: Vec<i64> = line.parts.forgone.iter().map(|part| part.0).collect();
                assert_eq!(forgone, model.forgone);
                let (worth, withheld) = (model.worth.clone(), model.withheld.clone());
                let serial = line.serial_number.clone();
                MadeLine {
                    sale: model.sale,
                    line: model.line,
                    quantity: model.quantity,
                    worth,
                    withheld,
                    forgone,
                    serial,
                    fee: model.fee,
                    taxes: known.taxes,
                    fee_taxes: model.fee_taxes.iter().sum(),
                }
            },
        );
        let lines: Vec<MadeLine> = lines.collect();
        assert_eq!(lines.len(), made.lines.len());
        let refunds = made.refunds.iter().zip(&expected.refunds).map(|(refund, plan)| {
            let at_once = !matches!(plan.kind, TenderType::CreditCard | TenderType::Check);
            let stands = if at_once { Stands::Settled } else { Stands::Due };
            MadeRefund { number: refund.plan.refund, plan: plan.clone(), stands }
        });
        let refunds: Vec<MadeRefund> = refunds.collect();
        self.returns.push(Made {
            id: made.id,
            at: self.counter.now.as_second(),
            people: expected.people(&self.scene(), brought),
            refund: made.refund.0,
            lines,
            charges: expected.charges.clone(),
            refunds,
            moved: Default::default(),
            taken: None,
            training: brought.training,
            voided: false,
        });
        self.onto_cards(self.returns.len() - 1, made, 0, brought.card, &expected.cards);
        self.seen_returned(brought, expected);
        if !brought.training {
            for (place, books) in &expected.books {
                self.sales[*place].books.clone_from(books);
            }
        }
        self.take_goods(brought, recorded, expected);
    }

    fn seen_returned(&mut self, brought: &Brought, expected: &Expected) {
        let seen = &mut self.seen;
        seen.returned += 1;
        seen.adjusted += u64::from(brought.asks.iter().any(|ask| ask.quantity.is_none()));
        seen.exempt += u64::from(brought.asks.iter().any(|ask| ask.exempt.is_some()));
        let forgone = |line: &Returned| line.forgone.first().is_some_and(|net| *net > 0);
        seen.lowered += u64::from(expected.lines.iter().any(forgone));
        seen.trained += u64::from(brought.training);
        seen.charges += expected.charges.len() as u64;
        seen.charge_parts +=
            brought.charges.iter().filter(|(_, _, part)| part.is_some()).count() as u64;
        seen.exchanged_back += u64::from(expected.sales().any(|sale| self.sales[sale].exchanged));
        seen.serials += u64::from(brought.asks.iter().any(|ask| ask.serial.is_some()));
        seen.kits += u64::from(expected.lines.len() > brought.asks.len());
        seen.elsewhere +=
            u64::from(expected.sales().any(|sale| self.sales[sale].store != brought.store));
        seen.of_several += u64::from(expected.books.len() > 1);
        seen.fees += u64::from(expected.lines.iter().any(|line| line.fee > 0));
        seen.withheld += u64::from(
            expected.lines.iter().any(|line| line.withheld.first().is_some_and(|net| *net > 0)),
        );
        seen.released += u64::from(
            expected.lines.iter().any(|line| line.withheld.first().is_some_and(|net| *net < 0)),
        );
        let other =
            |plan: &Planned| self.sales[plan.sale].sale.tenders[plan.tender].kind != plan.kind;
        seen.other_means += u64::from(expected.refunds.iter().any(other));
    }
}

fn unapproved(expected: &Expected, grants: &[Grant], operator: &str) -> bool {
    expected.needed.iter().any(|needed: &Needed| !approved(needed, grants, operator))
}

pub fn verdict(expected: &Expected, grants: &[Grant], operator: &str) -> Verdict {
    match (expected.refused, unapproved(expected, grants, operator)) {
        (true, _) => Verdict::Refused,
        (_, true) => Verdict::NeedsApproval,
        _ => Verdict::Allowed,
    }
}

/// Whether what came of a record is what a check had said just before.
fn as_checked(outcome: &Outcome, checked: Result<Decision, Refusal>) -> bool {
    match (outcome, checked) {
        (Outcome::Refused(refusal), Err(faults)) => **refusal == faults,
        (Outcome::Refused(refusal), Ok(decision)) => refusal.decision() == Some(&decision),
        (Outcome::Done(done), Ok(decision)) => {
            matches!(&**done, Done::Returned(r) if crate::exchanges::unmade(&r.decision, &decision) == decision)
        }
        (Outcome::Done(_), Err(_)) => false,
    }
}
