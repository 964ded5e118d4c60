//! What two answers to one request have to do with each other. Pure.

use super::difference::differences;
use crate::table::{Capture, Shadow};
use events::sample::ScalarV1;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::Duration;

/// How everything begins that is packed with gzip, and no JSON.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An answer, as far as it is compared.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Until its head.
    pub(super) elapsed: Duration,
    pub(super) body: Body,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// It says that it is JSON. As it came, so that it may be packed with gzip.
    Json(Vec<u8>),
    /// It says that it is something else.
    Other,
    /// It says that it is JSON, and is too large, packed otherwise, or has no end.
    Unread,
}

/// How the candidate's answer is beside the stable release's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) slower: bool,
    pub(super) answer: Same,
    /// It is known by the status alone: the JSON of one of them was not read.
    pub(super) unread: bool,
    /// What both predicted, of answers that are to be predictions.
    pub(super) predictions: Option<Predictions>,
}

/// What both predicted; nothing where it does not stand in the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Predictions {
    pub(super) stable: Option<ScalarV1>,
    pub(super) candidate: Option<ScalarV1>,
}

/// Whether two answers are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Same {
    /// One of them is a failure, which is no answer.
    Unknown,
    Yes,
    /// Another status.
    Status,
    /// Other JSON, at these places.
    Body(BTreeSet<String>),
}

/// Whether a body with these headers may be JSON that can be read.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// Whether a body with these headers cannot be unpacked, and so not be read.
pub(super) fn is_sealed(headers: &HeaderMap) -> bool {
    let known = |encoding: &HeaderValue| encoding == "identity" || encoding == "gzip";
    headers.get(CONTENT_ENCODING).is_some_and(|encoding| !known(encoding))
}

/// What `candidate` is beside `stable`; what is captured of such answers are their predictions.
pub(super) fn compare(
    stable: &Answer,
    candidate: &Answer,
    shadow: &Shadow,
    capture: Option<&Capture>,
) -> Outcome {
    let failed = |answer: &Answer| answer.status.is_server_error();
    let [stable_body, candidate_body] =
        [stable, candidate].map(|answer| unpacked(&answer.body, shadow.max_body));
    let [stable_json, candidate_json] = [&stable_body, &candidate_body].map(|body| json(body));
    let unread = is_unread(&stable_body, &candidate_body);
    let answer = match () {
        () if failed(stable) || failed(candidate) => Same::Unknown,
        () if stable.status != candidate.status => Same::Status,
        () if unread => Same::Yes,
        () => bodies(stable_json.as_ref(), candidate_json.as_ref(), shadow),
    };
    let unread = unread && answer != Same::Unknown;
    let predicted = stable.status.is_success() && candidate.status.is_success();
    let predictions = capture.filter(|_| predicted).and_then(|capture| {
        let of = |json: Option<&Value>| Some(capture.predicted(json?));
        let (stable, candidate) = (of(stable_json.as_ref())?, of(candidate_json.as_ref())?);
        Some(Predictions { stable, candidate })
    });
    // In hundredths of a per cent.
    let allowed = u128::from(10_000 + shadow.slower_by) * stable.elapsed.as_nanos();
    let slower = candidate.elapsed.as_nanos() * 10_000 > allowed;
    Outcome { failed: failed(candidate), slower, answer, unread, predictions }
}

/// As it was before it was packed with gzip; what is larger than `most` then, or cannot be unpacked, is unread.
fn unpacked(body: &Body, most: usize) -> Cow<'_, Body> {
    let packed = match body {
        Body::Json(said) if said.starts_with(&GZIP) => said.as_slice(),
        Body::Json(_) | Body::Other | Body::Unread => return Cow::Borrowed(body),
    };
    let mut said = Vec::new();
    let read = MultiGzDecoder::new(packed).take(most as u64 + 1).read_to_end(&mut said);
    Cow::Owned(if read.is_ok() && said.len() <= most { Body::Json(said) } else { Body::Unread })
}

/// Whether there was JSON for users that cannot be compared.
fn is_unread(stable: &Body, candidate: &Body) -> bool {
    *stable == Body::Unread || (*stable != Body::Other && *candidate == Body::Unread)
}

/// What a body says, if it says that it is JSON and is.
fn json(body: &Body) -> Option<Value> {
    let Body::Json(json) = body else { return None };
    serde_json::from_slice(json).ok()
}

