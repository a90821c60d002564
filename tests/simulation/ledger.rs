//! The model's books: what came back of each line and went back to each tender, by plain fractions.

use crate::charges::Charge;
use crate::terms::Exchange;
use returndesk::domain::book::Parts;
use returndesk::domain::sale::Tender;
use returndesk::domain::sale::{LineKind, Sale};
use returndesk::domain::tender::TenderType;
use uuid::Uuid;

/// An amount that is given back in parts: the net, a tax, or a share of a discount of the sale
/// (told, never paid).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    pub value: i64,
    pub given: i64,
    /// Kept back until the rest of a promotion comes back, too.
    pub withheld: i64,
    /// Given to nobody: a lower price was asked.
    pub forgone: i64,
    /// Whether it is paid beside the net.
    pub paid: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    /// The day it was bought, counted from 1970: goods taken in exchange were bought then.
    pub bought: i64,
    /// The day of the first sale of a chain of exchanges.
    pub first_bought: i64,
    /// Whether it was sold, and not given back.
    pub goods: bool,
    pub sold: i64,
    pub returned: i64,
    pub final_sale: bool,
    /// Net, taxes, shares of discounts.
    pub portions: Vec<Portion>,
    pub taxes: usize,
    /// The codes of its taxes.
    pub codes: Vec<String>,
    pub repriced: bool,
    /// The last price adjustment or void: units returned and amounts spent by then.
    pub since: (i64, Vec<i64>),
    pub serials: Vec<String>,
    pub serials_back: Vec<String>,
    /// The place of the kit that this line is a part of.
    pub kit: Option<usize>,
    /// The gift card that it sold or loaded, and with how much.
    pub card: Option<(Uuid, i64)>,
    /// What each promotion took off, the sale's own included.
    pub off: Vec<(String, i64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    pub number: u32,
    pub kind: TenderType,
    pub paid: i64,
    /// Its part of the exact total.
    pub exact: i64,
    /// The day it was paid, and of money carried over from another sale where it was paid first.
    pub on: i64,
    pub origin: Option<(Uuid, u32)>,
    /// Of a card of the shop, what was redeemed with it for the sale.
    pub redeemed: Option<i64>,
    pub refunded: i64,
    pub rounding: i64,
    /// Of what went back, exactly, in cash; and what went into other goods instead.
    pub in_cash: i64,
    pub carried: i64,
    /// What the bank took: for the dispute that is open, with its fee, and for good.
    pub disputed: bool,
    pub in_dispute: i64,
    pub fee: i64,
    pub lost: i64,
    /// Of all disputes.
    pub fees: i64,
    /// The tender that the money came from gives nothing back.
    pub stopped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    pub lines: Vec<Line>,
    pub tenders: Vec<Paid>,
    pub charges: Vec<Charge>,
    /// Prices contain taxes.
    pub included: bool,
}

/// The nearest whole number to `a/b`, halves up.
pub fn nearest(a: i128, b: i128) -> i64 {
    let (whole, rest) = (a / b, a % b);
    i64::try_from(if rest * 2 >= b { whole + 1 } else { whole }).unwrap()
}

/// An amount by weight, a unit at a time to whoever is furthest behind its due; of equals to the
/// first.
pub fn shared(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let due: Vec<i128> =
        weights.iter().map(|weight| i128::from(*weight) * i128::from(amount)).collect();
    let mut given: Vec<i128> = due.iter().map(|due| due / total).collect();
    while given.iter().sum::<i128>() < i128::from(amount) {
        let behind =
            |place: &usize| (due[*place] - given[*place] * total, std::cmp::Reverse(*place));
        let next = (0..due.len()).max_by_key(behind).unwrap();
        given[next] += 1;
    }
    given.iter().map(|given| i64::try_from(*given).unwrap()).collect()
}

impl Line {
    /// What the customer has for `quantity` more, portion by portion.
    pub fn worth(&self, quantity: i64) -> Vec<i64> {
        let (from, had) = &self.since;
        let upto = i128::from(self.returned + quantity - from);
        let of = i128::from(self.sold - from);
        let due = |(portion, had): (&Portion, &i64)| {
            had + nearest(i128::from(portion.value - had) * upto, of) - portion.gone()
        };
        self.portions.iter().zip(had).map(due).collect()
    }

    pub fn gross(&self, worth: &[i64]) -> i64 {
        self.portions
            .iter()
            .zip(worth)
            .filter(|(portion, _)| portion.paid)
            .map(|(_, amount)| amount)
            .sum()
    }

    pub fn left(&self) -> i64 {
        self.portions
            .iter()
            .filter(|portion| portion.paid)
            .map(|portion| portion.value - portion.gone())
            .sum()
    }

    /// How money for goods that stay is shared over net and taxes, as they are left.
    pub fn parts_of_money(&self, amount: i64) -> Vec<i64> {
        let left = |portion: &Portion| portion.value - portion.gone();
        let paid: Vec<i64> =
            self.portions.iter().map(|p| if p.paid { left(p) } else { 0 }).collect();
        let mut parts = shared(amount, &paid);
        for (part, portion) in
            parts.iter_mut().zip(&self.portions).skip(1).take(self.taxes).filter(|(_, p)| !p.paid)
        {
            let of = i128::from(left(portion)) * i128::from(amount);
            *part = nearest(of, i128::from(left(&self.portions[0])));
        }
        parts
    }

