//! Places in JSON documents that are not looked at.

/// A JSON pointer (RFC 6901) in which a part `*` stands for every member and every element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

/// Text that is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pointer {0:?} is not valid: start it with /")]
pub struct InvalidPointer(String);

/// From a JSON value to one within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

impl Pointer {
    /// The pointer in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidPointer> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(InvalidPointer(text.to_owned()));
        }
        let plain = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Ok(Self(text.split('/').skip(1).map(plain).collect()))
    }

    /// Whether these steps end where it points to.
    pub(crate) fn is_at(&self, steps: &[Step<'_>]) -> bool {
        let same = |(part, step): (&String, &Step<'_>)| {
            part == "*"
                || match step {
                    Step::Member(name) => part == name,
                    Step::Element(index) => part.parse() == Ok(*index),
                }
        };
        self.0.len() == steps.len() && self.0.iter().zip(steps).all(same)
    }
}

/// The pointer to where `steps` lead, with `*` for the elements of lists.
pub(crate) fn written(steps: &[Step<'_>]) -> String {
    let part = |step: &Step<'_>| match step {
        Step::Member(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
        Step::Element(_) => "/*".to_owned(),
    };
    steps.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::Step::{Element, Member};
    use super::*;

    fn points(pointer: &str, steps: &[Step<'_>]) -> bool {
        Pointer::parse(pointer).expect("a pointer").is_at(steps)
    }

    #[test]
    fn a_pointer_leads_to_one_place_and_a_star_to_many() {
        assert!(points("", &[]) && points("/a~1b/0", &[Member("a/b"), Element(0)]));
        assert!(points("/items/*/id", &[Member("items"), Element(7), Member("id")]));
        assert!(points("/*", &[Member("x")]) && !points("/*", &[]));
        assert!(!points("/a", &[Member("a"), Element(0)]) && !points("/1", &[Element(0)]));
        assert!(Pointer::parse("a").is_err());
    }

    #[test]
    fn a_place_is_written_for_all_elements_of_a_list() {
        assert_eq!(written(&[Member("a/b"), Element(3), Member("~")]), "/a~1b/*/~0");
        assert_eq!(written(&[]), "");
    }
}
