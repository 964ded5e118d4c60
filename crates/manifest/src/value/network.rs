//! Networks of addresses.

use crate::grammar::text;
use std::net::IpAddr;

text!(
    /// An address, or all that share its first bits.
    Network, "an address or network",
    |network| {
        let (address, bits) = network.split_once('/').unwrap_or((network, "0"));
        let most = address.parse().ok().map(|address: IpAddr| if address.is_ipv4() { 32 } else { 128 });
        let digits = bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit());
        let bits: Option<u8> = if digits { bits.parse().ok() } else { None };
        if bits.zip(most).is_some_and(|(bits, most)| bits <= most) {
            Ok(())
        } else {
            Err("write it like 10.20.0.0/16 or 203.0.113.7")
        }
    },
    "127.0.0.1"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_with_a_length_that_fits() {
        for good in ["10.20.0.0/16", "203.0.113.7", "fd00::/8", "::1", "0.0.0.0/0", "::/128"] {
            assert!(Network::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0/8", "::/129", "home"]
        {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
