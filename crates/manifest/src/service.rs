//! A service: one container image and how its instances run.

use crate::grammar::{choice, mapping, one_of};
use crate::health::Health;
use crate::request::Warmup;
use crate::value::{
    AbsolutePath, Address, Bytes, Cpus, ImageReference, PathPrefix, Port, RelativePath, Span,
    StageName, Text, User, VariableName,
};
use events::{SecretName, ServiceName, VolumeName};
use std::collections::BTreeMap;

mapping! {
    /// One container image and how its instances run. It is replaced only when its image or its
    /// configuration changed, so a service with an `image` (a database, a tracker) is left alone by
    /// releases of the others.
    pub struct Service {
        /// Where the image comes from.
        source: Source;
        /// Arguments, instead of the image's own. Always a list: there is no shell.
        command: Option<Vec<Text>>;
        /// What is executed, instead of the image's own.
        entrypoint: Option<Vec<Text>>;
        /// What it serves; a service without `http` is a worker.
        http: Option<Http>;
        /// How many instances run; 0 where only jobs use its image.
        replicas: u32 = "1", "the least that runs; a second one hides the loss of the first";
        /// Environment variables; numbers and booleans are passed as they are written.
        env: BTreeMap<VariableName, Text>;
        /// Secrets it is given.
        secrets: Vec<Secret>;
        /// How Slipway finds out that an instance is well.
        health: Health = "{}", "its keys have defaults of their own";
        /// Whether what it keeps in its cache volumes is there on this machine, and how long it may take to
        /// be ready then.
        cache: Option<Cache>;
        /// What a candidate does before it is verified.
        warmup: Warmup = "{}", "its keys have defaults of their own";
        /// Storage that outlives an instance.
        volumes: Vec<Volume>;
        /// What each instance may use.
        resources: Resources = "{}", "its keys have defaults of their own";
        /// How an instance is stopped.
        stop: Stop = "{}", "its keys have defaults of their own";
        /// What must answer before its jobs run and its instances start.
        depends_on: Vec<Dependency>;
        /// Whom its processes run as, instead of the image's own.
        user: Option<User>;
        /// Whether the container's own file system is read-only; volumes and `/tmp` stay writable.
        read_only: bool = "false", "many images write beside their code";
        /// Whether a small init process reaps what the main one leaves behind.
        init: bool = "true", "zombies and lost signals are the commonest fault of images without one";
        /// Whether new instances start beside the old ones or after them.
        replace: Option<Replace>;
    }
}

one_of! {
    /// Where the image of a service comes from.
    pub enum Source {
        /// Built from the repository.
        "build" => Build(Build),
        /// Pulled from a registry, and resolved to a digest when a release is made.
        "image" => Image(ImageReference),
    }
}

impl Source {
    /// How it is built, if it is.
    pub fn build(&self) -> Option<&Build> {
        match self {
            Self::Build(build) => Some(build),
            Self::Image(_) => None,
        }
    }

    /// The directory below the repository that the image is built from; empty for the whole repository.
    pub fn context(&self) -> String {
        self.build().map(|build| build.context.cleaned()).unwrap_or_default()
    }
}

mapping! {
    /// How an image is built.
    pub struct Build short "context" {
        /// The directory that is sent to the build, below the repository.
        context: RelativePath = ".", "the repository";
        /// The Dockerfile, below the context.
        dockerfile: RelativePath = "Dockerfile", "Docker's name for it";
        /// The stage to build, instead of the last.
        target: Option<StageName>;
        /// Build arguments. They stay readable in the image: use `secrets` for secrets.
        args: BTreeMap<VariableName, Text>;
        /// Secrets that build steps may mount; they never enter a layer.
        secrets: Vec<SecretName>;
        /// The longest a build may take.
        timeout: Span = "60m", "DigitalOcean App Platform's limit";
    }
}

mapping! {
    /// What a service serves.
    pub struct Http short "port" {
        /// The port it listens on inside its container, on all addresses; it is told in `PORT`, unless
        /// `env` says otherwise.
        port: Port;
        /// The paths that the router sends to it. Without one, the only service with `http`, or the only
        /// one of them that is built, answers `/`; the others are reached inside the network alone.
        path_prefix: Option<PathPrefix>;
        /// Whether the prefix is cut off before the request is passed on.
        strip_prefix: bool = "false", "applications that know their prefix are the common case";
        /// What it speaks: HTTP/1.1, or HTTP/2 without TLS (gRPC).
        protocol: Protocol = "http1", "what every server speaks";
    }
}

