//! Mounts as Docker writes them in one line: `data:/var/lib/data:ro`.

use crate::form::Volume;
use crate::ledger::Ledger;
use crate::name::label;
use crate::place::Place;
use crate::tree::Word;

/// What is mounted where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// A volume's name or a path of the host; nothing for a volume without a name.
    pub(crate) source: String,
    pub(crate) path: String,
    pub(crate) read_only: bool,
}

impl Mount {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = text.split(':');
        let first = parts.next().unwrap_or_default();
        let (source, path) = match parts.next() {
            Some(path) => (first, path),
            None => ("", first),
        };
        let read_only = parts.next().is_some_and(|mode| mode.split(',').any(|it| it == "ro"));
        Self { source: source.to_owned(), path: path.to_owned(), read_only }
    }

    /// Whether it is a path of the host.
    pub(crate) fn is_host(&self) -> bool {
        self.source.starts_with(['/', '.', '~', '$']) || self.source.contains(['/', '\\'])
    }
}

/// The volume of `service` that `mount`, which stands at `place`, is; paths of the host are none.
pub(crate) fn volume(
    mount: &Mount,
    service: &str,
    place: &Place<'_>,
    ledger: &mut Ledger,
) -> Option<Volume> {
    if mount.is_host() {
        let (why, help) = host(mount);
        ledger.left(place, why, help);
        return None;
    }
    let name = if mount.source.is_empty() {
        ledger.added(place, "the volume has no name, so one is made", "rename it if you like");
        label(&format!("{service}{}", mount.path))
    } else {
        label(&mount.source)
    };
    if name != mount.source && !mount.source.is_empty() {
        let why = format!("names are of lower-case letters and `-` here: {name}");
        ledger.changed(place, why, "the volume is a new one: copy the data");
    }
    let class = class(&mount.source, &mount.path);
    let read_only = mount.read_only.then(|| Word::from("true", place));
    Some(Volume {
        name: Word::from(name, place),
        path: Word::from(mount.path.trim_end_matches('/'), place),
        class,
        read_only,
    })
}

fn host(mount: &Mount) -> (&'static str, &'static str) {
    if mount.source.ends_with("docker.sock") {
        return ("no container is given the engine", "do without it");
    }
    if mount.path.ends_with("logs") || mount.path.ends_with("log") {
        return (
            "paths of the host are not mounted",
            "write to standard output; see `slipway logs`",
        );
    }
    (
        "paths of the host are not mounted",
        "COPY in the Dockerfile what belongs to the code; use a volume for what is written",
    )
}

/// What a volume holds, told by its name and path; what cannot be told is data, which is kept best.
pub(crate) fn class(name: &str, path: &str) -> &'static str {
    let said = |word: &str| name.to_ascii_lowercase().contains(word) || path.contains(word);
    match (said("cache"), said("model")) {
        (true, _) => "cache",
        (false, true) => "model",
        (false, false) => "data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_volumes_or_paths_of_the_host() {
        let mount = Mount::parse("data:/var/lib/data:ro,z");
        assert_eq!((mount.source.as_str(), mount.path.as_str()), ("data", "/var/lib/data"));
        assert!(mount.read_only && !mount.is_host());
        assert!(Mount::parse("./a:/b").is_host() && Mount::parse("a/b:/c").is_host());
        assert_eq!(Mount::parse("/b").source, "");
    }

    #[test]
    fn what_is_not_known_to_be_a_copy_is_data() {
        assert_eq!(class("ml_pip_cache", "/home/app/.cache/pip"), "cache");
        assert_eq!(class("models", "/models"), "model");
        assert_eq!(class("pg", "/var/lib/postgresql/data"), "data");
    }
}
