//! Gift cards and store credit (API §6): bodies and answers. A code stands in no view: where an
//! answer shows one, it is a placeholder that is filled in on the way out, so that nothing that is
//! kept brings the code back.

mod read;
mod view;

pub use read::{
    BulkRequest, CashOutRequest, IssueRequest, KeepRequest, LoadRequest, LookupRequest,
    RedeemRequest, ReplaceRequest, ReverseRequest, TransferRequest,
};
pub use view::{CardEntryView, CardMovedView, CardView, RefundCardView, code_placeholder};
