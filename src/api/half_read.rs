//! Bodies in chunks that are answered before they have come to their end.
//!
//! The server waits for the rest of such a body before it ends or reuses the connection, and
//! without a time-out: a client that stops in the middle would hold it for ever. It ends the
//! connection in good time if whoever reads the body is still there when the answer has been sent;
//! so the body is kept with the answer.

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::Stream;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A body in chunks, shared by the handler that reads it and the answer that outlives the handler.
#[derive(Clone)]
pub struct Chunks(Rc<RefCell<Reading>>);

struct Reading {
    payload: Payload,
    ended: bool,
}

impl Chunks {
    /// Takes a share of the request's body, if it comes in chunks.
    pub fn of(req: &mut ServiceRequest) -> Option<Chunks> {
        req.headers().get(header::TRANSFER_ENCODING)?;
        let chunks =
            Chunks(Rc::new(RefCell::new(Reading { payload: req.take_payload(), ended: false })));
        req.set_payload(Payload::Stream { payload: Box::pin(chunks.clone()) });
        Some(chunks)
    }

    /// The answer's body, which keeps the request's until it is sent.
    pub fn kept_with(self, answer: BoxBody) -> BoxBody {
        if self.0.borrow().ended {
            answer
        } else {
            BoxBody::new(Answer { body: answer, _chunks: self })
        }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reading = self.0.borrow_mut();
        let polled = Pin::new(&mut reading.payload).poll_next(cx);
        reading.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

struct Answer {
    body: BoxBody,
    _chunks: Chunks,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
