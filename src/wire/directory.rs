//! Stores, registers and operators: bodies and answers (API §9).

use super::reading::{Reading, filled};
use super::words::RoleWord;
use crate::domain::caller::Stores;
use crate::domain::directory::{SaveOperator, SaveRegister, SaveStore, Seen};
use crate::domain::money::{Currency, Minor};
use crate::domain::name::{self, is_store};
use crate::domain::refusal::Fault;
use crate::domain::settings::{Operator, Register, Store};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A store, as an admin saves it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Fifth Avenue", "time_zone": "America/New_York", "currency": "USD", "region": "US-NY",
    "policy": "standard"}))]
pub struct StoreBody {
    /// For people.
    #[schema(min_length = 1, max_length = 200, example = "Fifth Avenue")]
    pub name: String,
    /// IANA name; return windows are counted in its calendar days.
    #[schema(min_length = 1, max_length = 64, example = "America/New_York")]
    pub time_zone: String,
    /// ISO 4217. It stays once the store exists.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    pub currency: String,
    /// ISO 3166-1 or 3166-2 code: what law applies.
    #[schema(min_length = 2, max_length = 6, example = "US-NY")]
    pub region: String,
    /// The name of its policy.
    #[serde(default = "standard")]
    #[schema(
        format = "name",
        min_length = 1,
        max_length = 64,
        example = "standard",
        default = "standard"
    )]
    pub policy: String,
    /// The smallest coin that the store pays with where no law says how cash is rounded, such as 0.05
    /// where there are no pennies any more. Left out, cash is paid to the minor unit there.
    #[serde(default)]
    #[schema(format = "amount", example = "0.05")]
    pub cash_rounding: Option<String>,
}

/// A store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Store)]
pub struct StoreView {
    #[schema(example = "0042")]
    pub store: String,
    /// For people.
    #[schema(example = "Fifth Avenue")]
    pub name: String,
    /// IANA name.
    #[schema(example = "America/New_York")]
    pub time_zone: String,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// ISO 3166 code.
    #[schema(example = "US-NY")]
    pub region: String,
    /// The name of its policy.
    #[schema(example = "standard")]
    pub policy: String,
    /// The smallest coin that the store pays with where no law says so; absent: the minor unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "0.05")]
    pub cash_rounding: Option<String>,
}

/// A register, as an admin saves it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Front left"}))]
pub struct RegisterBody {
    /// For people.
    #[serde(default)]
    #[schema(max_length = 200, example = "Front left")]
    pub name: Option<String>,
    /// Whether it may be used; true if left out.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

/// A register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Register)]
pub struct RegisterView {
    #[schema(example = "0042")]
    pub store: String,
    #[schema(example = "3")]
    pub register: String,
    /// For people.
    pub name: Option<String>,
    /// Whether it may be used.
    pub active: bool,
}

/// A person whose number and PIN the service keeps, as an admin saves it.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ana Ruiz", "roles": ["cashier"], "stores": ["0042"], "pin": "493817"}))]
pub struct OperatorBody {
    /// For people.
    #[schema(min_length = 1, max_length = 200, example = "Ana Ruiz")]
    pub name: String,
    /// What the person may do.
    #[schema(min_items = 1, max_items = 9)]
    pub roles: Vec<RoleWord>,
    /// Where; `["*"]` for everywhere.
    #[schema(min_items = 1, max_items = 500)]
    pub stores: Vec<String>,
    /// 4 to 12 digits, of an approver 6 to 12; left out, the present one stays. Somebody with a PIN who
    /// becomes an approver needs a new one. Never shown again.
    #[serde(default)]
    #[schema(format = "password", min_length = 4, max_length = 12, example = "493817")]
    pub pin: Option<String>,
    /// The person's own customer number: nobody handles or approves their own purchase.
    #[serde(default)]
    #[schema(format = "customer", min_length = 1, max_length = 64, example = "C-77")]
    pub customer: Option<String>,
    /// Whether the person may sign in; true if left out.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

/// A PIN is never written anywhere, not even by mistake.
impl std::fmt::Debug for OperatorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorBody")
            .field("name", &self.name)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// A person whose number and PIN the service keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Operator)]
pub struct OperatorView {
    /// Employee number.
    #[schema(example = "1042")]
    pub operator: String,
    /// For people.
    #[schema(example = "Ana Ruiz")]
    pub name: String,
    /// What the person may do.
    pub roles: Vec<RoleWord>,
    /// Where; `["*"]` for everywhere.
    pub stores: Vec<String>,
    /// Whether there is a PIN to sign in with.
    pub has_pin: bool,
    /// The person's own customer number.
    pub customer: Option<String>,
    /// Whether the person may sign in.
    pub active: bool,
}

impl StoreBody {
    /// Reads the body for the store that the address names.
    pub fn read(self, store: &str, seen: Seen) -> Result<SaveStore, Vec<Fault>> {
        let mut reading = Reading::new(None);
        reading.store(format_args!(""), store);
        let currency = Currency::parse(&self.currency);
        if currency.is_none() {
            reading.invalid(
                format_args!("/currency"),
                "The currency must be a code of ISO 4217, like USD.",
            );
        }
        let time_zone = zone(&self.time_zone);
        if time_zone.is_none() {
            reading.invalid(
                format_args!("/time_zone"),
                "The time zone must be an IANA name, like America/New_York.",
            );
        }
        if !is_region(&self.region) {
            reading.invalid(
                format_args!("/region"),
                "The region must be an ISO 3166 code, like DE or US-NY.",
            );
        }
        let cash_rounding = self.coin(currency, &mut reading);
        let both = reading.finish(currency.zip(time_zone))?;
        let (currency, time_zone) = both.ok_or_else(Vec::new)?;
        let StoreBody { name, region, policy, .. } = self;
        let store = store.to_owned();
        Ok(SaveStore {
            store: Store { store, name, time_zone, currency, region, policy, cash_rounding },
            seen,
        })
    }

