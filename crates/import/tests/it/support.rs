//! The samples, and the little reading the tests share.

use import::{Imported, Options, import};
use manifest::yaml::{Node, Value};

/// Every sample with its name.
pub(crate) const SAMPLES: [(&str, &str); 10] = [
    ("compose-hard", include_str!("../samples/compose-hard.yaml")),
    ("kamal-hard", include_str!("../samples/kamal-hard.yml")),
    ("kamal-small", include_str!("../samples/kamal-small.yml")),
    ("app-platform-hard", include_str!("../samples/app-platform-hard.yaml")),
    ("compose-nasty", include_str!("../samples/compose-nasty.yaml")),
    ("app-platform-nasty", include_str!("../samples/app-platform-nasty.yaml")),
    ("kamal-nasty", include_str!("../samples/kamal-nasty.yml")),
    ("car-price", include_str!("../../../../examples/car-price/compose.yaml")),
    ("forecaster", include_str!("../../../../examples/forecaster/compose.yaml")),
    ("fraud-detection", include_str!("../../../../examples/fraud-detection/.do/app.yaml")),
];

/// The sample called `name`.
pub(crate) fn sample(name: &str) -> &'static str {
    let found = SAMPLES.iter().find(|(known, _)| *known == name);
    found.expect("a sample of this name").1
}

/// What becomes of `source`, in a folder `folder`.
pub(crate) fn imported(source: &str) -> Imported {
    let options = Options { folder: Some("folder".to_owned()), ..Options::default() };
    import(source, &options).expect("can be imported")
}

/// Every place without anything below it.
pub(crate) fn leaves(node: &Node, path: &str) -> Vec<String> {
    let below: Vec<(String, &Node)> = match &node.value {
        Value::Scalar { .. } => Vec::new(),
        Value::List(items) => {
            items.iter().enumerate().map(|(n, item)| (format!("{path}[{n}]"), item)).collect()
        }
        Value::Map(entries) => {
            let dot = if path.is_empty() { "" } else { "." };
            entries.iter().map(|(key, node)| (format!("{path}{dot}{}", key.text), node)).collect()
        }
    };
    if below.is_empty() {
        return vec![path.to_owned()];
    }
    below.iter().flat_map(|(path, node)| leaves(node, path)).collect()
}

/// Every place of the tree.
pub(crate) fn places(node: &Node) -> Vec<String> {
    let ends = |path: &str| -> Vec<String> {
        let cuts = path.char_indices().filter(|(_, c)| ['.', '['].contains(c));
        cuts.map(|(at, _)| path[..at].to_owned()).chain([path.to_owned()]).collect()
    };
    leaves(node, "").iter().flat_map(|path| ends(path)).collect()
}

/// Whether `inner` is `outer` or below it.
pub(crate) fn within(outer: &str, inner: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
