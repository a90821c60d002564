//! returndesk: may this come back, and for how much?
//!
//! The rooms, in the order the data walks. Imports run one way, downwards to upwards in this list:
//! `domain` imports nothing of the crate; `wire` imports `domain`; `identity` imports both; `store`
//! and then `desk` follow; `export`, `api` and `cli` stand on those; `app` puts it together.

pub mod clock;
pub mod config;
pub mod telemetry;

pub mod api;
pub mod cli;
pub mod desk;
pub mod domain;
pub mod export;
pub mod identity;
pub mod store;
pub mod wire;

pub mod app;
