//! The log is exported and verified from the database; whatever is done to its rows is found, and
//! the entry named.

use crate::shop::{STORES, Shop};
use crate::support::on_each_database;
use ed25519_dalek::SigningKey;
use jiff::SignedDuration;
use returndesk::domain::entry::{FaultKind, link};
use returndesk::export::ExportError;
use returndesk::export::database::{Summary, VerifyFault, verify_database};
use returndesk::export::log::{ExportFault, Exported, export_log};
use returndesk::export::manifest::{Filter, Format};
use returndesk::export::verify::{verify_csv, verify_file};
use returndesk::identity::note::{Signer, Vkey};
use returndesk::store::search::entries;
use returndesk::store::{Db, StoreError, audit};

fn signer() -> Signer {
    Signer::new("desk.example", SigningKey::from_bytes(&[7; 32])).unwrap()
}

fn export(
    shop: &mut Shop<'_>,
    format: Format,
    filter: &Filter,
) -> Result<(Vec<u8>, Exported), ExportFault> {
    let mut bytes = Vec::new();
    let exported = Db::read(&mut shop.connection, |read| {
        export_log(read, format, filter, &signer(), &mut bytes, |_| ())
    })?;
    Ok((bytes, exported))
}

fn verify(shop: &mut Shop<'_>, checkpoint: Option<(&str, &Vkey)>) -> Result<Summary, VerifyFault> {
    Db::read(&mut shop.connection, |read| verify_database(read, checkpoint))
}

#[test]
fn an_export_is_the_same_each_time_and_verifies() {
    on_each_database(|database| {
        let (mut shop, sold, _) = Shop::with_history(database, 30);
        let listed =
            |stores: &[&str]| Some(stores.iter().map(|store| (*store).to_owned()).collect());
        let (from, to) = (Some(sold[9].recorded_at), Some(sold[25].recorded_at));
        let long_ago = Some(sold[0].recorded_at - SignedDuration::from_hours(1_000));
        let filters = [
            Filter::default(),
            Filter { stores: listed(&["S2"]), ..Filter::default() },
            Filter { stores: listed(&["S1", "a.3"]), from, to },
            Filter { stores: None, from, to: None },
            Filter { stores: listed(&["-"]), from, to: None },
            Filter { stores: listed(&["nowhere"]), ..Filter::default() },
            Filter { stores: None, from: None, to: long_ago },
        ];
        for filter in filters {
            let (bytes, exported) = export(&mut shop, Format::Ndjson, &filter).unwrap();
            assert_eq!(
                export(&mut shop, Format::Ndjson, &filter).unwrap(),
                (bytes.clone(), exported.clone())
            );
            let verified = verify_file(bytes.as_slice(), signer().vkey(), None).unwrap();
            assert_eq!(
                (&verified.manifest.filter, verified.manifest.entries),
                (&filter, exported.entries)
            );
            let inside = |at: i64| {
                filter.from.is_none_or(|from| at >= from.as_microsecond())
                    && filter.to.is_none_or(|to| at < to.as_microsecond())
            };
            let mut expected = 0;
            for store in STORES.into_iter().chain(["-"]).filter(|store| filter.covers(store)) {
                let all =
                    shop.read(|read| entries::page(read, store, 0, i64::MAX, 10_000)).unwrap();
                expected += all.iter().filter(|entry| inside(entry.at)).count();
            }
            assert_eq!(exported.entries, expected as u64, "{filter:?}");
            let (csv, exported) = export(&mut shop, Format::Csv, &filter).unwrap();
            let verified =
                verify_csv(csv.as_slice(), &exported.note, signer().vkey(), None).unwrap();
            assert_eq!(verified.manifest.entries, expected as u64);
        }
    });
}

/// However the stores are named: one question, one file. A list of none, or of what cannot be a
/// store, is refused.
#[test]
fn stores_are_exported_in_byte_order_each_once() {
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 6);
        let of = |stores: &[&str]| Filter {
            stores: Some(stores.iter().map(|store| (*store).to_owned()).collect()),
            ..Filter::default()
        };
        let (bytes, _) =
            export(&mut shop, Format::Ndjson, &of(&["a.3", "S1", "a.3", "-"])).unwrap();
        assert_eq!(export(&mut shop, Format::Ndjson, &of(&["-", "S1", "a.3"])).unwrap().0, bytes);
        for stores in [&[][..], &["S1", "no store"]] {
            let refused = export(&mut shop, Format::Ndjson, &of(stores));
            assert!(matches!(refused, Err(ExportFault::Filter(_))), "{refused:?}");
        }
    });
}

