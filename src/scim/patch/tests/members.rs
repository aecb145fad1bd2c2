//! Tests of PATCH on the members of a group, which become steps of their own.

use super::*;
use crate::scim::schema::GROUP;

fn values(members: &[MemberRef]) -> Vec<&str> {
    members.iter().map(|member| member.value.as_str()).collect()
}

fn ids(value: Value, reading: &mut Reading<'_>) -> Result<Vec<String>, Error> {
    Ok(members(value, reading)?.into_iter().map(|member| member.value).collect())
}

fn steps(operations: Value, dialect: &Dialect) -> String {
    let mut reading = Reading::new(dialect);
    match read(schema::group(), body(&operations), &mut reading) {
        Ok(steps) => {
            let lines: Vec<_> = steps.iter().map(line).collect();
            format!("[{}] {:?}", lines.join(", "), reading.used)
        }
        Err(error) => error.to_string(),
    }
}

fn line(step: &Step<'_>) -> String {
    let matching = |filter: &Expr<'_>| {
        let people = ["u1", "u2", "u3"].map(|id| json!({"value": id, "type": "User", "display": id.to_uppercase()}));
        let ids = people.iter().filter(|person| filter.matches(person.as_object().unwrap()));
        ids.map(|person| person["value"].as_str().unwrap()).collect::<Vec<_>>().join("+")
    };
    match step {
        Step::Attribute(change) => format!("{:?} {} {}", change.op, change.attr.name(), change.value),
        Step::Members(MembersChange::Add(ids)) => format!("add {:?}", values(ids)),
        Step::Members(MembersChange::Replace(ids)) => format!("replace {:?}", values(ids)),
        Step::Members(MembersChange::Remove(ids)) => format!("remove {:?}", values(ids)),
        Step::Members(MembersChange::RemoveWhere(filter)) => format!("remove where {}", matching(filter)),
        Step::Members(MembersChange::ReplaceWhere(filter, ids)) => {
            format!("replace where {} {:?}", matching(filter), values(ids))
        }
    }
}

/// One line for each dialect.
fn check(operations: Value, expected: Expect) {
    expected.assert_eq(&format!("{}\n{}\n", steps(operations.clone(), &TOLERANT), steps(operations, &STRICT)));
}

