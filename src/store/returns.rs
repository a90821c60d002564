//! Returns, their lines and refunds.

mod unreceipted;

use super::match_keys::key;
use super::rows::{Col, Select, col, select_in};
use super::sales::{number, read_amounts, write_amounts};
use super::sql_types::{Id, IdSql};
use super::writes::{Update, Write, insert, update_rows, write_all};
use super::{Read, StoreError, Tx};
use crate::domain::book::{ChargeParts, Parts};
use crate::domain::decide::PastReturn;
use crate::domain::decision::RefundPlan;
use crate::domain::gift_cards::CardRef;
use crate::domain::match_key::MatchKey;
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::returns::{
    Refund, RefundStatus, Return, ReturnStatus, ReturnedCharge, ReturnedLine,
};
use crate::domain::state::State;
use crate::domain::tender::TenderType;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) fn corrupt(id: Uuid, what: &str) -> StoreError {
    StoreError::Corrupt(format!("return {id} is stored with {what}"))
}

pub(super) fn instant(id: Uuid, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt(id, "a time that is none"))
}

/// The sales that returns are of: they are claimed before the returns themselves.
pub fn sales_of(read: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let keys = [col(ids.iter().copied())];
    let mut sales = Vec::new();
    for join in [
        "return_lines r ON r.return_id = u.id",
        "return_charges r ON r.return_id = u.id",
        "refunds r ON r.return_id = u.id AND r.sale IS NOT NULL",
        "exchanges r ON r.return_id = u.id",
    ] {
        let select = Select { columns: "r.sale", names: "id", join, order: "r.sale", lock: None };
        let found: Vec<Id> = select_in::<IdSql, _>(read, &select, &keys)?;
        sales.extend(found.into_iter().map(|id| id.0));
    }
    Ok(sales)
}

/// The returns that brought back lines of these sales, each once, ascending.
pub fn of_sales(read: &mut Read<'_>, sales: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    if sales.is_empty() {
        return Ok(Vec::new());
    }
    let join = "return_lines r ON r.sale = u.sale";
    let select =
        Select { columns: "r.return_id", names: "sale", join, order: "r.return_id", lock: None };
    let found: Vec<Id> = select_in::<IdSql, _>(read, &select, &[col(sales.iter().copied())])?;
    let mut returns: Vec<Uuid> = found.into_iter().map(|id| id.0).collect();
    returns.dedup();
    Ok(returns)
}

type Row = (
    (Id, String, String, String, Option<String>, Option<Vec<u8>>),
    (String, String, String, i64, i64, bool),
);
type Columns = (
    (IdSql, Text, Text, Text, Nullable<Text>, Nullable<Binary>),
    (Text, Text, Text, BigInt, BigInt, Bool),
);

/// Loads returns whole; with `claim`, nobody else changes them until this transaction ends.
pub fn load(read: &mut Read<'_>, ids: &[Uuid], claim: bool) -> Result<Vec<Return>, StoreError> {
    let keys = [col(ids.iter().copied())];
    let select = Select {
        columns: "r.id, r.store, r.register, r.operator, r.customer, r.id_hash, \
                  r.status, r.currency, r.business_date, r.recorded_at, r.refund, r.training",
        names: "id",
        join: "returns r ON r.id = u.id",
        order: "r.id",
        lock: claim.then_some("r"),
    };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &keys)?;
    let mut returns: Vec<Return> = rows.into_iter().map(head).collect::<Result<_, _>>()?;
    let places: HashMap<Uuid, usize> =
        returns.iter().enumerate().map(|(place, r)| (r.id, place)).collect();
    for (of, line) in lines(read, &keys)? {
        places.get(&of).into_iter().for_each(|place| returns[*place].lines.push(line.clone()));
    }
    for (of, line) in unreceipted::load(read, &keys)? {
        places
            .get(&of)
            .into_iter()
            .for_each(|place| returns[*place].without_receipt.push(line.clone()));
    }
    for (of, customer) in unreceipted::load_buyers(read, &keys)? {
        places.get(&of).into_iter().for_each(|place| returns[*place].buyers.push(customer.clone()));
    }
    for (of, charge) in charges(read, &keys)? {
        places.get(&of).into_iter().for_each(|place| returns[*place].charges.push(charge.clone()));
    }
    for (of, refund) in refunds(read, &keys)? {
        places.get(&of).into_iter().for_each(|place| returns[*place].refunds.push(refund.clone()));
    }
    for (of, exchange) in super::exchanges::of_returns(read, &keys)? {
        places
            .get(&of)
            .into_iter()
            .for_each(|place| returns[*place].exchange = Some(exchange.clone()));
    }
    Ok(returns)
}

