//! A database of before, brought up to this binary: everything is still there, and goes on.

use crate::fixture::{self, LATEST};
use crate::instances::{Folder, prove};
use crate::program::run;
use crate::support::bodies::hearts;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// What the fixture's shop recorded: six of card sales, one void and one under an override among
/// them, and one in cash.
const RETURNS: usize = 7;

#[test]
fn a_database_of_the_first_schema_is_brought_up_to_this_one() {
    on_each_database(|database| {
        fixture::lay(database);
        let home = Folder::new();
        run(&home, &["migrate", "--database", database.url()]).gives(0);
        let again = run(&home, &["migrate", "--database", database.url()]).gives(0);
        assert_eq!(again.out, "The schema is up to date; there was nothing to apply.\n");
        let verified = run(&home, &["audit", "verify", "--database", database.url()]).gives(0);
        let agree =
            format!("8 sales and {RETURNS} returns agree with the log and with each other.");
        assert!(verified.out.contains(&agree), "{verified:?}");
    });
}

#[test]
fn an_upgraded_shop_goes_on_where_it_stopped() {
    on_each_database(|database| {
        fixture::lay(database);
        let shop = Shop::over(database, LATEST);
        let told = shop.auditor().get("/v1/returns?limit=500").expect(200).body;
        assert_eq!(told["items"].as_array().map(Vec::len), Some(RETURNS));
        for listed in told["items"].as_array().unwrap() {
            shop.cashier()
                .get(&format!("/v1/returns/{}", listed["id"].as_str().unwrap()))
                .expect(200);
        }
        // Both hearts of the second sale are back: no third. What was void can come back again,
        // once.
        let refused = bring(&shop, "R-00002", 1).expect_problem(422, "return_refused");
        assert_eq!(refused.body["decision"]["lines"][0]["findings"][0]["code"], "already_returned");
        bring(&shop, "R-00003", 2).expect(201);
        bring(&shop, "R-00003", 1).expect_problem(422, "return_refused");
        // A key of before is known. Bodies are compared under the secret of the keys, and this
        // database came without its own: what cannot be compared is refused, and never done a
        // second time.
        let first = json!({"store": "0042", "register": "7", "sale": {"receipt": "R-00002"}, "lines": [
            {"sale_line": 1, "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
        shop.cashier()
            .post_keyed("/v1/returns", "refused", &first)
            .expect_problem(422, "idempotency_key_reused");
        let new = hearts(&shop);
        shop.sell(&new);
        shop.bring_back(&crate::support::bodies::back(&new, 1, 2));
        assert_eq!(prove(&database.open()).returns, RETURNS as u64 + 2);
    });
}

/// Brings back units of a sale of before, whose window has closed, with a manager's override.
fn bring(shop: &Shop, receipt: &str, quantity: u32) -> crate::support::caller::Answer {
    let mut body: Value = json!({"store": "0042", "register": "7", "sale": {"receipt": receipt}, "lines": [
        {"sale_line": 1, "quantity": quantity.to_string(), "reason": "changed_mind", "condition": "unopened"}]});
    let asked = json!({"return": body, "codes": ["window_expired"], "reason": "goodwill"});
    let issued = shop.manager().post("/v1/overrides", &asked);
    if issued.status == 201 {
        body["approvals"] = json!([issued.body["token"]]);
    }
    shop.cashier().post_keyed("/v1/returns", &shop.receipt(), &body)
}
