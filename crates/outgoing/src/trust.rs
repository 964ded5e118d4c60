//! Whose word counts about who a server is: that of the authorities which this machine trusts, and of those in a file.

use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{Error, PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The certificate of an authority.
pub type Authority = CertificateDer<'static>;

/// Why the authorities of a file cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAuthorities {
    /// The file is not there, or not PEM.
    #[error("read the authorities in SLIPWAY_CA_FILE")]
    Read(#[source] Error),
    /// It holds something else.
    #[error("SLIPWAY_CA_FILE has no certificate in PEM")]
    None,
}

/// The authorities in a file of PEM.
pub fn authorities(file: &Path) -> Result<Vec<Authority>, InvalidAuthorities> {
    let found = CertificateDer::pem_file_iter(file).map_err(InvalidAuthorities::Read)?;
    let found: Vec<Authority> =
        found.collect::<Result<_, _>>().map_err(InvalidAuthorities::Read)?;
    if found.is_empty() { Err(InvalidAuthorities::None) } else { Ok(found) }
}

/// Makes connections private with whom the machine's authorities or `more` know.
pub(crate) fn connector(more: &[Authority]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let all = found.certs.into_iter().chain(more.iter().cloned());
    let (added, _) = roots.add_parsable_certificates(all);
    if added == 0 {
        tracing::warn!("this machine trusts no authority, so https reaches nobody");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what these versions need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outgoing, SendError, Target};
    use bytes::Bytes;
    use http::{HeaderMap, header};
    use testkit::Receiver;

    /// Where authorities lie that people wrote down.
    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    /// What a receiver with TLS answers who trusts `more`.
    async fn answered(receiver: &Receiver, more: &[Authority]) -> Result<u16, SendError> {
        let outgoing = Outgoing::new("127.0.0.0/8".parse().unwrap(), more);
        let target = Target::parse(&receiver.slack_url()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        let body = Bytes::from(r#"{"text": "a test", "blocks": []}"#);
        Ok(outgoing.post(&target, headers, body).await?.status.as_u16())
    }

    #[tokio::test]
    async fn https_reaches_whom_a_trusted_authority_knows_and_nobody_else() {
        let receiver = Receiver::start_tls().await;
        let trusted = authorities(file(testkit::AUTHORITY).path()).unwrap();
        assert_eq!(answered(&receiver, &trusted).await.unwrap(), 200);
        let refused = answered(&receiver, &[]).await.expect_err("nobody here knows it");
        assert!(matches!(refused, SendError::Tls(_)), "{refused}");
        assert_eq!(receiver.received().len(), 1, "nothing is said before it is known to whom");
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let error = authorities(file("no PEM").path()).expect_err("there is none");
        assert_eq!(error.to_string(), "SLIPWAY_CA_FILE has no certificate in PEM");
        assert!(matches!(authorities(Path::new("/no/file")), Err(InvalidAuthorities::Read(_))));
    }
}
