//! Secret files as archives that the engine unpacks into a container before it starts. Pure.

use crate::spec::{InstanceSpec, SecretValue};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io;

/// An archive for each directory to unpack it in.
///
/// A read-only file system takes files only where a volume is mounted, so each goes to its own directory;
/// elsewhere the directories need not be there yet, and everything goes to the root.
pub(super) fn archives(
    spec: &InstanceSpec,
    user: Option<&str>,
) -> io::Result<Vec<(String, Bytes)>> {
    let mut by_directory: BTreeMap<&str, Vec<(&str, &SecretValue)>> = BTreeMap::new();
    for (path, secret) in &spec.secret_files {
        let (directory, file) = match path.rsplit_once('/') {
            Some((directory, file)) if spec.read_only && !directory.is_empty() => (directory, file),
            _ => ("/", path.trim_start_matches('/')),
        };
        by_directory.entry(directory).or_default().push((file, secret));
    }
    let packed = by_directory
        .into_iter()
        .map(|(directory, files)| Ok((directory.to_owned(), archive(&files, owner(user))?)));
    packed.collect()
}

fn archive(files: &[(&str, &SecretValue)], owner: Option<(u64, u64)>) -> io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, secret) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(secret.value.len() as u64);
        // Who a name is, only the image knows: then everybody in the container may read.
        header.set_mode(if owner.is_some() { 0o400 } else { 0o444 });
        let (uid, gid) = owner.unwrap_or_default();
        header.set_uid(uid);
        header.set_gid(gid);
        archive.append_data(&mut header, path, secret.value.as_bytes())?;
    }
    Ok(archive.into_inner()?.into())
}

/// User and group by number; root when nothing is said.
fn owner(user: Option<&str>) -> Option<(u64, u64)> {
    let Some(user) = user else { return Some((0, 0)) };
    let (uid, gid) = user.split_once(':').unwrap_or((user, "0"));
    match uid {
        "root" => Some((0, 0)),
        uid => Some((uid.parse().ok()?, gid.parse().unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::{a_secret, a_spec};

    #[test]
    fn only_the_instances_user_reads_a_secret() {
        assert_eq!(owner(None), Some((0, 0)));
        assert_eq!(owner(Some("root")), Some((0, 0)));
        assert_eq!(owner(Some("1000")), Some((1000, 0)));
        assert_eq!(owner(Some("1000:100")), Some((1000, 100)));
        assert_eq!(owner(Some("app")), None);
    }

    #[test]
    fn a_read_only_instance_gets_each_file_where_a_volume_is() {
        let files = ["/run/secrets/A", "/run/secrets/B", "/etc/app/key"];
        let secret_files = files.map(|path| (path.to_owned(), a_secret(1, "value"))).into();
        let mut spec = InstanceSpec { secret_files, ..a_spec() };
        let directories = |spec: &InstanceSpec| {
            let archives = archives(spec, None).unwrap();
            archives.into_iter().map(|(directory, _)| directory).collect::<Vec<_>>()
        };
        assert_eq!(directories(&spec), ["/"]);
        spec.read_only = true;
        assert_eq!(directories(&spec), ["/etc/app", "/run/secrets"]);
    }
}
