//! What was true, from what a program sent: JSON, lines of JSON, or CSV. Pure.

use super::scalar::Scalar;
use csv_core::{ReadFieldResult, Reader};
use http::{HeaderMap, header};
use proto::v1::TruthOf;
use proto::v1::truth_of::Is;
use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Truths of one request.
const MOST: usize = 100_000;
/// Letters of the longest key, and of the longest text that was true.
const LONGEST: usize = 200;
/// Columns of a CSV: the place of each cell takes eight bytes while its row is read.
const WIDEST: usize = 10_000;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A list of objects, or an object with such a list in `truths`.
    Json,
    /// An object in each line.
    Lines,
    /// A row in each line, below one that names the columns.
    Csv,
}

impl Format {
    /// As the sender says.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/jsonl" => Some(Self::Lines),
            "text/csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// What is wrong with what was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("read the JSON: a list of {{\"key\": .., \"truth\": ..}} is wanted")]
    Json(#[source] serde_json::Error),
    #[error("read line {line}")]
    Line {
        /// From 1.
        line: usize,
        source: serde_json::Error,
    },
    #[error("read the CSV")]
    Csv(#[source] csv::Error),
    #[error("the first line must name the columns `key` and `truth`")]
    Columns,
    #[error("a line of the CSV has more than {WIDEST} columns")]
    TooWide,
    #[error("the key of truth {at} must have 1 to {LONGEST} letters")]
    Key {
        /// From 1.
        at: usize,
    },
    #[error("the text of truth {at} must have at most {LONGEST} letters")]
    Long {
        /// From 1.
        at: usize,
    },
    #[error("there is no truth in it")]
    Nothing,
    #[error("there are more than {MOST} truths in it; send them in parts")]
    TooMany,
}

#[derive(Deserialize)]
struct Named {
    truths: Rows,
}

/// Not more than one too many: what follows takes no memory.
struct Rows(Vec<TruthOf>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Few)
    }
}

struct Few;

impl<'de> Visitor<'de> for Few {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of truths")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rows, A::Error> {
        let mut truths = Vec::new();
        while truths.len() <= MOST {
            let Some(row) = list.next_element::<Row>()? else { return Ok(Rows(truths)) };
            truths.push(TruthOf::from(row));
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Rows(truths))
    }
}

/// A row; what else is in it is passed over and takes no memory.
#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "key")]
    key: String,
    #[serde(deserialize_with = "truth")]
    truth: Is,
}

impl From<Row> for TruthOf {
    fn from(Row { key, truth }: Row) -> Self {
        Self { key, is: Some(truth) }
    }
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => Ok(text),
        Scalar::Number(number) => Ok(number.to_string()),
        Scalar::Flag(_) | Scalar::Other => Err(D::Error::custom("a `key` is a text or a number")),
    }
}

fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Is, D::Error> {
    let truth = match Scalar::deserialize(deserializer)? {
        Scalar::Flag(flag) => Some(Is::Flag(flag)),
        Scalar::Number(number) => number.as_f64().map(Is::Number),
        Scalar::Text(text) => Some(Is::Text(text)),
        Scalar::Other => None,
    };
    truth.ok_or_else(|| D::Error::custom("a `truth` is true or false, a number or a text"))
}

/// All that is told, in its order. What is too much is not read to its end.
pub(super) fn truths(format: Format, bytes: &[u8]) -> Result<Vec<TruthOf>, Unreadable> {
    let truths = match format {
        Format::Json => of_json(bytes),
        Format::Lines => of_lines(bytes),
        Format::Csv => of_csv(bytes),
    }?;
    if let Some(at) = truths.iter().position(|truth| !is_key(&truth.key)) {
        return Err(Unreadable::Key { at: at + 1 });
    }
    if let Some(at) = truths.iter().position(is_long) {
        return Err(Unreadable::Long { at: at + 1 });
    }
    match truths.len() {
        0 => Err(Unreadable::Nothing),
        count if count > MOST => Err(Unreadable::TooMany),
        _ => Ok(truths),
    }
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST).contains(&key.chars().count()) && !key.contains('\0')
}

