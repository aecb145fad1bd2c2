//! Schemas and resource types of tenants: what may be defined, what the verbs make of it, and what is refused while it is in use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::change::{self, Outcome, Shown, Site};
use crate::directory::answer::Content;
use crate::directory::audit::Admin;
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::directory::write::Precondition;
use crate::directory::{check, create, delete, list, patch, read, record, replace, scope, tenant, upgrade};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind};
use crate::scim::project::Projection;
use crate::scim::query;
use crate::scim::schema::types::Types;
use crate::scim::schema::{self, ENTERPRISE_USER, PATCH_OP, ResourceType, USER};
use serde_json::{Value, json};
use std::sync::Arc;

const DEVICE: &str = "urn:example:scim:schemas:2.0:Device";
const BADGE: &str = "urn:example:scim:schemas:extension:2.0:Badge";

/// Ten attributes of all types and characteristics.
fn device_schema() -> Value {
    json!({
        "id": DEVICE, "name": "Device", "description": "A machine",
        "attributes": [
            {"name": "serial", "required": true, "caseExact": true, "uniqueness": "server", "mutability": "immutable"},
            {"name": "label", "x-scimd-indexed": true},
            {"name": "isManaged", "type": "boolean"},
            {"name": "weight", "type": "decimal", "x-scimd-indexed": true},
            {"name": "slots", "type": "integer", "uniqueness": "server"},
            {"name": "bought", "type": "dateTime", "x-scimd-indexed": true},
            {"name": "photo", "type": "binary", "returned": "request"},
            {"name": "owner", "type": "reference", "referenceTypes": ["User"], "x-scimd-indexed": true},
            {"name": "pin", "mutability": "writeOnly"},
            {"name": "ports", "type": "complex", "multiValued": true, "x-scimd-indexed": true, "subAttributes": [
                {"name": "value", "required": true},
                {"name": "kind", "canonicalValues": ["usb", "hdmi"]},
                {"name": "state", "mutability": "readOnly"},
                {"name": "note", "returned": "request"},
            ]},
        ],
    })
}

fn device_type() -> Value {
    json!({"name": "Device", "endpoint": "/Devices", "schema": DEVICE, "schemaExtensions": []})
}

fn badge_schema() -> Value {
    json!({
        "id": BADGE, "name": "Badge",
        "attributes": [
            {"name": "number", "required": true, "uniqueness": "server"},
            {"name": "level", "type": "integer"},
            {"name": "doors", "multiValued": true, "x-scimd-indexed": true},
        ],
    })
}

fn user_type(required: bool) -> Value {
    json!({
        "name": "User", "endpoint": "/Users", "schema": USER,
        "schemaExtensions": [
            {"schema": ENTERPRISE_USER, "required": false},
            {"schema": BADGE, "required": required},
        ],
    })
}

/// A fixture whose tenant is looked up anew after each definition.
struct Place {
    site: Fixture,
    admin: Admin,
}

impl Place {
    async fn new() -> Place {
        Place { site: Fixture::new().await, admin: Admin::server() }
    }

    async fn with_device() -> Place {
        let mut place = Place::new().await;
        assert_eq!(place.schema(device_schema()).await.unwrap().1, Outcome::Created);
        assert_eq!(place.resource_type(device_type()).await.unwrap().1, Outcome::Created);
        place
    }

