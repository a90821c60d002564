//! Sales and their books: the sale as sent, never changed, and what has come back of it.

use super::conversions;
use super::match_keys::key;
use super::rows::{Select, col, select_in};
use super::sql_types::{Id, IdSql};
use super::writes::{Update, Write, write_all};
use super::{Read, StoreError, Tx};
use crate::domain::book::{Base, Book, ChargeBook, LineExtras, TenderBook};
use crate::domain::money::Minor;
use crate::domain::quantity::Quantity;
use crate::domain::sale::Sale;
use crate::domain::state::{NewSale, State};
use crate::wire;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub(super) fn corrupt(sale: Uuid, what: &str) -> StoreError {
    StoreError::Corrupt(format!("sale {sale} is stored with {what}"))
}

/// Loads the books of sales; with `claim`, nobody else returns anything of them until this
/// transaction ends. `ids` ascend: every writer claims in the same order.
pub fn load_books(
    read: &mut Read<'_>,
    ids: &[Uuid],
    claim: bool,
    state: &mut State,
) -> Result<(), StoreError> {
    let mut books: HashMap<Uuid, Book> = HashMap::with_capacity(ids.len());
    let keys = [col(ids.iter().copied())];
    let select = Select {
        columns: "s.id, s.document, s.shares_promotions",
        names: "id",
        join: "sales s ON s.id = u.id",
        order: "s.id",
        lock: claim.then_some("s"),
    };
    let rows: Vec<(Id, String, bool)> = select_in::<(IdSql, Text, Bool), _>(read, &select, &keys)?;
    for (id, document, shares) in rows {
        books.insert(id.0, Book::new(Arc::new(read_sale(&document, id.0, shares)?)));
    }
    load_lines(read, &keys, &mut books)?;
    load_tenders(read, &keys, &mut books)?;
    load_charges(read, &keys, &mut books)?;
    super::exchanges::load_ties(read, &mut books)?;
    books.into_values().for_each(|book| state.load_book(book));
    Ok(())
}

/// A sale from its document, shared by the rule that it was recorded under.
pub(super) fn read_sale(
    document: &str,
    id: Uuid,
    shares_promotions: bool,
) -> Result<Sale, StoreError> {
    let sale = wire::sale::read_document(document, id).map_err(|why| corrupt(id, &why))?;
    Ok(Sale { shares_promotions, ..sale })
}

/// A sale as it was sent.
pub struct StoredSale {
    pub id: Uuid,
    pub document: String,
    pub recorded_at: Timestamp,
    shares_promotions: bool,
}

impl StoredSale {
    pub fn sale(&self) -> Result<Sale, StoreError> {
        read_sale(&self.document, self.id, self.shares_promotions)
    }
}

