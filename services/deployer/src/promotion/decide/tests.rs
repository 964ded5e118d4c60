use super::*;
use events::{Digest, EnvironmentName};
use proptest::prelude::*;

fn from(soak: u64, mode: PromoteMode) -> PromoteFrom {
    let environment = EnvironmentName::parse("staging").expect("a name");
    PromoteFrom { environment, soak: Span::seconds(soak), mode }
}

fn images(digit: char) -> BTreeMap<ServiceName, ImageV1> {
    let digest = Digest::parse(&format!("sha256:{}", digit.to_string().repeat(64)));
    let image = ImageV1 { repository: "shop/web".to_owned(), digest: digest.expect("a digest") };
    BTreeMap::from([(ServiceName::parse("web").expect("a name"), image)])
}

fn lived(number: i64, lasted: u64) -> Lived {
    Lived {
        id: ReleaseId::new(uuid::Uuid::nil()),
        number,
        images: images('a'),
        lasted: Duration::from_secs(lasted),
        is_live: true,
        restores: false,
        pinned: false,
    }
}

const HOUR: u64 = 3600;

#[test]
fn what_soaked_goes_on_by_itself_and_before_that_it_is_known_when() {
    let from = from(HOUR, PromoteMode::Automatic);
    let next = [0, HOUR - 60, HOUR, 9 * HOUR].map(|lasted| by_itself(&from, &lived(4, lasted)));
    let after = |seconds| Next::After(Duration::from_secs(seconds));
    assert_eq!(next, [after(HOUR), after(60), Next::Now, Next::Now]);
}

#[test]
fn what_was_brought_back_or_taken_back_or_is_asked_for_by_people_never_goes_by_itself() {
    let automatic = from(0, PromoteMode::Automatic);
    let good = lived(4, HOUR);
    assert_eq!(by_itself(&automatic, &good), Next::Now);
    assert_eq!(by_itself(&from(0, PromoteMode::Manual), &good), Next::Never);
    for bad in [
        Lived { restores: true, ..good.clone() },
        Lived { pinned: true, ..good.clone() },
        Lived { is_live: false, ..good.clone() },
    ] {
        assert_eq!(by_itself(&automatic, &bad), Next::Never, "{bad:?}");
    }
}

#[test]
fn what_is_lacking_is_said() {
    let from = from(HOUR, PromoteMode::Manual);
    let told = |lived: &Lived| lacking(&from, lived).map_or_else(String::new, |it| it.to_string());
    let young = lived(4, 61);
    insta::assert_snapshot!(told(&young), @"NOT_SOAKED: release 4 of staging has been live for 1m1s of 1h");
    let replaced = Lived { is_live: false, ..young };
    insta::assert_snapshot!(told(&replaced), @"NOT_SOAKED: release 4 of staging was live for 1m1s of 1h when another took its place");
    insta::assert_snapshot!(told(&Lived { pinned: true, ..lived(4, HOUR) }), @"PINNED: release 4 of staging was rolled back there");
    assert_eq!(told(&Lived { is_live: false, restores: true, ..lived(4, HOUR) }), "");
}

#[test]
fn images_are_proved_by_any_release_that_had_them_for_long_enough() {
    let from = from(HOUR, PromoteMode::Automatic);
    let other = Lived { images: images('b'), ..lived(6, 9 * HOUR) };
    let all = [other, lived(5, 60), lived(4, 2 * HOUR)];
    assert_eq!(proved(&from, &images('a'), &all).map(|lived| lived.number), Ok(4));
    let why = |all: &[Lived]| proved(&from, &images('a'), all).expect_err("not proved");
    insta::assert_snapshot!(why(&all[..2]), @"release 5 of staging has been live for 1m of 1h; this environment takes what was live in staging for 1h, by itself");
    insta::assert_snapshot!(why(&all[..1]), @"no release with these images was live in staging; this environment takes what was live in staging for 1h, by itself");
}

#[test]
fn people_are_told_what_comes_next() {
    let (automatic, manual) = (from(HOUR, PromoteMode::Automatic), from(HOUR, PromoteMode::Manual));
    let told_of = |from: &PromoteFrom, lived: Lived| told(from, &[lived], false);
    insta::assert_snapshot!(told_of(&automatic, lived(4, 61)), @"release 4 of staging has been live for 1m1s of 1h, and comes by itself in 58m59s");
    insta::assert_snapshot!(told_of(&automatic, lived(4, HOUR)), @"release 4 of staging has soaked and comes by itself");
    insta::assert_snapshot!(told_of(&manual, lived(4, HOUR)), @"release 4 of staging has soaked, and comes when it is promoted");
    insta::assert_snapshot!(told_of(&manual, lived(4, 61)), @"release 4 of staging has been live for 1m1s of 1h, and comes when it is promoted");
    insta::assert_snapshot!(told(&manual, &[lived(4, HOUR)], true), @"release 4 of staging was promoted before");
    assert_eq!(told(&manual, &[], false), "nothing is live in staging");
}

proptest! {
    #[test]
    fn what_goes_by_itself_lacks_nothing_and_time_alone_brings_it_there(
        soak in 0..100_u64, lasted in 0..100_u64, is_live: bool, restores: bool, pinned: bool,
    ) {
        let from = from(soak, PromoteMode::Automatic);
        let one = Lived { is_live, restores, pinned, ..lived(4, lasted) };
        match by_itself(&from, &one) {
            Next::Now => prop_assert_eq!(lacking(&from, &one), None),
            Next::After(left) => {
                prop_assert!(lacking(&from, &one).is_some());
                let later = Lived { lasted: one.lasted + left, ..one };
                prop_assert_eq!(by_itself(&from, &later), Next::Now);
            }
            Next::Never => prop_assert!(!is_live || restores || pinned),
        }
    }
}
