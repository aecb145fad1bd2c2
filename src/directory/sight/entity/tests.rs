//! Attributes out of what a SCIM resource has.

use super::user_attributes;
use serde_json::json;

#[test]
fn extensions_and_lists_are_told_too() {
    let json = json!({
        "title": " Boss\u{1}", "phoneNumbers": [{"value": "1", "type": "work"}, {"value": "2"}], "locale": "",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            {"department": "Sales", "manager": {"value": "id", "displayName": "Ann"}},
    });
    let attributes = user_attributes(json.as_object().unwrap_or(&serde_json::Map::new()));
    let told: Vec<String> = attributes.iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect();
    assert_eq!(told, ["title=Boss", "phoneNumbers=1,2", "department=Sales", "manager=Ann"]);
}
