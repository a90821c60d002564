//! Lists answer exactly what a filter says, in their order, in pages of any size, while rows are
//! added.

use crate::shop::{STORES, Shop, Sold, document_of, fingerprint, operator, serial};
use crate::support::on_each_database;
use returndesk::domain::caller::Stores;
use returndesk::domain::entry::Event;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::{Return, ReturnStatus};
use returndesk::store::Read;
use returndesk::store::search::entries::Logged;
use returndesk::store::search::events::{self, EventFilter};
use returndesk::store::search::returns::{self, ReturnFilter};
use returndesk::store::search::sales::{self, SaleFilter};
use uuid::Uuid;

fn listed(stores: &[&str]) -> Stores {
    Stores::Listed(stores.iter().map(|store| (*store).to_owned()).collect())
}

/// Every way to name stores.
fn scopes() -> Vec<Stores> {
    vec![Stores::All, listed(&["S2"]), listed(&["a.3", "S1"]), listed(&["nowhere"]), listed(&[])]
}

/// All pages of this size, one after the other.
fn all_pages<T: Clone>(size: usize, mut ask: impl FnMut(Option<&T>, usize) -> Vec<T>) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let page = ask(all.last(), size);
        assert!(page.len() <= size);
        all.extend(page.clone());
        if page.len() < size {
            return all;
        }
    }
}

#[test]
fn sales_are_found_by_every_filter() {
    on_each_database(|database| {
        let mut shop = Shop::open(database);
        let sold: Vec<Sold> = (0..42).map(|number| shop.sell(number)).collect();
        let day = sold[20].day;
        type Holds = Box<dyn Fn(&Sold) -> bool>;
        let given = |change: &dyn Fn(&mut SaleFilter)| {
            let mut filter = SaleFilter::of(Stores::All);
            change(&mut filter);
            filter
        };
        let cases: Vec<(SaleFilter, Holds)> = vec![
            (SaleFilter::of(Stores::All), Box::new(|_| true)),
            (given(&|f| f.receipt = Some("R-3".into())), Box::new(|s| s.receipt == "R-3")),
            (given(&|f| f.receipt = Some("R-".into())), Box::new(|_| false)),
            (given(&|f| f.customer = Some("C-2".into())), Box::new(|s| s.number % 5 == 2)),
            (
                given(&|f| f.card_fingerprint = Some(fingerprint(3))),
                Box::new(|s| s.number % 4 == 3),
            ),
            (given(&|f| f.sku = Some("A-1".into())), Box::new(|s| s.number % 3 == 1)),
            (given(&|f| f.sku = Some("B".into())), Box::new(|_| true)),
            (given(&|f| f.serial_number = Some(serial(7))), Box::new(|s| s.number == 7)),
            (given(&|f| f.from = Some(day)), Box::new(move |s| s.day >= day)),
            (given(&|f| f.to = Some(day)), Box::new(move |s| s.day <= day)),
            (
                given(&|f| (f.from, f.to, f.sku) = (Some(day), Some(day), Some("A-2".into()))),
                Box::new(move |s| s.day == day && s.number % 3 == 2),
            ),
            (
                given(&|f| {
                    (f.customer, f.card_fingerprint) = (Some("C-1".into()), Some(fingerprint(2)))
                }),
                Box::new(|s| s.number % 5 == 1 && s.number % 4 == 2),
            ),
        ];
        for (filter, holds) in &cases {
            for stores in scopes() {
                let filter = SaleFilter { stores: stores.clone(), ..filter.clone() };
                let mut expected: Vec<Uuid> = sold
                    .iter()
                    .filter(|s| stores.contain(s.store) && holds(s))
                    .map(|s| s.id)
                    .collect();
                expected.sort_unstable_by(|a, b| b.cmp(a));
                for size in [1, 3, 100] {
                    let found = all_pages(size, |after, size| {
                        shop.read(|read| sales::find(read, &filter, after.copied(), size)).unwrap()
                    });
                    assert_eq!(found, expected, "{filter:?} in pages of {size}");
                }
            }
        }
    });
}

