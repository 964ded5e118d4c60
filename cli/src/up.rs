//! `slipway up`: the whole platform on one Linux machine without configuration.
//!
//! [`prepare`] makes the data directory what it must be and plans what to start ([`plan`], pure);
//! [`supervise`] starts it in order, restarts what dies and stops it in reverse; `up.json` ([`state`]) tells
//! others what runs. Programs end when the supervisor ends, however it ends ([`child`]).

mod account;
mod backoff;
mod child;
mod detach;
mod error;
mod files;
mod journal;
mod layout;
mod nats;
mod plan;
mod ports;
mod postgres;
mod prepare;
mod process;
mod programs;
mod ready;
mod registry;
mod rotate;
mod run;
mod settings;
mod state;
mod stop;
mod supervise;

pub(crate) use account::Account;
pub(crate) use child::Child;
pub(crate) use detach::detached;
pub(crate) use error::Error;
pub(crate) use layout::Layout;
pub(crate) use nats::{MINIMUM as NATS_MINIMUM, version as nats_version};
pub(crate) use plan::SERVICES;
pub(crate) use ports::{Ports, Wanted, holder, is_free};
pub(crate) use programs::{Programs, find};
pub(crate) use run::{Options, foreground};
pub(crate) use state::{Phase, State};
pub(crate) use stop::down;