/// What is not JSON for users is not compared.
fn bodies(stable: Option<&Value>, candidate: Option<&Value>, shadow: &Shadow) -> Same {
    let Some(stable) = stable else { return Same::Yes };
    let Some(candidate) = candidate else { return Same::Body(BTreeSet::from([String::new()])) };
    let places = differences(stable, candidate, &shadow.ignored);
    if places.is_empty() { Same::Yes } else { Same::Body(places) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::captured;
    use flate2::Compression;
    use flate2::read::GzEncoder;
    use http::Method;

    fn shadow() -> Shadow {
        Shadow {
            share: 10_000,
            methods: vec![Method::GET],
            max_body: 1000,
            timeout: Duration::from_secs(1),
            max_copies: 1,
            ignored: Vec::new(),
            slower_by: 2_000,
        }
    }

    fn answer(status: u16, millis: u64, body: Body) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        Answer { status, elapsed: Duration::from_millis(millis), body }
    }

    fn of(stable: &Answer, candidate: &Answer) -> Outcome {
        compare(stable, candidate, &shadow(), None)
    }

    fn json(text: &str) -> Body {
        Body::Json(text.as_bytes().to_vec())
    }

    #[test]
    fn a_failure_is_no_answer_that_could_differ() {
        let (well, ill) = (answer(200, 10, Body::Other), answer(503, 10, Body::Other));
        let unknown = |failed| {
            let (slower, unread) = (false, false);
            Outcome { failed, slower, answer: Same::Unknown, unread, predictions: None }
        };
        assert_eq!((of(&well, &ill), of(&ill, &well)), (unknown(true), unknown(false)));
        assert_eq!(of(&well, &answer(404, 10, Body::Other)).answer, Same::Status);
    }

    #[test]
    fn slower_is_what_took_longer_by_more_than_is_allowed() {
        let slower =
            |millis| of(&answer(200, 100, Body::Other), &answer(200, millis, Body::Other)).slower;
        assert_eq!([90, 120, 121].map(slower), [false, false, true]);
    }

    #[test]
    fn json_is_compared_by_what_it_means_and_other_bodies_are_not() {
        let same = |stable: Body, candidate: Body| {
            of(&answer(200, 1, stable), &answer(200, 1, candidate)).answer
        };
        let at = |place: &str| Same::Body(BTreeSet::from([place.to_owned()]));
        assert_eq!(same(json(r#"{"a": 1}"#), json(r#"{"a":1}"#)), Same::Yes);
        assert_eq!(same(json(r#"{"a":1}"#), json(r#"{"a":2}"#)), at("/a"));
        assert_eq!(same(json("{}"), json("<html>")), at(""));
        assert_eq!(same(json("{}"), Body::Other), at(""));
        assert_eq!(same(json("<html>"), json("{}")), Same::Yes);
        assert_eq!(same(Body::Other, json("{}")), Same::Yes);
    }

    fn packed(text: &str) -> Body {
        let mut packed = Vec::new();
        let mut packing = GzEncoder::new(text.as_bytes(), Compression::default());
        packing.read_to_end(&mut packed).expect("packed");
        Body::Json(packed)
    }

    #[test]
    fn what_is_packed_with_gzip_is_unpacked_within_the_limit() {
        let told = |stable: Body, candidate: Body| {
            let told = of(&answer(200, 1, stable), &answer(200, 1, candidate));
            (told.answer, told.unread)
        };
        let at_a = Same::Body(BTreeSet::from(["/a".to_owned()]));
        assert_eq!(told(packed(r#"{"a":1}"#), packed(r#"{"a":2}"#)), (at_a.clone(), false));
        assert_eq!(told(json(r#"{"a":1}"#), packed(r#"{"a":2}"#)), (at_a, false));
        assert_eq!(told(packed(r#"{"a":1}"#), json(r#"{"a":1}"#)), (Same::Yes, false));
        let large = || packed(&format!("[{}]", " ".repeat(1000)));
        assert_eq!(told(large(), large()), (Same::Yes, true));
        assert_eq!(told(json("{}"), Body::Json(GZIP.to_vec())), (Same::Yes, true));
    }

    #[test]
    fn json_that_was_not_read_is_compared_by_status_alone() {
        let told = |stable: (u16, Body), candidate: (u16, Body)| {
            let told = of(&answer(stable.0, 1, stable.1), &answer(candidate.0, 1, candidate.1));
            (told.answer, told.unread)
        };
        let unread = |status| (status, Body::Unread);
        assert_eq!(told(unread(200), (200, json("{}"))), (Same::Yes, true));
        assert_eq!(told((200, json("{}")), unread(200)), (Same::Yes, true));
        assert_eq!(told(unread(200), unread(404)), (Same::Status, true));
        assert_eq!(told((200, Body::Other), unread(200)), (Same::Yes, false));
        assert_eq!(told(unread(200), unread(502)), (Same::Unknown, false));
    }

    #[test]
    fn predictions_are_of_answers_that_are_well_on_both_sides() {
        let capture = captured("/score");
        let of = |stable: &Answer, candidate: &Answer| {
            compare(stable, candidate, &shadow(), Some(&capture)).predictions
        };
        let [one, other] =
            [r#"{"score":0.5}"#, r#"{"why":1}"#].map(|text| answer(200, 1, json(text)));
        let said = Some(ScalarV1::Number(0.5));
        assert_eq!(of(&one, &other), Some(Predictions { stable: said, candidate: None }));
        assert_eq!(of(&one, &answer(400, 1, json("{}"))), None);
        assert_eq!(of(&one, &answer(200, 1, Body::Unread)), None);
    }

    #[test]
    fn json_is_what_says_so() {
        let headers = |kind: &'static str| {
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
        };
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/hal+json"]
        {
            assert!(is_json(&headers(kind)), "{kind}");
        }
        assert!(!is_json(&headers("text/html")) && !is_json(&HeaderMap::new()));
        let packed = |with: &'static str| {
            HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(with))])
        };
        assert!(is_sealed(&packed("br")) && is_sealed(&packed("gzip, br")));
        assert!(!is_sealed(&packed("gzip")) && !is_sealed(&HeaderMap::new()));
    }
}
