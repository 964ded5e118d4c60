use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .expect("the samples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("readable"))
        })
        .collect();
    samples.sort();
    samples
}

fn sample(name: &str) -> serde_json::Value {
    let (_, body) = samples().into_iter().find(|sample| sample.0 == name).expect("a sample");
    serde_json::from_slice(&body).expect("JSON")
}

fn understood(event: &str, body: &serde_json::Value) -> Understood {
    understand(event, body.to_string().as_bytes())
}

fn short(understood: &Understood) -> String {
    match understood {
        Understood::Ping => "ping".to_owned(),
        Understood::Push(push) => format!("push {} {}", push.git_ref, push.commit.short()),
        Understood::Deleted(gone) => format!("deleted {}", gone.git_ref),
        Understood::Look { reason } => format!("look: {reason}"),
        Understood::Ci(commit) => format!("ci of {}", commit.short()),
        Understood::Ignored { reason } => format!("ignored: {reason}"),
    }
}

#[test]
fn every_sample_is_understood_or_ignored_with_a_reason() {
    let story: Vec<String> = samples()
        .iter()
        .map(|(name, body)| {
            let event = name.split('.').next().expect("an event");
            format!("{name}: {}", short(&understand(event, body)))
        })
        .collect();
    insta::assert_snapshot!(story.join("\n"), @r"
    create.0: look: tag simple-tag was created; the push of it names the commit
    create.1: look: tag simple-tag was created; the push of it names the commit
    delete.0: look: tag simple-tag was deleted; the push of it names the commit
    delete.1: look: tag simple-tag was deleted; the push of it names the commit
    deployment.0: ignored: nothing follows from the event deployment
    installation.0: ignored: nothing follows from the event installation
    meta.0: ignored: nothing follows from the event meta
    ping.0: ping
    ping.3: ping
    push.0: push refs/tags/simple-tag 6113728f27ae
    push.1: deleted refs/tags/simple-tag
    push.2: deleted refs/tags/simple-tag
    push.4: push refs/heads/master 6113728f27ae
    push.5: push refs/heads/master 6113728f27ae
    release.0: ignored: nothing follows from the event release
    star.0: ignored: nothing follows from the event star
    status.2: ci of 6113728f27ae
    ");
}

#[test]
fn a_push_is_read_whole() {
    let Understood::Push(push) = understood("push", &sample("push.0")) else {
        unreachable!("push")
    };
    assert_eq!(push.before, None);
    assert_eq!(push.message, "Adding a .gitignore file");
    assert_eq!(push.by, "Codertocat");
    assert_eq!(push.pushed_at, Some(1_557_933_657));
    assert_eq!(push.repository.as_deref(), Some("https://github.com/Codertocat/Hello-World.git"));
}

#[test]
fn a_deletion_has_no_head_commit() {
    let Understood::Deleted(gone) = understood("push", &sample("push.1")) else {
        unreachable!("gone")
    };
    assert_eq!(gone.git_ref, GitRef::tag("simple-tag").expect("valid"));
    assert!(gone.before.is_some());
}

#[test]
fn an_annotated_tag_is_its_commit() {
    let mut body = sample("push.0");
    body["after"] = "ee".repeat(20).into();
    let Understood::Push(push) = understood("push", &body) else { unreachable!("push") };
    assert_eq!(push.commit.short(), "6113728f27ae");
}

#[test]
fn more_than_2048_commits_and_a_force_push_are_one_push() {
    let mut body = sample("push.4");
    let one = body["head_commit"].clone();
    body["commits"] = vec![one; 2100].into();
    body["forced"] = true.into();
    let Understood::Push(push) = understood("push", &body) else { unreachable!("push") };
    assert!(push.forced);
}

#[test]
fn fields_of_another_type_are_as_if_missing() {
    let mut body = sample("push.4");
    for field in ["pusher", "sender", "repository", "forced", "before", "commits"] {
        body[field] = serde_json::json!([1, {"x": null}]);
    }
    let Understood::Push(push) = understood("push", &body) else { unreachable!("push") };
    assert_eq!((push.by.as_str(), push.repository, push.pushed_at), ("github", None, None));
}

#[test]
fn a_push_that_names_nothing_says_so() {
    let at = |body: &str| short(&understand("push", body.as_bytes()));
    insta::assert_snapshot!(
        [at("{}"), at("[]"), at("not json"), at(r#"{"ref":"refs/heads/main"}"#)].join("\n"),
        @r#"
        ignored: ref "" is not valid: use refs/heads/BRANCH or refs/tags/TAG
        ignored: ref "" is not valid: use refs/heads/BRANCH or refs/tags/TAG
        ignored: the body is not a JSON object: expected ident at line 1 column 2
        ignored: the push of refs/heads/main names no commit
        "#
    );
}

/// The sample with one of its values, chosen by `at`, broken.
fn mutate(body: &mut serde_json::Value, at: usize, with: &serde_json::Value) {
    let fields = body.as_object_mut().expect("an object");
    let index = at % fields.len();
    let value = fields.values_mut().nth(index).expect("in range");
    let deeper = at / 7;
    if value.as_object().is_some_and(|inner| !inner.is_empty()) && !deeper.is_multiple_of(3) {
        return mutate(value, deeper, with);
    }
    *value = with.clone();
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        event in "(push|create|delete|ping|[a-z_]{0,10})",
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        understand(&event, &body);
    }

    #[test]
    fn a_broken_sample_never_panics(
        at in any::<u32>(),
        with in prop_oneof![
            Just(serde_json::Value::Null),
            any::<i64>().prop_map(Into::into),
            any::<bool>().prop_map(Into::into),
            ".{0,50}".prop_map(serde_json::Value::String),
            Just(serde_json::json!({"a": [1, 2]})),
        ],
    ) {
        for (event, name) in [("push", "push.4"), ("push", "push.1"), ("create", "create.0")] {
            let mut body = sample(name);
            mutate(&mut body, at as usize, &with);
            understood(event, &body);
        }
    }

    #[test]
    fn a_sample_cut_anywhere_is_ignored(cut in 0_usize..7000) {
        let body = sample("push.4").to_string();
        let part = &body.as_bytes()[..cut.min(body.len() - 1)];
        let ignored = matches!(understand("push", part), Understood::Ignored { .. });
        prop_assert!(ignored, "a part of a payload must not count");
    }
}