    fn at(&self) -> Site<'_> {
        Site { directory: &self.site.directory, admin: &self.admin, tenant: "default", dry_run: false }
    }

    async fn renew(&mut self) {
        self.site.scope = scope::find(&self.site.directory, "default", "https://scim.test").await.unwrap();
    }

    async fn schema(&mut self, json: Value) -> Result<(Shown, Outcome), Refused> {
        let done = change::put_schema(self.at(), &json).await;
        self.renew().await;
        done
    }

    async fn resource_type(&mut self, json: Value) -> Result<(Shown, Outcome), Refused> {
        let done = change::put_type(self.at(), &json).await;
        self.renew().await;
        done
    }

    fn types(&self) -> Arc<Types> {
        self.site.scope.tenant.types.clone()
    }

    fn named(&self, name: &str) -> Arc<ResourceType> {
        self.types().named(name).unwrap().clone()
    }

    async fn post(&self, name: &str, body: Value) -> Result<Value, Error> {
        let (kind, mut reading) = (self.named(name), Reading::new(&self.site.scope.tenant.dialect));
        let projection = Projection::new(&kind, &[], &[], &mut reading);
        let done = create::create(&self.site.call(), &kind, body, &projection, &mut reading).await?;
        Ok(parsed(done.content))
    }

    async fn device(&self, serial: &str) -> String {
        id(&self.post("Device", json!({"schemas": [DEVICE], "serial": serial})).await.unwrap())
    }

    async fn get(&self, name: &str, id: &str, attributes: &[&str]) -> Value {
        let (kind, mut reading) = (self.named(name), Reading::new(&self.site.scope.tenant.dialect));
        let wanted: Vec<String> = attributes.iter().map(|&name| name.to_owned()).collect();
        let projection = Projection::new(&kind, &wanted, &[], &mut reading);
        parsed(read::read(&self.site.call(), &kind, id, &projection).await.unwrap().content)
    }

    async fn put(&self, name: &str, id: &str, body: Value) -> Result<Value, Error> {
        let (kind, mut reading) = (self.named(name), Reading::new(&self.site.scope.tenant.dialect));
        let projection = Projection::new(&kind, &[], &[], &mut reading);
        let (call, none) = (self.site.call(), Precondition::None);
        let done = replace::replace(&call, &kind, id, body, &none, &projection, &mut reading);
        Ok(parsed(done.await?.content))
    }

    async fn patch(&self, name: &str, id: &str, operations: Value) -> Result<Value, Error> {
        let (kind, mut reading) = (self.named(name), Reading::new(&self.site.scope.tenant.dialect));
        let projection = Projection::new(&kind, &[], &[], &mut reading);
        let body = json!({"schemas": [PATCH_OP], "Operations": operations});
        let (call, none) = (self.site.call(), Precondition::None);
        let done = patch::patch(&call, &kind, id, body, &none, &projection, &mut reading);
        Ok(parsed(done.await?.content))
    }

    async fn delete(&self, name: &str, id: &str) {
        delete::delete(&self.site.call(), &self.named(name), id, &Precondition::None).await.unwrap();
    }

    async fn list(&self, name: &str, filter: &str, sort: &str) -> Result<Vec<String>, Error> {
        let kind = self.named(name);
        let mut reading = Reading::new(&self.site.scope.tenant.dialect);
        let mut query = query::Query { count: 1_000, start_index: 1, ..query::Query::default() };
        query.filter = (!filter.is_empty()).then(|| filter.to_owned());
        query.sort_by = (!sort.is_empty()).then(|| sort.to_owned());
        let page = parsed(list::list(&self.site.call(), &[&kind], &query, &mut reading).await?);
        Ok(page["Resources"].as_array().unwrap().iter().map(id).collect())
    }

    async fn find(&self, name: &str, filter: &str) -> Vec<String> {
        self.list(name, filter, "").await.unwrap()
    }

    /// Every row of the store agrees with the others.
    async fn agrees(&self) {
        let snapshot = self.site.directory.snapshot().await.unwrap();
        assert_eq!(check::snapshot(&snapshot, &mut |_| true).unwrap().problems, Vec::<String>::new());
    }
}

