//! Deciding: a pure function of what is known, what is asked and the time (PRODUCT §5).
//!
//! Check and record are this one function; all findings are made at once, and the worst decides.

mod charge;
mod exchange;
mod fee;
mod gift_card;
mod kit;
mod line;
mod order;
mod payment;
mod promotion;
mod serial;
mod taxes;
mod versions;
mod whole;
mod without_receipt;

use super::book::{Book, Parts};
use super::caller::Role;
use super::changeover;
use super::day_end;
use super::decision::{
    Alternative, ChargeDecision, Code, Conversion, Decision, Finding, LineDecision, PolicyRef,
    Totals, Verdict,
};
use super::draft::{Approver, Draft, Grant, SaleRef};
use super::gift_cards::{self, Card};
use super::match_key::MatchKey;
use super::money::{Currency, Minor};
use super::policy::{Resolved, Version};
use super::prices::Prices;
use super::refunds::{Plan, Redeemed, Terms};
use super::refusal::{Candidate, Fault};
use super::sale::Sale;
use super::settings::{Settings, Store};
use super::words::RefundTo;
use exchange::exchanged;
use jiff::Timestamp;
use jiff::civil::Date;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub use gift_card::CardTaken;
pub use kit::kit_share;
pub use versions::decide_for_approval;

/// What a decision is made of: what was loaded, and who looks.
pub struct Case<'a> {
    pub settings: &'a Settings,
    pub books: &'a dyn Books,
    /// What goods without a receipt are worth.
    pub prices: &'a Prices,
    /// What the customer has brought back lately, newest last.
    pub history: Vec<PastReturn>,
    pub now: Timestamp,
}

/// Where the books of sales come from: the state of a batch, or a test's own.
pub trait Books {
    /// The sale a draft of this store means; a receipt without a store is looked for in the draft's
    /// own store first.
    fn find(&self, reference: &SaleRef, store: &str) -> Found;
    fn book(&self, sale: Uuid) -> Option<&Book>;

    /// A gift card that was loaded; none where cards are not looked at.
    fn card(&self, _id: Uuid) -> Option<&Card> {
        None
    }

    /// What was taken off a card for a sale; none for a card that is not ours.
    fn redeemed(&self, _card: Uuid, _sale: &Sale) -> Option<Minor> {
        None
    }
}

/// What became of looking a sale up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    One(Uuid),
    None,
    /// Several sales bear this receipt number, newest first: store, register or business date must
    /// be named.
    Several(Vec<Uuid>),
}

/// One earlier return of a customer, for velocity limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastReturn {
    pub id: Uuid,
    pub at: Timestamp,
    /// The customer named, or those of the sales.
    pub customers: Vec<MatchKey>,
    pub id_hash: Option<[u8; 32]>,
    pub amount: Minor,
    /// Of `amount`, what went back for goods without a receipt; none where all had one.
    pub without_receipt: Option<Minor>,
}

/// A decision, and the books as they would stand if it were recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub decision: Decision,
    pub books: BTreeMap<Uuid, Book>,
    /// The parts taken of each decided line, in the same order.
    pub parts: Vec<Option<Parts>>,
    /// Bought gift cards that come back.
    pub cards: Vec<CardTaken>,
    /// A rule that insists on a quote, if one does.
    pub quote_required: Option<String>,
    /// Sale and line behind the price of goods without a receipt, by their place among the lines.
    pub price_of: BTreeMap<usize, (Uuid, u32)>,
}

/// Decides a draft. Err names what is wrong with the draft itself: no decision can be made of it.
pub fn decide(case: &Case<'_>, draft: &Draft, grants: &[Grant]) -> Result<Decided, Vec<Fault>> {
    let (mut decided, others) = versions::decide_by(case, draft, grants, draft.refund_to)?;
    let verdict = decided.decision.verdict;
    let mut alternatives = Vec::new();
    if verdict != Verdict::Allowed {
        alternatives = other_means(case, draft, grants, verdict);
    }
    alternatives.extend(versions::worth_more(&decided.decision, &others, draft.refund_to));
    decided.decision.alternatives = alternatives;
    Ok(decided)
}

