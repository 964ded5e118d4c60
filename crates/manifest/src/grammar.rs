//! The four shapes the grammar is made of, each declared once: how it is read, what it defaults to and
//! why, how it is stored, and what the reference says of it all come from that declaration.

/// A scalar: a type with a parser, the words for it, and a stand-in.
macro_rules! scalar {
    ($name:ty, $kind:literal, $parse:expr, $stand_in:expr) => {
        impl crate::read::Read for $name {
            fn read(node: &crate::yaml::Node, reading: &mut crate::read::Reading) -> Self {
                let text = match &node.value {
                    crate::yaml::Value::Scalar { text, .. } if !node.is_nothing() => text,
                    _ => return reading.expected(node, $kind),
                };
                $parse(text).unwrap_or_else(|error| {
                    reading.problem(node.at, error.to_string(), None);
                    $stand_in
                })
            }

            fn stand_in() -> Self {
                $stand_in
            }

            fn describe(_: &mut crate::docs::Docs) -> String {
                $kind.trim_start_matches("a ").trim_start_matches("an ").to_owned()
            }
        }

        impl crate::read::FromKey for $name {
            const KIND: &'static str = $kind;

            fn from_key(text: &str) -> Result<Self, String> {
                $parse(text).map_err(|error| error.to_string())
            }
        }
    };
}

