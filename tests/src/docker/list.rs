//! Lists of containers, asked of the engine itself: a client process costs more than the question.

use super::Docker;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

impl Docker {
    /// The names of the platform's containers that run.
    pub fn running(&self) -> Vec<String> {
        names(&self.list(false, &[]))
    }

    /// The names of all the platform's containers.
    pub fn containers(&self) -> Vec<String> {
        names(&self.list(true, &[]))
    }

    /// The names of the platform's containers that jobs run in, or ran in.
    pub fn jobs(&self) -> Vec<String> {
        names(&self.list(true, &["slipway.job"]))
    }

    /// The images, by digest, of the platform's containers that run.
    pub fn images_of_running(&self) -> Vec<String> {
        let mut images: Vec<String> =
            self.list(false, &[]).iter().map(|it| text(&it["Image"])).collect();
        images.sort();
        images
    }

    /// All the platform's containers: whether each runs, and its image, by digest.
    pub(crate) fn all(&self) -> Vec<(bool, String)> {
        let seen = |it: &Value| (it["State"] == "running", text(&it["Image"]));
        self.list(true, &[]).iter().map(seen).collect()
    }

    /// The id of the only container of `service` that runs, jobs aside.
    pub fn id_of(&self, service: &str) -> String {
        let mut found = self.list(false, &[&format!("slipway.service={service}")]);
        found.retain(|it| it["Labels"]["slipway.job"].is_null());
        assert_eq!(found.len(), 1, "containers of {service}");
        text(&found[0]["Id"])
    }

    fn list(&self, all: bool, labels: &[&str]) -> Vec<Value> {
        let ours = format!("slipway.instance={}", self.platform);
        let labels: Vec<&str> = labels.iter().copied().chain([ours.as_str()]).collect();
        let filters = encoded(&json!({ "label": labels }).to_string());
        let answer = self.get(&format!("/containers/json?all={all}&filters={filters}"));
        let list = answer.expect("the engine lists its containers");
        list.as_array().expect("a list of containers").clone()
    }

    /// HTTP/1.0: the answer is whole when the engine closes.
    fn get(&self, path: &str) -> Result<Value, String> {
        let socket = self.host.strip_prefix("unix://").ok_or("not a socket of this machine")?;
        let told = |error: std::io::Error| format!("{socket}: {error}");
        let mut engine = UnixStream::connect(socket).map_err(told)?;
        write!(engine, "GET {path} HTTP/1.0\r\nHost: engine\r\n\r\n").map_err(told)?;
        let mut answer = String::new();
        engine.read_to_string(&mut answer).map_err(told)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without an end")?;
        if !head.contains(" 200 ") {
            return Err(answer);
        }
        serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))
    }
}

fn names(containers: &[Value]) -> Vec<String> {
    let name = |it: &Value| text(&it["Names"][0]).trim_start_matches('/').to_owned();
    let mut names: Vec<String> = containers.iter().map(name).collect();
    names.sort();
    names
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02x}"))
}
