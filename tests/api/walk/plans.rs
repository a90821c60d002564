//! How the databases go about every statement of the desk: on a young database, whose planner knows
//! nothing yet, as well as on one that has grown.
//!
//! The statements are those that the desk's own sessions send while every operation that changes
//! anything is walked: a new one is among them as soon as its command is.

use super::mutations::everything;
use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::Caller;
use crate::support::shop::Shop;
use crate::support::{TestDb, on_each_database, postgres_url};
use diesel::connection::{
    Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation,
};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use returndesk::domain::caller::Role;
use returndesk::store::{Backend, Connection, Plans};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Tables that are small whatever the shop's size.
const SMALL: [&str; 8] = [
    "stores",
    "registers",
    "operators",
    "policy_versions",
    "sign_in_attempts",
    "settings_generation",
    "audit_heads",
    "u",
];
/// Tables that no command writes into; people are claimed on PostgreSQL alone.
const NOT_WRITTEN: [&str; 2] = ["settings_generation", "__diesel_schema_migrations"];
/// A statement that may walk: its beginning after the keys, and why.
const MAY_WALK: [(&str, &str); 1] = [(
    "SELECT d.register, d.number, ",
    "closing a day reads the day ends of its store: a row for each register and day",
)];

// ---- what the desk sends

/// The statements of the desk's threads, by the address of their database.
static SENT: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Recorder {
    address: String,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.address = url.to_owned();
            }
            InstrumentationEvent::StartQuery { query, .. } if is_the_desks_thread() => {
                let text = query.to_string();
                let sql = text.split(" -- binds").next().unwrap_or_default().to_owned();
                let mut sent = SENT.lock().unwrap();
                sent.entry(self.address.clone()).or_default().insert(sql);
            }
            _ => {}
        }
    }
}

/// Exports and verification, which walk on purpose, have threads of other names.
fn is_the_desks_thread() -> bool {
    let thread = std::thread::current();
    thread.name().is_some_and(|name| name.starts_with("writer-") || name.starts_with("reader-"))
}

/// What was sent to this database: statements, not the words around transactions.
fn sent_to(database: &TestDb) -> BTreeSet<String> {
    let words = ["SELECT ", "WITH ", "INSERT ", "UPDATE ", "DELETE "];
    let is_statement = |sql: &str| words.iter().any(|word| sql.starts_with(word));
    sent(database, |sql| is_statement(sql) && !sql.contains("COMMIT"))
}

fn sent(database: &TestDb, which: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let place = database.url().split('?').next().unwrap().trim_start_matches("sqlite://");
    let sent = SENT.lock().unwrap();
    let of_database = sent.iter().filter(|(address, _)| address.contains(place));
    let statements = of_database.flat_map(|(_, statements)| statements.iter().cloned());
    statements.filter(|sql| which(sql)).collect()
}