    /// The smallest coin: more than a minor unit, at most the unit itself.
    fn coin(&self, currency: Option<Currency>, reading: &mut Reading) -> Option<Minor> {
        let (text, currency) = (self.cash_rounding.as_deref()?, currency?);
        let most = 10_i64.pow(currency.digits().max(1));
        let coin = Minor::parse(text, currency).filter(|coin| (2..=most).contains(&coin.0));
        if coin.is_none() {
            let detail = format!(
                "Name a coin above the smallest unit and up to {}, like 0.05.",
                Minor(most).format(currency)
            );
            reading.fault(format_args!("/cash_rounding"), "invalid_amount", detail);
        }
        coin
    }
}

impl RegisterBody {
    /// Reads the body for the register that the address names.
    pub fn read(self, store: &str, register: &str, seen: Seen) -> Result<SaveRegister, Vec<Fault>> {
        let mut reading = Reading::new(None);
        reading.store(format_args!(""), store);
        named(register, "register", &mut reading);
        let (store, register) = (store.to_owned(), register.to_owned());
        let register = Register { store, register, name: filled(self.name), active: self.active };
        reading.finish(SaveRegister { register, seen })
    }
}

impl OperatorBody {
    /// Reads the body for the operator that the address names. `hash_pin` is slow by design; it is
    /// asked last.
    pub fn read(
        self,
        operator: &str,
        seen: Seen,
        hash_pin: &dyn Fn(&str) -> String,
    ) -> Result<SaveOperator, Vec<Fault>> {
        let mut reading = Reading::new(None);
        named(operator, "operator", &mut reading);
        if let Some(fault) =
            self.pin.as_deref().and_then(|pin| pin_fault(pin, operator, &self.roles))
        {
            reading.invalid(format_args!("/pin"), fault);
        }
        let stores = self.stores(&mut reading);
        let operator = Operator {
            operator: operator.to_owned(),
            name: self.name,
            roles: self.roles.into_iter().map(|role| role.0).collect(),
            stores,
            pin_hash: None,
            customer: self.customer,
            active: self.active,
        };
        let operator = reading.finish(operator)?;
        let pin_hash = self.pin.as_deref().map(hash_pin);
        Ok(SaveOperator { operator: Operator { pin_hash, ..operator }, seen })
    }

