//! When days can be closed: every rule, on bare state, and what a day end says.

use super::{RULES, sell, void};
use crate::counter::{Counter, caller, day, draft, line, noon, sale, tender, units, with};
use returndesk::domain::caller::Role;
use returndesk::domain::day_end::{CloseDay, DayEnd};
use returndesk::domain::draft::SaleRef;
use returndesk::domain::ledger::Account;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::tender::TenderType::{Cash, CreditCard};
use uuid::Uuid;

fn close(
    counter: &mut Counter,
    register: &str,
    on: &str,
    shift: Option<u64>,
) -> Result<DayEnd, Refusal> {
    let command = CloseDay {
        store: "0042".into(),
        register: Some(register.to_owned()).filter(|register| !register.is_empty()),
        business_date: day(on),
        shift,
        opening_cash: None,
        counted_cash: None,
    };
    closed(counter, command)
}

fn closed(counter: &mut Counter, command: CloseDay) -> Result<DayEnd, Refusal> {
    match counter.perform(&Command::CloseDay(command)) {
        Outcome::Refused(refusal) => Err(*refusal),
        Outcome::Done(done) => match *done {
            Done::DayClosed(day_end) => Ok(*day_end),
            other => panic!("{other:?}"),
        },
    }
}

/// A sale of 10.00 in cash at a register on a day.
fn sold(counter: &mut Counter, register: &str, on: &str) -> Uuid {
    let number = counter.state.changes.entries.len();
    sell(
        counter,
        with(sale(vec![line(1, 1, 1_000)], vec![tender(1, Cash, 1_000, 0)]), |sale| {
            (sale.register, sale.business_date, sale.receipt) =
                (register.to_owned(), day(on), format!("R-{number}"));
            sale.sold_at = noon(on);
        }),
    )
}

