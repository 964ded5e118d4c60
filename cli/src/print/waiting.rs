//! What a release waits for before it begins, and what people decided about it.

use super::time;
use proto::v1::vote::Kind;
use proto::v1::{Release, Vote, Waiting};

/// Who decided what, and what is asked now.
pub(crate) fn lines(release: &Release) -> Vec<String> {
    release.votes.iter().map(vote).chain(asked(release)).collect()
}

/// What a person is asked, if one is.
pub(crate) fn asked(release: &Release) -> Option<String> {
    let waiting = release.waiting.as_ref()?;
    let command = |verb: &str| {
        let Release { app, number, environment, .. } = release;
        format!("`slipway {verb} {app} {number} --environment {environment}")
    };
    if !waiting.ci.is_empty() {
        let until = until(release);
        return Some(format!("  it waits for CI, {}{until}", waiting.ci));
    }
    if waiting.approvals_wanted == 0 {
        let approve = command("approve");
        return Some(format!(
            "  it is frozen {}; an administrator may put that aside: {approve} --override-freeze --reason WHY`",
            frozen(waiting)
        ));
    }
    Some(format!(
        "  it waits for {}: {}` lets it begin, {} --reason WHY` ends it",
        people(waiting, release),
        command("approve"),
        command("refuse")
    ))
}

fn frozen(waiting: &Waiting) -> String {
    let until = time::clock(waiting.open_time.as_ref());
    if until.is_empty() {
        return format!("with no end in sight, {}", waiting.freeze);
    }
    format!("until {until}, {}", waiting.freeze)
}

fn people(waiting: &Waiting, release: &Release) -> String {
    let Waiting { approvals_wanted: wanted, approvals: given, approvals_from: from, .. } = waiting;
    let until = until(release);
    let not_by = &waiting.not_by;
    let is_same = *not_by == release.by;
    let who = if is_same { "who asked for it" } else { "who made it or asked for it" };
    let from = if from.is_empty() { String::new() } else { format!(" by {}", from.join(", ")) };
    format!("approval{from}, {given} of {wanted} given, not by {not_by}, {who}{until}")
}

fn until(release: &Release) -> String {
    let until = time::clock(release.deadline_time.as_ref());
    if until.is_empty() { until } else { format!(" until {until}") }
}

fn vote(vote: &Vote) -> String {
    let what = match vote.kind() {
        Kind::Approve => "agreed",
        Kind::Refuse => "refused",
        Kind::OverrideFreeze => "put the freeze aside",
        Kind::OverrideSoak => "vouched for it before it had soaked",
        Kind::Unspecified => "voted",
    };
    let reason = if vote.reason.is_empty() { String::new() } else { format!(": {}", vote.reason) };
    format!("  {} {what} at {}{reason}", vote.by, time::clock(vote.time.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds: 1_700_000_000 + seconds, nanos: 0 }
    }

    fn release(waiting: Waiting) -> Release {
        Release {
            app: "shop".to_owned(),
            environment: "production".to_owned(),
            number: 7,
            by: "ada".to_owned(),
            deadline_time: Some(at(86_400)),
            waiting: Some(waiting),
            ..Release::default()
        }
    }

    #[test]
    fn who_is_waited_for_is_said_with_how() {
        let waiting = Waiting {
            approvals_wanted: 2,
            approvals: 1,
            not_by: "ada".to_owned(),
            ..Waiting::default()
        };
        let vote = Vote {
            by: "bo".to_owned(),
            kind: Kind::Approve.into(),
            reason: "read it".to_owned(),
            time: Some(at(60)),
        };
        let shown = Release { votes: vec![vote], ..release(waiting) };
        insta::assert_snapshot!(format!("shop\n{}", lines(&shown).join("\n")), @"
        shop
          bo agreed at 2023-11-14 22:14:20Z: read it
          it waits for approval, 1 of 2 given, not by ada, who asked for it until 2023-11-15 22:13:20Z: `slipway approve shop 7 --environment production` lets it begin, `slipway refuse shop 7 --environment production --reason WHY` ends it
        ");
    }

    #[test]
    fn who_may_agree_is_named() {
        let approvals_from = vec!["bo".to_owned(), "eve".to_owned()];
        let waiting = Waiting { approvals_wanted: 1, approvals_from, ..Waiting::default() };
        let told = lines(&release(waiting)).join("\n");
        assert!(told.starts_with("  it waits for approval by bo, eve, 0 of 1 given, "), "{told}");
    }

    #[test]
    fn ci_is_said_with_what_must_be_green() {
        let waiting = Waiting { ci: "unit, lint".to_owned(), ..Waiting::default() };
        insta::assert_snapshot!(lines(&release(waiting)).join("\n").trim(), @"it waits for CI, unit, lint until 2023-11-15 22:13:20Z");
    }

    #[test]
    fn a_freeze_is_said_with_its_end() {
        let freeze = "within deny \"0 17 * * FRI\" for 2d12h in Europe/Berlin".to_owned();
        let waiting = Waiting { freeze, open_time: Some(at(3_600)), ..Waiting::default() };
        insta::assert_snapshot!(lines(&release(waiting.clone())).join("\n").trim(), @r#"it is frozen until 2023-11-14 23:13:20Z, within deny "0 17 * * FRI" for 2d12h in Europe/Berlin; an administrator may put that aside: `slipway approve shop 7 --environment production --override-freeze --reason WHY`"#);
        let closed = lines(&release(Waiting { open_time: None, ..waiting })).join("\n");
        assert!(closed.starts_with("  it is frozen with no end in sight, within deny"), "{closed}");
    }
}
