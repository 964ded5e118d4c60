//! A live app and somebody with a docker client: the words that stories about drift are told in.

use proto::v1::environment_drift::State;
use proto::v1::{
    AdoptDriftRequest, AdoptDriftResponse, CheckDriftRequest, EnvironmentDrift, Finding,
    HealDriftRequest, ListDriftRequest, ListPastDriftRequest, PastFinding,
};
use serde_json::{Value, json};
use std::time::Duration;
use stories::fixture::{chameleon, manifest};
use stories::{App, World};
use testkit::{Repo, eventually};

const PLACE: &str = "apps/shop/environments/production";
const PATIENCE: Duration = Duration::from_mins(5);

/// Looks often and does not wait long between two repairs.
const QUICK: [(&str, &str); 4] = [
    ("SLIPWAY_MONITOR_EVERY", "3s"),
    ("SLIPWAY_MONITOR_HEAL_PAUSE", "1ms"),
    ("SLIPWAY_MONITOR_HEALS", "50"),
    ("SLIPWAY_MONITOR_RESTART_PAUSE", "200ms"),
];

/// A world with one live app that is watched.
pub(crate) struct Watched {
    pub(crate) world: World,
    pub(crate) repo: Repo,
}

impl Watched {
    /// The chameleon, live, with `lines` more in its environment's policy and `service` more in its service.
    pub(crate) async fn with(lines: &str, service: &str, behaviour: &Value) -> Self {
        let repo = chameleon("shop", behaviour);
        let text = manifest("shop").replace("    bake: 1s\n", &format!("    bake: 1s\n{lines}"));
        let text = text.replace(
            "    http: { port: 8000 }\n",
            &format!("    http: {{ port: 8000 }}\n{service}"),
        );
        repo.write("slipway.yaml", &patient(&text));
        repo.commit("As the story wants it");
        let world = World::with(&QUICK).await;
        {
            let app = world.register("shop", &repo).await;
            app.ship(behaviour, 1).await;
        }
        let watched = Self { world, repo };
        watched.until(State::InSync).await;
        watched
    }

    /// The same, healing by itself or not.
    pub(crate) async fn in_mode(mode: &str) -> Self {
        let service = "    env: { COLOUR: green }\n    resources: { memory: 96MiB }\n";
        Self::with(&format!("    drift: {mode}\n"), service, &json!({"version": "one"})).await
    }

