//! The model's books: what came back of each line and went back to each tender, by plain fractions.

use returndesk::domain::book::Parts;
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType;

/// An amount that is given back in parts: the net, a tax, or a share of a discount of the sale (told, never paid).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    pub value: i64,
    pub given: i64,
    /// Whether it is paid beside the net.
    pub paid: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub sold: i64,
    pub returned: i64,
    pub final_sale: bool,
    pub portions: Vec<Portion>,
    /// The last price adjustment or void: units returned and amounts given by then.
    pub since: (i64, Vec<i64>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    pub kind: TenderType,
    pub paid: i64,
    /// Its part of the exact total.
    pub exact: i64,
    pub refunded: i64,
    pub rounding: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    pub lines: Vec<Line>,
    pub tenders: Vec<Paid>,
    /// The coin that cash is rounded to.
    pub coin: i64,
}

/// The nearest whole number to `a/b`, halves up.
fn nearest(a: i128, b: i128) -> i64 {
    let (whole, rest) = (a / b, a % b);
    i64::try_from(if rest * 2 >= b { whole + 1 } else { whole }).unwrap()
}

impl Line {
    /// What the customer has for `quantity` more, portion by portion.
    pub fn worth(&self, quantity: i64) -> Vec<i64> {
        let (from, had) = &self.since;
        let upto = i128::from(self.returned + quantity - from);
        let of = i128::from(self.sold - from);
        let due = |(portion, had): (&Portion, &i64)| {
            had + nearest(i128::from(portion.value - had) * upto, of) - portion.given
        };
        self.portions.iter().zip(had).map(due).collect()
    }

    pub fn gross(&self, worth: &[i64]) -> i64 {
        self.portions.iter().zip(worth).filter(|(portion, _)| portion.paid).map(|(_, amount)| amount).sum()
    }

    pub fn left(&self) -> i64 {
        self.portions.iter().filter(|portion| portion.paid).map(|portion| portion.value - portion.given).sum()
    }

    fn move_by(&mut self, sign: i64, quantity: i64, worth: &[i64]) {
        self.returned += sign * quantity;
        self.portions.iter_mut().zip(worth).for_each(|(portion, amount)| portion.given += sign * amount);
    }

    pub fn take(&mut self, quantity: i64, worth: &[i64]) {
        self.move_by(1, quantity, worth);
    }

    /// From here on what is left is shared by the units that are left.
    fn start_anew(&mut self) {
        self.since = (self.returned, self.portions.iter().map(|portion| portion.given).collect());
    }

    pub fn adjust(&mut self, worth: &[i64]) {
        self.move_by(1, 0, worth);
        self.start_anew();
    }

    pub fn put_back(&mut self, quantity: i64, worth: &[i64]) {
        self.move_by(-1, quantity, worth);
        let of_all =
            |portion: &Portion| nearest(i128::from(portion.value) * i128::from(self.returned), i128::from(self.sold));
        match self.portions.iter().all(|portion| portion.given == of_all(portion)) {
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

impl Books {
    pub fn new(sale: &Sale, coin: i64) -> Books {
        let off = spread(sale);
        let lines = sale.lines.iter().enumerate().map(|(place, line)| {
            let shares = || off.iter().map(|of_discount| of_discount[place]);
            let net = Portion { value: line.net.0 - shares().sum::<i64>(), given: 0, paid: true };
            let tax = |amount: i64| Portion { value: amount, given: 0, paid: !sale.prices_include_tax };
            let told = shares().map(|share| Portion { value: share, given: 0, paid: false });
            let portions: Vec<Portion> =
                std::iter::once(net).chain(line.taxes.iter().map(|t| tax(t.amount.0))).chain(told).collect();
            Line {
                number: line.line,
                sold: line.quantity.0,
                returned: 0,
                final_sale: line.has_flag("final_sale"),
                since: (0, vec![0; portions.len()]),
                portions,
            }
        });
        let last_cash = sale.tenders.iter().rposition(|tender| tender.kind == TenderType::Cash);
        let tenders = sale.tenders.iter().enumerate().map(|(place, tender)| {
            let paid = tender.amount.0 - tender.change.0;
            let exact = paid - if Some(place) == last_cash { sale.cash_rounding.0 } else { 0 };
            Paid { kind: tender.kind, paid, exact, refunded: 0, rounding: 0 }
        });
        Books { lines: lines.collect(), tenders: tenders.collect(), coin }
    }

    /// Takes an exact amount from the tenders in their order: (place, paid out, rounding) of each; none if there is not
    /// enough.
    pub fn pay(&mut self, amount: i64) -> Option<Vec<(usize, i64, i64)>> {
        let (mut left, mut paid) = (amount, Vec::new());
        for place in 0..self.tenders.len() {
            let coin = self.coin;
            let tender = &mut self.tenders[place];
            let before = tender.refunded - tender.rounding;
            let exact = left.min(tender.exact - before).max(0);
            if exact == 0 {
                continue;
            }
            let after = before + exact;
            let in_coins = if tender.kind == TenderType::Cash {
                (after + coin / 2) / coin * coin
            } else {
                tender.refunded + exact
            };
            let out = match after == tender.exact {
                true => tender.paid - tender.refunded,
                false => (in_coins - tender.refunded).max(0).min(tender.paid - tender.refunded),
            };
            tender.refunded += out;
            tender.rounding += out - exact;
            left -= exact;
            paid.push((place, out, out - exact));
        }
        (left == 0).then_some(paid)
    }
}

/// Of each discount of the sale each line's share: a unit at a time to whoever is furthest behind its due.
fn spread(sale: &Sale) -> Vec<Vec<i64>> {
    let mut off = vec![0_i64; sale.lines.len()];
    let mut all = Vec::new();
    for discount in &sale.discounts {
        let weights: Vec<i128> = sale.lines.iter().zip(&off).map(|(line, off)| i128::from(line.net.0 - off)).collect();
        let total: i128 = weights.iter().sum();
        if total == 0 {
            all.push(vec![0; off.len()]);
            continue;
        }
        let due: Vec<i128> = weights.iter().map(|weight| weight * i128::from(discount.amount.0)).collect();
        let mut given: Vec<i128> = due.iter().map(|due| due / total).collect();
        while given.iter().sum::<i128>() < i128::from(discount.amount.0) {
            let behind = |place: &usize| (due[*place] - given[*place] * total, std::cmp::Reverse(*place));
            let next = (0..due.len()).max_by_key(behind).unwrap();
            given[next] += 1;
        }
        let given: Vec<i64> = given.iter().map(|given| i64::try_from(*given).unwrap()).collect();
        off.iter_mut().zip(&given).for_each(|(off, given)| *off += given);
        all.push(given);
    }
    all
}
