//! Text as the products can take it: XML 1.0 has no place for most control characters, and their tables none for long names.

use crate::limits;
use std::borrow::Cow;

/// Whether XML 1.0 can have the character (section 2.2).
pub fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// The text without what XML cannot have, on one line, without white space around it.
pub fn clean(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if trimmed.chars().all(|c| is_xml(c) && !c.is_control()) {
        return Cow::Borrowed(trimmed);
    }
    let kept = trimmed.chars().filter(|c| is_xml(*c)).map(|c| if c.is_control() { ' ' } else { c });
    Cow::Owned(kept.collect::<String>().trim().to_owned())
}

/// A name by which somebody is found; `None` where the text is none.
pub fn name(text: &str) -> Option<Cow<'_, str>> {
    let name = clean(text);
    let fits = !name.is_empty() && name.chars().count() <= limits::CROWD_NAME_CHARS_MAX;
    fits.then_some(name)
}

/// A text that nobody is found by, as long as the products' tables take it.
pub fn short(text: &str) -> String {
    clean(text).chars().take(limits::CROWD_NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
