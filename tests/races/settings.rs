//! Several instances on one database: starting together, and seeing each other's settings.

use crate::goods::{back, of, units};
use crate::instances::{
    Folder, Instances, OPEN_POLICY, at_once, config, counts, prove, request, tally, told,
};
use crate::support::on_each_database;
use returndesk::app::App;
use returndesk::clock::Clock;
use returndesk::desk::Reply;
use returndesk::domain::directory::{SaveRegister, Seen};
use returndesk::domain::perform::{Command, Done};
use returndesk::domain::policies::{DraftPolicy, PublishPolicy};
use returndesk::domain::settings::{Register, Settings};
use std::sync::Arc;

fn register(name: &str) -> Register {
    Register { store: "S1".to_owned(), register: name.to_owned(), name: None, active: true }
}

#[test]
fn instances_that_start_at_once_on_an_empty_database_agree() {
    on_each_database(|database| {
        let home = Folder::new();
        let apps = at_once(4, |_| App::build(config(database, home.path()), Clock::system()));
        let apps: Vec<App> =
            apps.into_iter().map(|app| app.unwrap_or_else(|fault| panic!("{fault}"))).collect();
        let seen: Vec<Arc<Settings>> = apps.iter().map(current).collect();
        let one = vec![("standard".to_owned(), 1)];
        for settings in seen {
            assert_eq!(
                (settings.generation, settings.policy_records.keys().cloned().collect()),
                (1, one.clone())
            );
        }
        let keys: Vec<_> = apps.iter().map(|app| app.service.keys.jwks().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        apps.iter().for_each(App::stop);
        prove(&database.open());
    });
}

fn current(app: &App) -> Arc<Settings> {
    app.service.desk.readers().read_blocking(|_, settings| Ok(Arc::clone(settings))).unwrap()
}

#[test]
fn what_one_instance_changes_the_others_go_by_at_once() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[10]);
        let one_back =
            |instance| told(&shop.submit(instance, back(vec![of(sale, units(1, 1))]), None));
        assert_eq!((one_back(0), one_back(1)), ("recorded".into(), "recorded".into()));
        let closed = OPEN_POLICY.replace("\"set\": {", "\"set\": {\"outcome\": \"refuse\",");
        shop.publish("closed", "USD", &closed);
        shop.save_store("S1", "closed", "USD", Seen::Anything);
        for instance in 0..shop.apps.len() {
            assert_eq!(one_back(instance), "not_returnable");
        }
        shop.save_store("S1", "open", "USD", Seen::Anything);
        assert_eq!(one_back(1), "recorded");
        shop.prove();
    });
}

#[test]
fn settings_changed_by_all_instances_at_once_are_all_kept() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let before = current(&shop.apps[0]).generation;
        let save =
            |i: usize| SaveRegister { register: register(&format!("R{i}")), seen: Seen::Nothing };
        let replies = at_once(30, |i| shop.submit(i, Command::SaveRegister(save(i)), None));
        assert_eq!(tally(&replies), counts([("recorded", 30)]));
        // Two who want to make the same one: the second is told that it is there.
        let replies = at_once(10, |i| shop.submit(i, Command::SaveRegister(save(99)), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("precondition_required", 9)]));
        for app in &shop.apps {
            let settings = current(app);
            assert_eq!((settings.generation - before, settings.registers.len()), (31, 31));
        }
        shop.prove();
    });
}

#[test]
fn a_version_is_published_once_and_numbers_are_given_once() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let known = current(&shop.apps[0]).policy_records[&("open".to_owned(), 1)].clone();
        let draft = || DraftPolicy {
            name: "open".to_owned(),
            document: Arc::clone(&known.document),
            compiled: Arc::clone(&known.compiled),
        };
        let drafted =
            at_once(12, |i| shop.submit(i, Command::DraftPolicy(Box::new(draft())), None));
        let mut numbers: Vec<u32> = drafted.iter().map(number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (2..=13).collect::<Vec<_>>());
        let publish = || PublishPolicy { name: "open".to_owned(), number: 2, effective_from: None };
        let submit = |i| {
            shop.desk(i).submit_blocking(request("3003", Command::PublishPolicy(publish()), None))
        };
        let published = at_once(12, submit);
        assert_eq!(tally(&published), counts([("recorded", 1), ("policy_published", 11)]));
        shop.prove();
    });
}

fn number(reply: &Reply) -> u32 {
    match reply {
        Reply::Done { outcome: Some(returndesk::domain::perform::Outcome::Done(done)), .. } => {
            match &**done {
                Done::PolicyDrafted(record) => record.number,
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}