/// Sales as they were sent, with the instant each was recorded. `ids` ascend.
pub fn stored(read: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<StoredSale>, StoreError> {
    let select = Select {
        columns: "s.id, s.document, s.recorded_at, s.shares_promotions",
        names: "id",
        join: "sales s ON s.id = u.id",
        order: "s.id",
        lock: None,
    };
    type Row = (Id, String, i64, bool);
    let rows: Vec<Row> =
        select_in::<(IdSql, Text, BigInt, Bool), _>(read, &select, &[col(ids.iter().copied())])?;
    let sale = |(id, document, at, shares_promotions): Row| {
        let recorded_at =
            Timestamp::from_microsecond(at).map_err(|_| corrupt(id.0, "a time that is none"))?;
        Ok(StoredSale { id: id.0, document, recorded_at, shares_promotions })
    };
    rows.into_iter().map(sale).collect()
}

/// Enters in fresh books of these sales what has come back. `ids` ascend.
pub(super) fn load_progress(
    read: &mut Read<'_>,
    ids: &[Uuid],
    books: &mut HashMap<Uuid, Book>,
) -> Result<(), StoreError> {
    let keys = [col(ids.iter().copied())];
    load_lines(read, &keys, books)?;
    load_tenders(read, &keys, books)?;
    load_charges(read, &keys, books)?;
    super::exchanges::load_ties(read, books)
}

fn load_lines(
    read: &mut Read<'_>,
    keys: &[super::rows::Col<'_>],
    books: &mut HashMap<Uuid, Book>,
) -> Result<(), StoreError> {
    let select = Select {
        columns: "l.sale, l.line, l.returned, l.extras, l.last_return, v.voided_at, c.currency",
        names: "sale",
        join: "sale_lines l ON l.sale = u.sale LEFT JOIN sale_voids v ON v.sale = l.sale \
               LEFT JOIN sale_conversions c ON c.sale = l.sale",
        order: "l.sale, l.line",
        lock: None,
    };
    type Row = ((Id, i32, i64, Option<String>, i64), (Option<i64>, Option<String>));
    type Columns =
        ((IdSql, Integer, BigInt, Nullable<Text>, BigInt), (Nullable<BigInt>, Nullable<Text>));
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, keys)?;
    for ((sale, line, returned, extras, last_return), (voided_at, currency)) in rows {
        let Some(book) = books.get_mut(&sale.0) else { continue };
        // Known only now: another writer may have converted it before the claim was granted.
        if let Some(currency) = currency.filter(|_| book.sale.converted.is_none()) {
            *book = conversions::converted(book, &currency)?;
        }
        book.returns = book.returns.max(last_return);
        book.voided_at = voided_at.map(|at| super::returns::instant(sale.0, at)).transpose()?;
        if returned == 0 && extras.is_none() {
            continue;
        }
        let number = u32::try_from(line).unwrap_or(0);
        let place =
            book.position(number).ok_or_else(|| corrupt(sale.0, "a line it does not have"))?;
        let extras = match extras {
            Some(text) => {
                read_extras(&text).ok_or_else(|| corrupt(sale.0, "extras that cannot be read"))?
            }
            None => LineExtras::default(),
        };
        book.lines[place] = book.lines[place].clone().restore(Quantity(returned), extras);
    }
    Ok(())
}

fn load_tenders(
    read: &mut Read<'_>,
    keys: &[super::rows::Col<'_>],
    books: &mut HashMap<Uuid, Book>,
) -> Result<(), StoreError> {
    let select = Select {
        columns: "t.sale, t.tender, t.refunded + t.rounded_up, t.rounding + t.rounded_up, \
                  t.in_cash, t.carried, t.charged_back, t.in_dispute, t.dispute_fee, t.lost, \
                  t.bank_fees",
        names: "sale",
        join: "sale_tenders t ON t.sale = u.sale",
        order: "t.sale, t.tender",
        lock: None,
    };
    type Row = ((Id, i32, i64, i64, i64, i64), (bool, i64, i64, i64, i64));
    type Columns =
        ((IdSql, Integer, BigInt, BigInt, BigInt, BigInt), (Bool, BigInt, BigInt, BigInt, BigInt));
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, keys)?;
    for ((sale, tender, refunded, rounding, in_cash, carried), disputes) in rows {
        let Some(book) = books.get_mut(&sale.0) else { continue };
        let place = book.sale.tenders.iter().position(|t| i64::from(t.tender) == i64::from(tender));
        let place = place.ok_or_else(|| corrupt(sale.0, "a tender it does not have"))?;
        let state = &mut book.tenders[place];
        (state.refunded, state.rounding) = (Minor(refunded), Minor(rounding));
        (state.in_cash, state.carried) = (Minor(in_cash), Minor(carried));
        let (charged_back, in_dispute, dispute_fee, lost, bank_fees) = disputes;
        state.charged_back = charged_back;
        (state.in_dispute, state.dispute_fee) = (Minor(in_dispute), Minor(dispute_fee));
        (state.lost, state.bank_fees) = (Minor(lost), Minor(bank_fees));
    }
    Ok(())
}

fn load_charges(
    read: &mut Read<'_>,
    keys: &[super::rows::Col<'_>],
    books: &mut HashMap<Uuid, Book>,
) -> Result<(), StoreError> {
    // Most sales have no charges: nothing is asked for those.
    if books.values().all(|book| book.sale.charges.is_empty()) {
        return Ok(());
    }
    let select = Select {
        columns: "c.sale, c.charge, c.refunded, c.given",
        names: "sale",
        join: "sale_charges c ON c.sale = u.sale",
        order: "c.sale, c.charge",
        lock: None,
    };
    type Row = (Id, i32, bool, Option<String>);
    let rows: Vec<Row> =
        select_in::<(IdSql, Integer, Bool, Nullable<Text>), _>(read, &select, keys)?;
    for (sale, charge, _, given) in rows.into_iter().filter(|(_, _, refunded, _)| *refunded) {
        let Some(book) = books.get_mut(&sale.0) else { continue };
        let place = book.charge(u32::try_from(charge).unwrap_or(0));
        let place = place.ok_or_else(|| corrupt(sale.0, "a charge it does not have"))?;
        let wrong = || corrupt(sale.0, "parts of a charge that cannot be read");
        let given = given.map(|text| read_amounts(&text).ok_or_else(wrong)).transpose()?;
        if given.as_ref().is_some_and(|given| given.len() != book.charges[place].given().len()) {
            return Err(wrong());
        }
        book.charges[place].restore(given);
    }
    Ok(())
}

/// Amounts in minor units, separated by commas.
pub(super) fn write_amounts(all: &[Minor]) -> String {
    all.iter().map(|amount| amount.0.to_string()).collect::<Vec<_>>().join(",")
}

pub(super) fn read_amounts(text: &str) -> Option<Vec<Minor>> {
    text.split(',').map(|minor| minor.parse().ok().map(Minor)).collect()
}

fn given_of(charge: &ChargeBook) -> Option<String> {
    charge.refunded().is_positive().then(|| write_amounts(charge.given()))
}

/// Writes new sales, with whatever has already come back of them in the same batch. In order of
/// their receipts: whoever inserts one that another instance is inserting waits for it, and two
/// that do so never wait in a ring.
pub fn insert_new(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let sales = state.changes.new_sales.iter();
    let mut new: Vec<(&Book, &NewSale)> =
        sales.filter_map(|new| Some((state.book(new.sale)?, new))).collect();
    if new.is_empty() {
        return Ok(());
    }
    new.sort_by_cached_key(|(book, new)| {
        let sale = &book.sale;
        (
            key(&sale.receipt),
            sale.store.clone(),
            sale.register.clone(),
            sale.business_date,
            new.rung,
        )
    });
    let (books, new): (Vec<&Book>, Vec<&NewSale>) = new.into_iter().unzip();
    let sales = vec![
        col(books.iter().map(|b| b.sale.id)),
        col(books.iter().map(|b| b.sale.store.as_str())),
        col(books.iter().map(|b| b.sale.receipt.as_str())),
        col(books.iter().map(|b| key(&b.sale.receipt))),
        col(books.iter().map(|b| b.sale.register.as_str())),
        col(new.iter().map(|new| number(new.rung))),
        col(books.iter().map(|b| b.sale.external_id.as_deref())),
        col(books.iter().map(|b| b.sale.business_date.to_string())),
        col(books.iter().map(|b| b.sale.customer.as_deref())),
        col(books.iter().map(|b| b.sale.customer.as_deref().map(key))),
        col(new.iter().map(|new| new.document.as_str())),
        col(new.iter().map(|new| &new.digest)),
        col(new.iter().map(|new| new.recorded_at.as_microsecond())),
        col(books.iter().map(|b| b.sale.shares_promotions)),
        col(books.iter().map(|b| b.sale.currency.code())),
        col(books.iter().map(|b| b.sale.total.0)),
    ];
    let into = "sales(id, store, receipt, receipt_key, register, rung, external_id, business_date, \
                customer, customer_key, document, digest, recorded_at, shares_promotions, \
                currency, total)";
    let sales = Write::insert(into, sales);
    write_all(
        tx,
        &[sales, new_lines(&books), new_serials(&books), new_tenders(&books), new_charges(&books)],
    )
}

fn new_lines<'a>(books: &[&'a Book]) -> Write<'a> {
    let lines = || {
        books.iter().flat_map(|b| {
            b.sale.lines.iter().zip(&b.lines).map(move |(line, state)| (b, line, state))
        })
    };
    let columns = vec![
        col(lines().map(|(b, _, _)| b.sale.id)),
        col(lines().map(|(_, line, _)| number(line.line))),
        // None can be asked for by an empty article number.
        col(lines().map(|(_, line, _)| line.sku.as_deref().unwrap_or_default())),
        col(lines().map(|(_, _, state)| state.sold.0)),
        col(lines().map(|(_, _, state)| state.returned.0)),
        col(lines().map(|(_, _, state)| state.value().0)),
        col(lines().map(|(_, _, state)| state.refunded().0)),
        col(lines().map(|(_, _, state)| write_extras(&state.extras()))),
        col(lines().map(|(b, _, _)| b.returns)),
    ];
    let into = "sale_lines(sale, line, sku, sold, returned, value, refunded, extras, last_return)";
    Write::insert(into, columns)
}

