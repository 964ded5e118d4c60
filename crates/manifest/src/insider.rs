//! Requests that a canary answers whatever its share is.

use crate::environment::OneOrMany;
use crate::grammar::{mapping, one_of};
use crate::value::{FieldName, Network, Text};

one_of! {
    /// Requests that go to a canary as long as it has a share at all; all others are decided by that share.
    pub enum Insider {
        /// With one of these values in a header.
        "header" => Header(Mark),
        /// With one of these values in a cookie.
        "cookie" => Cookie(Mark),
        /// From one of these addresses or networks, as `sticky: address` knows them.
        "address" => Address(OneOrMany<Network>),
    }
}

mapping! {
    /// What a request shows. It is no secret: who knows it gets the canary.
    pub struct Mark {
        /// Name of the header or cookie.
        name: FieldName;
        /// The values, any of which will do.
        is: OneOrMany<Text>;
    }
}
