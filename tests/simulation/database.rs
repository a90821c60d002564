//! A shop's commands through a database: in batches, by the service's own writer, with the ids of
//! the bare run.

use crate::batches::{Batch, Expected, cut, renderer};
use crate::chance::Chance;
use crate::seen::Seen;
use crate::support::TestDb;
use crate::tape::Tape;
use crate::world::{Pace, World};
use returndesk::clock::Clock;
use returndesk::desk::queue::SharedSettings;
use returndesk::desk::writer::Writer;
use returndesk::desk::{Answer, Reply, Request};
use returndesk::domain::book::Book;
use returndesk::domain::entry::Entry;
use returndesk::domain::state::{EntryDraft, State};
use returndesk::export::database::verify_database;
use returndesk::export::reconcile::reconcile;
use returndesk::store::search::{day_ends, entries};
use returndesk::store::{
    Db, Read, StoreError, gift_cards, migrate, overrides, returns, sales, settings,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Plays a shop on the bare state machine, then the same commands through the database, and
/// compares everything.
pub fn through(database: &TestDb, seed: u64, commands: u64) -> Seen {
    let mut world = World::new(seed, Pace::in_moments(commands));
    world.play(commands);
    migrate::run(&mut database.connect()).unwrap();
    let tape = world.tape.take().unwrap();
    let mut seen = world.seen;
    serve(database, &tape, &mut Chance(!seed), &mut seen);
    let mut connection = database.open().connect_reader().unwrap();
    Db::read(&mut connection, |read| {
        same(read, &world)?;
        same_log(read, &tape.entries)?;
        verify_database(read, None).unwrap_or_else(|fault| panic!("{fault}"));
        reconcile(read, |finding| panic!("{finding}")).map(|_| ())
    })
    .unwrap_or_else(|fault: StoreError| panic!("{fault}"));
    seen
}

fn serve(database: &TestDb, tape: &Tape, chance: &mut Chance, seen: &mut Seen) {
    let clock = Clock::fixed(tape.steps[0].now);
    let ids = Arc::new(Mutex::new(tape.steps[0].ids.clone()));
    let given = Arc::clone(&ids);
    let settings = SharedSettings::default();
    let writer = Writer::connect(&database.open(), clock.clone(), settings, renderer()).unwrap();
    let mut writer = writer.with_ids(move || given.lock().unwrap().clone());
    let mut answers: HashMap<usize, Answer> = HashMap::new();
    for batch in cut(tape, chance) {
        let first = &tape.steps[batch.first];
        clock.set(first.now);
        *ids.lock().unwrap() = first.ids.clone();
        let requests: Vec<&Request> = batch.requests.iter().map(|(request, _)| request).collect();
        let replies = writer.serve(&requests);
        seen.batches += 1;
        assert_eq!(replies.len(), requests.len());
        compare(tape, batch, replies, &mut answers, seen);
    }
}

fn compare(
    tape: &Tape,
    batch: Batch,
    replies: Vec<Reply>,
    answers: &mut HashMap<usize, Answer>,
    seen: &mut Seen,
) {
    for ((request, expected), reply) in batch.requests.into_iter().zip(replies) {
        match (expected, reply) {
            (
                Expected::Step(at),
                Reply::Done { answer, outcome: Some(outcome), replayed: false },
            ) => {
                assert_eq!(outcome, tape.steps[at].outcome, "{:?}", request.command);
                answers.insert(at, answer);
            }
            (Expected::Again(at), Reply::Done { answer, outcome: None, replayed: true }) => {
                assert_eq!(answer, answers[&at]);
                seen.retried += 1;
            }
            (Expected::KeyReused, Reply::KeyReused) => seen.keys_reused += 1,
            (_, reply) => panic!("{reply:?} to {:?}", request.command),
        }
    }
}

/// What the database holds is what the bare state machine remembers.
fn same(read: &mut Read<'_>, world: &World) -> Result<(), StoreError> {
    let bare = &world.counter.state;
    let known = bare.settings();
    let generation = settings::generation(read, false)?;
    let kept = settings::load(read, generation)?;
    assert_eq!(kept.generation, known.generation);
    assert_eq!((&kept.stores, &kept.operators), (&known.stores, &known.operators));
    assert_eq!((&kept.registers, &kept.policy_records), (&known.registers, &known.policy_records));
    same_books(read, bare, world.sales.iter().map(|known| known.sale.id).collect())?;
    for ids in sorted(world.returns.iter().map(|made| made.id).collect()).chunks(500) {
        let kept = returns::load(read, ids, false)?;
        assert_eq!(kept.len(), ids.len());
        kept.iter().for_each(|kept| assert_eq!(Some(kept), bare.return_of(kept.id)));
    }
    for ids in sorted(world.overrides.iter().map(|issued| issued.grant.id).collect()).chunks(500) {
        let kept = overrides::load(read, ids, false)?;
        assert_eq!(kept.len(), ids.len());
        kept.iter().for_each(|kept| assert_eq!(Some(kept), bare.override_of(kept.grant.id)));
    }
    for ids in sorted(world.cards.iter().map(|card| card.id).collect()).chunks(500) {
        let kept = gift_cards::load(read, ids, false)?;
        assert_eq!(kept.len(), ids.len());
        kept.iter().for_each(|kept| assert_eq!(Some(kept), bare.wallet.card(kept.id)));
    }
    for (store, _, _) in world.shop.stores {
        let told: Vec<_> =
            world.days.ends.iter().filter(|end| end.till.store == store).cloned().collect();
        assert_eq!(day_ends::all_of(read, store)?, told);
    }
    Ok(())
}

/// A book with what the database finds with it: whether the tenders that its money came from give
/// anything back of it.
fn tied(bare: &State, book: &Book) -> Book {
    let mut tied = book.clone();
    for (tender, state) in book.sale.tenders.iter().zip(&mut tied.tenders) {
        let origin = book.sale.carried(tender.tender).and_then(|carried| carried.origin);
        let first = origin.and_then(|(sale, number)| {
            let first = bare.book(sale)?;
            Some(first.tenders[first.tender(number)?])
        });
        state.origin_charged_back = first.is_some_and(|first| first.keeps_back_what_was_carried());
    }
    tied
}

fn same_books(read: &mut Read<'_>, bare: &State, ids: Vec<Uuid>) -> Result<(), StoreError> {
    for ids in sorted(ids).chunks(500) {
        let mut kept = State::default();
        sales::load_books(read, ids, false, &mut kept)?;
        for id in ids {
            assert_eq!(kept.book(*id).unwrap(), &tied(bare, bare.book(*id).unwrap()));
        }
    }
    Ok(())
}

fn sorted(mut ids: Vec<Uuid>) -> Vec<Uuid> {
    ids.sort_unstable();
    ids
}

/// Leaf for leaf what the bare state machine noted, each store's in its order.
fn same_log(read: &mut Read<'_>, noted: &[EntryDraft]) -> Result<(), StoreError> {
    let mut chains: BTreeMap<&str, Vec<&EntryDraft>> = BTreeMap::new();
    noted.iter().for_each(|draft| chains.entry(&draft.store).or_default().push(draft));
    for (store, drafts) in chains {
        let kept = entries::page(read, store, 0, i64::MAX, drafts.len() + 1)?;
        assert_eq!(kept.len(), drafts.len());
        for (kept, (draft, seq)) in kept.iter().zip(drafts.into_iter().zip(1..)) {
            let entry = Entry {
                store: draft.store.clone(),
                seq,
                id: draft.id,
                at: draft.at,
                event: draft.event,
                actor: draft.actor.clone(),
                request_id: draft.request_id.clone(),
                subject_id: draft.subject_id.clone(),
                data: draft.data.clone(),
            };
            assert_eq!(kept.stored.leaf, entry.canonical());
        }
    }
    Ok(())
}