/// More entries than a page holds, and progress told after each.
#[test]
fn a_long_log_is_exported_and_verified_page_by_page() {
    on_each_database(|database| {
        let mut shop = Shop::open(database);
        let note = |seed: u128| returndesk::domain::state::EntryDraft {
            store: if seed.is_multiple_of(3) { "S2" } else { "S1" }.into(),
            id: uuid::Uuid::from_u128(seed),
            at: shop.now,
            event: returndesk::domain::entry::Event::CheckRefused,
            actor: None,
            request_id: None,
            subject_id: Some(String::new()),
            data: returndesk::domain::canonical::Json::Null,
        };
        let drafts: Vec<_> = (0..4_000).map(note).collect();
        Db::write::<(), StoreError>(&mut shop.connection, |tx| audit::append(tx, &drafts, &[], ()))
            .unwrap();
        let mut told = Vec::new();
        let filter = Filter { stores: Some(vec!["S1".into(), "S2".into()]), ..Filter::default() };
        let mut bytes = Vec::new();
        let exported = Db::read(&mut shop.connection, |read| {
            export_log(read, Format::Ndjson, &filter, &signer(), &mut bytes, |p| {
                told.push((p.store.to_owned(), p.entries))
            })
        })
        .unwrap_or_else(|fault: ExportFault| panic!("{fault}"));
        assert_eq!(
            verify_file(bytes.as_slice(), signer().vkey(), None).unwrap().manifest.entries,
            exported.entries
        );
        assert_eq!(told.iter().map(|(_, entries)| *entries).max(), Some(exported.entries));
        assert!(told.iter().filter(|(store, _)| store == "S1").count() >= 3, "{told:?}");
        let summary = verify(&mut shop, None).unwrap();
        // And what was saved at the third store and at head office.
        assert_eq!((summary.stores, summary.entries), (4, exported.entries + 2));
    });
}

/// A closed line ends an export, and what was written does not pass for a whole one.
#[test]
fn an_export_ends_with_its_taker() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 1);
        let ended = Db::read(&mut shop.connection, |read| {
            export_log(read, Format::Ndjson, &Filter::default(), &signer(), Closed, |_| ())
        });
        assert!(matches!(ended, Err(ExportFault::Export(ExportError::Io(_)))), "{ended:?}");
    });
}

const LOG: [&str; 2] = ["audit_entries", "audit_heads"];

/// What is done to the rows, and which entry is named: store, seq, kind.
fn harms(shop: &mut Shop<'_>) -> Vec<(String, &'static str, u64, FaultKind)> {
    let last = shop.read(|read| entries::last(read, "S1")).unwrap().unwrap().stored;
    let ends = last.seq;
    let forged = link(&last.hash.clone().try_into().unwrap(), &last.leaf);
    let (zeros, forged) = (shop.bytes(&[0; 32]), shop.bytes(&forged));
    let row = "audit_entries WHERE store = 'S1' AND seq";
    let set = |what: &str, seq: u64| {
        format!("UPDATE audit_entries SET {what} WHERE store = 'S1' AND seq = {seq}")
    };
    let copy = |store: &str, seq: u64, from: u64| {
        format!(
            "INSERT INTO audit_entries SELECT '{store}', {seq}, at, event, subject_id, leaf, hash FROM {row} = {from}"
        )
    };
    vec![
        (
            set("leaf = REPLACE(leaf, '\"request-1\"', '\"request-2\"')", 3),
            "S1",
            3,
            FaultKind::Edited,
        ),
        (set("leaf = ' ' || leaf", 3), "S1", 3, FaultKind::NotCanonical),
        (set(&format!("hash = {zeros}"), 4), "S1", 4, FaultKind::HashMismatch),
        (set(&format!("hash = {}", shop.bytes(&[1])), 4), "S1", 4, FaultKind::HashMismatch),
        (format!("DELETE FROM {row} = 1"), "S1", 1, FaultKind::Missing),
        (format!("DELETE FROM {row} = 3"), "S1", 3, FaultKind::Missing),
        (format!("DELETE FROM {row} > {}", ends - 2), "S1", ends - 1, FaultKind::Truncated),
        (format!("DELETE FROM {row} > 0"), "S1", 1, FaultKind::Truncated),
        (copy("S1", ends + 1, ends), "S1", ends + 1, FaultKind::Swapped),
        (copy("S0", 1, 1), "S0", 1, FaultKind::Swapped),
        (
            format!("{}; {}; {}", set("seq = 900", 2), set("seq = 2", 3), set("seq = 3", 900)),
            "S1",
            2,
            FaultKind::Swapped,
        ),
        (
            "UPDATE audit_heads SET seq = seq - 1 WHERE store = 'S1'".into(),
            "S1",
            ends,
            FaultKind::Inserted,
        ),
        (
            format!("UPDATE audit_heads SET hash = {forged} WHERE store = 'S1'"),
            "S1",
            ends,
            FaultKind::HeadMismatch,
        ),
        ("DELETE FROM audit_heads WHERE store = 'S1'".into(), "S1", 1, FaultKind::Inserted),
        (
            "INSERT INTO audit_heads SELECT 'S9', seq, hash FROM audit_heads WHERE store = 'S1'"
                .into(),
            "S9",
            1,
            FaultKind::Truncated,
        ),
        (set("at = at + 1", 5), "S1", 5, FaultKind::Edited),
        (set("event = 'return.refused'", 5), "S1", 5, FaultKind::Edited),
        (set("subject_id = NULL", 5), "S1", 5, FaultKind::Edited),
    ]
}

