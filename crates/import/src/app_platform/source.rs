//! Where the image of a component comes from, and which branch is released.

use super::list;
use crate::form::{Build, Environment};
use crate::ledger::{Ledger, NOTHING};
use crate::place::Place;
use crate::tree::Word;

const FORGES: [&str; 4] = ["github", "gitlab", "bitbucket", "git"];
const COMPONENTS: [&str; 3] = ["services", "workers", "jobs"];

/// How the component at `place` is built.
pub(super) fn build(place: &Place<'_>, ledger: &mut Ledger) -> Build {
    let directory = place.get("source_dir").and_then(|dir| Word::of(&dir).map(|word| (dir, word)));
    let context = directory.map(|(_, word)| Word { text: relative(&word.text), ..word });
    let file = place.get("dockerfile_path");
    if file.is_none() {
        let why = "there are no buildpacks here: an image is built from a Dockerfile";
        ledger.added(place, why, "write a Dockerfile");
    }
    if let Some(slug) = place.get("environment_slug") {
        ledger.left(&slug, "there are no buildpacks here", "write a Dockerfile");
    }
    let mut build = Build { context, ..Build::default() };
    if let Some((file, text)) = file.as_ref().and_then(|file| file.text().map(|text| (file, text)))
    {
        let text = relative(text);
        let below = build.context.as_ref().map(|context| format!("{}/", context.text));
        let inside = below.as_deref().and_then(|below| text.strip_prefix(below));
        if build.context.is_some() && inside.is_none() && text.contains('/') {
            ledger.changed(file, "a Dockerfile is below its context here", "check both");
            build.context = build.context.map(|word| Word { text: ".".to_owned(), ..word });
            build.dockerfile = Some(Word::from(text, file));
        } else {
            build.dockerfile = Some(Word::from(inside.unwrap_or(&text), file));
        }
    }
    build
}

/// `/backend/` and `./backend` as `backend`.
fn relative(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

/// The image that the component at `place` runs, if it is not built.
pub(super) fn image(place: &Place<'_>, ledger: &mut Ledger) -> Option<Word> {
    let image = place.get("image")?;
    let repository = image.get("repository")?;
    let host = match image.text_of("registry_type") {
        Some("GHCR") => "ghcr.io/",
        Some("DOCR") => "registry.digitalocean.com/",
        _ => "",
    };
    let mut text = host.to_owned();
    let mut word = Word::new("");
    for key in ["registry_type", "registry", "repository", "tag", "digest"] {
        let Some(part) = image.get(key) else { continue };
        word = word.and(&part);
        match (key, part.text().unwrap_or_default()) {
            ("registry", name) => text.push_str(&[name, "/"].concat()),
            ("repository", name) => text.push_str(name),
            ("tag", name) => text.push_str(&[":", name].concat()),
            ("digest", name) => text.push_str(&["@", name].concat()),
            _ => {}
        }
    }
    if image.get("registry_type").is_some_and(|kind| kind.is("DOCR")) {
        let help = "write registry.digitalocean.com/REGISTRY/NAME";
        ledger.changed(&repository, "its registry at DigitalOcean is not named here", help);
    }
    if image.get("tag").is_none() && image.get("digest").is_none() {
        ledger.added(&repository, "no tag is written, so it is latest", "write a tag or a digest");
    }
    if let Some(credentials) = image.get("registry_credentials") {
        let help = "let the Docker host log in at the registry";
        ledger.left(&credentials, "credentials do not belong in a file", help);
    }
    if let Some(follow) = image.get("deploy_on_push") {
        let help = "deploy it with `slipway deploy`";
        ledger.left(&follow, "a registry is not watched", help);
    }
    Some(Word { text, ..word })
}

/// Which branch is released, and what pushes to it do.
pub(super) fn branches(spec: &Place<'_>, environment: &mut Environment, ledger: &mut Ledger) {
    let components = COMPONENTS.iter().flat_map(|key| list(spec, key));
    for component in components {
        for forge in FORGES {
            if let Some(source) = component.get(forge) {
                branch(&source, environment, ledger);
            }
        }
    }
}

fn branch(source: &Place<'_>, environment: &mut Environment, ledger: &mut Ledger) {
    for key in ["repo", "repo_clone_url"] {
        if let Some(repo) = source.get(key) {
            let help = "name it with `slipway app add`";
            ledger.left(&repo, "the repository is not written in itself", help);
        }
    }
    if let Some(place) = source.get("branch") {
        let text = place.text().unwrap_or_default();
        let good = manifest::Glob::parse(text).is_ok();
        match &mut environment.branch {
            None if good => environment.branch = Word::of(&place),
            Some(word) if word.text == text => word.from.push(place.mark()),
            _ => {
                let why = "all services of an environment are released from one branch";
                ledger.left(&place, why, "keep one branch, or make another app");
            }
        }
    }
    let Some(push) = source.get("deploy_on_push") else { return };
    if push.is("true") {
        ledger.changed(&push, "every push to a tracked branch is released", NOTHING);
    } else {
        let help = "track a tag instead, or write `[skip deploy]` into commits";
        ledger.changed(&push, "every push to a tracked branch is released here", help);
    }
}
