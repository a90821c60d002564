//! From a return's body to the domain's draft.

use super::{Exchange, OnApprovalNeeded, ReturnCharge, ReturnLine, ReturnRequest, SaleReference};
use crate::domain::draft::{Asked, Draft, DraftCharge, DraftLine, SaleRef, TaxesAsked};
use crate::domain::entry::hex;
use crate::domain::match_key::document_number;
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::refusal::Fault;
use crate::domain::words::{Reason, RefundTo};
use crate::wire::reading::{Reading, Sign, filled};
use crate::wire::texts::Label;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::fmt::Arguments;

/// A return's body, read: what is asked for, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadReturn {
    pub draft: Draft,
    /// Override tokens, as sent.
    pub approvals: Vec<String>,
    /// The quote token, as sent.
    pub quote: Option<String>,
    pub expected_refund: Option<Minor>,
    /// SHA-256 over the body but for approvals, quote, expected refund, how new goods are paid, and
    /// what to do where an approval is missing: the same for a check and the record that follows
    /// it. The identity document enters as its hash.
    pub digest: [u8; 32],
}

impl ReturnRequest {
    /// The draft and what came with it; or every fault of the body. `currency_of_store` is none
    /// where the store is not known here. `hash_id` makes the keyed hash of an identity document's
    /// number.
    pub fn read(
        mut self,
        currency_of_store: Option<Currency>,
        operator: &str,
        hash_id: &dyn Fn(&str) -> [u8; 32],
    ) -> Result<ReadReturn, Vec<Fault>> {
        let currency = self.currency.as_deref().map_or(currency_of_store, Currency::parse);
        let mut reading = Reading::new(currency);
        self.check_head(currency, currency_of_store, &mut reading);
        let expected = &mut self.expected_refund;
        let expected_refund =
            reading.optional_amount(format_args!("/expected_refund"), expected, Sign::NotNegative);
        let customer = self.customer.as_ref();
        let shown = customer.and_then(|who| who.identification.as_deref());
        let id_hash = shown
            .and_then(|number| identity_number(number, &mut reading))
            .map(|number| hash_id(&number));
        let draft = Draft {
            store: self.store.clone(),
            register: self.register.clone(),
            operator: operator.to_owned(),
            sale: self
                .sale
                .as_ref()
                .and_then(|sale| sale.to_domain(format_args!("/sale"), &mut reading)),
            lines: self.lines(&mut reading),
            charges: self
                .charges
                .iter_mut()
                .enumerate()
                .map(|(i, charge)| charge.in_domain(i, &mut reading))
                .collect(),
            customer: self.customer.as_ref().and_then(|who| who.id.clone()),
            id_hash,
            refund_to: self.refund_to.as_ref().map_or(RefundTo::Original, |to| to.0),
            original_asked: self.refund_to.as_ref().is_some_and(|to| to.0 == RefundTo::Original),
            refund_card: self.refund_card.map(|id| id.0),
            unavailable_tenders: self.unavailable_tenders.clone(),
            currency,
            business_date: self
                .business_date
                .as_deref()
                .and_then(|day| reading.date(format_args!("/business_date"), day)),
            training: self.training,
            exchange: self
                .exchange
                .as_mut()
                .and_then(|exchange| exchange.in_domain(currency, &mut reading)),
        };
        self.not_in_this_version(&mut reading);
        reading.amounts_add_up_safely(format_args!(""));
        let draft = reading.finish(draft)?;
        let approvals =
            std::mem::take(&mut self.approvals).into_iter().map(|token| token.0).collect();
        let quote = filled(self.quote.take());
        Ok(ReadReturn { digest: self.digest(id_hash), draft, approvals, quote, expected_refund })
    }

    fn check_head(
        &self,
        currency: Option<Currency>,
        of_store: Option<Currency>,
        reading: &mut Reading,
    ) {
        reading.store(format_args!("/store"), &self.store);
        if of_store.is_none() {
            reading.extend([Fault::unknown_store(&self.store)]);
        }
        if let (Some(sent), Some(of_store)) = (&self.currency, of_store)
            && currency != Some(of_store)
        {
            let known = currency.map(|_| Fault::currency("/currency", of_store));
            let unknown =
                || Fault::invalid("/currency", &format!("{sent:?} is not a currency of ISO 4217."));
            reading.extend([known.unwrap_or_else(unknown)]);
        }
        if self.lines.is_empty() && self.charges.is_empty() {
            reading.invalid(format_args!("/lines"), "Nothing comes back: name a line or a charge.");
        }
    }

