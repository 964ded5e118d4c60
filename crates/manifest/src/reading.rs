//! Numbers that are read of a candidate and of the stable release beside what the router measures.

use crate::grammar::{choice, mapping, one_of, text};
use crate::value::{JsonPointer, Percent, QueryTemplate, RequestPath, Span, Url, UrlTemplate};
use events::{SecretName, ServiceName};
use serde_json::Number;

mapping! {
    /// A number that is read of the candidate and of the stable release at the same time, again and again, and compared.
    /// A source that does not answer proves nothing: the verdict is `inconclusive` and says why.
    pub struct Reading {
        /// Where it is read.
        source: ReadingSource;
        /// Which direction is good.
        better: Better = "lower", "most are times, queues and faults";
        /// By how much it may be worse, relative to the stable release's.
        worse_by: Percent = "20%", "as much as `p95`";
        /// And by how much at any rate, in its own unit. What is 0 on both sides is only judged with one.
        least: Number = "0", "the share alone decides";
        /// From one reading to the next; not shorter than the time that a query looks back. Five are the least that tell.
        period: Span = "30s", "two scrapes of a usual Prometheus";
    }
}

one_of! {
    /// Where a number is read.
    pub enum ReadingSource {
        /// A query that Prometheus answers with one number.
        "prometheus" => Prometheus(PrometheusReading),
        /// JSON at an address.
        "http" => Http(HttpReading),
        /// JSON of each instance of a service; the mean of all.
        "instances" => Instances(InstancesReading),
    }
}

mapping! {
    /// An instant query of Prometheus, or of what speaks the same API. In it `{release}` stands for the uid of the release,
    /// `{number}` for its number, and `{instances}` for the addresses of its instances with `|` between them, as in
    /// `instance=~"{instances}"`.
    pub struct PrometheusReading {
        /// Where it answers: what stands before `/api/v1/query`.
        url: Url;
        /// The query.
        query: QueryTemplate;
        /// The secret that holds the header `Authorization`, as `Bearer ...`.
        authorization: Option<SecretName>;
    }
}

mapping! {
    /// A GET of an address that names the release by `{release}`, `{number}` or `{instances}`.
    pub struct HttpReading {
        /// The address.
        url: UrlTemplate;
        /// Where the number stands in the JSON of the answer.
        pointer: JsonPointer;
        /// The secret that holds the header `Authorization`, as `Bearer ...`.
        authorization: Option<SecretName>;
    }
}

mapping! {
    /// A GET of each instance of a service.
    pub struct InstancesReading {
        /// The service.
        service: ServiceName;
        /// The path.
        get: RequestPath;
        /// Where the number stands in the JSON of the answer.
        pointer: JsonPointer;
    }
}

choice! {
    /// Which direction is good.
    pub enum Better {
        /// As of a queue.
        Lower = "lower",
        /// As of a hit rate.
        Higher = "higher",
    }
}

text!(
    /// What people call a reading.
    ReadingName, "a name of a reading",
    |name| {
        let good = (1..=63).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if matches!(name, "errors" | "p95" | "differences") {
            Err("this is what the router measures; choose another name")
        } else if good {
            Ok(())
        } else {
            Err("use 1 to 63 letters, digits, `-`, `_` and `.`")
        }
    },
    "x"
);

impl ReadingSource {
    /// The secret that it is asked with, if there is one.
    pub fn authorization(&self) -> Option<&SecretName> {
        match self {
            Self::Prometheus(prometheus) => prometheus.authorization.as_ref(),
            Self::Http(http) => http.authorization.as_ref(),
            Self::Instances(_) => None,
        }
    }
}
