//! Requests that Slipway itself makes to a candidate.

use crate::grammar::{choice, mapping, one_of};
use crate::json::Json;
use crate::value::{JsonPointer, Percent, RequestPath, Span, Text};
use events::ServiceName;
use serde_json::Number;
use std::collections::BTreeMap;

one_of! {
    /// The method and path of a request.
    pub enum Call {
        /// A GET of this path.
        "get" => Get(RequestPath),
        /// A POST to this path.
        "post" => Post(RequestPath),
    }
}

impl Call {
    /// The method, as it stands in a request.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Get(_) => "GET",
            Self::Post(_) => "POST",
        }
    }

    /// The path and query.
    pub fn path(&self) -> &RequestPath {
        match self {
            Self::Get(path) | Self::Post(path) => path,
        }
    }
}

mapping! {
    /// A request that a candidate must answer well before it takes traffic.
    pub struct VerifyRequest {
        /// The service that is asked.
        service: ServiceName;
        /// What is asked.
        call: Call;
        /// The JSON body that is sent.
        json: Option<Json>;
        /// Headers that are sent.
        headers: BTreeMap<Text, Text>;
        /// The status that must come back.
        status: u16 = "200", "the plain success";
        /// How long the answer may take.
        within: Span = "5s", "as a probe";
        /// What must be true of the places named in the JSON answer.
        expect: BTreeMap<JsonPointer, Expectation>;
        /// Headers that must come back, and what each must hold somewhere.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        expect_headers: BTreeMap<Text, Text>;
        /// What the body must hold somewhere, whatever its type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expect_body: Option<Text>;
        /// How much slower than the stable release it may be answered; without it that is not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        performance: Option<Performance>;
    }
}

mapping! {
    /// How fast a candidate answers a request, beside the stable release that is asked the same in turn, before users
    /// are sent to the candidate.
    pub struct Performance short "worse_by" {
        /// By how much slower it may be.
        worse_by: Percent = "20%", "less is within the noise of a shared machine";
        /// What of the times is compared.
        quantile: Quantile = "median", "of a few hundred requests it says most";
        /// How often each of the two is asked at most. The first hundred tell what is usual.
        count: u32 = "400", "shows a fifth of most services";
    }
}

impl Performance {
    /// However slow the answers are, it is not asked for longer.
    pub const LONGEST: Span = Span::seconds(120);
}

choice! {
    /// What of many times is looked at.
    pub enum Quantile {
        /// Half of them are longer.
        Median = "median",
        /// One in twenty is longer.
        P95 = "p95",
    }
}

mapping! {
    /// What must be true of one place in a JSON answer.
    pub struct Expectation short "equals" {
        /// Its type.
        kind ["type"]: Option<JsonType>;
        /// The least it may be.
        min: Option<Number>;
        /// The most it may be.
        max: Option<Number>;
        /// Exactly what it must be.
        equals: Option<Json>;
    }
}

choice! {
    /// A type of JSON.
    pub enum JsonType {
        /// `{...}`
        Object = "object",
        /// `[...]`
        Array = "array",
        /// `"..."`
        String = "string",
        /// Any number.
        Number = "number",
        /// `true` or `false`
        Boolean = "boolean",
        /// `null`
        Null = "null",
    }
}

mapping! {
    /// What a candidate does between being ready and being verified.
    pub struct Warmup {
        /// How long it is left to warm up, from the first request.
        lasts ["for"]: Span = "0s", "most services need none";
        /// Requests that are sent to it; their answers do not matter.
        requests: Vec<WarmupRequest>;
    }
}

impl Warmup {
    /// There is neither time nor anything to ask.
    pub fn is_nothing(&self) -> bool {
        self.lasts == Span::ZERO && self.requests.is_empty()
    }
}

mapping! {
    /// A request that warms a candidate up.
    pub struct WarmupRequest {
        /// What is asked.
        call: Call;
        /// The JSON body that is sent.
        json: Option<Json>;
        /// How often it is sent.
        times: u32 = "1", "once is enough to load";
    }
}
