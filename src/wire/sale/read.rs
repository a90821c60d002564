//! From a sale's body, or its document, to the domain's sale.

use super::NewSale;
use super::parts::{receipt_discounts, receipt_taxes, tenders};
use crate::domain::money::Currency;
use crate::domain::refusal::Fault;
use crate::domain::sale::{LineKind, Sale};
use crate::domain::sales::RecordSale;
use crate::wire::reading::{Reading, Sign};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use uuid::Uuid;

/// 1990-01-01T00:00:00Z: no register kept its sales before.
const EARLIEST: Timestamp = Timestamp::constant(631_152_000, 0);

impl NewSale {
    /// The sale, its document and the document's digest; or every fault of the body. `future` is
    /// how far the register's clock may be ahead of `now`.
    pub fn read(
        mut self,
        now: Timestamp,
        future: SignedDuration,
    ) -> Result<RecordSale, Vec<Fault>> {
        let currency = Currency::parse(&self.currency);
        let mut reading = Reading::new(currency);
        let sale = self.in_domain(&mut reading);
        self.check_head(now, future, &mut reading);
        self.check_deliveries(&mut reading);
        self.check_lines(&mut reading);
        self.check_scopes(&mut reading);
        self.check_ties(&mut reading);
        self.check_returned(now, future, &mut reading);
        reading.numbers("tenders", "tender", self.tenders.iter().map(|tender| tender.tender));
        reading.numbers("charges", "charge", self.charges.iter().map(|charge| charge.charge));
        let safe = reading.amounts_add_up_safely(format_args!("/total"));
        if let (Some(sale), true) = (&sale, safe) {
            reading.extend(sale.misfits().into_iter().map(|misfit| misfit.fault(sale, "")));
            reading.extend(sale.unfit_returns());
        }
        let sale = reading.finish(sale)?.ok_or_else(|| vec![unknown_currency()])?;
        let document = self.document();
        let digest = Sha256::digest(&document).into();
        Ok(RecordSale { sale, document, digest })
    }

    /// Canonical only after reading, which spells amounts and times in one way.
    fn document(&self) -> String {
        serde_json::to_value(self).map(sorted).unwrap_or_default().to_string()
    }

    fn check_head(&self, now: Timestamp, future: SignedDuration, reading: &mut Reading) {
        reading.store(format_args!("/store"), &self.store);
        if Currency::parse(&self.currency).is_none() {
            reading.extend([unknown_currency()]);
        }
        let Some(sold_at) = self.sold_at.parse::<Timestamp>().ok() else {
            return;
        };
        if now.checked_add(future).is_ok_and(|latest| sold_at > latest) {
            let detail =
                format!("The sale lies in the future: it is {now} here. Set the register's clock.");
            reading.fault(format_args!("/sold_at"), "time_in_future", detail);
        }
        if sold_at < EARLIEST {
            let detail = "Sales before 1990 are not taken. Set the register's clock.";
            reading.invalid(format_args!("/sold_at"), detail);
        }
    }

    /// Nothing is delivered before it is sold. The trading day of a sale may be the day before.
    fn check_deliveries(&self, reading: &mut Reading) {
        let local = self.sold_at.get(..10).and_then(|date| date.parse::<Date>().ok());
        let sold = [local, self.business_date.parse().ok()].into_iter().flatten().min();
        for (index, line) in self.lines.iter().enumerate() {
            let delivered = line.delivered_on.as_deref().and_then(|on| on.parse::<Date>().ok());
            if let (Some(sold), Some(delivered)) = (sold, delivered)
                && delivered < sold
            {
                let detail = format!(
                    "The line was delivered on {delivered}, before the sale of {sold}. Correct the date."
                );
                reading.invalid(format_args!("/lines/{index}/delivered_on"), detail);
            }
        }
    }

    fn check_lines(&self, reading: &mut Reading) {
        reading.numbers("lines", "line", self.lines.iter().map(|line| line.line));
        let mut earlier = HashSet::new();
        for (index, line) in self.lines.iter().enumerate() {
            if let Some(parent) = line.parent_line.filter(|parent| !earlier.contains(parent)) {
                let detail = format!("Line {parent} is not an earlier line of this sale.");
                reading.invalid(format_args!("/lines/{index}/parent_line"), detail);
            }
            if line.kind.0 == LineKind::Goods {
                earlier.insert(line.line);
            }
            line.check_priced(index, reading);
            line.check(index, reading);
        }
    }