choice! {
    /// What is spoken between the router and an instance.
    pub enum Protocol {
        /// HTTP/1.1, upgrades included.
        Http1 = "http1",
        /// HTTP/2 without TLS, for gRPC.
        H2c = "h2c",
    }
}

mapping! {
    /// A secret that an instance is given.
    pub struct Secret short "name" {
        /// Its name, set with `slipway secret`.
        name: SecretName;
        /// As an environment variable of that name, or as a file.
        delivery ["as"]: Delivery = "env", "what most frameworks read";
        /// Where the file is; `/run/secrets/NAME` when not given.
        path: Option<AbsolutePath>;
    }
}

choice! {
    /// How a secret reaches an instance.
    pub enum Delivery {
        /// As an environment variable.
        Env = "env",
        /// As a file that only the instance's user reads.
        File = "file",
    }
}

mapping! {
    /// Storage that outlives an instance.
    pub struct Volume {
        /// Its name, within the app and environment; services that name the same share it.
        name: VolumeName;
        /// Where it is mounted.
        path: AbsolutePath;
        /// What it holds.
        class: VolumeClass = "data", "the class that can lose nothing";
        /// Whether the service only reads it.
        read_only: bool = "false", "Docker's default";
        /// How large it is expected to grow, for the disk figures of `slipway plan`.
        size: Option<Bytes>;
    }
}

mapping! {
    /// How Slipway finds out whether the caches of a service are warm on this machine. A candidate that starts
    /// from a warm cache has a shorter gate than `health.gate`, which has to last for a cold one.
    pub struct Cache {
        /// A command in the container, asked right after the start: the cache is warm if it ends with status 0.
        check: Vec<Text>;
        /// How long the command may take; longer is cold.
        within: Span = "10s", "an import of a large library takes a few seconds";
        /// How long a candidate with a warm cache may take to be ready.
        gate: Span = "60s", "nothing is downloaded or installed any more";
    }
}

choice! {
    /// What a volume holds, and so who may write it and what may become of it.
    pub enum VolumeClass {
        /// Can be had again; shared by old and new instances, and may be cleared.
        Cache = "cache",
        /// Cannot be had again: one instance writes it at a time, and it is never deleted automatically.
        Data = "data",
        /// Models: shared by old and new instances, kept as long as a release that used them.
        Model = "model",
    }
}

mapping! {
    /// What each instance may use; without a limit, all there is.
    pub struct Resources {
        /// Processors.
        cpus: Option<Cpus>;
        /// Memory; an instance that needs more is killed, and the release says so.
        memory: Option<Bytes>;
        /// Processes and threads.
        pids: u32 = "512", "ends a fork bomb, and is above what a thread per request needs";
    }
}

mapping! {
    /// How an instance is stopped: out of the router's table, then SIGTERM, then SIGKILL.
    pub struct Stop {
        /// How long requests in flight may take once nothing new is sent.
        drain: Span = "15s", "DigitalOcean App Platform's default";
        /// How long it may take from SIGTERM until it is killed.
        grace: Span = "30s", "Kubernetes' default";
    }
}

mapping! {
    /// Something that must answer before its jobs run and its instances start.
    pub struct Dependency short "service" {
        /// What must answer.
        target: DependencyTarget;
        /// How long is waited for it.
        within: Span = "60s", "a database restarts within it";
    }
}

one_of! {
    /// What a service depends on.
    pub enum DependencyTarget {
        /// A service of this app: its instances must be ready.
        "service" => Service(ServiceName),
        /// An address that must accept connections.
        "tcp" => Tcp(Address),
        /// An address (`http://HOST:PORT/PATH`) that must answer with 2xx.
        "http" => Http(Text),
    }
}

impl DependencyTarget {
    /// `HOST:PORT` of an address.
    pub fn address(&self) -> Option<String> {
        let url = match self {
            Self::Service(_) => return None,
            Self::Tcp(address) => return Some(address.to_string()),
            Self::Http(url) => url.as_str(),
        };
        let rest = url.strip_prefix("http://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        Some(if port.is_some() { host.to_owned() } else { format!("{host}:80") })
    }

    /// The service it may be: by name, or by an address whose host is its name in the app's network.
    pub fn service(&self) -> Option<ServiceName> {
        match self {
            Self::Service(name) => Some(name.clone()),
            Self::Tcp(_) | Self::Http(_) => {
                ServiceName::parse(self.address()?.rsplit_once(':')?.0).ok()
            }
        }
    }
}

choice! {
    /// How new instances take over.
    pub enum Replace {
        /// They start beside the old ones, which stop when traffic has moved.
        Beside = "beside",
        /// The old ones stop first: for what cannot run twice. There is downtime.
        StopFirst = "stop_first",
    }
}
