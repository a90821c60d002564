//! What no chain can show: whether the books agree with the returns, and both with the log.
//!
//! Someone who alters a sale, a return or a book past the service leaves the log whole, and
//! contradicts it.

mod before;
mod cards;
mod without_receipt;

use super::ledger;
use crate::domain::canonical::Json;
use crate::domain::entry::hex;
use crate::domain::money::{Currency, Minor};
use crate::store::search::balance::{self, About, KeptReturn, KeptSale, Unbalanced};
use crate::store::search::{entries, gift_cards};
use crate::store::{Read, StoreError, conversions};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use uuid::Uuid;

/// How many sales, returns or entries are in memory at once.
const PAGE: usize = 500;

/// What is at odds with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Odds {
    /// A line's book, and the returns of it.
    Line,
    /// A tender's book, and the refunds to it.
    Tender,
    /// How much of a tender's money went out in cash or into new goods, and its refunds.
    Means,
    /// A charge's book, and the returns of it.
    Charge,
    /// A refund, and the sale it pays back.
    Refund,
    /// A sale's document, its digest, or the digest that the log has.
    Document,
    /// A return's amount or status, and what the log tells of it.
    Return,
    /// A gift card's balance, its entries, and what the log tells of them.
    Card,
    /// A sale or return without its entry, or an entry without its sale or return.
    Log,
    /// A movement of the ledger, and the log, or what was booked.
    Ledger,
}

/// A contradiction: what is at odds, the sale or return it is about, and a sentence for whoever has
/// to look into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub odds: Odds,
    pub subject: String,
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub sales: u64,
    pub returns: u64,
    pub cards: u64,
    /// Entries that say a sale or a return was recorded.
    pub entries: u64,
    /// Movements of the ledger.
    pub movements: u64,
    pub findings: u64,
}

