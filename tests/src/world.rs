//! The whole platform: five services with their own database, NATS server, addresses and data folder.

use crate::{App, Around, Client, Docker, Running, WallClock, Wires};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::{
    Database, Http, Infra, Loopback, Nats, Postgres, Registry, Repo, SmallDisk, eventually,
};

/// What services of one world show each other.
pub(crate) const INTERNAL_TOKEN: &str = "internal-token-of-this-world";
/// The administrator's token.
pub const ADMIN_TOKEN: &str = "admin-token-of-this-world-0123456789";
/// Everything starts within this.
const START: Duration = Duration::from_mins(5);

/// The names of the services, in the order they start.
pub const SERVICES: [&str; 5] = ["router", "deployer", "builder", "monitor", "gateway"];

/// A running platform.
#[derive(Debug)]
pub struct World {
    services: BTreeMap<&'static str, Running>,
    /// The broker; stories may kill it.
    pub nats: Nats,
    wires: Option<Wires>,
    clock: Option<WallClock>,
    database: Database,
    /// What is the world's own, where a story takes it away; else all share one.
    pub around: Around,
    host: Loopback,
    infra: Infra,
    // In this order: the disk lies over the folder.
    disk: Option<SmallDisk>,
    data: tempfile::TempDir,
    fail_points: tempfile::TempDir,
    /// The engine of the instances, seen through this world's labels.
    pub docker: Docker,
    platform: String,
    /// Settings beside the usual ones.
    extra: Vec<(&'static str, String)>,
}

impl World {
    /// Starts everything, with the usual settings.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts everything, with `extra` settings.
    pub async fn with(extra: &[(&'static str, &str)]) -> Self {
        Self::at(Loopback::unused(), extra, Around::default()).await
    }

    /// Starts everything, with a registry, a Postgres and wires of its own.
    pub async fn alone() -> Self {
        Self::alone_and(|around| around).await
    }

    /// The same, with what `more` adds.
    pub async fn alone_and(more: impl FnOnce(Around) -> Around) -> Self {
        let host = Loopback::unused();
        Self::at(host, &[], more(Around::alone(host))).await
    }

    pub(crate) async fn at(host: Loopback, extra: &[(&'static str, &str)], around: Around) -> Self {
        let infra = Infra::from_environment();
        let platform = format!("test-{}", uuid::Uuid::new_v4().simple());
        let postgres = around.postgres.as_ref();
        let cluster = postgres.map_or(infra.database_url.clone(), Postgres::url);
        let docker = around.engine.as_ref().map(testkit::Engine::host);
        let docker = docker.unwrap_or_else(|| infra.docker_host.clone());
        let nats = around.broker(&infra.nats_server, host);
        let wires = around.wires.then(|| Wires::lay(host, (&cluster, &nats), &docker));
        let data = tempfile::tempdir().expect("a data folder");
        let mut world = Self {
            services: BTreeMap::new(),
            nats,
            wires,
            clock: around.clock.then(WallClock::right),
            database: Database::create(&cluster).await,
            docker: Docker::new(&docker, &platform),
            disk: around.disk(data.path()),
            data,
            fail_points: tempfile::tempdir().expect("a folder for fail points"),
            extra: extra.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            around,
            host,
            infra,
            platform,
        };
        for service in SERVICES {
            world.resume(service);
        }
        world.ready().await;
        world
    }

    fn settings(&self, service: &str) -> Vec<(&'static str, String)> {
        let url = |port| format!("http://{}", self.host.port(port));
        let address = |port| self.host.port(port).to_string();
        let text = |path: &Path| path.display().to_string();
        let wires = self.wires.as_ref();
        let database = self.database.url();
        let mut settings = vec![
            (
                "SLIPWAY_DATABASE_URL",
                wires.map_or(database.clone(), |it| it.to_database(&database)),
            ),
            ("SLIPWAY_NATS_URL", wires.map_or_else(|| self.nats.url(), Wires::to_nats)),
            ("SLIPWAY_INTERNAL_TOKEN", INTERNAL_TOKEN.to_owned()),
            ("SLIPWAY_BOOTSTRAP_TOKEN", ADMIN_TOKEN.to_owned()),
            ("SLIPWAY_DATA", text(self.data.path())),
            ("SLIPWAY_INSTANCE", self.platform.clone()),
            ("SLIPWAY_REGISTRY", format!("{}/{}", self.registry_name(), self.platform)),
            ("SLIPWAY_ALLOW_LOCAL_REPOSITORIES", text(&std::env::temp_dir())),
            ("SLIPWAY_DISK_FLOOR", "104857600".to_owned()),
            ("SLIPWAY_WRECKS_KEPT", "0s".to_owned()),
            ("SLIPWAY_FAIL_POINTS", text(self.fail_points())),
            ("DOCKER_HOST", self.engine_of(service)),
            ("SLIPWAY_GATEWAY_HOOKS_ADDRESS", address(8800)),
            ("SLIPWAY_GATEWAY_ADDRESS", address(8801)),
            ("SLIPWAY_ROUTER_ADDRESS", address(8802)),
            // Not 8080, where the router of the demo may listen on every address.
            ("SLIPWAY_ROUTER_TRAFFIC_ADDRESS", address(8807)),
            ("SLIPWAY_ROUTER_ACCESS_LOG", "off".to_owned()),
            ("SLIPWAY_BUILDER_ADDRESS", address(8803)),
            ("SLIPWAY_DEPLOYER_ADDRESS", address(8804)),
            ("SLIPWAY_MONITOR_ADDRESS", address(8805)),
            ("SLIPWAY_GATEWAY_URL", url(8801)),
            ("SLIPWAY_ROUTER_URL", url(8802)),
            ("SLIPWAY_BUILDER_URL", url(8803)),
            ("SLIPWAY_DEPLOYER_URL", url(8804)),
            ("SLIPWAY_MONITOR_URL", url(8805)),
        ];
        settings.extend(self.clock.iter().flat_map(WallClock::settings));
        settings.extend(self.around.settings());
        settings.extend(self.extra.clone());
        settings
    }

    /// The engine that builds images: all share it.
    pub(crate) fn builder(&self) -> Docker {
        Docker::new(&self.infra.docker_host, &self.platform)
    }

    fn engine_of(&self, service: &str) -> String {
        match &self.wires {
            Some(wires) if service != "builder" => wires.to_docker(),
            _ => self.infra.docker_host.clone(),
        }
    }

    /// Where images are pushed.
    pub fn registry_name(&self) -> String {
        let own = self.around.registry.as_ref().map(Registry::name);
        own.unwrap_or_else(|| self.infra.registry.clone())
    }

    /// The world's own Postgres.
    pub fn postgres(&mut self) -> &mut Postgres {
        self.around.postgres.as_mut().expect("this world has a Postgres of its own")
    }

    /// The world's own registry.
    pub fn registry(&mut self) -> &mut Registry {
        self.around.registry.as_mut().expect("this world has a registry of its own")
    }

    /// The world's own engine.
    pub fn engine(&mut self) -> &mut testkit::Engine {
        self.around.engine.as_mut().expect("this world has an engine of its own")
    }

    /// The wires to what the services talk to.
    pub fn wires(&self) -> &Wires {
        self.wires.as_ref().expect("this world has wires of its own")
    }

    /// The disk below the services' data.
    pub fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("this world has a small disk")
    }

    /// The services' clock.
    pub fn clock(&self) -> &WallClock {
        self.clock.as_ref().expect("this world has a clock of its own")
    }

    /// The truth.
    pub fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn fail_points(&self) -> &Path {
        self.fail_points.path()
    }

    /// The folder of the services' data.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Starts a second deployer beside the first, which others do not know.
    pub fn assist(&mut self, service: &'static str) {
        let mut settings = self.settings(service);
        settings.push(("SLIPWAY_DEPLOYER_ADDRESS", self.host.port(8806).to_string()));
        let running = Running::start(service, &settings, &self.log("second"));
        assert!(self.services.insert("second", running).is_none(), "a second one runs already");
    }

    /// Stops the second deployer.
    pub fn dismiss(&mut self) {
        self.stop("second");
    }

    /// Starts a service that does not run.
    pub fn resume(&mut self, service: &'static str) {
        let running = Running::start(service, &self.settings(service), &self.log(service));
        let before = self.services.insert(service, running);
        assert!(before.is_none(), "{service} ran already");
    }

    fn log(&self, service: &str) -> PathBuf {
        self.data.path().join(format!("{service}.log"))
    }

    /// What a service said so far.
    pub fn log_of(&self, service: &str) -> String {
        std::fs::read_to_string(self.log(service)).unwrap_or_default()
    }

    /// A service that runs.
    pub fn service(&mut self, name: &str) -> &mut Running {
        self.services.get_mut(name).expect("it runs")
    }

    pub(crate) fn running(&self, service: &str) -> &Running {
        &self.services[service]
    }

    /// The services that run, with the ids of their processes.
    pub fn processes(&self) -> Vec<(&'static str, u32)> {
        self.services.iter().map(|(name, running)| (*name, running.pid())).collect()
    }

    /// SIGKILL.
    pub fn kill(&mut self, service: &'static str) {
        self.services.remove(service).expect("it runs").kill();
    }

    /// SIGTERM, awaited.
    pub fn stop(&mut self, service: &'static str) {
        self.services.remove(service).expect("it runs").stop();
    }

    /// Waits until every service that runs says that it is ready.
    pub async fn ready(&self) {
        let ports = [
            ("router", 8802),
            ("builder", 8803),
            ("deployer", 8804),
            ("monitor", 8805),
            ("gateway", 8801),
        ];
        for (service, port) in
            ports.into_iter().filter(|(name, _)| self.services.contains_key(name))
        {
            let http = Http::new(self.host.port(port), "localhost");
            eventually(&format!("{service} to be ready"), START, async || {
                http.get("/readyz").await.ok().filter(|answer| answer.status == 200)
            })
            .await;
        }
    }

    /// Waits until the deployer drives nothing: whoever stood still saw that another took over.
    pub async fn drives_nothing(&self) {
        let http = Http::new(self.host.port(8804), "localhost");
        eventually("the deployer to drive nothing", START, async || {
            let said = http.get("/metrics").await.ok()?.text();
            said.lines().any(|line| line == "slipway_releases_driven 0").then_some(())
        })
        .await;
    }

    /// Where the router is controlled.
    pub(crate) fn router_control(&self) -> String {
        format!("http://{}", self.host.port(8802))
    }

    /// The administrator's client.
    pub fn admin(&self) -> Client {
        self.client(Some(ADMIN_TOKEN))
    }

    /// A client with this token, or none.
    pub fn client(&self, token: Option<&str>) -> Client {
        Client::new(self.host.port(8801), token)
    }

    /// The address of the API.
    pub fn api(&self) -> String {
        format!("http://{}", self.host.port(8801))
    }

    /// Users of `host`, who ask the router.
    pub fn users(&self, host: &str) -> Http {
        Http::new(self.traffic(), host)
    }

    /// The address of the router for users.
    pub fn traffic(&self) -> std::net::SocketAddr {
        self.host.port(8807)
    }

    /// The forge's way in.
    pub fn hooks(&self) -> Http {
        Http::new(self.host.port(8800), "hooks.example.com")
    }

    /// The same for somebody at another address of this machine.
    pub fn hooks_from(&self, from: [u8; 4]) -> Http {
        Http::from(self.host.port(8800), "hooks.example.com", from.into())
    }

    /// The address of the forge's way in.
    pub fn hooks_address(&self) -> std::net::SocketAddr {
        self.host.port(8800)
    }

    /// Where the world's database is, for looks behind the scenes.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// What the tests talk to.
    pub fn infra(&self) -> &Infra {
        &self.infra
    }

    /// The platform's name in labels.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// Connections to the world's database, made when they are used.
    pub(crate) fn truth(&self) -> sqlx::PgPool {
        self.database.looks()
    }

    /// An app that is registered already.
    pub fn app<'a>(&'a self, name: &'static str, repo: &'a Repo) -> App<'a> {
        App { world: self, name, environment: crate::app::PRODUCTION, repo, client: self.admin() }
    }

    /// Registers the app whose manifest `repo` holds.
    pub async fn register<'a>(&'a self, name: &'static str, repo: &'a Repo) -> App<'a> {
        App::register(self, name, repo).await
    }
}

/// How many of a service's last lines a failed story shows.
const LINES: usize = 25;

impl World {
    /// What each service said last, and what is on the engine, for the reader of a failed story.
    #[expect(clippy::print_stderr, reason = "the output of a test")]
    pub(crate) fn tell(&self) {
        for service in SERVICES {
            let log = self.log_of(service);
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(LINES)..];
            eprintln!("--- {service}\n{}", last.join("\n"));
        }
        eprintln!("--- engine\n{}", self.docker.told());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        for (_, running) in std::mem::take(&mut self.services) {
            running.kill();
        }
        self.docker.clean();
        if self.around.engine.is_some() {
            self.builder().clean();
        }
    }
}
