//! Leaves, chains, and every way of tampering with them.

use super::*;
use proptest::prelude::*;

pub(crate) fn entry(store: &str, seq: u64) -> Entry {
    Entry {
        store: store.to_owned(),
        seq,
        id: Uuid::from_u128(u128::from(seq)),
        at: "2026-03-01T09:30:00.000001Z".parse().unwrap(),
        event: Event::ReturnRecorded,
        actor: Some(Actor {
            subject: "https://id.example|42".into(),
            operator: "42".into(),
            register: None,
        }),
        request_id: Some("req-1".into()),
        subject_id: None,
        data: Json::object([("refund", Json::from("12.30")), ("seq", seq.into())]),
    }
}

/// A row as a table would keep it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    store: String,
    seq: u64,
    leaf: String,
    hash: [u8; 32],
}

/// A sound log: its rows, and the heads.
fn log(lengths: &[(&str, u64)]) -> (Vec<Kept>, Vec<Span>) {
    let (mut rows, mut heads) = (Vec::new(), Vec::new());
    for (store, length) in lengths {
        let mut chain = Chain::new(store);
        for seq in 1..=*length {
            let leaf = entry(store, seq).canonical();
            let hash = chain.extend(&leaf);
            rows.push(Kept { store: store.to_string(), seq, leaf, hash });
        }
        heads.push(Span::whole(chain));
    }
    (rows, heads)
}

fn verify(rows: &[Kept], heads: &[Span]) -> Result<(), (u64, String, u64, FaultKind)> {
    verify_against(rows, heads, vec![])
}

fn verify_against(
    rows: &[Kept],
    heads: &[Span],
    points: Vec<Chain>,
) -> Result<(), (u64, String, u64, FaultKind)> {
    let mut verifier = Verifier::against(points);
    for row in rows {
        verifier.row(Row { store: &row.store, seq: row.seq, leaf: &row.leaf, hash: row.hash });
    }
    verifier.finish(heads).map_err(|f| (f.row, f.store, f.seq, f.kind))
}

/// Hashes a store's chain again, as someone with the database would after an edit.
fn rehash(rows: &mut [Kept], store: &str) -> Chain {
    let mut chain = Chain::new(store);
    for row in rows.iter_mut().filter(|row| row.store == store) {
        row.hash = chain.extend(&row.leaf);
    }
    chain
}

fn edit(row: &mut Kept) {
    row.leaf = row.leaf.replace("12.30", "99.30");
}

fn found(
    row: u64,
    store: &str,
    seq: u64,
    kind: FaultKind,
) -> Result<(), (u64, String, u64, FaultKind)> {
    Err((row, store.to_owned(), seq, kind))
}

#[test]
fn a_leaf_has_this_form_for_ever() {
    assert_eq!(
        entry("S01", 7).canonical(),
        "{\"actor\":{\"operator\":\"42\",\"register\":null,\"subject\":\"https://id.example|42\"},\
         \"at\":\"2026-03-01T09:30:00.000001Z\",\"data\":{\"refund\":\"12.30\",\"seq\":7},\"event\":\"return.recorded\",\
         \"id\":\"00000000-0000-0000-0000-000000000007\",\"request_id\":\"req-1\",\"seq\":7,\"store\":\"S01\",\
         \"subject_id\":null,\"v\":1}"
    );
}

#[test]
fn the_chain_has_these_hashes_for_ever() {
    // Computed apart from this code: sha256sum over the bytes that the module's comment names.
    assert_eq!(hex(&genesis("S01")), GENESIS_S01);
    assert_eq!(hex(&link(&[0; 32], "{}")), LINK_OF_NOTHING);
    assert_eq!(unhex(GENESIS_S01), Some(genesis("S01")));
    assert_eq!(unhex(&GENESIS_S01.to_uppercase()), None);
}

const GENESIS_S01: &str = "3cd1e9e97ffa9072d7a5876a403855d63695a5b3503850a76d165ed4a431d62f";
const LINK_OF_NOTHING: &str = "57a65f4aed3019001e586fed2e4f1fbdb54bc79da77b858dc2ba368c94f603ae";

#[test]
fn events_have_distinct_dotted_names() {
    for event in Event::ALL {
        assert_eq!(Event::parse(event.as_str()), Some(*event));
        let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '_');
        assert!(event.as_str().contains('.') && event.as_str().chars().all(plain), "{event:?}");
    }
}