/// Where the money could go instead for a better answer.
fn other_means(
    case: &Case<'_>,
    draft: &Draft,
    grants: &[Grant],
    verdict: Verdict,
) -> Vec<Alternative> {
    let better = |refund_to: RefundTo| {
        let (decided, _) = versions::decide_by(case, draft, grants, refund_to).ok()?;
        let (instead, refund) = (decided.decision.verdict, decided.decision.totals.refund);
        let alternative = Alternative { refund_to, verdict: instead, refund, policy: None };
        (instead < verdict).then_some(alternative)
    };
    [RefundTo::Original, RefundTo::StoreCredit]
        .into_iter()
        .filter(|refund_to| *refund_to != draft.refund_to)
        .filter_map(better)
        .collect()
}

/// Lets each grant cover the findings it names and its approver may approve; several grants count
/// as several people.
fn approve(decision: &mut Decision, draft: &Draft, grants: &[Grant]) {
    for finding in decision.all_findings_mut().filter(|f| f.outcome == Verdict::NeedsApproval) {
        let Some(needed) = finding.approval else { continue };
        let mut people: Vec<&Approver> = Vec::new();
        for grant in grants {
            let may =
                grant.codes.contains(&finding.code) && ranks(grant.approver.rank, needed.role);
            let person = &grant.approver;
            if may
                && person.operator != draft.operator
                && !people.iter().any(|other| other.is(person))
            {
                people.push(person);
                finding.approved_by.push(grant.id);
            }
        }
    }
    decision.weigh();
}

/// Whether an approver of this rank may do what the role may.
pub fn ranks(rank: u8, role: Role) -> bool {
    role.approver_rank().is_some_and(|needed| rank >= needed)
}

/// Which of two versions counts where the better one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The better one of each line, by what is found on the line.
    EachLine,
    AtSale,
    AtReturn,
}

/// One decision in the making.
struct Deciding<'a> {
    case: &'a Case<'a>,
    choice: Choice,
    /// Set once two versions were asked.
    two_versions: Cell<bool>,
    draft: &'a Draft,
    store: &'a Store,
    currency: Currency,
    today: Date,
    books: BTreeMap<Uuid, Book>,
    lines: Vec<LineDecision>,
    parts: Vec<Option<Parts>>,
    /// Bought gift cards that come back.
    cards: Vec<CardTaken>,
    /// What the policy says of each decided line, where there is a sale to ask about.
    resolved: Vec<Option<Resolved<'a>>>,
    charges: Vec<ChargeDecision>,
    /// What the policy says of each charge.
    charge_rules: Vec<Resolved<'a>>,
    findings: Vec<Finding>,
    faults: Vec<Fault>,
    /// Sales presented by their gift receipts.
    gifts: BTreeSet<Uuid>,
    price_of: BTreeMap<usize, (Uuid, u32)>,
}

