//! The proxies and their upstream servers, each with one worker, configured as people run them.

use anyhow::{Context, Result};
use proto::v1::router_service_client::RouterServiceClient;
use proto::v1::{self, ApplyTableRequest};
use service::Secret;
use service::internal::Internal;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use testkit::Http;
use tokio::process::{Child, Command};
use tonic::transport::Channel;

const TOKEN: &str = "bench-internal-token";

/// Where everybody listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) stable: u16,
    pub(crate) candidate: u16,
    nginx: u16,
    haproxy: u16,
    caddy: u16,
    slipway: u16,
    control: u16,
}

impl Ports {
    pub(crate) fn free() -> Result<Self> {
        let listeners: Vec<TcpListener> =
            (0..7).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let port = |i: usize| listeners[i].local_addr().map(|address| address.port());
        Ok(Self {
            stable: port(0)?,
            candidate: port(1)?,
            nginx: port(2)?,
            haproxy: port(3)?,
            caddy: port(4)?,
            slipway: port(5)?,
            control: port(6)?,
        })
    }
}

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Peer {
    /// The upstream server itself: what a proxy that costs nothing would reach.
    pub(crate) fn direct(ports: Ports) -> Self {
        Self { name: "direct", port: ports.stable, process: None }
    }
}

impl Peer {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// What the proxy has used since it started.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let pid = self.process.as_ref().and_then(Child::id);
        pid.and_then(ticks).map_or(f64::NAN, |ticks| f64::from(ticks) / 100.0)
    }
}

/// Hundredths of a second a process has used.
fn ticks(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |i: usize| fields.get(i)?.parse::<u32>().ok();
    Some(number(11)? + number(12)?)
}

fn start(command: &mut Command, output: &Path) -> Result<Child> {
    let output = std::fs::File::create(output).context("making a log file")?;
    let program = command.as_std().get_program().to_owned();
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {}: is it installed?", program.display()))
}

fn write(directory: &Path, name: &str, text: &str) -> Result<std::path::PathBuf> {
    let file = directory.join(name);
    std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

/// One process: a worker whose master is killed would stay.
fn run_nginx(directory: &Path, name: &str, http: &str) -> Result<Child> {
    let at = directory.display();
    let text = format!(
        "daemon off; master_process off; pid {at}/{name}.pid; error_log {at}/{name}.error warn;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {at}/{name}.body; proxy_temp_path {at}/{name}.proxy;
  fastcgi_temp_path {at}/{name}.fastcgi; uwsgi_temp_path {at}/{name}.uwsgi; scgi_temp_path {at}/{name}.scgi;
  keepalive_requests 100000000;
{http}
}}"
    );
    let file = write(directory, &format!("{name}.conf"), &text)?;
    start(Command::new("nginx").arg("-c").arg(file), &directory.join(format!("{name}.out")))
}

/// Two servers that answer at once, with this text of this type.
pub(crate) fn upstream(
    directory: &Path,
    ports: Ports,
    (text, kind): (&str, &str),
) -> Result<Child> {
    let Ports { stable, candidate, .. } = ports;
    let server = |port: u16| {
        format!(
            "  server {{ listen 127.0.0.1:{port}; default_type {kind}; return 200 '{text}'; }}\n"
        )
    };
    let http = format!("  access_log off;\n{}{}", server(stable), server(candidate));
    run_nginx(directory, "upstream", &http)
}

