//! Every way in which an override is no good, in the order in which it is told, and what the log
//! says of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only these tests call

mod counter;

use counter::{CASHIER, Counter, approver, draft, id, line, record_of, sale, tender, units, with};
use jiff::SignedDuration;
use returndesk::domain::caller::Role;
use returndesk::domain::decision::{Code, Verdict};
use returndesk::domain::draft::{Approver, Draft, DraftCharge, Grant, SaleRef};
use returndesk::domain::entry::Event;
use returndesk::domain::money::Minor;
use returndesk::domain::overrides::IssueOverride;
use returndesk::domain::refusal::{OverrideFault, Refusal};
use returndesk::domain::returns::{RecordReturn, Return};
use returndesk::domain::sale::{Charge, Sale};
use returndesk::domain::tender::TenderType::CreditCard;
use uuid::Uuid;

/// Past the window a manager approves; above 100.00 two; a supervisor's word is enough for an
/// opened box.
const RULES: &str = r#"[{"id": "default", "when": {}, "set": {
    "window": {"days": 5, "after": "needs_approval", "approval_role": "manager"},
    "approval": [{"over": "100.00", "role": "manager", "approvers": 2}]}}]"#;

fn chairs(number: u128) -> Sale {
    let mut sale = sale(vec![line(1, 10, 5000)], vec![tender(1, CreditCard, 51_000, 0)]);
    (sale.id, sale.receipt) = (id(number), format!("R-{number}"));
    let shipping = Charge {
        charge: 1,
        kind: "shipping".into(),
        amount: Minor(1000),
        taxes: vec![],
        refundable: true,
    };
    sale.charges = vec![shipping];
    counter::totalled(&mut sale);
    sale
}

fn counter() -> Counter {
    let theirs = with(chairs(3), |sale| sale.customer = Some("C-3001".to_owned()));
    Counter::open(RULES, vec![chairs(1), chairs(2), theirs])
}

fn of_sale(number: u128, units_back: i64) -> Draft {
    with(draft(vec![units(1, units_back)]), |draft| draft.sale = Some(SaleRef::Id(id(number))))
}

fn with_grants(draft: Draft, grants: &[Grant]) -> RecordReturn {
    RecordReturn { grants: grants.to_vec(), ..record_of(draft) }
}

fn fault(answer: Result<Return, Refusal>) -> (Uuid, OverrideFault) {
    match answer {
        Err(Refusal::Override { id, why }) => (id, why),
        other => panic!("{other:?}"),
    }
}

fn last_event(counter: &Counter) -> Event {
    counter.state.changes.entries.last().unwrap().event
}

fn manager() -> Approver {
    approver("2001", 2)
}

#[test]
fn a_good_override_lets_the_return_through_once() {
    let mut counter = counter();
    let draft = of_sale(1, 2);
    assert!(matches!(counter.record(draft.clone()), Err(Refusal::ApprovalRequired(_))));
    let grant = counter.approve(draft.clone(), manager()).unwrap();
    assert_eq!(
        (grant.codes.clone(), grant.max_refund, grant.sales.clone()),
        (vec![Code::WindowExpired], Minor(10_000), vec![id(1)])
    );
    let returned =
        counter.record_with(with_grants(draft.clone(), std::slice::from_ref(&grant))).unwrap();
    assert_eq!(counter.state.override_of(grant.id).unwrap().used_for, Some(returned.id));
    let events: Vec<Event> =
        counter.state.changes.entries.iter().map(|entry| entry.event).collect();
    let told =
        [Event::ReturnRefused, Event::OverrideIssued, Event::OverrideUsed, Event::ReturnRecorded];
    assert_eq!(events, told);
    assert_eq!(
        fault(counter.record_with(with_grants(draft, std::slice::from_ref(&grant)))),
        (grant.id, OverrideFault::Used)
    );
    assert_eq!(last_event(&counter), Event::OverrideRefused);
}

/// How the grant in hand, the draft or the moment differ from what was approved.
type Change = fn(&mut Counter, &mut RecordReturn);

