//! Secrets at rest: XChaCha20-Poly1305 with a key from a file. The context (which row, which column) is
//! authenticated too, so that a sealed value moved to another row does not open.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const NONCE: usize = 24;
const KEY: usize = 32;

/// Why a value could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key file could not be read or made.
    #[error("use the key file {path}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The key file does not hold a key.
    #[error(
        "the key file {path} must hold exactly 32 bytes and be readable by its owner alone (mode 0600)"
    )]
    BadKey {
        /// The file.
        path: PathBuf,
    },
    /// Another key, another context, or damage.
    #[error(
        "open the sealed value of {context}: it was sealed with another key or for another place"
    )]
    Open {
        /// Which value.
        context: String,
    },
}

/// The key that seals the secrets of one service.
#[derive(Clone)]
pub struct Key {
    cipher: XChaCha20Poly1305,
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl Key {
    /// The key in the file at `path`; a new random one is written there when there is no file.
    pub fn load_or_create(path: &Path) -> Result<Self, SealError> {
        let failed = |source| SealError::KeyFile { path: path.to_owned(), source };
        let mut fresh = Zeroizing::new([0_u8; KEY]);
        rand::RngCore::fill_bytes(&mut rand::rng(), fresh.as_mut());
        let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match made {
            Ok(mut file) => {
                file.write_all(fresh.as_ref()).and_then(|()| file.sync_all()).map_err(failed)?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        let bytes = Zeroizing::new(std::fs::read(path).map_err(failed)?);
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if bytes.len() != KEY || mode & 0o077 != 0 {
            return Err(SealError::BadKey { path: path.to_owned() });
        }
        let cipher = XChaCha20Poly1305::new(bytes.as_slice().into());
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&bytes).expect("any length is a key");
        Ok(Self { cipher, mac })
    }

    /// `plain`, sealed for `context`: nonce and ciphertext.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0_u8; NONCE];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut nonce);
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let ciphertext =
            self.cipher.encrypt(&nonce.into(), payload).expect("sealing fails only above 256 GiB");
        [nonce.as_slice(), &ciphertext].concat()
    }

    /// A fingerprint of `plain`: the same for the same value, and without the key not to be guessed even
    /// for a short one.
    pub fn fingerprint(&self, plain: &[u8]) -> [u8; 32] {
        self.mac
            .clone()
            .chain_update(b"fingerprint:")
            .chain_update(plain)
            .finalize()
            .into_bytes()
            .into()
    }

    /// A signature of `message` for `context`, for whoever brings both back.
    pub fn sign(&self, context: &str, message: &[u8]) -> [u8; 32] {
        self.signing(context, message).finalize().into_bytes().into()
    }

    /// Whether `signature` is that of `message` for `context`; every wrong one takes as long.
    pub fn signed(&self, context: &str, message: &[u8], signature: &[u8]) -> bool {
        self.signing(context, message).verify_slice(signature).is_ok()
    }

    fn signing(&self, context: &str, message: &[u8]) -> Hmac<Sha256> {
        let signing = self.mac.clone().chain_update(b"signature:").chain_update(context);
        signing.chain_update([0]).chain_update(message)
    }

    /// What was sealed for `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let refused = || SealError::Open { context: context.to_owned() };
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let payload = Payload { msg: ciphertext, aad: context.as_bytes() };
        let opened = self.cipher.decrypt(&(*nonce).into(), payload);
        opened.map(Zeroizing::new).map_err(|_| refused())
    }
}

/// A fingerprint of `plain` under a key that two services share for a question.
pub fn fingerprint(key: &[u8], plain: &[u8]) -> [u8; 32] {
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("any length is a key");
    mac.chain_update(plain).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = Key::load_or_create(&folder.path().join("key")).expect("a new key");
        let again = Key::load_or_create(&folder.path().join("key")).expect("the same key");
        let sealed = key.seal("shop/TOKEN", b"hunter2");
        assert_eq!(again.open("shop/TOKEN", &sealed).expect("opens").as_slice(), b"hunter2");
        assert!(again.open("shop/OTHER", &sealed).is_err());
        assert!(again.open("shop/TOKEN", &sealed[..10]).is_err());
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
    }

    #[test]
    fn a_fingerprint_is_of_one_value_and_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = Key::load_or_create(&folder.path().join("key")).expect("a new key");
        let other = Key::load_or_create(&folder.path().join("other")).expect("another key");
        assert_eq!(key.fingerprint(b"a"), key.fingerprint(b"a"));
        assert_ne!(key.fingerprint(b"a"), key.fingerprint(b"b"));
        assert_ne!(key.fingerprint(b"a"), other.fingerprint(b"a"));
    }

    #[test]
    fn a_signature_is_of_one_message_for_one_purpose() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = Key::load_or_create(&folder.path().join("key")).expect("a new key");
        let other = Key::load_or_create(&folder.path().join("other")).expect("another key");
        let signature = key.sign("vote", b"yes");
        assert!(key.signed("vote", b"yes", &signature));
        assert!(!key.signed("vote", b"no", &signature) && !key.signed("votey", b"es", &signature));
        assert!(!key.signed("vote", b"yes", &signature[..31]) && !key.signed("vote", b"yes", b""));
        assert!(!other.signed("vote", b"yes", &signature));
    }

    #[test]
    fn a_key_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        Key::load_or_create(&path).expect("a new key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set mode");
        assert!(matches!(Key::load_or_create(&path), Err(SealError::BadKey { .. })));
    }
}