    pub(crate) fn app(&self) -> App<'_> {
        self.world.app("shop", &self.repo)
    }

    /// The name of the container that should run: the first, whatever stands beside it.
    pub(crate) fn name(&self) -> String {
        self.world.docker.containers().remove(0)
    }

    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        self.world.docker.run(arguments)
    }

    pub(crate) fn inspect(&self, container: &str) -> Value {
        let all: Value = serde_json::from_str(&self.docker(&["inspect", container])).expect("JSON");
        all[0].clone()
    }

    /// Waits until the monitor says so by itself.
    pub(crate) async fn until(&self, state: State) -> EnvironmentDrift {
        eventually(&format!("drift to be {state:?}"), PATIENCE, async || {
            self.now().await.filter(|drift| drift.state() == state)
        })
        .await
    }

    /// What the monitor said last.
    pub(crate) async fn now(&self) -> Option<EnvironmentDrift> {
        let request = ListDriftRequest { parent: PLACE.to_owned(), ..ListDriftRequest::default() };
        let answer = self.world.admin().drift.list_drift(request).await.ok()?;
        answer.into_inner().environments.into_iter().next()
    }

    /// Waits until it is told that `field` differs, and says so.
    pub(crate) async fn differs(&self, reason: &str, field: &str) -> Finding {
        eventually(&format!("{field} to be told as {reason}"), PATIENCE, async || {
            let findings = self.now().await?.findings;
            findings.into_iter().find(|finding| {
                finding.reason == reason && finding.fields.iter().any(|diff| diff.field == field)
            })
        })
        .await
    }

    /// `slipway drift APP ENVIRONMENT`
    pub(crate) async fn check(&self) -> EnvironmentDrift {
        let request = CheckDriftRequest { name: PLACE.to_owned() };
        let answer = self.world.admin().drift.check_drift(request).await;
        answer.expect("answered").into_inner().environment.expect("always there")
    }

    /// `slipway drift heal`, until all is as released.
    pub(crate) async fn heal(&self) {
        let request = HealDriftRequest { name: PLACE.to_owned(), ..HealDriftRequest::default() };
        self.world.admin().drift.heal_drift(request).await.expect("it is begun");
        self.until(State::InSync).await;
    }

    /// `slipway drift adopt`
    pub(crate) async fn adopt(&self) -> Result<AdoptDriftResponse, tonic::Status> {
        let request = AdoptDriftRequest { name: PLACE.to_owned(), ..AdoptDriftRequest::default() };
        Ok(self.world.admin().drift.adopt_drift(request).await?.into_inner())
    }

    /// `slipway drift history`
    pub(crate) async fn history(&self) -> Vec<PastFinding> {
        let request = ListPastDriftRequest { name: PLACE.to_owned(), ..Default::default() };
        let answer = self.world.admin().drift.list_past_drift(request).await;
        answer.expect("answered").into_inner().findings
    }

    /// Somebody makes another image of the one that runs, by hand; its name.
    pub(crate) fn hotfix(&self) -> String {
        let image = self.inspect(&self.name())["Image"].as_str().expect("an id").to_owned();
        let other = format!("hotfix-{}:latest", self.world.platform());
        let fake = self.docker(&["create", &image]);
        self.docker(&["commit", "--message", "by hand", &fake, &other]);
        self.docker(&["rm", &fake]);
        other
    }

    /// Somebody removes the container and runs another just like it, but for `changes`. Nobody heals what is missing
    /// in between.
    pub(crate) fn remake(&self, image: Option<&str>, changes: &[&str]) {
        let name = self.name();
        let found = self.inspect(&name);
        let mut arguments = like(&name, &found);
        arguments.extend(changes.iter().map(|&text| text.to_owned()));
        let same = found["Config"]["Image"].as_str().expect("an image").to_owned();
        arguments.push(image.map_or(same, str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.world.unseen_by("monitor", || {
            self.docker(&["rm", "--force", &name]);
            self.docker(&arguments);
        });
    }
}

/// A busy machine is no reason to fail.
pub(crate) fn patient(manifest: &str) -> String {
    let patient = manifest.replace("start_period: 2s", "start_period: 8s");
    patient
        .replace("gate: 30s", "gate: 60s")
        .replace("timeout: 5s, failures: 2", "timeout: 5s, failures: 8")
}

/// The arguments of `docker run` for a container like `found`.
fn like(name: &str, found: &Value) -> Vec<String> {
    let (config, host) = (&found["Config"], &found["HostConfig"]);
    let network = host["NetworkMode"].as_str().expect("a network");
    let mut arguments: Vec<String> = [
        "run",
        "--detach",
        "--no-healthcheck",
        "--init=false",
        "--network",
        network,
        "--network-alias",
        "web",
        "--name",
        name,
    ]
    .map(str::to_owned)
    .to_vec();
    if host["Init"] == true {
        arguments.retain(|argument| argument != "--init=false");
        arguments.push("--init".to_owned());
    }
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    for (key, value) in config["Labels"].as_object().expect("labels") {
        add("--label", format!("{key}={}", value.as_str().unwrap_or_default()));
    }
    let lists = [
        ("--env", &config["Env"]),
        ("--cap-add", &host["CapAdd"]),
        ("--cap-drop", &host["CapDrop"]),
        ("--security-opt", &host["SecurityOpt"]),
    ];
    for (flag, list) in lists {
        for value in list.as_array().into_iter().flatten() {
            add(flag, value.as_str().unwrap_or_default().to_owned());
        }
    }
    for (flag, value) in [
        ("--memory", &host["Memory"]),
        ("--memory-swap", &host["MemorySwap"]),
        ("--pids-limit", &host["PidsLimit"]),
    ] {
        if value.as_i64().is_some_and(|value| value > 0) {
            add(flag, value.to_string());
        }
    }
    add("--restart", host["RestartPolicy"]["Name"].as_str().unwrap_or("no").to_owned());
    arguments
}
