//! A shop's history, made the way the service makes it: commands performed on claimed state,
//! written as batches.

use crate::support::TestDb;
use diesel::connection::SimpleConnection;
use jiff::{SignedDuration, Timestamp};
use returndesk::clock::Clock;
use returndesk::desk::install;
use returndesk::domain::caller::{Caller, Role, Stores};
use returndesk::domain::directory::{SaveStore, Seen};
use returndesk::domain::draft::{Asked, Draft, DraftCharge, DraftLine, SaleRef};
use returndesk::domain::money::Currency;
use returndesk::domain::perform::{Command, Context, Done, Outcome, Touched, perform};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::{RecordReturn, RefundStatus, Return, SettleRefund, VoidReturn};
use returndesk::domain::settings::{Settings, Store};
use returndesk::domain::state::Ids;
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::{Condition, Reason, RefundTo};
use returndesk::store::{Backend, Connection, Db, StoreError, batch, migrate};
use returndesk::wire::sale::NewSale;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub const STORES: [&str; 3] = ["S1", "S2", "a.3"];
const START: &str = "2026-03-01T10:00:00Z";

/// A database with a shop in it, whose clock moves a minute with every batch.
pub struct Shop<'a> {
    pub database: &'a TestDb,
    pub connection: Connection,
    pub now: Timestamp,
    batches: u64,
}

/// A sale as the shop remembers it.
#[derive(Clone, Debug)]
pub struct Sold {
    pub id: Uuid,
    pub number: usize,
    pub store: &'static str,
    pub receipt: String,
    pub day: jiff::civil::Date,
    pub document: String,
    pub recorded_at: Timestamp,
}