fn new_serials<'a>(books: &[&'a Book]) -> Write<'a> {
    let serials = || {
        books.iter().flat_map(|b| b.sale.lines.iter().map(move |line| (b.sale.id, line))).flat_map(
            |(sale, line)| {
                line.serial_numbers
                    .iter()
                    .map(move |serial| (serial.as_str(), sale, number(line.line)))
            },
        )
    };
    let columns = vec![
        col(serials().map(|s| s.0)),
        col(serials().map(|s| key(s.0))),
        col(serials().map(|s| s.1)),
        col(serials().map(|s| s.2)),
    ];
    Write::insert("sale_serials(serial_number, serial_key, sale, line)", columns)
}

fn new_tenders<'a>(books: &[&'a Book]) -> Write<'a> {
    let all = || {
        books.iter().flat_map(|b| {
            b.sale.tenders.iter().zip(&b.tenders).map(move |(t, state)| (b, t, state))
        })
    };
    let fingerprint = |card: &Option<crate::domain::sale::Card>| {
        card.as_ref().and_then(|c| c.fingerprint.clone())
    };
    let columns = vec![
        col(all().map(|(b, _, _)| b.sale.id)),
        col(all().map(|(_, t, _)| number(t.tender))),
        col(all().map(|(_, t, _)| t.kind.as_str())),
        col(all().map(|(_, _, state)| state.paid.0)),
        col(all().map(|(_, _, state)| state.refunded.0 - rounded_up(state))),
        col(all().map(|(_, _, state)| state.rounding.0 - rounded_up(state))),
        col(all().map(|(_, _, state)| rounded_up(state))),
        col(all().map(|(_, _, state)| state.in_cash.0)),
        col(all().map(|(_, _, state)| state.carried.0)),
        col(all().map(|(_, _, state)| state.charged_back)),
        col(all().map(|(_, _, state)| state.in_dispute.0)),
        col(all().map(|(_, _, state)| state.dispute_fee.0)),
        col(all().map(|(_, _, state)| state.lost.0)),
        col(all().map(|(_, _, state)| state.bank_fees.0)),
        col(all().map(|(_, t, _)| fingerprint(&t.card))),
    ];
    let into = "sale_tenders(sale, tender, kind, paid, refunded, rounding, rounded_up, in_cash, carried, \
                charged_back, in_dispute, dispute_fee, lost, bank_fees, card_fingerprint)";
    Write::insert(into, columns)
}