#[test]
fn whatever_is_done_to_the_rows_is_found_and_the_entry_named() {
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 18);
        let good = verify(&mut shop, None).unwrap();
        assert_eq!(good.stores, 4);
        shop.keep(&LOG);
        for (sql, store, seq, kind) in harms(&mut shop) {
            shop.tamper(&sql);
            match verify(&mut shop, None) {
                Err(VerifyFault::Entry(fault)) => {
                    assert_eq!(
                        (fault.store.as_str(), fault.seq, fault.kind),
                        (store, seq, kind),
                        "{sql}: {fault}"
                    );
                }
                other => panic!("{sql}: {other:?}"),
            }
            let columns_alone = sql.contains("SET at =")
                || sql.contains("SET event =")
                || sql.contains("SET subject_id");
            // An export has the leaves alone, which are as they were.
            let exported = export(&mut shop, Format::Ndjson, &Filter::default());
            match exported {
                Ok(_) => assert!(columns_alone, "{sql} was exported"),
                Err(ExportFault::Export(ExportError::Fault(fault))) => {
                    assert_eq!(fault.store, store, "{sql}: {fault}")
                }
                Err(other) => panic!("{sql}: {other:?}"),
            }
            shop.restore(&LOG);
            assert_eq!(verify(&mut shop, None).unwrap(), good);
        }
    });
}

/// An export of yesterday does not hide that today's entries were cut off.
#[test]
fn a_log_that_was_cut_is_not_exported_for_any_window() {
    on_each_database(|database| {
        let (mut shop, sold, _) = Shop::with_history(database, 6);
        shop.tamper("DELETE FROM audit_entries WHERE store = 'S1' AND seq > 2");
        let window = Filter { to: Some(sold[0].recorded_at), ..Filter::default() };
        let refused = export(&mut shop, Format::Ndjson, &window);
        assert!(matches!(refused, Err(ExportFault::Export(ExportError::Fault(_)))), "{refused:?}");
    });
}

/// Who hashes the chain again, heads and all, is caught by what was exported before, and by that
/// alone.
#[test]
fn a_log_rewritten_with_its_heads_is_caught_by_a_checkpoint() {
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 12);
        let (_, before) = export(&mut shop, Format::Ndjson, &Filter::default()).unwrap();
        shop.sell(20);
        let signer = signer();
        let checkpoint = Some((before.note.as_str(), signer.vkey()));
        verify(&mut shop, checkpoint).unwrap();
        let other = Signer::new("desk.example", SigningKey::from_bytes(&[8; 32])).unwrap();
        let untrusted = verify(&mut shop, Some((before.note.as_str(), other.vkey())));
        assert!(matches!(untrusted, Err(VerifyFault::Checkpoint(_))), "{untrusted:?}");

        let chain = shop.read(|read| entries::page(read, "S1", 0, i64::MAX, 1_000)).unwrap();
        let mut hash = returndesk::domain::entry::genesis("S1");
        let mut sql = String::new();
        for entry in &chain {
            let leaf = match entry.stored.seq {
                3 => entry.stored.leaf.replace("\"request-1\"", "\"request-9\""),
                _ => entry.stored.leaf.clone(),
            };
            hash = link(&hash, &leaf);
            let (seq, leaf, hash) = (entry.stored.seq, leaf.replace('\'', "''"), shop.bytes(&hash));
            sql += &format!(
                "UPDATE audit_entries SET leaf = '{leaf}', hash = {hash} WHERE store = 'S1' AND seq = {seq};"
            );
        }
        sql += &format!("UPDATE audit_heads SET hash = {} WHERE store = 'S1';", shop.bytes(&hash));
        shop.tamper(&sql);
        verify(&mut shop, None).unwrap();
        let caught = verify(&mut shop, checkpoint);
        assert!(
            matches!(&caught, Err(VerifyFault::Entry(f)) if f.store == "S1" && f.kind == FaultKind::HeadMismatch),
            "{caught:?}"
        );
    });
}
