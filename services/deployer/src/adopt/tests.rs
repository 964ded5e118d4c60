use super::*;
use crate::spec::tests::{a_secret, a_spec};
use std::collections::BTreeMap;

const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn service() -> ResolvedService {
    let text = "app: a\nservices: { api: { image: x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, env: { MODE: fast } } }\n\
                environments: { p: { track: { branch: x } } }\n";
    let manifest = manifest::parse(text).expect("valid");
    let environment = "p".parse().expect("valid");
    let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("resolved");
    resolved.services.into_values().next().expect("one service")
}

fn spec() -> InstanceSpec {
    let env = BTreeMap::from([("MODE".to_owned(), "fast".to_owned())]);
    let secret_env = BTreeMap::from([("TOKEN".to_owned(), a_secret(1, "hunter2"))]);
    InstanceSpec { env, secret_env, ..a_spec() }
}

/// What runs when nothing was changed.
fn untouched(spec: &InstanceSpec) -> Running {
    let secrets = spec.secret_env.iter().map(|(name, s)| (name.clone(), s.value.to_string()));
    Running {
        images: vec![spec.image.clone()],
        env: spec.env.clone().into_iter().chain(secrets).collect(),
        command: (spec.command.clone().unwrap_or_default(), Vec::new()),
        entrypoint: (spec.entrypoint.clone().unwrap_or_default(), Vec::new()),
        user: (spec.user.clone(), None),
        nano_cpus: spec.nano_cpus,
        memory: spec.memory,
        pids: Some(spec.pids),
    }
}

fn adoption(change: impl FnOnce(&mut Running)) -> Adoption {
    let spec = spec();
    let mut running = untouched(&spec);
    change(&mut running);
    let digest = spec.image.split_once('@').expect("by digest").1;
    let image =
        ImageV1 { repository: "r".to_owned(), digest: Digest::parse(digest).expect("valid") };
    Adoption::of(&service(), &image, &spec, &running)
}

#[test]
fn what_was_not_changed_is_not_adopted() {
    let adoption = adoption(|_| {});
    assert_eq!((adoption.adopted, adoption.left), (Vec::<String>::new(), Vec::<String>::new()));
    assert_eq!(adoption.service, service());
}

#[test]
fn variables_limits_and_images_are_adopted() {
    let adoption = adoption(|running| {
        running.env.insert("MODE".to_owned(), "slow".to_owned());
        running.env.insert("EXTRA".to_owned(), "1".to_owned());
        running.memory = Some(1 << 30);
        running.images = vec![format!("127.0.0.1:5000/hotfix@{OTHER}")];
    });
    insta::assert_snapshot!(adoption.adopted.join("\n"), @r"
    image: 127.0.0.1:5000/hotfix@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    env.EXTRA
    env.MODE
    limits.memory: 1073741824 bytes
    ");
    assert_eq!(adoption.image.digest.as_str(), OTHER);
    assert_eq!(adoption.service.resources.memory.map(Bytes::get), Some(1 << 30));
}

#[test]
fn secrets_are_left_and_their_values_never_told() {
    let adoption = adoption(|running| {
        running.env.insert("TOKEN".to_owned(), "hunter3".to_owned());
        running.images.clear();
    });
    let told = format!("{:?}{:?}", adoption.adopted, adoption.left);
    assert!(
        adoption.adopted.is_empty() && adoption.left.len() == 2 && !told.contains("hunter"),
        "{told}"
    );
}

#[test]
fn a_variable_that_is_gone_is_gone_from_the_release() {
    let adoption = adoption(|running| drop(running.env.remove("MODE")));
    assert_eq!(adoption.adopted, ["env.MODE: without it"]);
    assert!(adoption.service.env.is_empty());
}
