//! Requests to addresses that people wrote down: only to the internet or to networks that an operator allowed,
//! to exactly the address that was checked, bounded in time and size, and never anywhere a redirect points.

mod networks;
mod post;
mod target;
mod trust;

pub use networks::{InvalidNetwork, Networks};
pub use post::{Answer, Asked, Outgoing, SendError};
pub use target::{InvalidTarget, Target};
pub use trust::{Authority, InvalidAuthorities, authorities};