/// Whoever pages sees what was there when the first page was asked for: once each, in order,
/// nothing moved.
#[test]
fn pages_stay_while_sales_are_added() {
    on_each_database(|database| {
        let mut shop = Shop::open(database);
        let mut expected: Vec<Uuid> = (0..12).map(|number| shop.sell(number).id).collect();
        expected.reverse();
        for stores in [Stores::All, listed(&STORES)] {
            let filter = SaleFilter::of(stores);
            let before = shop.read(|read| sales::find(read, &filter, None, 100)).unwrap();
            let found = all_pages(2, |after, size| {
                let number = 100 + usize::try_from(shop.now.as_second() / 60 % 1_000_000).unwrap();
                let page =
                    shop.read(|read| sales::find(read, &filter, after.copied(), size)).unwrap();
                shop.sell(number);
                page
            });
            assert_eq!(found, before);
        }
    });
}

#[test]
fn sales_come_with_their_books_in_the_order_asked_for() {
    on_each_database(|database| {
        let (mut shop, sold, _) = Shop::with_history(database, 6);
        let asked = [sold[4].id, sold[1].id, Uuid::max(), sold[0].id];
        let found = shop.read(|read| sales::with_books(read, &asked)).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|(book, at, document)| (book.sale.id, *at, document.as_str()))
            .collect();
        let of = |sold: &'_ Sold| (sold.id, sold.recorded_at, sold.document.clone());
        let expected = [of(&sold[4]), of(&sold[1]), of(&sold[0])];
        assert_eq!(
            told,
            expected
                .iter()
                .map(|(id, at, document)| (*id, *at, document.as_str()))
                .collect::<Vec<_>>()
        );
        // Nothing of the first; of the second, line 2 and the shipping, after line 1 was put back;
        // of the third, line 1.
        let returned = |place: usize| {
            found[place].0.lines.iter().map(|line| line.returned).collect::<Vec<_>>()
        };
        assert_eq!(returned(0), [Quantity::ZERO, Quantity::ZERO]);
        assert_eq!(
            (returned(1), found[1].0.charges[0].is_refunded()),
            (vec![Quantity::ZERO, Quantity::ONE], true)
        );
        assert_eq!(returned(2), [Quantity::ONE, Quantity::ZERO]);
    });
}

#[test]
fn returns_are_found_by_every_filter_whole_and_with_their_answers() {
    on_each_database(|database| {
        let (mut shop, sold, recorded) = Shop::with_history(database, 30);
        let (sale, day) = (sold[7].id, recorded[0].business_date);
        let (eve, next) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
        type Holds = Box<dyn Fn(&Return) -> bool>;
        let given = |change: &dyn Fn(&mut ReturnFilter)| {
            let mut filter = ReturnFilter::of(Stores::All);
            change(&mut filter);
            filter
        };
        let cases: Vec<(ReturnFilter, Holds)> = vec![
            (ReturnFilter::of(Stores::All), Box::new(|_| true)),
            (
                given(&|f| f.status = Some(ReturnStatus::Voided)),
                Box::new(|r| r.status == ReturnStatus::Voided),
            ),
            (given(&|f| f.status = Some(ReturnStatus::Denied)), Box::new(|_| false)),
            (given(&|f| f.sale = Some(sale)), Box::new(move |r| r.sales().contains(&sale))),
            (given(&|f| f.sale = Some(Uuid::nil())), Box::new(|_| false)),
            (
                given(&|f| f.reason = Some("changed_mind".into())),
                Box::new(|r| r.lines.iter().any(|line| line.reason == "changed_mind")),
            ),
            (given(&|f| f.reason = Some("recall".into())), Box::new(|_| false)),
            (given(&|f| f.operator = Some(operator(1))), Box::new(|r| r.operator == operator(1))),
            (
                given(&|f| f.customer = Some("C-3".into())),
                Box::new(|r| r.customer.as_deref() == Some("C-3")),
            ),
            (
                given(&|f| (f.from, f.to) = (Some(day), Some(day))),
                Box::new(move |r| r.business_date == day),
            ),
            (given(&|f| f.to = Some(eve)), Box::new(move |r| r.business_date <= eve)),
            (given(&|f| f.from = Some(next)), Box::new(move |r| r.business_date >= next)),
        ];
        for (filter, holds) in &cases {
            for stores in scopes() {
                let filter = ReturnFilter { stores: stores.clone(), ..filter.clone() };
                let all = recorded.iter().filter(|r| stores.contain(&r.store) && holds(r));
                let mut expected: Vec<_> = all.map(|r| (document_of(r.id), r.clone())).collect();
                expected.sort_unstable_by_key(|(_, r)| std::cmp::Reverse(r.id));
                for size in [1, 4, 100] {
                    let found = all_pages(size, |after: Option<&(String, Return)>, size| {
                        let after = after.map(|(_, last)| last.id);
                        let page = |read: &mut Read<'_>| {
                            let ids = returns::find(read, &filter, after, size)?;
                            returns::whole(read, &ids)
                        };
                        shop.read(page).unwrap()
                    });
                    assert_eq!(found, expected, "{filter:?} in pages of {size}");
                }
            }
        }
    });
}