/// What is done, in a word each, and what comes of it.
enum Do {
    Sell(&'static str, &'static str),
    /// Register, day, and `number: movements` or the refusal's code and words.
    Close(&'static str, &'static str, &'static str),
    /// Register, day, the shift that is named, and `number: shift, movements` or the refusal.
    Shift(&'static str, &'static str, u64, &'static str),
}
use Do::{Close, Sell, Shift};

const RULES_OF_DAYS: &[(&str, &[Do])] = &[
    (
        "one after the other, numbered from 1",
        &[
            Sell("3", "2026-03-08"),
            Close("3", "2026-03-08", "1: 1"),
            Sell("3", "2026-03-09"),
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "2: 2"),
            Close("3", "2026-03-10", "3: 0"),
        ],
    ),
    (
        "each register by itself",
        &[
            Sell("3", "2026-03-09"),
            Sell("4", "2026-03-09"),
            Sell("4", "2026-03-09"),
            Close("4", "2026-03-09", "1: 2"),
            Close("3", "2026-03-09", "1: 1"),
        ],
    ),
    (
        "a register's day is closed once a shift, and each counts what came since the one before",
        &[
            Sell("3", "2026-03-08"),
            Close("3", "2026-03-08", "1: 1"),
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "2: 1"),
            Sell("3", "2026-03-09"),
            Sell("3", "2026-03-08"),
            Shift("3", "2026-03-09", 2, "3: 2, 2"),
            Shift("3", "2026-03-09", 3, "4: 3, 0"),
            Shift("3", "2026-03-10", 1, "5: 1, 0"),
        ],
    ),
    (
        "a shift that is named is closed once, and none is passed over",
        &[
            Sell("3", "2026-03-09"),
            Shift(
                "3",
                "2026-03-09",
                2,
                "day_open: The next shift of 2026-03-09 of register 3 is 1: close it first.",
            ),
            Close("3", "2026-03-08", "1: 0"),
            Shift("3", "2026-03-09", 1, "2: 1, 1"),
            Close("3", "2026-03-09", "3: 0"),
            Shift(
                "3",
                "2026-03-09",
                1,
                "day_closed: Shift 1 of 2026-03-09 of register 3 is closed already, as number 2.",
            ),
            Shift(
                "3",
                "2026-03-09",
                2,
                "day_closed: Shift 2 of 2026-03-09 of register 3 is closed already, as number 3.",
            ),
            Shift(
                "3",
                "2026-03-09",
                4,
                "day_open: The next shift of 2026-03-09 of register 3 is 3: close it first.",
            ),
        ],
    ),
    (
        "the store's own day is closed once, and its registers' with it",
        &[
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "1: 1"),
            Close("", "2026-03-09", "1: 1"),
            Close(
                "",
                "2026-03-09",
                "day_closed: 2026-03-09 of store 0042 is closed already, as number 1.",
            ),
            Sell("3", "2026-03-09"),
            Close(
                "3",
                "2026-03-09",
                "day_closed: Store 0042 is closed up to 2026-03-09, and with it 2026-03-09 of register 3; \
                 what comes in for it falls into the next day end.",
            ),
            Shift("3", "2026-03-10", 1, "2: 1, 1"),
            Close("", "2026-03-10", "2: 1"),
        ],
    ),
    (
        "a register without a day end of the day may still have its first",
        &[
            Close("", "2026-03-09", "1: 0"),
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "1: 1"),
            Close(
                "3",
                "2026-03-09",
                "day_closed: Store 0042 is closed up to 2026-03-09, and with it 2026-03-09 of register 3; \
                 what comes in for it falls into the next day end.",
            ),
            Close("", "2026-03-10", "2: 1"),
        ],
    ),
    (
        "nor one before it",
        &[
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "1: 1"),
            Close(
                "3",
                "2026-03-08",
                "day_closed: Register 3 is closed up to 2026-03-09; what comes in for 2026-03-08 falls into the next day end.",
            ),
        ],
    ),
    (
        "no day that has not come",
        &[
            Sell("3", "2026-03-09"),
            Close(
                "3",
                "2026-03-11",
                "day_in_future: In store 0042 it is 2026-03-10; 2026-03-11 has not come yet.",
            ),
        ],
    ),
    (
        "no day with movements is passed over",
        &[
            Sell("3", "2026-03-07"),
            Sell("3", "2026-03-09"),
            Close(
                "3",
                "2026-03-09",
                "day_open: Register 3 has movements of 2026-03-07, which is not closed: close 2026-03-07 first.",
            ),
            Close("3", "2026-03-07", "1: 1"),
            Close("3", "2026-03-09", "2: 1"),
        ],
    ),
    (
        "what comes late falls into the next",
        &[
            Sell("3", "2026-03-08"),
            Close("3", "2026-03-08", "1: 1"),
            Sell("3", "2026-03-08"),
            Sell("3", "2026-03-07"),
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "2: 3"),
        ],
    ),
    (
        "what is of a later day waits for it",
        &[
            Sell("3", "2026-03-08"),
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-08", "1: 1"),
            Close("3", "2026-03-09", "2: 1"),
        ],
    ),
    (
        "a register that nobody knows",
        &[Close(
            "33",
            "2026-03-09",
            "invalid_value: Store 0042 has no register 33, and nothing was recorded at one.",
        )],
    ),
    (
        "the store after its registers",
        &[
            Sell("3", "2026-03-09"),
            Sell("4", "2026-03-09"),
            Close("3", "2026-03-09", "1: 1"),
            Close(
                "",
                "2026-03-09",
                "day_open: Register 4 has movements of 2026-03-09 that are not closed: close its 2026-03-09 first.",
            ),
            Close("4", "2026-03-09", "1: 1"),
            Close("", "2026-03-09", "1: 2"),
        ],
    ),
    (
        "what came after a shift needs another one before the store's own day",
        &[
            Sell("3", "2026-03-08"),
            Close("3", "2026-03-08", "1: 1"),
            Sell("3", "2026-03-08"),
            Close(
                "",
                "2026-03-08",
                "day_open: Register 3 has movements of 2026-03-08 that are not closed: close shift 2 of its \
                 2026-03-08 first.",
            ),
            Shift("3", "2026-03-08", 2, "2: 2, 1"),
            Close("", "2026-03-08", "1: 2"),
        ],
    ),
    (
        "a register that is closed further has late movements: the store need not wait for its next day",
        &[
            Sell("3", "2026-03-08"),
            Close("3", "2026-03-08", "1: 1"),
            Close("3", "2026-03-09", "2: 0"),
            Sell("3", "2026-03-08"),
            Close("", "2026-03-08", "1: 1"),
            Close(
                "",
                "2026-03-09",
                "day_open: Register 3 has movements of 2026-03-08 that are not closed: close shift 2 of its \
                 2026-03-09 first.",
            ),
            Shift("3", "2026-03-09", 2, "3: 2, 1"),
            Close("", "2026-03-09", "2: 1"),
        ],
    ),
    (
        "no day of the store's registers is passed over by the store",
        &[
            Sell("3", "2026-03-08"),
            Close("3", "2026-03-08", "1: 1"),
            Sell("3", "2026-03-09"),
            Close("3", "2026-03-09", "2: 1"),
            Close(
                "",
                "2026-03-09",
                "day_open: Store 0042 has movements of 2026-03-08, which is not closed: close 2026-03-08 first.",
            ),
            Close("", "2026-03-08", "1: 1"),
            Close("", "2026-03-09", "2: 1"),
        ],
    ),
    ("a store that did nothing has its day, too", &[Close("", "2026-03-09", "1: 0")]),
];