fn new_charges<'a>(books: &[&'a Book]) -> Write<'a> {
    let all = || books.iter().flat_map(|b| b.charges.iter().map(move |charge| (b, charge)));
    let columns = vec![
        col(all().map(|(b, _)| b.sale.id)),
        col(all().map(|(_, c)| number(c.charge))),
        col(all().map(|(_, c)| c.refunded().is_positive())),
        col(all().map(|(_, c)| given_of(c))),
    ];
    Write::insert("sale_charges(sale, charge, refunded, given)", columns)
}

/// What has come back of sales that were there before the batch: of lines, of tenders, of charges.
pub(super) fn changed_books(state: &State) -> [Write<'_>; 3] {
    let changes = &state.changes;
    let new = |sale: Uuid| changes.new_sales.iter().any(|new| new.sale == sale);
    let old = |sale: Uuid| if new(sale) { None } else { state.book(sale) };
    let lines: Vec<_> = (changes.lines.iter())
        .filter_map(|(sale, place)| {
            old(*sale).map(|book| (book, &book.sale.lines[*place], &book.lines[*place]))
        })
        .collect();
    let of_lines = vec![
        col(lines.iter().map(|(book, _, _)| book.sale.id)),
        col(lines.iter().map(|(_, line, _)| number(line.line))),
        col(lines.iter().map(|(_, _, state)| state.returned.0)),
        col(lines.iter().map(|(_, _, state)| state.refunded().0)),
        col(lines.iter().map(|(_, _, state)| write_extras(&state.extras()))),
        col(lines.iter().map(|(book, _, _)| book.returns)),
    ];
    const LINES: Update = Update {
        table: "sale_lines",
        key: &["sale", "line"],
        set: &["returned", "refunded", "extras", "last_return"],
    };
    let tenders: Vec<_> = (changes.tenders.iter())
        .filter_map(|(sale, place)| {
            old(*sale).map(|book| (*sale, &book.sale.tenders[*place], &book.tenders[*place]))
        })
        .collect();
    let of_tenders = vec![
        col(tenders.iter().map(|(sale, _, _)| *sale)),
        col(tenders.iter().map(|(_, tender, _)| number(tender.tender))),
        col(tenders.iter().map(|(_, _, state)| state.refunded.0 - rounded_up(state))),
        col(tenders.iter().map(|(_, _, state)| state.rounding.0 - rounded_up(state))),
        col(tenders.iter().map(|(_, _, state)| rounded_up(state))),
        col(tenders.iter().map(|(_, _, state)| state.in_cash.0)),
        col(tenders.iter().map(|(_, _, state)| state.carried.0)),
        col(tenders.iter().map(|(_, _, state)| state.charged_back)),
        col(tenders.iter().map(|(_, _, state)| state.in_dispute.0)),
        col(tenders.iter().map(|(_, _, state)| state.dispute_fee.0)),
        col(tenders.iter().map(|(_, _, state)| state.lost.0)),
        col(tenders.iter().map(|(_, _, state)| state.bank_fees.0)),
    ];
    const TENDERS: Update = Update {
        table: "sale_tenders",
        key: &["sale", "tender"],
        set: &[
            "refunded",
            "rounding",
            "rounded_up",
            "in_cash",
            "carried",
            "charged_back",
            "in_dispute",
            "dispute_fee",
            "lost",
            "bank_fees",
        ],
    };
    let charges: Vec<_> = (changes.charges.iter())
        .filter_map(|(sale, place)| old(*sale).map(|book| (*sale, &book.charges[*place])))
        .collect();
    let of_charges = vec![
        col(charges.iter().map(|c| c.0)),
        col(charges.iter().map(|c| number(c.1.charge))),
        col(charges.iter().map(|c| c.1.refunded().is_positive())),
        col(charges.iter().map(|c| given_of(c.1))),
    ];
    const CHARGES: Update =
        Update { table: "sale_charges", key: &["sale", "charge"], set: &["refunded", "given"] };
    [
        Write::update(LINES, of_lines),
        Write::update(TENDERS, of_tenders),
        Write::update(CHARGES, of_charges),
    ]
}

