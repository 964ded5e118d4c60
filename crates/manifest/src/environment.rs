//! Environments: where an app runs and what may bring a release there.

use crate::docs::Docs;
use crate::drift::RuntimeDrift;
use crate::grammar::{choice, mapping, one_of};
use crate::read::{Read, Reading};
use crate::service::Secret;
use crate::strategy::{Bake, Strategy};
use crate::value::{
    Bytes, Cpus, Glob, HostName, PathPrefix, Schedule, Span, Text, Timezone, VariableName,
    VoterName, is_pre_release,
};
use crate::yaml::{Node, Value};
use events::{EnvironmentName, GitRef, ServiceName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mapping! {
    /// Where the app runs. It must `track` something, be promoted to, or both.
    pub struct Environment {
        /// The branches and tags whose pushes come here.
        track: Option<Track>;
        /// The hosts it answers to; without one, `ENVIRONMENT.APP.localhost`.
        host: OneOrMany<HostName>;
        /// Which service answers which paths, instead of the services' own `path_prefix`.
        paths: BTreeMap<PathPrefix, ServiceName>;
        /// How a release takes over.
        strategy: Strategy = "blue_green", "no downtime, and the quickest way back";
        /// How long the old release stays ready after the switch, and what sends it back.
        bake: Bake = "{}", "its keys have defaults of their own";
        /// A release that lived there may come here, by itself once it has.
        promote_from: Option<PromoteFrom>;
        /// What must be green at the forge before a pushed commit is released here.
        wait_for_ci: Option<WaitForCi>;
        /// People who must agree to each release.
        approval: Option<Approval>;
        /// When releases wait.
        freeze: Vec<Freeze>;
        /// Environment variables for all services here, over their own.
        env: BTreeMap<VariableName, Text>;
        /// What is different here for single services.
        services: BTreeMap<ServiceName, Override>;
        /// What the router allows a request.
        limits: Limits = "{}", "its keys have defaults of their own";
        /// How many earlier releases stay ready to go back to.
        keep: u32 = "5", "Kamal's default";
        /// What is done here when what runs differs, instead of the app's `drift.runtime`.
        drift: Option<RuntimeDrift>;
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Read> Read for OneOrMany<T> {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        match &node.value {
            Value::List(_) => Self(Vec::read(node, reading)),
            Value::Scalar { .. } | Value::Map(_) => Self(vec![T::read(node, reading)]),
        }
    }

    fn stand_in() -> Self {
        Self(Vec::new())
    }

    fn when_absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }

    fn describe(docs: &mut Docs) -> String {
        let one = T::describe(docs);
        format!("{one}, or a list of them")
    }
}

mapping! {
    /// The branches and tags whose pushes come here. In a pattern `*` is anything but `/`, `**` anything. Of tags that are
    /// versions, like `v1.2.3`, the newest wins: one that is older than what is live does not come here by itself. A
    /// pre-release, like `v2.0.0-rc.1`, is only meant by a pattern with a `-` in it.
    pub struct Track {
        /// Patterns for branches.
        branch: OneOrMany<Glob>;
        /// Patterns for tags.
        tag: OneOrMany<Glob>;
    }
}

impl Track {
    /// Whether a push of `git_ref` comes here.
    pub fn covers(&self, git_ref: &GitRef) -> bool {
        let name = git_ref.name();
        match git_ref {
            GitRef::Branch(_) => self.branch.0.iter().any(|glob| glob.matches(name)),
            GitRef::Tag(_) => {
                let is_pre = is_pre_release(name);
                let means = |glob: &Glob| !is_pre || glob.as_str().contains('-');
                self.tag.0.iter().any(|glob| means(glob) && glob.matches(name))
            }
        }
    }
}

mapping! {
    /// Where releases come from: only images that were live there for long enough are released here, whatever asks for
    /// them.
    pub struct PromoteFrom short "environment" {
        /// The environment a release must have been live in.
        environment: EnvironmentName;
        /// How long, without a break.
        soak: Span = "0s", "live there is enough, unless more is asked";
        /// Who begins when that is reached.
        #[serde(default = "PromoteMode::automatic", skip_serializing_if = "PromoteMode::is_automatic")]
        mode: PromoteMode = "automatic", "what was proved goes on; `approval` asks people";
    }
}

choice! {
    /// Who begins a promotion.
    pub enum PromoteMode {
        /// The platform, once.
        Automatic = "automatic",
        /// A person, with `slipway promote`.
        Manual = "manual",
    }
}

impl PromoteMode {
    fn automatic() -> Self {
        Self::Automatic
    }

    /// Whether nobody has to ask.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub fn is_automatic(&self) -> bool {
        *self == Self::Automatic
    }
}

