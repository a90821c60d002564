//! What a batch of commands has loaded, and what it has changed: the state machine's memory.
//!
//! Commands read and write here and nowhere else; two commands on one sale in one batch see each
//! other. What a command changed is written by the store as sets, or thrown away by a check.

mod changes;
mod ids;
mod receipts;

pub use changes::{Changes, EntryDraft, NewSale};
pub use ids::Ids;
pub use receipts::{Receipt, ReceiptKey, ReceiptLookup};

use super::book::Book;
use super::caller::Caller;
use super::canonical::Json;
use super::counted::buyers_of;
use super::day_end::{DayEnd, Last, Summed, Till, TillKey};
use super::decide::{Books, Case, Found, PastReturn};
use super::decision::RefundPlan;
use super::draft::{Draft, SaleRef};
use super::entry::{Actor, Event};
use super::gift_cards::{Card, Wallet};
use super::ledger::{LEDGER, Movement, Posting};
use super::match_key::MatchKey;
use super::money::Minor;
use super::overrides::Override;
use super::perform::Context;
use super::policies::PolicyRecord;
use super::prices::{Market, Prices};
use super::references::References;
use super::refunds;
use super::returns::{Return, ReturnStatus};
use super::sale::Sale;
use super::settings::{Operator, Register, Settings, Store};
use super::sign_in::{AttemptKey, Attempts};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// The chain of what concerns no single store: policies, keys, operators.
pub const HEAD_OFFICE: &str = "-";

/// What was loaded, and what has changed since.
#[derive(Clone, Debug, Default)]
pub struct State {
    settings: Arc<Settings>,
    books: HashMap<Uuid, Book>,
    /// Receipts that were looked for; an empty list says that there is none.
    receipts: HashMap<ReceiptKey, Vec<Receipt>>,
    /// Receipts looked for in every store.
    anywhere: HashMap<MatchKey, Vec<Receipt>>,
    returns: HashMap<Uuid, Return>,
    overrides: HashMap<Uuid, Override>,
    history: Vec<PastReturn>,
    attempts: HashMap<AttemptKey, Attempts>,
    slates: HashMap<String, i32>,
    /// What is not closed yet; loaded for those tills only whose days are to be closed.
    tills: BTreeMap<TillKey, Till>,
    /// The last places of chains, as loaded.
    heads: HashMap<String, u64>,
    /// Gift cards, and what has changed of them.
    pub wallet: Wallet,
    ids: Ids,
    /// How the log refers to customers.
    pub references: References,
    /// What goods without a receipt are worth.
    pub prices: Prices,
    pub changes: Changes,
    /// Counts changes, without those that a refusal may leave: sign-in attempts, log notes.
    revision: u64,
    /// A command was refused after it had changed something.
    spoilt: bool,
}

impl State {
    pub fn new(settings: Arc<Settings>, ids: Ids) -> State {
        State { settings, ids, ..State::default() }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings as they stand, to be kept for the next batch.
    pub fn shared_settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    /// What the next ids will be made of.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    pub fn new_id(&mut self, now: Timestamp) -> Uuid {
        self.ids.next(now)
    }

