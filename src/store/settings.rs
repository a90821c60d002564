//! Stores, registers, operators and policies, read as a whole and kept in memory until their
//! generation changes.

use super::rows::{Select, col, select_all, select_in};
use super::writes::{Update, insert, update_rows};
use super::{Read, StoreError, Tx};
use crate::domain::caller::{Role, Stores};
use crate::domain::money::{Currency, Minor};
use crate::domain::policies::{PolicyRecord, PolicyStatus};
use crate::domain::settings::{Operator, Register, Settings, Store};
use crate::domain::state::State;
use crate::wire;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The generation of the settings in the database; with `claim`, nobody else changes them until
/// this transaction ends.
pub fn generation(read: &mut Read<'_>, claim: bool) -> Result<i64, StoreError> {
    let select = Select {
        columns: "g.generation",
        names: "one",
        join: "settings_generation g ON g.one = u.one",
        order: "g.one",
        lock: claim.then_some("g"),
    };
    let rows: Vec<i64> = select_in::<BigInt, _>(read, &select, &[col([1_i32])])?;
    rows.first().copied().ok_or(StoreError::NotFound)
}

/// All settings, at the generation read in the same snapshot or lock.
pub fn load(read: &mut Read<'_>, generation: i64) -> Result<Settings, StoreError> {
    let mut settings = Settings { generation, ..Settings::default() };
    for store in stores(read)? {
        settings.stores.insert(store.store.clone(), Arc::new(store));
    }
    for register in registers(read)? {
        settings.registers.insert((register.store.clone(), register.register.clone()), register);
    }
    for operator in operators(read)? {
        settings.operators.insert(operator.operator.clone(), Arc::new(operator));
    }
    for record in policies(read)? {
        settings.save_policy(record);
    }
    Ok(settings)
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("the database holds {what} that this version cannot read"))
}

fn stores(read: &mut Read<'_>) -> Result<Vec<Store>, StoreError> {
    type Row = (String, String, String, String, String, String, Option<i64>);
    let sql = "SELECT store, name, time_zone, currency, region, policy, cash_rounding FROM stores";
    let rows: Vec<Row> =
        select_all::<(Text, Text, Text, Text, Text, Text, Nullable<BigInt>), _>(read, sql)?;
    let store = |(store, name, zone, currency, region, policy, cash_rounding): Row| {
        Ok(Store {
            time_zone: TimeZone::get(&zone).map_err(|_| corrupt("a time zone"))?,
            currency: Currency::parse(&currency).ok_or_else(|| corrupt("a currency"))?,
            store,
            name,
            region,
            policy,
            cash_rounding: cash_rounding.map(Minor),
        })
    };
    rows.into_iter().map(store).collect()
}

fn registers(read: &mut Read<'_>) -> Result<Vec<Register>, StoreError> {
    type Row = (String, String, Option<String>, bool);
    let sql = "SELECT store, register, name, active FROM registers";
    let rows: Vec<Row> = select_all::<(Text, Text, Nullable<Text>, Bool), _>(read, sql)?;
    Ok(rows
        .into_iter()
        .map(|(store, register, name, active)| Register { store, register, name, active })
        .collect())
}

fn operators(read: &mut Read<'_>) -> Result<Vec<Operator>, StoreError> {
    type Row = (String, String, String, String, Option<String>, Option<String>, bool);
    type Columns = (Text, Text, Text, Text, Nullable<Text>, Nullable<Text>, Bool);
    let sql = "SELECT operator, name, roles, stores, pin_hash, customer, active FROM operators";
    let rows: Vec<Row> = select_all::<Columns, _>(read, sql)?;
    let operator = |(operator, name, roles, stores, pin_hash, customer, active): Row| Operator {
        operator,
        name,
        roles: roles.split_whitespace().filter_map(Role::parse).collect(),
        stores: match stores.as_str() {
            "*" => Stores::All,
            listed => Stores::Listed(listed.split_whitespace().map(str::to_owned).collect()),
        },
        pin_hash,
        customer,
        active,
    };
    Ok(rows.into_iter().map(operator).collect())
}

type PolicyRow = (
    (String, i32, String, String, String, i64),
    (String, Option<i64>, Option<i64>, Option<String>, Option<String>),
);
type PolicyColumns = (
    (Text, Integer, Text, Text, Text, BigInt),
    (Text, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>, Nullable<Text>),
);

fn policies(read: &mut Read<'_>) -> Result<Vec<PolicyRecord>, StoreError> {
    let sql = "SELECT name, number, document, author_subject, author_operator, drafted_at, \
               status, effective_from, published_at, publisher_subject, publisher_operator \
               FROM policy_versions ORDER BY name, number";
    let rows: Vec<PolicyRow> = select_all::<PolicyColumns, _>(read, sql)?;
    rows.into_iter().map(policy).collect()
}

fn policy((draft, published): PolicyRow) -> Result<PolicyRecord, StoreError> {
    let (name, number, document, author_subject, author_operator, drafted_at) = draft;
    let instant = |micros: i64| Timestamp::from_microsecond(micros).map_err(|_| corrupt("a time"));
    let status = match published {
        (_, Some(effective_from), Some(published_at), Some(subject), Some(operator)) => {
            PolicyStatus::Published {
                effective_from: instant(effective_from)?,
                published_at: instant(published_at)?,
                publisher: (subject, operator),
            }
        }
        _ => PolicyStatus::Draft,
    };
    let compiled = wire::policy::compile(&document).map_err(|_| corrupt("a policy"))?;
    Ok(PolicyRecord {
        name,
        number: u32::try_from(number).map_err(|_| corrupt("a version number"))?,
        document: document.into(),
        compiled,
        author: (author_subject, author_operator),
        drafted_at: instant(drafted_at)?,
        status,
    })
}

