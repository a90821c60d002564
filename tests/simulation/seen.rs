//! How often what was seen: a simulation in which something never happens tests nothing of it.

/// Counts by name; every name has to be seen now and then.
macro_rules! seen {
    ($($name:ident),+; $($of_batches:ident),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Seen {
            pub commands: u64,
            $(pub $name: u64,)+
            $(pub $of_batches: u64,)+
        }

        impl Seen {
            pub fn add(&mut self, other: Seen) {
                self.commands += other.commands;
                $(self.$name += other.$name;)+
                $(self.$of_batches += other.$of_batches;)+
            }

            pub fn assert_everything_was_seen(&self) {
                let least = self.commands / 10_000;
                $(assert!(self.$name >= least, "{}: {self:?}", stringify!($name));)+
            }

            /// Besides, what only databases can show.
            pub fn assert_batches_were_seen(&self) {
                self.assert_everything_was_seen();
                let least = self.commands / 200;
                $(assert!(self.$of_batches >= least, "{}: {self:?}", stringify!($of_batches));)+
            }
        }
    };
}

seen! {
    sales, receipts_taken, returned, invalid, refused, unapproved, surprised, by_override, bad_overrides, checked,
    charge_parts, shared_later,
    adjusted, exempt, lowered, trained, charges, serials, kits, elsewhere, of_several, fees, withheld, released, other_means, cards,
    cards_moved, cards_refused, cards_sold, cards_back, onto_cards, movements, voided,
    settled, failed, stood_in, published, days_closed, further_shifts, closed_out_of_turn, stores_closed, came_late,
    trading_days_named, returned_too_late,
    payments_reversed, pins_right, pins_wrong, pins_locked,
    sales_voided, sales_not_voided, bottles, given_back, back_before,
    exchanged, exchanged_again, paid_on_top, paid_out_beside, carried_parts,
    disputed, disputes_refused, disputes_won, disputes_lost, taken_twice,
    exchanges_voided, exchanged_back, unpaid, exchange_receipts_taken;
    batches, retried, keys_reused,
}
