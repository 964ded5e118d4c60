//! The container engine asked directly, one connection for each question: the bare way that the platform is
//! compared with, and the way images are prepared.

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;
use tokio::process::Command;

/// An engine on this machine, and the platform whose label everything made here has.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    socket: PathBuf,
    platform: String,
}

impl Engine {
    /// The engine at `host`, as `DOCKER_HOST` has it.
    pub(crate) fn at(host: &str, platform: &str) -> Result<Self> {
        let socket = host.strip_prefix("unix://").context("the engine is not on this machine")?;
        Ok(Self { socket: socket.into(), platform: platform.to_owned() })
    }

    /// Builds the image `name` from a tar, with the engine's newer builder.
    pub(crate) async fn build(&self, context: Bytes, name: &str, target: &str) -> Result<()> {
        let labels = escaped(&json!({ "slipway.instance": self.platform }).to_string());
        let path = format!("/build?version=2&rm=1&t={name}&target={target}&labels={labels}");
        let said = self.ask(Method::POST, &path, "application/x-tar", context).await?;
        lines(&said).with_context(|| format!("building {name}")).map(drop)
    }

    /// Pushes `repository:tag`; the digest that the registry gives it.
    pub(crate) async fn push(&self, repository: &str, tag: &str) -> Result<String> {
        let path = format!("/images/{repository}/push?tag={tag}");
        let said = self.ask(Method::POST, &path, "application/json", Bytes::new()).await?;
        let said = lines(&said).with_context(|| format!("pushing {repository}"))?;
        let digest = said.iter().find_map(|line| line["aux"]["Digest"].as_str());
        Ok(digest.context("the registry gives no digest")?.to_owned())
    }

    /// Makes a container; its id.
    pub(crate) async fn create(&self, image: &str) -> Result<String> {
        let wanted = json!({ "Image": image, "Labels": { "slipway.instance": self.platform } });
        let made = self.ask_json(Method::POST, "/containers/create", &wanted).await?;
        Ok(made["Id"].as_str().context("the engine gives no id")?.to_owned())
    }

    /// Starts a container.
    pub(crate) async fn start(&self, container: &str) -> Result<()> {
        let path = format!("/containers/{container}/start");
        self.ask_json(Method::POST, &path, &Value::Null).await.map(drop)
    }

    /// Where a container is reached.
    pub(crate) async fn address(&self, container: &str) -> Result<IpAddr> {
        let path = format!("/containers/{container}/json");
        let found = self.ask_json(Method::GET, &path, &Value::Null).await?;
        let address = found["NetworkSettings"]["IPAddress"].as_str();
        address.context("the container has no address")?.parse().context("an address")
    }

    /// Ends a container, and removes it.
    pub(crate) async fn remove(&self, container: &str) -> Result<()> {
        let path = format!("/containers/{container}?force=1&v=1");
        self.ask_json(Method::DELETE, &path, &Value::Null).await.map(drop)
    }

    async fn ask_json(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let answer = self.ask(method, path, "application/json", body).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).context("reading the engine's answer")
    }

    async fn ask(&self, method: Method, path: &str, kind: &str, body: Bytes) -> Result<Bytes> {
        let stream = UnixStream::connect(&self.socket).await.context("connecting to the engine")?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "engine")
            .header("content-type", kind)
            // `{}`: nobody in particular.
            .header("x-registry-auth", "e30=")
            .body(Full::new(body))?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        let said = String::from_utf8_lossy(&body);
        ensure!(head.status.is_success(), "the engine answers {} to {path}: {said}", head.status);
        Ok(body)
    }
}

/// An answer of many lines of JSON; the first that tells of an error ends it.
fn lines(answer: &[u8]) -> Result<Vec<Value>> {
    let mut lines = Vec::new();
    for line in serde_json::Deserializer::from_slice(answer).into_iter::<Value>() {
        let line = line.context("reading the engine's answer")?;
        if let Some(error) = line["error"].as_str() {
            bail!("the engine says: {error}");
        }
        lines.push(line);
    }
    Ok(lines)
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The files of `folder` as a tar, without git's own.
pub(crate) async fn tar(folder: &Path) -> Result<Bytes> {
    let packed = Command::new("tar")
        .args(["--create", "--exclude-vcs", "--file=-", "--directory"])
        .arg(folder)
        .arg(".")
        .output()
        .await
        .context("running tar")?;
    ensure!(packed.status.success(), "tar: {}", String::from_utf8_lossy(&packed.stderr));
    Ok(packed.stdout.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_good_answer_is_found() {
        let said = b"{\"stream\":\"step 1\"}\n{\"error\":\"no space\"}\n";
        assert_eq!(lines(said).unwrap_err().to_string(), "the engine says: no space");
        assert_eq!(lines(b"{\"aux\":{}}\r\n").unwrap().len(), 1);
    }

    #[test]
    fn labels_fit_into_a_query() {
        assert_eq!(escaped("{\"a.b\": \"c\"}"), "%7B%22a.b%22%3A%20%22c%22%7D");
    }
}
