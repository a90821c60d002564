//! Whether the ledger holds: every movement balances and is the one that the log tells of, and the
//! sums are those of the sales, returns and refunds that were booked.
//!
//! The database holds some of this by itself (a CHECK, a foreign key, triggers); this finds what
//! was changed around them.

use super::day_ends::Days;
use crate::domain::canonical::Json;
use crate::domain::changeover::Changeover;
use crate::domain::entry::Event;
use crate::domain::gift_cards::Card;
use crate::domain::ledger::{Account, Amounts, LEDGER, exchanged, fees, paid_out, sold};
use crate::domain::money::{Currency, Minor};
use crate::domain::returns::{Return, ReturnStatus};
use crate::domain::sale::Sale;
use crate::store::search::balance::KeptSale;
use crate::store::search::ledger::{self, Booked, Told};
use crate::store::search::{balance, entries, gift_cards};
use crate::store::{Read, StoreError, conversions, returns, sales};
use crate::wire;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// How many sales or returns are in memory at once.
const PAGE: usize = 500;

/// What does not hold, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub store: String,
    /// The place of the movement, where it is one movement's.
    pub seq: Option<i64>,
    pub account: Option<Account>,
    /// A sentence for whoever has to look into it.
    pub detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store {}", self.store)?;
        self.seq.map_or(Ok(()), |seq| write!(f, ", movement {seq}"))?;
        self.account.map_or(Ok(()), |account| write!(f, ", account {}", account.as_str()))?;
        write!(f, ": {}", self.detail)
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub movements: u64,
    pub faults: u64,
}

