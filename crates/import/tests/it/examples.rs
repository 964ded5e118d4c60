//! The applications under `examples/`: their manifests are valid in every environment.

use manifest::Manifest;
use std::path::Path;

fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let entries = std::fs::read_dir(folder).expect("there are examples").flatten();
    let named = entries.filter_map(|entry| {
        let text = std::fs::read_to_string(entry.path().join("slipway.yaml")).ok()?;
        Some((entry.file_name().to_string_lossy().into_owned(), text))
    });
    named.collect()
}

fn parsed(text: &str) -> Manifest {
    manifest::parse(text).expect("is a valid manifest")
}

#[test]
fn every_example_is_valid_in_every_environment() {
    let examples = examples();
    assert!(examples.len() >= 5, "{}", examples.len());
    for (name, text) in examples {
        let manifest = parsed(&text);
        for environment in manifest.environments.keys() {
            let resolved = manifest::resolve(&manifest, &manifest, environment);
            assert!(resolved.is_ok(), "{name}, {environment}: {:?}", resolved.err());
        }
    }
}

#[test]
fn every_example_says_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for (name, text) in examples() {
        let build = parsed(&text).services.into_values().filter_map(|s| s.source.build().cloned());
        for build in build {
            let file =
                folder.join(&name).join(build.context.as_str()).join(build.dockerfile.as_str());
            assert!(file.is_file(), "{}", file.display());
        }
        assert!(folder.join(&name).join("README.md").is_file(), "{name} has no README.md");
    }
}
