//! Which images of builds stay on the engine and at the registry, and why. Pure.

use crate::db::pushed::Pushed;
use crate::engine::images::LocalImage;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is needed.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// By digest, the release that needs it and how, as "live in apps/shop/environments/production".
    pub released: BTreeMap<String, String>,
    /// Digests of builds that ended a moment ago: their releases may still be made.
    pub fresh: BTreeSet<String>,
    /// Apps with a build that goes on: what it reuses is not known before it ends.
    pub building: BTreeSet<String>,
    /// Apps that are registered.
    pub apps: BTreeSet<String>,
}

/// What becomes of an image, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Stays(Why),
    /// No release needs it, and none will.
    Goes,
    /// The same, and its app is not registered any more.
    GoesWithItsApp,
}

/// Why an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A release needs it: which, and how.
    Released(String),
    /// A release may be made of it any moment.
    Fresh,
    /// An earlier release may be restored from it.
    Recent,
    /// A build of its app goes on, and may use it.
    Building,
    /// It is the newest of its service: the next build begins with its layers.
    Newest,
    /// A container was made of it.
    Container,
    /// It has a name that the platform did not give, or none.
    Foreign,
    /// Whoever keeps it did not give it away.
    Refused(String),
}

impl Verdict {
    /// It does not stay.
    #[must_use]
    pub fn goes(&self) -> bool {
        !matches!(self, Self::Stays(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goes => f.write_str("no release needs it"),
            Self::GoesWithItsApp => f.write_str("its app is gone"),
            Self::Stays(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Released(need) => need,
            Self::Fresh => "built a moment ago",
            Self::Recent => "built not long ago: a release can be restored from it",
            Self::Building => "a build of its app goes on",
            Self::Newest => "the newest of its service",
            Self::Container => "a container is made of it",
            Self::Foreign => "it has a name of somebody else, or none",
            Self::Refused(why) => return write!(f, "it could not be removed: {why}"),
        })
    }
}

/// The ids of the newest image of each service. `registry` is where the platform pushes.
#[must_use]
pub fn newest(images: &[LocalImage], registry: &str) -> BTreeSet<String> {
    let mut newest: BTreeMap<(&str, &str), &LocalImage> = BTreeMap::new();
    for image in images.iter().filter(|image| is_ours(image, registry)) {
        let last = newest.entry((&image.app, &image.service)).or_insert(image);
        if image.created > last.created {
            *last = image;
        }
    }
    newest.into_values().map(|image| image.id.clone()).collect()
}

/// What becomes of `image`.
#[must_use]
pub fn judge(
    image: &LocalImage,
    newest: &BTreeSet<String>,
    needs: &Needs,
    registry: &str,
) -> Verdict {
    // A label is inherited: an image that somebody made of ours has it too.
    if !is_ours(image, registry) {
        return Verdict::Stays(Why::Foreign);
    }
    let digests = || image.digests.iter().filter_map(|name| name.split_once('@')).map(|it| it.1);
    if let Some(need) = digests().find_map(|digest| needs.released.get(digest)) {
        return Verdict::Stays(Why::Released(need.clone()));
    }
    let is_registered = needs.apps.contains(&image.app);
    match () {
        () if image.has_containers => Verdict::Stays(Why::Container),
        () if needs.building.contains(&image.app) => Verdict::Stays(Why::Building),
        () if !is_registered => Verdict::GoesWithItsApp,
        () if digests().any(|digest| needs.fresh.contains(digest)) => Verdict::Stays(Why::Fresh),
        () if newest.contains(&image.id) => Verdict::Stays(Why::Newest),
        () => Verdict::Goes,
    }
}

/// The digests of the newest image of each service at the registry.
#[must_use]
pub fn newest_pushed(images: &[Pushed]) -> BTreeSet<String> {
    let mut newest: BTreeMap<(&str, &str), &Pushed> = BTreeMap::new();
    for image in images {
        let last = newest.entry((&image.app, &image.service)).or_insert(image);
        if image.build > last.build {
            *last = image;
        }
    }
    newest.into_values().map(|image| image.digest.clone()).collect()
}

/// What becomes of `image` at the registry.
#[must_use]
pub fn judge_pushed(image: &Pushed, newest: &BTreeSet<String>, needs: &Needs) -> Verdict {
    if let Some(need) = needs.released.get(&image.digest) {
        return Verdict::Stays(Why::Released(need.clone()));
    }
    match () {
        () if needs.building.contains(&image.app) => Verdict::Stays(Why::Building),
        () if !image.is_old => Verdict::Stays(Why::Recent),
        () if !needs.apps.contains(&image.app) => Verdict::GoesWithItsApp,
        () if newest.contains(&image.digest) => Verdict::Stays(Why::Newest),
        () => Verdict::Goes,
    }
}

/// It has a name, and every name that it has is one that the platform gives.
fn is_ours(image: &LocalImage, registry: &str) -> bool {
    let repository = format!("{registry}/{}/{}", image.app, image.service);
    let is_named = |name: &String, end: char| {
        name.strip_prefix(&repository).is_some_and(|rest| rest.starts_with(end))
    };
    let has_name = !image.tags.is_empty() || !image.digests.is_empty();
    has_name
        && image.tags.iter().all(|name| is_named(name, ':'))
        && image.digests.iter().all(|name| is_named(name, '@'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REGISTRY: &str = "127.0.0.1:5000";

    fn image(n: i64) -> LocalImage {
        LocalImage {
            id: format!("sha256:{n}"),
            app: "shop".to_owned(),
            service: "api".to_owned(),
            tags: vec![format!("{REGISTRY}/shop/api:sha-{n}")],
            digests: vec![format!("{REGISTRY}/shop/api@sha256:d{n}")],
            created: n,
            size: 10,
            has_containers: false,
        }
    }

    fn set(text: &str) -> BTreeSet<String> {
        BTreeSet::from([text.to_owned()])
    }

    /// Nothing but that the app is registered.
    fn nothing() -> Needs {
        Needs { apps: set("shop"), ..Needs::default() }
    }

    fn all(images: &[LocalImage], needs: &Needs) -> Vec<Verdict> {
        let newest = newest(images, REGISTRY);
        images.iter().map(|image| judge(image, &newest, needs, REGISTRY)).collect()
    }

    /// What becomes of the older of two.
    fn older(image_1: LocalImage, needs: &Needs) -> Verdict {
        all(&[image_1, image(2)], needs)[0].clone()
    }

    #[test]
    fn what_nobody_needs_goes_and_the_newest_stays() {
        let verdicts = all(&[image(1), image(2)], &nothing());
        assert_eq!(verdicts, [Verdict::Goes, Verdict::Stays(Why::Newest)]);
    }

    #[test]
    fn what_somebody_needs_stays() {
        let need = "live in apps/shop/environments/production".to_owned();
        let released = BTreeMap::from([("sha256:d1".to_owned(), need.clone())]);
        let needs = Needs { released, ..nothing() };
        assert_eq!(older(image(1), &needs), Verdict::Stays(Why::Released(need)));
        let needs = Needs { fresh: set("sha256:d1"), ..nothing() };
        assert_eq!(older(image(1), &needs), Verdict::Stays(Why::Fresh));
        let needs = Needs { building: set("shop"), ..nothing() };
        assert_eq!(older(image(1), &needs), Verdict::Stays(Why::Building));
        let used = LocalImage { has_containers: true, ..image(1) };
        assert_eq!(older(used, &nothing()), Verdict::Stays(Why::Container));
    }

    #[test]
    fn what_has_another_name_is_somebody_elses() {
        let foreign = Verdict::Stays(Why::Foreign);
        for tags in [vec!["mine:latest".to_owned()], vec![format!("{REGISTRY}/shop/api2:sha-1")]] {
            let renamed = LocalImage { tags, ..image(1) };
            assert_eq!(older(renamed, &Needs::default()), foreign);
        }
        let nameless = LocalImage { tags: vec![], digests: vec![], ..image(1) };
        assert_eq!(older(nameless, &Needs::default()), foreign);
    }

    #[test]
    fn somebody_elses_image_is_not_the_newest_of_a_service() {
        let derived = LocalImage { tags: vec!["mine:latest".to_owned()], ..image(3) };
        let verdicts = all(&[image(1), image(2), derived], &nothing());
        assert_eq!(verdicts[1], Verdict::Stays(Why::Newest));
    }

    #[test]
    fn with_its_app_goes_the_newest_too() {
        assert_eq!(all(&[image(1)], &Needs::default()), [Verdict::GoesWithItsApp]);
    }

    fn pushed(n: u128, is_old: bool) -> Pushed {
        Pushed {
            repository: format!("{REGISTRY}/shop/api"),
            digest: format!("sha256:d{n}"),
            tag: None,
            app: "shop".to_owned(),
            service: "api".to_owned(),
            size: 10,
            build: uuid::Uuid::from_u128(n),
            is_old,
        }
    }

    #[test]
    fn at_the_registry_what_is_old_goes_unless_it_is_needed_or_the_newest() {
        let all = [pushed(1, true), pushed(2, true), pushed(3, false), pushed(4, true)];
        let released = BTreeMap::from([("sha256:d2".to_owned(), "live".to_owned())]);
        let needs = Needs { released, ..nothing() };
        let newest = newest_pushed(&all);
        let verdicts = all.each_ref().map(|image| judge_pushed(image, &newest, &needs));
        let [needed, recent, newest] =
            [Why::Released("live".to_owned()), Why::Recent, Why::Newest].map(Verdict::Stays);
        assert_eq!(verdicts, [Verdict::Goes, needed, recent, newest]);
        let building = Needs { building: set("shop"), ..nothing() };
        let verdict = judge_pushed(&all[0], &BTreeSet::new(), &building);
        assert_eq!(verdict, Verdict::Stays(Why::Building));
    }

    proptest! {
        #[test]
        fn a_digest_that_a_release_needs_never_goes(
            n in 0_i64..9,
            needed in 0_i64..9,
            registered in any::<bool>(),
        ) {
            let released = BTreeMap::from([(format!("sha256:d{needed}"), "live".to_owned())]);
            let apps = if registered { set("shop") } else { BTreeSet::new() };
            let needs = Needs { released, apps, ..Needs::default() };
            let goes = judge(&image(n), &BTreeSet::new(), &needs, REGISTRY).goes();
            prop_assert_eq!(goes, n != needed);
        }
    }
}
