//! One attempt to read a number of one release.

use super::number::{self, NoNumber};
use crate::app::App;
use crate::candidate::{self, Asked};
use crate::db::release::Release;
use crate::db::secret;
use crate::docker::{Mask, clean};
use crate::probe::{Answer, Question, call};
use bytes::Bytes;
use events::SecretName;
use futures_util::future::try_join_all;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use manifest::{Call, InstancesReading, Named, Reading, ReadingSource};
use outgoing::{InvalidTarget, SendError, Target};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use zeroize::Zeroizing;

/// An answer may take so long, or the time until the next attempt if that is less.
const LONGEST: Duration = Duration::from_secs(10);
/// Bytes that are read of an answer.
const LARGEST: usize = 1 << 20;
/// Characters that are told of what a source says.
const SAID: usize = 200;

/// Why a number was not read. Says nothing that is secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("look up what is asked")]
    Rows(#[from] sqlx::Error),
    #[error("the secret {0} is not set")]
    NoSecret(SecretName),
    #[error("open the secret")]
    Open(#[from] pg::sealed::SealError),
    #[error("the secret {0} is no header")]
    NoHeader(SecretName),
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    #[error("the query does not fit in an address")]
    Query(#[from] http::uri::InvalidUri),
    #[error("reach the source")]
    Send(#[from] SendError),
    #[error("no answer came within {} s", .0.as_secs_f64())]
    Slow(Duration),
    #[error("the source answered {status}{said}")]
    Refused { status: StatusCode, said: String },
    #[error(transparent)]
    NoNumber(#[from] NoNumber),
    #[error("{0} has no instance with an address")]
    NoInstance(events::ServiceName),
    #[error("{instance}: {answer}")]
    NoAnswer { instance: String, answer: Answer },
    #[error("{instance} answered {status}")]
    Status { instance: String, status: u16 },
    #[error("{instance}")]
    OfInstance { instance: String, source: NoNumber },
}

/// Reads the number of `release`.
pub(super) async fn read(app: &App, release: &Release, reading: &Reading) -> Result<f64, Unread> {
    let within = reading.period.duration().min(LONGEST);
    let number = number(app, release, &reading.source, within);
    tokio::time::timeout(within, number).await.map_err(|_| Unread::Slow(within))?
}

async fn number(
    app: &App,
    release: &Release,
    source: &ReadingSource,
    within: Duration,
) -> Result<f64, Unread> {
    let instances = candidate::instances(app, release).await?;
    match source {
        ReadingSource::Prometheus(asked) => {
            let query = escaped(&asked.query.of(&named(release, &instances)));
            let base = Target::parse(asked.url.as_str())?;
            let target = base.below(&format!("/api/v1/query?query={query}"))?;
            let body = get(app, release, &target, source.authorization()).await?;
            Ok(number::of_prometheus(&body)?)
        }
        ReadingSource::Http(asked) => {
            let target = Target::parse(&asked.url.of(&named(release, &instances)))?;
            let body = get(app, release, &target, source.authorization()).await?;
            Ok(number::at(&asked.pointer, &body)?)
        }
        ReadingSource::Instances(asked) => mean(&instances, asked, within).await,
    }
}

fn named(release: &Release, instances: &[Asked]) -> Named {
    let addresses: Vec<_> = instances.iter().map(|it| it.address.to_string()).collect();
    Named {
        release: release.id.to_string(),
        number: release.number.to_string(),
        instances: addresses.join("|"),
    }
}

async fn get(
    app: &App,
    release: &Release,
    target: &Target,
    authorization: Option<&SecretName>,
) -> Result<Bytes, Unread> {
    let mut headers = HeaderMap::new();
    let secret = match authorization {
        Some(name) => Some(open(app, release, name).await?),
        None => None,
    };
    if let (Some(name), Some(value)) = (authorization, &secret) {
        let value = HeaderValue::from_str(value.trim());
        let mut value = value.map_err(|_| Unread::NoHeader(name.clone()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let asked =
        outgoing::Asked { method: Method::GET, headers, body: Bytes::new(), largest: LARGEST };
    let answer = app.outgoing.ask(target, asked).await?;
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    let mask = Mask::new(secret.iter().map(|secret| secret.as_str()));
    let said = number::complaint(&answer.body).map_or_else(String::new, |said| {
        let said: String = mask.hide(&clean(&said)).chars().take(SAID).collect();
        format!(": {said}")
    });
    Err(Unread::Refused { status: answer.status, said })
}

/// The secret as it is now, for this one attempt.
async fn open(
    app: &App,
    release: &Release,
    name: &SecretName,
) -> Result<Zeroizing<String>, Unread> {
    let missing = || Unread::NoSecret(name.clone());
    let environment = release.environment.as_str();
    let current = secret::current(&app.pool, &release.app, environment).await?;
    let version = *current.get(name.as_str()).ok_or_else(missing)?;
    let sealed = secret::sealed(&app.pool, &release.app, name.as_str(), version).await?;
    let context = secret::context(&release.app, name.as_str(), version);
    let plain = app.key.open(&context, &sealed.ok_or_else(missing)?)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&plain).into_owned()))
}

/// The mean of what all instances of a service say.
async fn mean(
    instances: &[Asked],
    asked: &InstancesReading,
    within: Duration,
) -> Result<f64, Unread> {
    let of_service = instances.iter().filter(|instance| instance.service == asked.service);
    let numbers = try_join_all(of_service.map(|instance| ask(instance, asked, within))).await?;
    let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Err(Unread::NoInstance(asked.service.clone()));
    }
    Ok(numbers.iter().sum::<f64>() / f64::from(count))
}

async fn ask(instance: &Asked, asked: &InstancesReading, within: Duration) -> Result<f64, Unread> {
    let (path, headers) = (Call::Get(asked.get.clone()), BTreeMap::new());
    let agent = "slipway-reading";
    let question = Question { agent, call: &path, json: None, headers: &headers, within };
    let reply = call(instance.address, question).await;
    let instance = instance.to_string();
    let reply = match reply {
        Ok(reply) => reply,
        Err(answer) => return Err(Unread::NoAnswer { instance, answer }),
    };
    if reply.status != StatusCode::OK {
        return Err(Unread::Status { instance, status: reply.status });
    }
    let number = number::at(&asked.pointer, &reply.body.unwrap_or_default());
    number.map_err(|source| Unread::OfInstance { instance, source })
}

/// `text` as a value in the query of an address.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes everything");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::{JsonPointer, RequestPath};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What instances hear that answer `bodies`, and the mean that is made of those.
    async fn read_of<const N: usize>(bodies: [&str; N]) -> (String, Result<f64, String>) {
        let (mut instances, mut served) = (Vec::new(), Vec::new());
        for (replica, body) in (0_u32..).zip(bodies) {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            instances.push(Asked {
                service: "api".parse().expect("a name"),
                replica,
                container_id: String::new(),
                address: listener.local_addr().expect("bound"),
            });
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            served.push(tokio::spawn(answer_one(listener, answer)));
        }
        let asked = InstancesReading {
            service: "api".parse().expect("a name"),
            get: RequestPath::parse("/stats").expect("a path"),
            pointer: JsonPointer::parse("/cache/hits").expect("a pointer"),
        };
        let mean = mean(&instances, &asked, Duration::from_secs(10)).await;
        let mut heard = String::new();
        for one in served {
            // Who was not asked is not waited for.
            heard += &if mean.is_ok() { one.await.expect("it answers") } else { String::new() };
        }
        (heard, mean.map_err(|why| service::chain(&why)))
    }

    /// Answers the first who asks; what that said.
    async fn answer_one(listener: TcpListener, answer: String) -> String {
        let (mut stream, _) = listener.accept().await.expect("asked");
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).await.expect("read");
        // Who heard enough may be gone.
        drop(stream.write_all(answer.as_bytes()).await);
        String::from_utf8_lossy(&heard[..count]).into_owned()
    }

    #[tokio::test]
    async fn each_instance_is_asked_by_our_name_and_the_mean_is_read() {
        let (heard, mean) =
            read_of([r#"{"cache":{"hits":0.5}}"#, r#"{"cache":{"hits":0.75}}"#]).await;
        assert_eq!(mean, Ok(0.625));
        assert_eq!(heard.matches("GET /stats HTTP/1.1").count(), 2, "{heard}");
        assert_eq!(
            heard.to_lowercase().matches("user-agent: slipway-reading").count(),
            2,
            "{heard}"
        );
    }

    #[tokio::test]
    async fn what_is_no_number_of_one_instance_is_told_of_that() {
        let (_, missing) = read_of([r#"{"cache":{"hits":0.5}}"#, "{}"]).await;
        assert_eq!(missing, Err("api (1): /cache/hits is not there".to_owned()));
        let (_, nobody) = read_of([]).await;
        assert_eq!(nobody, Err("api has no instance with an address".to_owned()));
    }

    #[test]
    fn a_query_is_a_value_of_an_address() {
        assert_eq!(escaped(r#"a{b=~"x|y"} + 1"#), "a%7Bb%3D~%22x%7Cy%22%7D%20%2B%201");
        let base = Target::parse("http://prometheus:9090/tenant").expect("a target");
        let target = base.below(&format!("/api/v1/query?query={}", escaped("a&b=\n")));
        let target = target.expect("an address");
        assert_eq!(target.path.as_str(), "/tenant/api/v1/query?query=a%26b%3D%0A");
    }
}