#[test]
fn members_as_the_rfc_changes_them() {
    let member =
        |id: &str| json!({"display": "Babs", "$ref": format!("https://example.com/v2/Users/{id}"), "value": id});
    check(
        json!([{"op": "add", "path": "members", "value": [member("u1")]}]),
        expect![[r#"
            [add ["u1"]] {}
            [add ["u1"]] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[value eq \"u1\"]"}]),
        expect![[r#"
            [remove where u1] {}
            [remove where u1] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members"}]),
        expect![[r#"
            [replace []] {}
            [replace []] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[value eq\"u1\"]"}, {"op": "add", "path": "members", "value": [member("u2")]}]),
        expect![[r#"
            [remove where u1, add ["u2"]] {}
            [remove where u1, add ["u2"]] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [member("u1"), member("u2")]}]),
        expect![[r#"
            [replace [], add ["u1", "u2"]] {}
            [replace [], add ["u1", "u2"]] {}
        "#]],
    );
    check(
        json!([{"op": "replace", "path": "members", "value": [member("u1"), member("u2")]}]),
        expect![[r#"
            [replace ["u1", "u2"]] {}
            [replace ["u1", "u2"]] {}
        "#]],
    );
    check(
        json!([{"op": "replace", "path": format!("{GROUP}:members"), "value": [member("u1")]}]),
        expect![[r#"
            [replace ["u1"]] {}
            [replace ["u1"]] {}
        "#]],
    );
}

#[test]
fn members_as_identity_providers_change_them() {
    // Entra: a null reference, unknown parts, removal by a list, bare ids.
    check(
        json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "u1"}]}]),
        expect![[r#"
            [add ["u1"]] {"op_case"}
            invalidSyntax: Operations[0]: 'op' must be add, replace or remove, not '"Add"'
        "#]],
    );
    check(
        json!([{"name": "addMember", "op": "add", "path": "Members", "value": [{"displayName": "New", "Value": "u1"}]}]),
        expect![[r#"
            [add ["u1"]] {"unknown_message_member"}
            invalidSyntax: Operations[0]: an operation has no 'name'
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members", "value": [{"value": "u1"}, {"value": "u2"}]}]),
        expect![[r#"
            [remove ["u1", "u2"]] {"remove_with_value"}
            invalidSyntax: Operations[0]: removing 'members' takes no 'value'; select with a filter
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members", "value": {"value": "u1"}}]),
        expect![[r#"
            [remove ["u1"]] {"array_as_scalar", "remove_with_value"}
            invalidSyntax: Operations[0]: removing 'members' takes no 'value'; select with a filter
        "#]],
    );
    check(
        json!([{"op": "add", "path": "members", "value": ["u1", "u2"]}]),
        expect![[r#"
            [add ["u1", "u2"]] {"complex_as_scalar"}
            invalidValue: Operations[0]: 'members[0]' must be an object whose 'value' is the id of a member
        "#]],
    );
    check(
        json!([{"op": "add", "path": "members", "value": "u1"}]),
        expect![[r#"
            [add ["u1"]] {"array_as_scalar", "complex_as_scalar"}
            invalidValue: Operations[0]: 'members' has many values and must be an array
        "#]],
    );
    // Okta: a push, and an empty one with the id beside it.
    check(
        json!([{"op": "replace", "path": "members", "value": []}]),
        expect![[r#"
            [replace []] {}
            [replace []] {}
        "#]],
    );
    check(
        json!([{"op": "replace", "value": {"members": [], "id": "g", "displayName": "n"}}]),
        expect![[r#"
            [replace [], Replace displayName "n"] {"read_only_in_value"}
            mutability: Operations[0]: 'id' is readOnly
        "#]],
    );
    check(
        json!([{"op": "replace", "value": {"id": "g", "displayName": "n"}}]),
        expect![[r#"
            [Replace displayName "n"] {"read_only_in_value"}
            mutability: Operations[0]: 'id' is readOnly
        "#]],
    );
    check(
        json!([{"op": "replace", "value": {"members": null}}]),
        expect![[r#"
            [replace []] {}
            [replace []] {}
        "#]],
    );
    check(
        json!([{"op": "add", "path": "members", "value": [{"value": "u1", "display": null}]}]),
        expect![[r#"
            [add ["u1"]] {}
            [add ["u1"]] {}
        "#]],
    );
    // rauthy, authentik and Keycloak: renames that leave the members alone.
    check(
        json!([{"op": "replace", "value": {"displayName": "n", "externalId": null}}]),
        expect![[r#"
            [Replace displayName "n", Remove externalId null] {}
            [Replace displayName "n", Remove externalId null] {}
        "#]],
    );
    check(
        json!([{"op": "replace", "value": {"schemas": [GROUP], "id": "g", "externalId": "e", "displayName": "n"}}]),
        expect![[r#"
            [Replace externalId "e", Replace displayName "n"] {"read_only_in_value"}
            mutability: Operations[0]: 'id' is readOnly
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members"}, {"op": "replace", "path": "displayName", "value": "n"}, {"op": "replace", "path": "externalId", "value": "e"}]),
        expect![[r#"
            [replace [], Replace displayName "n", Replace externalId "e"] {}
            [replace [], Replace displayName "n", Replace externalId "e"] {}
        "#]],
    );
}

#[test]
fn nobody_is_removed_by_accident() {
    check(
        json!([{"op": "remove", "path": "members", "value": []}]),
        expect![[r#"
            [remove []] {"remove_with_value"}
            invalidSyntax: Operations[0]: removing 'members' takes no 'value'; select with a filter
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members", "value": ""}]),
        expect![[r#"
            [remove []] {"remove_with_value", "empty_string"}
            invalidSyntax: Operations[0]: removing 'members' takes no 'value'; select with a filter
        "#]],
    );
    check(
        json!([{"op": "add", "path": "members", "value": []}]),
        expect![[r#"
            [add []] {}
            [add []] {}
        "#]],
    );
    check(
        json!([{"op": "add", "path": "members", "value": null}]),
        expect![[r#"
            [] {}
            [] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members.display"}]),
        expect![[r#"
        mutability: Operations[0]: 'members.display' is immutable; remove the member itself
        mutability: Operations[0]: 'members.display' is immutable; remove the member itself
    "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[value eq \"u1\"].display"}]),
        expect![[r#"
        mutability: Operations[0]: 'members.display' is immutable; remove the member itself
        mutability: Operations[0]: 'members.display' is immutable; remove the member itself
    "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[value eq \"u1\"].value"}]),
        expect![[r#"
        mutability: Operations[0]: 'members.value' is immutable; remove the member itself
        mutability: Operations[0]: 'members.value' is immutable; remove the member itself
    "#]],
    );
    check(
        json!([{"op": "replace", "path": "members[value eq \"u1\"].display", "value": "N"}]),
        expect![[r#"
            [] {}
            [] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[value eq \"\"]"}]),
        expect![[r#"
            [remove where ] {}
            [remove where ] {}
        "#]],
    );
}

#[test]
fn members_by_other_filters() {
    check(
        json!([{"op": "remove", "path": "members[value eq \"u1\" or value eq \"u3\"]"}]),
        expect![[r#"
            [remove where u1+u3] {}
            [remove where u1+u3] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[type eq \"group\"]"}]),
        expect![[r#"
            [remove where ] {}
            [remove where ] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[not (value eq \"u1\")]"}]),
        expect![[r#"
            [remove where u2+u3] {}
            [remove where u2+u3] {}
        "#]],
    );
    check(
        json!([{"op": "remove", "path": "members[value eq u2]"}]),
        expect![[r#"
            [remove where u2] {"unquoted_literal"}
            invalidPath: Operations[0]: the path 'members[value eq u2]' has a bad filter: the filter is wrong at column 18, near 'u2]': 'value' is text and is compared with a value that is not in double quotes
        "#]],
    );
    check(
        json!([{"op": "replace", "path": "members[value eq \"u1\"]", "value": {"value": "u2"}}]),
        expect![[r#"
            [replace where u1 ["u2"]] {}
            [replace where u1 ["u2"]] {}
        "#]],
    );
    check(
        json!([{"op": "replace", "path": "members[value eq \"u1\"]", "value": null}]),
        expect![[r#"
            [remove where u1] {}
            [remove where u1] {}
        "#]],
    );
    check(
        json!([{"op": "add", "path": "members[value eq \"u1\"].value", "value": null}]),
        expect![[r#"
        [] {}
        [] {}
    "#]],
    );
    check(
        json!([{"op": "add", "path": "members[value eq \"u1\"]", "value": [{"value": "u1"}]}]),
        expect![[r#"
            [add ["u1"]] {}
            [add ["u1"]] {}
        "#]],
    );
}

#[test]
fn members_that_are_none() {
    let rows = [
        json!([{"value": "u1"}, {"display": "x"}]),
        json!([{"value": ""}]),
        json!([{"value": 5}]),
        json!([{"value": null}]),
        json!([null]),
        json!([["u1"]]),
        json!(5),
    ];
    for value in rows {
        for op in ["add", "replace", "remove"] {
            let operations = json!([{"op": op, "path": "members", "value": value}]);
            let error = read(schema::group(), body(&operations), &mut Reading::new(&TOLERANT)).unwrap_err();
            assert_eq!(error.kind, Kind::InvalidValue);
            assert!(error.detail.starts_with("Operations[0]: 'members["), "{error}");
        }
    }
    check(
        json!([{"op": "add", "path": "members", "value": [{"value": "u1"}, {"display": "x"}]}]),
        expect![[r#"
        invalidValue: Operations[0]: 'members[1]' must be an object whose 'value' is the id of a member
        invalidValue: Operations[0]: 'members[1]' must be an object whose 'value' is the id of a member
    "#]],
    );
}

#[test]
fn an_id_is_there_once_and_a_long_list_is_no_burden() {
    let twice = json!([{"value": "u1"}, {"value": "u2"}, "u1", {"value": "u3"}, {"VALUE": "u2"}]);
    assert_eq!(ids(twice, &mut Reading::new(&TOLERANT)).unwrap(), ["u1", "u2", "u3"]);
    let many: Vec<Value> = (0..100_000).map(|n| json!({"value": format!("u{}", n % 99_999)})).collect();
    let ids = ids(Value::Array(many), &mut Reading::new(&STRICT)).unwrap();
    assert_eq!(ids.len(), 99_999);
    assert_eq!(ids[99_998], "u99998");
}
