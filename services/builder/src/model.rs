//! Which model a commit has: the digest of the files that jobs make and commit. Pure.

use crate::git::tree::{Entry, Kind};
use manifest::Manifest;
use sha2::{Digest as _, Sha256};

/// sha256 over the files of `files` that jobs of `manifest` commit; nothing when there are none.
pub fn digest(manifest: &Manifest, files: &[Entry]) -> Option<String> {
    let mut lines: Vec<String> = of(manifest, files)
        .map(|file| format!("{} {} {}\n", file.mode, file.id, file.path))
        .collect();
    lines.sort_unstable();
    (!lines.is_empty()).then(|| hex::encode(Sha256::digest(lines.concat())))
}

/// Those of `files` that jobs of `manifest` commit.
pub fn of<'a>(manifest: &Manifest, files: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
    let is_file = |file: &&Entry| file.kind() != Kind::Submodule;
    files.iter().filter(is_file).filter(|file| manifest.is_of_the_model(&file.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tree;

    const MANIFEST: &str = "
app: shop
services: { web: { build: . } }
jobs: { train: { service: web, command: [x], at: manual, commit: { paths: [models/*] } } }
environments: { production: { track: { branch: main } } }
";

    fn told(list: &[u8]) -> Option<String> {
        let manifest = manifest::parse(MANIFEST).expect("a manifest");
        digest(&manifest, &tree::parse(list).expect("a list"))
    }

    #[test]
    fn a_model_is_the_same_wherever_the_code_is() {
        let one = told(b"100644 blob aa\tmodels/m\x00100644 blob bb\tapp.py\0");
        assert!(one.is_some());
        assert_eq!(one, told(b"100644 blob cc\tapp.py\x00100644 blob aa\tmodels/m\0"));
        assert_ne!(one, told(b"100644 blob dd\tmodels/m\x00100644 blob bb\tapp.py\0"));
        assert_eq!(told(b"100644 blob bb\tapp.py\0"), None);
    }
}