#[test]
fn entries_are_found_by_every_filter_in_either_order() {
    on_each_database(|database| {
        let (mut shop, sold, _) = Shop::with_history(database, 18);
        let every = EventFilter {
            stores: Stores::All,
            event: None,
            subject_id: None,
            from: None,
            to: None,
        };
        let all: Vec<Logged> = shop.read(|read| events::find(read, &every, None, 1_000)).unwrap();
        assert!(all.is_sorted_by_key(Logged::place) && all.len() > 30);
        assert!(
            ["-", "S1", "S2", "a.3"]
                .iter()
                .all(|store| all.iter().any(|entry| entry.stored.store == *store))
        );
        let (subject, from, to) =
            (sold[3].id.to_string(), sold[2].recorded_at, sold[9].recorded_at);
        type Holds = Box<dyn Fn(&Logged) -> bool>;
        let cases: Vec<(EventFilter, Holds)> = vec![
            (every.clone(), Box::new(|_| true)),
            (
                EventFilter { event: Some(Event::ReturnVoided), ..every.clone() },
                Box::new(|e| e.event == "return.voided"),
            ),
            (
                EventFilter { subject_id: Some(subject.clone()), ..every.clone() },
                Box::new(move |e| e.subject_id.as_ref() == Some(&subject)),
            ),
            (
                EventFilter { from: Some(from), to: Some(to), ..every.clone() },
                Box::new(move |e| e.at >= from.as_microsecond() && e.at < to.as_microsecond()),
            ),
            (
                EventFilter { from: Some(to), event: Some(Event::SaleRecorded), ..every.clone() },
                Box::new(move |e| e.at >= to.as_microsecond() && e.event == "sale.recorded"),
            ),
        ];
        for (filter, holds) in &cases {
            for stores in scopes().into_iter().chain([listed(&["-"])]) {
                let filter = EventFilter { stores: stores.clone(), ..filter.clone() };
                let mut expected: Vec<Logged> = all
                    .iter()
                    .filter(|e| stores.contain(&e.stored.store) && holds(e))
                    .cloned()
                    .collect();
                if matches!(&stores, Stores::Listed(stores) if stores.len() == 1) {
                    expected.sort_by_key(|entry| entry.stored.seq);
                }
                for size in [1, 5, 1_000] {
                    let found = all_pages(size, |after: Option<&Logged>, size| {
                        let after = after.map(Logged::place);
                        shop.read(|read| events::find(read, &filter, after.as_ref(), size)).unwrap()
                    });
                    assert_eq!(found, expected, "{filter:?} in pages of {size}");
                }
            }
        }
    });
}

/// Two instances write the same instant into several stores, and a clock that steps back breaks no
/// order.
#[test]
fn entries_of_one_instant_are_paged_through_once_each() {
    on_each_database(|database| {
        let mut shop = Shop::open(database);
        let started = shop.now;
        for number in 0..12 {
            shop.now =
                started - jiff::SignedDuration::from_mins(if number % 4 == 3 { 5 } else { 1 });
            shop.sell(number);
        }
        for stores in [Stores::All, listed(&["S1"]), listed(&["a.3", "S2"])] {
            let filter =
                EventFilter { stores, event: None, subject_id: None, from: None, to: None };
            let whole = shop.read(|read| events::find(read, &filter, None, 100)).unwrap();
            let found = all_pages(1, |after: Option<&Logged>, size| {
                let after = after.map(Logged::place);
                shop.read(|read| events::find(read, &filter, after.as_ref(), size)).unwrap()
            });
            assert_eq!(found, whole);
            let mut places: Vec<_> =
                found.iter().map(|e| (&e.stored.store, e.stored.seq)).collect();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), found.len());
        }
    });
}
