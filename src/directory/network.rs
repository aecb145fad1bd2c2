//! IP networks: where tokens may be used from, and which proxies are trusted. It knows addresses, nothing of connections.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A network in CIDR form; one address is a network of its full length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Network {
    address: IpAddr,
    /// How many leading bits belong to the network: at most 32 for IPv4, 128 for IPv6.
    prefix: u8,
}

impl Network {
    /// Whether `peer` is in this network. An IPv4 address that arrived on an IPv6 socket (`::ffff:a.b.c.d`) counts as
    /// the IPv4 address that it is.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(peer)) => {
                keep(u128::from(peer.to_bits()), self.prefix, 32) == u128::from(network.to_bits())
            }
            (IpAddr::V6(network), IpAddr::V6(peer)) => keep(peer.to_bits(), self.prefix, 128) == network.to_bits(),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    /// Parses `10.0.0.0/8`, `fd00::/8`, `192.0.2.7` or `::1`. Bits behind the prefix are refused: they are a slip.
    fn from_str(text: &str) -> Result<Network, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr =
            address.parse().map_err(|_| format!("\"{text}\" is not an IP address or network such as 10.0.0.0/8"))?;
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let prefix = match prefix {
            None => width,
            Some(digits) => digits
                .parse::<u8>()
                .ok()
                .filter(|prefix| *prefix <= width && digits.bytes().all(|digit| digit.is_ascii_digit()))
                .ok_or_else(|| format!("\"{text}\" has a prefix length that is not a number from 0 to {width}"))?,
        };
        if keep(bits, prefix, width) != bits {
            return Err(format!("\"{text}\" has bits set behind its prefix"));
        }
        Ok(Network { address, prefix })
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Network, String> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix)
    }
}

/// The leading `prefix` bits of an address of `width` bits; the others are zero.
fn keep(bits: u128, prefix: u8, width: u8) -> u128 {
    let behind = u32::from(width.saturating_sub(prefix));
    bits.checked_shr(behind).unwrap_or(0).checked_shl(behind).unwrap_or(0)
}

#[cfg(test)]
mod tests;
