//! Several instances of the service on one database, a small shop in it, and the proof that its
//! books hold.
#![allow(dead_code)] // each test binary uses a part of this

use super::support::TestDb;
use returndesk::app::App;
use returndesk::clock::Clock;
use returndesk::config::Config;
use returndesk::desk::{Desk, Key, Reply, Request};
use returndesk::domain::caller::{Caller, Role, Stores};
use returndesk::domain::directory::{SaveStore, Seen};
use returndesk::domain::money::Currency;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::policies::{DraftPolicy, PublishPolicy};
use returndesk::domain::settings::Store;
use returndesk::export::database::verify_database;
use returndesk::export::reconcile::{Reconciled, reconcile};
use returndesk::store::{Backend, Db};
use returndesk::wire::policy::{PolicyDocument, compile_document, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use uuid::Uuid;

/// Everything comes back, for ever: what the rules of quantity and money refuse is refused, and
/// nothing else.
pub const OPEN_POLICY: &str = r#"[{"id": "open", "when": {}, "set": {
    "window": {"days": 36500, "from": "sale", "after": "refuse"},
    "conditions": ["unopened", "opened", "used", "damaged", "incomplete"],
    "refund_to": {"*": ["original", "store_credit"]}, "approval": []}}]"#;

/// A folder of its own below the system's temporary one, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let name = format!("returndesk_home_{}_{}", std::process::id(), Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a temporary folder can be made");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Services on one database, with one folder of keys.
pub struct Instances<'a> {
    pub database: &'a TestDb,
    pub apps: Vec<App>,
    pub home: Option<Folder>,
}

/// Settings of an instance on this database.
pub fn config(database: &TestDb, home: &Path) -> Config {
    let mut config = Config {
        database: database.url().to_owned(),
        data_dir: home.to_owned(),
        ..Config::default()
    };
    config.bind = ([127, 0, 0, 1], 0).into();
    config.desk.writers = 2;
    config.desk.readers = 1;
    config
}

impl Instances<'_> {
    /// As many as make sense: three with two writers each on PostgreSQL, two of one writer each on
    /// SQLite.
    pub fn start(database: &TestDb) -> Instances<'_> {
        let count = if database.backend() == Backend::Postgres { 3 } else { 2 };
        Instances::with(database, count, |_| {})
    }

    /// So many, with settings of the test's own.
    pub fn with(database: &TestDb, count: usize, change: impl Fn(&mut Config)) -> Instances<'_> {
        let home = Folder::new();
        let mut config = config(database, home.path());
        change(&mut config);
        let build = |_| {
            App::build(config.clone(), Clock::system()).unwrap_or_else(|fault| panic!("{fault}"))
        };
        Instances { database, apps: (0..count).map(build).collect(), home: Some(home) }
    }

    /// The same with stores S1 and S2 in dollars under the open policy.
    pub fn open_for_business(database: &TestDb) -> Instances<'_> {
        let shop = Instances::start(database);
        shop.set_up("open", "USD", OPEN_POLICY);
        shop
    }

    /// Publishes a policy by two people, and saves two stores under it.
    pub fn set_up(&self, policy: &str, currency: &str, rules: &str) {
        self.publish(policy, currency, rules);
        for store in ["S1", "S2"] {
            self.save_store(store, policy, currency, Seen::Nothing);
        }
    }

    pub fn publish(&self, policy: &str, currency: &str, rules: &str) {
        let document =
            format!(r#"{{"currency": "{currency}", "governed_by": "sale", "rules": {rules}}}"#);
        let document: PolicyDocument = serde_json::from_str(&document).unwrap();
        let (compiled, document) = (compile_document(&document).unwrap(), text(&document).into());
        let draft = DraftPolicy { name: policy.to_owned(), document, compiled };
        let number = match self.done_by("3001", Command::DraftPolicy(Box::new(draft))) {
            Done::PolicyDrafted(record) => record.number,
            other => panic!("{other:?}"),
        };
        let publish = PublishPolicy { name: policy.to_owned(), number, effective_from: None };
        self.done_by("3002", Command::PublishPolicy(publish));
    }

    pub fn save_store(&self, name: &str, policy: &str, currency: &str, seen: Seen) {
        let store = Store {
            store: name.to_owned(),
            name: name.to_owned(),
            time_zone: jiff::tz::TimeZone::get("Europe/London").unwrap(),
            currency: Currency::parse(currency).unwrap(),
            region: "GB".to_owned(),
            policy: policy.to_owned(),
            cash_rounding: None,
        };
        self.done_by("9001", Command::SaveStore(Box::new(SaveStore { store, seen })));
    }

    pub fn desk(&self, instance: usize) -> &Desk {
        &self.apps[instance % self.apps.len()].service.desk
    }

    /// What comes of a command that has to succeed.
    pub fn done(&self, command: Command) -> Done {
        self.done_by("1042", command)
    }

    pub fn done_by(&self, operator: &str, command: Command) -> Done {
        match self.desk(0).submit_blocking(request(operator, command, None)) {
            Reply::Done { outcome: Some(Outcome::Done(done)), .. } => *done,
            other => panic!("{other:?}"),
        }
    }

    /// Submits through one of the instances, from a thread that may block.
    pub fn submit(&self, instance: usize, command: Command, key: Option<Key>) -> Reply {
        self.desk(instance).submit_blocking(request("1042", command, key))
    }

    /// Stops them all; the folder of keys stays, for a process of its own to go on with.
    pub fn stop(mut self) -> Folder {
        std::mem::take(&mut self.apps).iter().for_each(App::stop);
        std::mem::take(&mut self.home).unwrap()
    }

    /// The log verifies, and books, returns and log agree.
    pub fn prove(&self) -> Reconciled {
        prove(&self.database.open())
    }
}

