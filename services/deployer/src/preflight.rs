//! What images say of themselves against what the manifest says of their services. Pure.

use crate::docker::{ImageFacts, Inside, Owner};
use events::{ServiceName, VolumeName};
use manifest::{ResolvedService, Volume, homes};
use std::collections::BTreeMap;

/// What the engine makes of a mount where the image has no directory.
const MADE: Owner = Owner { uid: 0, gid: 0, mode: 0o755 };

/// What was found out for the volumes of a service.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What its image has inside.
    pub(crate) inside: Inside,
    /// Whom its volumes belong to that hold something.
    pub(crate) held: BTreeMap<VolumeName, Owner>,
}

/// Somebody in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Account<'a> {
    uid: u64,
    gid: u64,
    home: Option<&'a str>,
}

/// What often goes wrong with `service` on this image.
pub(crate) fn remarks(
    name: &ServiceName,
    service: &ResolvedService,
    (image, found): (&ImageFacts, Option<&Found>),
) -> Vec<String> {
    let user = user(service, image);
    let account = found.map(|found| account(user, &found.inside.users));
    let home = account.flatten().and_then(|account| account.home);
    // Where the manifest names a user, it was remarked without the image.
    let homes =
        service.user.is_none().then(|| homes(name, service, user, image.home.as_deref().or(home)));
    let barred = match (found, account) {
        (Some(found), Some(Some(account))) => barred(service, user, account, found),
        (Some(found), Some(None)) if !found.inside.users.is_empty() => {
            vec![format!("runs as {user}, whom its image does not know: it cannot start")]
        }
        _ => Vec::new(),
    };
    let barred = barred.into_iter().map(|what| format!("service {name} {what}"));
    port(name, service, image)
        .into_iter()
        .chain(homes.into_iter().flatten())
        .chain(barred)
        .collect()
}

/// Whom `service` runs as.
pub(crate) fn user<'a>(service: &'a ResolvedService, image: &'a ImageFacts) -> &'a str {
    let own = service.user.as_ref().map(manifest::User::as_str);
    own.or(image.user.as_deref()).unwrap_or("root")
}

/// The directories that `service` wants to write to, and may not be allowed to.
pub(crate) fn written(service: &ResolvedService) -> impl Iterator<Item = &Volume> {
    service.volumes.iter().filter(|volume| !volume.read_only)
}

/// Who `user`, a name or a number with or without a group, is in an image with these users.
fn account<'a>(user: &str, users: &'a str) -> Option<Account<'a>> {
    let (user, group) =
        user.split_once(':').map_or((user, None), |(user, group)| (user, Some(group)));
    let mut lines = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let known = |fields: Vec<&'a str>| {
        let [name, _, uid, gid, _, home, ..] = fields[..] else { return None };
        (name == user || uid == user).then_some((uid.parse().ok()?, gid.parse().ok()?, home))
    };
    let found = lines.find_map(known);
    let number = || user.parse().ok().map(|uid| (uid, 0, ""));
    let (uid, gid, home) = found.or_else(number)?;
    let gid = group.and_then(|group| group.parse().ok()).unwrap_or(gid);
    Some(Account { uid, gid, home: Some(home).filter(|home| !home.is_empty()) })
}

/// Which volumes `account` may not write to. Where one is mounted for the first time, it belongs to whom the directory
/// of the image belongs to, and to root where the image has none.
fn barred(
    service: &ResolvedService,
    user: &str,
    account: Account<'_>,
    found: &Found,
) -> Vec<String> {
    let remark = |volume: &Volume| {
        let (name, path) = (&volume.name, volume.path.as_str());
        let uid = account.uid;
        if let Some(owner) = found.held.get(name) {
            let whose = format!("belongs to user {} with mode {:o}", owner.uid, owner.mode);
            return (!may_write(account, *owner)).then(|| {
                format!("mounts volume {name}, which {whose}, and runs as {user}, who may not write there: give it to user {uid}, or take a new one")
            });
        }
        let there = found.inside.directories.get(path).copied().flatten();
        if may_write(account, there.unwrap_or(MADE)) {
            return None;
        }
        let why = match there {
            None => "which its image does not have: it will belong to root".to_owned(),
            Some(owner) => format!("which belongs to user {} in its image", owner.uid),
        };
        Some(format!(
            "mounts volume {name} at {path}, {why}, and runs as {user}, who may not write there: write `RUN install -d -o {uid} {path}` into the Dockerfile"
        ))
    };
    written(service).filter_map(remark).collect()
}

fn may_write(account: Account<'_>, owner: Owner) -> bool {
    let bit = match () {
        () if account.uid == 0 => return true,
        () if account.uid == owner.uid => 0o200,
        () if account.gid == owner.gid => 0o020,
        () => 0o002,
    };
    owner.mode & bit != 0
}