/// What cash rounding paid beyond what the tender paid: kept apart, so that the database holds
/// `refunded` at what was paid.
pub(super) fn rounded_up(tender: &TenderBook) -> i64 {
    (tender.refunded.0 - tender.paid.0).max(0)
}

/// Line, tender and charge numbers are bounded at intake, far below what an integer column takes.
pub(super) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// `base quantity;left…;given…;serial…[;withheld…[;forgone…]]`, each list separated by commas, serial numbers
/// percent-encoded. NULL for a line that was returned in the ordinary way.
pub(super) fn write_extras(extras: &LineExtras) -> Option<String> {
    if *extras == LineExtras::default() {
        return None;
    }
    let amounts = write_amounts;
    let base = extras.base.as_ref().map_or(String::new(), |base| base.quantity.0.to_string());
    let left = extras.base.as_ref().map_or(String::new(), |base| amounts(&base.left));
    let given = extras.given.as_deref().map_or(String::new(), amounts);
    let serials: Vec<String> =
        extras.serials_returned.iter().map(|serial| escape(serial)).collect();
    let kept = format!(";{};{}", amounts(&extras.withheld), amounts(&extras.forgone));
    let kept = kept.trim_end_matches(';');
    Some(format!("{base};{left};{given};{}{kept}", serials.join(",")))
}

