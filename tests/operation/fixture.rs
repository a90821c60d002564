//! A database as the first schema left it, with a small shop in it: what an upgrade begins with.
//!
//! The rows are kept as SQL in `tests/fixtures/`, written once by `make_the_fixture` when the first
//! migration was the only one, and never again: a fixture that is made by today's binary shows
//! nothing about yesterday's.

use crate::support::TestDb;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use returndesk::store::{Backend, MultiBackend, migrate};

/// The instant at which the fixture's last entry was written.
pub const LATEST: &str = "2026-05-01T15:00:00Z";

const FIRST: &str = "20261122000001";

/// The migrations of the first schema.
struct First;

impl MigrationSource<MultiBackend> for First {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<MultiBackend>>>> {
        let mut all: Vec<Box<dyn Migration<MultiBackend>>> = migrate::MIGRATIONS.migrations()?;
        all.retain(|migration| migration.name().version().to_string() == FIRST);
        Ok(all)
    }
}

/// Lays the fixture into an empty database: the first schema, its triggers, its rows.
pub fn lay(database: &TestDb) {
    let mut connection = database.connect();
    let tables: Vec<_> =
        migrate::APPEND_ONLY.iter().filter(|kept| TABLES.contains(&kept.table)).copied().collect();
    assert_eq!(migrate::run_from(&mut connection, &First, &tables).unwrap(), [FIRST]);
    let rows = match database.backend() {
        Backend::Sqlite => include_str!("../fixtures/first_schema.sqlite.dump"),
        Backend::Postgres => include_str!("../fixtures/first_schema.postgres.dump"),
    };
    connection.batch_execute(&format!("BEGIN; {rows} COMMIT;")).unwrap();
}

/// Every table of the first schema, none before one that it refers to.
const TABLES: [&str; 18] = [
    "settings_generation",
    "policy_versions",
    "stores",
    "registers",
    "operators",
    "sign_in_attempts",
    "sales",
    "sale_lines",
    "sale_serials",
    "sale_tenders",
    "sale_charges",
    "returns",
    "return_lines",
    "return_charges",
    "refunds",
    "overrides",
    "people",
    "idempotency",
];

/// The log, last.
const LOG: [&str; 2] = ["audit_entries", "audit_heads"];

mod making {
    use super::{LOG, TABLES};
    use crate::support::bodies::{back, hearts, plain};
    use crate::support::shop::Shop;
    use crate::support::{TestDb, on_each_database};
    use diesel::RunQueryDsl;
    use diesel::sql_types::Text;
    use serde_json::{Value, json};

    /// Only ever for a new release: `cargo test --test operation -- --ignored make_the_fixture`.
    #[test]
    #[ignore = "writes tests/fixtures, which is done once for a release"]
    fn make_the_fixture() {
        on_each_database(|database| {
            if let Some(folder) = database.folder() {
                trade(&Shop::open(database));
                let at = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
                println!("from {}", folder.display());
                for (kind, literal) in
                    [("sqlite", sqlite as fn(&str, &str) -> String), ("postgres", postgres)]
                {
                    std::fs::write(
                        at.join(format!("first_schema.{kind}.dump")),
                        rows(database, literal),
                    )
                    .unwrap();
                }
            }
        });
    }

