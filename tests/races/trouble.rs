//! What goes wrong for one command, and must not for its neighbours; a full queue; a commit whose
//! answer is lost.

use crate::goods::{back, of, units};
use crate::held::{Hold, batches, note};
use crate::instances::{Instances, OPEN_POLICY, at_once, counts, key, request, tally, told};
use crate::support::{TestDb, on_each_database};
use jiff::SignedDuration;
use returndesk::clock::Clock;
use returndesk::desk::answer::Rendering;
use returndesk::desk::{Answer, Desk, DeskConfig, Reply, Request};
use returndesk::domain::perform::Outcome;
use returndesk::domain::references::References;
use returndesk::store::{Backend, StoreError};
use std::sync::{Arc, mpsc};

fn one_writer(database: &TestDb, queue_limit: usize, batch_limit: usize) -> Instances<'_> {
    let shop = Instances::with(database, 1, |config| {
        (config.desk.writers, config.desk.queue_limit, config.desk.batch_limit) =
            (1, queue_limit, batch_limit);
    });
    shop.set_up("open", "USD", OPEN_POLICY);
    shop
}

#[test]
fn a_command_that_the_database_refuses_harms_no_other() {
    on_each_database(|database| {
        let shop = one_writer(database, 4_096, 256);
        let sales: Vec<_> = (0..40).map(|n| shop.sell(&format!("R-{n}"), &[1])).collect();
        // Somebody has altered a row past the service: what comes back of this line does not fit
        // any more.
        database
            .run_sql(&format!(
                "UPDATE sale_lines SET value = 0 WHERE sale = {}",
                id(database, sales[17])
            ))
            .unwrap();
        let commands = sales.iter().enumerate().map(|(n, sale)| {
            (back(vec![of(*sale, units(1, 1))]), Some(key(&format!("till-{n}"), "body")))
        });
        let replies = &batches(&shop, vec![commands.collect()])[0];
        let refused = "trouble: the database refuses the values: sale_lines_refunded";
        assert_eq!(tally(replies), counts([("recorded", 39), (refused, 1)]));
        assert_eq!(told(&replies[17]), refused);
        assert_eq!(shop.prove().returns, 39);
        // Mended, the same key goes through: the failure was no answer.
        database
            .run_sql(&format!(
                "UPDATE sale_lines SET value = 135 WHERE sale = {}",
                id(database, sales[17])
            ))
            .unwrap();
        let again =
            shop.submit(0, back(vec![of(sales[17], units(1, 1))]), Some(key("till-17", "body")));
        assert_eq!(told(&again), "recorded");
        assert_eq!(shop.prove().returns, 40);
    });
}

/// An id as a literal of this database.
fn id(database: &TestDb, id: uuid::Uuid) -> String {
    match database.backend() {
        Backend::Sqlite => format!("X'{}'", id.simple()),
        Backend::Postgres => format!("'{id}'"),
    }
}

/// A bug that panics is one command's trouble, not the end of the writer, nor of its key; readers
/// go on likewise.
#[test]
fn a_command_that_makes_the_service_panic_harms_no_other() {
    on_each_database(|database| {
        let shop = one_writer(database, 4_096, 256);
        let sale = shop.sell("R-1", &[100]);
        let panics = |_: &Outcome, rendering: &Rendering| {
            assert_ne!(rendering.path, "/panic", "asked for by a test");
            Answer { status: 201, headers: Vec::new(), body: String::new() }
        };
        let keep_answers = SignedDuration::from_hours(24);
        let config = DeskConfig {
            writers: 1,
            readers: 1,
            queue_limit: 100,
            batch_limit: 100,
            keep_answers,
            references: References::default(),
        };
        let desk = Desk::open(database.open(), Clock::system(), config, Arc::new(panics)).unwrap();
        let submit = |n: usize, path: &str| {
            let keyed = Some(key(&format!("till-{n}"), "body"));
            let request = request("1042", back(vec![of(sale, units(1, 1))]), keyed);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(desk.submit(Request { path: path.to_owned(), ..request }))
        };
        let replies =
            at_once(20, |n| submit(n, if n % 10 == 3 { "/panic" } else { "/v1/returns" }));
        let trouble = told(&replies[3]);
        assert!(trouble.starts_with("trouble: "), "{trouble}");
        assert_eq!(tally(&replies), counts([("recorded", 18), (&trouble, 2)]));
        assert_eq!(told(&submit(3, "/v1/returns")), "recorded");
        let panicking = desk
            .readers()
            .read_blocking(|_, _| -> Result<(), StoreError> { panic!("asked for by a test") });
        assert!(panicking.is_err());
        assert!(desk.readers().read_blocking(|_, settings| Ok(settings.generation)).is_ok());
        desk.close();
        assert_eq!(shop.prove().returns, 19);
    });
}

