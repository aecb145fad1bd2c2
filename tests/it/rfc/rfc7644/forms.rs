//! Sections 3.8 to 5: forms of messages, errors, versions, discovery and the comparison of names. It does not know the tests, only their names.

use super::super::Held::{By, ByClient, Not};
use super::super::Row;
use super::super::Word::{Must, Required, Shall, ShallNot, Should, ShouldNot};

/// The demands, in the order of the RFC.
pub(in super::super) const ROWS: &[Row] = &[
    Row("3.8", &[Must], "JSON in UTF-8 is read and sent", By(&["it::http::answers::bodies_are_json_in_utf_8"])),
    Row("3.8", &[Shall], "UTF-8 unless told", By(&["it::http::answers::bodies_are_json_in_utf_8"])),
    Row("3.8", &[Must], "another encoding is named in Content-Type", ByClient),
    Row("3.8", &[Must], "Accept: application/scim+json", By(&["it::http::answers::the_accepted_form_is_sent"])),
    Row("3.8", &[Should], "Accept: application/json", By(&["it::http::answers::the_accepted_form_is_sent"])),
    Row(
        "3.9",
        &[Shall, Must],
        "attributes: the least there is and what was named, on every answer",
        By(&["it::http::query::every_answer_has_the_attributes_that_were_asked_for"]),
    ),
    Row(
        "3.9",
        &[Must],
        "excludedAttributes: never less than the least there is",
        By(&["it::http::query::every_answer_has_the_attributes_that_were_asked_for"]),
    ),
    Row("3.10", &[Should], "name an extension's attributes with its URN", ByClient),
    Row(
        "3.11",
        &[Should],
        "/Me without support is 501",
        By(&["it::http::discovery::without_a_subject_there_is_no_me"]),
    ),
    Row(
        "3.11",
        &[Must],
        "Location of an answer of /Me is the resource's own",
        Not("there is no /Me: a token stands for a tenant and is bound to no resource"),
    ),
    Row(
        "3.12",
        &[Must],
        "an error has a body in JSON that says what it is",
        By(&[
            "it::http::answers::every_error_says_in_its_body_what_it_is",
            "server::refusal::tests::every_answer_is_a_scim_error_of_its_status",
        ]),
    ),
    Row(
        "3.12",
        &[Required],
        "with its status as a string",
        By(&["it::http::answers::every_error_says_in_its_body_what_it_is"]),
    ),
    Row(
        "3.12",
        &[Should],
        "statuses are used as the table has them",
        By(&[
            "it::http::answers::every_error_says_in_its_body_what_it_is",
            "it::http::answers::every_error_has_the_status_of_the_rfc",
        ]),
    ),
    Row("3.12", &[ShouldNot, Should], "after 307 keep to the old URL", ByClient),
    Row("3.12", &[Should], "after 308 keep to the new URL", ByClient),
    Row(
        "3.12",
        &[Should],
        "500 comes with advice for debugging",
        Not("the client is told that it is not to blame; the request id in the answer leads the admin to the log line"),
    ),
    Row("3.12", &[ShallNot], "no personal data in URLs", ByClient),
    Row(
        "3.13",
        &[Must],
        "the version stands before the endpoint",
        By(&[
            "server::route::tests::the_tenant_is_in_the_path",
            "it::http::discovery::another_version_is_not_this_one",
        ]),
    ),
    Row("3.13", &[Must], "another version is refused", By(&["it::http::discovery::another_version_is_not_this_one"])),
    Row(
        "3.13",
        &[Should],
        "without a version the newest is spoken",
        Not(
            "a Tenant URL always ends in /scim/v2, as it is shown to the admin; there is no second URL for the same thing",
        ),
    ),
    Row(
        "3.14",
        &[Must],
        "the version is an ETag header",
        By(&["it::http::modify::a_version_stands_in_the_header_and_in_the_resource"]),
    ),
    Row(
        "3.14",
        &[Should],
        "and meta.version",
        By(&["it::http::modify::a_version_stands_in_the_header_and_in_the_resource"]),
    ),
    Row(
        "4",
        &[Shall],
        "/ServiceProviderConfig has the schema of that name",
        By(&[
            "it::http::discovery::the_server_describes_itself",
            "scim::discovery::tests::documents_obey_their_own_schemas",
        ]),
    ),
    Row(
        "4",
        &[Shall],
        "/Schemas has all schemas, as a list",
        By(&["it::http::discovery::the_server_describes_itself", "scim::discovery::tests::schema_list_has_each_once"]),
    ),
    Row(
        "4",
        &[Shall],
        "several ResourceTypes or Schemas are a ListResponse",
        By(&["it::http::discovery::the_server_describes_itself"]),
    ),
    Row("4", &[Shall], "parameters of queries are ignored", By(&["it::http::discovery::discovery_is_not_queried"])),
    Row("4", &[Should], "but a filter is 403", By(&["it::http::discovery::discovery_is_not_queried"])),
    Row(
        "5",
        &[Must],
        "userNames that PRECIS finds alike are alike",
        By(&["scim::fold::tests::alike", "it::directory::names::names_that_read_alike_are_the_same_name"]),
    ),
    Row(
        "5",
        &[],
        "userNames that PRECIS does not allow are refused",
        Not(
            "a name that a provider has must be taken: of a user who is refused here nobody could tell that he is disabled",
        ),
    ),
    Row(
        "5",
        &[],
        "passwords are prepared before they are compared",
        Not("no password is kept or compared: it is checked to be a text and forgotten"),
    ),
];
