//! Tests of bulk requests: what is read of them, and the order in which their operations can be done.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::scim::samples::any_json;
use proptest::prelude::*;

const BASE: &str = "https://scim.test/v2";

fn request(operations: Value) -> Request {
    read(json!({"schemas": [BULK_REQUEST], "Operations": operations}), BASE).unwrap()
}

fn post(name: &str, data: Value) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": name, "data": data})
}

/// Operations that make a, b, c … with these references.
fn steps(references: &[&[&str]]) -> (Vec<Step>, Vec<BTreeSet<String>>) {
    let names = ["a", "b", "c", "d", "e"];
    let data = |of: &[&str]| json!({"x": of.iter().map(|name| format!("bulkId:{name}")).collect::<Vec<_>>()});
    let operations = references.iter().zip(names).map(|(of, name)| post(name, data(of))).collect();
    let plan = plan(&request(operations).operations);
    (plan.steps, plan.deferred)
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn an_operation_is_read_whatever_its_spelling() {
    let data = json!({"userName": "x"});
    let ask = |method, id: &str, version: Option<&str>, data: &Value| Ask {
        method,
        endpoint: "/Users".to_owned(),
        id: id.to_owned(),
        version: version.map(str::to_owned),
        data: data.clone(),
    };
    let rows = [
        (post("a", data.clone()), ask(Method::Post, "", None, &data)),
        (
            json!({"METHOD": "put", "Path": "Users/7/", "version": "W/\"1\"", "DATA": data}),
            ask(Method::Put, "7", Some("W/\"1\""), &data),
        ),
        (
            json!({"method": "DELETE", "path": format!("{BASE}/Users/bulkId:a"), "data": 5, "version": null}),
            ask(Method::Delete, "bulkId:a", None, &Value::Null),
        ),
        (
            json!({"method": "PATCH", "path": "/Users/7", "data": [{"op": "remove", "path": "nickName"}]}),
            ask(
                Method::Patch,
                "7",
                None,
                &json!({"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "nickName"}]}),
            ),
        ),
    ];
    for (operation, expected) in rows {
        let read = request(json!([operation]));
        assert_eq!(read.operations[0].ask, Ok(expected), "{operation}");
    }
}

#[test]
fn what_is_wrong_with_one_operation_is_its_own_error() {
    let rows = [
        (json!(5), "an operation must be an object"),
        (json!({}), "'method' must be POST, PUT, PATCH or DELETE"),
        (json!({"method": "GET", "path": "/Users/7"}), "'method' must be POST, PUT, PATCH or DELETE"),
        (json!({"method": "POST", "path": "/Users", "data": {}}), "'bulkId' is required for POST"),
        (
            json!({"method": "POST", "path": "/Users", "data": {}, "bulkId": ""}),
            "'bulkId' must be a text that is not empty",
        ),
        (
            json!({"method": "POST", "path": "/Users", "data": {}, "bulkId": 7}),
            "'bulkId' must be a text that is not empty",
        ),
        (json!({"method": "POST", "path": "/Users/7", "data": {}, "bulkId": "a"}), "'path' must be the endpoint of"),
        (json!({"method": "POST", "path": "/Users", "bulkId": "a"}), "'data' is required"),
        (json!({"method": "POST", "path": "/Users", "bulkId": "a", "data": [1]}), "'data' is required"),
        (json!({"method": "PUT", "path": "/Users", "data": {}}), "'path' must be that of a resource"),
        (json!({"method": "PUT", "data": {}}), "'path' must be an endpoint"),
        (json!({"method": "DELETE", "path": "/Users/7/x"}), "'path' must be an endpoint"),
        (json!({"method": "DELETE", "path": "/Users/7?x"}), "'path' must be an endpoint"),
        (json!({"method": "DELETE", "path": ""}), "'path' must be an endpoint"),
        (json!({"method": "DELETE", "path": "/Users/7", "version": 1}), "'version' must be a text"),
    ];
    for (operation, expected) in rows {
        let error = request(json!([operation])).operations.remove(0).ask.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidSyntax);
        assert!(error.detail.starts_with(expected), "{operation}: {error}");
    }
    let twice = request(json!([post("a", json!({})), post("a", json!({}))]));
    assert!(twice.operations[0].ask.is_ok());
    assert_eq!(twice.operations[1].ask.as_ref().unwrap_err().kind, Kind::InvalidValue);
}

#[test]
fn what_is_wrong_with_the_request_is_an_error_of_the_whole() {
    let of = |member: &str, value: Value| json!({"schemas": [BULK_REQUEST], "Operations": [], (member): value});
    let many = vec![json!({}); limits::BULK_OPERATIONS_MAX + 1];
    let rows = [
        (json!([]), "invalidSyntax: the body must be a BulkRequest object"),
        (json!({"Operations": []}), "invalidSyntax: 'schemas' must hold"),
        (json!({"schemas": [BULK_REQUEST]}), "invalidSyntax: 'Operations' is missing"),
        (of("schemas", json!("x")), "invalidSyntax: 'schemas' must be an array"),
        (of("Operations", json!({})), "invalidSyntax: 'operations' must be an array"),
        (of("failOnErrors", json!(-1)), "invalidSyntax: 'failOnErrors' must be a whole number"),
        (of("failOnErrors", json!("1")), "invalidSyntax: 'failOnErrors' must be a whole number"),
        (of("Operations", json!(many)), "The number of operations exceeds the maxOperations (1000)."),
    ];
    for (body, expected) in rows {
        let error = read(body, BASE).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    for (value, expected) in [(json!(0), Some(1)), (json!(1), Some(1)), (json!(7), Some(7)), (Value::Null, None)] {
        assert_eq!(read(of("failOnErrors", value), BASE).unwrap().fail_on_errors, expected);
    }
}

#[test]
fn an_operation_comes_after_those_that_it_refers_to() {
    use Step::{Complete, Run};
    let none = || set(&[]);
    type Row = (&'static [&'static [&'static str]], Vec<Step>, Vec<BTreeSet<String>>);
    let rows: [Row; 7] = [
        (&[&[], &[]], vec![Run(0), Run(1)], vec![none(), none()]),
        (&[&[], &["a"]], vec![Run(0), Run(1)], vec![none(), none()]),
        (&[&["b"], &["c"], &[]], vec![Run(2), Run(1), Run(0)], vec![none(), none(), none()]),
        // Circles: of one, of two, of three, and with one beside it.
        (&[&["a"]], vec![Run(0), Complete(0)], vec![set(&["a"])]),
        (&[&["b"], &["a"]], vec![Run(1), Run(0), Complete(1)], vec![none(), set(&["a"])]),
        (&[&["b"], &["c"], &["a"]], vec![Run(2), Run(1), Run(0), Complete(2)], vec![none(), none(), set(&["a"])]),
        (
            &[&["b", "c"], &["a", "c"], &["a"], &["b"]],
            vec![Run(2), Run(1), Run(0), Complete(2), Complete(1), Run(3)],
            vec![none(), set(&["a"]), set(&["a"]), none()],
        ),
    ];
    for (references, expected, deferred) in rows {
        assert_eq!(steps(references), (expected, deferred), "{references:?}");
    }
    let chain: Vec<Value> =
        (0..1_000).map(|n| post(&format!("{n}"), json!({"x": format!("bulkId:{}", n + 1)}))).collect();
    assert_eq!(plan(&request(json!(chain)).operations).steps.first(), Some(&Run(999)));
}

#[test]
fn groups_that_would_contain_themselves_are_found() {
    type Row = (&'static [(usize, usize)], &'static [usize]);
    let rows: [Row; 5] = [
        (&[], &[]),
        (&[(0, 1), (1, 2)], &[]),
        (&[(0, 0)], &[0]),
        (&[(0, 1), (1, 0), (2, 3)], &[0, 1]),
        // Who contains such a group cannot be made either.
        (&[(0, 1), (1, 2), (2, 1), (3, 0), (2, 4)], &[0, 1, 2, 3]),
    ];
    for (contains, expected) in rows {
        assert_eq!(circular(5, contains), expected.iter().copied().collect(), "{contains:?}");
    }
}

#[test]
fn references_are_found_and_resolved() {
    let mut ask = request(json!([{
        "method": "PATCH", "path": "/Groups/bulkId:g",
        "data": {"Operations": [
            {"op": "add", "path": "members", "value": [{"value": "bulkId:a"}, {"value": "bulkId:gone"}, "bulkId:a"]},
            {"op": "remove", "path": "members[value eq \"bulkId:b\" or value eq \"bulkId:a\"]"},
            {"op": "add", "path": "displayName", "value": "not bulkId:c, nor \"bulkId:d\""},
        ]},
    }]))
    .operations
    .remove(0)
    .ask
    .unwrap();
    assert_eq!(ask.references(), set(&["a", "b", "g", "gone"]));
    ask.resolve(&|name| (name != "gone").then(|| format!("<{name}>")));
    assert_eq!(ask.id, "<g>");
    let expected = json!([
        {"op": "add", "path": "members", "value": [{"value": "<a>"}, {"value": "bulkId:gone"}, "<a>"]},
        {"op": "remove", "path": "members[value eq \"<b>\" or value eq \"<a>\"]"},
        {"op": "add", "path": "displayName", "value": "not bulkId:c, nor \"bulkId:d\""},
    ]);
    assert_eq!(ask.data["Operations"], expected);
    assert_eq!(ask.references(), set(&["gone"]));
}

#[test]
fn what_is_deferred_is_added_afterwards() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let mut ask = request(json!([post(
        "a",
        json!({
            "userName": "x", "emails": [], "name": {},
            "members": [{"value": "bulkId:b"}, {"value": "7"}, {"value": "bulkId:c"}],
            (enterprise): {"department": "Sales", "manager": {"value": "bulkId:b", "displayName": "B"}},
        })
    )]))
    .operations
    .remove(0)
    .ask
    .unwrap();
    let later = ask.defer(&set(&["b"]));
    let kept = json!({
        "userName": "x", "emails": [], "name": {}, "members": [{"value": "7"}, {"value": "bulkId:c"}],
        (enterprise): {"department": "Sales"},
    });
    assert_eq!(ask.data, kept);
    let added = json!({
        "members": [{"value": "bulkId:b"}],
        (enterprise): {"manager": {"value": "bulkId:b", "displayName": "B"}},
    });
    assert_eq!(later["Operations"], json!([{"op": "add", "value": added}]));
}

proptest! {
    #[test]
    fn no_body_is_too_odd(body in any_json(), operations in prop::collection::vec(any_json(), 0..4)) {
        drop(read(body, BASE));
        let request = request(Value::Array(operations));
        let plan = plan(&request.operations);
        let runs = plan.steps.iter().filter(|step| matches!(step, Step::Run(_))).count();
        prop_assert_eq!(runs, request.operations.len());
    }

    /// Every reference is either to an earlier step or deferred, and what is deferred is completed after what it refers to.
    #[test]
    fn the_order_is_one_in_which_everything_can_be_done(
        edges in prop::collection::vec((0_usize..12, 0_usize..12), 0..40),
    ) {
        let data = |of: usize| {
            let to = edges.iter().filter(|(from, _)| *from == of).map(|(_, to)| format!("bulkId:{to}"));
            json!({"x": to.collect::<Vec<_>>()})
        };
        let operations: Vec<Value> = (0..12).map(|n| post(&format!("{n}"), data(n))).collect();
        let plan = plan(&request(json!(operations)).operations);
        let place = |step: Step| plan.steps.iter().position(|other| *other == step);
        for (from, to) in &edges {
            let run = place(Step::Run(*to)).unwrap();
            match plan.deferred[*from].contains(&to.to_string()) {
                true => prop_assert!(place(Step::Complete(*from)).unwrap() > run),
                false => prop_assert!(place(Step::Run(*from)).unwrap() > run),
            }
        }
    }
}
