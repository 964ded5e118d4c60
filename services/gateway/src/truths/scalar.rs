//! One value that is no list and no object. What is one is passed over without being kept: whoever sends nonsense gets
//! no more memory than it takes to read, which is once its length for a text and nothing for all else. Pure.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use std::fmt;

/// See the module.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    Flag(bool),
    Number(Number),
    Text(String),
    /// Nothing, a list or an object.
    Other,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Number::from_f64(number).map_or(Scalar::Other, Scalar::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_of_few_or_passed_over() {
        let read = |text: &str| serde_json::from_str::<Scalar>(text).expect("it is JSON");
        assert_eq!(read("true"), Scalar::Flag(true));
        assert_eq!(read("-7"), Scalar::Number((-7).into()));
        assert_eq!(read("18446744073709551615"), Scalar::Number(u64::MAX.into()));
        assert_eq!(read("0.5"), Scalar::Number(Number::from_f64(0.5).expect("finite")));
        assert_eq!(read(r#""a\u00e4""#), Scalar::Text("aä".to_owned()));
        for other in ["null", "[1, [2]]", r#"{"a": {"b": []}}"#] {
            assert_eq!(read(other), Scalar::Other);
        }
    }
}
