//! A counter to bring things back to: stores, operators, a policy, sales and drafts, for tests of
//! the domain alone.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // each test binary uses a part of this

pub mod made_up;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use returndesk::domain::book::Book;
use returndesk::domain::caller::{Caller, Role, Stores};
use returndesk::domain::decision::Decision;
use returndesk::domain::draft::{Approver, Asked, Draft, DraftLine, Grant, SaleRef};
use returndesk::domain::match_key::MatchKey;
use returndesk::domain::money::{Currency, Minor};
use returndesk::domain::overrides::{IssueOverride, Override};
use returndesk::domain::perform::{self, Command, Context, Done, Outcome, perform};
use returndesk::domain::policies::{ByCurrency, PolicyRecord, PolicyStatus};
use returndesk::domain::policy::CompiledPolicy;
use returndesk::domain::prices::Market;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{RecordReturn, Return};
use returndesk::domain::sale::{Discount, LineKind, Sale, SaleLine, Scope, Tax, Tender};
use returndesk::domain::settings::{Operator, Settings, Store};
use returndesk::domain::state::{Ids, State};
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::{Condition, Reason, RefundTo};
use returndesk::wire::policy::{PolicyDocument, compile_document};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// The store that everything happens in unless a test says otherwise: New York, in dollars.
pub const STORE: &str = "0042";
pub const CASHIER: &str = "1042";

pub fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

