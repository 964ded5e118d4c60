//! One build on the engine: the context streams in, the log streams out. Dropping the future closes the
//! connection, and the engine stops working on it.

use crate::engine::Engine;
use crate::engine::progress::{Progress, exit_code};
use crate::engine::query::{Order, Way};
use crate::engine::session::{SecretValues, Session, SessionError};
use crate::engine::stream::{Lines, TooLong};
use crate::registry::auth::RegistryAuth;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;

/// Which of the engine's builders to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Builder {
    /// `BuildKit` where the engine has it, else the classic one.
    #[default]
    Auto,
    /// Only `BuildKit`.
    BuildKit,
    /// Only the classic one.
    Classic,
}

impl Builder {
    /// Only the classic builder keeps a limit of memory on engines of every age.
    fn for_limit(self, memory: Option<u64>) -> Self {
        if self == Self::Auto && memory.is_some() { Self::Classic } else { self }
    }
}

/// Not one of the builders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use auto, buildkit or classic")]
pub struct InvalidBuilder;

impl std::str::FromStr for Builder {
    type Err = InvalidBuilder;

    fn from_str(text: &str) -> Result<Self, InvalidBuilder> {
        match text {
            "auto" => Ok(Self::Auto),
            "buildkit" => Ok(Self::BuildKit),
            "classic" => Ok(Self::Classic),
            _ => Err(InvalidBuilder),
        }
    }
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No session.
    #[error("preparing the build")]
    Session(#[from] SessionError),
    /// The engine is not there.
    #[error("connecting to the engine")]
    Connect(#[source] std::io::Error),
    /// The connection broke.
    #[error("talking to the engine")]
    Talk(#[from] hyper::Error),
    /// The answer is not readable.
    #[error("reading the answer of the engine")]
    Read(#[from] TooLong),
    /// The engine did not begin.
    #[error("the engine refused the build with {status}: {message}")]
    Refused {
        /// Its status.
        status: http::StatusCode,
        /// What it says.
        message: String,
    },
    /// A step failed.
    #[error("{message}")]
    Failed {
        /// What the engine says.
        message: String,
        /// Exit code of the command that failed.
        exit_code: Option<i32>,
    },
}

/// The classic builder looks for what was built before; for `FROM scratch` it lists all images and reads each, and fails
/// with this when somebody removes one in between.
const GONE: &str = "unable to find image \"sha256:";

impl BuildError {
    /// The same build may succeed later: the engine is not there, or an image went while it looked through all of them.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Session(SessionError::Connect { .. }) => true,
            Self::Failed { message, .. } => message.starts_with(GONE),
            Self::Session(_) | Self::Talk(_) | Self::Read(_) | Self::Refused { .. } => false,
        }
    }
}

/// What a build may ask for.
#[derive(Debug, Clone)]
pub struct Access {
    /// Build secrets.
    pub secrets: SecretValues,
    /// Credentials of registries, for bases.
    pub auth: Arc<RegistryAuth>,
}

impl Engine {
    /// Builds `order` from the tar in `context`, and tells `on_line` every line of the log.
    pub async fn build(
        &self,
        builder: Builder,
        order: &Order,
        access: Access,
        context: mpsc::Receiver<Bytes>,
        on_line: impl FnMut(String),
    ) -> Result<(), BuildError> {
        let builder = builder.for_limit(order.memory);
        let registries = access.auth.for_classic();
        let session = self.session(builder, access).await?;
        let way =
            session.as_ref().map_or(Way::Classic, |session| Way::BuildKit(session.id.clone()));
        let registries = session.is_none().then_some(registries);
        self.run(order.path(&way), registries, context, on_line).await
    }

    async fn session(
        &self,
        builder: Builder,
        access: Access,
    ) -> Result<Option<Session>, SessionError> {
        if builder == Builder::Classic {
            return Ok(None);
        }
        match Session::open(&self.host, access.secrets, access.auth).await {
            Err(SessionError::Unsupported(_)) if builder == Builder::Auto => Ok(None),
            other => other.map(Some),
        }
    }

    async fn run(
        &self,
        path: String,
        registries: Option<String>,
        context: mpsc::Receiver<Bytes>,
        mut on_line: impl FnMut(String),
    ) -> Result<(), BuildError> {
        let connection = self.host.connect().await.map_err(BuildError::Connect)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(connection)).await?;
        let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let body =
            ReceiverStream::new(context).map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
        let mut request = http::Request::post(path)
            .header(http::header::HOST, "engine")
            .header(http::header::CONTENT_TYPE, "application/x-tar");
        if let Some(registries) = registries {
            request = request.header("X-Registry-Config", registries);
        }
        let request = request.body(StreamBody::new(body)).expect("every part is well-formed");
        let response = sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let mut body = response.into_body();
        let (mut lines, mut progress) = (Lines::default(), Progress::default());
        while let Some(frame) = body.frame().await {
            let Ok(bytes) = frame?.into_data() else { continue };
            let answers = lines.feed(&bytes)?;
            answers.into_iter().flat_map(|info| progress.lines(info)).for_each(&mut on_line);
        }
        lines.end().into_iter().flat_map(|info| progress.lines(info)).for_each(&mut on_line);
        progress.rest().into_iter().for_each(&mut on_line);
        match progress.error {
            None => Ok(()),
            Some(message) => Err(BuildError::Failed { exit_code: exit_code(&message), message }),
        }
    }
}

async fn refusal(response: http::Response<hyper::body::Incoming>) -> BuildError {
    let status = response.status();
    let body = http_body_util::Limited::new(response.into_body(), 64 * 1024).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let json: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
    let said = json.as_ref().and_then(|json| json.get("message")?.as_str());
    let message = said.map_or_else(|| String::from_utf8_lossy(&body).into_owned(), str::to_owned);
    BuildError::Refused { status, message: message.trim().to_owned() }
}
