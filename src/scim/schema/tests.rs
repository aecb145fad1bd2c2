//! Tests of the schema tables: what they say in full, and that no row contradicts itself.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write;

use expect_test::{Expect, expect};

use super::*;

/// One line an attribute: its name, its type, then whatever is not the default.
fn check(attributes: &[Attribute], expected: Expect) {
    let mut lines = String::new();
    describe(attributes, "", &mut lines);
    expected.assert_eq(&lines);
}

fn describe(attributes: &[Attribute], prefix: &str, lines: &mut String) {
    for attribute in attributes {
        write!(lines, "{prefix}{} {:?}", attribute.name, attribute.kind).unwrap();
        let flags = [
            (attribute.multi_valued, "[]"),
            (attribute.required, "required"),
            (attribute.case_exact, "caseExact"),
            (attribute.indexed, "indexed"),
        ];
        for (_, flag) in flags.iter().filter(|(set, _)| *set) {
            write!(lines, " {flag}").unwrap();
        }
        if attribute.mutability != Mutability::ReadWrite {
            write!(lines, " {:?}", attribute.mutability).unwrap();
        }
        if attribute.returned != Returned::Default {
            write!(lines, " returned={:?}", attribute.returned).unwrap();
        }
        if attribute.uniqueness != Uniqueness::None {
            write!(lines, " unique={:?}", attribute.uniqueness).unwrap();
        }
        for word in attribute.canonical_values.iter().chain(&attribute.reference_types) {
            write!(lines, " {word}").unwrap();
        }
        lines.push('\n');
        describe(&attribute.sub_attributes, &format!("{prefix}  "), lines);
    }
}