#[test]
fn a_full_queue_says_so_at_once_and_loses_nothing() {
    on_each_database(|database| {
        let shop = one_writer(database, 10, 1);
        let sale = shop.sell("R-1", &[100]);
        let hold = Hold::start(database);
        let (tell, told_them) = mpsc::channel();
        let replies: Vec<Reply> = std::thread::scope(|scope| {
            for n in 0..60 {
                let (tell, shop) = (tell.clone(), &shop);
                let keyed = Some(key(&format!("till-{n}"), "body"));
                scope.spawn(move || {
                    tell.send(shop.submit(0, back(vec![of(sale, units(1, 1))]), keyed)).unwrap()
                });
            }
            // While the writer waits for the database, ten find a place and one is in its hands:
            // the others hear at once.
            let mut replies: Vec<Reply> = told_them.iter().take(49).collect();
            assert_eq!(tally(&replies), counts([("overloaded", 49)]));
            drop(hold);
            replies.extend(told_them.iter().take(11));
            replies
        });
        let counted = tally(&replies);
        let (recorded, overloaded) = (counted["recorded"], counted["overloaded"]);
        assert!(recorded + overloaded == 60 && (10..=11).contains(&recorded), "{counted:?}");
        assert_eq!(shop.prove().returns, recorded as u64);
        // Nobody who was turned away has lost the key: all come back with theirs.
        let again = (0..60).map(|n| {
            shop.submit(
                0,
                back(vec![of(sale, units(1, 1))]),
                Some(key(&format!("till-{n}"), "body")),
            )
        });
        let counted = tally(&again.collect::<Vec<_>>());
        assert_eq!(counted, counts([("recorded", overloaded), ("replayed 201", recorded)]));
        assert_eq!(shop.prove().returns, 60);
    });
}

/// The connection breaks while a batch is being committed: what has a key is done again and finds
/// out; what has none is not, for nobody knows whether it was done.
#[test]
fn after_a_commit_without_an_answer_only_what_has_a_key_is_done_again() {
    on_each_database(|database| {
        if database.backend() == Backend::Sqlite {
            return; // has no connection to lose
        }
        let shop = one_writer(database, 4_096, 256);
        let sale = shop.sell("R-1", &[100]);
        // The first commit goes through; the second one's connection dies in it, and no other.
        let dies = "CREATE SEQUENCE deaths;
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('deaths') = 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
                RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON audit_entries DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die();";
        database.run_sql(dies).unwrap();
        let keyed = (0..20)
            .map(|n| (back(vec![of(sale, units(1, 1))]), Some(key(&format!("till-{n}"), "body"))));
        let commands = keyed.chain((0..5).map(|_| (note(), None))).collect();
        let replies = &batches(&shop, vec![commands])[0];
        let (keyed, without) = replies.split_at(20);
        assert_eq!(tally(keyed), counts([("recorded", 20)]));
        let unknown = |reply: &Reply| matches!(reply, Reply::Trouble(StoreError::CommitUnknown(_)));
        assert!(without.iter().all(unknown), "{:?}", tally(without));
        assert_eq!(shop.prove().returns, 20);
    });
}
