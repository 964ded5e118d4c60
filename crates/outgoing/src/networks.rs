//! Which addresses may be asked: those of the internet, and those that an operator allowed. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not the internet, of RFC 6890 and its successors: first address and bits.
const INSIDE_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Here the metadata of clouds are.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The part of IPv6 that is given out at all.
const OUTSIDE_V6: Network = Network::v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of it is not the internet: protocol assignments with tunnels, documentation, tunnels that name an IPv4
/// address.
const INSIDE_V6: [Network; 4] = [
    Network::v6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Network::v6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Network::v6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// IPv6 addresses that name an IPv4 address for a translator (RFC 6052).
const TRANSLATED: Network = Network::v6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// A network: its first address, as one of IPv6, and how many bits of it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    first: u128,
    bits: u8,
}

impl Network {
    const fn v6(first: Ipv6Addr, bits: u8) -> Self {
        Self { first: first.to_bits(), bits }
    }

    const fn v4(first: Ipv4Addr, bits: u8) -> Self {
        Self { first: first.to_ipv6_mapped().to_bits(), bits: bits + 96 }
    }

    fn contains(self, address: IpAddr) -> bool {
        let bits = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits(),
        };
        let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
        bits & mask == self.first & mask
    }
}

/// Networks that may be asked although they are not the internet, as `127.0.0.0/8,fd00::/8`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// Not a list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network, as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

impl std::str::FromStr for Networks {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let network = |word: &str| network(word).ok_or_else(|| InvalidNetwork(word.to_owned()));
        words.map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// An address with the number of its bits that count; an address alone is a network of one.
fn network(word: &str) -> Option<Network> {
    let (address, bits) = word.split_once('/').map_or((word, None), |(a, b)| (a, Some(b)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(longest), |bits| bits.parse().ok())?;
    let fits = bits <= longest;
    fits.then(|| match address {
        IpAddr::V4(address) => Network::v4(address, bits),
        IpAddr::V6(address) => Network { first: address.to_bits(), bits },
    })
}

impl Networks {
    /// Whether an operator allowed this address.
    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether this address may be asked.
    pub(crate) fn permit(&self, address: IpAddr) -> bool {
        self.allow(address) || is_internet(address)
    }
}

/// Whether an address is one of the internet, whichever way it is written.
fn is_internet(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let inside =
                |&(first, bits): &(Ipv4Addr, u8)| Network::v4(first, bits).contains(address.into());
            !INSIDE_V4.iter().any(inside)
        }
        IpAddr::V6(address) if TRANSLATED.contains(address.into()) => {
            let [.., high, low] = address.segments();
            is_internet(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)).into())
        }
        IpAddr::V6(address) => {
            OUTSIDE_V6.contains(address.into())
                && !INSIDE_V6.iter().any(|inside| inside.contains(address.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn permitted(address: &str) -> bool {
        Networks::default().permit(address.parse().expect("an address"))
    }

    #[test]
    fn the_internet_may_be_asked() {
        let outside = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
                       128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 \
                       192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 \
                       2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808";
        for address in outside.split_whitespace() {
            assert!(permitted(address), "{address}");
        }
    }

    #[test]
    fn what_is_not_the_internet_may_not() {
        let inside = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 \
                      127.255.255.255 169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 \
                      192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 \
                      198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 \
                      :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 \
                      fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: \
                      3fff::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 5f00::1";
        for address in inside.split_whitespace() {
            assert!(!permitted(address), "{address}");
        }
    }

    #[test]
    fn an_operator_allows_networks() {
        let networks: Networks = "10.1.0.0/16, 127.0.0.1, fd00::/8".parse().expect("networks");
        let permit = |address: &str| networks.permit(address.parse().expect("an address"));
        assert!(permit("10.1.255.1") && permit("127.0.0.1") && permit("fd12::1"));
        assert!(permit("::ffff:10.1.0.1"), "the same, written as IPv6");
        assert!(!permit("10.2.0.1") && !permit("127.0.0.2") && !permit("fe80::1"));
    }

    #[test]
    fn what_is_no_network_is_named() {
        let error = "10.0.0.0/8,ten/8".parse::<Networks>().expect_err("not a network");
        assert_eq!(error.to_string(), r#""ten/8" is not a network, as 10.0.0.0/8"#);
        for text in ["10.0.0.0/33", "::/129", "1.2.3/8", "1.2.3.4/", "1.2.3.4/-1"] {
            assert!(text.parse::<Networks>().is_err(), "{text}");
        }
        assert!("0.0.0.0/0,::/0".parse::<Networks>().is_ok());
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_what_it_maps(bits: u32) {
            let plain = Ipv4Addr::from_bits(bits);
            let none = Networks::default();
            prop_assert_eq!(none.permit(plain.into()), none.permit(plain.to_ipv6_mapped().into()));
        }
    }
}