/// A word out of a few.
macro_rules! choice {
    (
        $(#[doc = $about:literal])*
        pub enum $name:ident { $( $(#[doc = $doc:literal])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[doc = $doc])* #[serde(rename = $text)] $variant, )+
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($text),+];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::read::Read for $name {
            fn read(node: &crate::yaml::Node, reading: &mut crate::read::Reading) -> Self {
                let crate::yaml::Value::Scalar { text, .. } = &node.value else {
                    return reading.expected(node, &format!("one of {}", Self::WORDS.join(", ")));
                };
                match text.as_str() {
                    $( $text => Self::$variant, )+
                    _ => {
                        let help = crate::nearest::suggestion(text, Self::WORDS);
                        let expected = Self::WORDS.join(", ");
                        let found = crate::problem::quoted(text);
                        let message = format!("expected one of {expected}, found {found}");
                        let help = help.starts_with("did").then_some(help);
                        reading.problem(node.at, message, help);
                        Self::stand_in()
                    }
                }
            }

            fn stand_in() -> Self {
                [$(Self::$variant),+][0]
            }

            fn describe(_: &mut crate::docs::Docs) -> String {
                let words: Vec<_> = Self::WORDS.iter().map(|word| format!("`{word}`")).collect();
                words.join(" or ")
            }
        }
    };
}

/// A mapping with known keys. A field is `name: Type;`, with `["key"]` after the name when the key has
/// another name, and `= "default as YAML", "where the default comes from"` when it has a default.
/// `short "key"` lets a bare scalar stand for a mapping with that key alone. A field that was added after
/// releases were stored says with `#[serde(..)]` how it is left out, so that those stay readable and equal;
/// the whole may say so too.
macro_rules! mapping {
    (
        $(#[doc = $about:literal])*
        $(#[serde $whole:tt])?
        pub struct $name:ident $(short $short:literal)? {
            $(
                $(#[doc = $doc:literal])*
                $(#[serde $stored:tt])?
                $field:ident $([$key:literal])? : $type:ty $(= $default:literal, $origin:literal)? ;
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $(#[serde $whole])?
        pub struct $name {
            $( $(#[doc = $doc])* $(#[serde $stored])? pub $field: $type, )*
        }

        impl crate::read::Read for $name {
            fn read(node: &crate::yaml::Node, reading: &mut crate::read::Reading) -> Self {
                let short: &[&'static str] = &[$($short)?];
                let Some(mut fields) =
                    crate::read::Fields::of(node, short.first().copied(), &mut *reading)
                else {
                    return reading.expected(node, "a mapping");
                };
                let value = Self {
                    $( $field: fields.field(
                        crate::grammar::key!($field $($key)?),
                        crate::grammar::given!($($default)?),
                    ), )*
                };
                fields.finish();
                value
            }

            fn stand_in() -> Self {
                Self { $( $field: <$type as crate::read::Read>::stand_in(), )* }
            }

            fn describe(docs: &mut crate::docs::Docs) -> String {
                let about: &[&str] = &[$($about),*];
                let short: &[&'static str] = &[$($short)?];
                docs.section(stringify!($name), about, short.first().copied(), |docs| {
                    let mut rows = Vec::new();
                    $( rows.extend(<$type as crate::read::Read>::rows(
                        crate::docs::Row::new(
                            crate::grammar::key!($field $($key)?),
                            &[$($doc),*],
                            crate::grammar::given!($($default)?),
                            crate::grammar::given!($($origin)?),
                            <$type as crate::read::Read>::when_absent().is_none(),
                        ),
                        docs,
                    )); )*
                    rows
                })
            }
        }
    };
}

/// Exactly one of several keys, each with a value of its own; `short "key"` as for a mapping. Read on its
/// own it is a mapping with that one key; as a field of a mapping its keys stand among the others.
macro_rules! one_of {
    (
        $(#[doc = $about:literal])*
        pub enum $name:ident {
            $( $(#[doc = $doc:literal])* $key:literal => $variant:ident($type:ty), )+
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[doc = $doc])* #[serde(rename = $key)] $variant($type), )+
        }

        impl $name {
            const KEYS: &'static [&'static str] = &[$($key),+];
        }

        impl crate::read::Read for $name {
            fn read(node: &crate::yaml::Node, reading: &mut crate::read::Reading) -> Self {
                let Some(mut fields) = crate::read::Fields::of(node, None, &mut *reading) else {
                    return reading.expected(node, &format!("a mapping with {}", Self::wanted("")));
                };
                let value = fields.field("", None);
                fields.finish();
                value
            }

            fn stand_in() -> Self {
                [$( || Self::$variant(<$type as crate::read::Read>::stand_in()) ),+][0]()
            }

            fn take(fields: &mut crate::read::Fields<'_>, _: &'static str) -> Option<Self> {
                let mut values: Vec<Self> = Vec::new();
                $( if let Some(value) = <$type as crate::read::Read>::take(fields, $key) {
                    values.push(Self::$variant(value));
                } )+
                if values.len() > 1 {
                    let keys = Self::KEYS.iter().filter(|key| fields.has(key));
                    let keys: Vec<_> = keys.map(|key| format!("`{key}`")).collect();
                    fields.remark(format!("has {}; keep one of them", keys.join(" and ")));
                }
                values.into_iter().next()
            }

            fn keys(_: &'static str) -> Vec<&'static str> {
                Self::KEYS.to_vec()
            }

            fn wanted(_: &str) -> String {
                let keys: Vec<_> = Self::KEYS.iter().map(|key| format!("`{key}`")).collect();
                if keys.len() == 1 { keys.join("") } else { format!("one of {}", keys.join(", ")) }
            }

            fn describe(docs: &mut crate::docs::Docs) -> String {
                let about: &[&str] = &[$($about),*];
                docs.section(stringify!($name), about, None, |docs| {
                    Self::rows(crate::docs::Row::new("", &[], None, None, true), docs)
                })
            }

            fn rows(_: crate::docs::Row, docs: &mut crate::docs::Docs) -> Vec<crate::docs::Row> {
                let mut rows = Vec::new();
                $( rows.extend(<$type as crate::read::Read>::rows(
                    crate::docs::Row::one_of($key, &[$($doc),*], Self::KEYS),
                    docs,
                )); )+
                rows
            }
        }
    };
}

macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

macro_rules! given {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

/// A newtype over text that passed a check.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:expr, $stand_in:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The value in `text`, or what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, crate::InvalidValue> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(rule) => Err(crate::InvalidValue::new($kind, text, rule)),
                }
            }

            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::InvalidValue;

            fn try_from(text: String) -> Result<Self, crate::InvalidValue> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        crate::grammar::scalar!($name, $kind, $name::parse, Self($stand_in.to_owned()));
    };
}

pub(crate) use {choice, given, key, mapping, one_of, scalar, text};
