//! The shop's two stores, their registers and the people at them. Names and PINs are invented, for
//! the demo alone.

use serde_json::{Value, json};

use crate::domain::caller::Role;

/// A store: the body of `PUT /v1/stores/{store}`, and its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    pub store: &'static str,
    pub name: &'static str,
    pub registers: &'static [&'static str],
}

/// A person at a register or behind it: what `PUT /v1/operators/{operator}` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub operator: &'static str,
    pub name: &'static str,
    pub roles: &'static [Role],
    /// Store numbers; `*` for all.
    pub stores: &'static [&'static str],
    pub pin: &'static str,
}

/// Both stores trade in US dollars in New York, the zone of their business dates.
pub const TIME_ZONE: &str = "America/New_York";
pub const CURRENCY: &str = "USD";

impl Store {
    /// The body of `PUT /v1/stores/{store}`.
    pub fn body(&self) -> Value {
        json!({ "name": self.name, "time_zone": TIME_ZONE, "currency": CURRENCY, "region": "US-NY",
            "policy": "standard" })
    }
}

impl Operator {
    /// The body of `PUT /v1/operators/{operator}`.
    pub fn body(&self) -> Value {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        json!({ "name": self.name, "roles": roles, "stores": self.stores, "pin": self.pin })
    }
}

pub(super) const STORES: [Store; 2] = [
    Store { store: "0042", name: "Heart & Lantern, Broadway", registers: &["1", "2", "3", "7"] },
    Store { store: "0043", name: "Heart & Lantern, Brooklyn", registers: &["1", "2"] },
];

pub(super) const OPERATORS: [Operator; 12] = [
    person("1042", "Ines Calder", &[Role::Cashier], &["0042"], "104242"),
    person("1043", "Theo Marsh", &[Role::Cashier], &["0042"], "104343"),
    person("1044", "Ruth Okafor", &[Role::Cashier], &["0042", "0043"], "104444"),
    person("1051", "Milo Brandt", &[Role::Cashier], &["0043"], "105151"),
    person("1101", "Greta Lind", &[Role::Cashier, Role::Supervisor], &["0042"], "110101"),
    person("2001", "Samir Haddad", &[Role::Cashier, Role::Manager], &["0042"], "200101"),
    person("2002", "Vera Novak", &[Role::Cashier, Role::Manager], &["0043"], "200202"),
    person("3001", "Paul Osei", &[Role::DistrictManager], &["*"], "300101"),
    person("4001", "Lea Santos", &[Role::LossPrevention], &["*"], "400101"),
    person("5001", "Arno Weiss", &[Role::PolicyAdmin], &["*"], "500101"),
    person("5002", "Dana Petrov", &[Role::PolicyAdmin], &["*"], "500202"),
    person("6001", "Noor Rahman", &[Role::Auditor], &["*"], "600101"),
];

const fn person(
    operator: &'static str,
    name: &'static str,
    roles: &'static [Role],
    stores: &'static [&'static str],
    pin: &'static str,
) -> Operator {
    Operator { operator, name, roles, stores, pin }
}

/// Those who ring up sales in a store.
pub(super) fn cashiers(store: &str) -> Vec<&'static str> {
    let sells = |person: &&Operator| {
        person.roles.contains(&Role::Cashier) && person.stores.contains(&store)
    };
    OPERATORS.iter().filter(sells).map(|person| person.operator).collect()
}