    fn lines(&mut self, reading: &mut Reading) -> Vec<DraftLine> {
        let has_sale = self.sale.is_some();
        let read =
            |(index, line): (usize, &mut ReturnLine)| line.in_domain(index, has_sale, reading);
        self.lines.iter_mut().enumerate().filter_map(read).collect()
    }

    /// What the contract has and this version does not record.
    fn not_in_this_version(&self, reading: &mut Reading) {
        if self.on_approval_needed == OnApprovalNeeded::Request {
            let detail = "Approvals from elsewhere are not asked for by this version: let the approver sign at the register.";
            reading.invalid(format_args!("/on_approval_needed"), detail);
        }
    }

    fn digest(mut self, id_hash: Option<[u8; 32]>) -> [u8; 32] {
        self.expected_refund = None;
        self.on_approval_needed = OnApprovalNeeded::Refuse;
        self.exchange = self.exchange.and_then(Exchange::quoted);
        if let Some(customer) = &mut self.customer {
            customer.identification = id_hash.map(|hash| hex(&hash));
        }
        let mut canonical = serde_json::to_value(self).unwrap_or_default();
        canonical.sort_all_objects();
        Sha256::digest(canonical.to_string()).into()
    }
}

/// The number of a document as it is counted by.
fn identity_number(text: &str, reading: &mut Reading) -> Option<String> {
    let number = document_number(text);
    if number.is_empty() {
        let detail =
            "Enter the number of the identity document: it has neither a letter nor a digit.";
        reading.invalid(format_args!("/customer/identification"), detail);
    }
    (!number.is_empty()).then_some(number)
}

impl SaleReference {
    /// The domain's reference, none if it is at fault.
    pub fn to_domain(&self, at: Arguments<'_>, reading: &mut Reading) -> Option<SaleRef> {
        let business_date = match &self.business_date {
            Some(text) => Some(reading.date(format_args!("{at}/business_date"), text)?),
            None => None,
        };
        if let Some(store) = &self.store {
            reading.store(format_args!("{at}/store"), store);
        }
        let named = self.named(at, business_date, reading)?;
        Some(if self.gift_receipt { SaleRef::Gift(Box::new(named)) } else { named })
    }

    fn named(
        &self,
        at: Arguments<'_>,
        business_date: Option<Date>,
        reading: &mut Reading,
    ) -> Option<SaleRef> {
        match (self.id, &self.receipt) {
            (Some(id), None)
                if self.store.is_none() && self.register.is_none() && business_date.is_none() =>
            {
                Some(SaleRef::Id(id.0))
            }
            (None, Some(receipt)) => {
                let (store, register) = (self.store.clone(), self.register.clone());
                Some(SaleRef::Receipt { receipt: receipt.clone(), store, register, business_date })
            }
            (Some(_), _) => {
                reading.invalid(at, "Name the sale by its id alone, or by its receipt.");
                None
            }
            (None, None) => {
                reading.invalid(at, "Name the sale by `id` or by `receipt`.");
                None
            }
        }
    }
}

impl ReturnCharge {
    fn in_domain(&mut self, index: usize, reading: &mut Reading) -> DraftCharge {
        let sale = self.sale.as_ref();
        let sale =
            sale.and_then(|sale| sale.to_domain(format_args!("/charges/{index}/sale"), reading));
        let at = format_args!("/charges/{index}/amount");
        let amount = reading.optional_amount(at, &mut self.amount, Sign::Positive);
        DraftCharge { sale, charge: self.charge, amount }
    }
}

