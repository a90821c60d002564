//! New goods for what comes back: what they come to, what of it the goods that come back pay, and
//! what is left to pay.

use super::super::book::Book;
use super::super::decision::{Code, Finding, LineDecision, Totals, Verdict};
use super::super::draft::{Asked, Draft, DraftLine, ExchangeDraft, ExchangeLine};
use super::super::exchanges::Exchanged;
use super::super::money::Minor;
use super::super::policy::{ExchangeWindow, Outcome, Resolved, Version};
use super::super::quantity::Quantity;
use super::super::refunds::Carry;
use super::super::refusal::Fault;
use super::super::sale::{Discount, Sale, SaleLine, Scope, Sum, Tax};
use super::super::settings::Store;
use super::super::tie::{Even, Since, Tie};
use super::Deciding;
use super::payment;
use jiff::civil::Date;
use std::sync::Arc;
use uuid::Uuid;

/// What an even exchange's line says where the price paid is no whole number of minor units for
/// each unit.
const PRICE_KEPT: &str = "Price paid kept";

/// The channel of a sale that was made at the counter.
const COUNTER: &str = "store";

impl<'a> Deciding<'a> {
    /// The new goods as a sale that nobody has paid for yet. Asks the lines that come back, so
    /// those are decided first.
    pub(super) fn new_goods(&mut self) -> Option<Sale> {
        let asked = self.draft.exchange.as_ref()?;
        let first = self.returned_sales().next().cloned();
        // Whoever holds a gift receipt is not the giver.
        let buyer = first.as_deref().filter(|sale| !self.gifts.contains(&sale.id));
        let includes = || first.as_ref().is_some_and(|sale| sale.prices_include_tax);
        let prices_include_tax = asked.prices_include_tax.unwrap_or_else(includes);
        let lines = (asked.lines.iter().enumerate())
            .map(|(place, line)| match line.exchanged_for {
                None => line.line.clone(),
                Some(of) => self.even_line(place, of, line, prices_include_tax),
            })
            .collect();
        let mut sale = Sale {
            id: Uuid::nil(),
            store: self.draft.store.clone(),
            register: self.draft.register.clone(),
            receipt: asked.receipt.clone().unwrap_or_default(),
            business_date: self.draft.business_date.unwrap_or(self.today),
            sold_at: self.case.now,
            sold_at_as_sent: self.case.now.to_string(),
            operator: Some(self.draft.operator.clone()),
            channel: COUNTER.to_owned(),
            currency: self.currency,
            customer: self.draft.customer.clone().or_else(|| buyer?.customer.clone()),
            customer_class: buyer.and_then(|sale| sale.customer_class.clone()),
            prices_include_tax,
            lines,
            discounts: asked.discounts.clone(),
            taxes: asked.taxes.clone(),
            charges: asked.charges.clone(),
            tenders: asked.tenders.clone(),
            cash_rounding: Minor::ZERO,
            total: Minor::ZERO,
            returned: Vec::new(),
            external_id: None,
            converted: None,
            exchange_of: Some(self.tie(asked)),
            shares_promotions: true,
        };
        sale.total = sale.parts_total();
        let told = sale.misfits().into_iter().filter(|misfit| misfit.sum != Sum::Tenders);
        self.faults.extend(told.map(|misfit| misfit.fault(&sale, "/exchange")));
        if !asked.discounts.is_empty()
            && asked.lines.iter().any(|line| line.exchanged_for.is_some())
        {
            let detail = "A discount of all would change the price of goods exchanged evenly; give it to the other lines.";
            self.faults.push(Fault::invalid("/exchange/discounts", detail));
        }
        for (index, tax) in asked.taxes.iter().enumerate() {
            let even = |(line, asked): (&SaleLine, &ExchangeLine)| {
                asked.exchanged_for.is_some() && tax.of.has_line(line.line)
            };
            if sale.lines.iter().zip(&asked.lines).any(even) {
                let detail = "Goods exchanged evenly keep the tax that was paid. Name the other lines of this tax.";
                self.faults.push(Fault::invalid(format!("/exchange/taxes/{index}/lines"), detail));
            }
        }
        Some(sale)
    }

