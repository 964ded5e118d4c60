//! Files that are no table of ours though they begin like text, told by how they begin: as CSV they would make columns that
//! nobody meant.

use serde_json::{Deserializer, Value};

/// How ZIP archives begin, and so spreadsheets do.
const ZIP: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];

/// What it is, and what to do with it; nothing of what may be CSV.
pub(crate) fn word(first: &[u8]) -> Option<&'static str> {
    if ZIP.iter().any(|start| first.starts_with(start)) {
        return Some("this is a ZIP archive or a spreadsheet; unpack it, or save the sheet as CSV");
    }
    is_json(first).then_some("this is JSON; write it as CSV or Parquet")
}

/// An object or a list is first, and nothing follows but more of them. The names of columns may begin with a bracket, too.
fn is_json(first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    if !text.starts_with(b"{") && !text.starts_with(b"[") {
        return false;
    }
    let mut values = Deserializer::from_slice(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(_)) => {
            let rest = text[values.byte_offset()..].trim_ascii_start();
            rest.is_empty() || rest.starts_with(b"{") || rest.starts_with(b"[")
        }
        // It goes on behind what was looked at.
        Some(Err(error)) => error.is_eof(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn json_is_told_however_it_is_written() {
        let json: [&[u8]; 7] = [
            b"{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n",
            b"\xef\xbb\xbf\n  {\"a\": 1}",
            b"{\n  \"a\": [1, 2],\n  \"b\": {\"c\"",
            b"[{\"a\": 1},\n {\"a\": 2}]\n",
            b"[\n  {\n    \"a\": 1",
            b"[1, 2]\n[3, 4]\n",
            b"{\"a\": \"cut off in the middle of \xc3",
        ];
        for text in json {
            assert!(word(text).is_some_and(|word| word.contains("JSON")), "{text:?}");
        }
    }

    #[test]
    fn names_of_columns_may_begin_with_a_bracket() {
        let csv: [&[u8]; 7] = [
            b"[a],[b]\n1,2\n",
            b"[1],[2]\n1,2\n",
            b"[1]\n5\n6\n",
            b"{a},b\n1,2\n",
            b"{\n1\n",
            b"a,b\n{},[]\n",
            b"PK,name\n1,x\n",
        ];
        for text in csv {
            assert_eq!(word(text), None, "{text:?}");
        }
    }
}