    /// What a decision about this draft looks at.
    pub fn case<'a>(&'a self, draft: &Draft, now: Timestamp) -> Case<'a> {
        let customers = self.customers_counted(draft);
        let mine = |past: &&PastReturn| {
            let customer = past.customers.iter().any(|customer| customers.contains(customer));
            customer || (past.id_hash.is_some() && past.id_hash == draft.id_hash)
        };
        let history = self.history.iter().filter(mine).cloned().collect();
        Case { settings: &self.settings, books: self, prices: &self.prices, history, now }
    }

    /// The customer of the sale that a draft of this store means.
    pub fn customer_of(&self, reference: &SaleRef, store: &str) -> Option<MatchKey> {
        match self.find(reference, store) {
            Found::One(sale) => self.book(sale)?.sale.customer.as_deref().map(MatchKey::of),
            Found::None | Found::Several(_) => None,
        }
    }

    /// Whose limits a return counts for: the customer it names, else those of its sales.
    fn customers_counted(&self, draft: &Draft) -> Vec<MatchKey> {
        if let Some(named) = &draft.customer {
            return vec![MatchKey::of(named)];
        }
        buyers_of(draft).filter_map(|reference| self.customer_of(reference, &draft.store)).collect()
    }

    // ---- all of a command or nothing

    /// Stays as it is while nothing is changed that a refused command must leave alone.
    pub fn revision(&self) -> u64 {
        self.revision + self.wallet.revision()
    }

    /// Says that a refused command has changed something: nothing of this state may be written.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    pub fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    // ---- what the store loads

    pub fn load_book(&mut self, book: Book) {
        self.books.insert(book.sale.id, book);
    }

    pub fn load_return(&mut self, the_return: Return) {
        self.returns.insert(the_return.id, the_return);
    }

    pub fn load_override(&mut self, issued: Override) {
        self.overrides.insert(issued.grant.id, issued);
    }

    pub fn load_history(&mut self, past: Vec<PastReturn>) {
        self.history = past;
    }

    pub fn load_slate(&mut self, operator: String, slate: i32) {
        self.slates.insert(operator, slate);
    }

    pub fn load_attempts(&mut self, key: AttemptKey, attempts: Attempts) {
        self.attempts.insert(key, attempts);
    }

    // ---- sales

    pub fn book(&self, sale: Uuid) -> Option<&Book> {
        self.books.get(&sale)
    }

    /// All books that were loaded or made.
    pub fn books(&self) -> impl Iterator<Item = &Book> {
        self.books.values()
    }

    pub fn add_sale(&mut self, sale: Arc<Sale>, new: NewSale) {
        self.revision += 1;
        let new = NewSale { rung: self.times_rung(&sale), ..new };
        self.add_receipt(&sale, new.digest);
        let mut book = Book::new(sale);
        if let Some(by) = new.converted {
            book = book.in_new_currency(by);
            self.changes.converted.insert(book.sale.id, book.opening());
        } else if let Some(store) = self.settings.store(&book.sale.store) {
            self.prices.add_sale(&Market::of(store), &book);
        }
        self.books.insert(book.sale.id, book);
        self.changes.new_sales.push(new);
    }

    pub fn set_books(&mut self, books: BTreeMap<Uuid, Book>) {
        self.revision += 1;
        for (sale, book) in books {
            let before = self.books.insert(sale, book);
            if let (Some(before), Some(after)) = (before, self.books.get(&sale)) {
                self.changes.book(&before, after);
            }
        }
    }

    pub fn with_book(&mut self, sale: Uuid, change: impl FnOnce(&mut Book)) {
        self.revision += 1;
        if let Some(book) = self.books.get_mut(&sale) {
            let before = book.clone();
            change(book);
            self.changes.book(&before, book);
        }
    }

    /// Takes a sale back: its number is free, and its prices count no longer.
    pub fn void_sale(&mut self, sale: Uuid, at: Timestamp) {
        self.revision += 1;
        if let Some(book) = self.books.get_mut(&sale) {
            book.voided_at = Some(at);
            self.changes.voided_sales.insert(sale);
        }
        self.prices.forget_sale(sale);
    }

    /// Whether a refund still fits into what is left of its tender; `counted` if the tender's book
    /// has it among what was refunded.
    pub fn tender_can_bear(&self, plan: &RefundPlan, counted: bool) -> bool {
        let (Some(sale), Some(number)) = (plan.sale, plan.sale_tender) else { return true };
        let Some(book) = self.books.get(&sale) else { return false };
        let Some(place) = book.tender(number) else { return false };
        match counted {
            true => {
                !book.tenders[place].taken().is_positive()
                    || refunds::can_bear(book, place, Minor::ZERO)
            }
            false => refunds::can_bear(book, place, Minor(plan.amount.0 - plan.rounding.0)),
        }
    }

    // ---- returns

    /// A return that the caller may see: outside the token's stores it does not exist.
    pub fn visible_return(&self, id: Uuid, context: &Context<'_>) -> Option<Return> {
        self.returns.get(&id).filter(|r| context.caller.stores.contain(&r.store)).cloned()
    }

    pub fn return_of(&self, id: Uuid) -> Option<&Return> {
        self.returns.get(&id)
    }

    /// All returns that were loaded or made: with one to be voided, all of its sales.
    pub fn returns(&self) -> impl Iterator<Item = &Return> {
        self.returns.values()
    }

    pub fn add_return(&mut self, the_return: Return) {
        self.revision += 1;
        if !the_return.training {
            self.history.push(PastReturn {
                id: the_return.id,
                at: the_return.recorded_at,
                customers: the_return.customers_counted(),
                id_hash: the_return.id_hash,
                amount: the_return.refund,
                without_receipt: the_return.refund_without_receipt(),
            });
        }
        self.changes.new_returns.push(the_return.id);
        self.returns.insert(the_return.id, the_return);
    }

    pub fn change_return(&mut self, the_return: Return) {
        self.revision += 1;
        if the_return.status != ReturnStatus::Completed {
            // What was taken back counts for no velocity limit.
            self.history.retain(|past| past.id != the_return.id);
        }
        if !self.changes.new_returns.contains(&the_return.id) {
            self.changes.changed_returns.insert(the_return.id);
        }
        self.returns.insert(the_return.id, the_return);
    }

    /// Remembers that a return named its trading day, which must not be closed before it is
    /// written.
    pub fn name_day(&mut self, the_return: &Return) {
        let drawer = TillKey::of(&the_return.store, Some(&the_return.register));
        self.changes.named_days.push((drawer, the_return.business_date));
    }

    // ---- overrides

    pub fn override_of(&self, id: Uuid) -> Option<&Override> {
        self.overrides.get(&id)
    }

    pub fn add_override(&mut self, issued: Override) {
        self.revision += 1;
        self.changes.new_overrides.push(issued.grant.id);
        self.overrides.insert(issued.grant.id, issued);
    }

    pub fn use_override(&mut self, id: Uuid, used_for: Uuid, at: Timestamp) {
        self.revision += 1;
        if let Some(known) = self.overrides.get_mut(&id) {
            known.used_for = Some(used_for);
            known.used_at = Some(at);
            self.changes.used_overrides.insert(id);
        }
    }

    // ---- sign-in

    pub fn attempts_of(&self, key: &AttemptKey) -> Attempts {
        self.attempts.get(key).cloned().unwrap_or_default()
    }

    pub fn set_attempts(&mut self, key: AttemptKey, attempts: Attempts) {
        self.attempts.insert(key.clone(), attempts);
        self.changes.attempts.insert(key);
    }

    /// Wipes out an operator's attempts, whatever place they came from.
    pub fn forgive_attempts(&mut self, operator: &str) {
        self.attempts.retain(|(of, _), _| of != operator);
        *self.slates.entry(operator.to_owned()).or_insert(0) += 1;
        self.changes.forgiven.insert(operator.to_owned());
    }

    /// How often an operator's attempts were wiped out.
    pub fn slate_of(&self, operator: &str) -> i32 {
        self.slates.get(operator).copied().unwrap_or(0)
    }

    // ---- settings

    pub fn save_store(&mut self, store: Store) {
        self.changes.stores.insert(store.store.clone());
        self.change_settings(|settings| {
            settings.stores.insert(store.store.clone(), Arc::new(store))
        });
    }

    pub fn save_register(&mut self, register: Register) {
        let key = (register.store.clone(), register.register.clone());
        self.changes.registers.insert(key.clone());
        self.change_settings(|settings| settings.registers.insert(key, register));
    }

    pub fn save_operator(&mut self, operator: Operator) {
        self.changes.operators.insert(operator.operator.clone());
        self.change_settings(|settings| {
            settings.operators.insert(operator.operator.clone(), Arc::new(operator))
        });
    }

    pub fn save_policy(&mut self, record: PolicyRecord) {
        self.changes.policies.insert((record.name.clone(), record.number));
        self.change_settings(|settings| settings.save_policy(record));
    }

    fn change_settings<T>(&mut self, change: impl FnOnce(&mut Settings) -> T) {
        self.revision += 1;
        let settings = Arc::make_mut(&mut self.settings);
        settings.generation += 1;
        change(settings);
    }

    // ---- the log

    /// Notes what happened; the store gives it its place in the chain.
    pub fn note(
        &mut self,
        context: &Context<'_>,
        store: &str,
        event: Event,
        subject_id: Option<String>,
        data: Json,
    ) {
        let id = self.new_id(context.now);
        self.changes.entries.push(EntryDraft {
            store: store.to_owned(),
            id,
            at: context.now,
            event,
            actor: actor(context.caller),
            request_id: context.request_id.map(str::to_owned),
            subject_id,
            data,
        });
    }

    /// The place of the entry noted last, among those of the batch.
    pub fn last_entry(&self) -> usize {
        self.changes.entries.len().saturating_sub(1)
    }

    /// Books what the entry noted last tells of, and has the entry tell how: the log then proves
    /// the ledger, row by row. What moves nothing is not booked.
    pub fn post(&mut self, posting: Posting) {
        self.post_on(self.last_entry(), posting);
    }

    /// The same for an entry after which others were noted. An entry tells of one movement.
    pub fn post_on(&mut self, entry: usize, posting: Posting) {
        if posting.amounts.is_empty() {
            return;
        }
        self.revision += 1;
        let Some(told) = self.changes.entries.get_mut(entry) else { return };
        if let Json::Object(data) = &mut told.data {
            data.insert(LEDGER.into(), posting.facts());
        }
        let till =
            self.tills.entry(TillKey::of(&told.store, posting.register.as_deref())).or_default();
        let summed = Summed { movements: 1, amounts: posting.amounts };
        till.open.entry(posting.business_date).or_default().add(told.event, &summed);
        self.changes.movements.push(Movement { entry, posting });
    }

    // ---- day ends

    pub fn load_till(&mut self, key: TillKey, till: Till) {
        self.tills.insert(key, till);
    }

    pub fn load_head(&mut self, store: &str, seq: u64) {
        self.heads.insert(store.to_owned(), seq);
    }

    pub fn till(&self, key: &TillKey) -> Option<&Till> {
        self.tills.get(key)
    }

    pub fn last_day_end(&self, key: &TillKey) -> Option<Last> {
        self.tills.get(key).and_then(|till| till.last)
    }

    /// The place that the next entry of a store will have.
    pub fn next_seq(&self, store: &str) -> u64 {
        let noted = self.changes.entries.iter().filter(|entry| entry.store == store).count();
        self.heads.get(store).copied().unwrap_or(0) + noted as u64 + 1
    }

    /// A register of a store that must be closed before the store's own day can be, the day of its
    /// first movement, and the shift.
    pub fn registers_to_close(&self, store: &str, day: Date) -> Option<(&str, Date, u64)> {
        let of_store = self.tills.iter().filter(|(key, _)| key.store == store);
        of_store
            .filter_map(|(key, till)| {
                Some((key.register()?, till.lacks(day)?, till.next_shift(day)))
            })
            .next()
    }

    /// Keeps a day end: what it covers is no longer open. A register's becomes part of what its
    /// store has open.
    pub fn close_day(&mut self, day_end: DayEnd) {
        self.revision += 1;
        let DayEnd { number, business_date, shift, seq, perpetual, .. } = day_end;
        let till = self.tills.entry(day_end.till.clone()).or_default();
        till.last = Some(Last { number, business_date, shift, seq, perpetual });
        till.open.retain(|day, _| *day > business_date);
        if day_end.till.register().is_some() && !day_end.sums.0.is_empty() {
            let of_store = self.tills.entry(TillKey::of(&day_end.till.store, None)).or_default();
            of_store.open.entry(business_date).or_default().add_all(&day_end.sums);
        }
        self.changes.day_ends.push(day_end);
    }
}

fn actor(caller: &Caller) -> Option<Actor> {
    let register = caller.register.clone();
    Some(Actor { subject: caller.subject.clone(), operator: caller.operator.clone(), register })
}

impl Books for State {
    fn find(&self, reference: &SaleRef, own: &str) -> Found {
        match reference {
            SaleRef::Gift(reference) => self.find(reference, own),
            SaleRef::Id(id) if self.books.contains_key(id) => Found::One(*id),
            SaleRef::Id(_) => Found::None,
            SaleRef::Receipt { .. } => ReceiptLookup::of(reference, own)
                .map_or(Found::None, |lookup| self.look_up(&lookup)),
        }
    }

    fn book(&self, sale: Uuid) -> Option<&Book> {
        self.books.get(&sale)
    }

    fn card(&self, id: Uuid) -> Option<&Card> {
        self.wallet.card(id)
    }

    fn redeemed(&self, card: Uuid, sale: &Sale) -> Option<Minor> {
        self.wallet.redeemed(card, sale)
    }
}