fn read_extras(text: &str) -> Option<LineExtras> {
    let mut fields = text.splitn(6, ';');
    let (base, left, given, serials) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let amounts = read_amounts;
    let mut kept = || match fields.next() {
        None | Some("") => Some(Vec::new()),
        Some(kept) => amounts(kept),
    };
    let (withheld, forgone) = (kept()?, kept()?);
    let base = match base {
        "" => None,
        quantity => Some(Base { quantity: Quantity(quantity.parse().ok()?), left: amounts(left)? }),
    };
    Some(LineExtras {
        given: if base.is_some() { Some(amounts(given)?) } else { None },
        base,
        serials_returned: serials
            .split(',')
            .filter(|s| !s.is_empty())
            .map(unescape)
            .collect::<Option<_>>()?,
        withheld,
        forgone,
    })
}

fn escape(serial: &str) -> String {
    serial.replace('%', "%25").replace(',', "%2C").replace(';', "%3B")
}

fn unescape(text: &str) -> Option<String> {
    Some(text.replace("%2C", ",").replace("%3B", ";").replace("%25", "%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_read_back_as_written() {
        let base = Base { quantity: Quantity(1_500), left: vec![Minor(12), Minor(0)] };
        let given = Some(vec![Minor(3), Minor(1)]);
        let serials_returned = vec!["A,1;x".to_owned(), "100%".to_owned(), "%2C".to_owned()];
        let withheld = vec![Minor(2), Minor(0)];
        let all = LineExtras {
            base: Some(base),
            given,
            serials_returned: serials_returned.clone(),
            withheld,
            forgone: vec![Minor(4), Minor(1)],
        };
        let repriced = LineExtras { forgone: vec![], ..all.clone() };
        let lowered = LineExtras { withheld: vec![], ..all.clone() };
        let adjusted = LineExtras { withheld: vec![], ..repriced.clone() };
        let only_serials = LineExtras { serials_returned, ..LineExtras::default() };
        for extras in [all, repriced, lowered, adjusted, only_serials] {
            assert_eq!(write_extras(&extras).as_deref().and_then(read_extras), Some(extras));
        }
        assert_eq!(write_extras(&LineExtras::default()), None);
    }
}