/// Holds all sales, returns and entries against each other, a page at a time; `found` is told each
/// contradiction. Ask within one [`Db::read`](crate::store::Db::read).
pub fn reconcile(
    read: &mut Read<'_>,
    mut found: impl FnMut(Finding),
) -> Result<Reconciled, StoreError> {
    let mut done = Reconciled::default();
    let mut report = |done: &mut Reconciled, findings: Vec<Finding>| {
        done.findings += findings.len() as u64;
        findings.into_iter().for_each(&mut found);
    };
    let mut after = Uuid::nil();
    loop {
        let page = balance::sales_after(read, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        done.sales += page.len() as u64;
        report(&mut done, check_sales(read, &page)?);
    }
    after = Uuid::nil();
    loop {
        let page = balance::returns_after(read, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        done.returns += page.len() as u64;
        report(&mut done, check_returns(read, &page)?);
    }
    after = Uuid::nil();
    loop {
        let page = gift_cards::after(read, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        done.cards += page.len() as u64;
        report(&mut done, cards::check(read, &page)?);
    }
    for store in entries::heads_and_stores(read)?.1 {
        let mut after = 0;
        loop {
            let page = balance::recordings_after(read, &store, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.0;
            done.entries += page.len() as u64;
            report(&mut done, check_entries(read, &store, &page)?);
        }
    }
    let mut faults = Vec::new();
    done.movements = ledger::check(read, |fault| faults.push(off_the_books(&fault)))?.movements;
    report(&mut done, faults);
    Ok(done)
}

fn off_the_books(fault: &ledger::Fault) -> Finding {
    let subject =
        fault.seq.map_or_else(|| fault.store.clone(), |seq| format!("{}/{seq}", fault.store));
    Finding { odds: Odds::Ledger, subject, detail: fault.to_string() }
}

fn check_sales(read: &mut Read<'_>, page: &[KeptSale]) -> Result<Vec<Finding>, StoreError> {
    let ids: Vec<Uuid> = page.iter().map(|sale| sale.id).collect();
    let mut findings = Vec::new();
    let mut unbalanced = |odds, all: Vec<Unbalanced>| {
        findings.extend(all.iter().map(|one| out_of_balance(odds, one)))
    };
    let before = before::BeforeSales::of(page, &conversions::of_sales(read, &ids)?);
    unbalanced(Odds::Line, balance::lines(read, &ids, &before.lines)?);
    let [tenders, means] = balance::tenders(read, &ids, &before.tenders, &before.means)?;
    unbalanced(Odds::Tender, tenders);
    unbalanced(Odds::Means, means);
    unbalanced(Odds::Charge, balance::charges(read, &ids, &before.charges)?);
    let entries = entries_about(read, &ids)?;
    let voided = balance::voided(read, &ids)?;
    for sale in page {
        let taken_back = !of_event(&entries, sale.id, "sale.voided").is_empty();
        if taken_back != voided.contains(&sale.id) {
            let (kept, log) =
                if taken_back { ("not voided", "voided") } else { ("voided", "not voided") };
            let why = format!("it is kept as {kept}, and by the log it was {log}");
            findings.push(at_odds(Odds::Log, "sale", sale.id, &why));
        }
        let digest = Sha256::digest(&sale.document);
        if digest[..] != sale.digest {
            findings.push(at_odds(
                Odds::Document,
                "sale",
                sale.id,
                "its document is not the one its digest was made of",
            ));
        }
        let recorded = of_event(&entries, sale.id, "sale.recorded");
        findings.extend(misses_its_entry("sale", sale.id, &sale.store, &recorded));
        for entry in recorded {
            let told = text_at(&entry.leaf, &["data", "document_sha256"]);
            if told.as_deref() != Some(hex(&digest).as_str()) {
                let why = "its document is not the one whose digest the log has";
                findings.push(at_odds(Odds::Document, "sale", sale.id, why));
            }
        }
    }
    Ok(findings)
}

fn check_returns(read: &mut Read<'_>, page: &[KeptReturn]) -> Result<Vec<Finding>, StoreError> {
    let ids: Vec<Uuid> = page.iter().map(|one| one.id).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for (id, refund) in balance::stray_refunds(read, &ids)? {
        let why = format!("its refund {refund} goes to a sale that nothing in it is of");
        findings.push(at_odds(Odds::Refund, "return", id, &why));
    }
    for (id, tender) in balance::stray_carried(read, &ids)? {
        let why = format!(
            "the money it carried into tender {tender} of its exchange is not that tender's"
        );
        findings.push(at_odds(Odds::Refund, "return", id, &why));
    }
    for (id, sale) in balance::half_voided(read, &ids)? {
        let why = format!("of it and the sale {sale} of its exchange only one was taken back");
        findings.push(at_odds(Odds::Return, "return", id, &why));
    }
    let entries = entries_about(read, &ids)?;
    findings.extend(without_receipt::check(read, &ids, &entries)?);
    for one in page {
        let recorded = of_event(&entries, one.id, "return.recorded");
        findings.extend(misses_its_entry("return", one.id, &one.store, &recorded));
        let kept =
            Currency::parse(&one.currency).map(|currency| Minor(one.refund).format(currency));
        for entry in recorded {
            let told = text_at(&entry.leaf, &["data", "decision", "refund"]);
            if told != kept {
                let (kept, told) =
                    (kept.as_deref().unwrap_or("?"), told.as_deref().unwrap_or("nothing"));
                let why = format!("it is kept with a refund of {kept}, the log has {told}");
                findings.push(at_odds(Odds::Return, "return", one.id, &why));
            }
        }
        let taken_back = !of_event(&entries, one.id, "return.voided").is_empty();
        if taken_back != (one.status == "voided") {
            let log = if taken_back { "was voided" } else { "was not voided" };
            let why =
                format!("it is kept as {}, and by the log it {log}", one.status.replace('_', " "));
            findings.push(at_odds(Odds::Return, "return", one.id, &why));
        }
    }
    Ok(findings)
}

/// Entries whose sale or return is not there.
fn check_entries(
    read: &mut Read<'_>,
    store: &str,
    page: &[(i64, String, Option<String>)],
) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for event in ["sale.recorded", "return.recorded"] {
        let of_event = || page.iter().filter(|(_, of, _)| of == event);
        let id = |subject: &Option<String>| {
            subject.as_deref().and_then(|text| text.parse::<Uuid>().ok())
        };
        let mut ids: Vec<Uuid> = of_event().filter_map(|(_, _, subject)| id(subject)).collect();
        ids.sort_unstable();
        ids.dedup();
        let present = balance::present(read, event, &ids)?;
        for (seq, _, subject) in
            of_event().filter(|(_, _, s)| id(s).is_none_or(|id| !present.contains(&id)))
        {
            let what = event.trim_end_matches(".recorded");
            let subject = subject.clone().unwrap_or_default();
            let detail = format!(
                "Entry {seq} of store {store} records {what} {subject}, and there is no such {what}."
            );
            findings.push(Finding { odds: Odds::Log, subject, detail });
        }
    }
    Ok(findings)
}

fn out_of_balance(odds: Odds, found: &Unbalanced) -> Finding {
    let Unbalanced { sale, number, kept, summed } = *found;
    let subject = sale.to_string();
    let detail = match odds {
        Odds::Line => format!(
            "Line {number} of sale {sale} is kept with {} thousandths returned and {} minor units refunded; its returns \
             come to {} and {}.",
            kept.0, kept.1, summed.0, summed.1
        ),
        Odds::Tender => format!(
            "Tender {number} of sale {sale} is kept with {} minor units refunded ({} of them rounding); its refunds come \
             to {} ({}).",
            kept.0, kept.1, summed.0, summed.1
        ),
        Odds::Means => format!(
            "Tender {number} of sale {sale} is kept with {} minor units given in cash and {} carried into new goods; its \
             refunds and exchanges come to {} and {}.",
            kept.0, kept.1, summed.0, summed.1
        ),
        _ => {
            let told = |(parts, whole): (i64, i64)| match whole {
                0 => format!("{parts} minor units refunded"),
                times => format!("all of it refunded {times} times"),
            };
            format!(
                "Charge {number} of sale {sale} is kept with {}; its returns have {}.",
                told(kept),
                told(summed)
            )
        }
    };
    Finding { odds, subject, detail }
}

/// Each sale and return has one entry, in its store's chain, that says it was recorded.
fn misses_its_entry(what: &str, id: Uuid, store: &str, recorded: &[&About]) -> Option<Finding> {
    let why = match recorded {
        [entry] if entry.store == store => return None,
        [entry] => format!("it is of store {store}, and the log of store {} has it", entry.store),
        [] => "the log does not know that it was recorded".to_owned(),
        several => format!("the log says {} times that it was recorded", several.len()),
    };
    Some(at_odds(Odds::Log, what, id, &why))
}

fn at_odds(odds: Odds, what: &str, id: Uuid, why: &str) -> Finding {
    Finding { odds, subject: id.to_string(), detail: format!("The {what} {id}: {why}.") }
}

fn entries_about(
    read: &mut Read<'_>,
    ids: &[Uuid],
) -> Result<HashMap<String, Vec<About>>, StoreError> {
    let subjects: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let mut entries: HashMap<String, Vec<About>> = HashMap::new();
    for entry in balance::entries_about(read, &subjects)? {
        entries.entry(entry.subject_id.clone()).or_default().push(entry);
    }
    Ok(entries)
}

fn of_event<'a>(entries: &'a HashMap<String, Vec<About>>, id: Uuid, event: &str) -> Vec<&'a About> {
    let all = entries.get(&id.to_string()).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|entry| entry.event == event).collect()
}

fn text_at(leaf: &str, path: &[&str]) -> Option<String> {
    let json = Json::parse_canonical(leaf).ok()?;
    let value = path.iter().try_fold(&json, |json, name| json.get(name))?;
    value.as_text().map(str::to_owned)
}
