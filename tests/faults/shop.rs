//! A small shop to break: its database, its keys, what it sold, and whoever stands at its
//! registers.

use crate::http;
use crate::instances::{Folder, Instances, OPEN_POLICY};
use crate::server::Plan;
use crate::support::TestDb;
use returndesk::domain::caller::Role;

/// A shop whose database is set up, and at which nobody serves yet.
pub struct Shop {
    pub home: Folder,
    /// Of whoever stands at the registers.
    pub token: String,
    /// Of the till that records sales.
    pub importer: String,
    pub sales: Vec<String>,
    database: String,
}

impl Shop {
    /// Opens it, sells, and closes it again. One line of each sale lasts, and one runs out:
    /// refusals are answers, too.
    pub fn on(database: &TestDb) -> Shop {
        Shop::selling(database, &[100_000, 40])
    }

    pub fn selling(database: &TestDb, units: &[i64]) -> Shop {
        let shop = Instances::with(database, 1, |_| {});
        shop.set_up("open", "USD", OPEN_POLICY);
        let sales = ["R-1", "R-2", "R-3"].map(|receipt| shop.sell(receipt, units).to_string());
        let token = http::token(
            &shop.apps[0].service,
            "1042",
            &[Role::Cashier, Role::Manager, Role::Auditor],
        );
        let importer = http::token(&shop.apps[0].service, "till-3", &[Role::Register]);
        Shop {
            importer,
            home: shop.stop(),
            token,
            sales: sales.to_vec(),
            database: database.url().to_owned(),
        }
    }

    /// How to serve it.
    pub fn plan(&self) -> Plan {
        Plan::new(&self.database, self.home.path())
    }

    /// How to serve it over another way to its database.
    pub fn plan_through(&self, database: &str) -> Plan {
        Plan::new(database, self.home.path())
    }
}

/// How often a fault is repeated: once in the suite, as often as asked for in the long form.
pub fn rounds(suite: usize) -> usize {
    std::env::var("RETURNDESK_TEST_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(suite)
}
