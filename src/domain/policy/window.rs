//! Windows: calendar days in the store's zone, the last one included. Only dates are counted, never
//! hours, so that leap days are days like others and days of 23 or 25 hours are one day.

use jiff::Span;
use jiff::civil::Date;

use super::settings::{Consequence, Window, WindowFrom};
use crate::domain::caller::Role;

/// Where a day stands with a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowState {
    /// `closes` is the last day on which the goods are taken.
    Open { closes: Date },
    /// Past `closes`, yet this role may approve, until `refused_after` if there is such a day.
    NeedsApproval { closes: Date, role: Role, refused_after: Option<Date> },
    /// Past `closes`, and nobody may approve.
    Closed { closes: Date },
}

/// The last day on which the goods are taken without approval.
///
/// Counted from the day of sale, or from the day of delivery where the window says so and one is
/// known (goods handed over at once were delivered as they were sold). With an extension, the later
/// of the two dates.
pub fn window_close(
    sold: Date,
    delivered: Option<Date>,
    window: &Window,
    extension: Option<Date>,
) -> Date {
    let closes = later_by(start(sold, delivered, window), window.days);
    extension.map_or(closes, |until| until.max(closes))
}

/// Whether the goods are taken on `today`, and if not, who could still approve.
/// An extension also keeps approval possible up to its last day.
pub fn window_state(
    today: Date,
    sold: Date,
    delivered: Option<Date>,
    window: &Window,
    extension: Option<Date>,
) -> WindowState {
    let closes = window_close(sold, delivered, window, extension);
    if today <= closes {
        return WindowState::Open { closes };
    }
    let refused_after = window
        .refuse_after_days
        .map(|days| later_by(start(sold, delivered, window), days).max(closes));
    match window.after {
        Consequence::NeedsApproval(role) if refused_after.is_none_or(|last| today <= last) => {
            WindowState::NeedsApproval { closes, role, refused_after }
        }
        _ => WindowState::Closed { closes },
    }
}

/// Whole calendar days from one date to another; negative when `to` is earlier.
pub fn days_since(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

fn start(sold: Date, delivered: Option<Date>, window: &Window) -> Date {
    match window.from {
        WindowFrom::Sale => sold,
        WindowFrom::Delivery => delivered.unwrap_or(sold),
    }
}

/// Saturates at the end of the calendar, year 9999.
fn later_by(date: Date, days: u32) -> Date {
    Span::new().try_days(days).map_or(Date::MAX, |span| date.saturating_add(span))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days(days: u32) -> Window {
        Window { days, from: WindowFrom::Sale, after: Consequence::Refuse, refuse_after_days: None }
    }

    #[test]
    fn the_last_day_is_included() {
        let window = days(30);
        let closes = date(2026, 3, 31);
        let on = |today| window_state(today, date(2026, 3, 1), None, &window, None);
        assert_eq!(on(date(2026, 3, 31)), WindowState::Open { closes });
        assert_eq!(on(date(2026, 4, 1)), WindowState::Closed { closes });
    }

    #[test]
    fn closing_days_across_leap_days_clock_changes_and_years() {
        let table = [
            // Leap day inside, and none inside.
            (date(2024, 2, 15), 14, date(2024, 2, 29)),
            (date(2024, 2, 15), 15, date(2024, 3, 1)),
            (date(2025, 2, 15), 14, date(2025, 3, 1)),
            // Bought on the leap day, a year later.
            (date(2024, 2, 29), 365, date(2025, 2, 28)),
            (date(2024, 2, 29), 366, date(2025, 3, 1)),
            // A century that is no leap year.
            (date(2100, 2, 28), 1, date(2100, 3, 1)),
            // Clocks change in New York on 2026-03-08 and 2026-11-01, in Europe on 2026-03-29 and
            // 2026-10-25.
            (date(2026, 3, 7), 1, date(2026, 3, 8)),
            (date(2026, 3, 8), 1, date(2026, 3, 9)),
            (date(2026, 10, 18), 14, date(2026, 11, 1)),
            (date(2026, 3, 28), 2, date(2026, 3, 30)),
            // Same day only, and over the year's end.
            (date(2026, 6, 1), 0, date(2026, 6, 1)),
            (date(2026, 12, 20), 30, date(2027, 1, 19)),
            (date(9999, 12, 30), 30, date(9999, 12, 31)),
            (date(2026, 1, 1), u32::MAX, Date::MAX),
        ];
        for (sold, window, closes) in table {
            assert_eq!(window_close(sold, None, &days(window), None), closes, "{sold} + {window}");
        }
    }

    #[test]
    fn a_day_of_23_hours_is_one_day_in_the_stores_zone() {
        // 23:30 on the eve of the change and 00:30 two days on: 24 hours apart, two calendar days.
        let local = |text: &str| {
            let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
            text.parse::<jiff::Timestamp>().unwrap().to_zoned(zone).date()
        };
        let sold = local("2026-03-07T23:30:00-05:00");
        let back = local("2026-03-09T00:30:00-04:00");
        assert_eq!(days_since(sold, back), 2);
        let closes = date(2026, 3, 8);
        assert_eq!(window_state(back, sold, None, &days(1), None), WindowState::Closed { closes });
    }

    #[test]
    fn an_extension_never_shortens() {
        let (sold, until) = (date(2026, 12, 1), date(2027, 1, 31));
        assert_eq!(window_close(sold, None, &days(30), Some(until)), until);
        assert_eq!(window_close(sold, None, &days(90), Some(until)), date(2027, 3, 1));
    }

    #[test]
    fn delivery_starts_the_window_where_it_is_known() {
        let window = Window { from: WindowFrom::Delivery, ..days(14) };
        assert_eq!(
            window_close(date(2026, 5, 1), Some(date(2026, 5, 9)), &window, None),
            date(2026, 5, 23)
        );
        assert_eq!(window_close(date(2026, 5, 1), None, &window, None), date(2026, 5, 15));
        assert_eq!(
            window_close(date(2026, 5, 1), Some(date(2026, 5, 9)), &days(14), None),
            date(2026, 5, 15)
        );
    }

    #[test]
    fn approval_helps_until_the_second_limit() {
        let window = Window {
            after: Consequence::NeedsApproval(Role::Manager),
            refuse_after_days: Some(60),
            ..days(15)
        };
        let sold = date(2026, 3, 1);
        let (closes, last) = (date(2026, 3, 16), date(2026, 4, 30));
        let asks =
            WindowState::NeedsApproval { closes, role: Role::Manager, refused_after: Some(last) };
        let on = |today, extension| window_state(today, sold, None, &window, extension);
        assert_eq!(on(date(2026, 3, 17), None), asks);
        assert_eq!(on(last, None), asks);
        assert_eq!(on(date(2026, 5, 1), None), WindowState::Closed { closes });
        let until = date(2026, 6, 1);
        assert_eq!(on(until, Some(until)), WindowState::Open { closes: until });
        assert_eq!(on(date(2026, 6, 2), Some(until)), WindowState::Closed { closes: until });
    }

    #[test]
    fn days_are_counted_both_ways() {
        assert_eq!(days_since(date(2026, 3, 1), date(2026, 4, 11)), 41);
        assert_eq!(days_since(date(2026, 3, 2), date(2026, 3, 1)), -1);
    }
}