#[test]
fn days_and_shifts_are_closed_in_order_and_none_is_passed_over() {
    for (what, acts) in RULES_OF_DAYS {
        let mut counter = Counter::open(RULES, vec![]);
        for act in *acts {
            match act {
                Sell(register, on) => drop(sold(&mut counter, register, on)),
                Close(register, on, expected) | Shift(register, on, _, expected) => {
                    let named = if let Shift(_, _, named, _) = act { Some(*named) } else { None };
                    let told = match close(&mut counter, register, on, named) {
                        Ok(DayEnd { number, shift, sums, .. }) => match named {
                            None => format!("{number}: {}", sums.total().movements),
                            Some(_) => format!("{number}: {shift}, {}", sums.total().movements),
                        },
                        Err(Refusal::DayEnd { code, detail }) => format!("{code}: {detail}"),
                        Err(Refusal::Invalid(faults)) => {
                            format!("{}: {}", faults[0].code, faults[0].detail)
                        }
                        Err(other) => panic!("{what}: {other:?}"),
                    };
                    assert_eq!(told, *expected, "{what}: {register} {on}");
                }
            }
        }
    }
}

#[test]
fn a_day_end_counts_the_drawer_and_goes_on_with_the_totals() {
    let mut counter = Counter::open(RULES, vec![]);
    let first = sold(&mut counter, "7", "2026-03-10");
    let paid_by_card =
        with(sale(vec![line(1, 1, 2_500)], vec![tender(1, CreditCard, 2_500, 0)]), |sale| {
            (sale.register, sale.business_date, sale.receipt) =
                ("7".into(), day("2026-03-10"), "R-card".into());
            sale.sold_at = noon("2026-03-10");
        });
    sell(&mut counter, paid_by_card);
    let back = counter
        .record(with(draft(vec![units(1, 1)]), |d| d.sale = Some(SaleRef::Id(first))))
        .unwrap();
    let command = |on: &str, opening, counted| CloseDay {
        store: "0042".into(),
        register: Some("7".into()),
        business_date: day(on),
        shift: None,
        opening_cash: Some(Minor(opening)),
        counted_cash: Some(Minor(counted)),
    };
    counter.caller = caller("2001", Role::Supervisor);
    let one = closed(&mut counter, command("2026-03-10", 10_000, 9_990)).unwrap();
    assert_eq!(
        (one.expected_cash(), one.difference(), one.operator.as_str()),
        (Minor(10_000), Some(Minor(-10)), "2001")
    );
    assert_eq!((one.from_seq, one.seq, one.sums.total().movements), (1, 4, 3));
    assert_eq!(
        (one.perpetual.sales, one.perpetual.returns, one.perpetual.net()),
        (Minor(3_500), Minor(1_000), Minor(2_500))
    );
    let told = counter.state.changes.entries.last().unwrap();
    assert_eq!(
        (told.event.as_str(), told.subject_id.clone()),
        ("day_end.closed", Some(one.id.to_string()))
    );

    // The next day the return is taken back: the totals only grow, and the net is right.
    counter.now = noon("2026-03-11");
    void(&mut counter, &back);
    let two = closed(&mut counter, command("2026-03-11", 9_990, 10_990)).unwrap();
    assert_eq!((two.from_seq, two.seq, two.difference()), (5, 6, Some(Minor(0))));
    assert_eq!(two.sums.total().amounts.of(Account::Cash), Minor(1_000));
    let totals = two.perpetual;
    assert_eq!(
        (totals.sales, totals.returns, totals.voided_returns),
        (Minor(3_500), Minor(1_000), Minor(1_000))
    );
    assert_eq!((totals.voided_sales, totals.net()), (Minor(0), Minor(3_500)));
}

/// A refused attempt is in the log; a store that is none of the caller's is no store.
#[test]
fn a_refused_day_end_is_told_to_the_log() {
    let mut counter = Counter::open(RULES, vec![]);
    close(&mut counter, "3", "2026-03-11", None).unwrap_err();
    let told = counter.state.changes.entries.last().unwrap();
    assert_eq!((told.event.as_str(), told.store.as_str()), ("day_end.refused", "0042"));
    counter.caller.stores = returndesk::domain::caller::Stores::Listed(vec!["0043".into()]);
    assert_eq!(close(&mut counter, "3", "2026-03-09", None).unwrap_err().code(), "unknown_store");
}
