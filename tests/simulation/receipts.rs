//! Which sale somebody means: by looking through all of them.

use crate::typed::plain;
use crate::world::Known;
use returndesk::domain::draft::SaleRef;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    One(usize),
    None,
    Several,
}

/// The sale that a reference leads to at one of the shop's stores.
pub fn find(sales: &[Known], reference: &SaleRef, at: usize) -> Found {
    match reference {
        SaleRef::Id(id) => only(sales, |known| known.sale.id == *id),
        SaleRef::Gift(_) => Found::None,
        SaleRef::Receipt { receipt, store, register, business_date } => {
            let bears = |known: &Known| {
                plain(&known.sale.receipt) == plain(receipt)
                    && business_date.is_none_or(|day| day == known.sale.business_date)
                    && register.as_ref().is_none_or(|till| *till == known.sale.register)
            };
            match store {
                Some(store) => only(sales, |known| bears(known) && known.sale.store == *store),
                None => match only(sales, |known| bears(known) && known.store == at) {
                    Found::None => only(sales, bears),
                    found => found,
                },
            }
        }
    }
}

/// A sale that was voided is meant only where no other is; of several such ones the last.
fn only(sales: &[Known], is_meant: impl Fn(&Known) -> bool) -> Found {
    let all: Vec<(usize, &Known)> =
        sales.iter().enumerate().filter(|(_, known)| is_meant(known)).collect();
    let standing: Vec<usize> =
        all.iter().filter(|(_, known)| !known.voided).map(|(place, _)| *place).collect();
    match standing.as_slice() {
        [one] => Found::One(*one),
        [] => all.last().map_or(Found::None, |(place, _)| Found::One(*place)),
        _ => Found::Several,
    }
}
