//! One key, many requests: one effect, and everybody who is told anything is told the same.

use crate::goods::{back, of, units};
use crate::instances::{Instances, at_once, counts, key, request, tally, told};
use crate::support::on_each_database;
use returndesk::desk::{Key, Reply};
use returndesk::domain::perform::Command;
use std::collections::BTreeSet;

/// As a handler submits: a key that is being served is told so at once.
fn submit(shop: &Instances<'_>, instance: usize, command: Command, key: Key) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(shop.desk(instance).submit(request("1042", command, Some(key))))
}

#[test]
fn of_a_hundred_requests_with_one_key_one_has_an_effect() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[100]);
        let command = || back(vec![of(sale, units(1, 1))]);
        let replies = at_once(100, |i| submit(&shop, i, command(), key("till-1", "body")));
        let counted = tally(&replies);
        let of_kind = |kind: &str| counted.get(kind).copied().unwrap_or(0);
        assert_eq!(of_kind("recorded"), 1, "{counted:?}");
        assert_eq!(of_kind("replayed 201") + of_kind("key in use"), 99, "{counted:?}");
        assert_eq!(bodies(&replies).len(), 1);
        for instance in 0..shop.apps.len() {
            let again = submit(&shop, instance, command(), key("till-1", "body"));
            assert_eq!(
                (told(&again).as_str(), bodies([&again])),
                ("replayed 201", bodies(&replies))
            );
            assert_eq!(
                told(&submit(&shop, instance, command(), key("till-1", "another body"))),
                "key reused"
            );
        }
        assert_eq!(shop.prove().returns, 1);
    });
}

/// A refusal is an answer, too: what was refused once under a key stays refused, whatever has come
/// free since.
#[test]
fn a_refusal_is_kept_under_its_key() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[3]);
        let too_many = || back(vec![of(sale, units(1, 4))]);
        let replies = at_once(40, |i| shop.submit(i, too_many(), Some(key("till-1", "body"))));
        let counted = tally(&replies);
        assert_eq!(counted, counts([("quantity_exceeded", 1), ("replayed 422", 39)]));
        assert_eq!(bodies(&replies).len(), 1);
        assert_eq!(shop.prove().returns, 0);
    });
}

/// Keys of many tills meet in batches of several instances in any order.
#[test]
fn many_keys_sent_twice_each_have_one_effect_each() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[60]);
        let replies = at_once(120, |i| {
            let (instance, n) = (i % 2, i / 2);
            let n = if instance == 0 { n } else { 59 - n };
            shop.submit(
                instance,
                back(vec![of(sale, units(1, 1))]),
                Some(key(&format!("till-{n}"), "body")),
            )
        });
        assert_eq!(tally(&replies), counts([("recorded", 60), ("replayed 201", 60)]));
        assert_eq!(bodies(&replies).len(), 60);
        assert_eq!(shop.prove().returns, 60);
    });
}

/// The answers that were given, each once.
fn bodies<'r>(replies: impl IntoIterator<Item = &'r Reply>) -> BTreeSet<String> {
    let body = |reply: &Reply| match reply {
        Reply::Done { answer, .. } => Some(answer.body.clone()),
        _ => None,
    };
    replies.into_iter().filter_map(body).collect()
}