/// Writes what a batch changed of the settings, and their new generation. The settings were
/// claimed.
pub fn write(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let (changes, settings) = (&state.changes, state.settings());
    for name in &changes.stores {
        settings.store(name).map_or(Ok(()), |store| save_store(tx, store))?;
    }
    for key in &changes.registers {
        settings.registers.get(key).map_or(Ok(()), |register| save_register(tx, register))?;
    }
    for name in &changes.operators {
        settings.operators.get(name).map_or(Ok(()), |operator| save_operator(tx, operator))?;
    }
    for key in &changes.policies {
        settings.policy_records.get(key).map_or(Ok(()), |record| save_policy(tx, record))?;
    }
    let columns = [col([1_i32]), col([settings.generation])];
    update_rows(
        tx,
        &Update { table: "settings_generation", key: &["one"], set: &["generation"] },
        &columns,
    )?;
    Ok(())
}

/// Few rows, seldom: an update, and where there was nothing to update an insert. The settings'
/// claim keeps others out.
fn save_store(tx: &mut Tx<'_>, store: &Store) -> Result<(), StoreError> {
    let columns = [
        col([store.store.as_str()]),
        col([store.name.as_str()]),
        col([store.time_zone.iana_name().unwrap_or("UTC")]),
        col([store.currency.code()]),
        col([store.region.as_str()]),
        col([store.policy.as_str()]),
        col([store.cash_rounding.map(|step| step.0)]),
    ];
    const STORES: Update = Update {
        table: "stores",
        key: &["store"],
        set: &["name", "time_zone", "currency", "region", "policy", "cash_rounding"],
    };
    if update_rows(tx, &STORES, &columns)? == 0 {
        insert(
            tx,
            "stores(store, name, time_zone, currency, region, policy, cash_rounding)",
            &columns,
        )?;
    }
    Ok(())
}

fn save_register(tx: &mut Tx<'_>, register: &Register) -> Result<(), StoreError> {
    let columns = [
        col([register.store.as_str()]),
        col([register.register.as_str()]),
        col([register.name.as_deref()]),
        col([register.active]),
    ];
    const REGISTERS: Update =
        Update { table: "registers", key: &["store", "register"], set: &["name", "active"] };
    if update_rows(tx, &REGISTERS, &columns)? == 0 {
        insert(tx, "registers(store, register, name, active)", &columns)?;
    }
    Ok(())
}

fn save_operator(tx: &mut Tx<'_>, operator: &Operator) -> Result<(), StoreError> {
    let roles = operator.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ");
    let stores = match &operator.stores {
        Stores::All => "*".to_owned(),
        Stores::Listed(stores) => stores.join(" "),
    };
    let columns = [
        col([operator.operator.as_str()]),
        col([operator.name.as_str()]),
        col([roles]),
        col([stores]),
        col([operator.pin_hash.as_deref()]),
        col([operator.customer.as_deref()]),
        col([operator.active]),
    ];
    const OPERATORS: Update = Update {
        table: "operators",
        key: &["operator"],
        set: &["name", "roles", "stores", "pin_hash", "customer", "active"],
    };
    if update_rows(tx, &OPERATORS, &columns)? == 0 {
        insert(
            tx,
            "operators(operator, name, roles, stores, pin_hash, customer, active)",
            &columns,
        )?;
    }
    Ok(())
}

fn save_policy(tx: &mut Tx<'_>, record: &PolicyRecord) -> Result<(), StoreError> {
    let number = i32::try_from(record.number).unwrap_or(i32::MAX);
    let (status, effective_from, published_at, publisher) = match &record.status {
        PolicyStatus::Draft => ("draft", None, None, None),
        PolicyStatus::Published { effective_from, published_at, publisher } => {
            let micros = |at: &Timestamp| Some(at.as_microsecond());
            ("published", micros(effective_from), micros(published_at), Some(publisher))
        }
    };
    let columns = [
        col([record.name.as_str()]),
        col([number]),
        col([&*record.document]),
        col([record.author.0.as_str()]),
        col([record.author.1.as_str()]),
        col([record.drafted_at.as_microsecond()]),
        col([status]),
        col([effective_from]),
        col([published_at]),
        col([publisher.map(|publisher| publisher.0.as_str())]),
        col([publisher.map(|publisher| publisher.1.as_str())]),
    ];
    const PUBLISHED: Update = Update {
        table: "policy_versions",
        key: &["name", "number"],
        set: &[
            "status",
            "effective_from",
            "published_at",
            "publisher_subject",
            "publisher_operator",
        ],
    };
    // Document, author and date of drafting stay.
    let changing = [&columns[..2], &columns[6..]].concat();
    if update_rows(tx, &PUBLISHED, &changing)? == 0 {
        let into = "policy_versions(name, number, document, author_subject, author_operator, drafted_at, \
                    status, effective_from, published_at, publisher_subject, publisher_operator)";
        insert(tx, into, &columns)?;
    }
    Ok(())
}