    /// A few weeks of a shop: everything that the first schema can hold.
    fn trade(shop: &Shop) {
        let hire =
            json!({"name": "Ana Ruiz", "roles": ["manager"], "stores": ["0042"], "pin": "493817"});
        shop.admin().put("/v1/operators/2001", &hire).expect(201);
        shop.admin()
            .put("/v1/stores/0042/registers/7", &json!({"name": "Front", "active": true}))
            .expect(201);
        shop.admin().put("/v1/stores/0042/registers/3", &json!({})).expect(201);
        let sign_in =
            |pin: &str| json!({"operator": "2001", "pin": pin, "store": "0042", "register": "7"});
        shop.nobody().post("/v1/tokens", &sign_in("000000")).expect(401);
        let sales: Vec<Value> = (0..6).map(|_| hearts(shop)).collect();
        sales.iter().for_each(|sale| drop(shop.sell(sale)));
        let mut with_serial = plain(shop, "0043", 1, 200, "cash");
        with_serial["lines"][0]["serial_numbers"] = json!(["SN-1"]);
        with_serial["charges"] =
            json!([{"charge": 1, "type": "shipping", "amount": "5.00", "refundable": true}]);
        with_serial["tenders"][0]["amount"] = json!("205.00");
        with_serial["total"] = json!("205.00");
        shop.sell(&with_serial);
        let cash = plain(shop, "0042", 3, 10, "cash");
        shop.sell(&cash);
        shop.move_days(3);
        // One of two hearts is back, of another sale both, one return is void, one refund settled,
        // one failed.
        shop.bring_back(&back(&sales[0], 1, 1));
        shop.bring_back(&back(&sales[1], 1, 2));
        let at = |recorded: &Value| format!("/v1/returns/{}", recorded["id"].as_str().unwrap());
        let voided = at(&shop.bring_back(&back(&sales[2], 1, 1)));
        shop.supervisor()
            .post_keyed(&format!("{voided}/void"), "v1", &json!({"reason": "mistake"}))
            .expect(200);
        let settled = at(&shop.bring_back(&back(&sales[3], 1, 1)));
        let said = json!({"outcome": "settled", "reference": "T-1"});
        shop.till().post_keyed(&format!("{settled}/refunds/1/settlement"), "s1", &said).expect(200);
        let failed = at(&shop.bring_back(&back(&sales[4], 1, 1)));
        let said = json!({"outcome": "failed", "fallback": "store_credit"});
        shop.till().post_keyed(&format!("{failed}/refunds/1/settlement"), "s2", &said).expect(200);
        shop.bring_back(&back(&cash, 1, 2));
        shop.move_days(48);
        let too_many = back(&sales[1], 1, 1);
        shop.cashier().post_keyed("/v1/returns", "refused", &too_many).expect(422);
        let late = back(&sales[5], 1, 1);
        let asked = json!({"return": late, "codes": ["window_expired"], "reason": "goodwill"});
        let mut approved = late.clone();
        let issued = shop.manager().post("/v1/overrides", &asked).expect(201).body;
        approved["approvals"] = json!([issued["token"]]);
        shop.bring_back(&approved);
        shop.manager().post("/v1/overrides", &asked).expect(201);
        assert_eq!(shop.now(), super::LATEST.parse().unwrap());
    }

    #[derive(diesel::QueryableByName)]
    struct Word {
        #[diesel(sql_type = Text)]
        word: String,
    }

    fn words(database: &TestDb, sql: &str) -> Vec<String> {
        let words: Vec<Word> = diesel::sql_query(sql).load(&mut database.connect()).unwrap();
        words.into_iter().map(|word| word.word).collect()
    }

    /// One INSERT a row, in an order in which every row that is referred to is there.
    fn rows(database: &TestDb, literal: impl Fn(&str, &str) -> String) -> String {
        // What the migration itself puts there.
        let mut sql = "DELETE FROM settings_generation;\n".to_owned();
        for table in TABLES.into_iter().chain(LOG) {
            let columns = words(
                database,
                &format!(
                    "SELECT name || ' ' || lower(type) AS word FROM pragma_table_info('{table}')"
                ),
            );
            let columns: Vec<(&str, &str)> =
                columns.iter().map(|column| column.split_once(' ').unwrap()).collect();
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let values: Vec<String> =
                columns.iter().map(|(name, kind)| literal(name, kind)).collect();
            let values = values.join(" || ', ' || ");
            for row in
                words(database, &format!("SELECT {values} AS word FROM {table} ORDER BY rowid"))
            {
                sql.push_str(&format!(
                    "INSERT INTO {table} ({}) VALUES ({row});\n",
                    names.join(", ")
                ));
            }
        }
        sql
    }

    /// An expression of SQLite that answers a column's value as SQLite's literal.
    fn sqlite(name: &str, _kind: &str) -> String {
        format!("quote({name})")
    }

    /// The same as PostgreSQL's literal.
    fn postgres(name: &str, kind: &str) -> String {
        let value = match kind {
            "uuid" => format!("'''' || lower(hex({name})) || ''''"),
            "bytea" => format!("'''\\x' || lower(hex({name})) || ''''"),
            "boolean" => format!("CASE {name} WHEN 0 THEN 'FALSE' ELSE 'TRUE' END"),
            _ => format!("quote({name})"),
        };
        format!("CASE WHEN {name} IS NULL THEN 'NULL' ELSE {value} END")
    }
}
