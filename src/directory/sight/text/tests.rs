//! Characters that may not be.

use super::{clean, name, short};

#[test]
fn what_xml_cannot_have_is_dropped() {
    assert_eq!(clean(" ann\u{0}\u{b}\u{fffe} \t b\u{1b}\n"), "ann   b");
    assert_eq!(clean("J\u{fc}rgen \u{1f600}"), "J\u{fc}rgen \u{1f600}");
    assert_eq!(name(" \u{1} "), None);
    assert_eq!(name(&"x".repeat(256)), None);
    assert_eq!(short(&"\u{e9}".repeat(300)).chars().count(), 255);
}
