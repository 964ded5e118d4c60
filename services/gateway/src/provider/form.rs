//! The field of a form body that holds the JSON.

use std::borrow::Cow;

/// The decoded value of `field` in an `application/x-www-form-urlencoded` body.
pub(crate) fn field<'a>(body: &'a [u8], field: &str) -> Option<Cow<'a, [u8]>> {
    body.split(|b| *b == b'&').find_map(|pair| {
        let value = pair.strip_prefix(field.as_bytes())?.strip_prefix(b"=")?;
        decode(value)
    })
}

fn decode(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !value.iter().any(|b| matches!(b, b'%' | b'+')) {
        return Some(Cow::Borrowed(value));
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => digit(*rest.next()?)? << 4 | digit(*rest.next()?)?,
            plain => *plain,
        });
    }
    Some(Cow::Owned(decoded))
}

fn digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_field_is_found_and_decoded() {
        let found = field(b"a=1&payload=%7B%22x%22%3A+1%7D&b=2", "payload");
        assert_eq!(found.as_deref(), Some(&b"{\"x\": 1}"[..]));
        assert_eq!(field(b"payload=plain", "payload").as_deref(), Some(&b"plain"[..]));
        for bad in [&b""[..], b"payload", b"payload=%7", b"payload=%zz", b"xpayload=1"] {
            assert_eq!(field(bad, "payload"), None);
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut body = b"payload=".to_vec();
            for byte in &bytes {
                body.extend(format!("%{byte:02x}").as_bytes());
            }
            let found = field(&body, "payload");
            prop_assert_eq!(found.as_deref(), Some(bytes.as_slice()));
        }
    }
}