/// Every command there is, and the returns that need more than one table each.
fn walk(shop: &Shop) {
    let everyone = Caller::new(shop, "8888", &Role::ALL, &["*"]);
    let ask = |method: &str, path: &str, body: &Value| {
        let kind =
            if path.ends_with("/import") { "application/x-ndjson" } else { "application/json" };
        let request = everyone.request(method.parse().unwrap(), path);
        let request = if method == "GET" { request } else { request.set_payload(body.to_string()) };
        let request = request
            .insert_header(("Content-Type", kind))
            .insert_header(("Idempotency-Key", shop.receipt()));
        let answer = shop.ask(request);
        assert!(answer.status < 500, "{method} {path}: {answer}");
        answer
    };
    for (method, path, body) in &special(shop) {
        ask(method, path, body);
    }
    approved(shop);
    let of_exchange = format!("/v1/returns/{}", exchanged(shop));
    ask("GET", &of_exchange, &json!(null));
    ask("POST", &format!("{of_exchange}/void"), &json!({"reason": "mistake"}));
    for (method, path, body) in &everything(shop) {
        ask(method, path, body);
    }
    // Sold in levs, and back in euros.
    for (store, currency) in [("0090", "BGN"), ("0091", "EUR")] {
        let body = json!({"name": store, "time_zone": "Europe/Sofia", "currency": currency, "region": "BG"});
        ask("PUT", &format!("/v1/stores/{store}"), &body).expect(201);
    }
    let mut levs = plain(shop, "0090", 1, 10, "cash");
    levs["currency"] = json!("BGN");
    let sold = ask("POST", "/v1/sales", &levs).expect(201).body;
    let euros = json!({"store": "0091", "register": "7", "sale": {"id": sold["id"]}, "lines": [
        {"sale_line": 1, "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
    ask("POST", "/v1/returns", &euros).expect(201);
    count_returns(shop);
    let known = hearts(shop);
    shop.sell(&known);
    let mut named = back(&known, 1, 1);
    ask("POST", "/v1/returns", &named);
    named["customer"] = json!({"id": "C-1", "identification": "D-1"});
    ask("POST", "/v1/returns/check", &named);
    ask("POST", "/v1/returns", &named);
}

/// Has the policy count what people brought back before.
fn count_returns(shop: &Shop) {
    let standard = shop.author().get("/v1/policies/standard/versions/1").expect(200);
    let mut document = standard.body["document"].clone();
    let rules = document["rules"].as_array_mut().unwrap();
    rules.last_mut().unwrap()["set"]["velocity"] =
        json!([{"days": 90, "count": 1000, "outcome": "refuse"}]);
    shop.publish("standard", &document);
}

/// Some hundred sales and returns.
fn trade(shop: &Shop) {
    for _ in 0..80 {
        let sale = hearts(shop);
        shop.sell(&sale);
        shop.bring_back(&back(&sale, 1, 1));
    }
}

/// Checks and returns of goods with serial numbers, with charges, paid with a gift card, of another
/// store's receipt, and without a receipt.
fn special(shop: &Shop) -> Vec<(String, String, Value)> {
    let mut rare = plain(shop, "0042", 2, 20, "cash");
    rare["lines"][0]["serial_numbers"] = json!(["SN-1", "SN-2"]);
    rare["charges"] =
        json!([{"charge": 1, "type": "shipping", "amount": "5.00", "refundable": true}]);
    rare["tenders"][0]["amount"] = json!("45.00");
    rare["total"] = json!("45.00");
    rare["customer"] = json!("C-1");
    shop.sell(&rare);
    let elsewhere = plain(shop, "0043", 1, 3, "cash");
    shop.sell(&elsewhere);
    let card = json!({"kind": "gift_card", "amount": "9.00", "currency": "USD", "store": "0042"});
    let issued = shop.supervisor().post_keyed("/v1/gift-cards", &shop.receipt(), &card);
    let card = issued.expect(201).body["id"].clone();
    let mut with_card = plain(shop, "0042", 1, 4, "gift_card");
    with_card["tenders"][0]["reference"] = card;
    shop.sell(&with_card);
    let mut charged = back(&rare, 1, 1);
    charged["lines"][0]["serial_number"] = json!("SN-1");
    charged["charges"] = json!([{"charge": 1}]);
    let bare = json!({"store": "0042", "register": "7", "customer": {"identification": "D-1"},
        "refund_to": "store_credit",
        "lines": [{"sku": "MUG-1", "quantity": "1", "serial_number": "SN-9", "reason": "gift",
            "condition": "unopened"}]});
    let both = |body: Value| ["/v1/returns/check", "/v1/returns"].map(|path| (path, body.clone()));
    let bodies = [charged, bare, back(&elsewhere, 1, 1), back(&with_card, 1, 1)];
    let requests = bodies.into_iter().flat_map(both);
    requests.map(|(path, body)| ("POST".to_owned(), path.to_owned(), body)).collect()
}

/// A return after its window, with an override.
fn approved(shop: &Shop) {
    let late = hearts(shop);
    shop.sell(&late);
    shop.move_days(41);
    let mut approved = back(&late, 1, 1);
    let asked = json!({"return": approved, "codes": ["window_expired"], "reason": "goodwill"});
    let token = shop.manager().post("/v1/overrides", &asked).expect(201).body["token"].clone();
    approved["approvals"] = json!([token]);
    shop.bring_back(&approved);
}

/// An exchange of one heart for a mug at the same price; the return's id.
fn exchanged(shop: &Shop) -> String {
    let sale = hearts(shop);
    shop.sell(&sale);
    let mut body = back(&sale, 1, 1);
    body["exchange"] = json!({"lines": [{"sku": "MUG-2", "quantity": "1", "unit_price": "12.25",
        "net": "12.25", "description": "Mug"}]});
    shop.bring_back(&body)["id"].as_str().unwrap().to_owned()
}

// ---- how a database goes about it

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    /// In their order, with blanks between.
    #[diesel(sql_type = Text)]
    columns: String,
}

#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    plan: String,
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// A session as the desk's writers have it, in which every statement is planned once.
struct Session {
    connection: Connection,
    backend: Backend,
    /// PostgreSQL's indexes and their columns.
    indexes: BTreeMap<String, Vec<String>>,
    prepared: BTreeMap<String, String>,
}

impl Session {
    fn open(database: &TestDb) -> Session {
        let mut connection = database.connect();
        let backend = database.backend();
        let sql = "SELECT c.relname::text AS name, ARRAY_TO_STRING(ARRAY(\
                   SELECT a.attname::text FROM pg_attribute a \
                   WHERE a.attrelid = i.indexrelid ORDER BY a.attnum), ' ') AS columns \
                   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid";
        let indexes: Vec<Index> = match backend {
            Backend::Postgres => sql_query(sql).load(&mut connection).unwrap(),
            Backend::Sqlite => Vec::new(),
        };
        let indexes = indexes
            .into_iter()
            .map(|index| (index.name, index.columns.split(' ').map(str::to_owned).collect()))
            .collect();
        Session { connection, backend, indexes, prepared: BTreeMap::new() }
    }

    /// What is wrong with the plan of a statement: the steps that walk.
    fn walks(&mut self, sql: &str) -> Vec<String> {
        match self.backend {
            Backend::Sqlite => {
                let steps: Vec<SqliteStep> = sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
                    .load(&mut self.connection)
                    .unwrap();
                let walks = steps.into_iter().map(|step| step.detail);
                walks.filter(|step| sqlite_walks(sql, step)).collect()
            }
            Backend::Postgres => {
                let plan = self.postgres_plan(sql);
                let mut walks = Vec::new();
                self.postgres_walks(&plan[0]["Plan"], &mut walks);
                walks
            }
        }
    }

    /// The plan that the session goes on using: made when the statement is first asked for.
    fn postgres_plan(&mut self, sql: &str) -> Value {
        let count = self.prepared.len();
        let name = self.prepared.entry(sql.to_owned()).or_insert_with(|| {
            let name = format!("asked{count}");
            self.connection.batch_execute(&format!("PREPARE {name} AS {sql}")).unwrap();
            name
        });
        let values = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
        let values = match values {
            0 => String::new(),
            _ => format!("({})", vec!["NULL"; values].join(", ")),
        };
        let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE {name}{values}");
        let plan: PostgresPlan = sql_query(explain).get_result(&mut self.connection).unwrap();
        serde_json::from_str(&plan.plan).unwrap()
    }

    fn postgres_walks(&self, step: &Value, walks: &mut Vec<String>) {
        let text = |name: &str| step[name].as_str().unwrap_or_default();
        let table = text("Relation Name");
        let walk = match text("Node Type") {
            "Seq Scan" => !SMALL.contains(&table),
            "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" if !SMALL.contains(&table) => {
                !self.is_looked_up(text("Index Name"), text("Index Cond"))
            }
            _ => false,
        };
        if walk {
            let told = ["Node Type", "Relation Name", "Index Name", "Index Cond", "Filter"];
            walks.push(told.map(text).join(" | "));
        }
        for inner in step["Plans"].as_array().into_iter().flatten() {
            self.postgres_walks(inner, walks);
        }
    }

    /// Whether an index's first column is bound to a value; of an index that begins with the store,
    /// the next one, too, for a shop may have one store.
    fn is_looked_up(&self, index: &str, condition: &str) -> bool {
        let columns = &self.indexes[index];
        let named = |column: &String| condition.contains(&format!("({column} "));
        let equal = ["=", "= ANY"].iter().any(|equal| {
            let condition = condition.replace('"', "");
            condition.contains(&format!("({} {equal} ", columns[0]))
        });
        equal && (columns[0] != "store" || columns.len() == 1 || columns[1..].iter().any(named))
    }
}

/// Whether a step of SQLite's goes through a table that grows, or all of a store.
fn sqlite_walks(sql: &str, step: &str) -> bool {
    let small = |rest: &str| {
        let alias = rest.split_whitespace().next().unwrap_or_default();
        SMALL.iter().any(|table| *table == alias || sql.contains(&format!(" {table} {alias} ")))
    };
    if let Some(rest) = step.strip_prefix("SCAN ") {
        return !small(rest) && !rest.contains("VALUES") && !rest.contains("CONSTANT ROW");
    }
    let all = step.ends_with("(store=?)") || step.ends_with("(rowid>?)");
    step.strip_prefix("SEARCH ").is_some_and(|rest| all && !small(rest))
}

fn words(database: &TestDb, sql: &str) -> BTreeSet<String> {
    let words: Vec<Word> = sql_query(sql).load(&mut database.connect()).unwrap();
    words.into_iter().map(|word| word.word).collect()
}

fn tables(database: &TestDb) -> BTreeSet<String> {
    let tables = match database.backend() {
        Backend::Sqlite => "SELECT name AS word FROM sqlite_master WHERE type = 'table'",
        Backend::Postgres => {
            "SELECT tablename::text AS word FROM pg_tables WHERE schemaname = 'public'"
        }
    };
    words(database, tables).into_iter().filter(|table| !table.starts_with("sqlite_")).collect()
}

fn assert_no_walk(session: &mut Session, statements: &BTreeSet<String>, when: &str) {
    let may_not = |sql: &&String| !MAY_WALK.iter().any(|(words, _)| sql.contains(words));
    let found = statements.iter().filter(may_not).filter_map(|sql| {
        let walks = session.walks(sql);
        (!walks.is_empty()).then(|| format!("{sql}\n    {}", walks.join("\n    ")))
    });
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{when}, {} walk:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_statement_of_the_desk_depends_on_what_a_young_database_does_not_know() {
    set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
    on_each_database(|database| {
        let shop = Shop::open(database);
        walk(&shop);
        let statements = sent_to(database);
        for table in tables(database) {
            let into = format!("INSERT INTO {table}(");
            let written = statements.iter().any(|sql| sql.contains(&into));
            let never = NOT_WRITTEN.contains(&table.as_str())
                || table == "people" && database.backend() == Backend::Sqlite;
            assert_ne!(written, never, "{table}: the walk has to write into every table");
        }
        let mut young = Session::open(database);
        assert_no_walk(&mut young, &statements, "never analyzed");
        // The plans of the empty database are still those of the session when it has grown.
        trade(&shop);
        assert_no_walk(&mut young, &statements, "planned before it grew");
        assert_no_walk(&mut Session::open(database), &statements, "grown and never analyzed");
    });
}

/// Nobody is claimed and no history read for rules that count nothing.
#[test]
fn what_came_back_before_is_asked_only_where_a_rule_counts_it() {
    set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
    on_each_database(|database| {
        let shop = Shop::open(database);
        let asks = || {
            let statements = sent_to(database);
            let counts = |words: &str| statements.iter().any(|sql| sql.contains(words));
            [
                counts(" people "),
                counts("returns r ON r.customer") || counts("returns r WHERE r.customer"),
            ]
        };
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.cashier().post("/v1/returns/check", &back(&sale, 1, 1)).expect(200);
        shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(asks(), [false, false]);
        count_returns(&shop);
        shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(asks(), [database.backend() == Backend::Postgres, true]);
    });
}

/// An administrator may have a database analyzed as soon as it is made. To PostgreSQL all indexes
/// of an empty table are alike, and what it plans then it would go on doing.
#[test]
fn plans_made_for_empty_tables_are_renewed_as_they_grow() {
    set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
    on_each_database(|database| {
        let shop = Shop::open(database);
        let analyze = match database.backend() {
            Backend::Sqlite => "ANALYZE",
            Backend::Postgres => "VACUUM ANALYZE",
        };
        database.run_sql(analyze).unwrap();
        // Of another database, in which everything was done already.
        let elsewhere = match database.backend() {
            Backend::Sqlite => TestDb::sqlite(),
            Backend::Postgres => TestDb::postgres(&postgres_url().unwrap()),
        };
        walk(&Shop::open(&elsewhere));
        let statements = sent_to(&elsewhere);
        let mut session = Session::open(database);
        statements.iter().for_each(|sql| drop(session.walks(sql)));
        walk(&shop);
        trade(&shop);
        Plans::default().used_by(&mut session.connection);
        assert_no_walk(&mut session, &statements, "analyzed while empty, and renewed");
        let renewed = sent(database, |sql| sql == "DISCARD PLANS").len();
        assert_eq!(renewed, usize::from(database.backend() == Backend::Postgres));
    });
}
