//! Bodies as clients send them, and as nobody should.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Element, escape, parse};

fn element(name: &str, text: &str) -> Element {
    Element { name: name.to_owned(), text: text.to_owned(), ..Element::default() }
}

#[test]
fn elements_texts_and_references_are_read() {
    let root = parse("\u{feff}<?xml version=\"1.0\"?>\n<a:x xmlns:a=\"u\" k=\"1 &amp; 2\"><!-- c --><y> a&amp;b &#x41;&lt; </y><z/><w><![CDATA[<&>]]></w></a:x>\n".as_bytes()).unwrap();
    assert_eq!((root.name.as_str(), root.attribute("k")), ("x", Some("1 & 2")));
    assert_eq!(root.children, [element("y", "a&b A<"), element("z", ""), element("w", "<&>")]);
    assert_eq!(root.child("y").unwrap().text, "a&b A<");
}

#[test]
fn hostile_bodies_are_refused() {
    let billion = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>";
    let external = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>";
    let deep = "<x>".repeat(1_000) + &"</x>".repeat(1_000);
    let wide = format!("<x>{}</x>", "<y/>".repeat(10_000));
    for body in [
        billion,
        external,
        &deep,
        &wide,
        "<x>&unknown;</x>",
        "<x a=\"&unknown;\"/>",
        "<x>",
        "<x></y>",
        "</x>",
        "",
        "text",
        "<x/><y/>",
        "<x/>text",
        "<x>&#xD800;</x>",
        "<x>&#99999999;</x>",
        "<x a=\"1\" a=\"2\"/>",
        "<x>&amp</x>",
    ] {
        assert!(parse(body.as_bytes()).is_err(), "{body:.60}");
    }
    assert!(parse(b"<x>\xff</x>").is_err());
}

#[test]
fn whatever_is_written_can_be_read() {
    let text = "a<b>&\"'c\t\n\r\u{0}\u{1f}\u{fffe}\u{1f600}\u{e9}]]>";
    let mut out = b"<x a=\"".to_vec();
    escape(&mut out, text);
    out.extend_from_slice(b"\"/>");
    let read = parse(&out).unwrap();
    assert_eq!(read.attribute("a"), Some("a<b>&\"'c\t\n\r\u{1f600}\u{e9}]]>"));
}
