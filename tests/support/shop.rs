//! A whole service over one of the tests' databases: three stores, people with roles, a clock that
//! stands until it is moved. Requests go through everything a real one goes through, but for the
//! socket.

use super::TestDb;
use super::caller::{Answer, Caller};
use super::contract::Contract;
use actix_web::test::TestRequest;
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use returndesk::api;
use returndesk::api::service::Service;
use returndesk::app::App;
use returndesk::clock::Clock;
use returndesk::config::Config;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};
use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;

/// When a shop opens: a Wednesday, 11 in the morning in New York.
pub const OPENING: &str = "2026-03-11T15:00:00Z";
/// Stores that every shop has: number, time zone, currency, region.
pub const STORES: [(&str, &str, &str, &str); 3] = [
    ("0042", "America/New_York", "USD", "US-NY"),
    ("0043", "America/Chicago", "USD", "US-IL"),
    ("0044", "Europe/London", "GBP", "GB"),
];

type Handler = Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answered>>;

struct Answered {
    method: String,
    path: String,
    answer: Answer,
}

/// One instance of the service, and what a test needs to talk to it.
pub struct Shop {
    pub app: App,
    pub clock: Clock,
    config: Config,
    // Dropped before the runtime it was made in.
    handler: Handler,
    runtime: actix_web::rt::Runtime,
    /// What every answer is held against.
    pub contract: Rc<Contract>,
    receipts: Cell<u32>,
    folder: Option<PathBuf>,
}

impl Shop {
    /// A new service on this database, with [`STORES`].
    pub fn open(db: &TestDb) -> Shop {
        Shop::open_with(db, |_| ())
    }

    /// The same with other settings.
    pub fn open_with(db: &TestDb, change: impl FnOnce(&mut Config)) -> Shop {
        let folder = std::env::temp_dir().join(super::unique_name());
        let mut config =
            Config { database: db.url().to_owned(), data_dir: folder.clone(), ..Config::default() };
        config.bind = "127.0.0.1:0".parse().unwrap();
        change(&mut config);
        let mut shop = Shop::start(config, Clock::fixed(OPENING.parse().unwrap()));
        shop.folder = Some(folder);
        for (store, time_zone, currency, region) in STORES {
            let body = json!({"name": format!("Store {store}"), "time_zone": time_zone, "currency": currency, "region": region});
            shop.admin().put(&format!("/v1/stores/{store}"), &body).expect(201);
        }
        shop
    }

    /// A service on a database that somebody has traded on before, with new keys.
    pub fn over(db: &TestDb, now: &str) -> Shop {
        let folder = std::env::temp_dir().join(super::unique_name());
        let mut config =
            Config { database: db.url().to_owned(), data_dir: folder.clone(), ..Config::default() };
        config.bind = "127.0.0.1:0".parse().unwrap();
        let mut shop = Shop::start(config, Clock::fixed(now.parse().unwrap()));
        shop.folder = Some(folder);
        shop.receipts.set(50_000);
        shop
    }

    /// Another instance over the same database, keys and clock.
    pub fn another(&self) -> Shop {
        Shop::start(self.config.clone(), self.clock.clone())
    }

