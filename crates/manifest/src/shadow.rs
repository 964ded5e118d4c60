//! Copies of requests for a candidate that has no users yet.

use crate::grammar::{choice, mapping};
use crate::read::{Read, Reading, default_of};
use crate::strategy::Analysis;
use crate::synthetic::Synthetic;
use crate::value::{Bytes, JsonPointer, Percent, Span};

mapping! {
    /// The candidate is asked what users asked the stable release, before it has any. Its answers are compared with
    /// those that users got, and thrown away.
    pub struct Shadow {
        /// How many of the requests are copied.
        share: Percent = "10%", "shows faults without doubling the load";
        /// How long at least.
        lasts ["for"]: Span = "10m", "sees a few hundred requests of a small service";
        /// The methods whose requests are copied. What others change is changed twice, if both releases share it.
        #[serde(default = "methods")]
        methods: Vec<Method> = "[GET, HEAD]", "to ask again changes nothing";
        /// The share of answers that may differ: another status, or other JSON. What fails counts as an error instead.
        /// With 100% they are counted and not judged.
        #[serde(default = "differences")]
        differences: Percent = "1%", "as much as errors";
        /// What of JSON answers is not compared, like `/at` or `/items/*/id`; `*` is any member or element.
        #[serde(default)]
        ignore: Vec<JsonPointer>;
        /// What is compared between candidate and stable.
        analysis: Analysis = "{}", "its keys have defaults of their own";
        /// What copies may cost.
        #[serde(default = "limits")]
        limits: ShadowLimits = "{}", "its keys have defaults of their own";
        /// Requests that Slipway sends itself while those of users are too few to judge by. Each is copied, whatever
        /// `share` says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synthetic: Option<Synthetic>;
    }
}

choice! {
    /// The method of a request.
    pub enum Method {
        /// Reads.
        Get = "GET",
        /// Reads the head.
        Head = "HEAD",
        /// Does anything.
        Post = "POST",
        /// Replaces.
        Put = "PUT",
        /// Changes.
        Patch = "PATCH",
        /// Deletes.
        Delete = "DELETE",
    }
}

mapping! {
    /// What copies of requests may cost. What is beyond it is not copied, and counted.
    pub struct ShadowLimits {
        /// The largest body of a request that is copied, and of an answer that is compared.
        body: Bytes = "256KiB", "answers of most APIs; it lies in the router's memory meanwhile";
        /// How long the candidate may take to answer a copy.
        timeout: Span = "10s", "nobody waits for it";
        /// How many requests are copied at once, for each route.
        at_once: u32 = "16", "what a small service answers at once";
    }
}

fn usual<T: Read>(text: &str) -> T {
    default_of(text, &mut Reading::default())
}

fn methods() -> Vec<Method> {
    usual("[GET, HEAD]")
}

fn differences() -> Percent {
    usual("1%")
}

fn limits() -> ShadowLimits {
    usual("{}")
}
