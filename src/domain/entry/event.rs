//! What can happen in a shop, by the stable names that the log, its exports and its readers use.

macro_rules! events {
    ($($variant:ident $name:literal,)*) => {
        /// What an entry records. Names are for ever: one may be added, none renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Event {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Event {
            pub const ALL: &[Event] = &[$(Event::$variant),*];

            /// The dotted name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Event::$variant => $name,)*
                }
            }

            pub fn parse(name: &str) -> Option<Event> {
                match name {
                    $($name => Some(Event::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

events! {
    SaleRecorded "sale.recorded",
    SaleRefused "sale.refused",
    SaleVoided "sale.voided",
    SaleVoidRefused "sale.void_refused",
    CheckRefused "check.refused",
    ReturnRecorded "return.recorded",
    ReturnRefused "return.refused",
    ReturnPending "return.pending",
    ReturnApprovalDenied "return.approval_denied",
    ReturnCancelled "return.cancelled",
    ReturnVoided "return.voided",
    ReturnVoidRefused "return.void_refused",
    ExchangeRecorded "exchange.recorded",
    RefundSettled "refund.settled",
    RefundFailed "refund.failed",
    ChargebackMarked "chargeback.marked",
    OverrideIssued "override.issued",
    OverrideUsed "override.used",
    OverrideRefused "override.refused",
    OverrideExpired "override.expired",
    GiftCardIssued "gift_card.issued",
    GiftCardMoved "gift_card.moved",
    GiftCardChanged "gift_card.changed",
    GiftCardRefused "gift_card.refused",
    GiftCardLookupFailed "gift_card.lookup_failed",
    ReceiptPrinted "receipt.printed",
    DayEndClosed "day_end.closed",
    DayEndRefused "day_end.refused",
    TrainingChanged "training.changed",
    StoreSaved "store.saved",
    RegisterSaved "register.saved",
    RegisterRefused "register.refused",
    OperatorSaved "operator.saved",
    OperatorLocked "operator.locked",
    PolicyDrafted "policy.drafted",
    PolicyPublished "policy.published",
    PolicyRefused "policy.refused",
    KeyCreated "key.created",
    KeyRotated "key.rotated",
    KeyRetired "key.retired",
    SignInSucceeded "sign_in.succeeded",
    SignInFailed "sign_in.failed",
    AuditExported "audit.exported",
    AuditVerified "audit.verified",
    ServiceStarted "service.started",
    ServiceStopped "service.stopped",
}