impl ReturnLine {
    /// The draft line, none if its reason is at fault.
    fn in_domain(
        &mut self,
        index: usize,
        return_has_sale: bool,
        reading: &mut Reading,
    ) -> Option<DraftLine> {
        self.check_goods(index, return_has_sale, reading);
        let sale = self.sale.as_ref();
        let reason = self.reason(index, reading);
        Some(DraftLine {
            sale: sale
                .and_then(|sale| sale.to_domain(format_args!("/lines/{index}/sale"), reading)),
            sale_line: self.sale_line,
            sku: self.sku.clone(),
            unit_price: reading
                .unit_price(format_args!("/lines/{index}/unit_price"), &mut self.unit_price),
            asked: self.asked(index, reading),
            condition: self.condition.0,
            disposition: self.disposition.map(|word| word.0),
            serial_number: filled(self.serial_number.clone()),
            note: filled(self.note.clone()),
            reason: reason?,
        })
    }

    fn reason(&self, index: usize, reading: &mut Reading) -> Option<Reason> {
        let reason = Reason::parse(&self.reason);
        if reason.is_none() {
            let detail = "A reason is written in a-z, 0-9 and _, a letter first, up to 40.";
            reading.invalid(format_args!("/lines/{index}/reason"), detail);
        }
        reason
    }

    /// Each line says what it is: a line of a sale, or an article.
    fn check_goods(&self, index: usize, return_has_sale: bool, reading: &mut Reading) {
        let has_sale = return_has_sale || self.sale.is_some();
        if self.sale_line.is_none() && self.sku.is_none() {
            let detail = "Name the line of the sale in `sale_line`, or, without a receipt, the article in `sku`.";
            reading.fault(format_args!("/lines/{index}/sale_line"), "missing_field", detail);
        }
        if self.sale_line.is_some() && !has_sale {
            let detail =
                "A line of a sale is named, but no sale: say in `sale` which receipt it is on.";
            reading.fault(format_args!("/lines/{index}/sale"), "missing_field", detail);
        }
        if self.sale_line.is_none() && self.amount.is_some() {
            let detail =
                "Money back while the goods stay needs the line of the sale in `sale_line`.";
            reading.invalid(format_args!("/lines/{index}/amount"), detail);
        }
        if self.sale_line.is_none() && self.tax_only.is_some() {
            let detail = "Tax back while the goods stay needs the line of the sale in `sale_line`.";
            reading.invalid(format_args!("/lines/{index}/tax_only"), detail);
        }
    }

    /// The taxes that go back while the goods stay.
    fn taxes(&self, taxes: &[Label], index: usize, reading: &mut Reading) -> Asked {
        let codes: Vec<String> = taxes.iter().map(|label| label.0.clone()).collect();
        for (at, code) in codes.iter().enumerate() {
            if codes[..at].contains(code) {
                let detail = format!("The tax {code} is there twice.");
                reading.invalid(format_args!("/lines/{index}/tax_only/{at}"), detail);
            }
        }
        for (member, sent) in
            [("amount", self.amount.is_some()), ("unit_price", self.unit_price.is_some())]
        {
            if sent {
                let detail =
                    format!("With `tax_only` the taxes alone go back. Leave `{member}` out.");
                reading.invalid(format_args!("/lines/{index}/{member}"), detail);
            }
        }
        if filled(self.serial_number.clone()).is_some() {
            let detail = "No unit comes back with `tax_only`. Leave `serial_number` out.";
            reading.invalid(format_args!("/lines/{index}/serial_number"), detail);
        }
        Asked::Taxes(TaxesAsked { codes, units: self.quantity.map(|quantity| quantity.0) })
    }

    fn asked(&mut self, index: usize, reading: &mut Reading) -> Asked {
        let amount = reading.optional_amount(
            format_args!("/lines/{index}/amount"),
            &mut self.amount,
            Sign::Positive,
        );
        if let Some(taxes) = &self.tax_only {
            return self.taxes(taxes, index, reading);
        }
        match (self.quantity, amount) {
            (Some(quantity), None) => Asked::Units(quantity.0),
            (None, Some(amount)) => Asked::Money(amount),
            (Some(quantity), Some(_)) => {
                let detail = "Send `quantity` for goods that come back or `amount` for money while they stay, not both.";
                reading.invalid(format_args!("/lines/{index}/amount"), detail);
                Asked::Units(quantity.0)
            }
            (None, None) => {
                let detail = "State in `quantity` how many units come back, in `amount` how much money, or in `tax_only` which taxes.";
                reading.fault(format_args!("/lines/{index}/quantity"), "missing_field", detail);
                Asked::Units(Quantity::ONE)
            }
        }
    }
}
