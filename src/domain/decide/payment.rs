//! What the customer pays on top of an exchange: exactly what is due, or that as the law rounds
//! cash.

use super::super::draft::ExchangeDraft;
use super::super::money::{Currency, Minor};
use super::super::refusal::Fault;
use super::super::rounding::CashRounding;
use super::super::sale::Tender;
use super::super::tender::TenderType;

/// What cash rounding added to the payment; or what is wrong with it, and what is due.
///
/// Only the part in cash is rounded, and change is part of it: it is handed out in coins whatever
/// it was given for.
pub(super) fn rounding(
    asked: &ExchangeDraft,
    due: Minor,
    law: Option<CashRounding>,
    currency: Currency,
) -> Result<Minor, Fault> {
    let told = |amount: Minor| amount.format(currency);
    let paid: i64 = asked.tenders.iter().map(|tender| tender.paid().0).sum();
    let is_cash = |tender: &&Tender| tender.kind == TenderType::Cash;
    let elsewhere: i64 =
        asked.tenders.iter().filter(|tender| !is_cash(tender)).map(|tender| tender.amount.0).sum();
    let in_coins =
        asked.tenders.iter().any(|tender| is_cash(&tender) || tender.change.is_positive());
    let in_cash =
        law.filter(|_| in_coins).map(|law| elsewhere + law.round(Minor(due.0 - elsewhere)).0);
    let added = Minor(paid - due.0);
    if paid != due.0 && Some(paid) != in_cash {
        let rounded = in_cash.filter(|rounded| *rounded != due.0);
        let rounded = rounded.map_or(String::new(), |rounded| {
            format!(", {} with its cash rounded", told(Minor(rounded)))
        });
        let what = if due == Minor::ZERO {
            "Nothing is due".to_owned()
        } else {
            format!("{} is due{rounded}", told(due))
        };
        let detail = match asked.tenders.is_empty() {
            true => format!("{what}: say in `tenders` how it was paid."),
            false => format!("{what}; the tenders less change come to {}.", told(Minor(paid))),
        };
        return Err(Fault::new("/exchange/tenders", "does_not_add_up", detail));
    }
    match asked.cash_rounding {
        Some(sent) if sent != added => {
            let detail = format!(
                "The tenders less change come to {} for {} due: cash rounding is {}; sent was {}.",
                told(Minor(paid)),
                told(due),
                told(added),
                told(sent)
            );
            Err(Fault::new("/exchange/cash_rounding", "does_not_add_up", detail))
        }
        _ => Ok(added),
    }
}