fn parsed(content: Content) -> Value {
    match content {
        Content::Whole(bytes) => serde_json::from_slice(&bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

fn reason(refused: &Refused) -> &str {
    match refused {
        Refused::State { reason, .. } | Refused::Exhausted { reason, .. } => reason,
        Refused::Fields(_) => "FIELDS",
        Refused::NotFound(..) => "NOT_FOUND",
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tenant_without_definitions_has_what_all_have() {
    let place = Place::new().await;
    assert!(Arc::ptr_eq(&place.types(), Types::builtin()));
    let all = change::resource_types(&place.site.directory, "default").await.unwrap();
    assert_eq!(all.iter().map(|shown| shown.id.as_str()).collect::<Vec<_>>(), ["User", "Group"]);
    assert!(all.iter().all(|shown| shown.built_in));
    let schemas = change::schemas(&place.site.directory, "default").await.unwrap();
    assert_eq!(schemas.len(), 6);
}

#[tokio::test]
async fn a_resource_of_all_types_goes_in_and_comes_out() {
    let place = Place::with_device().await;
    let body = json!({
        "schemas": [DEVICE], "externalId": "e1", "serial": "S-1", "LABEL": "Laptop", "isManaged": true, "weight": 1.5,
        "slots": 4, "bought": "2026-01-31T12:00:00Z", "photo": "AQID", "owner": "https://x/Users/1", "pin": "1234",
        "ports": [{"value": "a", "kind": "usb", "state": "up", "note": "n"}, {"value": "b", "kind": "odd"}],
    });
    let made = place.post("Device", body).await.unwrap();
    let meta = &made["meta"];
    assert_eq!((&meta["resourceType"], &made["schemas"]), (&json!("Device"), &json!([DEVICE])));
    assert_eq!(meta["location"], json!(format!("https://scim.test/tenants/default/scim/v2/Devices/{}", id(&made))));
    assert_eq!(made["label"], json!("Laptop"), "names are as the schema spells them");
    assert_eq!((made.get("pin"), made.get("photo")), (None, None), "never, and on request");
    assert_eq!(made["ports"], json!([{"value": "a", "kind": "usb"}, {"value": "b", "kind": "odd"}]));
    let one = place.get("Device", &id(&made), &["photo", "ports.note", "pin"]).await;
    assert_eq!(one["photo"], json!("AQID"));
    assert_eq!(one["ports"], json!([{"note": "n"}]));
    assert_eq!((one.get("pin"), one.get("serial")), (None, None));
    place.agrees().await;
    for (wrong, kind) in [
        (json!({"schemas": [DEVICE]}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-1"}), Kind::Uniqueness),
        (json!({"schemas": [DEVICE], "serial": "S-2", "slots": 4}), Kind::Uniqueness),
        (json!({"schemas": [DEVICE], "serial": "S-2", "slots": 4.5}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-2", "weight": "heavy"}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-2", "isManaged": "perhaps"}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-2", "bought": "yesterday"}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-2", "photo": "*"}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-2", "owner": 1}), Kind::InvalidValue),
        (json!({"schemas": [DEVICE], "serial": "S-2", "ports": [{"kind": "usb"}]}), Kind::InvalidValue),
    ] {
        assert_eq!(place.post("Device", wrong.clone()).await.unwrap_err().kind, kind, "{wrong}");
    }
    let differs = place.post("Device", json!({"schemas": [DEVICE], "serial": "s-1"})).await;
    assert!(differs.is_ok(), "a unique attribute that is caseExact");
    place.agrees().await;
}

#[tokio::test]
async fn filters_sort_and_patch_follow_the_schema() {
    let place = Place::with_device().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        let body = json!({
            "schemas": [DEVICE], "serial": format!("S-{n}"), "label": format!("Label {n}"), "isManaged": n % 2 == 0,
            "weight": 2.0 - 0.5 * f64::from(n), "slots": 9_007_199_254_740_993_i64 + i64::from(n),
            "bought": format!("2026-01-0{}T12:00:00+01:00", 9 - n), "owner": format!("https://x/Users/{n}"),
            "photo": "AQID", "ports": [{"value": format!("P{n}"), "kind": "usb"}, {"value": "all"}],
        });
        ids.push(id(&place.post("Device", body).await.unwrap()));
    }
    for (filter, found) in [
        (r#"serial eq "S-1""#, &[1][..]),
        (r#"serial eq "s-1""#, &[]),
        (r#"serial sw "S-""#, &[0, 1, 2, 3]),
        (r#"label eq "LABEL 2""#, &[2]),
        (r#"label sw "label""#, &[0, 1, 2, 3]),
        (r#"label co "el 3""#, &[3]),
        ("isManaged eq true", &[0, 2]),
        ("weight eq 1.50", &[1]),
        ("weight gt 1", &[0, 1]),
        ("slots gt 5", &[0, 1, 2, 3]),
        (r#"bought eq "2026-01-09T11:00:00Z""#, &[0]),
        (r#"bought lt "2026-01-08T00:00:00Z""#, &[2, 3]),
        (r#"bought sw "2026-01-07""#, &[2]),
        (r#"owner eq "https://x/Users/3""#, &[3]),
        (r#"ports eq "p1""#, &[1]),
        (r#"ports.value eq "ALL""#, &[0, 1, 2, 3]),
        (r#"ports[value eq "p2" and kind eq "usb"]"#, &[2]),
        (r#"ports[value eq "p2" and kind eq "hdmi"]"#, &[]),
        (r#"urn:example:scim:schemas:2.0:Device:label eq "label 0""#, &[0]),
        (r#"meta.resourceType eq "Device" and photo pr"#, &[0, 1, 2, 3]),
        ("pin pr", &[]),
        (r#"not (label eq "label 0")"#, &[1, 2, 3]),
    ] {
        let wanted: Vec<&String> = found.iter().map(|n| &ids[*n]).collect();
        assert_eq!(place.find("Device", filter).await.iter().collect::<Vec<_>>(), wanted, "{filter}");
    }
    assert_eq!(place.list("Device", "nothing eq 1", "").await.unwrap_err().kind, Kind::InvalidFilter);
    let backwards: Vec<String> = ids.iter().rev().cloned().collect();
    for (sort, wanted) in [("label", &ids), ("weight", &backwards), ("bought", &backwards), ("ports", &ids)] {
        assert_eq!(&place.list("Device", "", sort).await.unwrap(), wanted, "{sort}");
    }
    let operations = json!([
        {"op": "replace", "path": "label", "value": "New"},
        {"op": "add", "path": "ports", "value": [{"value": "z", "kind": "hdmi"}]},
        {"op": "remove", "path": r#"ports[value eq "all"]"#},
        {"op": "replace", "path": r#"ports[value eq "P0"].kind"#, "value": "hdmi"},
        {"op": "replace", "value": {"weight": 7, "isManaged": "False"}},
    ]);
    let changed = place.patch("Device", &ids[0], operations).await.unwrap();
    assert_eq!(changed["ports"], json!([{"value": "P0", "kind": "hdmi"}, {"value": "z", "kind": "hdmi"}]));
    assert_eq!((&changed["label"], &changed["weight"]), (&json!("New"), &json!(7)));
    assert_eq!(place.find("Device", r#"label eq "label 0""#).await, Vec::<String>::new());
    assert_eq!(place.find("Device", "weight eq 7.0").await, ids[..1]);
    for (operation, kind) in [
        (json!({"op": "replace", "path": "serial", "value": "S-9"}), Kind::Mutability),
        (json!({"op": "remove", "path": "serial"}), Kind::Mutability),
        (json!({"op": "replace", "path": "slots", "value": 9_007_199_254_740_994_i64}), Kind::Uniqueness),
        (json!({"op": "replace", "path": "nothing", "value": 1}), Kind::InvalidPath),
    ] {
        assert_eq!(place.patch("Device", &ids[0], json!([operation])).await.unwrap_err().kind, kind, "{operation}");
    }
    let other = json!({"schemas": [DEVICE], "serial": "S-9"});
    assert_eq!(place.put("Device", &ids[0], other).await.unwrap_err().kind, Kind::Mutability);
    place.put("Device", &ids[0], json!({"schemas": [DEVICE], "serial": "S-0"})).await.unwrap();
    place.agrees().await;
    place.delete("Device", &ids[1]).await;
    assert_eq!(place.find("Device", r#"serial eq "S-1""#).await, Vec::<String>::new());
    place.device("S-1").await;
    place.agrees().await;
}

#[tokio::test]
async fn an_extension_of_user_is_required_and_unique() {
    let mut place = Place::new().await;
    place.schema(badge_schema()).await.unwrap();
    place.resource_type(user_type(true)).await.unwrap();
    let user = |name: &str, badge: Value| json!({"schemas": [USER, BADGE], "userName": name, BADGE: badge});
    let missing = place.post("User", json!({"schemas": [USER], "userName": "a"})).await.unwrap_err();
    assert!(missing.detail.contains(BADGE), "{missing}");
    let missing = place.post("User", user("a", json!({"level": 1}))).await.unwrap_err();
    assert!(missing.detail.contains("number"), "{missing}");
    let a = id(&place.post("User", user("a", json!({"number": "N1", "doors": ["North", "South"]}))).await.unwrap());
    let taken = place.post("User", user("b", json!({"number": "n1"}))).await.unwrap_err();
    assert_eq!(taken.kind, Kind::Uniqueness);
    let b = id(&place.post("User", user("b", json!({"number": "n2", "doors": ["south"]}))).await.unwrap());
    for (filter, found) in [
        (format!("{BADGE}:number eq \"N2\""), vec![&b]),
        (format!("{BADGE}:doors eq \"SOUTH\""), vec![&a, &b]),
        (format!("{BADGE}:level pr"), vec![]),
        (format!("schemas eq \"{BADGE}\" and userName sw \"a\""), vec![&a]),
    ] {
        assert_eq!(place.find("User", &filter).await.iter().collect::<Vec<_>>(), found, "{filter}");
    }
    let gone = json!([{"op": "remove", "path": format!("{BADGE}:number")}]);
    assert_eq!(place.patch("User", &a, gone).await.unwrap_err().kind, Kind::Mutability);
    let raised = json!([{"op": "add", "path": format!("{BADGE}:level"), "value": 3}]);
    let raised = place.patch("User", &a, raised).await.unwrap();
    assert_eq!(raised["schemas"], json!([USER, BADGE]));
    assert_eq!(raised[BADGE], json!({"number": "N1", "level": 3, "doors": ["North", "South"]}));
    assert_eq!(place.list("User", "", &format!("{BADGE}:level")).await.unwrap(), [a.clone(), b.clone()]);
    place.delete("User", &a).await;
    place
        .patch("User", &b, json!([{"op": "replace", "path": format!("{BADGE}:number"), "value": "N1"}]))
        .await
        .unwrap();
    let group = place.site.group("g", std::slice::from_ref(&b)).await;
    let device = "0193b5a0-0000-7000-8000-000000000000";
    assert_eq!(place.get("Group", &group, &[]).await["members"][0]["value"], json!(b));
    let stranger = json!({"schemas": [schema::GROUP], "displayName": "h", "members": [{"value": device}]});
    assert!(place.post("Group", stranger).await.is_ok_and(|group| group["members"] == json!([])));
    place.agrees().await;
}

#[tokio::test]
async fn definitions_that_do_not_go_together_are_refused() {
    let mut place = Place::with_device().await;
    let names = json!({"id": "urn:example:names", "name": "N", "attributes": [{"name": "USERNAME"}]});
    place.schema(names).await.unwrap();
    place.schema(json!({"id": "urn:example:two", "name": "T", "attributes": [{"name": "a"}]})).await.unwrap();
    place.schema(json!({"id": "urn:example:two:a", "name": "T", "attributes": [{"name": "b"}]})).await.unwrap();
    let kind = |name: &str, endpoint: &str, urn: &str, extensions: &[&str]| {
        let extensions: Vec<Value> = extensions.iter().map(|urn| json!({"schema": urn, "required": false})).collect();
        json!({"name": name, "endpoint": endpoint, "schema": urn, "schemaExtensions": extensions})
    };
    for (definition, wrong) in [
        (kind("Thing", "/Things", "urn:example:none", &[]), "which the tenant has not defined"),
        (kind("Thing", "/Things", DEVICE, &["urn:example:none"]), "which the tenant has not defined"),
        (kind("Thing", "/Things", USER, &[]), "which the tenant has not defined"),
        (kind("Thing", "/users", DEVICE, &[]), "which is taken"),
        (kind("Thing", "/Bulk", DEVICE, &[]), "which is taken"),
        (kind("Thing", "/Me", DEVICE, &[]), "which is taken"),
        (kind("Thing", "/Schemas", DEVICE, &[]), "which is taken"),
        (kind("Thing", "/devices", DEVICE, &[]), "which another type has"),
        (kind("Schema", "/Things", DEVICE, &[]), "which is taken"),
        (kind("members", "/Things", DEVICE, &[]), "which is taken"),
        (kind("device", "/Devices", DEVICE, &[]), "a type keeps its name"),
        (kind("User", "/People", USER, &[]), "whose 'endpoint' is /Users"),
        (kind("user", "/Users", USER, &[]), "'name' is User"),
        (kind("Group", "/Groups", DEVICE, &[]), "whose 'schema' is"),
        (kind("Thing", "/Things", DEVICE, &[DEVICE]), "which is the type's own schema"),
        (kind("User", "/Users", USER, &["urn:example:names"]), "has 'USERNAME'"),
        (kind("Thing", "/Things", DEVICE, &["urn:example:two", "urn:example:two:a"]), "is an attribute and a schema"),
    ] {
        match place.resource_type(definition.clone()).await {
            Err(refused @ Refused::Fields(_)) => {
                assert!(refused.to_string().contains(wrong), "{definition}: {refused}")
            }
            other => panic!("{definition}: {other:?}"),
        }
    }
    for urn in [USER, ENTERPRISE_USER, schema::SCHEMA, "urn:ietf:params:scim:schemas:core:2.0:Thing", PATCH_OP] {
        let definition = json!({"id": urn, "name": "X", "attributes": [{"name": "a"}]});
        assert_eq!(reason(&place.schema(definition).await.unwrap_err()), "FIELDS", "{urn}");
    }
    assert_eq!(reason(&change::delete_schema(place.at(), USER).await.unwrap_err()), "BUILT_IN");
    assert_eq!(reason(&change::delete_type(place.at(), "Group").await.unwrap_err()), "BUILT_IN");
    assert_eq!(reason(&change::delete_schema(place.at(), "urn:example:none").await.unwrap_err()), "NOT_FOUND");
    assert_eq!(reason(&change::delete_type(place.at(), "Thing").await.unwrap_err()), "NOT_FOUND");
}

/// The device schema with one attribute changed, or without it.
fn altered(name: &str, change: impl Fn(&mut serde_json::Map<String, Value>)) -> Value {
    let mut definition = device_schema();
    let attributes = definition["attributes"].as_array_mut().unwrap();
    let attribute = attributes.iter_mut().find(|attribute| attribute["name"] == name).unwrap();
    change(attribute.as_object_mut().unwrap());
    definition
}

#[tokio::test]
async fn what_is_in_use_is_neither_removed_nor_made_another() {
    let mut place = Place::with_device().await;
    let body = json!({"schemas": [DEVICE], "serial": "S", "label": "l", "isManaged": true, "ports": [{"value": "p", "kind": "usb"}]});
    let device = id(&place.post("Device", body).await.unwrap());
    let without = |name: &str| {
        let mut definition = device_schema();
        definition["attributes"].as_array_mut().unwrap().retain(|attribute| attribute["name"] != name);
        definition
    };
    let set = |name: &str, member: &str, value: Value| {
        altered(name, |attribute| drop(attribute.insert(member.to_owned(), value.clone())))
    };
    let sub = |change: &dyn Fn(&mut Vec<Value>)| {
        altered("ports", |ports| change(ports.get_mut("subAttributes").unwrap().as_array_mut().unwrap()))
    };
    for (definition, is_refused) in [
        (without("label"), true),
        (without("weight"), false),
        (set("isManaged", "type", json!("string")), true),
        (set("label", "multiValued", json!(true)), true),
        (set("label", "caseExact", json!(true)), true),
        (set("label", "uniqueness", json!("server")), true),
        (set("label", "x-scimd-indexed", json!(false)), true),
        (set("isManaged", "mutability", json!("readOnly")), true),
        (set("weight", "type", json!("string")), false),
        (set("photo", "required", json!(true)), true),
        (set("label", "required", json!(true)), false),
        (set("label", "description", json!("new")), false),
        (set("label", "returned", json!("request")), false),
        (sub(&|subs| subs.retain(|sub| sub["name"] != "kind")), true),
        (sub(&|subs| subs.retain(|sub| sub["name"] != "note")), false),
        (sub(&|subs| subs.push(json!({"name": "more", "required": true}))), true),
        (sub(&|subs| subs.push(json!({"name": "more"}))), false),
    ] {
        let dry = Site { dry_run: true, ..place.at() };
        match change::put_schema(dry, &definition).await {
            Err(refused) => assert!(is_refused && reason(&refused) == "DEFINITION_IN_USE", "{definition}: {refused}"),
            Ok(_) => assert!(!is_refused, "{definition}"),
        }
    }
    assert_eq!(change::put_schema(place.at(), &device_schema()).await.unwrap().1, Outcome::Unchanged);
    let before = place.types();
    assert_eq!(reason(&place.schema(without("label")).await.unwrap_err()), "DEFINITION_IN_USE");
    assert_eq!(*place.types(), *before);
    assert_eq!(reason(&change::delete_schema(place.at(), DEVICE).await.unwrap_err()), "SCHEMA_IN_USE");
    assert_eq!(reason(&change::delete_type(place.at(), "Device").await.unwrap_err()), "DEFINITION_IN_USE");
    // An index that goes and comes again is another one.
    place.patch("Device", &device, json!([{"op": "remove", "path": "label"}])).await.unwrap();
    place.schema(without("label")).await.unwrap();
    assert_eq!(place.schema(device_schema()).await.unwrap().1, Outcome::Changed);
    let code = |types: &Types| types.named("Device").unwrap().attribute("label").unwrap().index_code;
    assert!(code(&place.types()) > code(&before));
    place.patch("Device", &device, json!([{"op": "add", "path": "label", "value": "again"}])).await.unwrap();
    assert_eq!(place.find("Device", r#"label eq "again""#).await, std::slice::from_ref(&device));
    place.agrees().await;
    place.delete("Device", &device).await;
    change::delete_type(place.at(), "Device").await.unwrap();
    change::delete_schema(place.at(), DEVICE).await.unwrap();
    place.renew().await;
    assert_eq!(place.types().all().len(), 2);
    place.schema(device_schema()).await.unwrap();
    place.resource_type(device_type()).await.unwrap();
    assert_eq!(place.named("Device").code, 4, "numbers are not used again");
    place.agrees().await;
}

#[tokio::test]
async fn extensions_go_when_nobody_has_them() {
    let mut place = Place::new().await;
    let plain = place.site.user("plain").await;
    place.schema(badge_schema()).await.unwrap();
    assert_eq!(reason(&place.resource_type(user_type(true)).await.unwrap_err()), "DEFINITION_IN_USE");
    place.resource_type(user_type(false)).await.unwrap();
    let body = json!({"schemas": [USER, BADGE], "userName": "b", BADGE: {"number": "1"}, ENTERPRISE_USER: {"department": "d"}});
    let badged = id(&place.post("User", body).await.unwrap());
    let bare = json!({"name": "User", "endpoint": "/Users", "schema": USER,
                      "schemaExtensions": [{"schema": ENTERPRISE_USER, "required": false}]});
    assert_eq!(reason(&place.resource_type(bare.clone()).await.unwrap_err()), "DEFINITION_IN_USE");
    place.patch("User", &badged, json!([{"op": "remove", "path": BADGE}])).await.unwrap();
    place.resource_type(bare).await.unwrap();
    let seen = place.get("User", &badged, &[]).await;
    assert_eq!(seen["schemas"], json!([USER, ENTERPRISE_USER]));
    assert_eq!(place.get("User", &plain, &[]).await["schemas"], json!([USER]));
    place.agrees().await;
}

#[tokio::test]
async fn nobody_writes_by_definitions_that_are_no_more() {
    let mut place = Place::with_device().await;
    let before = place.site.scope.clone();
    change::delete_type(place.at(), "Device").await.unwrap();
    place.site.scope = before;
    let late = place.post("Device", json!({"schemas": [DEVICE], "serial": "S"})).await.unwrap_err();
    assert_eq!(late.kind, Kind::Unavailable);
    place.renew().await;
    place.agrees().await;
}

#[tokio::test]
async fn a_change_that_a_crash_interrupted_is_taken_back() {
    let mut place = Place::with_device().await;
    let directory = place.site.directory.clone();
    let number = place.site.scope.tenant.number;
    let snapshot = directory.snapshot().await.unwrap();
    let entry = snapshot.get(&crate::directory::keys::definitions(number)).await.unwrap().unwrap();
    let mut definitions: record::Definitions = record::unpack(&entry.value).unwrap();
    definitions.changing = true;
    let mut batch = directory.batch();
    batch.put(crate::directory::keys::definitions(number), record::pack(&definitions).unwrap());
    let settings = snapshot.get(&crate::directory::keys::tenant(number)).await.unwrap().unwrap();
    batch.put(crate::directory::keys::tenant(number), settings.value);
    directory.commit(batch).await.unwrap().unwrap();
    place.renew().await;
    let refused = place.post("Device", json!({"schemas": [DEVICE], "serial": "S"})).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Unavailable);
    assert_eq!(reason(&place.schema(badge_schema()).await.unwrap_err()), "DEFINITIONS_CHANGING");
    upgrade::run(&directory).await.unwrap();
    place.renew().await;
    place.device("S").await;
}

#[tokio::test]
async fn tenants_define_the_same_urn_in_their_own_ways() {
    let place = Place::with_device().await;
    let directory = &place.site.directory;
    let settings =
        record::Tenant { name: "other".to_owned(), profile: "custom".to_owned(), ..record::Tenant::default() };
    tenant::settings::create(directory, &place.admin, settings).await.unwrap();
    let other = Site { tenant: "other", ..place.at() };
    let schema = json!({"id": DEVICE, "name": "Device", "attributes": [{"name": "colour", "required": true}]});
    change::put_schema(other, &schema).await.unwrap();
    change::put_type(other, &json!({"name": "Machine", "endpoint": "/Machines", "schema": DEVICE})).await.unwrap();
    let scope = scope::find(directory, "other", "https://scim.test").await.unwrap();
    let machine = scope.tenant.types.named("Machine").unwrap();
    assert!(scope.tenant.types.named("Device").is_none());
    let call = scope.call(directory, &place.site.actor);
    let mut reading = Reading::new(&scope.tenant.dialect);
    let body = json!({"schemas": [DEVICE], "colour": "red"});
    create::create(&call, machine, body, &Projection::default(), &mut reading).await.unwrap();
    assert!(place.post("Device", json!({"schemas": [DEVICE], "colour": "red"})).await.is_err());
    place.device("S").await;
    place.agrees().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn definitions_change_under_load_and_indexes_stay_whole() {
    let place = Place::with_device().await;
    let directory = place.site.directory.clone();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (directory, actor) = (directory.clone(), place.site.actor.clone());
        writers.spawn(async move {
            let mut made = 0;
            for n in 0..60 {
                // As a request does: by the tenant as it is then.
                let scope = scope::find(&directory, "default", "https://scim.test").await.unwrap();
                let kind = scope.tenant.types.named("Device").unwrap();
                let mut reading = Reading::new(&scope.tenant.dialect);
                let mut body = json!({"schemas": [DEVICE], "serial": format!("{writer}-{n}"), "weight": n});
                if n > 40 {
                    body["label"] = json!(format!("label {n}"));
                }
                let call = scope.call(&directory, &actor);
                match create::create(&call, kind, body, &Projection::default(), &mut reading).await {
                    Ok(_) => made += 1,
                    Err(error) => assert_eq!(error.kind, Kind::Unavailable, "{error}"),
                }
            }
            made
        });
    }
    let mut flips = 0;
    let mut made = 0;
    loop {
        // With an index and without one, as long as nobody has the attribute.
        let definition =
            altered("label", |label| drop(label.insert("x-scimd-indexed".to_owned(), json!(flips % 2 == 0))));
        match change::put_schema(place.at(), &definition).await {
            Ok(_) => flips += 1,
            Err(refused) => assert_eq!(reason(&refused), "DEFINITION_IN_USE"),
        }
        tokio::task::yield_now().await;
        match writers.try_join_next() {
            Some(done) => made += done.unwrap(),
            None if writers.is_empty() => break,
            None => {}
        }
    }
    let mut place = place;
    place.renew().await;
    assert_eq!(place.find("Device", "serial pr").await.len(), made);
    place.agrees().await;
}

#[tokio::test]
async fn definitions_have_limits() {
    let mut place = Place::new().await;
    let small = |n: usize| json!({"id": format!("urn:example:s{n}"), "name": "S", "attributes": [{"name": "a"}]});
    for n in 0..limits::SCHEMAS_MAX {
        change::put_schema(place.at(), &small(n)).await.unwrap();
    }
    assert_eq!(reason(&place.schema(small(limits::SCHEMAS_MAX)).await.unwrap_err()), "TOO_MANY_SCHEMAS");
    for n in 0..limits::RESOURCE_TYPES_MAX {
        let definition =
            json!({"name": format!("T{n}"), "endpoint": format!("/T{n}"), "schema": format!("urn:example:s{n}")});
        change::put_type(place.at(), &definition).await.unwrap();
    }
    let one_more = json!({"name": "More", "endpoint": "/More", "schema": "urn:example:s0"});
    assert_eq!(reason(&place.resource_type(one_more).await.unwrap_err()), "TOO_MANY_RESOURCE_TYPES");
    let text = "x".repeat(limits::DEFINITION_TEXT_BYTES_MAX);
    let big = |n: usize| {
        let attribute = |at: usize| json!({"name": format!("a{at}"), "description": text});
        json!({"id": format!("urn:example:s{n}"), "name": "S", "attributes": (0..100).map(attribute).collect::<Value>()})
    };
    let mut refused = None;
    for n in 60..70 {
        if let Err(error) = place.schema(big(n)).await {
            refused = Some(error);
            break;
        }
    }
    assert_eq!(reason(&refused.unwrap()), "DEFINITIONS_TOO_LARGE");
    change::delete_schema(place.at(), "urn:example:s99").await.unwrap();
    place.agrees().await;
}

#[tokio::test]
async fn members_and_groups_of_other_types_are_attributes_like_any_other() {
    let mut place = Place::new().await;
    let urn = "urn:example:scim:schemas:2.0:Team";
    let members =
        json!({"name": "members", "type": "complex", "multiValued": true, "subAttributes": [{"name": "value"}]});
    let schema = json!({"id": urn, "name": "Team", "attributes": [members, {"name": "groups", "multiValued": true}]});
    place.schema(schema).await.unwrap();
    place.resource_type(json!({"name": "Team", "endpoint": "/Teams", "schema": urn})).await.unwrap();
    let body = json!({"schemas": [urn], "members": [{"value": "anybody"}], "groups": ["a", "b"]});
    let made = place.post("Team", body).await.unwrap();
    assert_eq!((&made["members"], &made["groups"]), (&json!([{"value": "anybody"}]), &json!(["a", "b"])));
    for filter in [r#"members.value eq "anybody""#, r#"members[value eq "anybody"]"#, r#"groups eq "b""#, "members pr"]
    {
        assert_eq!(place.find("Team", filter).await, [id(&made)], "{filter}");
    }
    let user = place.site.user("u").await;
    assert!(place.find("Team", &format!("members.value eq \"{user}\"")).await.is_empty());
    let changed = json!([{"op": "add", "path": "members", "value": [{"value": "other"}]}, {"op": "remove", "path": "groups[value eq \"a\"]"}]);
    let changed = place.patch("Team", &id(&made), changed).await.unwrap();
    assert_eq!((&changed["members"][1]["value"], &changed["groups"]), (&json!("other"), &json!(["b"])));
    assert_eq!(place.get("Team", &id(&made), &["groups"]).await["groups"], json!(["b"]));
    place.agrees().await;
}

#[tokio::test]
async fn parts_have_their_own_characteristics() {
    let mut place = Place::new().await;
    let urn = "urn:example:scim:schemas:2.0:Box";
    let parts = json!([
        {"name": "fixed", "mutability": "immutable"},
        {"name": "tags", "multiValued": true},
        {"name": "always", "returned": "always"},
        {"name": "asked", "returned": "request"},
        {"name": "secret", "returned": "never"},
    ]);
    let schema =
        json!({"id": urn, "name": "Box", "attributes": [{"name": "part", "type": "complex", "subAttributes": parts}]});
    place.schema(schema).await.unwrap();
    place.resource_type(json!({"name": "Box", "endpoint": "/Boxes", "schema": urn})).await.unwrap();
    let part = json!({"fixed": "f", "tags": ["a"], "always": "y", "asked": "z", "secret": "s"});
    let made = place.post("Box", json!({"schemas": [urn], "part": part})).await.unwrap();
    assert_eq!(made["part"], json!({"fixed": "f", "tags": ["a"], "always": "y"}));
    let one = place.get("Box", &id(&made), &["part.asked"]).await;
    assert_eq!(one["part"], json!({"always": "y", "asked": "z"}));
    for operation in [
        json!({"op": "replace", "path": "part.fixed", "value": "g"}),
        json!({"op": "remove", "path": "part.fixed"}),
        json!({"op": "replace", "path": "part", "value": {"fixed": "g"}}),
    ] {
        let refused = place.patch("Box", &id(&made), json!([operation])).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Mutability, "{operation}");
    }
    let other = json!({"schemas": [urn], "part": {"fixed": "g"}});
    assert_eq!(place.put("Box", &id(&made), other).await.unwrap_err().kind, Kind::Mutability);
    let added = json!([{"op": "add", "path": "part.tags", "value": ["b", "a"]}]);
    let changed = place.patch("Box", &id(&made), added).await.unwrap();
    assert_eq!(changed["part"]["tags"], json!(["a", "b"]));
}
