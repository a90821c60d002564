//! What came back of a sale before the service knew it.

use super::NewSale;
use super::read::instant;
use crate::domain::sale::{CameBack, ReturnedBefore as Before};
use crate::wire::quantity::WireQuantity;
use crate::wire::reading::{Reading, Sign};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One earlier return: units of lines in `lines`, or only an `amount` of the whole sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"at": "2026-03-02T10:00:00-05:00", "lines": [{"line": 1, "quantity": "1"}],
    "tenders": [{"tender": 1, "amount": "12.25"}]}))]
pub struct ReturnedBefore {
    /// When it came back, RFC 3339 with the store's offset; not before the sale.
    #[schema(format = "date-time", example = "2026-03-02T10:00:00-05:00")]
    pub at: String,
    /// The units that came back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub lines: Vec<ReturnedLine>,
    /// What was paid back, taxes included, where the units are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "12.25")]
    pub amount: Option<String>,
    /// What went back to each tender. Left out where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub tenders: Vec<ReturnedTender>,
}

/// Units of one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnedLine {
    /// The line's number in this sale.
    #[schema(minimum = 1, example = 1)]
    pub line: u32,
    pub quantity: WireQuantity,
}

/// Money that went back to one tender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnedTender {
    /// The tender's number in this sale.
    #[schema(minimum = 1, example = 1)]
    pub tender: u32,
    #[schema(format = "amount", example = "12.25")]
    pub amount: String,
}

impl ReturnedBefore {
    /// The domain's form, none if something of it is at fault. Spells amounts in their one way.
    pub(super) fn in_domain(&mut self, index: usize, reading: &mut Reading) -> Option<Before> {
        let at = format!("/returned/{index}");
        self.at.make_ascii_uppercase();
        let time = instant(&self.at);
        if time.is_none() {
            let detail = "Say when with an offset, like \"2026-03-02T10:00:00-05:00\".";
            reading.invalid(format_args!("{at}/at"), detail);
        }
        let amount =
            reading.optional_amount(format_args!("{at}/amount"), &mut self.amount, Sign::Positive);
        let what = match (amount, self.lines.is_empty()) {
            (None, false) => {
                let units = self.lines.iter().map(|line| (line.line, line.quantity.0));
                Some(CameBack::Units(units.collect()))
            }
            (Some(amount), true) => Some(CameBack::Money(amount)),
            _ => {
                let detail = "Send what came back in `lines`, or, where only the money is known, in `amount`.";
                reading.invalid(format_args!("{at}"), detail);
                None
            }
        };
        let mut tenders = Vec::with_capacity(self.tenders.len());
        for (place, tender) in self.tenders.iter_mut().enumerate() {
            let pointer = format_args!("{at}/tenders/{place}/amount");
            let amount = reading.amount(pointer, &mut tender.amount, Sign::Positive);
            tenders.push((tender.tender, amount));
        }
        Some(Before { at: time?, what: what?, tenders })
    }
}

impl NewSale {
    /// Nothing comes back before the day of its sale, or later than now.
    pub(super) fn check_returned(
        &self,
        now: Timestamp,
        future: SignedDuration,
        reading: &mut Reading,
    ) {
        let local = |text: &str| text.get(..10).and_then(|date| date.parse::<Date>().ok());
        let days = [local(&self.sold_at), self.business_date.parse().ok()];
        let Some(sold_on) = days.into_iter().flatten().min() else { return };
        for (index, before) in self.returned.iter().enumerate() {
            if local(&before.at).is_some_and(|day| day < sold_on) {
                let detail =
                    format!("This came back before the sale of {sold_on}. Correct the date.");
                reading.invalid(format_args!("/returned/{index}/at"), detail);
            }
            let time = before.at.parse::<Timestamp>().ok();
            if now.checked_add(future).is_ok_and(|latest| time.is_some_and(|time| time > latest)) {
                let detail = "This came back in the future. Correct the date.";
                reading.fault(format_args!("/returned/{index}/at"), "time_in_future", detail);
            }
        }
    }
}