#[test]
fn every_fault_is_told_and_the_first_of_several() {
    let table: [(&str, Change, OverrideFault); 17] = [
        (
            "forged before it was looked up",
            |_, command| command.bad_grant = Some((None, OverrideFault::Mismatch)),
            OverrideFault::Mismatch,
        ),
        ("never issued", |_, command| command.grants[0].id = id(77), OverrideFault::Mismatch),
        (
            "another amount than was issued",
            |_, command| command.grants[0].max_refund.0 += 1,
            OverrideFault::Mismatch,
        ),
        (
            "another rank than was issued",
            |_, command| command.grants[0].approver.rank = 3,
            OverrideFault::Mismatch,
        ),
        (
            "more codes than were issued",
            |_, command| command.grants[0].codes.push(Code::FinalSale),
            OverrideFault::Mismatch,
        ),
        (
            "five minutes later",
            |counter, _| counter.now += SignedDuration::from_mins(5),
            OverrideFault::Expired,
        ),
        (
            "used and expired is used",
            |counter, command| {
                counter.record_with(command.clone()).unwrap();
                counter.now += SignedDuration::from_mins(5);
            },
            OverrideFault::Used,
        ),
        (
            "expired and of another sale is expired",
            |counter, command| {
                counter.now += SignedDuration::from_mins(5);
                command.draft.sale = Some(SaleRef::Id(id(2)));
            },
            OverrideFault::Expired,
        ),
        (
            "another sale",
            |_, command| command.draft.sale = Some(SaleRef::Id(id(2))),
            OverrideFault::Mismatch,
        ),
        (
            "a charge of another sale with it",
            |_, command| {
                command.draft.lines = vec![units(1, 1)];
                command.draft.charges =
                    vec![DraftCharge { sale: Some(SaleRef::Id(id(2))), charge: 1, amount: None }];
            },
            OverrideFault::Mismatch,
        ),
        (
            "more goods",
            |_, command| command.draft.lines = vec![units(1, 3)],
            OverrideFault::Mismatch,
        ),
        (
            "another store",
            |_, command| command.draft.store = "0043".to_owned(),
            OverrideFault::Mismatch,
        ),
        (
            "another return of the same sale, worth the same",
            |_, command| command.digest[0] ^= 1,
            OverrideFault::Mismatch,
        ),
        (
            "goods without a receipt for a sale",
            |counter, command| {
                // Nothing of a sale is left to compare: nothing is not what was approved.
                command.draft.lines = vec![with(units(1, 1), |line| {
                    (line.sale_line, line.sku) = (None, Some("SKU-1".to_owned()));
                })];
                counter::know_prices(&mut counter.state, &chairs(1));
            },
            OverrideFault::Mismatch,
        ),
        (
            "another cashier than the one it was asked for",
            |_, command| command.draft.operator = "1043".to_owned(),
            OverrideFault::Mismatch,
        ),
        (
            "the approver at the register",
            |counter, command| {
                let alone = with(command.draft.clone(), |draft| draft.operator.clear());
                command.grants = vec![counter.approve(alone, manager()).unwrap()];
                command.draft.operator = "2001".to_owned();
            },
            OverrideFault::ApproverIsOperator,
        ),
        (
            "the approver's subject at the register",
            |counter, _| {
                counter.caller = with(counter::caller(CASHIER, Role::Cashier), |caller| {
                    caller.subject = "idp|2001".to_owned()
                });
            },
            OverrideFault::ApproverIsOperator,
        ),
    ];
    for (name, change, expected) in table {
        let mut counter = counter();
        let draft = of_sale(1, 2);
        let grant = counter.approve(draft.clone(), manager()).unwrap();
        let mut command = with_grants(draft, &[grant]);
        change(&mut counter, &mut command);
        let books = counter.book(1).clone();
        assert_eq!(fault(counter.record_with(command)).1, expected, "{name}");
        assert_eq!(counter.book(1), &books, "{name}: nothing moves");
        let event = if expected == OverrideFault::Expired {
            Event::OverrideExpired
        } else {
            Event::OverrideRefused
        };
        assert_eq!(last_event(&counter), event, "{name}");
    }
}

#[test]
fn an_override_that_covers_nothing_is_a_mismatch() {
    let mut counter = counter();
    let grant = counter.approve(of_sale(1, 1), manager()).unwrap();
    counter.now = counter::noon("2026-03-04");
    let within = with_grants(of_sale(1, 1), &[grant]);
    assert_eq!(
        fault(counter.record_with(within)).1,
        OverrideFault::Mismatch,
        "nothing needs approval within the window"
    );
}