fn port(name: &ServiceName, service: &ResolvedService, image: &ImageFacts) -> Option<String> {
    let port = service.http.as_ref()?.port.get();
    let exposed = &image.exposed_ports;
    let is_other = !exposed.is_empty() && !exposed.contains(&port);
    is_other.then(|| {
        let exposed: Vec<String> = exposed.iter().map(u16::to_string).collect();
        format!(
            "service {name} is asked at port {port}, and its image says that it listens on {}",
            exposed.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::EnvironmentName;

    fn told(image: &ImageFacts) -> String {
        told_of(image, None)
    }

    fn told_of(image: &ImageFacts, found: Option<&Found>) -> String {
        let text = "app: shop\nservices: { api: { build: ., http: { port: 8000 }, \
            volumes: [{ name: pip, path: /home/app/.cache/pip, class: cache }] } }\n\
            environments: { production: { track: { branch: main } } }";
        let manifest = manifest::parse(text).expect("a manifest");
        let environment = EnvironmentName::parse("production").expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("it resolves");
        let (name, service) = resolved.services.iter().next().expect("one");
        remarks(name, service, (image, found)).join("\n")
    }

    const PIP: &str = "/home/app/.cache/pip";

    /// What `app` of an image is told of a directory of these owners, in the image and as a volume.
    fn mounted(inside: Option<Owner>, held: Option<Owner>) -> String {
        let users =
            "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n".to_owned();
        let inside = Inside { users, directories: [(PIP.to_owned(), inside)].into() };
        let pip = VolumeName::parse("pip").expect("a name");
        let found = Found { inside, held: held.map(|owner| (pip, owner)).into_iter().collect() };
        let image = ImageFacts { user: Some("app".to_owned()), ..ImageFacts::default() };
        told_of(&image, Some(&found))
    }

    #[test]
    fn a_volume_that_the_user_may_not_write_to_is_remarked() {
        let owner = |uid, mode| Some(Owner { uid, gid: uid, mode });
        insta::assert_snapshot!(mounted(None, None), @"service api mounts volume pip at /home/app/.cache/pip, which its image does not have: it will belong to root, and runs as app, who may not write there: write `RUN install -d -o 1000 /home/app/.cache/pip` into the Dockerfile");
        insta::assert_snapshot!(mounted(owner(0, 0o755), None), @"service api mounts volume pip at /home/app/.cache/pip, which belongs to user 0 in its image, and runs as app, who may not write there: write `RUN install -d -o 1000 /home/app/.cache/pip` into the Dockerfile");
        insta::assert_snapshot!(mounted(owner(1000, 0o755), owner(0, 0o755)), @"service api mounts volume pip, which belongs to user 0 with mode 755, and runs as app, who may not write there: give it to user 1000, or take a new one");
        for writable in [owner(1000, 0o700), owner(0, 0o777)] {
            assert_eq!(
                (mounted(writable, None), mounted(None, writable)),
                (String::new(), String::new())
            );
        }
    }

    #[test]
    fn who_a_user_is_stands_in_the_image() {
        let users = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:100::/srv:/bin/sh\n";
        let who = |user| account(user, users).map(|it| (it.uid, it.gid, it.home));
        assert_eq!(who("app"), Some((1000, 100, Some("/srv"))));
        assert_eq!(who("1000:7"), Some((1000, 7, Some("/srv"))));
        assert_eq!((who("4711"), who("ghost")), (Some((4711, 0, None)), None));
        let ghost = ImageFacts { user: Some("ghost".to_owned()), ..ImageFacts::default() };
        let inside = Inside { users: users.to_owned(), ..Inside::default() };
        let told = told_of(&ghost, Some(&Found { inside, ..Found::default() }));
        assert!(told.contains("service api runs as ghost, whom its image does not know"), "{told}");
    }

    #[test]
    fn a_port_that_the_image_does_not_name_is_remarked() {
        let app = Some("app".to_owned());
        let image = |ports: &[u16]| ImageFacts {
            user: app.clone(),
            exposed_ports: ports.to_vec(),
            ..ImageFacts::default()
        };
        assert_eq!(
            (told(&image(&[])), told(&image(&[9000, 8000]))),
            (String::new(), String::new())
        );
        insta::assert_snapshot!(told(&image(&[9000])), @"service api is asked at port 8000, and its image says that it listens on 9000");
    }

    #[test]
    fn a_home_that_is_not_where_the_volume_is_is_remarked() {
        insta::assert_snapshot!(told(&ImageFacts::default()), @"service api mounts volume pip at /home/app/.cache/pip, and runs as root, whose home is /root: what it keeps there is gone with each instance");
        let home = Some("/home/app".to_owned());
        assert_eq!(told(&ImageFacts { home, ..ImageFacts::default() }), "");
    }
}
