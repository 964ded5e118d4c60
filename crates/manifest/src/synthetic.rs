//! Requests that Slipway sends itself while a candidate is judged that has few users.

use crate::grammar::mapping;
use crate::json::Json;
use crate::request::Call;
use crate::shadow::Method;
use crate::value::Text;
use std::collections::BTreeMap;

mapping! {
    /// Requests that Slipway sends to the candidate and to the stable release in turn while a share is held, as long as those
    /// of users are too few to tell anything in that time; of a shadow to the stable release, and the candidate gets a copy
    /// of each. They go through the router, which measures them with the rest, and have the header `slipway-synthetic: 1`.
    pub struct Synthetic {
        /// What is sent, one after the other.
        requests: Vec<SyntheticRequest>;
        /// How many in a minute, to both together; copies come on top.
        per_minute: u32 = "60", "one a second, half of them to the candidate";
        /// The methods that may be sent. What another one than GET changes is changed again and again.
        methods: Vec<Method> = "[GET]", "to ask again changes nothing";
    }
}

mapping! {
    /// A request that is sent to both releases, by the host and the paths of their users.
    pub struct SyntheticRequest {
        /// What is asked.
        call: Call;
        /// The JSON body that is sent.
        json: Option<Json>;
        /// Headers that are sent.
        headers: BTreeMap<Text, Text>;
    }
}
