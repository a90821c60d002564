//! A policy that uses every word there is.

use super::Walk;
use serde_json::json;

pub(super) fn all(walk: &mut Walk<'_>) {
    let document = json!({"currency": "USD", "governed_by": "better", "reasons": ["too_loud"],
        "rules": [
            {"id": "by-law", "statutory": true,
             "when": {"category": ["for the ears"], "sku": ["EAR-1"], "brand": ["Acme"],
                "store": ["0043"], "region": ["US-IL"], "channel": ["kiosk"],
                "customer_class": ["member"], "tender": ["voucher"], "reason": ["too_loud"],
                "condition": ["damaged"], "promotion": ["SPRING"], "flags": ["final_sale"],
                "receipt": true, "gift_receipt": true, "serialised": true,
                "price": {"min": "1.25", "max": "99.75"},
                "bought": {"from": "2026-01-02", "to": "2026-12-24"}},
             "set": {"outcome": "needs_approval", "approval_role": "district_manager",
                "window": {"days": 17, "from": "delivery", "after": "needs_approval",
                    "approval_role": "supervisor", "refuse_after_days": 61},
                "extension": {"until": "2027-01-31"}, "conditions": ["incomplete"],
                "reasons": ["wrong_item"], "receipt_required": true, "id_required": true,
                "refund_to": {"cash": ["store_credit"]}, "tender_order": ["loyalty", "cash"],
                "cash_limit": {"amount": "88.50", "beyond": "store_credit"},
                "amount_limit": {"amount": "999.50", "outcome": "needs_approval",
                    "approval_role": "manager"},
                "fee": {"percent": "12.5", "conditions": ["opened"], "except_reasons": ["recall"]},
                "check_clears_days": 13,
                "approval": [{"over": "501.50", "role": "district_manager", "approvers": 2}],
                "velocity": [{"days": 91, "count": 4, "amount": "151.50",
                    "outcome": "needs_approval", "approval_role": "supervisor"}],
                "price_basis": {"lowest_in_days": 93}, "exchange_window": "inherit_all",
                "promotion": "reprice", "quote_required": true}},
            {"id": "by-age", "when": {"sku": ["EAR-2"]},
             "set": {"fee": {"fixed": "2.75"}, "tender_order": "proportional",
                "refund_to": [{"within_days": 19, "to": {"check": ["voucher"]}},
                    {"to": {"*": ["store_credit"]}}]}},
            {"id": "default", "when": {}, "set": {}}]});
    let mut standard = walk.shop.author().get("/v1/policies/standard/versions/1").expect(200).body;
    let author = walk.shop.author();
    let (versions, kind) = ("/v1/policies/of-fields/versions", "application/json");
    walk.send_as(&author, "POST", versions, kind, &standard["document"].take(), &[]);
    let from = json!({"effective_from": walk.shop.now().to_string()});
    walk.send("POST", &format!("{versions}/1/publish"), &from, &[]);
    let shown = "/v1/policies/of-fields/versions/{version}";
    walk.send("POST", "/v1/policies/of-fields/versions", &document, &[shown]);
}