    /// Only the service ties sales together.
    fn check_ties(&self, reading: &mut Reading) {
        if self.exchange_of.is_some() {
            reading.fault(format_args!("/exchange_of"), "unknown_field", super::tie::NOT_SENT);
        }
        super::tie::not_carried("/tenders", &self.tenders, reading);
    }

    /// The domain's form, none if times, dates or the currency cannot be read. Spells amounts in
    /// their one way.
    fn in_domain(&mut self, reading: &mut Reading) -> Option<Sale> {
        let business_date = reading.date(format_args!("/business_date"), &self.business_date);
        self.sold_at.make_ascii_uppercase();
        let sold_at = instant(&self.sold_at);
        if sold_at.is_none() {
            reading.invalid(
                format_args!("/sold_at"),
                "Say when with an offset, like \"2026-03-01T14:05:09-05:00\".",
            );
        }
        let lines = self
            .lines
            .iter_mut()
            .enumerate()
            .map(|(index, line)| line.in_domain(index, reading))
            .collect();
        let discounts = receipt_discounts(format_args!("/discounts"), &mut self.discounts, reading);
        let taxes = receipt_taxes(&mut self.taxes, reading);
        let charges = self
            .charges
            .iter_mut()
            .enumerate()
            .map(|(i, charge)| charge.in_domain(i, reading))
            .collect();
        let tenders = tenders("/tenders", &mut self.tenders, Sign::Any, reading);
        let cash_rounding =
            reading.amount(format_args!("/cash_rounding"), &mut self.cash_rounding, Sign::Any);
        let returned = self
            .returned
            .iter_mut()
            .enumerate()
            .filter_map(|(index, before)| before.in_domain(index, reading))
            .collect();
        let total = reading.amount(format_args!("/total"), &mut self.total, Sign::Any);
        let sale = Sale {
            id: Uuid::nil(),
            store: self.store.clone(),
            register: self.register.clone(),
            receipt: self.receipt.clone(),
            business_date: business_date?,
            sold_at: sold_at?,
            sold_at_as_sent: self.sold_at.clone(),
            operator: self.operator.clone(),
            channel: self.channel.clone(),
            currency: Currency::parse(&self.currency)?,
            customer: self.customer.clone(),
            customer_class: self.customer_class.clone(),
            prices_include_tax: self.prices_include_tax,
            lines,
            discounts,
            taxes,
            charges,
            tenders,
            cash_rounding,
            total,
            exchange_of: self.tie(reading),
            shares_promotions: true,
            returned,
            external_id: self.external_id.clone(),
            converted: None,
        };
        Some(sale.with_payment_in_kind())
    }
}

/// Reads a sale back from its document, whose sums were checked when it came in; the error is for
/// the service's log. If its promotions are shared stands beside the document.
pub fn read_document(document: &str, id: Uuid) -> Result<Sale, String> {
    let mut body: NewSale = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let mut reading = Reading::new(Currency::parse(&body.currency));
    let sale = body.in_domain(&mut reading);
    let described = |faults: Vec<Fault>| {
        faults.iter().map(|f| format!("{}: {}", f.pointer, f.detail)).collect::<Vec<_>>()
    };
    let sale = reading.finish(sale).map_err(|faults| described(faults).join(" "))?;
    sale.map(|sale| Sale { id, ..sale }).ok_or_else(|| unknown_currency().detail)
}

/// An instant in whole microseconds; what is finer is cut off.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let exact: Timestamp = text.parse().ok()?;
    Timestamp::from_microsecond(exact.as_microsecond()).ok()
}

fn unknown_currency() -> Fault {
    Fault::invalid("/currency", "The currency must be a code of ISO 4217, like USD.")
}

/// Keys in order of code points, however the map keeps them.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    let mut value = value;
    value.sort_all_objects();
    value
}