    /// A line that stands for a returned one: net and taxes are what is given back for that, kit
    /// and all.
    fn even_line(
        &mut self,
        place: usize,
        of: usize,
        asked: &ExchangeLine,
        prices_include_tax: bool,
    ) -> SaleLine {
        let pointer = |member: &str| format!("/exchange/lines/{place}/{member}");
        let fault = |detail: &str| Fault::invalid(pointer("exchanged_for"), detail);
        let lines = self.draft.exchange.iter().flat_map(|exchange| &exchange.lines);
        if lines.filter(|line| line.exchanged_for == Some(of)).count() > 1 {
            self.faults.push(fault("Each line that comes back is exchanged for one line."));
        }
        match self.draft.lines.get(of).map(|line| &line.asked) {
            None => self.faults.push(fault("No such line comes back; lines are counted from 0.")),
            Some(Asked::Money(_) | Asked::Taxes(_)) => {
                self.faults.push(fault("Of that line only money comes back, no goods."))
            }
            Some(Asked::Units(units)) if *units != asked.line.quantity => {
                let detail = format!("Exchanged evenly, as much is taken as comes back: {units}.");
                self.faults.push(Fault::invalid(pointer("quantity"), &detail));
            }
            Some(Asked::Units(_)) => {}
        }
        if self.lines.iter().any(|line| line.index == of && line.forgone.is_positive()) {
            let detail = "An even exchange keeps the price paid. Leave `unit_price` out.";
            self.faults.push(Fault::invalid(format!("/lines/{of}/unit_price"), detail));
        }
        let kept = self.price_paid(of, asked.line.quantity, prices_include_tax);
        let same_taxes = |a: &[Tax], b: &[Tax]| {
            a.iter().map(|t| (&t.code, t.amount)).eq(b.iter().map(|t| (&t.code, t.amount)))
        };
        if !asked.priced {
            return SaleLine {
                unit_price: Some(kept.unit_price.into()),
                amount: None,
                discounts: kept.discounts,
                net: kept.net,
                taxes: kept.taxes,
                ..asked.line.clone()
            };
        }
        if asked.line.net != kept.net || !same_taxes(&asked.line.taxes, &kept.taxes) {
            let taxes: Vec<String> = kept
                .taxes
                .iter()
                .map(|tax| format!("{} {}", tax.code, tax.amount.format(self.currency)))
                .collect();
            let detail = format!(
                "Exchanged evenly, the price paid stays: a net of {}, taxes {}. Leave the amounts out, or send these.",
                kept.net.format(self.currency),
                if taxes.is_empty() { "none".to_owned() } else { taxes.join(", ") }
            );
            self.faults.push(Fault::new(pointer("net"), "does_not_add_up", detail));
        }
        asked.line.clone()
    }

    /// What was paid for what comes back with line `of`, as the amounts of one line.
    fn price_paid(&self, of: usize, quantity: Quantity, prices_include_tax: bool) -> Kept {
        let mut kept = Kept::default();
        // What an earlier return withheld and this one pays is no goods of this line.
        for line in
            self.lines.iter().filter(|line| line.index == of && line.quantity > Quantity::ZERO)
        {
            let book = line.sale.and_then(|sale| self.books.get(&sale));
            let sold = book
                .zip(line.sale_line)
                .and_then(|(book, number)| book.position(number).map(|place| &book.lines[place]));
            kept.net.0 += line.net.0;
            for (tax, (code, amount)) in sold.iter().flat_map(|s| s.taxes()).zip(&line.taxes) {
                kept.net.0 += match (tax.is_contained(), prices_include_tax) {
                    (true, false) => -amount.0,
                    (false, true) => amount.0,
                    _ => 0,
                };
                match kept.taxes.iter_mut().find(|tax| tax.code == *code) {
                    Some(tax) => tax.amount.0 += amount.0,
                    None => kept.taxes.push(Tax { amount: *amount, included: None, ..tax.clone() }),
                }
            }
        }
        kept.price(quantity);
        kept
    }

    fn tie(&self, asked: &ExchangeDraft) -> Tie {
        let all = ExchangeWindow::InheritAll;
        let of_lines =
            self.lines.iter().filter_map(|line| self.since(line, all)).max_by_key(counted_from);
        let of_sale = |sale: &Arc<Sale>| Some(self.bought(sale, sale.lines.first()?.line, all));
        let since = of_lines.or_else(|| self.returned_sales().find_map(of_sale));
        let first_sale = self.returned_sales().find_map(|sale| sale.first_sale());
        let today = Since { bought_on: self.today, delivered_on: None };
        let even = asked.lines.iter().filter_map(|line| {
            let returned =
                self.lines.iter().find(|returned| Some(returned.index) == line.exchanged_for)?;
            let since = self.since(returned, ExchangeWindow::Inherit)?;
            Some(Even { line: line.line.line, since })
        });
        Tie {
            the_return: Uuid::nil(),
            return_number: String::new(),
            first_sale,
            since: since.unwrap_or(today),
            even: even.collect(),
            exchange_only: self.exchange_only_lines(asked),
            carried: Vec::new(),
        }
    }

