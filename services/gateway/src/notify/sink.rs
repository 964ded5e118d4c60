//! Sinks: the receivers that a policy names. Pure.

use events::{EnvironmentName, SecretName};
use manifest::{Manifest, Notice, Notify, Receiver};
use std::collections::BTreeMap;

/// What a sink is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Slack,
    Webhook,
    Email,
}

impl Kind {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Webhook => "webhook",
            Self::Email => "email",
        }
    }

    /// The kind called `text`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Slack, Self::Webhook, Self::Email].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A receiver of notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sink {
    pub kind: Kind,
    /// The name of the secret that holds the URL, or the e-mail address.
    pub address: String,
    /// The name of the secret that holds the key.
    pub signed_with: Option<SecretName>,
}

impl Sink {
    /// What it is called within its app.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.address)
    }

    /// `environment`, if its secrets may lead somewhere else: mail goes to one address everywhere.
    pub(crate) fn place<'e>(&self, environment: &'e str) -> &'e str {
        if self.kind == Kind::Email { "" } else { environment }
    }

    /// What it is called in `environment`, where it may be another receiver.
    pub(crate) fn name_in(&self, environment: &str) -> String {
        match self.place(environment) {
            "" => self.name(),
            place => format!("{}@{place}", self.name()),
        }
    }

    fn of(notify: &Notify) -> Self {
        let (kind, address) = match &notify.to {
            Receiver::Slack(secret) => (Kind::Slack, secret.as_str().to_owned()),
            Receiver::Webhook(secret) => (Kind::Webhook, secret.as_str().to_owned()),
            Receiver::Email(address) => (Kind::Email, address.as_str().to_owned()),
        };
        Self { kind, address, signed_with: notify.signed_with.clone() }
    }
}

/// A sink with what it is told, over all entries that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub sink: Sink,
    pub on: Vec<Notice>,
    /// Empty for all.
    pub environments: Vec<EnvironmentName>,
    /// Whoever reads it may decide on releases that wait for people.
    pub votes: bool,
}

/// The sinks of a policy by name.
pub(crate) fn listed(policy: &Manifest) -> BTreeMap<String, Listed> {
    let mut all: BTreeMap<String, Listed> = BTreeMap::new();
    for notify in &policy.notify {
        let sink = Sink::of(notify);
        let (on, environments) = (notify.on.clone(), notify.environments.clone());
        let votes = notify.votes;
        match all.get_mut(&sink.name()) {
            None => drop(all.insert(sink.name(), Listed { sink, on, environments, votes })),
            Some(known) => {
                let everywhere = known.environments.is_empty() || environments.is_empty();
                known.on.extend(on);
                known.votes |= votes;
                known.environments.extend(environments);
                known.environments.sort();
                known.environments.dedup();
                if everywhere {
                    known.environments.clear();
                }
                known.on.sort();
                known.on.dedup();
                known.sink.signed_with = known.sink.signed_with.take().or(sink.signed_with);
            }
        }
    }
    all
}

/// The sinks that are told of `notice` in one of `environments`; what is not known to be anywhere is told to all
/// who want the notice.
pub(crate) fn wanting(
    policy: &Manifest,
    notice: Notice,
    environments: &[EnvironmentName],
) -> Vec<Listed> {
    let wants = |notify: &&Notify| {
        let everywhere = notify.environments.is_empty() || environments.is_empty();
        notify.on.contains(&notice)
            && (everywhere || environments.iter().any(|name| notify.environments.contains(name)))
    };
    // What one entry lets its readers do is not true of another that names the same sink.
    let mut votes: BTreeMap<String, bool> = BTreeMap::new();
    for notify in policy.notify.iter().filter(wants) {
        *votes.entry(Sink::of(notify).name()).or_default() |= notify.votes;
    }
    let all = listed(policy).into_iter();
    let told =
        |(name, listed): (String, Listed)| Some(Listed { votes: *votes.get(&name)?, ..listed });
    all.filter_map(told).collect()
}

