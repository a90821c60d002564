//! Batches made on purpose: writers are kept waiting until what is to meet in one batch has come
//! together.

use crate::instances::{Instances, request, told};
use crate::support::TestDb;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use jiff::SignedDuration;
use returndesk::desk::{Key, Reply};
use returndesk::domain::canonical::Json;
use returndesk::domain::entry::Event;
use returndesk::domain::journal::Note;
use returndesk::domain::perform::Command;
use returndesk::domain::sign_in::{LockRule, SignIn, Step};
use returndesk::store::{Backend, Connection};
use std::time::Duration;

/// Keeps every writer of a database waiting until it is dropped.
pub struct Hold(Connection);

impl Hold {
    pub fn start(database: &TestDb) -> Hold {
        let mut connection = database.connect();
        let sql = match database.backend() {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => {
                "BEGIN; LOCK TABLE settings_generation, idempotency IN ACCESS EXCLUSIVE MODE"
            }
        };
        connection.batch_execute(sql).unwrap();
        Hold(connection)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.batch_execute("ROLLBACK").unwrap();
    }
}

/// Hands each instance, which has one writer, a batch in the order given; all are let loose at the
/// same moment. How the commands really fall into batches decides nothing that a test asserts, only
/// how sharp it is.
pub fn batches(shop: &Instances<'_>, batches: Vec<Vec<(Command, Option<Key>)>>) -> Vec<Vec<Reply>> {
    let hold = Hold::start(shop.database);
    std::thread::scope(|scope| {
        // A first command for each writer to wait with; none that would make it wait for another
        // afterwards.
        let first: Vec<_> = (0..batches.len())
            .map(|i| scope.spawn(move || shop.submit(i, waiting(i), None)))
            .collect();
        std::thread::sleep(Duration::from_millis(60));
        let in_order = |(i, batch): (usize, Vec<(Command, Option<Key>)>)| {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let one = |(command, key)| shop.desk(i).submit(request("1042", command, key));
                runtime.block_on(join_all(batch.into_iter().map(one)))
            })
        };
        let threads: Vec<_> = batches.into_iter().enumerate().map(in_order).collect();
        std::thread::sleep(Duration::from_millis(60));
        drop(hold);
        first.into_iter().for_each(|first| assert_eq!(told(&first.join().unwrap()), "recorded"));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn waiting(instance: usize) -> Command {
    let rule = LockRule { attempts: u32::MAX, lock: SignedDuration::ZERO };
    let (operator, store) = (format!("waiting-{instance}"), "S1".to_owned());
    Command::SignIn(SignIn { operator, source: String::new(), store, step: Step::Attempt, rule })
}

/// A command that touches nothing but the log of head office.
pub fn note() -> Command {
    let data = Json::object([("version", Json::from("0"))]);
    Command::Note(Box::new(Note {
        store: None,
        event: Event::ServiceStarted,
        subject_id: None,
        data,
    }))
}

/// Stops the instances, and asks PostgreSQL whether it has broken up any deadlock among them. It
/// knows for certain when their sessions have ended. SQLite has one writer, and none.
pub fn no_deadlocks(shop: Instances<'_>) {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let database = shop.database;
    drop(shop);
    let mut connection = match database.connect() {
        Connection::Sqlite(_) => return,
        postgres => postgres,
    };
    let mut ask =
        |sql: &str| diesel::sql_query(sql).get_result::<Row>(&mut connection).unwrap().number;
    let sessions = "SELECT COUNT(*) AS number FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while ask(sessions) > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(
        ask("SELECT deadlocks AS number FROM pg_stat_database WHERE datname = current_database()"),
        0
    );
}
