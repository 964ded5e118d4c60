//! How one sees that a program answers.

use crate::http;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

/// How long a greeting may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How one sees that a program answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ready {
    /// This program, asked about the port, says yes.
    Postgres {
        /// `pg_isready`.
        program: PathBuf,
        /// The port.
        port: u16,
    },
    /// It greets as NATS does.
    Nats {
        /// The port.
        port: u16,
    },
    /// It answers 200.
    Http {
        /// Where.
        address: SocketAddr,
        /// What is asked.
        path: &'static str,
    },
}

impl Ready {
    /// Whether it answers now, or what it does instead.
    pub(super) async fn ask(&self) -> Result<(), String> {
        match self {
            Self::Postgres { program, port } => postgres(program, *port).await,
            Self::Nats { port } => nats(*port).await,
            Self::Http { address, path } => {
                let answer = http::get(&address.to_string(), path).await;
                let answer = answer.map_err(|error| format!("GET {path}: {error}"))?;
                if answer.status.is_success() {
                    return Ok(());
                }
                let said: String = answer.body.chars().take(500).collect();
                Err(format!("GET {path} answers {}: {}", answer.status, said.trim()))
            }
        }
    }
}

async fn postgres(program: &std::path::Path, port: u16) -> Result<(), String> {
    let mut asked = tokio::process::Command::new(program);
    asked.args(["--quiet", "--host=127.0.0.1", "--timeout=1", &format!("--port={port}")]);
    let status = asked.status().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err("it does not take connections yet".to_owned()) }
}

async fn nats(port: u16) -> Result<(), String> {
    let greeting = async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        Ok::<_, std::io::Error>(line)
    };
    let greeting = tokio::time::timeout(PATIENCE, greeting).await;
    let line = greeting.map_err(|_| "it does not greet")?.map_err(|error| error.to_string())?;
    if line.starts_with("INFO ") { Ok(()) } else { Err("it does not greet as NATS".to_owned()) }
}
