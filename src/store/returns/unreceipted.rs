//! What came back without a receipt, and whose limits a return counts for.

use super::super::match_keys::key;
use super::super::rows::{Col, Select, col, select_in};
use super::super::sales::number;
use super::super::sql_types::{Id, IdSql};
use super::super::writes::insert;
use super::super::{Read, StoreError, Tx};
use super::{corrupt, unsigned};
use crate::domain::money::Minor;
use crate::domain::quantity::Quantity;
use crate::domain::returns::{Return, Unreceipted};
use crate::domain::words::Condition;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use uuid::Uuid;

type Row = (
    (Id, i32, String, i64, i64, i64, i64, i64),
    (String, String, String, String, Option<String>, Id, i32),
);
type Columns = (
    (IdSql, Integer, Text, BigInt, BigInt, BigInt, BigInt, BigInt),
    (Text, Text, Text, Text, Nullable<Text>, IdSql, Integer),
);

/// The lines without a receipt of the returns that `keys` name.
pub fn load(read: &mut Read<'_>, keys: &[Col<'_>]) -> Result<Vec<(Uuid, Unreceipted)>, StoreError> {
    let select = Select {
        columns: "l.return_id, l.line, l.sku, l.quantity, l.net, l.gross, l.fee, l.refund, \
                  l.taxes, l.fee_taxes, l.reason, l.condition, l.serial_number, l.price_sale, l.price_line",
        names: "id",
        join: "unreceipted_lines l ON l.return_id = u.id",
        order: "l.return_id, l.line",
        lock: None,
    };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, keys)?;
    let line = |((of, line, sku, quantity, net, gross, fee, refund), rest): Row| {
        let (taxes, fee_taxes, reason, condition, serial_number, price_sale, price_line) = rest;
        let taxes_of =
            |text: &str| read_taxes(text).ok_or_else(|| corrupt(of.0, "taxes that cannot be read"));
        let (taxes, fee_taxes) = (taxes_of(&taxes)?, taxes_of(&fee_taxes)?);
        let condition =
            Condition::parse(&condition).ok_or_else(|| corrupt(of.0, "an unknown condition"))?;
        let line = Unreceipted {
            line: unsigned(line),
            sku,
            quantity: Quantity(quantity),
            net: Minor(net),
            taxes,
            gross: Minor(gross),
            fee: Minor(fee),
            fee_taxes,
            refund: Minor(refund),
            reason,
            condition,
            serial_number,
            price_of: (price_sale.0, unsigned(price_line)),
        };
        Ok((of.0, line))
    };
    rows.into_iter().map(line).collect()
}

/// The customers for whose limits returns count that name nobody themselves.
pub fn load_buyers(
    read: &mut Read<'_>,
    keys: &[Col<'_>],
) -> Result<Vec<(Uuid, String)>, StoreError> {
    let select = Select {
        columns: "b.return_id, b.customer",
        names: "id",
        join: "return_buyers b ON b.return_id = u.id",
        order: "b.return_id, b.customer",
        lock: None,
    };
    let rows: Vec<(Id, String)> = select_in::<(IdSql, Text), _>(read, &select, keys)?;
    let mut buyers: Vec<(Uuid, String)> =
        rows.into_iter().map(|(of, customer)| (of.0, customer)).collect();
    // By bytes, as they were made: a database sorts texts in its own way.
    buyers.sort_unstable();
    Ok(buyers)
}

/// Writes the lines without a receipt of new returns, and their buyers.
pub fn insert_new(tx: &mut Tx<'_>, new: &[&Return]) -> Result<(), StoreError> {
    let lines = || new.iter().flat_map(|r| r.without_receipt.iter().map(|line| (r.id, line)));
    let columns = [
        col(lines().map(|(of, _)| of)),
        col(lines().map(|(_, l)| number(l.line))),
        col(lines().map(|(_, l)| l.sku.as_str())),
        col(lines().map(|(_, l)| l.quantity.0)),
        col(lines().map(|(_, l)| l.net.0)),
        col(lines().map(|(_, l)| l.gross.0)),
        col(lines().map(|(_, l)| l.fee.0)),
        col(lines().map(|(_, l)| l.refund.0)),
        col(lines().map(|(_, l)| write_taxes(&l.taxes))),
        col(lines().map(|(_, l)| write_taxes(&l.fee_taxes))),
        col(lines().map(|(_, l)| l.reason.as_str())),
        col(lines().map(|(_, l)| l.condition.as_str())),
        col(lines().map(|(_, l)| l.serial_number.as_deref())),
        col(lines().map(|(_, l)| l.price_of.0)),
        col(lines().map(|(_, l)| number(l.price_of.1))),
    ];
    let into = "unreceipted_lines(return_id, line, sku, quantity, net, gross, fee, refund, taxes, fee_taxes, reason, \
                condition, serial_number, price_sale, price_line)";
    insert(tx, into, &columns)?;
    let buyers = || new.iter().flat_map(|r| r.buyers.iter().map(move |customer| (customer, r)));
    let columns = [
        col(buyers().map(|(customer, _)| customer.as_str())),
        col(buyers().map(|(customer, _)| key(customer))),
        col(buyers().map(|(_, r)| r.recorded_at.as_microsecond())),
        col(buyers().map(|(_, r)| r.id)),
    ];
    insert(tx, "return_buyers(customer, customer_key, recorded_at, return_id)", &columns)
}

/// `[["NY", 100]]`
fn write_taxes(taxes: &[(String, Minor)]) -> String {
    let pairs: Vec<(&str, i64)> =
        taxes.iter().map(|(code, amount)| (code.as_str(), amount.0)).collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn read_taxes(text: &str) -> Option<Vec<(String, Minor)>> {
    let pairs: Vec<(String, i64)> = serde_json::from_str(text).ok()?;
    Some(pairs.into_iter().map(|(code, amount)| (code, Minor(amount))).collect())
}
