//! A database of before, brought up to this binary: everything is still there, and goes on.

use crate::fixture::{self, LATEST};
use crate::instances::{Folder, prove};
use crate::program::run;
use crate::support::bodies::hearts;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use diesel::RunQueryDsl;
use returndesk::store::Backend;
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
        // The shop had saved one of its two registers: it saves the other, too.
        let new = hearts(&shop);
        shop.till().post("/v1/sales", &new).expect_problem(403, "unknown_register");
        shop.admin().put("/v1/stores/0042/registers/3", &json!({})).expect(201);
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
        // Returns of before have their numbers among those of their sale, the void one too.
        let numbers =
            "SELECT CAST(l.nth AS text) AS word FROM return_lines l JOIN sales s ON s.id = l.sale
                       WHERE s.receipt = 'R-00003' ORDER BY l.nth";
        let numbers: Vec<Word> = diesel::sql_query(numbers).load(&mut database.connect()).unwrap();
        assert_eq!(numbers.iter().map(|n| n.word.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert!(database.run_sql("UPDATE return_lines SET nth = 9").is_err());
        // A key of before is known. Bodies are compared under the secret of the keys, and this
        // database came without its own: what cannot be compared is refused, and never done a
        // second time.
        let first = json!({"store": "0042", "register": "7", "sale": {"receipt": "R-00002"}, "lines": [
            {"sale_line": 1, "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
        shop.cashier()
            .post_keyed("/v1/returns", "refused", &first)
            .expect_problem(422, "idempotency_key_reused");
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

/// Sales of before are found by any spelling of their numbers; two that today would be one stay two.
#[test]
fn older_identifiers_are_matched_like_new_ones() {
    on_each_database(|database| {
        fixture::lay(database);
        // Recorded under the first schema, which compared by bytes.
        for (number, receipt) in [(1, "r-00002"), (2, "Ｒ-00002"), (3, " Straße\u{a0}1")] {
            let id = match database.backend() {
                Backend::Sqlite => format!("x'{number:032x}'"),
                Backend::Postgres => format!("'{number:032x}'"),
            };
            let copy = format!(
                "INSERT INTO sales (id, store, receipt, business_date, customer, document, digest, recorded_at)
                 SELECT {id}, store, '{receipt}', business_date, 'Kunde Ä', document, digest, recorded_at
                 FROM sales WHERE receipt = 'R-00002'"
            );
            database.run_sql(&copy).unwrap();
        }
        let home = Folder::new();
        run(&home, &["migrate", "--database", database.url()]).gives(0);
        run(&home, &["migrate", "--database", database.url()]).gives(0);
        let told = |sql: &str| -> Vec<String> {
            let words: Vec<Word> = diesel::sql_query(sql).load(&mut database.connect()).unwrap();
            words.into_iter().map(|word| word.word).collect()
        };
        let keys = "SELECT receipt_key || ' ' || CAST(rung AS text) || ' ' || customer_key AS word FROM sales
                    WHERE customer = 'Kunde Ä' ORDER BY id";
        assert_eq!(told(keys), ["r-00002 0 kunde ä", "r-00002 1 kunde ä", "strasse 1 0 kunde ä"]);
        let first = "SELECT CAST(rung AS text) AS word FROM sales WHERE receipt = 'R-00002'";
        assert_eq!(told(first), ["2"]);
        for missing in ["sales WHERE receipt_key", "sale_serials WHERE serial_key"] {
            let sql = format!("SELECT 'x' AS word FROM {missing} IS NULL");
            assert_eq!(told(&sql), [] as [&str; 0], "{missing}");
        }
        let serials = "SELECT serial_key AS word FROM sale_serials WHERE serial_number = 'SN-1'";
        assert_eq!(told(serials), ["sn-1"]);
        // Append-only again.
        assert!(database.run_sql("UPDATE sales SET receipt_key = 'x'").is_err());
        let shop = Shop::over(database, LATEST);
        let check = |receipt: &str| {
            let body = json!({"store": "0042", "register": "7", "sale": {"receipt": receipt}, "lines": [
                {"sale_line": 1, "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
            shop.cashier().post("/v1/returns/check", &body)
        };
        check("r-00003").expect(200);
        check("r-00002").expect_problem(409, "receipt_ambiguous");
    });
}

#[derive(diesel::QueryableByName)]
struct Word {
    #[diesel(sql_type = diesel::sql_types::Text)]
    word: String,
}
