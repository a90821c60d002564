//! A sale over its life: what came back before, voids, receipts of one number, old currencies.