fn is_long(truth: &TruthOf) -> bool {
    matches!(&truth.is, Some(Is::Text(text)) if text.chars().count() > LONGEST)
}

fn of_json(bytes: &[u8]) -> Result<Vec<TruthOf>, Unreadable> {
    let is_named = bytes.trim_ascii_start().starts_with(b"{");
    let rows = if is_named {
        serde_json::from_slice::<Named>(bytes).map(|named| named.truths)
    } else {
        serde_json::from_slice(bytes)
    };
    let Rows(truths) = rows.map_err(Unreadable::Json)?;
    Ok(truths)
}

fn of_lines(bytes: &[u8]) -> Result<Vec<TruthOf>, Unreadable> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let truths = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).map(|(at, line)| {
        let row = serde_json::from_slice::<Row>(line);
        row.map(TruthOf::from).map_err(|source| Unreadable::Line { line: at + 1, source })
    });
    truths.take(MOST + 1).collect()
}

fn of_csv(bytes: &[u8]) -> Result<Vec<TruthOf>, Unreadable> {
    if is_wide(bytes) {
        return Err(Unreadable::TooWide);
    }
    let mut reader = csv::Reader::from_reader(bytes);
    let head = reader.headers().map_err(Unreadable::Csv)?;
    let column = |wanted: &str| head.iter().position(|name| name.trim() == wanted);
    let (Some(key), Some(truth)) = (column("key"), column("truth")) else {
        return Err(Unreadable::Columns);
    };
    let rows = reader.records().map(|row| {
        let row = row.map_err(Unreadable::Csv)?;
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let is = Some(proto::truth::of_text(cell(truth)));
        Ok(TruthOf { key: cell(key).to_owned(), is })
    });
    rows.take(MOST + 1).collect()
}

