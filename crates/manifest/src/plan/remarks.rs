//! What is not wrong, and often goes wrong: said in a plan, before it happens.

use crate::environment::names;
use crate::resolved::{Resolved, ResolvedService, ResolvedTarget};
use crate::service::Source;
use events::ServiceName;

/// What the manifest alone shows.
pub(super) fn remarks(resolved: &Resolved) -> Vec<String> {
    let services = resolved.services.iter().flat_map(|(name, service)| of_service(name, service));
    services.chain(of_approval(resolved)).collect()
}

/// Nobody agrees to their own: where all who may agree must, none of them may push or ask.
fn of_approval(resolved: &Resolved) -> Option<String> {
    let approval = resolved.approval.as_ref()?;
    let from = approval.from.as_ref()?;
    usize::try_from(approval.count).is_ok_and(|count| count >= from.len()).then(|| {
        format!(
            "approval is asked of everybody who may agree ({}): what one of them pushes or asks for is refused, because \
             nobody agrees to their own",
            names(from)
        )
    })
}

fn of_service(name: &ServiceName, service: &ResolvedService) -> Vec<String> {
    let homes = service.user.as_ref().map(|user| homes(name, service, user.as_str(), None));
    unpinned(service)
        .into_iter()
        .chain(unproved(service))
        .map(|what| format!("service {name} {what}"))
        .chain(homes.into_iter().flatten())
        .collect()
}

fn unpinned(service: &ResolvedService) -> Option<String> {
    let Source::Image(image) = &service.source else { return None };
    let is_loose = image.digest().is_none() && image.tag().is_none_or(|tag| tag == "latest");
    is_loose.then(|| {
        format!("runs {image}, which is another image whenever its makers want: write a version")
    })
}

fn unproved(service: &ResolvedService) -> Option<String> {
    let ready = service.health.ready.as_ref()?;
    let is_open = matches!(ready.target, ResolvedTarget::Tcp { .. });
    (service.http.is_some() && is_open).then(|| {
        "counts as ready as soon as its port is open: write `health.ready: { get: /path }`"
            .to_owned()
    })
}

/// Why what `service` keeps in its home, run as `user`, does not come to the volumes that are mounted in one. `home` is
/// what its image says, if that is known.
#[must_use]
pub fn homes(
    name: &ServiceName,
    service: &ResolvedService,
    user: &str,
    home: Option<&str>,
) -> Vec<String> {
    let own = service.env.iter().find(|(variable, _)| variable.as_str() == "HOME");
    let home = own.map(|(_, value)| value.as_str()).or(home);
    let is_told = |path: &str| service.env.values().any(|value| value.as_str().contains(path));
    let remark = |volume: &crate::service::Volume| {
        let path = volume.path.as_str();
        let why = misplaced(path, user, home).filter(|_| !is_told(path))?;
        Some(format!("service {name} mounts volume {} at {path}, and {why}", volume.name))
    };
    service.volumes.iter().filter_map(remark).collect()
}

/// Why a process of `user` keeps nothing at `path`, where that is in somebody's home.
fn misplaced(path: &str, user: &str, home: Option<&str>) -> Option<String> {
    let user = user.split(':').next().filter(|user| !user.is_empty() && *user != "0");
    let user = user.unwrap_or("root");
    let is_below = |home: &str| path.strip_prefix(home).is_some_and(|rest| rest.starts_with('/'));
    if !is_below("/root") && !is_below("/home") {
        return None;
    }
    let home = home.filter(|home| *home != "/").map(str::to_owned).or_else(|| home_of(user))?;
    if path == home || is_below(&home) {
        return None;
    }
    let why = if is_below("/root") {
        format!("runs as {user}, who may not look into the home of root")
    } else {
        format!(
            "runs as {user}, whose home is {home}: what it keeps there is gone with each instance"
        )
    };
    Some(why)
}

/// Where homes usually are; those of numbers are not known.
fn home_of(user: &str) -> Option<String> {
    match user {
        "root" => Some("/root".to_owned()),
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => None,
        name => Some(format!("/home/{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(service: &str) -> String {
        let text = format!(
            "app: shop\nservices: {{ api: {{ {service} }} }}\n\
             environments: {{ production: {{ track: {{ branch: main }} }} }}"
        );
        let manifest = crate::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let environment = manifest.environments.keys().next().expect("one");
        let resolved = crate::resolve(&manifest, &manifest, environment).expect("it resolves");
        remarks(&resolved).join("\n")
    }

    #[test]
    fn an_image_that_moves_is_remarked() {
        let latest = "service api runs nginx:latest, which is another image whenever its makers want: write a version";
        assert_eq!(told("image: nginx:latest"), latest);
        assert_eq!(told("image: nginx"), latest.replace(":latest", ""));
        let pinned = format!("image: nginx@sha256:{}", "a".repeat(64));
        assert_eq!((told("image: nginx:1.27"), told(&pinned)), (String::new(), String::new()));
    }

    #[test]
    fn a_server_of_which_only_the_port_is_asked_is_remarked() {
        let open = "service api counts as ready as soon as its port is open: write `health.ready: { get: /path }`";
        assert_eq!(told("build: ., http: { port: 80 }"), open);
        assert_eq!(told("build: ., http: { port: 80 }, health: { ready: { get: /ready } }"), "");
        assert_eq!(told("build: ."), "", "a worker has nothing to ask");
    }

    #[test]
    fn a_volume_in_the_home_of_another_is_remarked() {
        let told = |user: Option<&str>, path: &str| misplaced(path, user.unwrap_or_default(), None);
        let cache = "/home/app/.cache/pip";
        assert_eq!(told(Some("app"), cache), None);
        assert_eq!(told(Some("1000"), cache), None, "who that is is not known");
        let root = told(None, cache).expect("root has another home");
        assert!(root.starts_with("runs as root, whose home is /root"), "{root}");
        let closed = told(Some("app:app"), "/root/.cache").expect("it is closed");
        assert_eq!(closed, "runs as app, who may not look into the home of root");
        assert_eq!((told(None, "/data"), told(None, "/root/.cache")), (None, None));
        assert_eq!(misplaced("/home/app/x", "1000", Some("/home/app")), None);
    }

    #[test]
    fn what_a_variable_points_to_is_found() {
        let mounts = "volumes: [{ name: m, path: /home/app/models, class: cache }]";
        assert!(told(&format!("build: ., user: root, {mounts}")).contains("mounts volume m"));
        let env = "env: { MODELS: /home/app/models }";
        assert_eq!(told(&format!("build: ., user: root, {env}, {mounts}")), "");
    }
}
