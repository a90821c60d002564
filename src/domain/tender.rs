//! Means of payment, as the contract names them.

use super::words::vocabulary;

vocabulary! {
    /// A kind of tender on a sale or a refund.
    TenderType {
        Cash = "cash",
        CreditCard = "credit_card",
        DebitCard = "debit_card",
        Check = "check",
        GiftCard = "gift_card",
        StoreCredit = "store_credit",
        Voucher = "voucher",
        StoreAccount = "store_account",
        Ebt = "ebt",
        Bnpl = "bnpl",
        MobileWallet = "mobile_wallet",
        Loyalty = "loyalty",
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tender_reads_back_as_itself() {
        assert!(
            TenderType::ALL
                .iter()
                .all(|tender| TenderType::parse(tender.as_str()) == Some(*tender))
        );
        assert_eq!(TenderType::ALL.len(), 13);
        assert_eq!(TenderType::parse("bitcoin"), None);
    }
}
