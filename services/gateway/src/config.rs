//! What the gateway is told when it starts.

use crate::github::{AppKey, GitHub, Identity, InvalidKey, Repositories};
use crate::hooks::Proxies;
use crate::notify::{InvalidMail, Mail};
use crate::release_link::ReleaseLink;
use crate::repository::LocalRoots;
use crate::votes::PublicUrl;
use outgoing::Networks;
use service::{Env, EnvError, Secret};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often branch heads are compared with what was seen: a push that never arrived waits at most this long.
const RECONCILE_EVERY: Duration = Duration::from_mins(3);
/// The GitHub of everybody.
const GITHUB: &str = "https://api.github.com";
/// Days that deliveries are kept: GitHub redelivers for 3 days, people look back a month.
const DELIVERY_DAYS: i32 = 30;
/// Bytes that the bodies of all deliveries may take; the oldest go first.
const DELIVERY_BYTES: i64 = 1 << 30;

/// What the gateway is told when it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where webhooks arrive; the only address to expose.
    pub hooks_address: SocketAddr,
    /// Whose word about who sends a webhook is believed.
    pub trusted_proxies: Proxies,
    /// Where clients ask.
    pub api_address: SocketAddr,
    /// Postgres; holds a password.
    pub database_url: Secret,
    /// NATS; may hold a password.
    pub nats_url: Secret,
    /// What services prove to each other that they are services with.
    pub internal_token: Secret,
    /// A token that is an admin called `bootstrap`, to make the first real token with.
    pub bootstrap_token: Option<Secret>,
    /// Folder for the key that seals webhook secrets and for keys of git.
    pub data: PathBuf,
    /// Where each of the other services answers.
    pub backends: Backends,
    /// How often the remote heads are looked at.
    pub reconcile_every: Duration,
    /// Folders below which a repository may be a local path.
    pub local_repositories: LocalRoots,
    /// Networks that notifications may go to beside the internet.
    pub private_targets: Networks,
    /// A file with authorities that are trusted beside those of the machine.
    pub ca_file: Option<PathBuf>,
    /// How mail is sent; without, none is.
    pub mail: Option<Mail>,
    /// The GitHub that is told of builds and releases and asked for CI; without, none is.
    pub github: Option<GitHub>,
    /// Where people look at a release; without, nothing has a link to it.
    pub release_link: Option<ReleaseLink>,
    /// Where people reach the API; without, no message has a link to decide with.
    pub public_url: Option<PublicUrl>,
    /// Days that deliveries and notifications are kept.
    pub delivery_days: i32,
    /// Bytes that the bodies of all deliveries may take.
    pub delivery_bytes: i64,
}

/// Where each of the other services answers.
#[derive(Debug, Clone)]
pub struct Backends {
    /// Builds.
    pub builder: String,
    /// Releases and secrets.
    pub deployer: String,
    /// Drift.
    pub monitor: String,
    /// The control of the router.
    pub router: String,
}

impl Default for Backends {
    fn default() -> Self {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        Self { builder: at(8803), deployer: at(8804), monitor: at(8805), router: at(8802) }
    }
}

impl Config {
    /// The configuration in the environment, or everything that is wrong with it.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let local = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let hooks_address = env.or("SLIPWAY_GATEWAY_HOOKS_ADDRESS", local(8800));
        let trusted_proxies = env.or("SLIPWAY_GATEWAY_TRUSTED_PROXIES", Proxies::default());
        let api_address = env.or("SLIPWAY_GATEWAY_ADDRESS", local(8801));
        let database_url = env.secret_file("SLIPWAY_DATABASE_URL");
        let nats_url = env.secret_file("SLIPWAY_NATS_URL");
        let internal_token = env.secret_file("SLIPWAY_INTERNAL_TOKEN");
        let bootstrap_token = env.optional_secret("SLIPWAY_BOOTSTRAP_TOKEN");
        let data = env.required("SLIPWAY_DATA");
        let backends = Backends::read(&mut env);
        let reconcile_every = env.duration_or("SLIPWAY_RECONCILE_EVERY", RECONCILE_EVERY);
        let local_repositories = env.or("SLIPWAY_ALLOW_LOCAL_REPOSITORIES", LocalRoots::default());
        let private_targets = env.or("SLIPWAY_ALLOW_PRIVATE_TARGETS", Networks::default());
        let ca_file = env.optional("SLIPWAY_CA_FILE");
        let mail = mail(&mut env);
        let github = github(&mut env);
        let release_link = env.optional("SLIPWAY_RELEASE_LINK");
        let public_url = env.optional("SLIPWAY_PUBLIC_URL");
        env.finish(|| {
            Some(Self {
                hooks_address,
                trusted_proxies,
                api_address,
                database_url: database_url?,
                nats_url: nats_url?,
                internal_token: internal_token?,
                bootstrap_token,
                data: data?,
                backends,
                reconcile_every,
                local_repositories,
                private_targets,
                ca_file,
                mail,
                github,
                release_link,
                public_url,
                delivery_days: DELIVERY_DAYS,
                delivery_bytes: DELIVERY_BYTES,
            })
        })
    }
}

impl Backends {
    fn read(env: &mut Env) -> Self {
        let default = Self::default();
        Self {
            builder: env.or("SLIPWAY_BUILDER_URL", default.builder),
            deployer: env.or("SLIPWAY_DEPLOYER_URL", default.deployer),
            monitor: env.or("SLIPWAY_MONITOR_URL", default.monitor),
            router: env.or("SLIPWAY_ROUTER_URL", default.router),
        }
    }
}