    pub fn take(&mut self, quantity: i64, worth: &[i64]) {
        self.returned += quantity;
        self.portions.iter_mut().zip(worth).for_each(|(portion, amount)| portion.given += amount);
    }

    /// From here on what is left is shared by the units that are left.
    fn start_anew(&mut self) {
        self.since = (self.returned, self.portions.iter().map(Portion::gone).collect());
    }

    pub fn adjust(&mut self, worth: &[i64]) {
        self.take(0, worth);
        self.start_anew();
    }

    /// Keeps so much of what was given, portion by portion; below nothing, pays it.
    pub fn withhold(&mut self, kept: &[i64]) {
        self.repriced = true;
        for (portion, kept) in self.portions.iter_mut().zip(kept) {
            portion.given -= kept;
            portion.withheld += kept;
        }
    }

    pub fn put_back(&mut self, quantity: i64, worth: &[i64], withheld: &[i64]) {
        self.returned -= quantity;
        self.portions.iter_mut().zip(worth).for_each(|(portion, amount)| portion.given -= amount);
        self.portions
            .iter_mut()
            .zip(withheld)
            .for_each(|(portion, amount)| portion.withheld -= amount);
        if self.returned == 0 && self.portions.iter().all(|portion| portion.withheld == 0) {
            self.repriced = false;
        }
        let of_all = |portion: &Portion| {
            nearest(i128::from(portion.value) * i128::from(self.returned), i128::from(self.sold))
        };
        match self.portions.iter().all(|portion| portion.gone() == of_all(portion)) {
            true => self.since = (0, vec![0; self.portions.len()]),
            false => self.start_anew(),
        }
    }

    /// The parts of a recorded line as portions.
    pub fn portions_of(&self, parts: &Parts) -> Vec<i64> {
        let all = std::iter::once(&parts.net).chain(&parts.taxes).chain(&parts.discount_shares);
        all.map(|amount| amount.0).collect()
    }
}

impl Portion {
    /// Paid, or withheld.
    pub fn spent(&self) -> i64 {
        self.given + self.withheld
    }

    /// Paid, withheld, or let go.
    pub fn gone(&self) -> i64 {
        self.spent() + self.forgone
    }
}

impl Paid {
    /// So much goes back by these means; below nothing, it is taken back.
    pub fn give(&mut self, means: TenderType, amount: i64, rounding: i64) {
        self.refunded += amount;
        self.rounding += rounding;
        if means == TenderType::Cash {
            self.in_cash += amount - rounding;
        }
    }

    /// So much goes into other goods.
    pub fn move_over(&mut self, amount: i64, rounding: i64) {
        self.refunded += amount;
        self.rounding += rounding;
        self.carried += amount - rounding;
    }
}

impl Line {
    /// The day it counts as bought under a rule for exchanged goods, none of which were even.
    pub fn bought(&self, window: Exchange) -> i64 {
        match window {
            Exchange::InheritAll => self.first_bought,
            Exchange::Inherit | Exchange::Restart => self.bought,
        }
    }

    /// What can come back without a number: one unit stays for each number that is still out.
    pub fn without_number(&self) -> i64 {
        let out = self.serials.iter().filter(|serial| !self.serials_back.contains(serial)).count();
        (self.sold - self.returned - 1_000 * out as i64).max(0)
    }

    pub fn price(&self) -> i64 {
        self.portions.iter().filter(|portion| portion.paid).map(|portion| portion.value).sum()
    }
}

impl Books {
    /// What the customer was given on this sale so far.
    pub fn given(&self) -> i64 {
        self.tenders.iter().map(|t| t.refunded - t.rounding - t.carried + t.lost).sum()
    }

    pub fn cash(&self) -> i64 {
        self.tenders.iter().map(|tender| tender.in_cash).sum()
    }

    pub fn parts(&self, kit: usize) -> Vec<usize> {
        (0..self.lines.len()).filter(|place| self.lines[*place].kit == Some(kit)).collect()
    }

    /// A kit, its parts, and theirs.
    pub fn family(&self, kit: usize) -> Vec<usize> {
        let mut all = vec![kit];
        let mut at = 0;
        while at < all.len() {
            all.extend(self.parts(all[at]));
            at += 1;
        }
        all
    }

    /// A kit that has its price on its parts alone.
    pub fn is_bare(&self, kit: usize) -> bool {
        self.lines[kit].price() == 0 && !self.parts(kit).is_empty()
    }

    /// Such a kit of which every part is back.
    pub fn is_empty(&self, kit: usize) -> bool {
        let back = |part: usize| {
            let line = &self.lines[part];
            line.returned == line.sold || self.is_empty(part)
        };
        self.is_bare(kit) && self.parts(kit).into_iter().all(back)
    }