pub(crate) fn nginx(directory: &Path, ports: Ports) -> Result<Peer> {
    let Ports { stable, candidate, nginx, .. } = ports;
    let http = format!(
        "  access_log {at}/nginx.access;
  upstream shop {{
    server 127.0.0.1:{stable} weight=9; server 127.0.0.1:{candidate} weight=1;
    keepalive 64; keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{nginx};
    location / {{
      proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection \"\";
      proxy_set_header Host $host; proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}",
        at = directory.display()
    );
    let process = run_nginx(directory, "nginx", &http)?;
    Ok(Peer { name: "nginx", port: nginx, process: Some(process) })
}

pub(crate) fn haproxy(directory: &Path, ports: Ports) -> Result<Peer> {
    let Ports { stable, candidate, haproxy, .. } = ports;
    let text = format!(
        "global
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option forwardfor
  http-reuse always
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend in
  bind 127.0.0.1:{haproxy}
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  http-request set-header X-Forwarded-Proto http
  default_backend shop
backend shop
  server stable 127.0.0.1:{stable} weight 90
  server candidate 127.0.0.1:{candidate} weight 10
"
    );
    let file = write(directory, "haproxy.cfg", &text)?;
    let mut command = Command::new("haproxy");
    let process = start(command.arg("-f").arg(file), &directory.join("haproxy.access"))?;
    Ok(Peer { name: "haproxy", port: haproxy, process: Some(process) })
}

/// Its version in Debian has no weights: the stable one is named nine times.
pub(crate) fn caddy(directory: &Path, ports: Ports) -> Result<Peer> {
    let Ports { stable, candidate, caddy, .. } = ports;
    let text = format!(
        "{{
  admin off
  auto_https off
}}
http://127.0.0.1:{caddy} {{
  log {{
    output file {at}/caddy.access {{
      roll_disabled
    }}
  }}
  reverse_proxy {to_stable} 127.0.0.1:{candidate} {{
    lb_policy random
  }}
}}
",
        at = directory.display(),
        to_stable = format!("127.0.0.1:{stable} ").repeat(9),
    );
    let file = write(directory, "Caddyfile", &text)?;
    let mut command = Command::new("caddy");
    command.arg("run").arg("--adapter").arg("caddyfile").arg("--config").arg(file);
    command.env("GOMAXPROCS", "1").env("HOME", directory);
    let process = start(&mut command, &directory.join("caddy.out"))?;
    Ok(Peer { name: "caddy", port: caddy, process: Some(process) })
}

/// Ours, with settings beside the usual ones.
pub(crate) fn slipway(directory: &Path, ports: Ports, more: &[(&str, String)]) -> Result<Peer> {
    let mut command = Command::new(stories::program("router"));
    command
        .env("SLIPWAY_DATA", directory.join("slipway"))
        .env("SLIPWAY_INTERNAL_TOKEN", TOKEN)
        .env("SLIPWAY_ROUTER_TRAFFIC_ADDRESS", format!("127.0.0.1:{}", ports.slipway))
        .env("SLIPWAY_ROUTER_ADDRESS", format!("127.0.0.1:{}", ports.control))
        .env("SLIPWAY_ROUTER_ACCESS_LOG", directory.join("slipway.access"))
        .envs(more.iter().map(|(name, value)| (name, value)));
    let process = start(&mut command, &directory.join("slipway.out"))?;
    Ok(Peer { name: "slipway", port: ports.slipway, process: Some(process) })
}

/// A route to both servers.
pub(crate) fn route(ports: Ports, (stable, candidate): (u32, u32)) -> v1::Route {
    let target = |port: u16, weight: u32| v1::Target {
        release: service::new_id().to_string(),
        weight,
        upstreams: vec![v1::Upstream {
            instance: service::new_id().to_string(),
            address: format!("127.0.0.1:{port}"),
        }],
        ..v1::Target::default()
    };
    v1::Route {
        name: "shop/production".to_owned(),
        hosts: vec!["127.0.0.1".to_owned()],
        mode: v1::route::Mode::Serving.into(),
        targets: vec![target(ports.stable, stable), target(ports.candidate, candidate)],
        ..v1::Route::default()
    }
}

/// Gives the router a table with this route alone.
pub(crate) async fn tell_slipway(ports: Ports, generation: u64, route: v1::Route) -> Result<()> {
    let table = Some(v1::RouteTable { generation, routes: vec![route], ..Default::default() });
    let (mut router, internal) = control(ports)?;
    let request = internal.request(ApplyTableRequest { table });
    router.apply_table(request).await.context("applying the table")?;
    Ok(())
}

/// What came of the copies that the router asked of the candidate.
pub(crate) async fn copies(ports: Ports) -> Result<v1::ShadowCounts> {
    let (mut router, internal) = control(ports)?;
    let request = internal.request(v1::GetStatsRequest::default());
    let stats = router.get_stats(request).await.context("reading what was measured")?.into_inner();
    let newest = stats.shadows.into_iter().filter_map(|shadow| shadow.counts).next_back();
    Ok(newest.unwrap_or_default())
}

/// What the router counts under `name`, with these labels.
pub(crate) async fn counted(ports: Ports, name: &str) -> Result<f64> {
    let control = ([127, 0, 0, 1], ports.control).into();
    let text = Http::new(control, "localhost").get("/metrics").await?.text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.with_context(|| format!("the router does not count {name}:\n{text}"))
}

fn control(ports: Ports) -> Result<(RouterServiceClient<Channel>, Internal)> {
    let url = format!("http://127.0.0.1:{}", ports.control);
    let channel = service::internal::channel(&url)?;
    Ok((RouterServiceClient::new(channel), Internal::new(&Secret::new(TOKEN))?))
}
