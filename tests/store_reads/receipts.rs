//! Receipts of other stores: found in whatever company they are looked for.

use crate::shop::Shop;
use crate::support::on_each_database;
use returndesk::domain::decide::{Books, Found};
use returndesk::domain::draft::{Draft, SaleRef};
use returndesk::domain::perform::Touched;
use returndesk::domain::settings::Settings;
use returndesk::domain::words::RefundTo;
use returndesk::store::batch;
use std::sync::Arc;

fn reference(receipt: &str, business_date: Option<jiff::civil::Date>) -> SaleRef {
    SaleRef::Receipt { receipt: receipt.to_owned(), store: None, register: None, business_date }
}

fn brought_to(store: &str, sale: SaleRef) -> Draft {
    Draft {
        store: store.to_owned(),
        register: "7".to_owned(),
        operator: "1042".to_owned(),
        sale: Some(sale),
        lines: vec![],
        charges: vec![],
        customer: None,
        id_hash: None,
        refund_to: RefundTo::Original,
        unavailable_tenders: vec![],
        currency: None,
        business_date: None,
        training: false,
        exchange: None,
        refund_card: None,
        original_asked: false,
    }
}

#[test]
fn what_another_command_of_the_batch_looks_for_does_not_hide_a_receipt() {
    on_each_database(|database| {
        let (mut shop, sold, _) = Shop::with_history(database, 3);
        // Sales 0 of S1 and 1 of S2 bear R-0, sale 2 of a.3 alone bears R-1.
        let at_home = (sold[2].store, reference(&sold[2].receipt, None));
        let elsewhere = ("S1", reference(&sold[2].receipt, None));
        // S1 knows the number, of another day.
        let other_day = ("S1", reference(&sold[1].receipt, Some(sold[1].day)));
        let mut touched = Touched::default();
        for (store, sale) in [&at_home, &elsewhere, &other_day] {
            touched.draft(&brought_to(store, sale.clone()));
        }
        let (known, now) = (Arc::new(Settings::default()), shop.now);
        let state = shop.read(|read| batch::load(read, &touched.in_order(), &known, now)).unwrap();
        for ((store, sale), id) in
            [(at_home, sold[2].id), (elsewhere, sold[2].id), (other_day, sold[1].id)]
        {
            assert_eq!(state.find(&sale, store), Found::One(id), "{sale:?} at {store}");
            assert!(state.book(id).is_some());
        }
    });
}