    /// How many of such kits are back by their parts.
    pub fn kits_back(&self, kit: usize) -> i64 {
        let sold = self.lines[kit].sold;
        let of = |part: usize| {
            let line = &self.lines[part];
            let exact =
                (i128::from(line.returned) * i128::from(sold) / i128::from(line.sold)) as i64;
            if sold % 1_000 == 0 { exact / 1_000 * 1_000 } else { exact }
        };
        let by_parts = self.parts(kit).into_iter().map(of).min().unwrap_or(0);
        by_parts.max(self.lines[kit].returned)
    }

    pub fn new(sale: &Sale) -> Books {
        let (shares, charges) = crate::sharing::paid(sale);
        // What the till says, which may differ from the clock's day.
        let day = midnight(sale.business_date);
        let lines = sale.lines.iter().zip(shares).map(|(line, share)| {
            let portion =
                |value: i64, paid: bool| Portion { value, given: 0, withheld: 0, forgone: 0, paid };
            let net = portion(share.net, true);
            let taxes = share.taxes.iter().map(|(_, amount, on_top)| portion(*amount, *on_top));
            let told = share.told.iter().map(|share| portion(*share, false));
            let mut portions: Vec<Portion> =
                std::iter::once(net).chain(taxes).chain(told).collect();
            // What the customer gave back was not sold, and is worth nothing here.
            let goods = line.kind == LineKind::Goods;
            portions.iter_mut().filter(|_| !goods).for_each(|portion| portion.value = 0);
            let names = |of: &'_ [returndesk::domain::sale::Discount]| {
                of.iter().map(|discount| discount.promotion.clone()).collect::<Vec<_>>()
            };
            let own = names(&line.discounts).into_iter().zip(share.own.iter().copied());
            let of_sale = names(&sale.discounts).into_iter().zip(share.told.iter().copied());
            let named = own.chain(of_sale.filter(|(_, share)| *share > 0));
            Line {
                number: line.line,
                // The later of the till's day and the clock's.
                bought: day.max(sale.sold_at.as_second().div_euclid(86_400)),
                first_bought: day.max(sale.sold_at.as_second().div_euclid(86_400)),
                goods,
                sold: if goods { line.quantity.0 } else { 0 },
                returned: 0,
                final_sale: line.has_flag("final_sale"),
                since: (0, vec![0; portions.len()]),
                taxes: share.taxes.len(),
                codes: share.taxes.iter().map(|(code, ..)| code.clone()).collect(),
                repriced: false,
                portions,
                serials: line.serial_numbers.clone(),
                serials_back: vec![],
                kit: line
                    .parent_line
                    .and_then(|kit| sale.lines.iter().position(|line| line.line == kit)),
                card: line.gift_card.map(|sold| {
                    let before: i64 = line.discounts.iter().map(|off| off.amount.0).sum();
                    (sold.id, sold.amount.map_or(line.net.0 + before, |amount| amount.0))
                }),
                off: named.filter_map(|(name, amount)| Some((name?, amount))).collect(),
            }
        });
        let sent = sale.tenders.iter().filter(|tender| tender.tender > 0);
        // The last cash that came in bears what the rounding added.
        let takes = |tender: &&Tender| tender.kind == TenderType::Cash && tender.amount.0 >= 0;
        let last_cash = sent.clone().rfind(takes).map(|tender| tender.tender);
        let tenders = sent.map(|tender| {
            let paid = (tender.amount.0 - tender.change.0).max(0);
            let exact =
                paid - if Some(tender.tender) == last_cash { sale.cash_rounding.0 } else { 0 };
            Paid {
                number: tender.tender,
                kind: tender.kind,
                paid,
                exact,
                on: day,
                origin: None,
                redeemed: None,
                refunded: 0,
                rounding: 0,
                in_cash: 0,
                carried: 0,
                disputed: false,
                in_dispute: 0,
                fee: 0,
                lost: 0,
                fees: 0,
                stopped: false,
            }
        });
        let in_kind = crate::mixed::in_kind(sale).map(|(kind, paid)| Paid {
            number: 0,
            kind,
            paid,
            exact: paid,
            on: day,
            origin: None,
            redeemed: None,
            refunded: 0,
            rounding: 0,
            in_cash: 0,
            carried: 0,
            disputed: false,
            in_dispute: 0,
            fee: 0,
            lost: 0,
            fees: 0,
            stopped: false,
        });
        let mut books = Books {
            lines: lines.collect(),
            tenders: tenders.chain(in_kind).collect(),
            charges: sale
                .charges
                .iter()
                .zip(charges)
                .map(|(c, paid)| Charge::new(c, paid))
                .collect(),
            included: sale.prices_include_tax,
        };
        sale.returned.iter().for_each(|before| books.came_back(before));
        books
    }

    /// What the customer has of parts of a charge.
    pub fn charge_gross(&self, number: u32, parts: &[i64]) -> i64 {
        self.charges.iter().find(|charge| charge.number == number).unwrap().gross(parts)
    }

    pub fn charge(&mut self, number: u32) -> Option<&mut Charge> {
        self.charges.iter_mut().find(|charge| charge.number == number)
    }
}

/// Days since 1970.
pub fn midnight(day: jiff::civil::Date) -> i64 {
    day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second().div_euclid(86_400)
}
