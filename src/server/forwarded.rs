//! What a trusted proxy says of the client behind it. A header of anybody else is nobody's word.

use crate::directory::network::Network;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use std::net::IpAddr;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client's address: the peer's own, or behind a trusted proxy the last one in `X-Forwarded-For` that is not a proxy's too.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer;
    // The nearest proxy's word comes last, in the last header.
    let values: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut chain = values.iter().rev().flat_map(|value| value.rsplit(','));
    while is_trusted(client) {
        match chain.next().map(|address| address.trim().parse()) {
            Some(Ok(address)) => client = address,
            Some(Err(_)) | None => break,
        }
    }
    client.to_canonical()
}

/// Scheme and authority of the URL that the client used, where a trusted proxy tells them.
pub fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Option<String> {
    if !trusted.iter().any(|network| network.contains(peer)) {
        return None;
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(FORWARDED_HOST).filter(|host| is_authority(host))?;
    let scheme = header(FORWARDED_PROTO).filter(|proto| *proto == "http").unwrap_or("https");
    Some(format!("{scheme}://{host}"))
}

/// A host name or address with or without a port, and nothing that could end a URL's authority.
fn is_authority(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
}

#[cfg(test)]
mod tests;
