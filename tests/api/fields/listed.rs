//! Fields that are not found again as they were sent.

const RETURN: &str = "POST /v1/returns";
const SETTLEMENT: &str = "POST /v1/returns/{id}/refunds/{refund}/settlement";

/// Fields that are shown by another name: operation, field, the end of the pointer to it.
pub(super) const SHOWN_AS: &[(&str, &str, &str)] = &[
    (RETURN, "/refund_to", "/refunds/-/type"),
    (RETURN, "/refund_card", "/refunds/-/card/id"),
    (RETURN, "/expected_refund", "/totals/refund"),
    (RETURN, "/lines/-/unit_price", "/lines/-/net"),
    (RETURN, "/lines/-/amount", "/lines/-/refund"),
    (RETURN, "/charges/-/amount", "/charges/-/refund"),
    (RETURN, "/sale/gift_receipt", "/lines/-/gift_receipt"),
    (RETURN, "/lines/-/sale/gift_receipt", "/lines/-/gift_receipt"),
    (RETURN, "/charges/-/sale/gift_receipt", "/gift_receipt"),
    (RETURN, "/exchange/taxes/-/rate", "/taxes/-/rate"),
    (RETURN, "/exchange/taxes/-/amount", "/taxes/-/amount"),
    (RETURN, "/exchange/taxes/-/included", "/taxes/-/included"),
    (RETURN, "/exchange/taxes/-/lines/-", "/taxes/-/lines/-"),
    (RETURN, "/exchange/taxes/-/charges/-", "/taxes/-/charges/-"),
    (SETTLEMENT, "/outcome", "/refunds/-/status"),
    (SETTLEMENT, "/fallback", "/refunds/-/type"),
    ("POST /v1/overrides", "/approver/operator", "/data/approver"),
    ("POST /v1/tokens", "/operator", "/subject_id"),
];

const NAMES_THE_SALE: &str = "names the sale, which the answer shows by its id";
const SECRET: &str = "a secret: only a keyed hash is kept, and no answer or entry shows it";

/// Fields that go nowhere as such: operation, or those below a path, pattern of the field, why.
pub(super) const LISTED: &[(&str, &str, &str)] = &[
    ("POST /v1/returns/check", "*", "the body of a return, read by the same code"),
    ("POST /v1/policies/lint", "*", "the body of a version; what is linted is not kept"),
    ("POST /v1/overrides", "/return/*", "the return to approve; recording it shows it"),
    (RETURN, "*sale/receipt", NAMES_THE_SALE),
    (RETURN, "*sale/store", NAMES_THE_SALE),
    (RETURN, "*sale/register", NAMES_THE_SALE),
    (RETURN, "*sale/business_date", NAMES_THE_SALE),
    (RETURN, "/customer/identification", SECRET),
    (RETURN, "/unavailable_tenders/-", "the refunds go to other tenders"),
    (RETURN, "/quote", "a signed check; recording is refused where anything changed since"),
    (RETURN, "/on_approval_needed", "`request` is refused by this version"),
    (RETURN, "/exchange/lines/-/kind", "`goods`, which it is where left out, and nothing else"),
    ("POST /v1/gift-cards/bulk", "/count", "so many cards are answered"),
    (
        "POST /v1/gift-cards/{id}/redemptions",
        "/partial",
        "takes what is there instead of a refusal",
    ),
    ("POST /v1/audit/verify", "/checkpoint", "an older manifest; the log is held against it"),
    ("POST /v1/", "*/pin", SECRET),
    ("POST /v1/gift-cards/", "/code", SECRET),
    ("PUT /v1/operators/{operator}", "/pin", SECRET),
];
