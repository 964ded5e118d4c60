//! By what a client is known to whom a canary's shares are given.

use crate::docs::{Docs, Row};
use crate::read::{Fields, Read, Reading};
use crate::value::FieldName;
use crate::yaml::{Node, Value};
use serde::{Deserialize, Serialize};

const ADDRESS: &str = "address";

/// By what requests of one client are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sticky {
    /// The value of a request header.
    Header(FieldName),
    /// The value of a cookie.
    Cookie(FieldName),
    /// The address they come from.
    Address,
}

impl Read for Sticky {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        let expected = "`address`, or a mapping with `header` or `cookie`";
        match &node.value {
            Value::Scalar { text, .. } if text == ADDRESS => return Self::Address,
            Value::Scalar { .. } => return reading.expected(node, expected),
            Value::List(_) | Value::Map(_) => {}
        }
        let Some(mut fields) = Fields::of(node, None, &mut *reading) else {
            return reading.expected(node, expected);
        };
        let header = FieldName::take(&mut fields, "header").map(Self::Header);
        let cookie = FieldName::take(&mut fields, "cookie").map(Self::Cookie);
        if header.is_some() == cookie.is_some() {
            fields.remark("needs exactly one of `header`, `cookie`".to_owned());
        }
        fields.finish();
        header.or(cookie).unwrap_or(Self::Address)
    }

    fn stand_in() -> Self {
        Self::Address
    }

    fn describe(docs: &mut Docs) -> String {
        let about = "By what a client is known, so that it gets the same release all the time: a hash of it \
                     decides, another one for each release. The bare word `address` takes the address that \
                     requests come from, which all behind one gateway share. A request without the header or \
                     cookie is decided by itself.";
        docs.section("Sticky", &[about], None, |docs| {
            let row = |key, about| Row::one_of(key, &[about], &["header", "cookie"]);
            let header = FieldName::rows(row("header", "Name of a request header."), docs);
            let cookie = FieldName::rows(row("cookie", "Name of a cookie."), docs);
            header.into_iter().chain(cookie).collect()
        })
    }
}
