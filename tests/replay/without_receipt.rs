//! The credit lines that no purchase was found for, brought back without a receipt under a policy
//! that takes them: each at the lowest price in the file, which is worked out here from the sales
//! alone.

use crate::counter::{draft, draft_line};
use crate::instances::{Instances, OPEN_POLICY, key, told};
use crate::oracle::MatchStatus;
use crate::shop::{Credit, Shop};
use returndesk::desk::Reply;
use returndesk::domain::draft::DraftLine;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::RecordReturn;
use returndesk::domain::tender::TenderType;
use std::collections::HashMap;

/// Registers that work side by side.
const REGISTERS: usize = 24;

/// By status: how many were paid, how many had no price, and pence.
pub type Paid = HashMap<MatchStatus, (usize, usize, i64)>;

pub fn replay(desks: &Instances<'_>, shop: &Shop) -> Paid {
    let bare = r#"[{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 36500},
        "refund_to": {"*": ["store_credit"]}}},"#;
    desks.publish("open", "GBP", &OPEN_POLICY.replacen('[', bare, 1));
    let lowest = lowest_prices(shop);
    let unmatched = |credit: &&Credit| {
        use MatchStatus::*;
        matches!(
            credit.first().match_status,
            NoPriorPurchaseOfItemKnownCustomer | NoPriorPurchaseAtAll | NoCustomerId
        )
    };
    let credits: Vec<&Credit> = shop.credits.iter().filter(unmatched).collect();
    let mut paid = Paid::new();
    std::thread::scope(|scope| {
        let serve = |credits: &[&Credit]| -> Vec<(MatchStatus, Option<i64>)> {
            credits
                .iter()
                .map(|credit| (credit.first().match_status, take_back(desks, credit, &lowest)))
                .collect()
        };
        let shares = credits.chunks(credits.len().div_ceil(REGISTERS));
        let threads: Vec<_> = shares.map(|share| scope.spawn(move || serve(share))).collect();
        for (status, refund) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            let (count, unknown, pence) = paid.entry(status).or_default();
            match refund {
                Some(refund) => (*count, *pence) = (*count + 1, *pence + refund),
                None => *unknown += 1,
            }
        }
    });
    desks.prove();
    paid
}

/// The least that a unit of each article went for, as pence for so many units.
fn lowest_prices(shop: &Shop) -> HashMap<&str, (i64, i64)> {
    let mut lowest: HashMap<&str, (i64, i64)> = HashMap::new();
    for line in shop.sales().flat_map(|sale| &sale.lines).filter(|line| line.net.0 > 0) {
        assert!(line.taxes.is_empty() && line.discounts.is_empty(), "the file knows prices alone");
        let price = (line.net.0, line.quantity.0 / 1_000);
        let known = lowest.entry(line.sku.as_deref().unwrap()).or_insert(price);
        if i128::from(price.0) * i128::from(known.1) < i128::from(known.0) * i128::from(price.1) {
            *known = price;
        }
    }
    lowest
}

/// What went back, held against the oracle; none where the article was never sold.
fn take_back(
    desks: &Instances<'_>,
    credit: &Credit,
    lowest: &HashMap<&str, (i64, i64)>,
) -> Option<i64> {
    let of = credit.first();
    let line = DraftLine {
        sale_line: None,
        sku: Some(of.stock_code.clone()),
        ..draft_line(of.return_qty)
    };
    let command = RecordReturn {
        draft: draft(vec![line]),
        grants: Vec::new(),
        bad_grant: None,
        quoted: None,
        digest: [0; 32],
        expected_refund: None,
        codes: Vec::new(),
    };
    let key = key(&format!("{}-bare", credit.row), &of.stock_code);
    let reply =
        desks.submit(credit.row as usize, Command::RecordReturn(Box::new(command)), Some(key));
    let Some((value, units)) = lowest.get(of.stock_code.as_str()) else {
        assert_eq!(told(&reply), "price_unknown", "{credit:?}");
        return None;
    };
    let Reply::Done { outcome: Some(Outcome::Done(done)), .. } = reply else {
        panic!("{credit:?}: {reply:?}")
    };
    let Done::Returned(recorded) = *done else { panic!("{done:?}") };
    let the_return = &recorded.the_return;
    assert_eq!(the_return.refund.0, value * of.return_qty / units, "{credit:?}");
    let plans: Vec<_> =
        the_return.refunds.iter().map(|r| (r.plan.kind, r.plan.sale, r.plan.amount)).collect();
    let expected =
        (the_return.refund.0 > 0).then_some((TenderType::StoreCredit, None, the_return.refund));
    assert_eq!(plans, Vec::from_iter(expected), "{credit:?}");
    Some(the_return.refund.0)
}