#[test]
fn an_override_is_not_issued_to_whom_may_not_approve() {
    let table = [
        (of_sale(1, 1), approver(CASHIER, 2), OverrideFault::ApproverIsOperator),
        (of_sale(1, 1), approver("2002", 1), OverrideFault::ApproverLacksRole),
        (of_sale(3, 1), approver("3001", 3), OverrideFault::ApproverOwnPurchase),
        (
            with(of_sale(1, 1), |draft| draft.customer = Some("C-3001".to_owned())),
            approver("3001", 3),
            OverrideFault::ApproverOwnPurchase,
        ),
        (
            with(of_sale(1, 1), |draft| draft.customer = Some("2001".to_owned())),
            manager(),
            OverrideFault::ApproverOwnPurchase,
        ),
        (
            with(of_sale(1, 1), |draft| {
                draft.charges =
                    vec![DraftCharge { sale: Some(SaleRef::Id(id(3))), charge: 1, amount: None }]
            }),
            approver("3001", 3),
            OverrideFault::ApproverOwnPurchase,
        ),
        // Of several faults the first is told.
        (of_sale(3, 1), approver("3001", 1), OverrideFault::ApproverOwnPurchase),
        (
            with(of_sale(3, 1), |draft| draft.operator = "3001".to_owned()),
            approver("3001", 1),
            OverrideFault::ApproverIsOperator,
        ),
    ];
    for (draft, who, expected) in table {
        let mut counter = counter();
        let told = format!("{who:?}");
        assert_eq!(
            counter.approve(draft, who),
            Err(Refusal::Override { id: Uuid::nil(), why: expected }),
            "{told}"
        );
        assert_eq!(last_event(&counter), Event::OverrideRefused);
    }
}

#[test]
fn two_approvers_are_two_persons() {
    let draft = of_sale(1, 3);
    let same_person = |first: Approver, second: Approver| {
        let mut counter = counter();
        let grants = [first, second].map(|who| counter.approve(draft.clone(), who).unwrap());
        counter.record_with(with_grants(draft.clone(), &grants))
    };
    let still_missing = |answer: Result<Return, Refusal>| match answer {
        Err(Refusal::ApprovalRequired(decision)) => {
            let needed = decision.approvals_needed();
            (needed.len(), needed[0].role, needed[0].count, needed[0].codes.clone())
        }
        other => panic!("{other:?}"),
    };
    let one_more = (1, Role::Manager, 1, vec![Code::AmountOverLimit]);
    assert_eq!(still_missing(same_person(manager(), manager())), one_more);
    let other_number = Approver { operator: "2999".to_owned(), ..manager() };
    assert_eq!(still_missing(same_person(manager(), other_number)), one_more);
    let returned = same_person(manager(), approver("2002", 2)).unwrap();
    assert_eq!(returned.refund, Minor(15_000));
}

#[test]
fn codes_are_those_that_need_approval_and_no_others() {
    let mut counter = counter();
    let ask = |draft: Draft, codes: Vec<Code>| IssueOverride {
        digest: counter::digest_of(&draft),
        draft,
        codes,
        approver: manager(),
        reason: "goodwill".to_owned(),
        note: None,
        valid_for: SignedDuration::from_hours(8),
    };
    let one = counter.issue(ask(of_sale(1, 3), vec![Code::WindowExpired])).unwrap().grant;
    assert_eq!(one.codes, [Code::WindowExpired]);
    assert_eq!(
        one.expires_at,
        counter.now + SignedDuration::from_mins(5),
        "five minutes, whoever asks for more"
    );
    assert!(matches!(
        counter.issue(ask(of_sale(1, 1), vec![Code::FinalSale])),
        Err(Refusal::Invalid(_))
    ));
    // What nobody may approve is not approved: the answer is the decision.
    let too_many = counter.issue(ask(of_sale(1, 11), vec![]));
    assert!(
        matches!(too_many, Err(Refusal::ReturnRefused(decision)) if decision.verdict == Verdict::Refused)
    );
    counter.now = counter::noon("2026-03-04");
    assert!(
        matches!(counter.issue(ask(of_sale(1, 1), vec![])), Err(Refusal::Invalid(_))),
        "nothing to approve"
    );
}
