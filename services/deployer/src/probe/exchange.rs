//! One question and its answer on a connection of their own.

use super::Answer;
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends `request` and has `read` make of the answer what is wanted of it; no answer is an [`Answer`] that says why.
pub(super) async fn exchange<B, T>(
    stream: TcpStream,
    request: Request<B>,
    read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, Answer>,
) -> Result<T, Answer>
where
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + 'static,
{
    let connected = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connected.map_err(|error| failed(&error))?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        read(response).await
    };
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // The connection is over when the answer is complete, or broken; the exchange knows which.
        _ = connection => exchange.await,
    }
}

fn failed(error: &hyper::Error) -> Answer {
    if error.is_parse() { Answer::NotHttp } else { Answer::Reset }
}