proptest! {
    #[test]
    fn an_entry_reads_back_from_its_leaf(
        data in crate::domain::canonical::tests::any_json(), event in prop::sample::select(Event::ALL),
        micros in 0i64..4_000_000_000_000_000, texts in prop::collection::vec("\\PC{1,6}|[\\n\"]", 5), bits in 0u8..16,
    ) {
        let some = |bit: u8, text: &String| (bits & bit != 0).then(|| text.clone());
        let written = Entry {
            at: Timestamp::from_microsecond(micros).unwrap(),
            event,
            actor: some(1, &texts[0]).map(|subject| Actor { subject, operator: texts[1].clone(), register: some(2, &texts[2]) }),
            request_id: some(4, &texts[3]),
            subject_id: some(8, &texts[4]),
            data,
            ..entry("S-0.1_a", 12)
        };
        prop_assert_eq!(Entry::parse(&written.canonical()), Ok(written));
    }
}

#[test]
fn leaves_that_this_log_would_not_write_are_refused() {
    let good = entry("S01", 7).canonical();
    let spoilt = [
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("\"seq\":7,\"store", "\"seq\":0,\"store"),
        good.replace("S01", "S 1"),
        good.replace("S01", ""),
        good.replace(".000001Z", "Z"),
        good.replace("return.recorded", "return.imagined"),
        good.replace("\"req-1\"", "\"\""),
        good.replace("\"v\":1", "\"v\":1,\"w\":1"),
        good.replace(",\"subject_id\":null", ""),
        good.replace("{\"actor\"", "{ \"actor\""),
    ];
    for leaf in spoilt {
        assert!(Entry::parse(&leaf).is_err(), "{leaf} was taken");
    }
}

#[test]
fn a_sound_log_verifies() {
    let (rows, heads) = log(&[("A", 3), ("B", 0), ("C", 1)]);
    assert_eq!(verify(&rows, &heads), Ok(()));
    let points = heads.iter().map(|span| span.last.clone()).collect();
    assert_eq!(verify_against(&rows, &heads, points), Ok(()));
}

#[test]
fn a_later_part_of_a_log_verifies_from_the_hash_before_it() {
    let (rows, heads) = log(&[("A", 5)]);
    let span = Span { first: 3, before: rows[1].hash, last: heads[0].last.clone() };
    let part = &rows[2..];
    assert_eq!(verify(part, std::slice::from_ref(&span)), Ok(()));
    let elsewhere = Span { before: [7; 32], ..span.clone() };
    assert_eq!(verify(part, &[elsewhere]), found(1, "A", 3, FaultKind::Edited));
    let point = Chain { store: "A".into(), seq: 2, hash: rows[1].hash };
    assert_eq!(verify_against(part, std::slice::from_ref(&span), vec![point.clone()]), Ok(()));
    let rewritten = Chain { hash: [7; 32], ..point.clone() };
    assert_eq!(
        verify_against(part, std::slice::from_ref(&span), vec![rewritten]),
        found(1, "A", 3, FaultKind::HeadMismatch)
    );
    let earlier = Chain { seq: 1, ..point };
    assert_eq!(verify_against(part, &[span], vec![earlier]), found(1, "A", 2, FaultKind::Missing));
}

