//! People: attempts to sign in, approvals, and customers who bring back too much.

use crate::goods::{draft, of, record, units};
use crate::held::{batches, no_deadlocks};
use crate::instances::{Instances, OPEN_POLICY, at_once, counts, tally, told};
use crate::support::{TestDb, on_each_database};
use diesel::RunQueryDsl;
use jiff::SignedDuration;
use returndesk::desk::Reply;
use returndesk::domain::caller::{Role, Stores};
use returndesk::domain::directory::{SaveOperator, Seen};
use returndesk::domain::draft::{Approver, Draft, DraftLine, Grant, SaleRef};
use returndesk::domain::overrides::IssueOverride;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::settings::Operator;
use returndesk::domain::sign_in::{Answer, LockRule, SignIn, Step};

fn attempt(operator: &str, attempts: u32) -> Command {
    let rule = LockRule { attempts, lock: SignedDuration::from_mins(15) };
    Command::SignIn(SignIn {
        operator: operator.to_owned(),
        source: "address:192.0.2.1".to_owned(),
        store: "S1".to_owned(),
        step: Step::Attempt,
        rule,
    })
}

fn goes_on(reply: &Reply) -> bool {
    let Reply::Done { outcome: Some(Outcome::Done(done)), .. } = reply else { panic!("{reply:?}") };
    matches!(**done, Done::SignIn(Answer::GoOn))
}

#[test]
fn guessing_at_many_registers_at_once_gains_nothing() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let replies = at_once(60, |i| shop.submit(i, attempt("1042", 5), None));
        assert_eq!(replies.iter().filter(|reply| goes_on(reply)).count(), 5);
        at_once(60, |i| shop.submit(i, attempt("1043", 1_000), None));
        assert_eq!((failures(database, "1042"), failures(database, "1043")), (5, 60));
        shop.prove();
    });
}

/// A new PIN wipes the operator's attempts out, in whatever company it comes.
#[test]
fn new_pins_and_attempts_never_block_each_other() {
    on_each_database(|database| {
        let shop = Instances::with(database, 2, |config| config.desk.writers = 1);
        shop.set_up("open", "USD", OPEN_POLICY);
        let new_pin = |name: &str| {
            let operator = Operator {
                operator: name.to_owned(),
                name: name.to_owned(),
                roles: vec![Role::Cashier],
                stores: Stores::All,
                pin_hash: Some("$argon2id$none".to_owned()),
                customer: None,
                active: true,
            };
            Command::SaveOperator(Box::new(SaveOperator { operator, seen: Seen::Anything }))
        };
        for name in ["A", "B", "C"] {
            let first = SaveOperator { seen: Seen::Nothing, ..save_of(new_pin(name)) };
            shop.done(Command::SaveOperator(Box::new(first)));
        }
        let attempt = |name| (attempt(name, 1_000), None);
        for _ in 0..12 {
            let one = vec![attempt("C"), attempt("B"), (new_pin("A"), None)];
            let other = vec![attempt("A"), attempt("B"), attempt("C")];
            let replies = batches(&shop, vec![one, other]);
            assert_eq!(tally(replies.iter().flatten()), counts([("recorded", 6)]));
        }
        shop.prove();
        no_deadlocks(shop);
    });
}

