//! Distinguished names as people write them and as certificates hold them, so that the two can be compared exactly. It does
//! not know what a name is good for.

use std::fmt;
use std::str::FromStr;

use x509_parser::prelude::X509Name;

/// A distinguished name: attributes and their values, in the order of the text or of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(Vec<(String, String)>);

/// The attributes that have a short name (RFC 4514 section 3, and what is common beside it), with their object identifiers.
const NAMES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
];

impl Subject {
    /// The name in a certificate. `None` when it is empty, has a part of several attributes, or a value that is no text: such a
    /// name equals no other.
    pub fn of(name: &X509Name<'_>) -> Option<Subject> {
        let mut parts = Vec::new();
        for part in name.iter() {
            let mut attributes = part.iter();
            let (Some(attribute), None) = (attributes.next(), attributes.next()) else { return None };
            let id = attribute.attr_type().to_id_string();
            let short = NAMES.iter().find(|(_, known)| *known == id).map(|(short, _)| (*short).to_owned());
            parts.push((short.unwrap_or(id), attribute.as_str().ok()?.to_owned()));
        }
        (!parts.is_empty()).then_some(Subject(parts))
    }

    /// Whether both name the same: all attributes with exactly their values, from the first to the last or from the last to the
    /// first, for tools show a name in either direction.
    pub fn is(&self, other: &Subject) -> bool {
        self.0 == other.0 || self.0.iter().rev().eq(other.0.iter())
    }
}

impl FromStr for Subject {
    type Err = String;

    /// Reads `CN=monitoring,O=Example`: attributes by short name or object identifier, values with a backslash before a comma,
    /// a semicolon or a backslash of their own. Spaces around attributes do not count.
    fn from_str(text: &str) -> Result<Subject, String> {
        let mut parts = Vec::new();
        for part in split(text, ',') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!("\"{}\" is not an attribute with a value, such as CN=monitoring", part.trim()));
            };
            let name = name.trim().to_ascii_uppercase();
            let by_id = NAMES.iter().find(|(_, id)| *id == name).map(|(short, _)| (*short).to_owned());
            let is_known = NAMES.iter().any(|(short, _)| *short == name);
            let is_id = name.contains('.') && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let name = match by_id {
                Some(short) => short,
                None if is_known || is_id => name,
                None => return Err(format!("\"{name}\" is no attribute of a name; known are {}", known())),
            };
            let value = unescape(value.trim());
            if value.is_empty() {
                return Err(format!("{name} has no value"));
            }
            parts.push((name, value));
        }
        Ok(Subject(parts))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(out, "{comma}{name}={}", escape(value))?;
        }
        Ok(())
    }
}

/// Splits at a character that has no backslash before it. The backslashes stay.
pub fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut from, mut escaped) = (Vec::new(), 0, false);
    for (index, letter) in text.char_indices() {
        if letter == at && !escaped {
            parts.push(text.get(from..index).unwrap_or_default());
            from = index + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}

fn unescape(text: &str) -> String {
    let (mut plain, mut escaped) = (String::with_capacity(text.len()), false);
    for letter in text.chars() {
        if letter == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            plain.push(letter);
        }
    }
    plain
}

/// Control characters are shown as what they are: a name stands in logs and in the audit log.
fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            ',' | ';' | '\\' => text.extend(['\\', letter]),
            letter if letter.is_control() => text.extend(letter.escape_unicode()),
            letter => text.push(letter),
        }
    }
    text
}

fn known() -> String {
    NAMES.iter().map(|(short, _)| *short).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