/// The environments in which a sink is the same receiver, by the secrets that each has for it.
pub(crate) fn together<S: PartialEq>(all: Vec<(String, S)>) -> Vec<Vec<String>> {
    let mut found: Vec<(S, Vec<String>)> = Vec::new();
    for (environment, secrets) in all {
        match found.iter_mut().find(|(known, _)| *known == secrets) {
            Some((_, same)) => same.push(environment),
            None => found.push((secrets, vec![environment])),
        }
    }
    found.into_iter().map(|(_, same)| same).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(notify: &str) -> Manifest {
        let text = format!(
            "app: shop\nservices: {{ api: {{ build: {{ context: . }}, http: {{ port: 1 }} }} }}\n\
             environments: {{ staging: {{ track: {{ branch: x }} }}, production: {{ track: {{ branch: y }} }} }}\n\
             notify: {notify}\n"
        );
        manifest::parse(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn names(policy: &Manifest, notice: Notice, environment: Option<&str>) -> Vec<String> {
        let at = environment.map(|name| EnvironmentName::parse(name).unwrap());
        let sinks = wanting(policy, notice, at.as_slice());
        sinks.iter().map(|listed| listed.sink.name()).collect()
    }

    const THREE: &str = "[{ slack: SLACK_URL, on: [failed, live], environments: [production] }, \
                         { slack: SLACK_URL, on: [drift] }, { email: ops@example.com }]";

    #[test]
    fn each_is_told_what_it_wants() {
        let policy = policy(THREE);
        let (slack, email) = ("slack:SLACK_URL", "email:ops@example.com");
        assert_eq!(names(&policy, Notice::Failed, Some("production")), [email, slack]);
        assert_eq!(names(&policy, Notice::Failed, Some("staging")), [email]);
        assert_eq!(names(&policy, Notice::Failed, None), [email, slack]);
        assert_eq!(names(&policy, Notice::Drift, Some("staging")), [email, slack]);
        assert_eq!(names(&policy, Notice::Live, Some("production")), [slack]);
        assert!(names(&policy, Notice::Unhealthy, Some("production")).is_empty());
    }

    #[test]
    fn a_sink_is_called_as_its_receiver_in_the_manifest() {
        for notify in policy(THREE).notify {
            assert_eq!(Sink::of(&notify).name(), notify.to.to_string());
        }
    }

    #[test]
    fn a_sink_that_is_named_twice_is_one() {
        let listed = listed(&policy(THREE));
        let slack = &listed["slack:SLACK_URL"];
        assert_eq!(slack.on, [Notice::Live, Notice::Failed, Notice::Drift]);
        assert!(slack.environments.is_empty() && listed.len() == 2);
    }

    #[test]
    fn who_may_decide_may_do_so_where_it_is_said() {
        let policy = policy(
            "[{ slack: S, on: [approval], environments: [staging], votes: true }, { slack: S, on: [approval] }]",
        );
        let votes = |environment| {
            let at = [EnvironmentName::parse(environment).unwrap()];
            let wanting = wanting(&policy, Notice::Approval, &at);
            wanting.iter().map(|listed| listed.votes).collect::<Vec<_>>()
        };
        assert_eq!((votes("staging"), votes("production")), (vec![true], vec![false]));
    }

    #[test]
    fn a_sink_has_a_name_in_each_environment_and_mail_has_one() {
        let all = listed(&policy(THREE));
        let names = |sink: &str| ["", "staging"].map(|place| all[sink].sink.name_in(place));
        assert_eq!(names("slack:SLACK_URL"), ["slack:SLACK_URL", "slack:SLACK_URL@staging"]);
        assert_eq!(names("email:ops@example.com"), ["email:ops@example.com"; 2]);
    }

    #[test]
    fn environments_with_the_same_secrets_are_one_receiver() {
        let all = [("development", 1), ("production", 2), ("staging", 1)];
        let all = all.map(|(environment, secret)| (environment.to_owned(), secret));
        let found = together(all.into());
        assert_eq!(found, [vec!["development", "staging"], vec!["production"]]);
    }

    #[test]
    fn a_kind_is_found_by_its_word() {
        for kind in [Kind::Slack, Kind::Webhook, Kind::Email] {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("pigeon"), None);
    }
}