    fn stores(&self, reading: &mut Reading) -> Stores {
        if self.stores == ["*"] {
            return Stores::All;
        }
        for (index, _) in self.stores.iter().enumerate().filter(|(_, store)| !is_store(store)) {
            reading.invalid(
                format_args!("/stores/{index}"),
                "Name stores by their ids, or all of them by \"*\" alone.",
            );
        }
        Stores::Listed(self.stores.clone())
    }
}

impl From<&Store> for StoreView {
    fn from(store: &Store) -> StoreView {
        StoreView {
            store: store.store.clone(),
            name: store.name.clone(),
            time_zone: store.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            currency: store.currency.code().to_owned(),
            region: store.region.clone(),
            policy: store.policy.clone(),
            cash_rounding: store.cash_rounding.map(|step| step.format(store.currency)),
        }
    }
}

impl From<&Register> for RegisterView {
    fn from(register: &Register) -> RegisterView {
        let Register { store, register, name, active } = register.clone();
        RegisterView { store, register, name, active }
    }
}

impl From<&Operator> for OperatorView {
    fn from(operator: &Operator) -> OperatorView {
        let stores = match &operator.stores {
            Stores::All => vec!["*".to_owned()],
            Stores::Listed(stores) => stores.clone(),
        };
        OperatorView {
            operator: operator.operator.clone(),
            name: operator.name.clone(),
            roles: operator.roles.iter().copied().map(RoleWord).collect(),
            stores,
            has_pin: operator.pin_hash.is_some(),
            customer: operator.customer.clone(),
            active: operator.active,
        }
    }
}

/// A zone by its IANA name, spelled as the database spells it.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name))
}

/// `DE`, or `US-NY`: two letters, and a subdivision of one to three letters or digits.
fn is_region(region: &str) -> bool {
    let (country, subdivision) = region.split_once('-').unwrap_or((region, "0"));
    let part = |text: &str, most: usize| {
        (1..=most).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()) && part(subdivision, 3)
}

/// The least digits of an approver's PIN: it is worth money.
const APPROVER_DIGITS: usize = 6;

/// Says why a PIN is not taken: its length, or that it is among the first that somebody would try.
fn pin_fault(pin: &str, operator: &str, roles: &[RoleWord]) -> Option<&'static str> {
    let approves = roles.iter().any(|role| role.0.approver_rank().is_some());
    if !(4..=12).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit()) {
        return Some("A PIN has 4 to 12 digits.");
    }
    if approves && pin.len() < APPROVER_DIGITS {
        return Some("The PIN of an approver has 6 to 12 digits.");
    }
    let steps =
        |step: u8| pin.as_bytes().windows(2).all(|two| (two[1] + 10 - two[0]) % 10 == step % 10);
    let trivial = steps(0) || steps(1) || steps(9) || pin == operator;
    trivial.then_some("This PIN is easy to guess. Choose other digits.")
}

/// Checks a number that stands in an address: it is put into links and log entries as it is.
fn named(number: &str, what: &str, reading: &mut Reading) {
    if name::is_reserved(number) {
        let detail = format!("The service itself uses {number:?}. Choose another {what}.");
        reading.invalid(format_args!(""), detail);
    } else if !name::is_name(number) {
        let detail = format!("The number of the {what} in the address has {}.", name::RULE);
        reading.invalid(format_args!(""), detail);
    }
}