impl<'a> Deciding<'a> {
    fn new(
        case: &'a Case<'a>,
        draft: &'a Draft,
        choice: Choice,
    ) -> Result<Deciding<'a>, Vec<Fault>> {
        let Some(store) = case.settings.store(&draft.store) else {
            return Err(vec![Fault::unknown_store(&draft.store)]);
        };
        if draft.currency.is_some_and(|currency| currency != store.currency) {
            return Err(vec![Fault::currency("/currency", store.currency)]);
        }
        let today = store.day(case.now);
        if let Some(fault) = draft.business_date.and_then(|day| day_end::not_near(day, today)) {
            return Err(vec![fault]);
        }
        Ok(Deciding {
            case,
            choice,
            two_versions: Cell::new(false),
            draft,
            store,
            currency: store.currency,
            today,
            books: BTreeMap::new(),
            lines: Vec::new(),
            parts: Vec::new(),
            cards: Vec::new(),
            resolved: Vec::new(),
            charges: Vec::new(),
            charge_rules: Vec::new(),
            findings: Vec::new(),
            faults: Vec::new(),
            gifts: BTreeSet::new(),
            price_of: BTreeMap::new(),
        })
    }

    /// The decision, and whether two versions were asked.
    fn run(mut self, refund_to: RefundTo) -> Result<(Decided, bool), Vec<Fault>> {
        for index in self.in_order() {
            self.line(index);
        }
        let decided = self.lines.len();
        self.reprice();
        for index in 0..self.draft.charges.len() {
            self.charge(index);
        }
        self.known_tenders();
        self.known_refund_card();
        let goods = self.new_goods();
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let totals = self.totals();
        if totals.returned > Minor::MAX {
            return Err(vec![beyond_any_amount(self.currency)]);
        }
        let totals = totals.with_exchange(goods.as_ref().map(|goods| goods.total));
        let plan = self.plan(refund_to, totals.refund);
        self.findings.extend(plan.findings);
        self.exchange_only(&totals);
        self.own_purchase();
        let gifts: Vec<Uuid> = self.gifts.iter().copied().collect();
        self.limits(totals.refund);
        self.velocity(totals.refund);
        let quote_required = self.quote_required();
        let conversions = self.conversions();
        self.as_in_the_draft(decided);
        let mut decision = Decision {
            verdict: Verdict::Allowed,
            policy: self.policy_ref(),
            evaluated_at: self.case.now,
            currency: self.currency,
            lines: self.lines,
            charges: self.charges,
            findings: self.findings,
            exchange: goods.map(|goods| {
                Box::new(exchanged(
                    goods,
                    plan.carried,
                    self.draft,
                    &totals,
                    self.store,
                    self.today,
                ))
            }),
            totals,
            refunds: plan.refunds,
            alternatives: Vec::new(),
            gifts,
            conversions,
        };
        decision.weigh();
        let decided = Decided {
            decision,
            books: self.books,
            parts: self.parts,
            cards: self.cards,
            quote_required,
            price_of: self.price_of,
        };
        Ok((decided, self.two_versions.get()))
    }

    /// The version that governs the first line; without a line of a sale, the one in force now.
    fn policy_ref(&self) -> PolicyRef {
        let of_lines =
            self.lines.iter().map(|line| line.policy_version).find(|version| *version > 0);
        let in_force = || self.version_at(self.case.now).map_or(0, |version| version.number);
        PolicyRef { name: self.store.policy.clone(), version: of_lines.unwrap_or_else(in_force) }
    }

    /// The policy's version in force at an instant; before the first, the first.
    fn version_at(&self, at: Timestamp) -> Option<&'a Version> {
        let versions = self.case.settings.policy_of(self.store)?;
        super::policy::in_force(versions, at)
            .or_else(|| versions.iter().min_by_key(|v| v.effective_from))
    }

    /// Without a policy nothing is let through.
    fn no_policy(&mut self) {
        let detail = format!("Policy {} has no version in force yet.", self.store.policy);
        self.faults.push(Fault::invalid("/store", &detail));
    }

    /// Looks a sale up and opens its book; the finding for the cashier where there is none.
    fn open(&mut self, reference: &SaleRef, pointer: &str) -> Result<Uuid, Option<Finding>> {
        let id = match self.case.books.find(reference, &self.draft.store) {
            Found::One(id) => id,
            Found::Several(sales) => {
                self.ambiguous(reference, pointer, &sales);
                return Err(None);
            }
            Found::None => return Err(Some(receipt_not_found(reference))),
        };
        if self.books.contains_key(&id) && self.gifts.contains(&id) != reference.is_gift() {
            let detail = "One sale is named both by its receipt and by its gift receipt; return by one of them at a time.";
            self.faults.push(Fault::invalid(pointer, detail));
            return Err(None);
        }
        if reference.is_gift() {
            self.gifts.insert(id);
        }
        if !self.books.contains_key(&id) {
            let Some(book) = self.case.books.book(id) else {
                return Err(Some(receipt_not_found(reference)));
            };
            let Some(book) = self.in_store_currency(book) else {
                self.faults.push(Fault::currency(pointer, book.sale.currency));
                return Err(None);
            };
            self.books.insert(id, self.with_origins(&book));
        }
        Ok(id)
    }

    /// A balance in the store's currency: as it is, or by the law that replaced its own. None where
    /// there is no such law today.
    fn in_store_currency<'b>(&self, book: &'b Book) -> Option<Cow<'b, Book>> {
        if book.sale.currency == self.currency {
            return Some(Cow::Borrowed(book));
        }
        let by = changeover::between(book.sale.currency, self.currency, self.today)?;
        Some(Cow::Owned(book.in_new_currency(by)))
    }

    /// The balance of an opened sale before this return.
    fn before(&self, sale: Uuid) -> Option<Cow<'a, Book>> {
        self.in_store_currency(self.case.books.book(sale)?)
    }

    /// What comes back of sales in a currency that the store's has replaced, in both.
    fn conversions(&self) -> Vec<Conversion> {
        let of_sale = |(sale, book): (&Uuid, &Book)| {
            let by = book.sale.converted.as_ref()?.by;
            let as_sold =
                book.back_as_sold()?.0 - self.before(*sale)?.back_as_sold().unwrap_or_default().0;
            let lines = self.lines.iter().filter(|line| line.sale == Some(*sale));
            let charges = self.charges.iter().filter(|charge| charge.sale == *sale);
            let converted: i64 = lines.map(|line| line.gross.0).sum::<i64>()
                + charges.map(|charge| charge.refund.0).sum::<i64>();
            let (as_sold, converted) = (Minor(as_sold), Minor(converted));
            Some(Conversion { sale: *sale, by, as_sold, converted })
        };
        self.books.iter().filter_map(of_sale).collect()
    }

    /// Lists the sales that a receipt number may mean; once for all lines that name none of their
    /// own.
    fn ambiguous(&mut self, reference: &SaleRef, pointer: &str, sales: &[Uuid]) {
        let of_draft = self.draft.sale.as_ref() == Some(reference);
        let pointer = if of_draft { "/sale".to_owned() } else { format!("{pointer}/sale") };
        let books = sales.iter().filter_map(|sale| self.case.books.book(*sale));
        let candidates = books.map(|book| Candidate::of(&book.sale)).collect();
        let fault = Fault::ambiguous_receipt(pointer, candidates);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// A tender said to be unusable must be one of the sale's: a slip of the finger must not send
    /// money elsewhere.
    fn known_tenders(&mut self) {
        for (index, number) in self.draft.unavailable_tenders.iter().enumerate() {
            let known =
                self.books.values().any(|book| book.sale.payments().any(|t| t.tender == *number));
            if !known && !self.books.is_empty() {
                let detail = format!("The sale has no tender {number}.");
                self.faults.push(Fault::invalid(format!("/unavailable_tenders/{index}"), &detail));
            }
        }
    }

    /// Plans the money of each line and charge over the tenders of its sale: `out` of it goes to
    /// the customer, the rest into the new goods.
    fn plan(&mut self, refund_to: RefundTo, mut out: Minor) -> Plan {
        let mut plan = Plan::default();
        let redeemed = self.redeemed();
        let terms = Terms {
            currency: self.currency,
            refund_to,
            original_asked: self.draft.original_asked && refund_to == RefundTo::Original,
            unavailable: &self.draft.unavailable_tenders,
            today: self.today,
            cash_rounding: self.store.rounds_cash(self.today),
            gift_receipt: false,
            redeemed: &redeemed,
        };
        let mut carried = Vec::new();
        for (sale, resolved, amount) in self.amounts_by_rules() {
            if let Some(book) = self.books.get_mut(&sale) {
                let refund = amount.min(out);
                out.0 -= refund.0;
                let terms = Terms { gift_receipt: self.gifts.contains(&sale), ..terms };
                plan.add(book, refund, &resolved, &terms);
                carried.push((sale, resolved, Minor(amount.0 - refund.0)));
            }
        }
        for (sale, resolved, amount) in carried {
            let terms = Terms { gift_receipt: self.gifts.contains(&sale), ..terms };
            self.books
                .get_mut(&sale)
                .into_iter()
                .for_each(|book| plan.carry(book, amount, &resolved, &terms));
        }
        for (resolved, amount) in self.amounts_without_receipt() {
            let refund = amount.min(out);
            out.0 -= refund.0;
            plan.add_without_sale(refund, &resolved, &terms);
            plan.carry_credit(Minor(amount.0 - refund.0), &terms);
        }
        plan.in_coins(&mut self.books, terms.cash_rounding);
        if let Some(limit) = self.cash_limit() {
            let given = |sale: Uuid| self.books.get(&sale).map_or(Minor::ZERO, Book::given_back);
            plan.keep_cash_within(limit, given);
        }
        plan
    }

    /// What was redeemed for the opened sales, of each tender that is a card of ours. Money that was
    /// transferred from an earlier sale was looked at there.
    fn redeemed(&self) -> Redeemed {
        let mut redeemed = Redeemed::new();
        for book in self.books.values() {
            let mut taken: BTreeMap<Uuid, i64> = BTreeMap::new();
            for tender in &book.sale.tenders {
                let card = gift_cards::of_sales::card_of(tender);
                let Some(card) = card.filter(|_| book.sale.carried(tender.tender).is_none()) else {
                    continue;
                };
                let Some(all) = self.case.books.redeemed(card, &book.sale) else { continue };
                // Cards are kept in the currency that they were redeemed in.
                let converted = book.sale.converted.as_ref();
                let all = converted.map_or(all, |converted| converted.by.convert(all));
                let before = taken.entry(card).or_default();
                let here = Minor((all.0 - *before).clamp(0, tender.paid().0.max(0)));
                *before += here.0;
                redeemed.insert((book.sale.id, tender.tender), here);
            }
        }
        redeemed
    }

    /// What goes back, summed where one sale's lines fall under the same rules for tenders.
    fn amounts_by_rules(&self) -> Vec<(Uuid, Resolved<'a>, Minor)> {
        let mut sums: Vec<(Uuid, Resolved<'a>, Minor)> = Vec::new();
        let mut add = |sale: Uuid, resolved: Resolved<'a>, amount: Minor| match sums
            .iter_mut()
            .find(|(of, rules, _)| *of == sale && same_tender_rules(rules, &resolved))
        {
            Some((_, _, sum)) => sum.0 += amount.0,
            None => sums.push((sale, resolved, amount)),
        };
        for (line, resolved) in self.lines.iter().zip(&self.resolved) {
            if let (Some(sale), Some(resolved)) = (line.sale, resolved) {
                add(sale, *resolved, line.refund);
            }
        }
        for (charge, resolved) in self.charges.iter().zip(&self.charge_rules) {
            add(charge.sale, *resolved, charge.refund);
        }
        sums
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for line in &self.lines {
            totals.returned.0 += line.gross.0;
            totals.fees.0 += line.fee.0;
            totals.fee_taxes.0 += line.gross.0 - line.fee.0 - line.refund.0;
        }
        totals.returned.0 += self.charges.iter().map(|charge| charge.refund.0).sum::<i64>();
        totals.refund = Minor(totals.returned.0 - totals.fees.0 - totals.fee_taxes.0);
        totals
    }
}

fn same_tender_rules(a: &Resolved<'_>, b: &Resolved<'_>) -> bool {
    let cash =
        |r: &Resolved<'_>| r.cash_limit.map(|limit| (limit.value.amount, limit.value.beyond));
    a.refund_to.value == b.refund_to.value
        && a.tender_order.value == b.tender_order.value
        && a.check_clears_days.value == b.check_clears_days.value
        && cash(a) == cash(b)
}

/// Sales that hold one by one may together be more than an amount, and a card, can hold.
fn beyond_any_amount(currency: Currency) -> Fault {
    let most = Minor::MAX.format(currency);
    let detail = format!(
        "Together this is more than the {most} that one return can be of; return the sales one by one."
    );
    Fault::new("/lines", "invalid_amount", detail)
}

fn receipt_not_found(reference: &SaleRef) -> Finding {
    let detail = match reference {
        SaleRef::Gift(reference) => return receipt_not_found(reference),
        SaleRef::Id(id) => format!("No sale {id} is known."),
        SaleRef::Receipt { receipt, .. } => {
            format!(
                "No sale with receipt {receipt} is known; check the number, the store and the date."
            )
        }
    };
    Finding::refused(Code::ReceiptNotFound, "service:receipt", detail)
}