    /// The settings of this instance, for an `App` of one's own beside it.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    fn start(config: Config, clock: Clock) -> Shop {
        let app = App::build(config.clone(), clock.clone()).unwrap();
        let runtime = actix_web::rt::Runtime::new().unwrap();
        let handler = runtime.block_on(handler(&app));
        let openapi = runtime.block_on(handler(TestRequest::with_uri("/openapi.json"))).answer.body;
        let contract = Rc::new(Contract::of(&openapi));
        Shop {
            contract,
            app,
            clock,
            config,
            handler,
            runtime,
            receipts: Cell::new(0),
            folder: None,
        }
    }

    /// Asks as it is.
    pub fn ask(&self, request: TestRequest) -> Answer {
        self.runtime.block_on(self.asking(request))
    }

    /// Runs what needs to wait, such as several requests at once.
    pub fn wait<T>(&self, task: impl Future<Output = T>) -> T {
        self.runtime.block_on(task)
    }

    /// A request that has not been waited for.
    pub fn asking(&self, request: TestRequest) -> LocalBoxFuture<'static, Answer> {
        let (asked, contract) = ((self.handler)(request), Rc::clone(&self.contract));
        Box::pin(async move {
            let Answered { method, path, answer } = asked.await;
            contract.judge(&method, &path, &answer);
            answer
        })
    }

    pub fn service(&self) -> &Service {
        &self.app.service
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn move_clock(&self, by: SignedDuration) {
        self.clock.set(self.now() + by);
    }

    pub fn move_days(&self, days: i64) {
        self.move_clock(SignedDuration::from_hours(24 * days));
    }

    /// A receipt number nobody had yet.
    pub fn receipt(&self) -> String {
        self.receipts.set(self.receipts.get() + 1);
        format!("R-{:05}", self.receipts.get())
    }

    /// Somebody of store 0042.
    pub fn caller(&self, operator: &str, role: Role) -> Caller<'_> {
        Caller::new(self, operator, &[role], &["0042"])
    }

    /// The till of store 0042.
    pub fn till(&self) -> Caller<'_> {
        self.caller("till-3", Role::Register)
    }

    pub fn cashier(&self) -> Caller<'_> {
        self.caller("1042", Role::Cashier)
    }

    pub fn supervisor(&self) -> Caller<'_> {
        self.caller("1500", Role::Supervisor)
    }

    pub fn manager(&self) -> Caller<'_> {
        self.caller("2001", Role::Manager)
    }

    pub fn auditor(&self) -> Caller<'_> {
        Caller::new(self, "5001", &[Role::Auditor], &["*"])
    }

    pub fn admin(&self) -> Caller<'_> {
        Caller::new(self, "9001", &[Role::Admin], &["*"])
    }

    /// Drafts policies; [`Shop::publisher`] is the second person.
    pub fn author(&self) -> Caller<'_> {
        Caller::new(self, "3001", &[Role::PolicyAdmin], &["*"])
    }

    pub fn publisher(&self) -> Caller<'_> {
        Caller::new(self, "3002", &[Role::PolicyAdmin], &["*"])
    }

    /// Somebody with every role, of another store.
    pub fn stranger(&self) -> Caller<'_> {
        Caller::new(self, "7777", &Role::ALL, &["0043"])
    }

    /// Somebody without a token.
    pub fn nobody(&self) -> Caller<'_> {
        Caller::anonymous(self)
    }

    /// Records a sale, and shows it as it was recorded.
    pub fn sell(&self, sale: &Value) -> Value {
        let till = Caller::new(self, "till", &[Role::Register], &["*"]);
        till.post("/v1/sales", sale).expect(201).body
    }

    /// Records a return under a key of its own.
    pub fn bring_back(&self, body: &Value) -> Value {
        self.cashier().post_keyed("/v1/returns", &self.receipt(), body).expect(201).body
    }

    /// Drafts a version of a policy and publishes it at once; its number.
    pub fn publish(&self, name: &str, document: &Value) -> u64 {
        let versions = format!("/v1/policies/{name}/versions");
        let number =
            self.author().post(&versions, document).expect(201).body["version"].as_u64().unwrap();
        self.publisher().post(&format!("{versions}/{number}/publish"), &json!({})).expect(200);
        number
    }

    /// The log, oldest first in every store: what happened and to what.
    pub fn log(&self) -> Vec<Value> {
        let mut path = "/v1/audit/events?limit=500".to_owned();
        let mut entries = Vec::new();
        loop {
            let page = self.auditor().get(&path).expect(200).body;
            entries
                .extend(page["items"].as_array().unwrap().iter().map(|item| item["entry"].clone()));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/v1/audit/events?limit=500&cursor={cursor}"),
                None => return entries,
            }
        }
    }

    /// The entries of one event.
    pub fn logged(&self, event: &str) -> Vec<Value> {
        self.log().into_iter().filter(|entry| entry["event"] == event).collect()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.app.service.desk.close();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

async fn handler(app: &App) -> Handler {
    let service = Rc::new(actix_web::test::init_service(api::app(app.service.clone())).await);
    Rc::new(move |request: TestRequest| {
        let (service, request) = (Rc::clone(&service), request.to_request());
        Box::pin(async move {
            let (method, path) = (request.method().to_string(), request.path().to_owned());
            let answer = match actix_web::test::try_call_service(&*service, request).await {
                Ok(answer) => Answer::read(answer.into_parts().1.map_into_boxed_body()).await,
                // What a server makes of an error that leaves the app.
                Err(error) => Answer::read(error.error_response()).await,
            };
            Answered { method, path, answer }
        })
    })
}