impl<'a> Shop<'a> {
    pub fn open(database: &'a TestDb) -> Shop<'a> {
        let mut connection = database.connect();
        migrate::run(&mut connection).unwrap();
        let now: Timestamp = START.parse().unwrap();
        install::standard_policy(&mut connection, &Clock::fixed(now)).unwrap();
        let mut shop = Shop { database, connection, now, batches: 0 };
        for store in STORES {
            shop.perform(Command::SaveStore(Box::new(SaveStore {
                store: the_store(store),
                seen: Seen::Nothing,
            })));
        }
        shop
    }

    /// `count` sales, store after store in turn; then some come back.
    pub fn with_history(database: &'a TestDb, count: usize) -> (Shop<'a>, Vec<Sold>, Vec<Return>) {
        let mut shop = Shop::open(database);
        let sold: Vec<Sold> = (0..count).map(|number| shop.sell(number)).collect();
        let mut returned = Vec::new();
        for (place, sale) in sold.iter().enumerate() {
            match place % 6 {
                0 => returned.push(shop.take_back(sale, 1, &[], false)),
                // Twice, the second time with the shipping; then the first is taken back.
                1 => {
                    let first = shop.take_back(sale, 1, &[], false);
                    returned.push(shop.take_back(sale, 2, &[1], false));
                    returned.push(shop.void(&first));
                }
                // Practice.
                2 => returned.push(shop.take_back(sale, 1, &[], true)),
                3 => {
                    let due = shop.take_back(sale, 1, &[1], false);
                    returned.push(shop.fail(&due));
                }
                _ => {}
            }
        }
        (shop, sold, returned)
    }

    pub fn read<T>(
        &mut self,
        work: impl FnOnce(&mut returndesk::store::Read<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        Db::read(&mut self.connection, work)
    }

    pub fn perform(&mut self, command: Command) -> Done {
        self.batches += 1;
        self.now += SignedDuration::from_mins(1);
        let caller = caller();
        let context = Context { caller: &caller, request_id: Some("request-1"), now: self.now };
        let mut touched = Touched::default();
        touched.add(&command);
        let touched = touched.in_order();
        let (seed, now) = (self.batches, self.now);
        let done: Result<Done, StoreError> = Db::write(&mut self.connection, |tx| {
            let mut state =
                batch::claim(tx, &touched, &Arc::new(Settings::default()), Ids::seeded(seed), now)?;
            let done = match perform(&mut state, &command, &context) {
                Outcome::Done(done) => *done,
                Outcome::Refused(refusal) => panic!("{refusal:?}"),
            };
            let mut documents = HashMap::new();
            if let Done::Returned(recorded) = &done {
                documents.insert(recorded.the_return.id, document_of(recorded.the_return.id));
            }
            batch::write(
                tx,
                &state,
                &batch::Written { documents: &documents, answers: &[], now },
                done,
            )
        });
        done.unwrap()
    }

    /// Sale by number: a sku of three, a card of four, a customer of five, a serial number of its
    /// own, and shipping.
    pub fn sell(&mut self, number: usize) -> Sold {
        let store = STORES[number % STORES.len()];
        let day = self
            .now
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .saturating_sub(jiff::Span::new().days((number % 7) as i64));
        let receipt = format!("R-{}", number / 2);
        let body = json!({
            "store": store, "register": "3", "receipt": receipt, "business_date": day.to_string(),
            "sold_at": format!("{day}T12:00:00Z"), "operator": "1042", "channel": "store", "currency": "USD",
            "customer": format!("C-{}", number % 5), "prices_include_tax": false,
            "lines": [
                { "line": 1, "sku": format!("A-{}", number % 3), "quantity": "2", "unit_price": "10.00", "net": "20.00",
                  "taxes": [{ "code": "NY", "rate": "0.08", "amount": "1.60" }] },
                { "line": 2, "sku": "B", "quantity": "1", "unit_price": "5.00", "net": "5.00",
                  "taxes": [{ "code": "NY", "rate": "0.08", "amount": "0.40" }], "serial_numbers": [serial(number)] }
            ],
            "charges": [{ "charge": 1, "type": "shipping", "amount": "3.00", "refundable": true }],
            "tenders": [
                { "tender": 1, "type": "credit_card", "amount": "20.00", "reference": "tok",
                  "card": { "brand": "visa", "last4": "4242", "fingerprint": fingerprint(number) } },
                { "tender": 2, "type": "cash", "amount": "10.00" }
            ],
            "total": "30.00"
        });
        let sale: NewSale = serde_json::from_value(body).unwrap();
        let command = sale.read(self.now, SignedDuration::from_hours(24)).unwrap();
        match self.perform(Command::RecordSale(Box::new(command))) {
            Done::SaleRecorded { sale: id, document, recorded_at, .. } => {
                Sold { id, number, store, receipt, day, document, recorded_at }
            }
            other => panic!("{other:?}"),
        }
    }

    /// A unit of a line comes back at the store that sold it, with charges.
    pub fn take_back(
        &mut self,
        sale: &Sold,
        sale_line: u32,
        charges: &[u32],
        training: bool,
    ) -> Return {
        let line = DraftLine {
            sale: None,
            sale_line: Some(sale_line),
            sku: None,
            unit_price: None,
            asked: Asked::Units(Quantity::ONE),
            reason: Reason::parse("changed_mind").unwrap(),
            condition: Condition::Unopened,
            disposition: None,
            serial_number: (sale_line == 2).then(|| serial(sale.number)),
            note: None,
        };
        let draft = Draft {
            store: sale.store.into(),
            register: "7".into(),
            operator: operator(sale.number),
            sale: Some(SaleRef::Id(sale.id)),
            lines: vec![line],
            charges: charges
                .iter()
                .map(|charge| DraftCharge { sale: None, charge: *charge, amount: None })
                .collect(),
            customer: Some(format!("C-{}", sale.number % 5)),
            id_hash: None,
            refund_to: RefundTo::Original,
            refund_card: None,
            original_asked: false,
            unavailable_tenders: vec![],
            currency: None,
            business_date: None,
            training,
            exchange: None,
        };
        let command = RecordReturn {
            draft,
            grants: vec![],
            bad_grant: None,
            quoted: None,
            digest: [0; 32],
            expected_refund: None,
            codes: Vec::new(),
        };
        match self.perform(Command::RecordReturn(Box::new(command))) {
            Done::Returned(recorded) => recorded.the_return.kept(),
            other => panic!("{other:?}"),
        }
    }

    pub fn void(&mut self, the_return: &Return) -> Return {
        let command = VoidReturn { id: the_return.id, reason: "mistake".into(), note: None };
        match self.perform(Command::VoidReturn(command)) {
            Done::ReturnVoided(voided) => voided,
            other => panic!("{other:?}"),
        }
    }

    /// The card's refund fails, and store credit is given instead.
    pub fn fail(&mut self, the_return: &Return) -> Return {
        let due =
            the_return.refunds.iter().find(|refund| refund.status == RefundStatus::Due).unwrap();
        let (id, refund, fallback) =
            (the_return.id, due.plan.refund, Some(TenderType::StoreCredit));
        let command = SettleRefund {
            id,
            refund,
            settled: false,
            reference: None,
            fallback,
            codes: Vec::new(),
        };
        match self.perform(Command::SettleRefund(command)) {
            Done::RefundSettled(settled) => settled.kept(),
            other => panic!("{other:?}"),
        }
    }

    /// Does what somebody with access to the database can do: nothing guards it any more.
    pub fn tamper(&self, sql: &str) {
        let unguarded = match self.database.backend() {
            Backend::Postgres => "SET session_replication_role = replica;".to_owned(),
            Backend::Sqlite => {
                let guarded = migrate::APPEND_ONLY.iter().map(|guarded| guarded.table);
                let drop = |t: &str| {
                    format!(
                        "DROP TRIGGER IF EXISTS {t}_no_update; DROP TRIGGER IF EXISTS {t}_no_delete;"
                    )
                };
                format!("PRAGMA foreign_keys = OFF; {}", guarded.map(drop).collect::<String>())
            }
        };
        self.database
            .connect()
            .batch_execute(&format!("{unguarded} {sql}"))
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// Remembers these tables as they are now.
    pub fn keep(&self, tables: &[&str]) {
        tables
            .iter()
            .for_each(|t| self.tamper(&format!("CREATE TABLE kept_{t} AS SELECT * FROM {t}")));
    }

    /// Makes these tables what they were when they were kept.
    pub fn restore(&self, tables: &[&str]) {
        let restore =
            |t: &&str| format!("DELETE FROM {t}; INSERT INTO {t} SELECT * FROM kept_{t};");
        self.tamper(&tables.iter().map(restore).collect::<String>());
    }

    /// Bytes as a literal of this database.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex = returndesk::domain::entry::hex(bytes);
        match self.database.backend() {
            Backend::Sqlite => format!("X'{hex}'"),
            Backend::Postgres => format!("'\\x{hex}'::bytea"),
        }
    }
}

pub fn document_of(the_return: Uuid) -> String {
    json!({ "id": the_return.to_string() }).to_string()
}

pub fn serial(number: usize) -> String {
    format!("SN-{number}")
}

pub fn fingerprint(number: usize) -> String {
    format!("fp_{}", number % 4)
}

pub fn operator(number: usize) -> String {
    format!("10{}", number % 4)
}

fn the_store(store: &str) -> Store {
    Store {
        store: store.into(),
        name: store.into(),
        time_zone: jiff::tz::TimeZone::get("America/New_York").unwrap(),
        currency: Currency::parse("USD").unwrap(),
        region: "US-NY".into(),
        policy: install::STANDARD.into(),
        cash_rounding: None,
    }
}

fn caller() -> Caller {
    Caller {
        subject: "iss|1".into(),
        operator: "1042".into(),
        client_id: "test".into(),
        roles: vec![Role::Admin],
        stores: Stores::All,
        register: None,
    }
}
