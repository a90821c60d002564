//! An exchange taken back: its goods with it, and the money where it came from; or why not.

use crate::counter::{Counter, draft, id, line, sale, tender, units};
use crate::exchange::{RULES, exchange, goods, new_sale, of, paid, taken, tenders};
use returndesk::domain::book::Book;
use returndesk::domain::caller::Role;
use returndesk::domain::decision::Code;
use returndesk::domain::draft::Draft;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::{Cash, CreditCard};
use uuid::Uuid;

fn mugs() -> Sale {
    sale(vec![line(1, 2, 1000)], vec![tender(1, CreditCard, 1500, 0), tender(2, Cash, 500, 0)])
}

fn void(counter: &mut Counter, the_return: Uuid) -> Result<(), String> {
    counter.caller = crate::counter::caller("2001", Role::Manager);
    let voided = counter.perform(&Command::VoidReturn(VoidReturn {
        id: the_return,
        reason: "mistake".into(),
        note: None,
    }));
    counter.caller = crate::counter::caller(crate::counter::CASHIER, Role::Cashier);
    match voided {
        Outcome::Done(_) => Ok(()),
        Outcome::Refused(refusal) => match *refusal {
            Refusal::NotVoidable { detail } => Err(detail),
            other => panic!("{other:?}"),
        },
    }
}

fn dearer(tenders: Vec<returndesk::domain::sale::Tender>) -> Draft {
    exchange(vec![units(1, 1)], paid(goods(vec![taken(1, 1200)]), tenders))
}

fn open(draft: Draft) -> (Counter, Return) {
    let mut counter = Counter::open(RULES, vec![mugs()]);
    let before = counter.book(1).clone();
    let recorded = counter.record(draft).unwrap();
    assert_ne!(counter.book(1), &before);
    (counter, recorded)
}

#[test]
fn a_void_puts_goods_and_money_back_where_they_came_from() {
    for draft in [
        dearer(vec![tender(1, Cash, 200, 0)]),
        exchange(vec![units(1, 2)], goods(vec![taken(1, 2000)])),
        exchange(vec![units(1, 2)], goods(vec![taken(1, 300)])),
    ] {
        let (mut counter, recorded) = open(draft);
        void(&mut counter, recorded.id).unwrap();
        let untouched = Book { returns: 1, ..Book::new(counter.book(1).sale.clone()) };
        assert_eq!(counter.book(1), &untouched, "but for the number, which stays used up");
        let new = new_sale(&counter, &recorded).sale.id;
        let refused = counter.check(&of(new, crate::counter::draft(vec![units(1, 1)]))).unwrap();
        let finding = &refused.lines[0].findings[0];
        assert_eq!((finding.code, finding.rule.as_str()), (Code::NotReturnable, "service:voided"));
        assert_eq!(
            void(&mut counter, recorded.id).unwrap_err(),
            "The return is voided, not completed."
        );
    }
}

#[test]
fn what_was_paid_by_card_is_not_called_back() {
    let (mut counter, recorded) = open(dearer(vec![tender(1, CreditCard, 200, 0)]));
    let receipt = recorded.number();
    assert_eq!(
        void(&mut counter, recorded.id).unwrap_err(),
        format!(
            "2.00 was paid on top by credit card, which cannot be called back from here. Take the goods of receipt {receipt} \
             back as a return instead."
        )
    );
}

#[test]
fn goods_that_moved_on_are_taken_back_first() {
    let (mut counter, recorded) = open(dearer(vec![tender(1, Cash, 200, 0)]));
    let new = new_sale(&counter, &recorded).sale.id;
    let again = of(new, exchange(vec![units(1, 1)], goods(vec![taken(1, 1200)])));
    let second = counter.record(again).unwrap();
    let receipt = recorded.number();
    assert_eq!(
        void(&mut counter, recorded.id).unwrap_err(),
        format!(
            "Goods taken in this exchange (receipt {receipt}) have come back or been exchanged again. Void that first."
        )
    );
    void(&mut counter, second.id).unwrap();
    void(&mut counter, recorded.id).unwrap();
    assert_eq!(tenders(counter.book(1)), [(1500, 0), (500, 0)]);
}

#[test]
fn a_dispute_over_the_first_payment_blocks_what_was_carried() {
    let (mut counter, recorded) = open(exchange(vec![units(1, 1)], goods(vec![taken(1, 1000)])));
    let new = new_sale(&counter, &recorded).sale.id;
    let back = of(new, draft(vec![units(1, 1)]));
    counter.state.with_book(id(1), |book| book.tenders[0].charged_back = true);
    let decision = counter.check(&back).unwrap();
    assert_eq!(decision.findings[0].code, Code::TenderExhausted);
    counter.state.with_book(id(1), |book| book.tenders[0].charged_back = false);
    assert_eq!(counter.check(&back).unwrap().findings, vec![]);
    // Lost, as far as the bank took what had not been carried, it is no matter of the new goods.
    for (lost, expected) in [(500, vec![]), (501, vec![Code::TenderExhausted])] {
        counter.state.with_book(id(1), |book| book.tenders[0].lost = Minor(lost));
        let findings = counter.check(&back).unwrap().findings;
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{lost}");
    }
}

#[test]
fn practice_moves_nothing() {
    let mut counter = Counter::open(RULES, vec![mugs()]);
    let before = counter.book(1).clone();
    let mut practice = dearer(vec![tender(1, Cash, 200, 0)]);
    practice.training = true;
    let recorded = counter.record(practice).unwrap();
    assert_eq!((recorded.exchange.as_ref(), counter.book(1)), (None, &before));
    assert!(counter.state.changes.new_sales.is_empty());
    void(&mut counter, recorded.id).unwrap();
}