/// Whether a row has too many cells. Counted as they are read: a cell in quotes may hold commas and ends of lines.
fn is_wide(mut rest: &[u8]) -> bool {
    let (mut reader, mut cell, mut ended) = (Reader::new(), [0_u8; 1024], 0_usize);
    loop {
        // Nothing left says that this is the end: the last cell first, then that there is no more.
        let (result, read, _) = reader.read_field(rest, &mut cell);
        rest = &rest[read..];
        match result {
            ReadFieldResult::Field { record_end: true } => ended = 0,
            ReadFieldResult::Field { record_end: false } => ended += 1,
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            ReadFieldResult::End => return false,
        }
        if ended >= WIDEST {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(format: Format, text: &str) -> Result<Vec<TruthOf>, String> {
        truths(format, text.as_bytes()).map_err(|error| service::chain(&error))
    }

    fn wanted() -> Vec<TruthOf> {
        let truth = |key: &str, is| TruthOf { key: key.to_owned(), is: Some(is) };
        let country = Is::Text("DE".to_owned());
        vec![truth("a", Is::Flag(true)), truth("7", Is::Number(0.5)), truth("c", country)]
    }

    #[test]
    fn the_same_is_said_in_three_formats() {
        let rows = [
            r#"{"key": "a", "truth": true}"#,
            r#"{"key": 7, "truth": 0.5, "at": "today"}"#,
            r#"{"key": "c", "truth": "DE"}"#,
        ];
        let list = format!("[{}]", rows.join(","));
        assert_eq!(read(Format::Json, &list), Ok(wanted()));
        assert_eq!(read(Format::Json, &format!(" {{\"truths\": {list}}}")), Ok(wanted()));
        assert_eq!(read(Format::Lines, &(rows.join("\r\n\n") + "\n")), Ok(wanted()));
        assert_eq!(read(Format::Csv, "at, truth,key\n1,true,a\n2,0.5,7\n3,DE,c\n"), Ok(wanted()));
    }

    #[test]
    fn what_is_wrong_is_told_with_where() {
        let why = |format, text: &str| read(format, text).expect_err("it is wrong");
        insta::assert_snapshot!(why(Format::Json, r#"[{"key": "a"}]"#), @r#"read the JSON: a list of {"key": .., "truth": ..} is wanted: missing field `truth` at line 1 column 13"#);
        insta::assert_snapshot!(why(Format::Lines, "{\"key\": \"a\", \"truth\": 1}\n{\"key\": \"b\", \"truth\": null}\n"), @"read line 2: a `truth` is true or false, a number or a text at line 1 column 27");
        insta::assert_snapshot!(why(Format::Csv, "key,label\na,1\n"), @"the first line must name the columns `key` and `truth`");
        insta::assert_snapshot!(why(Format::Csv, "key,truth\na,1\n,1\n"), @"the key of truth 2 must have 1 to 200 letters");
        insta::assert_snapshot!(why(Format::Json, "[]"), @"there is no truth in it");
        let many = "a,1\n".repeat(MOST + 1);
        insta::assert_snapshot!(why(Format::Csv, &format!("key,truth\n{many}")), @"there are more than 100000 truths in it; send them in parts");
    }

    #[test]
    fn what_is_too_much_is_not_read_to_its_end() {
        let too_many =
            Err("there are more than 100000 truths in it; send them in parts".to_owned());
        let rows = vec![r#"{"key": "a", "truth": 1}"#; MOST + 1];
        // What follows would be refused, were it read.
        assert_eq!(read(Format::Json, &format!("[{}, null]", rows.join(","))), too_many);
        assert_eq!(read(Format::Lines, &(rows.join("\n") + "\nnull")), too_many);
        let many = "a,1\n".repeat(MOST + 1);
        assert_eq!(read(Format::Csv, &format!("key,truth\n{many}b\n")), too_many);
        assert_eq!(
            read(Format::Csv, "key,truth\nb\n").map_err(|why| why.contains("CSV")),
            Err(true)
        );
    }

    #[test]
    fn what_nobody_asked_for_is_passed_over_or_refused() {
        let nonsense = format!("[{}{{}}]", r#"{"a": [1, null]}, "#.repeat(10_000));
        let row =
            format!(r#"[{{"key": "a", "rest": {nonsense}, "truth": true, "more": {nonsense}}}]"#);
        assert_eq!(read(Format::Json, &row), Ok(wanted()[..1].to_vec()));
        let why = |text: String| read(Format::Lines, &text).expect_err("it is wrong");
        let truth = why(format!(r#"{{"key": 1, "truth": {nonsense}}}"#));
        assert!(truth.contains("a `truth` is true or false, a number or a text"), "{truth}");
        let key = why(format!(r#"{{"key": {nonsense}, "truth": 1}}"#));
        assert!(key.contains("a `key` is a text or a number"), "{key}");
    }

    #[test]
    fn a_row_of_too_many_cells_is_refused_also_over_several_lines() {
        let commas = |count| ",".repeat(count);
        let lines = format!("key,truth{}\"\n\"{}\n", commas(6_000), commas(6_000));
        for wide in [format!("key,truth{}\n", commas(WIDEST)), lines] {
            let why = read(Format::Csv, &wide).expect_err("it is wrong");
            assert_eq!(why, "a line of the CSV has more than 10000 columns");
        }
        // Commas in quotes part no cells.
        let quoted = format!("key,truth,why\nc,DE,\"{}\"\n", commas(WIDEST + 1));
        assert_eq!(read(Format::Csv, &quoted), Ok(wanted()[2..].to_vec()));
    }

    #[test]
    fn how_it_is_written_is_said_by_the_sender() {
        let of = |kind: &'static str| {
            Format::of(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                http::HeaderValue::from_static(kind),
            )]))
        };
        assert_eq!(of("Application/JSON; charset=utf-8"), Some(Format::Json));
        assert_eq!(of("application/x-ndjson"), Some(Format::Lines));
        assert_eq!(of("text/csv"), Some(Format::Csv));
        assert_eq!((of("text/plain"), Format::of(&HeaderMap::new())), (None, None));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for format in [Format::Json, Format::Lines, Format::Csv] {
                if let Ok(truths) = truths(format, &bytes) {
                    prop_assert!(truths.iter().all(|truth| !truth.key.is_empty() && truth.is.is_some()));
                }
            }
        }
    }
}