impl std::fmt::Display for PromoteFrom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { environment, soak, mode } = self;
        let lasts = if *soak > Span::ZERO { format!(" for {soak}") } else { String::new() };
        let how = match mode {
            PromoteMode::Automatic => "by itself",
            PromoteMode::Manual => "by `slipway promote`",
        };
        write!(f, "what was live in {environment}{lasts}, {how}")
    }
}

mapping! {
    /// What must be green at the forge, of the commit, before a push is released, or promoted by itself. A commit
    /// that says `[skip ci]` is not waited for, nor is what a person asked for.
    pub struct WaitForCi short "required" {
        /// Commit statuses and check runs by name, or `true` for every one that the commit has.
        required: Required;
        /// How long is waited for them before the release has failed.
        within: Span = "1h", "longer than most suites take";
    }
}

/// Which commit statuses and check runs must be green.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// Every one that the commit has, and at least one.
    Every,
    /// Those with these names.
    Named(Vec<Text>),
}

/// As people read it.
impl std::fmt::Display for Required {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Every => f.write_str("every status and check run of the commit"),
            Self::Named(names) => {
                let names: Vec<&str> = names.iter().map(Text::as_str).collect();
                f.write_str(&names.join(", "))
            }
        }
    }
}

impl Read for Required {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        match &node.value {
            Value::Scalar { text, .. } if text == "true" => Self::Every,
            Value::List(_) => Self::Named(Vec::read(node, reading)),
            Value::Scalar { .. } | Value::Map(_) => {
                reading.expected(node, "`true` or a list of names")
            }
        }
    }

    fn stand_in() -> Self {
        Self::Every
    }

    fn describe(_: &mut Docs) -> String {
        "`true`, or a list of names".to_owned()
    }
}

mapping! {
    /// People who must agree to each release: to its digests, not to a name.
    pub struct Approval short "count" {
        /// How many.
        count: u32 = "1", "a second pair of eyes";
        /// How long is waited for them before the release has failed.
        expires: Span = "24h", "a day is enough to be seen by everybody";
        /// Who may, of those who may deploy here: names of tokens, and receivers of `notify` with `votes: true`, like
        /// `email:lead@example.com`; left out, all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Vec<VoterName>>;
    }
}

/// How many of whom, as people read it.
impl std::fmt::Display for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.from, self.count) {
            (Some(from), count) => write!(f, "{count} of {}", names(from)),
            (None, 1) => f.write_str("1 person"),
            (None, count) => write!(f, "{count} people"),
        }
    }
}

/// As people read them.
pub(crate) fn names(voters: &[VoterName]) -> String {
    let names: Vec<&str> = voters.iter().map(VoterName::as_str).collect();
    names.join(", ")
}

mapping! {
    /// When releases wait. A `deny` window wins; where there are `allow` windows, releases only start
    /// inside one. A rollback never waits.
    pub struct Freeze {
        /// When the window begins.
        window: Window;
        /// How long it lasts.
        lasts ["for"]: Span;
        /// The time zone in which it begins.
        timezone: Timezone = "UTC", "the same everywhere";
    }
}

one_of! {
    /// What a window means, and when it begins.
    pub enum Window {
        /// Releases wait until it is over.
        "deny" => Deny(Schedule),
        /// Releases start only inside.
        "allow" => Allow(Schedule),
    }
}

mapping! {
    /// What is different for one service in one environment.
    pub struct Override {
        /// How many instances run.
        replicas: Option<u32>;
        /// Environment variables, over all others.
        env: BTreeMap<VariableName, Text>;
        /// Secrets besides its own.
        secrets: Vec<Secret>;
        /// Limits, each instead of its own.
        resources: ResourcesOverride = "{}", "its keys have defaults of their own";
    }
}

mapping! {
    /// Limits, each instead of the service's own.
    pub struct ResourcesOverride {
        /// Processors.
        cpus: Option<Cpus>;
        /// Memory.
        memory: Option<Bytes>;
        /// Processes and threads.
        pids: Option<u32>;
    }
}

mapping! {
    /// What the router allows a request.
    pub struct Limits {
        /// How long an instance may take to begin its answer.
        timeout: Span = "60s", "the proxies people know give up by then";
        /// The largest request body.
        body: Bytes = "100MiB", "takes uploads, and no attack on the disk";
    }
}

choice! {
    /// What is done about a difference.
    pub enum DriftMode {
        /// Nothing is compared.
        Off = "off",
        /// People are told.
        Notify = "notify",
        /// What was released is restored, and people are told.
        Heal = "heal",
    }
}