    /// The new lines that are taken for goods that can only be exchanged: an even one for its own
    /// counterpart, the others if any such goods are not exchanged evenly.
    fn exchange_only_lines(&self, asked: &ExchangeDraft) -> Vec<u32> {
        let only = |findings: &[Finding]| findings.iter().any(|f| f.code == Code::ExchangeOnly);
        let restricted = |line: &&LineDecision| only(&line.findings);
        let evenly = |of: usize| self.lines.iter().filter(restricted).any(|line| line.index == of);
        let otherwise = self.lines.iter().filter(restricted).any(|line| !self.evenly(line.index))
            || self.charges.iter().any(|charge| only(&charge.findings));
        let lines = asked.lines.iter();
        let taken = lines.filter(|line| line.exchanged_for.map_or(otherwise, evenly));
        taken.map(|line| line.line.line).collect()
    }

    /// The sales that lines, then charges, come back of, in the order of the draft.
    fn returned_sales(&self) -> impl Iterator<Item = &Arc<Sale>> {
        let of_lines = self.lines.iter().filter_map(|line| line.sale);
        let all = of_lines.chain(self.charges.iter().map(|charge| charge.sale));
        all.filter_map(|sale| self.books.get(&sale)).map(|book| &book.sale)
    }

    fn since(&self, returned: &LineDecision, window: ExchangeWindow) -> Option<Since> {
        let sale = &self.books.get(&returned.sale?)?.sale;
        Some(self.bought(sale, returned.sale_line?, window))
    }

    /// Since when a line counts as bought: never before the calendar day of its sale in the zone
    /// of the store that sold it, whatever trading day the register was on.
    pub(super) fn bought(&self, sale: &Sale, line: u32, window: ExchangeWindow) -> Since {
        let day = self.case.settings.store(&sale.store).map(|store| store.day(sale.sold_at));
        let own_day = day.map_or(sale.business_date, |day| day.max(sale.business_date));
        sale.bought_by(line, window, own_day)
    }

    /// Whether a line that comes back is exchanged evenly: no fee is kept then, so that the price
    /// paid stays.
    pub(super) fn evenly(&self, index: usize) -> bool {
        self.draft
            .exchange
            .iter()
            .flat_map(|exchange| &exchange.lines)
            .any(|line| line.exchanged_for == Some(index))
    }

    /// What may only be exchanged is, if no money goes out for it.
    pub(super) fn exchange_only(&mut self, totals: &Totals) {
        if self.draft.exchange.is_none() {
            return;
        }
        let refund = totals.refund.format(self.currency);
        let of_lines = self.lines.iter_mut().flat_map(|line| &mut line.findings);
        let findings =
            of_lines.chain(self.charges.iter_mut().flat_map(|charge| &mut charge.findings));
        for finding in
            findings.filter(|f| f.code == Code::ExchangeOnly && f.outcome == Verdict::Refused)
        {
            if totals.refund == Minor::ZERO {
                finding.outcome = Verdict::Allowed;
                "This item can be exchanged, but not refunded; nothing is paid out."
                    .clone_into(&mut finding.detail);
            } else {
                finding.detail = format!(
                    "This item can be exchanged, but not refunded, and {refund} would be paid out; take goods for that, too."
                );
            }
        }
    }

    /// What the policy says of a line of a sale, and since when that counts as bought. Of goods of
    /// an exchange the policy says itself from which day; they are asked about with that day.
    pub(super) fn resolve_line(
        &self,
        version: &'a Version,
        sale: &Sale,
        place: usize,
        asked: Option<&DraftLine>,
    ) -> (Resolved<'a>, Since) {
        let number = sale.lines[place].line;
        let since = self.bought(sale, number, ExchangeWindow::Inherit);
        let resolved = self.resolve(version, Some((sale, place, since)), asked);
        let window = *resolved.exchange_window.value;
        if sale.exchange_of.is_none() || window == ExchangeWindow::Inherit {
            return (resolved, since);
        }
        let since = self.bought(sale, number, window);
        (self.resolve(version, Some((sale, place, since)), asked), since)
    }

