//! Preconditions.

use super::Precondition;

#[test]
fn tags_are_compared_without_their_weakness() {
    for (header, version, holds) in [
        ("*", "W/\"1\"", true),
        ("W/\"1\"", "W/\"1\"", true),
        ("\"1\"", "W/\"1\"", true),
        ("1", "W/\"1\"", true),
        ("W/\"2\", W/\"1.3\"", "W/\"1.3\"", true),
        ("W/\"1\"", "W/\"11\"", false),
        ("W/\"1\"", "W/\"1.1\"", false),
        ("", "W/\"1\"", false),
    ] {
        assert_eq!(Precondition::new(header).holds(version), holds, "{header} {version}");
    }
    assert!(Precondition::None.holds("W/\"1\""));
}
