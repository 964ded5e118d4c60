use super::*;
use crate::observed::ImageEvidence;
use events::Digest;
use proptest::prelude::*;
use uuid::Uuid;

const RELEASED: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) fn uid(number: u128) -> InstanceId {
    InstanceId::new(Uuid::from_u128(number))
}

fn release(number: u128) -> ReleaseId {
    ReleaseId::new(Uuid::from_u128(number))
}

/// What should run: container `name` of instance `id`.
pub(crate) fn wanted(name: &str, id: InstanceId) -> Wanted {
    let instance = Instance {
        id,
        service: "api".parse().expect("valid"),
        replica: 0,
        container_id: format!("id-of-{name}"),
        container_name: name.to_owned(),
        digest: Digest::parse(RELEASED).expect("valid"),
    };
    let baseline = Baseline { image: "sha256:config".to_owned(), ..Baseline::default() };
    Wanted { instance, released: None, baseline: Some(baseline) }
}

/// A finding with nothing but its reason.
pub(crate) fn finding(reason: Reason) -> Finding {
    Finding {
        subject: String::new(),
        reason,
        service: None,
        instance: None,
        replica: None,
        message: String::new(),
        fields: Vec::new(),
        cause: String::new(),
        next: String::new(),
        ignored: false,
    }
}

fn place() -> Place {
    Place::parse("shop", "production").expect("valid")
}

/// The same as it runs when all is well.
pub(crate) fn observed(name: &str, id: InstanceId) -> Observed {
    Observed {
        container_id: format!("id-of-{name}"),
        name: name.to_owned(),
        instance: Some(id),
        release: Some(release(7)),
        service: Some("api".parse().expect("valid")),
        process: Process::Running,
        exit: None,
        restarts: 0,
        image: ImageEvidence {
            id: "sha256:config".to_owned(),
            digests: ["sha256:config", RELEASED].map(str::to_owned).into(),
            from_registry: true,
        },
        made_of: String::new(),
        created: None,
        addresses: BTreeSet::new(),
        fields: Fields::default(),
    }
}

fn reasons(wanted: &[Wanted], found: &[Observed]) -> Vec<Reason> {
    let known = BTreeSet::from([release(7)]);
    diff(&place(), wanted, found, &known).into_iter().map(|finding| finding.reason).collect()
}

/// What is found when the one container that should run is as `change` makes it.
fn found_when(change: impl FnOnce(&mut Observed)) -> Vec<Reason> {
    let mut found = observed("a", uid(1));
    change(&mut found);
    reasons(&[wanted("a", uid(1))], &[found])
}

fn other_image(digest: Option<&str>) -> ImageEvidence {
    let digests = ["sha256:other"].into_iter().chain(digests_of(digest));
    ImageEvidence {
        id: "sha256:other".to_owned(),
        digests: digests.map(str::to_owned).collect(),
        from_registry: digest.is_some(),
    }
}

fn digests_of(digest: Option<&str>) -> impl Iterator<Item = &str> {
    digest.into_iter()
}

#[test]
fn what_runs_as_released_is_in_sync() {
    assert_eq!(found_when(|_| ()), []);
    assert_eq!(reasons(&[], &[]), []);
}

#[test]
fn each_difference_has_its_reason() {
    assert_eq!(reasons(&[wanted("a", uid(1))], &[]), [Reason::Missing]);
    assert_eq!(found_when(|found| found.process = Process::Ended), [Reason::Stopped]);
    assert_eq!(found_when(|found| found.process = Process::Paused), [Reason::Stopped]);
    assert_eq!(found_when(|found| found.container_id = "another".to_owned()), [Reason::Replaced]);
    assert_eq!(found_when(|found| found.image = other_image(Some("sha256:b"))), [Reason::Image]);
}

#[test]
fn a_container_made_again_by_hand_is_found_by_its_name() {
    let by_hand = |found: &mut Observed| {
        found.container_id = "another".to_owned();
        found.instance = None;
        found.release = None;
        found.image = other_image(Some("sha256:b"));
    };
    assert_eq!(found_when(by_hand), [Reason::Replaced, Reason::Image]);
}

#[test]
fn an_image_is_the_same_by_any_of_its_digests() {
    let config_only =
        ImageEvidence { digests: ["sha256:config".to_owned()].into(), ..other_image(None) };
    let same_id = ImageEvidence { id: "sha256:config".to_owned(), ..config_only };
    assert_eq!(found_when(|found| found.image = same_id), []);
    assert_eq!(found_when(|found| found.image = other_image(Some(RELEASED))), []);
}

#[test]
fn an_image_nobody_can_name_is_not_judged_before_it_was_seen() {
    let never_seen = Wanted { baseline: None, ..wanted("a", uid(1)) };
    let unnamed = Observed { image: other_image(None), ..observed("a", uid(1)) };
    assert_eq!(reasons(std::slice::from_ref(&never_seen), &[unnamed]), []);
    let named = Observed { image: other_image(Some("sha256:b")), ..observed("a", uid(1)) };
    assert_eq!(reasons(&[never_seen], &[named]), [Reason::Image]);
}

#[test]
fn only_what_belongs_to_nothing_is_an_orphan() {
    let of_older_release = Observed { instance: Some(uid(9)), ..observed("old", uid(9)) };
    assert_eq!(reasons(&[], std::slice::from_ref(&of_older_release)), []);
    let of_no_release = Observed { release: Some(release(404)), ..of_older_release.clone() };
    assert_eq!(reasons(&[], &[of_no_release]), [Reason::Orphaned]);
    let without_release = Observed { release: None, ..of_older_release };
    assert_eq!(reasons(&[], &[without_release]), [Reason::Orphaned]);
}