/// Holds the whole ledger against the log, the sales and the returns, a page at a time; `found` is
/// told each fault, those of single movements first. Ask within one
/// [`Db::read`](crate::store::Db::read).
pub fn check(read: &mut Read<'_>, mut found: impl FnMut(Fault)) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let mut report = |checked: &mut Checked, faults: Vec<Fault>| {
        checked.faults += faults.len() as u64;
        faults.into_iter().for_each(&mut found);
    };
    for (store, seq) in ledger::unheard_of(read)? {
        report(
            &mut checked,
            vec![at(&store, seq, None, "the log has no entry at its place".to_owned())],
        );
    }
    let mut before = Unbooked::default();
    for store in entries::heads_and_stores(read)?.1 {
        let (mut after, mut days) = (0, Days::of(read, &store)?);
        loop {
            let page = ledger::told_after(read, &store, after)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            checked.movements += page.iter().filter(|told| told.booked.is_some()).count() as u64;
            page.iter().for_each(|told| days.take(told));
            before.take(&store, &page);
            report(&mut checked, page.iter().flat_map(|told| against_log(&store, told)).collect());
        }
        report(&mut checked, days.faults());
    }
    let mut after = Uuid::nil();
    loop {
        let page = balance::sales_after(read, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        report(&mut checked, against_sales(read, &page, &before)?);
    }
    after = Uuid::nil();
    loop {
        let page = balance::returns_after(read, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let ids: Vec<Uuid> = page.iter().map(|kept| kept.id).collect();
        report(&mut checked, against_returns(read, &ids, &mut before)?);
    }
    after = Uuid::nil();
    loop {
        let page = gift_cards::after(read, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        report(&mut checked, against_cards(read, &page)?);
    }
    report(&mut checked, against_owed(read, &before)?);
    Ok(checked)
}

/// What was done before the ledger began, in a database that is older than it: booked nowhere. The
/// log proves it: it says of every act since how it was booked.
#[derive(Default)]
struct Unbooked {
    begun: HashSet<String>,
    /// Sales and returns of before.
    acts: HashSet<String>,
    /// Stores with returns of before, whose refunds may still be settled.
    owing: HashSet<String>,
}

impl Unbooked {
    fn take(&mut self, store: &str, page: &[Told]) {
        for told in page.iter() {
            if self.begun.contains(store) {
                return;
            }
            match says(&told.leaf) {
                Some(_) => {
                    self.begun.insert(store.to_owned());
                }
                None => self
                    .acts
                    .extend(told.subject_id.clone().filter(|_| is_booked_today(&told.event))),
            }
        }
    }

    fn has(&self, id: Uuid) -> bool {
        self.acts.contains(&id.to_string())
    }
}

/// Whether an entry of this event says today how the act was booked.
fn is_booked_today(event: &str) -> bool {
    [Event::SaleRecorded, Event::ReturnRecorded].iter().any(|booked| booked.as_str() == event)
}

pub(super) fn at(store: &str, seq: i64, account: Option<Account>, detail: String) -> Fault {
    Fault { store: store.to_owned(), seq: Some(seq), account, detail }
}

/// A movement and the entry at its place.
fn against_log(store: &str, told: &Told) -> Vec<Fault> {
    let says = says(&told.leaf);
    let fault = |detail: &str| vec![at(store, told.seq, None, detail.to_owned())];
    let booked = match (&told.booked, &says) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => {
            return fault("the log says that money moved, and the ledger has no such movement");
        }
        (Some(_), None) => return fault("the log does not say that money moved here"),
        (Some(booked), Some(_)) => booked,
    };
    let amounts = &booked.amounts;
    if amounts.imbalance() != 0 {
        let detail = format!("debits and credits differ by {} minor units", amounts.imbalance());
        return vec![at(store, told.seq, unlike(booked, says.as_ref()), detail)];
    }
    if let Some(account) = unlike(booked, says.as_ref()) {
        let (kept, logged) =
            (amounts.of(account).0, amount_in(says.as_ref(), account, &booked.currency));
        let detail = match logged {
            Some(logged) => format!("it is kept with {kept} minor units, the log has {logged}"),
            None => "the log's amount cannot be read".to_owned(),
        };
        return vec![at(store, told.seq, Some(account), detail)];
    }
    let text =
        |name: &str| says.as_ref().and_then(|says| says.get(name)?.as_text().map(str::to_owned));
    let other = match () {
        () if booked.at != told.at => "time",
        () if booked.event != told.event => "event",
        () if Some(&booked.subject_id) != told.subject_id.as_ref() => "subject",
        () if Some(&booked.business_date) != text("business_date").as_ref() => "business date",
        () if booked.register != text("register") => "register",
        () if Some(&booked.currency) != text("currency").as_ref() => "currency",
        () => return Vec::new(),
    };
    fault(&format!("its {other} is not the one that the log has"))
}

/// How a leaf says that its act was booked.
fn says(leaf: &str) -> Option<Json> {
    // Most entries move no money: not worth reading.
    if !leaf.contains("\"ledger\":") {
        return None;
    }
    Json::parse_canonical(leaf).ok()?.get("data")?.get(LEDGER).cloned()
}

fn amount_in(says: Option<&Json>, account: Account, currency: &str) -> Option<i64> {
    match says?.get("amounts")?.get(account.as_str()) {
        None => Some(0),
        Some(amount) => {
            Minor::parse(amount.as_text()?, Currency::parse(currency)?).map(|amount| amount.0)
        }
    }
}

/// The first account whose amount is not the log's.
fn unlike(booked: &Booked, says: Option<&Json>) -> Option<Account> {
    let differs = |account: &&Account| {
        amount_in(says, **account, &booked.currency) != Some(booked.amounts.of(**account).0)
    };
    Account::ALL.iter().find(differs).copied()
}

/// The movements of sales, against the sales as they were sent.
fn against_sales(
    read: &mut Read<'_>,
    page: &[KeptSale],
    before: &Unbooked,
) -> Result<Vec<Fault>, StoreError> {
    let subjects: Vec<String> = page.iter().map(|sale| sale.id.to_string()).collect();
    let sums = ledger::sums_about(read, &subjects)?;
    let ids: Vec<Uuid> = page.iter().map(|sale| sale.id).collect();
    let voided = balance::voided(read, &ids)?;
    let converted = conversions::of_sales(read, &ids)?;
    let disputes = balance::disputes(read, &ids)?;
    let later: Vec<(String, String)> = (ids.iter())
        .filter_map(|id| Some((id.to_string(), converted.get(id)?)))
        .filter(|(_, kept)| !kept.when_recorded)
        .map(|(id, kept)| (id, kept.currency.clone()))
        .collect();
    let since = ledger::sums_in(read, &later)?;
    let mut faults = Vec::new();
    for kept in page.iter().filter(|kept| !before.has(kept.id)) {
        // A document that cannot be read is the books' trouble, and told with them.
        let Ok(sale) = wire::sale::read_document(&kept.document, kept.id) else { continue };
        let mut sale = Sale { shares_promotions: kept.shares_promotions, ..sale };
        let conversion = converted.get(&kept.id).and_then(|kept| {
            Some((kept, Changeover::known(sale.currency.code(), &kept.currency)?))
        });
        if let Some((_, by)) = conversion.filter(|(kept, _)| kept.when_recorded) {
            sale = Arc::new(sale).in_new_currency(by);
        }
        let subject = kept.id.to_string();
        let mut booked = sums.get(&subject).copied().unwrap_or_default();
        // The new goods of an exchange are booked with the return they were taken for; of a sale
        // that was voided nothing is left.
        let nothing = sale.exchange_of.is_some() || voided.contains(&kept.id);
        let mut due = if nothing { Amounts::default() } else { sold(&sale).amounts };
        let taken = disputes.get(&kept.id).copied().unwrap_or_default();
        if let Some((_, by)) = conversion.filter(|(kept, _)| !kept.when_recorded) {
            let since = since.get(&subject).copied().unwrap_or_default();
            booked.add(&since.reversed());
            booked.add(&due.reversed());
            (booked, due) = disputes_in_new_currency(&sale, by, (&booked, &since), &taken);
        } else {
            due.add(&taken);
        }
        faults.extend(differ(&kept.store, &format!("sale {subject}"), &booked, &due));
    }
    Ok(faults)
}

/// What is booked of disputes on a sale whose balance was converted later, and what it comes to,
/// both in the new currency. `until` is booked in the old currency beside what was sold, `since` in
/// the new one; `taken` is what the tenders have, each amount converted by itself.
fn disputes_in_new_currency(
    sale: &Sale,
    by: Changeover,
    (until, since): (&Amounts, &Amounts),
    taken: &Amounts,
) -> (Amounts, Amounts) {
    // Three amounts of each tender were rounded: so many minor units the sum may be off.
    let apart = i64::try_from(sale.tenders.len()).unwrap_or(i64::MAX).saturating_mul(2);
    let clearing = |account| sale.tenders.iter().any(|t| Account::of_tender(t.kind) == account);
    let (mut booked, mut due) = (*since, *taken);
    for (account, amount) in until.iter() {
        let of_banks =
            [Account::ChargebacksReceivable, Account::ChargebackLosses, Account::ChargebackFees];
        if !of_banks.contains(&account) && !clearing(account) {
            // No dispute: what was sold is not what is booked.
            booked.debit(account, amount);
            continue;
        }
        booked.debit(account, by.convert(amount));
        let off = booked.of(account).0 - due.of(account).0;
        if off.abs() <= apart {
            due.debit(account, Minor(off));
        }
    }
    (booked, due)
}

/// Where what is booked about something is not what it comes to.
fn differ(store: &str, what: &str, booked: &Amounts, due: &Amounts) -> Option<Fault> {
    let account = *Account::ALL.iter().find(|account| booked.of(**account) != due.of(**account))?;
    let (kept, due) = (booked.of(account).0, due.of(account).0);
    let detail = format!("{what} is booked with {kept} minor units, and comes to {due}");
    Some(Fault { store: store.to_owned(), seq: None, account: Some(account), detail })
}

/// The movements of returns, from recording to settlement or void, against what is kept of them.
fn against_returns(
    read: &mut Read<'_>,
    ids: &[Uuid],
    before: &mut Unbooked,
) -> Result<Vec<Fault>, StoreError> {
    let subjects: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let sums = ledger::sums_about(read, &subjects)?;
    let (all, older): (Vec<Return>, Vec<Return>) =
        returns::load(read, ids, false)?.into_iter().partition(|one| !before.has(one.id));
    before.owing.extend(older.into_iter().filter(|one| !one.training).map(|one| one.store));
    let taken = all.iter().filter_map(|one| Some(one.exchange.as_ref()?.sale));
    let with_fees = all.iter().flat_map(|one| &one.lines).filter(|line| !line.fee_taxes.is_empty());
    let mut asked: Vec<Uuid> = taken.chain(with_fees.map(|line| line.sale)).collect();
    asked.sort_unstable();
    asked.dedup();
    let documents = sales::stored(read, &asked)?.into_iter();
    let sales: HashMap<Uuid, Sale> =
        documents.filter_map(|stored| Some((stored.id, stored.sale().ok()?))).collect();
    Ok(all
        .iter()
        .filter_map(|one| against_return(one, &sales, sums.get(&one.id.to_string())))
        .collect())
}

fn against_return(
    the_return: &Return,
    sales: &HashMap<Uuid, Sale>,
    booked: Option<&Amounts>,
) -> Option<Fault> {
    let booked = booked.copied().unwrap_or_default();
    let what = format!("return {}", the_return.id);
    if the_return.training || the_return.status != ReturnStatus::Completed {
        return differ(&the_return.store, &what, &booked, &Amounts::default());
    }
    // The goods' side has the sale's taxes and charges in it, which the log proves; here it is held
    // by its sum.
    let fees = fees(the_return, |sale| sales.get(&sale)).0;
    let mut due = paid_out(the_return);
    due.credit(Account::Fees, Minor(fees));
    if let Some((exchange, sale)) =
        the_return.exchange.as_ref().and_then(|of| Some((of, sales.get(&of.sale)?)))
    {
        due.add(&exchanged(exchange, sale));
    }
    // Gift cards that came back are among the goods, too.
    let cards = booked.of(Account::GiftCard).0 - due.of(Account::GiftCard).0;
    let goods = booked.turnover_returned().0 + cards;
    let exchange = the_return.exchange.as_ref();
    let carried: i64 =
        exchange.iter().flat_map(|e| &e.carried).map(|part| part.amount.0 - part.rounding.0).sum();
    if goods - fees != the_return.refund.0 + carried {
        let detail = format!(
            "{what} is booked with {goods} minor units of goods, less fees of {fees}, and refunds {}",
            the_return.refund.0
        );
        return Some(Fault {
            store: the_return.store.clone(),
            seq: None,
            account: Some(Account::Returns),
            detail,
        });
    }
    due.debit(Account::GiftCard, Minor(cards));
    for account in
        [Account::Returns, Account::ChargesReturned, Account::TaxReturned, Account::Goodwill]
    {
        due.debit(account, booked.of(account));
    }
    differ(&the_return.store, &what, &booked, &due)
}

/// What is owed on each card, against its balance.
fn against_cards(read: &mut Read<'_>, page: &[Card]) -> Result<Vec<Fault>, StoreError> {
    let subjects: Vec<String> = page.iter().map(|card| card.id.to_string()).collect();
    let sums = ledger::sums_about(read, &subjects)?;
    let owed = |card: &Card| {
        let account = card.kind.liability();
        let booked = -sums.get(&card.id.to_string()).map_or(Minor::ZERO, |sums| sums.of(account)).0;
        let detail = format!(
            "card {} has a balance of {} minor units, and {booked} are booked as owed",
            card.id, card.balance.0
        );
        let fault = Fault { store: card.store.clone(), seq: None, account: Some(account), detail };
        (booked != card.balance.0).then_some(fault)
    };
    Ok(page.iter().filter_map(owed).collect())
}

/// What is owed of refunds in each store, and that its accounts come to nought.
fn against_owed(read: &mut Read<'_>, before: &Unbooked) -> Result<Vec<Fault>, StoreError> {
    let owed = ledger::refunds_owed(read)?;
    let mut faults = Vec::new();
    for (store, balance) in ledger::balances(read)? {
        let due = owed.iter().find(|(of, _)| *of == store).map_or(0, |(_, amount)| *amount);
        let booked = -balance.of(Account::RefundsPayable).0;
        let mut fault = |account: Option<Account>, detail: String| {
            faults.push(Fault { store: store.clone(), seq: None, account, detail });
        };
        if booked != due && !before.owing.contains(&store) {
            let detail = format!(
                "{booked} minor units of refunds are booked as owed, the returns have {due} due"
            );
            fault(Some(Account::RefundsPayable), detail);
        }
        if balance.imbalance() != 0 {
            fault(
                None,
                format!("its accounts come to {} minor units, not to nought", balance.imbalance()),
            );
        }
    }
    Ok(faults)
}
