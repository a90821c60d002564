//! The way through the shop, once: a sale, a check, a return, and what the log has of it.

use crate::support::bodies::{back, hearts};
use crate::support::on_each_database;
use crate::support::shop::Shop;

#[test]
fn a_heart_comes_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let checked = shop.cashier().post("/v1/returns/check", &back(&sale, 1, 1)).expect(200).body;
        let recorded = shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(
            (&checked["decision"], &checked["totals"]),
            (&recorded["decision"], &recorded["totals"])
        );
        assert_eq!(shop.logged("return.recorded").len(), 1);
    });
}