/// What can be done to a log of A 1–5 and B 1–4 (rows 1–5 and 6–9), and what must be said of it.
#[test]
fn each_kind_of_harm_is_named() {
    use FaultKind::*;
    let (rows, heads) = log(&[("A", 5), ("B", 4)]);
    let after = |harm: &dyn Fn(&mut Vec<Kept>)| {
        let mut rows = rows.clone();
        harm(&mut rows);
        verify(&rows, &heads)
    };
    assert_eq!(after(&|r| edit(&mut r[2])), found(3, "A", 3, Edited));
    assert_eq!(after(&|r| edit(&mut r[4])), found(5, "A", 5, Edited));
    assert_eq!(after(&|r| r[2].hash[9] ^= 1), found(3, "A", 3, HashMismatch));
    assert_eq!(after(&|r| r[4].hash[9] ^= 1), found(5, "A", 5, HashMismatch));
    assert_eq!(after(&|r| r[2].leaf.insert(1, ' ')), found(3, "A", 3, NotCanonical));
    assert_eq!(after(&|r| drop(r.remove(2))), found(3, "A", 3, Missing));
    assert_eq!(after(&|r| drop(r.drain(1..4))), found(2, "A", 2, Missing));
    assert_eq!(after(&|r| drop(r.remove(0))), found(1, "A", 1, Missing));
    assert_eq!(after(&|r| drop(r.remove(4))), found(5, "A", 5, Truncated));
    assert_eq!(after(&|r| r.truncate(7)), found(8, "B", 3, Truncated));
    assert_eq!(after(&|r| r.truncate(5)), found(6, "B", 1, Truncated));
    assert_eq!(after(&|r| r.clear()), found(1, "A", 1, Truncated));
    assert_eq!(after(&|r| r.swap(1, 3)), found(2, "A", 2, Swapped));
    assert_eq!(after(&|r| r.swap(1, 2)), found(2, "A", 2, Swapped));
    assert_eq!(after(&|r| r.swap(2, 6)), found(3, "A", 3, Missing));
    assert_eq!(after(&|r| r.insert(2, r[2].clone())), found(4, "A", 3, Inserted));
    // Contents exchanged between rows that keep their own store and seq.
    let exchange = |r: &mut Vec<Kept>| {
        let (a, b) = (r[1].clone(), r[3].clone());
        (r[1].leaf, r[1].hash, r[3].leaf, r[3].hash) = (b.leaf, b.hash, a.leaf, a.hash);
    };
    assert_eq!(after(&exchange), found(2, "A", 2, Swapped));
    // Entries made up by someone who knows how to hash.
    let made_up = |r: &[Kept], at: usize| {
        let leaf = r[at].leaf.replace("12.30", "1.00");
        Kept { hash: link(&r[at - 1].hash, &leaf), leaf, ..r[at].clone() }
    };
    assert_eq!(after(&|r| r.insert(2, made_up(r, 2))), found(4, "A", 3, Inserted));
    assert_eq!(
        after(&|r| r.insert(2, Kept { hash: [1; 32], ..made_up(r, 2) })),
        found(3, "A", 3, Inserted)
    );
    assert_eq!(after(&|r| r[2] = made_up(r, 2)), found(4, "A", 4, Edited));
    let added = |r: &mut Vec<Kept>| {
        let leaf = entry("B", 5).canonical();
        r.push(Kept { store: "B".into(), seq: 5, hash: link(&r[8].hash, &leaf), leaf });
    };
    assert_eq!(after(&added), found(10, "B", 5, Inserted));
    let whole_store = |r: &mut Vec<Kept>| r.extend(log(&[("C", 2)]).0);
    assert_eq!(after(&whole_store), found(10, "C", 1, Inserted));
}

/// Rows of one number that were made up, none of them fitting: nothing says that the first was put in.
#[test]
fn an_entry_is_inserted_only_if_the_true_one_follows() {
    let (rows, heads) = log(&[("A", 5)]);
    let false_one = |amount: &str, hash: u8| {
        let leaf = rows[2].leaf.replace("12.30", amount);
        Kept { leaf, hash: [hash; 32], ..rows[2].clone() }
    };
    let after = |made_up: &[Kept], true_one_too: bool| {
        let mut rows = rows.clone();
        let replaced = if true_one_too { 2..2 } else { 2..3 };
        rows.splice(replaced, made_up.iter().cloned());
        verify(&rows, &heads)
    };
    let (one, two) = (false_one("1.00", 1), false_one("2.00", 2));
    assert_eq!(after(&[one.clone(), two.clone()], false), found(3, "A", 3, FaultKind::Edited));
    assert_eq!(after(std::slice::from_ref(&one), true), found(3, "A", 3, FaultKind::Inserted));
    assert_eq!(after(&[one, two], true), found(3, "A", 3, FaultKind::Edited));
}