/// GitHub is told and asked by who has a token, or as an App with a key.
fn github(env: &mut Env) -> Option<GitHub> {
    let url = env.or("SLIPWAY_GITHUB_URL", GITHUB.to_owned());
    let repositories = env.or("SLIPWAY_GITHUB_REPOSITORIES", Repositories::default());
    let identity = identity(env)?;
    match GitHub::parse(&url, identity) {
        Ok(github) => Some(github.knowing(repositories)),
        Err(why) => {
            env.refuse("SLIPWAY_GITHUB_URL", why);
            None
        }
    }
}

fn identity(env: &mut Env) -> Option<Identity> {
    let (token, app, key) =
        ("SLIPWAY_GITHUB_TOKEN", "SLIPWAY_GITHUB_APP", "SLIPWAY_GITHUB_APP_KEY_FILE");
    let given =
        (env.optional_secret(token), env.optional::<String>(app), env.optional::<PathBuf>(key));
    match given {
        (None, None, None) => None,
        (Some(given), None, None) => Some(Identity::Token(given)),
        (None, Some(given), Some(path)) => {
            let pem = std::fs::read_to_string(path).map(Zeroizing::new);
            let pem =
                pem.map_err(|error| env.refuse(key, format!("cannot be read: {error}"))).ok()?;
            let parsed = AppKey::parse(&given, &pem);
            let refused = |why| env.refuse(if why == InvalidKey::App { app } else { key }, why);
            parsed.map_err(refused).ok().map(Identity::App)
        }
        (Some(_), _, _) => {
            env.refuse(token, format!("set it, or {app} and {key}, not both"));
            None
        }
        (None, Some(_), None) => {
            env.refuse(key, format!("must be set with {app}"));
            None
        }
        (None, None, Some(_)) => {
            env.refuse(app, format!("must be set with {key}"));
            None
        }
    }
}

/// Mail needs a server and a sender.
fn mail(env: &mut Env) -> Option<Mail> {
    let (url, from) = ("SLIPWAY_SMTP_URL", "SLIPWAY_SMTP_FROM");
    match (env.optional_secret(url), env.optional::<String>(from)) {
        (None, None) => None,
        (Some(server), Some(sender)) => match Mail::parse(&server, &sender) {
            Ok(mail) => Some(mail),
            Err(why) => {
                env.refuse(if why == InvalidMail::From { from } else { url }, why);
                None
            }
        },
        (Some(_), None) => {
            env.refuse(from, format!("must be set with {url}"));
            None
        }
        (None, Some(_)) => {
            env.refuse(url, format!("must be set with {from}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_together() {
        let env = Env::of([
            ("SLIPWAY_GATEWAY_ADDRESS", "here"),
            ("SLIPWAY_ALLOW_LOCAL_REPOSITORIES", "relative"),
            ("SLIPWAY_INTERNAL_TOKEN", "t0ken"),
            ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "inside"),
            ("SLIPWAY_SMTP_URL", "smtp://ada:hunter2@mail.example.com"),
            ("SLIPWAY_SMTP_FROM", "slipway@example.com"),
            ("SLIPWAY_GITHUB_APP", "123"),
            ("SLIPWAY_GITHUB_REPOSITORIES", "shop"),
            ("SLIPWAY_RELEASE_LINK", "here"),
        ]);
        insta::assert_snapshot!(Config::read(env).expect_err("not valid"), @r#"
        the configuration is not valid:
          SLIPWAY_GATEWAY_ADDRESS: "here" is not valid: invalid socket address syntax
          SLIPWAY_DATABASE_URL: must be set, or SLIPWAY_DATABASE_URL_FILE must name a file
          SLIPWAY_NATS_URL: must be set, or SLIPWAY_NATS_URL_FILE must name a file
          SLIPWAY_DATA: must be set
          SLIPWAY_ALLOW_LOCAL_REPOSITORIES: "relative" is not valid: folder "relative" is not absolute
          SLIPWAY_ALLOW_PRIVATE_TARGETS: "inside" is not valid: "inside" is not a network, as 10.0.0.0/8
          SLIPWAY_SMTP_URL: without tls=required it must be on this machine: 127.0.0.1, [::1] or localhost
          SLIPWAY_GITHUB_REPOSITORIES: "shop" is not valid: "shop" is not APP=OWNER/NAME
          SLIPWAY_GITHUB_APP_KEY_FILE: must be set with SLIPWAY_GITHUB_APP
          SLIPWAY_RELEASE_LINK: "here" is not valid: it is not an absolute URL, as https://example.com/hook
        "#);
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let env = Env::of([
            ("SLIPWAY_DATABASE_URL", "postgres://slipway:hunter2@localhost/slipway"),
            ("SLIPWAY_NATS_URL", "nats://localhost"),
            ("SLIPWAY_INTERNAL_TOKEN", "hunter2"),
            ("SLIPWAY_BOOTSTRAP_TOKEN", "hunter2"),
            ("SLIPWAY_DATA", "/var/lib/slipway"),
        ]);
        let config = Config::read(env).expect("valid");
        assert_eq!(config.reconcile_every, RECONCILE_EVERY);
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