fn standard() -> String {
    "standard".into()
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::caller::Role;
    use crate::wire::strict::Shape;
    use serde_json::{Value, json};

    fn store(body: Value) -> Result<SaveStore, Vec<Fault>> {
        serde_json::from_value::<StoreBody>(body).unwrap().read("0042", Seen::Nothing)
    }

    fn operator(body: Value) -> Result<SaveOperator, Vec<Fault>> {
        let body: OperatorBody = serde_json::from_value(body).unwrap();
        body.read("1042", Seen::Anything, &|pin| format!("hash of {pin}"))
    }

    fn pointers<T>(read: Result<T, Vec<Fault>>) -> Vec<String> {
        read.err().into_iter().flatten().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_store_is_saved_and_shown() {
        let body = json!({"name": "Fifth Avenue", "time_zone": "America/New_York", "currency": "USD", "region": "US-NY"});
        assert_eq!(Shape::of::<StoreBody>().check(&body), []);
        let saved = store(body.clone()).unwrap();
        let mut expected = body;
        expected["store"] = json!("0042");
        expected["policy"] = json!("standard");
        assert_eq!(serde_json::to_value(StoreView::from(&saved.store)).unwrap(), expected);
    }

    #[test]
    fn what_a_store_cannot_be_is_told_all_at_once() {
        for zone in ["Mars/Olympus", "america/new_york", "+02:00", ""] {
            let body =
                json!({"name": "x", "time_zone": zone, "currency": "usd", "region": "New York"});
            assert_eq!(pointers(store(body)), ["/currency", "/time_zone", "/region"], "{zone}");
        }
        for (region, good) in [
            ("DE", true),
            ("US-NY", true),
            ("GB-ENG", true),
            ("de", false),
            ("US-", false),
            ("EU-1234", false),
        ] {
            assert_eq!(is_region(region), good, "{region}");
        }
    }

    #[test]
    fn an_operator_is_saved_and_shown_without_the_pin() {
        let body = json!({"name": "Ana Ruiz", "roles": ["cashier", "supervisor"], "stores": ["0042"], "pin": "493817"});
        assert_eq!(Shape::of::<OperatorBody>().check(&body), []);
        let saved = operator(body).unwrap().operator;
        assert_eq!(saved.roles, [Role::Cashier, Role::Supervisor]);
        assert_eq!(saved.pin_hash.as_deref(), Some("hash of 493817"));
        let expected = json!({"operator": "1042", "name": "Ana Ruiz", "roles": ["cashier", "supervisor"],
            "stores": ["0042"], "has_pin": true, "customer": null, "active": true});
        assert_eq!(serde_json::to_value(OperatorView::from(&saved)).unwrap(), expected);
        let everywhere =
            json!({"name": "A", "roles": ["auditor"], "stores": ["*"], "active": false});
        let everywhere = operator(everywhere).unwrap().operator;
        assert_eq!(
            (everywhere.stores, everywhere.pin_hash, everywhere.active),
            (Stores::All, None, false)
        );
    }

    #[test]
    fn pins_and_stores_of_an_operator_are_checked_before_anything_is_hashed() {
        for pin in ["123", "1234567890123", "12a4", "١٢٣٤"] {
            let body =
                json!({"name": "A", "roles": ["cashier"], "stores": ["0042", "*"], "pin": pin});
            let body: OperatorBody = serde_json::from_value(body).unwrap();
            let read = body.read("10/42", Seen::Nothing, &|_| unreachable!("hashed a faulty PIN"));
            assert_eq!(pointers(read), ["", "/pin", "/stores/1"], "{pin}");
        }
    }

    #[test]
    fn a_pin_that_is_easy_to_guess_or_short_for_an_approver_is_refused() {
        let short = Some("The PIN of an approver has 6 to 12 digits.");
        let easy = Some("This PIN is easy to guess. Choose other digits.");
        let table = [
            ("cashier", "4938", None),
            ("cashier", "104200", None),
            ("cashier", "1042", easy),
            ("cashier", "7777", easy),
            ("cashier", "1234", easy),
            ("cashier", "8901", easy),
            ("cashier", "3210", easy),
            ("supervisor", "4938", short),
            ("manager", "49381", short),
            ("district_manager", "493817", None),
            ("manager", "654321", easy),
            ("manager", "000000", easy),
        ];
        for (role, pin, fault) in table {
            let role = RoleWord(Role::parse(role).unwrap());
            assert_eq!(pin_fault(pin, "1042", &[role]), fault, "{pin}");
        }
    }

    #[test]
    fn a_register_is_saved_and_shown() {
        let body: RegisterBody = serde_json::from_value(json!({})).unwrap();
        let saved = body.read("0042", "3", Seen::Nothing).unwrap();
        let expected = json!({"store": "0042", "register": "3", "name": null, "active": true});
        assert_eq!(serde_json::to_value(RegisterView::from(&saved.register)).unwrap(), expected);
    }
}