/// The sentences that somebody reads who has to act on them.
#[test]
fn each_fault_is_told_in_these_words() {
    let (rows, heads) = log(&[("A", 5), ("B", 4)]);
    let after = |harm: &dyn Fn(&mut Vec<Kept>)| {
        let mut rows = rows.clone();
        harm(&mut rows);
        let mut verifier = Verifier::against(vec![]);
        for row in &rows {
            verifier.row(Row { store: &row.store, seq: row.seq, leaf: &row.leaf, hash: row.hash });
        }
        verifier.finish(&heads).unwrap_err().to_string()
    };
    assert_eq!(
        after(&|r| drop(r.remove(2))),
        "entry 3 of store \"A\" (missing): it is gone: entry 4 stands in its place"
    );
    assert_eq!(
        after(&|r| drop(r.drain(1..4))),
        "entry 2 of store \"A\" (missing): 3 entries are gone, 2 to 4: entry 5 stands in their place"
    );
    assert_eq!(
        after(&|r| r.swap(1, 3)),
        "entry 2 of store \"A\" (swapped): another entry stands in its place, and it comes later"
    );
    assert_eq!(
        after(&|r| r.insert(2, r[2].clone())),
        "entry 3 of store \"A\" (inserted): it stands after entry 3, but the chain already has an entry 3"
    );
    assert_eq!(
        after(&|r| {
            let leaf = r[2].leaf.replace("12.30", "1.00");
            r.insert(2, Kept { leaf, hash: [1; 32], ..r[2].clone() });
        }),
        "entry 3 of store \"A\" (inserted): it was put in: the true entry of that number follows"
    );
    assert_eq!(
        after(&|r| r[2].hash = [0xab; 32]),
        "entry 3 of store \"A\" (hash_mismatch): its stored hash was altered: what follows fits the hash of its content, \
         not the stored one"
    );
    // The hash that the edited content has after the entry before it, computed apart.
    let computed = {
        let leaf = rows[2].leaf.replace("12.30", "99.30");
        hex(&link(&rows[1].hash, &leaf))
    };
    assert_eq!(
        after(&|r| edit(&mut r[2])),
        format!(
            "entry 3 of store \"A\" (edited): its stored hash is {}…, its content after the entry before it gives {}…: it was \
             altered, or the one before it was altered and hashed again",
            &hex(&rows[2].hash)[..12],
            &computed[..12]
        )
    );
}

#[test]
fn a_chain_hashed_again_is_found_against_its_head_or_an_older_checkpoint() {
    let (mut rows, mut heads) = log(&[("A", 5), ("B", 4)]);
    let checkpoint = vec![Chain { store: "A".into(), seq: 3, hash: rows[2].hash }];
    edit(&mut rows[1]);
    let forged = rehash(&mut rows, "A");
    assert_eq!(verify(&rows, &heads), found(5, "A", 5, FaultKind::HeadMismatch));
    heads[0] = Span::whole(forged);
    assert_eq!(
        verify(&rows, &heads),
        Ok(()),
        "rows and heads rewritten together look sound on their own"
    );
    assert_eq!(
        verify_against(&rows, &heads, checkpoint),
        found(3, "A", 3, FaultKind::HeadMismatch)
    );
}

#[test]
fn a_cut_tail_is_found_against_an_older_checkpoint() {
    let (rows, heads) = log(&[("A", 5), ("B", 4)]);
    let checkpoint: Vec<Chain> = heads.iter().map(|span| span.last.clone()).collect();
    let (cut, cut_heads) = log(&[("A", 5), ("B", 2)]);
    assert_eq!(cut[..], rows[..7]);
    assert_eq!(
        verify(&cut, &cut_heads),
        Ok(()),
        "rows and heads cut together look sound on their own"
    );
    assert_eq!(
        verify_against(&cut, &cut_heads, checkpoint.clone()),
        found(8, "B", 3, FaultKind::Truncated)
    );
    let (gone, gone_heads) = log(&[("A", 5)]);
    assert_eq!(
        verify_against(&gone, &gone_heads, checkpoint),
        found(6, "B", 1, FaultKind::Truncated)
    );
}

proptest! {
    /// Whatever is done to one row of a log, the row where it happened is named (or the next, if it
    /// was hashed again).
    #[test]
    fn the_first_bad_row_is_named(
        lengths in prop::collection::btree_map("[A-D]", 1u64..8, 1..4), at: prop::sample::Index, to: prop::sample::Index, harm in 0..6,
    ) {
        let lengths: Vec<(&str, u64)> = lengths.iter().map(|(store, length)| (store.as_str(), *length)).collect();
        let (mut rows, heads) = log(&lengths);
        let (at, to) = (at.index(rows.len()), to.index(rows.len()));
        match harm {
            0 => edit(&mut rows[at]),
            1 => rows[at].hash[to % 32] ^= 1 << (at % 8),
            2 => drop(rows.remove(at)),
            3 => rows.insert(at, rows[at].clone()),
            4 if at != to => rows.swap(at, to),
            _ => rows.truncate(at),
        }
        let first = match harm {
            3 => at + 1,
            4 if at != to => at.min(to),
            _ => at,
        };
        let fault = verify(&rows, &heads).unwrap_err();
        prop_assert_eq!(fault.0, first as u64 + 1, "{:?}", fault);
    }
}
