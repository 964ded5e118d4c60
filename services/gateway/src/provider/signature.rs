//! HMAC-SHA256 over the raw bytes, compared in constant time.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The secrets of a source that are valid now. There are always two to check, so that the time a check
/// takes tells neither how many there are nor whether the source exists.
#[derive(Clone)]
pub(crate) struct Secrets {
    current: Zeroizing<Vec<u8>>,
    previous: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl Secrets {
    pub(crate) fn new(current: Zeroizing<Vec<u8>>, previous: Option<Zeroizing<Vec<u8>>>) -> Self {
        Self { current, previous }
    }

    /// Whether `signature` is that of `body` with either secret.
    pub(crate) fn signed(&self, body: &[u8], signature: &[u8; 32]) -> bool {
        let current = matches(&self.current, body, signature);
        let other = self.previous.as_ref().unwrap_or(&self.current);
        let previous = matches(other, body, signature);
        current | previous
    }
}

fn matches(secret: &[u8], body: &[u8], signature: &[u8; 32]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.verify(signature.into()).is_ok()
}

/// The signature in `sha256=` and 64 hexadecimal digits, nothing shorter.
pub(crate) fn prefixed_hex(value: &str) -> Option<[u8; 32]> {
    let mut signature = [0; 32];
    hex::decode_to_slice(value.strip_prefix("sha256=")?, &mut signature).ok()?;
    Some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(current: &str, previous: Option<&str>) -> Secrets {
        let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        Secrets::new(bytes(current), previous.map(bytes))
    }

    const DOCUMENTED: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_documented_example_is_valid_with_either_secret() {
        let signature = prefixed_hex(DOCUMENTED).expect("well formed");
        let right = "It's a Secret to Everybody";
        assert!(secrets(right, None).signed(b"Hello, World!", &signature));
        assert!(secrets("new", Some(right)).signed(b"Hello, World!", &signature));
        assert!(!secrets("new", Some("old")).signed(b"Hello, World!", &signature));
        assert!(!secrets(right, None).signed(b"Hello, World?", &signature));
    }

    #[test]
    fn a_signature_is_whole_or_refused() {
        for bad in ["", "sha256=", "sha1=00", &DOCUMENTED[..70], &DOCUMENTED[7..], "sha256=zz"] {
            assert_eq!(prefixed_hex(bad), None, "{bad:?} must be refused");
        }
    }
}
