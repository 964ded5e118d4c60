//! Plain Postgres: the same rows in one transaction of four statements, prepared, from `pgbench`.

use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;

const SCRIPT: &str = r"\set branch random(1, 1000)
begin;
insert into gateway.branch_head (app, git_ref, commit, trail)
values ('shop', 'refs/heads/p' || :branch, :commit, :trail::jsonb)
on conflict (app, git_ref) do update set commit = excluded.commit, trail = excluded.trail,
  version = branch_head.version + 1, moved_at = clock_timestamp();
insert into gateway.delivery
  (id, source, external_id, event, headers, body, size_bytes, outcome, reason, change)
values (gen_random_uuid(), 'shop', gen_random_uuid()::text, 'push', :headers::jsonb,
  convert_to(:body, 'UTF8'), 8000, 'accepted', '', gen_random_uuid());
insert into gateway.change
  (id, app, git_ref, commit, cause, forced, title, by, delivery, environments)
values (gen_random_uuid(), 'shop', 'refs/heads/p' || :branch, :commit, 'push', false,
  'Adding a .gitignore file', 'Codertocat', gen_random_uuid(), '{}');
insert into bus.outbox (id, service, subject, envelope)
values (gen_random_uuid(), 'plain', 'slipway.v1.shop.source.pushed', :envelope::jsonb);
commit;
";

const COMMIT: &str = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
const TRAIL: &str = r#"{"before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "pushed_at": 1557933657, "gaps": []}"#;
const HEADERS: &str = r#"{"content-type": "application/json", "user-agent": "GitHub-Hookshot/044aadd", "x-github-event": "push", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "x-github-hook-id": "292430182"}"#;
const ENVELOPE: &str = r#"{"id": "0199f0c5-6d3e-7c3e-8d7b-0d1f3a5b7c9d", "event_type": "source.pushed", "source": "/slipway/gateway", "app": "shop", "at": "2026-11-21T04:00:00.123456Z", "traceparent": null, "data": {"v": 1, "change": "0199f0c5-6d3e-7c3e-8d7b-0d1f3a5b7c9e", "app": "shop", "git_ref": "refs/heads/p1", "commit": "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "cause": "push", "forced": false, "title": "Adding a .gitignore file", "by": "Codertocat", "delivery": "0199f0c5-6d3e-7c3e-8d7b-0d1f3a5b7c9f", "environments": []}}"#;

/// Transactions per second.
pub(super) async fn rate(database: &str, clients: u32, seconds: u32) -> Result<f64> {
    let text = run(database, clients, seconds, &[]).await?;
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|rest| rest.split(' ').next()).context("pgbench says no rate")?;
    tps.parse().context("pgbench says a rate that is no number")
}

/// The p99 of transactions at `rate` per second; the time counts from when one was due.
pub(super) async fn paced(
    database: &str,
    clients: u32,
    seconds: u32,
    rate: f64,
) -> Result<Duration> {
    let folder = tempfile::tempdir().context("a folder for the log")?;
    let prefix = folder.path().join("log").display().to_string();
    let pace = [format!("--rate={rate:.0}"), "--log".to_owned(), format!("--log-prefix={prefix}")];
    run(database, clients, seconds, &pace).await?;
    let mut times = Vec::new();
    for log in std::fs::read_dir(folder.path())? {
        let text = std::fs::read_to_string(log?.path())?;
        times.extend(text.lines().filter_map(microseconds));
    }
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).context("pgbench logged nothing")?;
    Ok(Duration::from_micros(*p99))
}

/// The third field: how long a transaction took, with what it was late.
fn microseconds(line: &str) -> Option<u64> {
    line.split(' ').nth(2)?.parse().ok()
}

async fn run(database: &str, clients: u32, seconds: u32, more: &[String]) -> Result<String> {
    let mut script = tempfile::NamedTempFile::new().context("a script")?;
    std::io::Write::write_all(&mut script, SCRIPT.as_bytes())?;
    let body = super::load::sample();
    let values = [
        ("commit", COMMIT),
        ("trail", TRAIL),
        ("headers", HEADERS),
        ("envelope", ENVELOPE),
        ("body", &body),
    ];
    let mut pgbench = Command::new(pgbench()?);
    pgbench.args(["-n", "-M", "prepared", "-j", "2", "-c"]).arg(clients.to_string());
    pgbench.arg("-T").arg(seconds.to_string()).arg("-f").arg(script.path()).args(more);
    for (name, value) in values {
        pgbench.arg("-D").arg(format!("{name}={value}"));
    }
    let output = pgbench.arg(database).output().await.context("running pgbench")?;
    ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `pgbench`, which Debian keeps beside the server.
fn pgbench() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").context("no Postgres is installed")?;
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin/pgbench")))
        .filter(|path| path.exists())
        .max()
        .context("no pgbench is installed")
}