/// Noon in New York (winter time) on a day.
pub fn noon(day: &str) -> Timestamp {
    format!("{day}T12:00:00-05:00").parse().unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// A policy of these rules (a JSON list), governed as said, ready to be asked.
pub fn policy_in(code: &str, governed_by: &str, rules: &str) -> Arc<ByCurrency> {
    let text =
        format!(r#"{{"currency": "{code}", "governed_by": "{governed_by}", "rules": {rules}}}"#);
    let document: PolicyDocument =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"));
    compile_document(&document).unwrap_or_else(|faults| panic!("{faults:?} in {text}"))
}

/// A published version of the policy `standard`.
pub fn published(number: u32, from: Timestamp, compiled: Arc<ByCurrency>) -> PolicyRecord {
    PolicyRecord {
        name: "standard".to_owned(),
        number,
        document: Arc::from(""),
        compiled,
        author: ("idp|author".to_owned(), "9001".to_owned()),
        drafted_at: from,
        status: PolicyStatus::Published {
            effective_from: from,
            published_at: from,
            publisher: ("idp|publisher".to_owned(), "9002".to_owned()),
        },
    }
}

/// The same policy in several currencies, for stores that do not trade in dollars.
pub fn compiled_for(codes: &[&str], rules: &str) -> Arc<ByCurrency> {
    let one = |code: &&str| {
        let compiled = policy_in(code, "sale", rules);
        let policy = compiled.values().next().unwrap().policy().clone();
        (currency(code), Arc::new(CompiledPolicy::new(policy)))
    };
    Arc::new(codes.iter().map(one).collect())
}

pub fn store(number: &str, code: &str, region: &str, zone: &str) -> Store {
    Store {
        store: number.to_owned(),
        name: format!("Store {number}"),
        time_zone: TimeZone::get(zone).unwrap(),
        currency: currency(code),
        region: region.to_owned(),
        policy: "standard".to_owned(),
        cash_rounding: None,
    }
}

/// Operator 3001 is customer C-3001; the others are customers of nobody.
pub fn operator(number: &str, role: Role) -> Operator {
    Operator {
        operator: number.to_owned(),
        name: format!("Operator {number}"),
        roles: vec![role],
        stores: Stores::All,
        pin_hash: None,
        customer: (number == "3001").then(|| "C-3001".to_owned()),
        active: true,
    }
}

/// Stores 0042 and 0043 in New York, 0044 in California, 0050 in Toronto, others abroad; cashiers
/// and managers; version 1 of the policy.
pub fn settings(compiled: Arc<ByCurrency>) -> Settings {
    let mut settings = Settings::default();
    let stores = [
        store("0043", "USD", "US-NY", "America/New_York"),
        store("0044", "USD", "US-CA", "America/Los_Angeles"),
        store("0060", "EUR", "DE-BY", "Europe/Berlin"),
    ];
    let everywhere =
        made_up::PLACES.map(|(number, code, region, zone)| store(number, code, region, zone));
    for store in stores.into_iter().chain(everywhere) {
        settings.stores.insert(store.store.clone(), Arc::new(store));
    }
    for (number, role) in
        [(CASHIER, Role::Cashier), ("2001", Role::Manager), ("3001", Role::Manager)]
    {
        settings.operators.insert(number.to_owned(), Arc::new(operator(number, role)));
    }
    settings.save_policy(published(1, noon("2020-01-01"), compiled));
    settings
}

pub fn caller(number: &str, role: Role) -> Caller {
    Caller {
        subject: format!("idp|{number}"),
        operator: number.to_owned(),
        client_id: "till".to_owned(),
        roles: vec![role],
        stores: Stores::All,
        register: None,
    }
}

pub fn approver(number: &str, rank: u8) -> Approver {
    Approver { subject: format!("idp|{number}"), operator: number.to_owned(), rank }
}

/// One line of whole units at a price in minor units.
pub fn line(number: u32, units: i64, price: i64) -> SaleLine {
    SaleLine {
        line: number,
        kind: LineKind::Goods,
        sku: Some(format!("SKU-{number}")),
        gtin: None,
        description: None,
        category: Vec::new(),
        brand: None,
        quantity: Quantity::units(units),
        unit_price: Some(Minor(price).into()),
        amount: None,
        discounts: Vec::new(),
        net: Minor(units * price),
        taxes: Vec::new(),
        serial_numbers: Vec::new(),
        flags: Vec::new(),
        parent_line: None,
        delivered_on: None,
        gift_card: None,
    }
}

pub fn tax(code: &str, amount: i64) -> Tax {
    Tax { code: code.to_owned(), rate: None, amount: Minor(amount), included: None }
}

pub fn discount(amount: i64, promotion: Option<&str>) -> Discount {
    Discount {
        amount: Minor(amount),
        promotion: promotion.map(str::to_owned),
        description: None,
        of: Scope::default(),
    }
}

/// A tender of a sale; a card or a check has a reference.
pub fn tender(number: u32, kind: TenderType, amount: i64, change: i64) -> Tender {
    let reference = (kind != TenderType::Cash).then(|| format!("ref-{number}"));
    Tender {
        tender: number,
        kind,
        amount: Minor(amount),
        change: Minor(change),
        reference,
        card: None,
    }
}

/// Sale 1 of 2026-03-01 in dollars, as it was rung up, paid by these tenders.
pub fn sale(lines: Vec<SaleLine>, tenders: Vec<Tender>) -> Sale {
    let mut sale = Sale {
        id: id(1),
        store: STORE.to_owned(),
        register: "3".to_owned(),
        receipt: "R-1".to_owned(),
        business_date: day("2026-03-01"),
        sold_at: noon("2026-03-01"),
        sold_at_as_sent: noon("2026-03-01").to_string(),
        operator: Some("1001".to_owned()),
        channel: "store".to_owned(),
        currency: currency("USD"),
        customer: None,
        customer_class: None,
        prices_include_tax: false,
        lines,
        discounts: Vec::new(),
        taxes: Vec::new(),
        charges: Vec::new(),
        tenders,
        cash_rounding: Minor::ZERO,
        total: Minor::ZERO,
        exchange_of: None,
        shares_promotions: true,
        returned: vec![],
        external_id: None,
        converted: None,
    };
    totalled(&mut sale);
    sale
}

/// Sets the total to what the parts come to.
pub fn totalled(sale: &mut Sale) {
    let added = |all: &[Tax], included: bool| -> i64 {
        let on_top = all.iter().filter(|tax| !tax.included.unwrap_or(included));
        on_top.map(|tax| tax.amount.0).sum()
    };
    let contained = sale.prices_include_tax;
    let lines: i64 = sale.lines.iter().map(|line| line.net.0 + added(&line.taxes, contained)).sum();
    let charges: i64 =
        sale.charges.iter().map(|charge| charge.amount.0 + added(&charge.taxes, false)).sum();
    let of_receipt: Vec<Tax> = sale.taxes.iter().map(|tax| tax.tax.clone()).collect();
    let off: i64 = sale.discounts.iter().map(|discount| discount.amount.0).sum();
    sale.total = Minor(lines - off + charges + added(&of_receipt, contained));
}

/// What comes back: of sale 1, at register 7, by the cashier.
pub fn draft(lines: Vec<DraftLine>) -> Draft {
    Draft {
        store: STORE.to_owned(),
        register: "7".to_owned(),
        operator: CASHIER.to_owned(),
        sale: Some(SaleRef::Id(id(1))),
        lines,
        charges: Vec::new(),
        customer: None,
        id_hash: None,
        refund_to: RefundTo::Original,
        refund_card: None,
        original_asked: false,
        unavailable_tenders: Vec::new(),
        currency: None,
        business_date: None,
        training: false,
        exchange: None,
    }
}

pub fn reason(word: &str) -> Reason {
    Reason::parse(word).unwrap()
}

fn asked(line: u32, asked: Asked) -> DraftLine {
    DraftLine {
        sale: None,
        sale_line: Some(line),
        sku: None,
        unit_price: None,
        asked,
        reason: reason("changed_mind"),
        condition: Condition::Unopened,
        disposition: None,
        serial_number: None,
        note: None,
    }
}

/// So many whole units of a line.
pub fn units(line: u32, units: i64) -> DraftLine {
    asked(line, Asked::Units(Quantity::units(units)))
}

pub fn weighed(line: u32, thousandths: i64) -> DraftLine {
    asked(line, Asked::Units(Quantity(thousandths)))
}

/// So much money back on a line while the goods stay.
pub fn money(line: u32, amount: i64) -> DraftLine {
    asked(line, Asked::Money(Minor(amount)))
}

/// A digest of a draft that leaves out what the service leaves out: the person at the register, and
/// how new goods are paid.
pub fn digest_of(draft: &Draft) -> [u8; 32] {
    let mut shown = draft.clone();
    shown.operator.clear();
    if let Some(exchange) = &mut shown.exchange {
        exchange.tenders.clear();
        exchange.cash_rounding = None;
    }
    Sha256::digest(format!("{shown:?}")).into()
}

pub fn record_of(draft: Draft) -> RecordReturn {
    RecordReturn {
        digest: digest_of(&draft),
        draft,
        grants: Vec::new(),
        bad_grant: None,
        quoted: None,
        expected_refund: None,
        codes: Vec::new(),
    }
}

/// Makes the prices of a sale known in the market of its store, day by day, and its units by their
/// serial numbers.
pub fn know_prices(state: &mut State, sale: &Sale) {
    let market = Market::of(&state.settings().stores[&sale.store].clone());
    for (sku, line) in sale.lines.iter().filter_map(|line| Some((line.sku.as_ref()?, line))) {
        // Looked for, if nothing is known of it yet.
        if state.prices.lowest(&market, sku, Date::MIN, Date::MAX).is_none() {
            state.prices.load_days(market.clone(), sku.clone(), Vec::new());
        }
        for serial in &line.serial_numbers {
            state.prices.load_unit(sku.clone(), MatchKey::of(serial), None);
        }
    }
    state.prices.add_sale(&market, &Book::new(Arc::new(sale.clone())));
}

/// Goods without a receipt.
pub fn bare(sku: &str, units: i64) -> DraftLine {
    DraftLine {
        sale_line: None,
        sku: Some(sku.to_owned()),
        ..asked(1, Asked::Units(Quantity::units(units)))
    }
}

/// Sale 1 by its gift receipt.
pub fn gift(lines: Vec<DraftLine>) -> Draft {
    with(draft(lines), |draft| {
        draft.sale = draft.sale.take().map(|sale| SaleRef::Gift(Box::new(sale)))
    })
}

/// The counter itself: settings, what was loaded, and a day.
pub struct Counter {
    pub state: State,
    pub now: Timestamp,
    pub caller: Caller,
}

impl Counter {
    /// Opens on 2026-03-10 under these rules, with these sales known.
    pub fn open(rules: &str, sales: Vec<Sale>) -> Counter {
        Counter::open_in(&["USD", "CAD", "EUR"], rules, sales)
    }

    /// The same where rules that name no amounts hold in these currencies.
    pub fn open_in(codes: &[&str], rules: &str, sales: Vec<Sale>) -> Counter {
        Counter::with_settings(settings(compiled_for(codes, rules)), sales)
    }

    /// As the store loads it: books to return from, and the prices of what has been sold.
    pub fn with_settings(settings: Settings, sales: Vec<Sale>) -> Counter {
        let mut state = State::new(Arc::new(settings), Ids::seeded(42));
        for sale in sales {
            assert_eq!(sale.misfits(), vec![], "a test's sale adds up");
            know_prices(&mut state, &sale);
            state.load_book(Book::new(Arc::new(sale)));
        }
        Counter { state, now: noon("2026-03-10"), caller: caller(CASHIER, Role::Cashier) }
    }

    pub fn perform(&mut self, command: &Command) -> Outcome {
        let context = Context { caller: &self.caller, request_id: Some("req-1"), now: self.now };
        perform(&mut self.state, command, &context)
    }

    pub fn check(&self, draft: &Draft) -> Result<Decision, Refusal> {
        perform::check(&self.state, draft, self.now)
    }

    pub fn record(&mut self, draft: Draft) -> Result<Return, Refusal> {
        self.record_with(record_of(draft))
    }

    pub fn record_with(&mut self, command: RecordReturn) -> Result<Return, Refusal> {
        match self.perform(&Command::RecordReturn(Box::new(command))) {
            Outcome::Refused(refusal) => Err(*refusal),
            Outcome::Done(done) => match *done {
                Done::Returned(recorded) => Ok(recorded.the_return),
                other => panic!("a record answers with a return, not {other:?}"),
            },
        }
    }

    /// An override for all that needs approval.
    pub fn approve(&mut self, draft: Draft, approver: Approver) -> Result<Grant, Refusal> {
        self.issue(IssueOverride {
            digest: digest_of(&draft),
            draft,
            codes: Vec::new(),
            approver,
            reason: "goodwill".to_owned(),
            note: None,
            valid_for: jiff::SignedDuration::from_mins(5),
        })
        .map(|issued| issued.grant)
    }

    pub fn issue(&mut self, command: IssueOverride) -> Result<Override, Refusal> {
        match self.perform(&Command::IssueOverride(Box::new(command))) {
            Outcome::Refused(refusal) => Err(*refusal),
            Outcome::Done(done) => match *done {
                Done::OverrideIssued(issued) => Ok(issued),
                other => panic!("issuing answers with an override, not {other:?}"),
            },
        }
    }

    pub fn book(&self, sale: u128) -> &Book {
        self.state.book(id(sale)).unwrap()
    }
}