fn head((who, what): Row) -> Result<Return, StoreError> {
    let (id, store, register, operator, customer, id_hash) = who;
    let (status, currency, business_date, recorded_at, refund, training) = what;
    let id = id.0;
    Ok(Return {
        id,
        store,
        register,
        operator,
        customer,
        id_hash: id_hash
            .map(TryInto::try_into)
            .transpose()
            .map_err(|_| corrupt(id, "a hash that is none"))?,
        status: ReturnStatus::parse(&status).ok_or_else(|| corrupt(id, "an unknown status"))?,
        currency: Currency::parse(&currency).ok_or_else(|| corrupt(id, "an unknown currency"))?,
        business_date: business_date.parse().map_err(|_| corrupt(id, "a date that is none"))?,
        recorded_at: instant(id, recorded_at)?,
        refund: Minor(refund),
        training,
        lines: Vec::new(),
        without_receipt: Vec::new(),
        buyers: Vec::new(),
        charges: Vec::new(),
        refunds: Vec::new(),
        exchange: None,
    })
}

type LineRow =
    ((Id, i32, Id, i32, i64, Option<i64>), (i64, i64, i64, Option<String>, String, Option<String>));
type LineColumns = (
    (IdSql, Integer, IdSql, Integer, BigInt, Nullable<BigInt>),
    (BigInt, BigInt, BigInt, Nullable<Text>, Text, Nullable<Text>),
);

fn lines(read: &mut Read<'_>, keys: &[Col<'_>]) -> Result<Vec<(Uuid, ReturnedLine)>, StoreError> {
    let select = Select {
        columns: "l.return_id, l.line, l.sale, l.sale_line, l.quantity, l.nth, \
                  l.net, l.gross, l.fee, l.parts, l.reason, l.serial_number",
        names: "id",
        join: "return_lines l ON l.return_id = u.id",
        order: "l.return_id, l.line",
        lock: None,
    };
    let rows: Vec<LineRow> = select_in::<LineColumns, _>(read, &select, keys)?;
    let line = |(
        (of, line, sale, sale_line, quantity, nth),
        (net, gross, fee, parts, reason, serial_number),
    ): LineRow| {
        let [taxes, discount_shares, withheld, fee_taxes, forgone] =
            read_parts(parts.as_deref())
                .ok_or_else(|| corrupt(of.0, "parts that cannot be read"))?;
        let parts = Parts {
            net: Minor(net),
            taxes,
            discount_shares,
            gross: Minor(gross),
            withheld,
            forgone,
        };
        let line = ReturnedLine {
            line: unsigned(line),
            sale: sale.0,
            sale_line: unsigned(sale_line),
            quantity: Quantity(quantity),
            parts,
            fee: Minor(fee),
            fee_taxes,
            reason,
            serial_number,
            nth,
        };
        Ok((of.0, line))
    };
    rows.into_iter().map(line).collect()
}

type ChargeRow = (Id, Id, i32, Option<String>);
type ChargeColumns = (IdSql, IdSql, Integer, Nullable<Text>);