fn save_of(command: Command) -> SaveOperator {
    match command {
        Command::SaveOperator(save) => *save,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_override_is_used_once() {
    on_each_database(|database| {
        let shop = Instances::start(database);
        let rules = OPEN_POLICY
            .replace("\"approval\": []", r#""approval": [{"over": "1.00", "role": "supervisor"}]"#);
        shop.set_up("approved", "USD", &rules);
        let sale = shop.sell("R-1", &[100]);
        let wanted = || draft(vec![of(sale, units(1, 1))]);
        let without = shop.submit(0, record(wanted()), None);
        assert_eq!(told(&without), "amount_over_limit");
        let issue = IssueOverride {
            digest: [0; 32],
            draft: wanted(),
            codes: Vec::new(),
            approver: Approver {
                subject: "returndesk|2001".to_owned(),
                operator: "2001".to_owned(),
                rank: 2,
            },
            reason: "goodwill".to_owned(),
            note: None,
            valid_for: SignedDuration::from_mins(5),
        };
        let grant = match shop.done(Command::IssueOverride(Box::new(issue))) {
            Done::OverrideIssued(issued) => issued.grant,
            other => panic!("{other:?}"),
        };
        let replies = at_once(20, |i| shop.submit(i, with_grant(record(wanted()), &grant), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("override_used", 19)]));
        assert_eq!(shop.prove().returns, 1);
    });
}

fn with_grant(command: Command, grant: &Grant) -> Command {
    match command {
        Command::RecordReturn(mut record) => {
            record.grants = vec![grant.clone()];
            Command::RecordReturn(record)
        }
        other => other,
    }
}

#[test]
fn the_limit_on_how_often_a_customer_returns_holds_across_sales_and_instances() {
    on_each_database(|database| {
        let shop = Instances::start(database);
        let limit =
            r#""approval": [], "velocity": [{"days": 90, "count": 3, "outcome": "refuse"}]"#;
        shop.set_up("limited", "USD", &OPEN_POLICY.replace("\"approval\": []", limit));
        let sales: Vec<_> = (0..30).map(|n| shop.sell(&format!("R-{n}"), &[1])).collect();
        let back = |i: usize, customer: &str| {
            let mut wanted = draft(vec![of(sales[i], units(1, 1))]);
            wanted.customer = Some(customer.to_owned());
            record(wanted)
        };
        let replies =
            at_once(30, |i| shop.submit(i, back(i, if i < 20 { "C-1" } else { "C-2" }), None));
        let (one, other) = replies.split_at(20);
        assert_eq!(tally(one), counts([("recorded", 3), ("velocity_exceeded", 17)]));
        assert_eq!(tally(other), counts([("recorded", 3), ("velocity_exceeded", 7)]));
        assert_eq!(shop.prove().returns, 6);
    });
}

/// Goods without a receipt: the document counts, and where nobody is named the customer of the
/// sale.
#[test]
fn the_limit_without_a_receipt_holds_for_one_document_across_instances() {
    on_each_database(|database| {
        let shop = Instances::start(database);
        shop.set_up("bare", "USD", &bare_policy(1));
        shop.sell("R-1", &[9]);
        let replies =
            at_once(24, |i| shop.submit(i, record(bare_draft([(i % 2) as u8; 32])), None));
        assert_eq!(
            tally(&replies),
            counts([("recorded", 2), ("receipt_missing velocity_exceeded", 22)])
        );
        assert_eq!(shop.prove().returns, 2);
    });
}

#[test]
fn the_customer_of_the_sale_counts_where_nobody_is_named() {
    on_each_database(|database| {
        let shop = Instances::start(database);
        let limit =
            r#""approval": [], "velocity": [{"days": 90, "count": 3, "outcome": "refuse"}]"#;
        shop.set_up("limited", "USD", &OPEN_POLICY.replace("\"approval\": []", limit));
        let sales: Vec<_> =
            (0..30).map(|n| shop.sell_to(&format!("R-{n}"), &[1], Some("C-1"))).collect();
        // Some name the customer, the others leave it to the sale.
        let replies = at_once(30, |i| {
            let mut wanted = draft(vec![of(sales[i], units(1, 1))]);
            wanted.customer = (i % 3 == 0).then(|| "C-1".to_owned());
            shop.submit(i, record(wanted), None)
        });
        assert_eq!(tally(&replies), counts([("recorded", 3), ("velocity_exceeded", 27)]));
        shop.prove();
    });
}

/// A sale of a customer who is at the limit comes in with its own return, in one batch.
#[test]
fn a_sale_and_its_return_in_one_batch_count_for_the_customer() {
    on_each_database(|database| {
        let shop = Instances::with(database, 1, |config| config.desk.writers = 1);
        let limit =
            r#""approval": [], "velocity": [{"days": 90, "count": 1, "outcome": "refuse"}]"#;
        shop.set_up("limited", "USD", &OPEN_POLICY.replace("\"approval\": []", limit));
        let earlier = shop.sell_to("R-1", &[1], Some("C-1"));
        assert_eq!(
            told(&shop.submit(0, record(draft(vec![of(earlier, units(1, 1))])), None)),
            "recorded"
        );
        let sold = Command::RecordSale(Box::new(crate::goods::sale("R-2", &[1], Some("C-1"))));
        let by_receipt = SaleRef::Receipt {
            receipt: "R-2".to_owned(),
            store: None,
            register: None,
            business_date: None,
        };
        let mut back = draft(vec![units(1, 1)]);
        back.sale = Some(by_receipt);
        let replies = batches(&shop, vec![vec![(sold, None), (record(back), None)]]);
        assert_eq!(
            tally(replies.iter().flatten()),
            counts([("recorded", 1), ("velocity_exceeded", 1)])
        );
        shop.prove();
    });
}

/// Many sales of one article at once, dearer and cheaper: the cheapest is the price.
#[test]
fn the_lowest_of_many_prices_at_once_stands() {
    on_each_database(|database| {
        let shop = Instances::start(database);
        shop.set_up("bare", "USD", &bare_policy(100));
        at_once(40, |i| {
            let price = 100 + (i * 37) % 40;
            let body = crate::goods::priced_body(
                &format!("R-{i}"),
                price as i64,
                if i % 2 == 0 { "S1" } else { "S2" },
            );
            shop.submit(i, Command::RecordSale(Box::new(crate::goods::read(body))), None)
        });
        let Done::Returned(recorded) = shop.done(record(bare_draft([1; 32]))) else {
            panic!("not recorded")
        };
        assert_eq!(recorded.the_return.refund.0, 100);
        shop.prove();
    });
}

fn bare_policy(count: u32) -> String {
    let bare = format!(
        r#"[{{"id": "bare", "when": {{"receipt": false}}, "set": {{"price_basis": {{"lowest_in_days": 400}},
            "id_required": true, "velocity": [{{"days": 90, "count": {count}, "outcome": "refuse"}}]}}}},"#
    );
    OPEN_POLICY.replacen('[', &bare, 1)
}

fn bare_draft(document: [u8; 32]) -> Draft {
    let line = DraftLine { sale_line: None, sku: Some("SKU-1".to_owned()), ..units(1, 1) };
    Draft { id_hash: Some(document), ..draft(vec![line]) }
}

fn failures(database: &TestDb, operator: &str) -> i32 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        failures: i32,
    }
    let sql = format!("SELECT failures FROM sign_in_sources WHERE operator = '{operator}'");
    diesel::sql_query(sql).get_result::<Row>(&mut database.connect()).unwrap().failures
}
