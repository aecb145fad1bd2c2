//! Places in lists and logs as opaque text: what a caller hands back to go on where it was. It does not know what the bytes mean.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The version of the text's form.
const VERSION: u8 = 1;

/// The text of a place. `kind` tells apart the places of different lists, so that one is not taken for another.
pub fn write(kind: u8, place: &[u8]) -> String {
    let body = [&[VERSION, kind][..], place].concat();
    // A mistyped text is refused, and not taken for another place.
    let sum = crc32fast::hash(&body).to_be_bytes();
    URL_SAFE_NO_PAD.encode([&body[..], &sum].concat())
}

/// The place in a text that [`write()`] made for the same kind.
pub fn read(kind: u8, text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    let is_whole = crc32fast::hash(body).to_be_bytes() == *sum;
    let place = body.strip_prefix(&[VERSION, kind])?;
    is_whole.then(|| place.to_vec())
}

#[cfg(test)]
mod tests;