fn charges(
    read: &mut Read<'_>,
    keys: &[Col<'_>],
) -> Result<Vec<(Uuid, ReturnedCharge)>, StoreError> {
    let select = Select {
        columns: "c.return_id, c.sale, c.charge, c.parts",
        names: "id",
        join: "return_charges c ON c.return_id = u.id",
        order: "c.return_id, c.sale, c.charge",
        lock: None,
    };
    let rows: Vec<ChargeRow> = select_in::<ChargeColumns, _>(read, &select, keys)?;
    let charge = |(of, sale, charge, parts): ChargeRow| {
        let wrong = || corrupt(of.0, "parts of a charge that cannot be read");
        let parts = parts.map(|text| charge_parts(&text).ok_or_else(wrong)).transpose()?;
        Ok((of.0, ReturnedCharge { sale: sale.0, charge: unsigned(charge), parts }))
    };
    rows.into_iter().map(charge).collect()
}

fn charge_parts(text: &str) -> Option<ChargeParts> {
    let mut amounts = read_amounts(text)?.into_iter();
    Some(ChargeParts { amount: amounts.next()?, taxes: amounts.collect() })
}

fn write_charge(charge: &ReturnedCharge) -> Option<String> {
    let parts = charge.parts.as_ref()?;
    Some(write_amounts(&[&[parts.amount], parts.taxes.as_slice()].concat()))
}

type RefundRow = (
    (Id, i32, String, Option<Id>, Option<i32>, Option<String>),
    (i64, i64, String, String, Option<i64>, Option<String>, Option<i32>),
    (Option<Id>, Option<String>),
);
type RefundColumns = (
    (IdSql, Integer, Text, Nullable<IdSql>, Nullable<Integer>, Nullable<Text>),
    (BigInt, BigInt, Text, Text, Nullable<BigInt>, Nullable<Text>, Nullable<Integer>),
    (Nullable<IdSql>, Nullable<Text>),
);

fn refunds(read: &mut Read<'_>, keys: &[Col<'_>]) -> Result<Vec<(Uuid, Refund)>, StoreError> {
    let select = Select {
        columns: "r.return_id, r.refund, r.kind, r.sale, r.sale_tender, r.reference, r.amount, r.rounding, \
                  r.fallbacks, r.status, r.settled_at, r.settlement_reference, r.stands_in_for, \
                  r.card, c.last4",
        names: "id",
        join: "refunds r ON r.return_id = u.id LEFT JOIN gift_cards c ON c.id = r.card",
        order: "r.return_id, r.refund",
        lock: None,
    };
    let rows: Vec<RefundRow> = select_in::<RefundColumns, _>(read, &select, keys)?;
    rows.into_iter().map(refund).collect()
}

fn refund((plan, progress, (card, last4)): RefundRow) -> Result<(Uuid, Refund), StoreError> {
    let (of, refund, kind, sale, sale_tender, reference) = plan;
    let (amount, rounding, fallbacks, status, settled_at, settlement_reference, stands_in_for) =
        progress;
    let kind = TenderType::parse(&kind).ok_or_else(|| corrupt(of.0, "an unknown tender"))?;
    let plan = RefundPlan {
        refund: unsigned(refund),
        kind,
        sale: sale.map(|sale| sale.0),
        sale_tender: sale_tender.map(unsigned),
        reference,
        amount: Minor(amount),
        rounding: Minor(rounding),
        fallbacks: fallbacks.split_whitespace().filter_map(TenderType::parse).collect(),
    };
    let refund = Refund {
        plan,
        status: RefundStatus::parse(&status)
            .ok_or_else(|| corrupt(of.0, "an unknown refund status"))?,
        settled_at: settled_at.map(|at| instant(of.0, at)).transpose()?,
        settlement_reference,
        stands_in_for: stands_in_for.map(unsigned),
        card: card.map(|id| CardRef { id: id.0, last4, now: None }),
    };
    Ok((of.0, refund))
}

