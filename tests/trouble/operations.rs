//! Day ends, redemptions, chargebacks and imported files.
