//! The private key of a GitHub App, and the short-lived proof that is signed with it: a JWT with RS256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use service::Secret;
use std::sync::Arc;
use tokio_rustls::rustls::SignatureScheme::RSA_PKCS1_SHA256;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::sign::SigningKey;

/// A proof begins so long ago, because clocks differ.
const BEFORE: TimeDelta = TimeDelta::minutes(1);
/// And is valid for so long; GitHub takes at most ten minutes.
const VALID: TimeDelta = TimeDelta::minutes(8);

/// A GitHub App and its key.
#[derive(Clone)]
pub struct AppKey {
    /// The id of the App, or its client id.
    app: String,
    key: Arc<dyn SigningKey>,
}

/// Why a text is not the key of an App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a key at all.
    #[error("it is not a private key in PEM, as GitHub gives it")]
    Pem,
    /// Another kind of key.
    #[error("it is not an RSA key of at least 2048 bits")]
    Rsa,
    /// The id of the App is none.
    #[error("the id of a GitHub App is a number or a client id")]
    App,
}

/// A proof could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("sign with the key of the GitHub App")]
pub(crate) struct NotSigned(#[source] tokio_rustls::rustls::Error);

impl std::fmt::Debug for AppKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppKey").field("app", &self.app).finish_non_exhaustive()
    }
}

impl AppKey {
    /// The App called `app` with the key in `pem`.
    pub fn parse(app: &str, pem: &str) -> Result<Self, InvalidKey> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
        if !(1..=64).contains(&app.len()) || !app.bytes().all(fits) {
            return Err(InvalidKey::App);
        }
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| InvalidKey::Pem)?;
        let key = any_supported_type(&der).map_err(|_| InvalidKey::Rsa)?;
        if key.choose_scheme(&[RSA_PKCS1_SHA256]).is_none() {
            return Err(InvalidKey::Rsa);
        }
        Ok(Self { app: app.to_owned(), key })
    }

    /// A proof that who has it is the App, valid around `now`.
    pub(super) fn proof(&self, now: DateTime<Utc>) -> Result<Secret, NotSigned> {
        let claims = json!({
            "iat": (now - BEFORE).timestamp(),
            "exp": (now + VALID).timestamp(),
            "iss": self.app,
        });
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let said = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims));
        let signer = self.key.choose_scheme(&[RSA_PKCS1_SHA256]);
        let signer = signer.expect("a key of another kind did not parse");
        let signature = signer.sign(said.as_bytes()).map_err(NotSigned)?;
        Ok(Secret::new(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_rsa_key_signs() {
        assert_eq!(AppKey::parse("1", "hunter2").err(), Some(InvalidKey::Pem));
        assert_eq!(AppKey::parse("a/b", "hunter2").err(), Some(InvalidKey::App));
        // RFC 5915's shape, of the curve P-256.
        let curve = "-----BEGIN PRIVATE KEY-----\n\
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n\
            OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n\
            1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n\
            -----END PRIVATE KEY-----\n";
        assert_eq!(AppKey::parse("1", curve).err(), Some(InvalidKey::Rsa));
    }

    #[test]
    fn the_proof_names_the_app_and_ends_soon() {
        let key = AppKey::parse("Iv1.8a61f9b3a7aba766", testkit::github::PRIVATE_KEY).unwrap();
        let proof = key.proof(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).unwrap();
        let claims = proof.expose().split('.').nth(1).unwrap();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let wanted = r#"{"exp":1800000480,"iat":1799999940,"iss":"Iv1.8a61f9b3a7aba766"}"#;
        assert_eq!(claims, wanted);
        assert!(!format!("{key:?}{proof:?}").contains("eyJ"), "shown");
    }
}
