//! Waits for what a service depends on outside its app, before its instances start. Services of the app are
//! waited for by starting in order.

use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use manifest::{Dependency, DependencyTarget, Resolved, ResolvedService};
use release::Failure;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(2);

/// Waits until every outside dependency of `service` answers.
pub(crate) async fn wait(resolved: &Resolved, service: &ResolvedService) -> Result<(), Failure> {
    let outside = service.depends_on.iter().filter(|it| resolved.sibling(it).is_none());
    for dependency in outside {
        wait_for(dependency).await?;
    }
    Ok(())
}

async fn wait_for(dependency: &Dependency) -> Result<(), Failure> {
    let within = dependency.within.duration();
    let deadline = Instant::now() + within;
    loop {
        let asked = timeout(TRY, ask(&dependency.target)).await;
        let answer = asked.unwrap_or_else(|_| Err(format!("no answer within {} s", TRY.as_secs())));
        let Err(answer) = answer else { return Ok(()) };
        if Instant::now() >= deadline {
            let address = match &dependency.target {
                DependencyTarget::Http(url) => url.to_string(),
                DependencyTarget::Tcp(address) => address.to_string(),
                DependencyTarget::Service(name) => name.to_string(),
            };
            let message = format!(
                "{address} was not there within {} s: {answer}; start it, or correct depends_on",
                within.as_secs()
            );
            return Err(Failure::new("DEPENDENCY_AWAY", message));
        }
        sleep(PAUSE).await;
    }
}

/// One question; an error says what came instead of the answer.
async fn ask(target: &DependencyTarget) -> Result<(), String> {
    let Some(address) = target.address() else { return Ok(()) };
    let stream = TcpStream::connect(&address).await.map_err(|error| error.to_string())?;
    match target {
        DependencyTarget::Http(url) => get(stream, &address, url.as_str()).await,
        DependencyTarget::Tcp(_) | DependencyTarget::Service(_) => Ok(()),
    }
}

async fn get(stream: TcpStream, address: &str, url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    let path = path.split('#').next().unwrap_or_default();
    let request = Request::get(path)
        .header(HOST, address)
        .header(USER_AGENT, "slipway")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    let answered = async {
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answers {status}")) }
    };
    let mut answered = std::pin::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        // The connection is over when the answer is there, or broken; the question knows which.
        _ = connection => answered.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use http::StatusCode;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A server that is not ready for the first `times` questions; its address.
    async fn server(times: u32) -> String {
        let asked = Arc::new(AtomicU32::new(0));
        let answer = move || async move {
            let early = asked.fetch_add(1, Ordering::Relaxed) < times;
            if early { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let router = Router::new().route("/ready", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        address.to_string()
    }

    /// Waits for something that is there sooner or later.
    async fn wait_on(target: &str) -> Result<(), String> {
        wait_within(target, "1m").await
    }

    async fn wait_within(target: &str, within: &str) -> Result<(), String> {
        let text = format!(
            "app: a\nservices: {{ api: {{ build: ., depends_on: [{{ {target}, within: {within} }}] }} }}\n\
             environments: {{ p: {{ track: {{ branch: x }} }} }}"
        );
        let manifest = manifest::parse(&text).expect("good");
        let environment = "p".parse().expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("resolves");
        let service = resolved.services.values().next().expect("one");
        wait(&resolved, service).await.map_err(|failure| failure.message)
    }

    #[tokio::test]
    async fn an_http_dependency_is_there_when_it_answers_with_success() {
        let address = server(2).await;
        assert_eq!(wait_on(&format!("http: \"http://{address}/ready\"")).await, Ok(()));
        let refused = wait_within(&format!("http: \"http://{address}/other\""), "3s").await;
        let message = refused.expect_err("nothing is there");
        assert!(message.contains("/other was not there within 3 s: it answers 404"), "{message}");
    }

    #[tokio::test]
    async fn a_tcp_dependency_is_there_when_it_accepts() {
        let address = server(u32::MAX).await;
        assert_eq!(wait_on(&format!("tcp: \"{address}\"")).await, Ok(()));
        let message = wait_within("tcp: \"127.0.0.1:1\"", "1s").await.expect_err("nobody listens");
        assert!(message.starts_with("127.0.0.1:1 was not there within 1 s"), "{message}");
    }
}
