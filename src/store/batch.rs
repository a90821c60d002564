//! A batch of commands: claim and load what they touch, and write what they changed, in a fixed
//! number of statements.

use super::audit::{self, Audited};
use super::idempotency::{self, Kept};
use super::rows::{Select, col, insert_ignore, select_in};
use super::writes::write_all;
use super::{
    Backend, Connection, Read, StoreError, Tx, conversions, day_ends, exchanges, gift_cards,
    overrides, prices, receipts, returns, sales, settings, sign_in,
};
use crate::domain::match_key::MatchKey;
use crate::domain::perform::Touched;
use crate::domain::settings::Settings;
use crate::domain::state::{Ids, State};
use diesel::sql_types::Binary;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Claims and loads what commands touch, in one fixed order: settings, sales, returns, overrides,
/// gift cards, people (where a rule counts what they brought back before), operators. The stores'
/// audit heads come last, when the entries are written; but for a day that is closed, which sums up
/// what was booked: its store's head is claimed here, and nothing else (decision 0013). `known` are
/// the settings read before.
pub fn claim(
    tx: &mut Tx<'_>,
    touched: &Touched,
    known: &Arc<Settings>,
    ids: Ids,
    now: Timestamp,
) -> Result<State, StoreError> {
    let settings = current_settings(tx, known, touched.settings)?;
    let mut state = State::new(settings, ids);
    load_sales(tx, touched, true, &mut state)?;
    for the_return in returns::load(tx, &touched.returns, true)? {
        state.load_return(the_return);
    }
    load_siblings(tx, touched, &mut state)?;
    for issued in overrides::load(tx, &touched.overrides, true)? {
        state.load_override(issued);
    }
    gift_cards::load_touched(tx, touched, true, &mut state)?;
    if let Some(back) = touched.counted.looks_back(state.settings()) {
        let customers = customers(touched, &state);
        claim_people(tx, touched, &customers)?;
        load_history(tx, touched, &customers, now - back, &mut state)?;
    }
    prices::load(tx, &touched.counted, now, &mut state)?;
    if !touched.operators.is_empty() {
        sign_in::claim(tx, &touched.operators, &touched.attempts, &mut state)?;
    }
    day_ends::load_drawers(tx, &touched.drawers, &mut state)?;
    if !touched.tills.is_empty() {
        day_ends::claim(tx, &touched.tills, &mut state)?;
    }
    Ok(state)
}

/// The same without claiming: what checks look at. `settings` are those of the state that is read.
pub fn load(
    read: &mut Read<'_>,
    touched: &Touched,
    settings: &Arc<Settings>,
    now: Timestamp,
) -> Result<State, StoreError> {
    let mut state = State::new(Arc::clone(settings), Ids::seeded(0));
    load_sales(read, touched, false, &mut state)?;
    gift_cards::load_touched(read, touched, false, &mut state)?;
    if let Some(back) = touched.counted.looks_back(state.settings()) {
        let customers = customers(touched, &state);
        load_history(read, touched, &customers, now - back, &mut state)?;
    }
    prices::load(read, &touched.counted, now, &mut state)?;
    day_ends::load_drawers(read, &touched.drawers, &mut state)?;
    Ok(state)
}

/// The settings as the database has them: those known, unless their generation has changed.
pub fn current_settings(
    read: &mut Read<'_>,
    known: &Arc<Settings>,
    claim: bool,
) -> Result<Arc<Settings>, StoreError> {
    let generation = settings::generation(read, claim)?;
    if generation == known.generation && generation > 0 {
        return Ok(Arc::clone(known));
    }
    Ok(Arc::new(settings::load(read, generation)?))
}

fn load_sales(
    read: &mut Read<'_>,
    touched: &Touched,
    claim: bool,
    state: &mut State,
) -> Result<(), StoreError> {
    receipts::load(read, &touched.receipts, state)?;
    let mut ids = touched.sales.clone();
    ids.extend(state.sales_of_receipts(&touched.receipts));
    if !touched.returns.is_empty() {
        ids.extend(returns::sales_of(read, &touched.returns)?);
    }
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        sales::load_books(read, &ids, claim, state)?;
    }
    Ok(())
}