#[test]
fn a_copy_of_an_instance_is_an_orphan_beside_it() {
    let copy = Observed {
        container_id: "copy".to_owned(),
        name: "copy".to_owned(),
        ..observed("a", uid(1))
    };
    assert_eq!(reasons(&[wanted("a", uid(1))], &[copy, observed("a", uid(1))]), [Reason::Orphaned]);
}

/// What is told when the one container that should run is as `change` makes it.
fn told(change: impl FnOnce(&mut Observed)) -> String {
    let mut found = observed("shop-api-0", uid(1));
    change(&mut found);
    let fields = |pairs: &[(&str, &str)]| {
        Fields(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    };
    let made = fields(&[("env.PATH", "hash:1"), ("limits.memory", "64MiB")]);
    let baseline =
        Baseline { image: "sha256:config".to_owned(), fields: made.clone(), ..Baseline::default() };
    if found.fields == Fields::default() {
        found.fields = made;
    }
    let released = Some(fields(&[("limits.memory", "64MiB")]));
    let wanted = Wanted { released, baseline: Some(baseline), ..wanted("shop-api-0", uid(1)) };
    let findings = diff(&place(), &[wanted], &[found], &BTreeSet::from([release(7)]));
    let line = |it: Finding| {
        format!("{}: {}\n  {}\n  {}", it.reason.as_str(), it.message, it.cause, it.next)
    };
    findings.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_finding_says_what_why_and_what_to_do() {
    insta::assert_snapshot!(told(|found| found.process = Process::Paused), @r"
    STOPPED: container shop-api-0 is paused
      `docker pause`
      `slipway drift heal shop production` restores it, also `mode: heal` by itself
    ");
    let another = |found: &mut Observed| {
        found.container_id = "0123456789abcdef".to_owned();
        found.made_of = "shop:latest".to_owned();
        found.image = other_image(Some("sha256:b"));
    };
    insta::assert_snapshot!(told(another), @r"
    REPLACED: container shop-api-0 is not the one that was released: 0123456789ab instead of id-of-shop-a, made at an unknown time
      somebody removed the container and made another at an unknown time
      `slipway drift heal shop production` restores it, also `mode: heal` by itself
    IMAGE: container shop-api-0 runs image other, released was aaaaaaaaaaaa
      somebody made another container at an unknown time of shop:latest, a name that can mean another image every day
      `slipway drift heal shop production` restores it, `slipway drift adopt shop production` makes a release of it
    ");
}

#[test]
fn a_changed_field_is_told_with_what_it_was() {
    let changed = [("env.PATH", "hash:1"), ("limits.memory", "128MiB"), ("limits.pids", "5")];
    let changed = changed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    insta::assert_snapshot!(told(|found| found.fields = Fields(changed.into())), @r"
    LIMITS: container shop-api-0: limits.memory is 128MiB, was 64MiB; limits.pids is 5, was not set
      `docker update`: the container is the same, and only that changes these
      `slipway drift heal shop production` restores it, `slipway drift adopt shop production` makes a release of it
    ");
}

#[test]
fn what_may_differ_is_left_out_and_the_rest_is_told() {
    let diff = |field: &str| FieldDiff { field: field.to_owned(), ..FieldDiff::default() };
    let both = Finding {
        fields: vec![diff("limits.memory"), diff("limits.pids")],
        ..finding(Reason::Limits)
    };
    let mut findings = [both.clone(), Finding { fields: vec![diff("limits.pids")], ..both }];
    ignore(&mut findings, |_, field| field == "limits.pids");
    let ignored: Vec<_> = findings.iter().map(|it| (it.ignored, it.fields.len())).collect();
    assert_eq!(ignored, [(false, 1), (true, 1)]);
}

fn any_observed() -> impl Strategy<Value = Observed> {
    let process = prop_oneof![Just(Process::Running), Just(Process::Paused), Just(Process::Ended)];
    let identity = (0_u128..4, 0_u128..4, "[a-d]", "[a-d]");
    (identity, process, any::<bool>()).prop_map(|((id, of, container, name), process, same)| {
        Observed {
            container_id: format!("id-of-{container}"),
            name,
            instance: (id > 0).then(|| uid(id)),
            release: (of > 0).then(|| release(of)),
            process,
            image: if same { observed("a", uid(1)).image } else { other_image(Some("sha256:b")) },
            ..observed("a", uid(1))
        }
    })
}

proptest! {
    #[test]
    fn what_should_run_is_never_an_orphan_and_findings_do_not_repeat(
        found in proptest::collection::vec(any_observed(), 0..6),
    ) {
        let wanted = [wanted("a", uid(1)), wanted("b", uid(2))];
        let findings = diff(&place(), &wanted, &found, &BTreeSet::from([release(1)]));
        let keys: BTreeSet<_> = findings.iter().map(|it| (it.reason, it.message.clone())).collect();
        prop_assert_eq!(keys.len() <= findings.len(), true);
        for finding in findings.iter().filter(|finding| finding.reason == Reason::Orphaned) {
            for wanted in &wanted {
                let own = place_of(&wanted.instance, &found).map(|own| &own.container_id);
                prop_assert_ne!(Some(&finding.subject), own);
            }
        }
    }

    #[test]
    fn an_instance_is_missing_or_somewhere(found in proptest::collection::vec(any_observed(), 0..6)) {
        let one = wanted("a", uid(1));
        let findings = diff(&place(), std::slice::from_ref(&one), &found, &BTreeSet::new());
        let missing = findings.iter().any(|finding| finding.reason == Reason::Missing);
        prop_assert_eq!(missing, place_of(&one.instance, &found).is_none());
    }
}
