//! The query of a build request.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What to build, apart from the context.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// `repository:tag` of the image; none to build without keeping an image, as checks do.
    pub image: Option<String>,
    /// Path of the Dockerfile in the context.
    pub dockerfile: String,
    /// The stage to build; the last when absent.
    pub target: Option<String>,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// The engine's network for build steps; its default when absent.
    pub network: Option<String>,
    /// Bytes of memory a build step may use; only the classic builder takes it.
    pub memory: Option<u64>,
    /// The control group whose limits build steps have; only `BuildKit` takes it.
    pub cgroup: Option<String>,
}

/// Which builder of the engine is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// `BuildKit`, with the session of this id.
    BuildKit(String),
    /// The builder before it.
    Classic,
}

impl Order {
    /// The path and query of the request.
    pub fn path(&self, way: &Way) -> String {
        let mut query = Query("/build?rm=1&forcerm=1".to_owned());
        query.add("dockerfile", &self.dockerfile);
        query.add_some("t", self.image.as_deref());
        query.add_some("target", self.target.as_deref());
        query.add_some("networkmode", self.network.as_deref());
        query.add_map("buildargs", &self.args);
        query.add_map("labels", &self.labels);
        match way {
            Way::BuildKit(session) => {
                query.add("version", "2");
                query.add("session", session);
                query.add_some("cgroupparent", self.cgroup.as_deref());
                if self.image.is_none() {
                    query.add("outputs", r#"[{"Type":"cacheonly","Attrs":{}}]"#);
                }
            }
            Way::Classic => {
                let memory = self.memory.map(|bytes| bytes.to_string());
                query.add_some("memory", memory.as_deref());
                query.add_some("memswap", memory.as_deref());
            }
        }
        query.0
    }
}

struct Query(String);

impl Query {
    fn add(&mut self, name: &str, value: &str) {
        self.0.push('&');
        self.0.push_str(name);
        self.0.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                write!(self.0, "%{byte:02X}").expect("writing to a string succeeds");
            }
        }
    }

    fn add_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn add_map(&mut self, name: &str, map: &BTreeMap<String, String>) {
        if !map.is_empty() {
            let json = serde_json::to_string(map).expect("a map of texts is JSON");
            self.add(name, &json);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order {
            image: Some("127.0.0.1:5000/shop/api:main".to_owned()),
            dockerfile: "a b/Dockerfile".to_owned(),
            args: BTreeMap::from([("PY".to_owned(), "3&1".to_owned())]),
            memory: Some(1024),
            ..Order::default()
        }
    }

    #[test]
    fn values_cannot_become_parameters() {
        insta::assert_snapshot!(
            order().path(&Way::Classic),
            @"/build?rm=1&forcerm=1&dockerfile=a%20b%2FDockerfile&t=127.0.0.1%3A5000%2Fshop%2Fapi%3Amain&buildargs=%7B%22PY%22%3A%223%261%22%7D&memory=1024&memswap=1024"
        );
    }

    #[test]
    fn a_check_keeps_no_image() {
        let check = Order { image: None, ..order() };
        let path = check.path(&Way::BuildKit("s1".to_owned()));
        assert!(path.contains("version=2&session=s1"), "{path}");
        assert!(path.contains("cacheonly"), "{path}");
    }
}