impl Drop for Instances<'_> {
    fn drop(&mut self) {
        self.apps.iter().for_each(App::stop);
    }
}

/// The log verifies, and books, returns and log agree.
pub fn prove(db: &Db) -> Reconciled {
    let mut connection = db.connect_reader().unwrap();
    Db::read(&mut connection, |read| {
        verify_database(read, None).unwrap_or_else(|fault| panic!("{fault}"));
        let mut found = Vec::new();
        let done = reconcile(read, |finding| found.push(finding.to_string()))?;
        assert_eq!(found, Vec::<String>::new());
        Ok::<_, returndesk::store::StoreError>(done)
    })
    .unwrap()
}

/// An employee who may do everything, so that nothing but the race decides.
pub fn request(operator: &str, command: Command, key: Option<Key>) -> Request {
    let caller = Caller {
        subject: format!("returndesk|{operator}"),
        operator: operator.to_owned(),
        client_id: "test".to_owned(),
        roles: vec![Role::Cashier, Role::Manager, Role::Admin, Role::PolicyAdmin],
        stores: Stores::All,
        register: None,
    };
    Request {
        command,
        caller: Arc::new(caller),
        key,
        request_id: None,
        path: "/v1/returns".to_owned(),
    }
}

/// A key by its text, for a body by its text.
pub fn key(text: &str, body: &str) -> Key {
    let hash = Sha256::digest(text);
    Key { id: Uuid::from_slice(&hash[..16]).unwrap(), digest: Sha256::digest(body).into() }
}

/// Does `work` in as many threads, all let loose at the same moment.
pub fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(count);
    std::thread::scope(|scope| {
        let one = |number| {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(number)
            })
        };
        let threads: Vec<_> = (0..count).map(one).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// What a reply says, in a word or two: `recorded`, the findings of a refused return, the code of
/// another refusal.
pub fn told(reply: &Reply) -> String {
    match reply {
        Reply::Done { replayed: true, answer, .. } => format!("replayed {}", answer.status),
        Reply::Done { outcome: Some(Outcome::Refused(refusal)), .. } => match refusal.decision() {
            Some(decision) => {
                let mut codes: Vec<&str> =
                    decision.all_findings().map(|finding| finding.code.as_str()).collect();
                codes.sort_unstable();
                codes.dedup();
                codes.join(" ")
            }
            None => refusal.code().to_owned(),
        },
        Reply::Done { .. } => "recorded".to_owned(),
        Reply::KeyReused => "key reused".to_owned(),
        Reply::KeyInUse => "key in use".to_owned(),
        Reply::Overloaded => "overloaded".to_owned(),
        Reply::Trouble(fault) => format!("trouble: {fault}"),
    }
}

/// How often each was told.
pub fn tally<'r>(replies: impl IntoIterator<Item = &'r Reply>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    replies.into_iter().for_each(|reply| *counts.entry(told(reply)).or_default() += 1);
    counts
}

/// A tally, written out.
pub fn counts<const N: usize>(all: [(&str, usize); N]) -> BTreeMap<String, usize> {
    all.into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| (what.to_owned(), count))
        .collect()
}
