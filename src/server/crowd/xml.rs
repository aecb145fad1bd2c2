//! XML as bodies and answers have it: a small tree out of a body, without entities of its own and within limits, and text as it may stand
//! in an answer. It does not know what elements mean.

use crate::directory::sight::text::is_xml;
use crate::limits;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// An element of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without a prefix.
    pub name: String,
    /// Its attributes by their names without prefixes.
    pub attributes: Vec<(String, String)>,
    /// The text in it, without white space around it.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
}

impl Element {
    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The root element of a body.
///
/// # Errors
/// Why it is none that is read here, as a sentence.
pub fn parse(body: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|error| format!("the body is not well-formed XML: {error}"))?;
        match event {
            Event::Start(start) | Event::Empty(start) if root.is_some() && open.is_empty() => {
                let name = start.local_name();
                return Err(format!(
                    "the body has a second root element, '{}'",
                    crate::scim::errors::clip(name.as_ref())
                ));
            }
            Event::Start(start) => {
                elements += 1;
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                close(element(&start)?, &mut open, &mut root);
            }
            Event::End(_) => match open.pop() {
                Some(done) => close(done, &mut open, &mut root),
                None => return Err("the body is not well-formed XML".to_owned()),
            },
            Event::Text(text) => add(&mut open, &text.xml10_content())?,
            Event::CData(text) => add(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let number = reference.resolve_char_ref().map_err(|_| "a character reference is wrong".to_owned())?;
                let resolved = match (number, reference.xml10_content().as_ref()) {
                    (Some(letter), _) => letter,
                    (None, "amp") => '&',
                    (None, "lt") => '<',
                    (None, "gt") => '>',
                    (None, "quot") => '"',
                    (None, "apos") => '\'',
                    (None, _) => return Err("the body has entities of its own, which are not read".to_owned()),
                };
                add(&mut open, resolved.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err("the body has a document type, which is not read".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
        if open.len() > limits::CROWD_XML_DEPTH_MAX || elements > limits::CROWD_XML_ELEMENTS_MAX {
            return Err("the body has too many elements, or too deep ones".to_owned());
        }
    }
    root.filter(|_| open.is_empty()).ok_or_else(|| "the body has no whole root element".to_owned())
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("an attribute is wrong: {error}"))?;
        let value = plain(&attribute.value)?;
        element.attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
    }
    Ok(element)
}

/// The text of an attribute, with the entities that every XML has.
fn plain(raw: &str) -> Result<String, String> {
    let unescaped = quick_xml::escape::unescape(raw);
    unescaped.map(std::borrow::Cow::into_owned).map_err(|_| "an attribute has an entity that is not read".to_owned())
}

fn add(open: &mut [Element], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("the body has text outside of its root element".to_owned()),
    }
    Ok(())
}

fn close(mut done: Element, open: &mut [Element], root: &mut Option<Element>) {
    done.text = done.text.trim().to_owned();
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}

/// Writes text as it may stand between tags and in attributes; what XML cannot have is left out.
pub fn escape(out: &mut Vec<u8>, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            // White space other than blanks would be read as blanks in an attribute.
            '\t' => out.extend_from_slice(b"&#9;"),
            '\n' => out.extend_from_slice(b"&#10;"),
            '\r' => out.extend_from_slice(b"&#13;"),
            letter if is_xml(letter) => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