pub(super) fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// New returns with their lines and refunds; `documents` are the answers they were first given.
pub(super) fn new<'a>(state: &'a State, documents: &'a HashMap<Uuid, String>) -> [Write<'a>; 3] {
    let new = new_returns(state);
    let document = |r: &Return| documents.get(&r.id).map_or("", String::as_str);
    let columns = vec![
        col(new.iter().map(|r| r.id)),
        col(new.iter().map(|r| r.store.as_str())),
        col(new.iter().map(|r| r.register.as_str())),
        col(new.iter().map(|r| r.operator.as_str())),
        col(new.iter().map(|r| r.customer.as_deref())),
        col(new.iter().map(|r| r.customer.as_deref().map(key))),
        col(new.iter().map(|r| r.id_hash.map(|hash| hash.to_vec()))),
        col(new.iter().map(|r| r.status.as_str())),
        col(new.iter().map(|r| r.currency.code())),
        col(new.iter().map(|r| r.business_date.to_string())),
        col(new.iter().map(|r| r.recorded_at.as_microsecond())),
        col(new.iter().map(|r| r.refund.0)),
        col(new.iter().map(|r| r.training)),
        col(new.iter().map(|r| document(r))),
        col(new.iter().map(|r| r.refund_without_receipt().map(|refund| refund.0))),
    ];
    let into = "returns(id, store, register, operator, customer, customer_key, id_hash, status, currency, business_date, \
                recorded_at, refund, training, document, without_receipt)";
    let refunds: Vec<(Uuid, &Refund)> =
        new.iter().flat_map(|r| r.refunds.iter().map(|refund| (r.id, refund))).collect();
    [Write::insert(into, columns), new_lines(&new), new_refunds(&refunds)]
}

fn new_returns(state: &State) -> Vec<&Return> {
    state.changes.new_returns.iter().filter_map(|id| state.return_of(*id)).collect()
}

/// Writes what few of the new returns have: charges given back, and lines without a receipt.
pub(super) fn insert_rest(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let new = new_returns(state);
    let charges = || new.iter().flat_map(|r| r.charges.iter().map(|charge| (r.id, charge)));
    let columns = [
        col(charges().map(|(of, _)| of)),
        col(charges().map(|(_, charge)| charge.sale)),
        col(charges().map(|(_, charge)| number(charge.charge))),
        col(charges().map(|(_, charge)| write_charge(charge))),
    ];
    insert(tx, "return_charges(return_id, sale, charge, parts)", &columns)?;
    unreceipted::insert_new(tx, &new)
}

fn new_lines<'a>(new: &[&'a Return]) -> Write<'a> {
    let lines = || new.iter().flat_map(|r| r.lines.iter().map(|line| (r.id, line)));
    let columns = vec![
        col(lines().map(|(of, _)| of)),
        col(lines().map(|(_, l)| number(l.line))),
        col(lines().map(|(_, l)| l.sale)),
        col(lines().map(|(_, l)| number(l.sale_line))),
        col(lines().map(|(_, l)| l.quantity.0)),
        col(lines().map(|(_, l)| l.parts.net.0)),
        col(lines().map(|(_, l)| l.parts.gross.0)),
        col(lines().map(|(_, l)| l.fee.0)),
        col(lines().map(|(_, l)| write_parts(l))),
        col(lines().map(|(_, l)| l.reason.as_str())),
        col(lines().map(|(_, l)| l.serial_number.as_deref())),
        col(lines().map(|(_, l)| l.nth)),
    ];
    let into = "return_lines(return_id, line, sale, sale_line, quantity, net, gross, fee, parts, reason, \
                serial_number, nth)";
    Write::insert(into, columns)
}

