//! Promotions of which only a part comes back: refused, or priced anew (PRODUCT §4).

use super::super::allocate::largest_remainder;
use super::super::book::{Book, Parts};
use super::super::decision::{Code, Finding, LineDecision};
use super::super::draft::{Asked, DraftLine};
use super::super::money::Minor;
use super::super::policy::{PromotionTreatment, Resolved};
use super::super::promotion::{self, Group};
use super::super::quantity::Quantity;
use super::super::sale::Sale;
use super::super::words::Reason;
use super::fee::{Before, Step};
use super::line::Taken;
use super::{Deciding, Found};
use std::sync::Arc;
use uuid::Uuid;

impl Deciding<'_> {
    /// Items of one promotion come back together or not at all, where the policy says so.
    pub(super) fn broken_promotion(
        &self,
        resolved: &Resolved<'_>,
        sale: &Sale,
        place: usize,
    ) -> Option<Finding> {
        if *resolved.promotion.value != PromotionTreatment::Refuse {
            return None;
        }
        let book = self.case.books.book(sale.id)?;
        let group =
            promotion::groups(book).into_iter().find(|group| group.places.contains(&place))?;
        let kept = group.places.iter().any(|&place| !self.all_comes_back(book, place));
        kept.then(|| {
            let detail = format!(
                "Bought under promotion {}: all of its items come back together, or none.",
                group.name()
            );
            Finding::refused(Code::NotReturnable, resolved.promotion.rule, detail)
        })
    }

    /// Whether nothing of a line is kept: it is back, or asked for, or the kit that it is a part of
    /// is.
    fn all_comes_back(&self, book: &Book, place: usize) -> bool {
        let (line, state) = (&book.sale.lines[place], &book.lines[place]);
        let of_sale = |asked: &DraftLine| {
            let reference = asked.sale.as_ref().or(self.draft.sale.as_ref());
            reference.is_some_and(|r| {
                self.case.books.find(r, &self.draft.store) == Found::One(book.sale.id)
            })
        };
        let units = |asked: &DraftLine| match &asked.asked {
            Asked::Units(units) if asked.sale_line == Some(line.line) && of_sale(asked) => units.0,
            _ => 0,
        };
        let asked: i64 = self.draft.lines.iter().map(units).sum();
        let kit =
            || line.parent_line.and_then(|kit| book.position(kit)).filter(|kit| *kit != place);
        state.returnable().0 <= asked || kit().is_some_and(|kit| self.all_comes_back(book, kit))
    }

    /// Prices what is kept of promotions as if it had been bought alone, where the policy says so:
    /// of what comes back now something is withheld, or what earlier returns withheld is paid.
    pub(super) fn reprice(&mut self) {
        let sales: Vec<Uuid> = self.books.keys().copied().collect();
        for sale in sales {
            let groups = self.books.get(&sale).map(promotion::groups).unwrap_or_default();
            groups.iter().for_each(|group| self.reprice_group(sale, group));
        }
    }

    fn reprice_group(&mut self, sale: Uuid, group: &Group) {
        let back: Vec<usize> =
            (0..self.lines.len()).filter(|&i| self.units_came_back(i, sale, group)).collect();
        let repriced: Vec<usize> = back.iter().copied().filter(|&i| self.is_repriced(i)).collect();
        let Some(book) = self.books.get_mut(&sale) else { return };
        let withheld = group.withheld(book);
        let Some(&last) = back.last().filter(|_| !repriced.is_empty() || !withheld.is_zero())
        else {
            return;
        };
        let change = group.to_withhold(book).0 - withheld.0;
        if change < 0 {
            return self.release(last, sale, group, Minor(-change));
        }
        let worth: Vec<Minor> = repriced.iter().map(|&i| self.lines[i].net).collect();
        let most: i64 = worth.iter().map(|net| net.0).sum();
        let shares = largest_remainder(Minor(change.min(most)), &worth);
        for (&line, share) in repriced.iter().zip(shares) {
            self.withhold(line, sale, share, group);
        }
    }

    fn units_came_back(&self, line: usize, sale: Uuid, group: &Group) -> bool {
        let decided = &self.lines[line];
        decided.sale == Some(sale)
            && decided.quantity > Quantity::ZERO
            && self.place_of(decided).is_some_and(|place| group.places.contains(&place))
    }

    fn place_of(&self, decided: &LineDecision) -> Option<usize> {
        self.books.get(&decided.sale?)?.position(decided.sale_line?)
    }

    /// Whether something may be withheld on a line: never on what is defective, for which the shop
    /// breaks the promotion, nor on what is exchanged evenly, which keeps the price paid.
    fn is_repriced(&self, line: usize) -> bool {
        self.lines[line].reason.as_str() != Reason::DEFECTIVE
            && !self.evenly(self.lines[line].index)
            && self.resolved[line]
                .is_some_and(|resolved| *resolved.promotion.value == PromotionTreatment::Reprice)
    }

    /// Withholds `net` of what comes back on one line, and takes the fee of the rest anew.
    fn withhold(&mut self, line: usize, sale: Uuid, net: Minor, group: &Group) {
        let Some(place) = self.place_of(&self.lines[line]) else { return };
        let (Some(book), Some(parts)) = (self.books.get_mut(&sale), self.parts[line].clone())
        else {
            return;
        };
        let parts = book.lines[place].withhold(&parts, net);
        let decided = &mut self.lines[line];
        (decided.net, decided.gross, decided.withheld) = (parts.net, parts.gross, net);
        decided.taxes = book.lines[place].with_codes(&parts.taxes);
        if let (true, Some(resolved)) = (net.is_positive(), &self.resolved[line]) {
            let detail = format!(
                "Bought under promotion {}, of which items are kept: {} of their discount is withheld until they come \
                 back too.",
                group.name(),
                net.format(self.currency)
            );
            decided.findings.push(Finding::noted(
                Code::PromotionRepriced,
                resolved.promotion.rule,
                detail,
            ));
        }
        self.parts[line] = Some(parts);
        self.fee_anew(line, sale, place);
    }

    /// The fee of a line whose worth has changed, and of those of the same sale line after it.
    fn fee_anew(&mut self, from: usize, sale: Uuid, place: usize) {
        let Some(original) = self.before(sale) else { return };
        let known = Arc::clone(&original.sale);
        let mut before = Before::of(&original.lines[place]);
        for line in 0..self.lines.len() {
            let decided = &self.lines[line];
            if decided.sale != Some(sale) || decided.sale_line != Some(known.lines[place].line) {
                continue;
            }
            let (quantity, Some(parts), Some(resolved)) =
                (decided.quantity, &self.parts[line], &self.resolved[line])
            else {
                continue;
            };
            if line >= from {
                let asked = &self.draft.lines[decided.index];
                let of = &original.lines[place];
                let step =
                    Step { sale: &known, place, line: of, before: before.clone(), quantity, parts };
                let kept = if self.evenly(decided.index) {
                    None
                } else {
                    self.fee(resolved, asked, &step)
                };
                let refund = parts.gross.0 - kept.as_ref().map_or(0, |kept| kept.in_all(of));
                let decided = &mut self.lines[line];
                decided.findings.retain(|finding| finding.code != Code::FeeApplied);
                decided.refund = Minor(refund);
                decided.fee = kept.as_ref().map_or(Minor::ZERO, |kept| kept.fee);
                decided.fee_taxes =
                    kept.as_ref().map_or(Vec::new(), |kept| of.with_codes(&kept.taxes));
                decided.findings.extend(kept.map(|kept| kept.told));
            }
            before.add(quantity, parts);
        }
    }

    /// Pays what earlier returns withheld and now need not, on the lines that withheld it, each in
    /// proportion.
    fn release(&mut self, trigger: usize, sale: Uuid, group: &Group, net: Minor) {
        let index = self.lines[trigger].index;
        let Some(book) = self.books.get_mut(&sale) else { return };
        let known = Arc::clone(&book.sale);
        let withheld: Vec<Minor> =
            group.places.iter().map(|&place| book.lines[place].net_withheld()).collect();
        let shares = largest_remainder(net, &withheld);
        for (&place, share) in
            group.places.iter().zip(shares).filter(|(_, share)| share.is_positive())
        {
            let Some(book) = self.books.get_mut(&sale) else { return };
            let before = book.lines[place].clone();
            let parts = book.lines[place].release(share);
            let detail = format!(
                "{} of promotion {} was withheld when this line came back, and is paid now.",
                share.format(self.currency),
                group.name()
            );
            self.enter_release(
                index,
                sale,
                &known,
                Taken {
                    place,
                    before,
                    quantity: Quantity::ZERO,
                    parts: Some(parts),
                    findings: vec![],
                    serial: None,
                },
                detail,
            );
        }
    }

    /// The line itself was judged when it came back; only the fee for what is paid now is taken, as
    /// of what comes back now.
    fn enter_release(
        &mut self,
        index: usize,
        sale: Uuid,
        known: &Arc<Sale>,
        taken: Taken,
        detail: String,
    ) {
        let parts: Parts = taken.parts.clone().unwrap_or_default();
        let Some(mut judged) = self.governing_judgement(index, known, &taken, &parts) else {
            return;
        };
        judged.findings.retain(|finding| finding.code == Code::FeeApplied);
        let rule = judged.resolved.promotion.rule;
        judged.findings.push(Finding::noted(Code::PromotionRepriced, rule, detail));
        self.enter(index, sale, known, taken, judged);
    }
}