    /// Goods that were taken for something that could only be exchanged can only be exchanged as
    /// well, or two exchanges would turn it into money. A statutory rule that lets them back
    /// stands above that.
    pub(super) fn taken_for_exchange_only(
        &self,
        version: &Version,
        resolved: &Resolved<'_>,
        sale: &Sale,
        place: usize,
    ) -> Option<Finding> {
        let rule = version.policy.policy().rules.iter().find(|r| r.id == resolved.outcome.rule);
        let by_law = rule.is_some_and(|rule| rule.statutory);
        let lets_back =
            matches!(resolved.outcome.value, Outcome::Allow | Outcome::NeedsApproval(_));
        let restricted = sale.is_exchange_only(sale.lines[place].line);
        (restricted && lets_back && !by_law).then(|| {
            let detail =
                "This item was taken for one that can be exchanged, but not refunded. The same holds for it.";
            Finding::refused(Code::ExchangeOnly, "service:exchange-only", detail.to_owned())
        })
    }

    /// A book as it is opened: whether the bank disputes what was carried into it is known where it
    /// was first paid.
    pub(super) fn with_origins(&self, book: &Book) -> Book {
        let mut opened = book.clone();
        for (tender, state) in book.sale.tenders.iter().zip(&mut opened.tenders) {
            let origin = book.sale.carried(tender.tender).and_then(|carried| carried.origin);
            let Some((sale, number)) = origin else { continue };
            let Some(first) = self.case.books.book(sale) else { continue };
            let place = first.sale.tenders.iter().position(|tender| tender.tender == number);
            state.origin_charged_back =
                place.is_some_and(|place| first.tenders[place].keeps_back_what_was_carried());
        }
        opened
    }

    /// What was voided is no longer sold.
    pub(super) fn voided(&self, book: &Book) -> Option<Finding> {
        let on = self.store.day(book.voided_at?);
        let with = if book.sale.exchange_of.is_some() { " with the exchange it is of" } else { "" };
        let detail = format!(
            "Receipt {} was voided on {on}{with}; nothing of it can come back.",
            book.sale.receipt
        );
        Some(Finding::refused(Code::NotReturnable, "service:voided", detail))
    }
}

/// The amounts of a line that keeps the price paid.
#[derive(Default)]
struct Kept {
    unit_price: Minor,
    discounts: Vec<Discount>,
    net: Minor,
    taxes: Vec<Tax>,
}

impl Kept {
    /// A price for each unit, rounded up; what that is too much comes off as a discount.
    fn price(&mut self, quantity: Quantity) {
        let units = i128::from(quantity.0.max(1));
        let each = (i128::from(self.net.0) * 1_000 + units - 1) / units;
        self.unit_price = Minor(i64::try_from(each).unwrap_or(i64::MAX));
        let too_much = super::super::allocate::half_up(each * units, 1_000) - self.net.0;
        if too_much > 0 {
            let description = Some(PRICE_KEPT.to_owned());
            self.discounts = vec![Discount {
                amount: Minor(too_much),
                promotion: None,
                description,
                of: Scope::default(),
            }];
        }
    }
}

/// The day a window from delivery is counted from.
fn counted_from(since: &Since) -> (Date, Date) {
    (since.delivered_on.unwrap_or(since.bought_on), since.bought_on)
}

/// The new goods with what pays for them.
pub(super) fn exchanged(
    goods: Sale,
    carried: Vec<Carry>,
    draft: &Draft,
    totals: &Totals,
    store: &Store,
    today: Date,
) -> Exchanged {
    let mut sale = goods;
    let law = store.rounds_cash(today);
    let paid = draft
        .exchange
        .as_ref()
        .map_or(Ok(Minor::ZERO), |asked| payment::rounding(asked, totals.due, law, sale.currency));
    let (rounding, unpaid) = match paid {
        Ok(rounding) => (rounding, None),
        Err(fault) => (Minor::ZERO, Some(fault)),
    };
    let highest = sale.tenders.iter().map(|tender| tender.tender).max().unwrap_or(0);
    let numbered = || carried.iter().zip(highest + 1..);
    let moved: Vec<_> = numbered().map(|(carry, number)| carry.tender(number)).collect();
    // What was paid first stands first.
    sale.tenders.splice(0..0, moved);
    if let Some(tie) = &mut sale.exchange_of {
        tie.carried = numbered().map(|(carry, number)| carry.carried(number)).collect();
    }
    sale.cash_rounding =
        Minor(rounding.0 + carried.iter().map(|carry| carry.rounding.0).sum::<i64>());
    let exchanged_for =
        draft.exchange.iter().flat_map(|exchange| &exchange.lines).map(|line| line.exchanged_for);
    Exchanged { exchanged_for: exchanged_for.collect(), sale, carried, unpaid }
}