fn new_refunds<'a>(refunds: &[(Uuid, &'a Refund)]) -> Write<'a> {
    let all = || refunds.iter().map(|(of, refund)| (*of, *refund, &refund.plan));
    let columns = vec![
        col(all().map(|(of, _, _)| of)),
        col(all().map(|(_, _, plan)| number(plan.refund))),
        col(all().map(|(_, _, plan)| plan.kind.as_str())),
        col(all().map(|(_, _, plan)| plan.sale)),
        col(all().map(|(_, _, plan)| plan.sale_tender.map(number))),
        col(all().map(|(_, _, plan)| plan.reference.as_deref())),
        col(all().map(|(_, _, plan)| plan.amount.0)),
        col(all().map(|(_, _, plan)| plan.rounding.0)),
        col(all().map(|(_, _, plan)| {
            plan.fallbacks.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(" ")
        })),
        col(all().map(|(_, refund, _)| refund.status.as_str())),
        col(all().map(|(_, refund, _)| refund.settled_at.map(|at| at.as_microsecond()))),
        col(all().map(|(_, refund, _)| refund.settlement_reference.as_deref())),
        col(all().map(|(_, refund, _)| refund.stands_in_for.map(number))),
        col(all().map(|(_, refund, _)| refund.card.as_ref().map(|card| card.id))),
    ];
    let into = "refunds(return_id, refund, kind, sale, sale_tender, reference, amount, rounding, fallbacks, \
                status, settled_at, settlement_reference, stands_in_for, card)";
    Write::insert(into, columns)
}

/// Writes what became of returns that were there before the batch: their status, and the progress
/// of their refunds.
pub fn update(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let changed: Vec<&Return> =
        state.changes.changed_returns.iter().filter_map(|id| state.return_of(*id)).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let columns =
        [col(changed.iter().map(|r| r.id)), col(changed.iter().map(|r| r.status.as_str()))];
    update_rows(tx, &Update { table: "returns", key: &["id"], set: &["status"] }, &columns)?;
    let stored: HashMap<Uuid, usize> = {
        let ids: Vec<Uuid> = changed.iter().map(|r| r.id).collect();
        let mut count = HashMap::new();
        refunds_stored(tx, &ids)?.into_iter().for_each(|of| *count.entry(of).or_insert(0) += 1);
        count
    };
    let known = |r: &Return| stored.get(&r.id).copied().unwrap_or(0);
    let old: Vec<(Uuid, &Refund)> = changed
        .iter()
        .flat_map(|r| r.refunds.iter().take(known(r)).map(|refund| (r.id, refund)))
        .collect();
    let new: Vec<(Uuid, &Refund)> = changed
        .iter()
        .flat_map(|r| r.refunds.iter().skip(known(r)).map(|refund| (r.id, refund)))
        .collect();
    update_refunds(tx, &old)?;
    write_all(tx, &[new_refunds(&new)])
}

fn refunds_stored(read: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let join = "refunds r ON r.return_id = u.id";
    let select =
        Select { columns: "r.return_id", names: "id", join, order: "r.return_id", lock: None };
    let rows: Vec<Id> = select_in::<IdSql, _>(read, &select, &[col(ids.iter().copied())])?;
    Ok(rows.into_iter().map(|id| id.0).collect())
}

fn update_refunds(tx: &mut Tx<'_>, refunds: &[(Uuid, &Refund)]) -> Result<(), StoreError> {
    let columns = [
        col(refunds.iter().map(|(of, _)| *of)),
        col(refunds.iter().map(|(_, refund)| number(refund.plan.refund))),
        col(refunds.iter().map(|(_, refund)| refund.status.as_str())),
        col(refunds.iter().map(|(_, refund)| refund.settled_at.map(|at| at.as_microsecond()))),
        col(refunds.iter().map(|(_, refund)| refund.settlement_reference.as_deref())),
    ];
    const REFUNDS: Update = Update {
        table: "refunds",
        key: &["return_id", "refund"],
        set: &["status", "settled_at", "settlement_reference"],
    };
    update_rows(tx, &REFUNDS, &columns)?;
    Ok(())
}