/// The other returns of the sales of returns to be voided. Whoever changes one of them has to claim
/// the sale, which is claimed here.
fn load_siblings(
    read: &mut Read<'_>,
    touched: &Touched,
    state: &mut State,
) -> Result<(), StoreError> {
    if touched.voids.is_empty() {
        return Ok(());
    }
    let voided = touched.voids.iter().filter_map(|id| state.return_of(*id));
    let mut sales: Vec<Uuid> = voided.flat_map(|of| &of.lines).map(|line| line.sale).collect();
    sales.sort_unstable();
    sales.dedup();
    let mut others = returns::of_sales(read, &sales)?;
    others.retain(|id| state.return_of(*id).is_none());
    for other in returns::load(read, &others, false)? {
        state.load_return(other);
    }
    Ok(())
}

/// The customers that drafts name, and those of their sales where they name nobody: each once, in
/// order.
fn customers(touched: &Touched, state: &State) -> Vec<MatchKey> {
    let mut customers = touched.customers.clone();
    customers.extend(touched.counted.customers(state));
    customers.sort_unstable();
    customers.dedup();
    customers
}

/// Two returns of one person take their turns. SQLite has one writer: nothing to claim there.
fn claim_people(
    tx: &mut Tx<'_>,
    touched: &Touched,
    customers: &[MatchKey],
) -> Result<(), StoreError> {
    let mut people: Vec<[u8; 32]> =
        customers.iter().map(|customer| Sha256::digest(customer.as_str()).into()).collect();
    people.extend(touched.id_hashes.iter().copied());
    if people.is_empty() || backend(tx) == Backend::Sqlite {
        return Ok(());
    }
    people.sort_unstable();
    people.dedup();
    let keys = [col(people.iter())];
    let _: Vec<Vec<u8>> = insert_ignore::<Binary, _>(tx, "people(person)", &keys, "person")?;
    let join = "people p ON p.person = u.person";
    let select =
        Select { columns: "p.person", names: "person", join, order: "p.person", lock: Some("p") };
    let _: Vec<Vec<u8>> = select_in::<Binary, _>(tx, &select, &keys)?;
    Ok(())
}

fn load_history(
    read: &mut Read<'_>,
    touched: &Touched,
    customers: &[MatchKey],
    since: Timestamp,
    state: &mut State,
) -> Result<(), StoreError> {
    if !customers.is_empty() || !touched.id_hashes.is_empty() {
        state.load_history(returns::history(read, customers, &touched.id_hashes, since)?);
    }
    Ok(())
}

fn backend(read: &mut Read<'_>) -> Backend {
    match read.connection() {
        Connection::Postgres(_) => Backend::Postgres,
        Connection::Sqlite(_) => Backend::Sqlite,
    }
}

/// What is written beside the state's changes.
pub struct Written<'a> {
    /// Answers of new returns, kept as their documents.
    pub documents: &'a HashMap<Uuid, String>,
    /// Answers under idempotency keys, in ascending order of the keys.
    pub answers: &'a [(Uuid, Kept)],
    pub now: Timestamp,
}

/// Writes what a batch changed: as sets, the log last. What most batches have goes together.
pub fn write<T>(
    tx: &mut Tx<'_>,
    state: &State,
    written: &Written<'_>,
    value: T,
) -> Result<Audited<T>, StoreError> {
    let changes = &state.changes;
    if !(changes.stores.is_empty()
        && changes.registers.is_empty()
        && changes.operators.is_empty()
        && changes.policies.is_empty())
    {
        settings::write(tx, state)?;
    }
    sales::insert_new(tx, state)?;
    conversions::write(tx, state)?;
    prices::keep(tx, state)?;
    gift_cards::write(tx, state)?;
    let [lines, tenders, charges] = sales::changed_books(state);
    let [returns, of_returns, refunds] = returns::new(state, written.documents);
    let answers = idempotency::new(written.answers, written.now);
    write_all(tx, &[lines, tenders, charges, returns, of_returns, refunds, answers])?;
    returns::insert_rest(tx, state)?;
    exchanges::insert_new(tx, state)?;
    prices::forget(tx, state)?;
    returns::update(tx, state)?;
    overrides::insert_new(tx, state)?;
    overrides::update_used(tx, state)?;
    sign_in::write(tx, state)?;
    let audited = audit::append(tx, &changes.entries, &changes.movements, value)?;
    // The heads are claimed now.
    day_ends::still_open(tx, state)?;
    // After the entries that they refer to.
    day_ends::insert_new(tx, state)?;
    Ok(audited)
}