#[test]
fn common_attributes() {
    check(
        common(),
        expect![[r#"
        schemas Reference [] required returned=Always uri
        id String caseExact ReadOnly returned=Always unique=Server
        externalId String caseExact indexed
        meta Complex ReadOnly
          resourceType String caseExact ReadOnly
          created DateTime ReadOnly
          lastModified DateTime ReadOnly
          location Reference caseExact ReadOnly uri
          version String caseExact ReadOnly
    "#]],
    );
}

#[test]
fn user_attributes() {
    check(
        &user().schema.attributes,
        expect![[r#"
        userName String required indexed unique=Server
        name Complex
          formatted String
          familyName String
          givenName String
          middleName String
          honorificPrefix String
          honorificSuffix String
        displayName String indexed
        nickName String
        profileUrl Reference external
        title String
        userType String
        preferredLanguage String
        locale String
        timezone String
        active Boolean
        password String WriteOnly returned=Never
        emails Complex [] indexed
          value String
          display String
          type String work home other
          primary Boolean
        phoneNumbers Complex []
          value String
          display String
          type String work home mobile fax pager other
          primary Boolean
        ims Complex []
          value String
          display String
          type String aim gtalk icq xmpp msn skype qq yahoo
          primary Boolean
        photos Complex []
          value Reference external
          display String
          type String photo thumbnail
          primary Boolean
        addresses Complex []
          formatted String
          streetAddress String
          locality String
          region String
          postalCode String
          country String
          type String work home other
          primary Boolean
        groups Complex [] ReadOnly
          value String ReadOnly
          $ref Reference ReadOnly User Group
          display String ReadOnly
          type String ReadOnly direct indirect
        entitlements Complex []
          value String
          display String
          type String
          primary Boolean
        roles Complex []
          value String
          display String
          type String
          primary Boolean
        x509Certificates Complex []
          value Binary
          display String
          type String
          primary Boolean
    "#]],
    );
}

#[test]
fn enterprise_user_attributes() {
    check(
        &user().extensions[0].schema.attributes,
        expect![[r#"
        employeeNumber String
        costCenter String
        organization String
        division String
        department String
        manager Complex
          value String
          $ref Reference User
          displayName String ReadOnly
    "#]],
    );
}

#[test]
fn group_attributes() {
    check(
        &group().schema.attributes,
        expect![[r#"
            displayName String required indexed
            members Complex []
              value String Immutable
              $ref Reference Immutable User Group
              type String Immutable User Group
              display String Immutable
        "#]],
    );
}

#[test]
fn service_provider_config_attributes() {
    check(
        &provider()[0].attributes,
        expect![[r#"
        documentationUri Reference ReadOnly external
        patch Complex required ReadOnly
          supported Boolean required ReadOnly
        bulk Complex required ReadOnly
          supported Boolean required ReadOnly
          maxOperations Integer required ReadOnly
          maxPayloadSize Integer required ReadOnly
        filter Complex required ReadOnly
          supported Boolean required ReadOnly
          maxResults Integer required ReadOnly
        changePassword Complex required ReadOnly
          supported Boolean required ReadOnly
        sort Complex required ReadOnly
          supported Boolean required ReadOnly
        etag Complex required ReadOnly
          supported Boolean required ReadOnly
        pagination Complex ReadOnly
          cursor Boolean required ReadOnly
          index Boolean required ReadOnly
          defaultPaginationMethod String ReadOnly cursor index
          defaultPageSize Integer ReadOnly
          maxPageSize Integer ReadOnly
          cursorTimeout Integer ReadOnly
        securityEvents Complex ReadOnly
          asyncRequest String ReadOnly none long request
          eventUris String [] ReadOnly
        authenticationSchemes Complex [] required ReadOnly
          type String required ReadOnly oauth oauth2 oauthbearertoken httpbasic httpdigest
          name String required ReadOnly
          description String required ReadOnly
          specUri Reference ReadOnly external
          documentationUri Reference ReadOnly external
          primary Boolean ReadOnly
    "#]],
    );
}

#[test]
fn resource_type_attributes() {
    check(
        &provider()[1].attributes,
        expect![[r#"
        id String ReadOnly
        name String required ReadOnly
        description String ReadOnly
        endpoint Reference required ReadOnly uri
        schema Reference required caseExact ReadOnly uri
        schemaExtensions Complex [] ReadOnly
          schema Reference required caseExact ReadOnly uri
          required Boolean required ReadOnly
    "#]],
    );
}

#[test]
fn schema_attributes() {
    check(
        &provider()[2].attributes,
        expect![[r#"
        id String required ReadOnly
        name String required ReadOnly
        description String ReadOnly
        attributes Complex [] required ReadOnly
          name String required caseExact ReadOnly
          type String required ReadOnly string complex boolean decimal integer dateTime reference binary
          multiValued Boolean required ReadOnly
          description String caseExact ReadOnly
          required Boolean ReadOnly
          canonicalValues String [] caseExact ReadOnly
          caseExact Boolean ReadOnly
          mutability String caseExact ReadOnly readOnly readWrite immutable writeOnly
          returned String caseExact ReadOnly always never default request
          uniqueness String caseExact ReadOnly none server global
          referenceTypes String [] caseExact ReadOnly
          subAttributes Complex [] ReadOnly
            name String required caseExact ReadOnly
            type String required ReadOnly string complex boolean decimal integer dateTime reference binary
            multiValued Boolean required ReadOnly
            description String caseExact ReadOnly
            required Boolean ReadOnly
            canonicalValues String [] caseExact ReadOnly
            caseExact Boolean ReadOnly
            mutability String caseExact ReadOnly readOnly readWrite immutable writeOnly
            returned String caseExact ReadOnly always never default request
            uniqueness String caseExact ReadOnly none server global
            referenceTypes String [] caseExact ReadOnly
    "#]],
    );
}

fn every_schema() -> Vec<&'static Arc<Schema>> {
    let extensions = user().extensions.iter().map(|extension| &extension.schema);
    [&user().schema, &group().schema].into_iter().chain(extensions).chain(provider()).collect()
}

fn for_each(attributes: &[Attribute], visit: &mut impl FnMut(&[Attribute], &Attribute)) {
    for attribute in attributes {
        visit(attributes, attribute);
        for_each(&attribute.sub_attributes, visit);
    }
}

/// A row that contradicts itself would be published as such.
#[test]
fn rows_are_consistent() {
    let mut visit = |siblings: &[Attribute], attribute: &Attribute| {
        let name = &attribute.name;
        assert_eq!(attribute.kind == Kind::Complex, !attribute.sub_attributes.is_empty(), "{name}");
        assert_eq!(attribute.kind == Kind::Reference, !attribute.reference_types.is_empty(), "{name}");
        assert!(!attribute.description.is_empty(), "{name}");
        assert!(!attribute.description.contains("  "), "{name}");
        let same = siblings.iter().filter(|other| other.name.eq_ignore_ascii_case(name)).count();
        assert_eq!(same, 1, "{name} is there {same} times");
        assert_eq!(attribute.mutability == Mutability::WriteOnly, attribute.returned == Returned::Never, "{name}");
        if attribute.indexed && attribute.kind == Kind::Complex {
            assert!(attribute.multi_valued && attribute.has_value_sub(), "{name}");
        }
    };
    for_each(common(), &mut visit);
    for schema in every_schema() {
        for_each(&schema.attributes, &mut visit);
    }
}

/// RFC 7643 section 2.1: ATTRNAME = ALPHA *("$" / "-" / "_" / DIGIT / ALPHA), to which its own `$ref` is the exception.
#[test]
fn names_are_attribute_names() {
    for schema in every_schema() {
        for_each(&schema.attributes, &mut |_, attribute| {
            let name = attribute.name.strip_prefix('$').unwrap_or(&attribute.name);
            assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
        });
    }
}

/// Common attributes are part of every resource and of no schema (RFC 7643 section 3.1).
#[test]
fn resource_schemas_list_no_common_attribute() {
    for schema in [&user().schema, &group().schema, &user().extensions[0].schema] {
        for attribute in common() {
            assert_eq!(schema.attribute(&attribute.name), None);
        }
    }
}

#[test]
fn lookups_disregard_ascii_case() {
    let user = user();
    assert_eq!(user.attribute("USERNAME").unwrap().name, "userName");
    assert_eq!(user.attribute("emails").unwrap().sub("Value").unwrap().name, "value");
    assert_eq!(user.attribute("ExternalID").unwrap().name, "externalId");
    assert_eq!(user.attribute("meta").unwrap().sub("lastmodified").unwrap().name, "lastModified");
    assert_eq!(user.attribute("id"), ResourceType::common("ID"));
    assert_eq!(user.attribute("userNam"), None);
    assert_eq!(user.attribute("employeeNumber"), None, "it needs its URN");
    assert_eq!(user.attribute("u\u{17f}erName"), None, "a long s is not an ASCII s");
    let urn = ENTERPRISE_USER.to_ascii_uppercase();
    let enterprise = user.extension(&urn).unwrap();
    assert_eq!(enterprise.schema.attribute("EMPLOYEEnumber").unwrap().name, "employeeNumber");
    assert_eq!(user.extension(USER), None);
    assert_eq!(group().attribute("userName"), None);
    assert_eq!(group().extension(ENTERPRISE_USER), None);
}

#[test]
fn has_value_sub_of_complex_alone() {
    let user = user();
    assert!(user.attribute("emails").unwrap().has_value_sub());
    assert!(!user.attribute("addresses").unwrap().has_value_sub());
    assert!(!user.attribute("name").unwrap().has_value_sub());
    assert!(!user.attribute("userName").unwrap().has_value_sub());
}