/// What people have brought back since `since`: completed returns, not practice, oldest first.
pub fn history(
    read: &mut Read<'_>,
    customers: &[MatchKey],
    id_hashes: &[[u8; 32]],
    since: Timestamp,
) -> Result<Vec<PastReturn>, StoreError> {
    const COLUMNS: &str =
        "r.id, r.recorded_at, r.customer_key, r.id_hash, r.refund, r.without_receipt";
    const ORDER: &str = "r.recorded_at, r.id";
    let by_customer = Select {
        columns: COLUMNS,
        names: "customer_key, since",
        join: "returns r ON r.customer_key = u.customer_key AND r.recorded_at > u.since AND r.status = 'completed' AND NOT r.training",
        order: ORDER,
        lock: None,
    };
    let by_id = Select {
        columns: COLUMNS,
        names: "id_hash, since",
        join: "returns r ON r.id_hash = u.id_hash AND r.recorded_at > u.since AND r.status = 'completed' AND NOT r.training",
        order: ORDER,
        lock: None,
    };
    let by_buyer = Select {
        columns: "r.id, r.recorded_at, b.customer_key, r.id_hash, r.refund, r.without_receipt",
        names: "customer_key, since",
        join: "return_buyers b ON b.customer_key = u.customer_key AND b.recorded_at > u.since \
               JOIN returns r ON r.id = b.return_id AND r.status = 'completed' AND NOT r.training",
        order: ORDER,
        lock: None,
    };
    let since = || std::iter::repeat(since.as_microsecond());
    let keys = [col(customers.iter().map(MatchKey::as_str)), col(since().take(customers.len()))];
    let mut past = past_returns(read, &by_customer, &keys)?;
    let keys = [col(id_hashes.iter()), col(since().take(id_hashes.len()))];
    past.extend(past_returns(read, &by_id, &keys)?);
    let keys = [col(customers.iter().map(MatchKey::as_str)), col(since().take(customers.len()))];
    past.extend(past_returns(read, &by_buyer, &keys)?);
    past.sort_by_key(|past| (past.at, past.id));
    // One return may count for several people.
    past.dedup_by(|again, first| {
        let same = again.id == first.id;
        if same {
            first.customers.append(&mut again.customers);
        }
        same
    });
    Ok(past)
}

fn past_returns(
    read: &mut Read<'_>,
    select: &Select,
    keys: &[Col<'_>],
) -> Result<Vec<PastReturn>, StoreError> {
    type Row = (Id, i64, Option<String>, Option<Vec<u8>>, i64, Option<i64>);
    type Columns = (IdSql, BigInt, Nullable<Text>, Nullable<Binary>, BigInt, Nullable<BigInt>);
    let rows: Vec<Row> = select_in::<Columns, _>(read, select, keys)?;
    let past = |(id, at, customer, id_hash, amount, without): Row| {
        let id_hash = id_hash
            .map(TryInto::try_into)
            .transpose()
            .map_err(|_| corrupt(id.0, "a hash that is none"))?;
        let (at, customers) =
            (instant(id.0, at)?, customer.map(MatchKey::stored).into_iter().collect());
        let (amount, without_receipt) = (Minor(amount), without.map(Minor));
        Ok(PastReturn { id: id.0, at, customers, id_hash, amount, without_receipt })
    };
    rows.into_iter().map(past).collect()
}

/// Taxes, discount shares, what was withheld, taxes on the fee, and what was forgone, in minor
/// units: `8,3;10;;1,0`.
/// What is empty at the end is left out; NULL where all is.
fn write_parts(line: &ReturnedLine) -> Option<String> {
    let list = |all: &[Minor]| all.iter().map(|m| m.0.to_string()).collect::<Vec<_>>().join(",");
    let parts = &line.parts;
    let (withheld, forgone) = (&parts.withheld, &parts.forgone);
    let all = [&parts.taxes, &parts.discount_shares, withheld, &line.fee_taxes, forgone]
        .map(|part| list(part));
    let (known, more) = (all[..2].join(";"), all[2..].join(";"));
    match (known.as_str(), more.trim_end_matches(';')) {
        (";", "") => None,
        (_, "") => Some(known),
        (_, more) => Some(format!("{known};{more}")),
    }
}

fn read_parts(text: Option<&str>) -> Option<[Vec<Minor>; 5]> {
    let list = |all: &str| -> Option<Vec<Minor>> {
        all.split(',')
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok().map(Minor))
            .collect()
    };
    let mut fields = text.unwrap_or_default().split(';').map(list);
    let mut next = || fields.next().unwrap_or(Some(Vec::new()));
    Some([next()?, next()?, next()?, next()?, next()?])
}
