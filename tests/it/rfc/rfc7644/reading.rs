//! Sections 3.1 to 3.4: endpoints, creating, and finding. It does not know the tests, only their names.

use super::super::Held::{By, ByClient, Not};
use super::super::Row;
use super::super::Word::{Must, MustNot, Required, Shall, ShallNot, Should, ShouldNot};

/// The demands, in the order of the RFC.
pub(in super::super) const ROWS: &[Row] = &[
    Row(
        "3.1",
        &[Must],
        "a message names its schema, below the prefix of the API's messages",
        By(&[
            "it::http::query::a_list_tells_what_it_is_and_what_part",
            "it::http::answers::every_error_says_in_its_body_what_it_is",
        ]),
    ),
    Row(
        "3.1",
        &[ShallNot],
        "schemas of messages are not among /Schemas",
        By(&["it::http::discovery::the_server_describes_itself"]),
    ),
    Row("3.1", &[ShouldNot], "do not expect back exactly what was sent", ByClient),
    Row(
        "3.1",
        &[Shall],
        "an answer shows the resource as the server understood it",
        By(&[
            "it::http::create::a_resource_is_made_and_its_place_told",
            "it::http::modify::put_replaces_what_can_be_written",
            "scim::resource::tests::names_types_and_order_are_the_schema_s",
        ]),
    ),
    Row(
        "3.2",
        &[Should],
        "an endpoint has the name of its type with an s",
        By(&["it::http::discovery::the_server_describes_itself"]),
    ),
    Row("3.2", &[Should], "find the endpoints through /ResourceTypes", ByClient),
    Row("3.2", &[MustNot], "PUT makes no resource", By(&["it::http::modify::put_makes_nothing"])),
    Row(
        "3.2",
        &[Should, Should],
        "an error's status is that of the answer and stands in its body too",
        By(&[
            "it::http::answers::every_error_says_in_its_body_what_it_is",
            "server::refusal::tests::every_answer_is_a_scim_error_of_its_status",
        ]),
    ),
    Row(
        "3.3",
        &[Shall],
        "attributes of a POST are taken by their mutability",
        By(&[
            "it::http::create::what_the_server_gives_is_not_taken_from_a_client",
            "scim::resource::tests::what_the_server_owns_is_ignored",
        ]),
    ),
    Row(
        "3.3",
        &[Shall],
        "readOnly ones are ignored",
        By(&[
            "it::http::create::what_the_server_gives_is_not_taken_from_a_client",
            "scim::resource::tests::what_the_server_owns_is_ignored",
        ]),
    ),
    Row(
        "3.3",
        &[Shall],
        "what is made is answered with 201",
        By(&["it::http::create::a_resource_is_made_and_its_place_told"]),
    ),
    Row(
        "3.3",
        &[Should],
        "with the resource as it is now",
        By(&["it::http::create::a_resource_is_made_and_its_place_told"]),
    ),
    Row(
        "3.3",
        &[Shall],
        "with its URL in Location and meta.location",
        By(&["it::http::create::a_resource_is_made_and_its_place_told"]),
    ),
    Row(
        "3.3",
        &[Must],
        "a value that is taken is 409 with uniqueness",
        By(&[
            "it::http::create::a_name_that_is_taken_is_a_conflict",
            "it::directory::names::of_many_who_want_a_name_one_gets_it",
        ]),
    ),
    Row(
        "3.3.1",
        &[Shall],
        "meta.resourceType is that of the endpoint",
        By(&["it::http::create::a_resource_is_made_and_its_place_told"]),
    ),
    Row(
        "3.4.2",
        &[Should],
        "parameters that are not known are ignored",
        By(&["it::http::query::parameters_that_nobody_knows_are_ignored", "scim::query::tests::parameters_of_the_url"]),
    ),
    Row("3.4.2", &[Must], "a list is a ListResponse", By(&["it::http::query::a_list_tells_what_it_is_and_what_part"])),
    Row("3.4.2", &[Required], "totalResults", By(&["it::http::query::a_list_tells_what_it_is_and_what_part"])),
    Row(
        "3.4.2",
        &[Required],
        "Resources, when there are any",
        By(&["it::http::query::a_list_tells_what_it_is_and_what_part"]),
    ),
    Row("3.4.2", &[Required], "startIndex on a page", By(&["it::http::query::a_list_tells_what_it_is_and_what_part"])),
    Row(
        "3.4.2",
        &[Required],
        "itemsPerPage on a page",
        By(&["it::http::query::a_list_tells_what_it_is_and_what_part"]),
    ),
    Row(
        "3.4.2",
        &[Shall],
        "no match is a success with the total 0",
        By(&["it::http::query::a_list_tells_what_it_is_and_what_part"]),
    ),
    Row(
        "3.4.2.1",
        &[Shall],
        "a query of the root sees all resources",
        By(&["it::http::query::the_root_has_every_type"]),
    ),
    Row(
        "3.4.2.1",
        &[Shall],
        "a query that would take too much is 400 with tooMany",
        By(&[
            "it::directory::membership::what_would_take_too_much_is_refused",
            "it::http::answers::every_error_has_the_status_of_the_rfc",
        ]),
    ),
    Row(
        "3.4.2.1",
        &[Must],
        "filters mean the same over several types",
        By(&[
            "it::http::query::the_root_has_every_type",
            "it::http::query::a_filter_that_cannot_be_is_refused_and_says_why",
        ]),
    ),
    Row(
        "3.4.2.1",
        &[Shall],
        "what a type does not have has no value there",
        By(&["it::http::query::the_root_has_every_type", "scim::filter::tests::names_that_the_type_does_not_have"]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "a filter lets through what matches and nothing else",
        By(&[
            "it::http::query::only_what_matches_is_listed",
            "it::directory::model::random_calls_in_memory_agree_with_the_model",
        ]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "a filter has at least one expression",
        By(&[
            "it::http::query::a_filter_that_cannot_be_is_refused_and_says_why",
            "scim::filter::tests::mistakes_are_named_with_their_column",
        ]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "an expression is a name, an operator and perhaps a value",
        By(&["scim::filter::tests::mistakes_are_named_with_their_column", "scim::filter::tests::examples_of_the_rfc"]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "gt of booleans and binaries is invalidFilter",
        By(&[
            "it::http::query::a_filter_that_cannot_be_is_refused_and_says_why",
            "scim::filter::tests::mistakes_are_named_with_their_column",
        ]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "ge of booleans and binaries is invalidFilter",
        By(&["it::http::query::a_filter_that_cannot_be_is_refused_and_says_why"]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "lt of booleans and binaries is invalidFilter",
        By(&["it::http::query::a_filter_that_cannot_be_is_refused_and_says_why"]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "le of booleans and binaries is invalidFilter",
        By(&["it::http::query::a_filter_that_cannot_be_is_refused_and_says_why"]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "what stands in square brackets is about one and the same value",
        By(&["it::http::query::only_what_matches_is_listed", "scim::filter::tests::precedence_and_grouping"]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "and is a filter of the attribute's parts",
        By(&["scim::filter::tests::mistakes_are_named_with_their_column", "scim::filter::tests::examples_of_the_rfc"]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "filters follow the grammar",
        By(&[
            "scim::filter::tests::examples_of_the_rfc",
            "scim::filter::tests::what_only_a_tolerant_dialect_reads",
            "scim::filter::tests::any_text_has_an_answer",
        ]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "grouping comes before not, not before and, and before or",
        By(&["scim::filter::tests::precedence_and_grouping"]),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "a complex attribute is compared by a part of it",
        By(&[
            "it::http::query::a_filter_that_cannot_be_is_refused_and_says_why",
            "scim::filter::tests::mistakes_are_named_with_their_column",
        ]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "a value that the server filled in is compared as it was answered",
        Not("the server fills in no attribute that the client left out"),
    ),
    Row(
        "3.4.2.2",
        &[Must],
        "an operator that is not known is 400 invalidFilter, by its name",
        By(&["it::http::query::a_filter_that_cannot_be_is_refused_and_says_why"]),
    ),
    Row(
        "3.4.2.2",
        &[Shall],
        "caseExact decides whether case counts",
        By(&["scim::filter::tests::operators_on_text", "it::http::create::an_external_id_is_the_clients_own"]),
    ),
    Row(
        "3.4.2.3",
        &[Shall],
        "sortBy orders the list, without a value last, of many values by the primary or first one",
        By(&[
            "it::directory::sorting::the_order_is_that_of_the_values",
            "directory::list::sort::tests::a_key_is_the_value_that_counts",
        ]),
    ),
    Row("3.4.2.3", &[Shall], "ascending unless told", By(&["it::directory::sorting::the_order_is_that_of_the_values"])),
    Row(
        "3.4.2.3",
        &[Must],
        "by the attribute's type, case as caseExact says",
        By(&[
            "it::directory::sorting::the_order_is_that_of_the_values",
            "directory::list::sort::tests::keys_are_in_one_order",
        ]),
    ),
    Row("3.4.2.4", &[Must], "pages of one walk may not fit together", ByClient),
    Row(
        "3.4.2.4",
        &[Shall],
        "a startIndex below 1 is 1",
        By(&["it::http::query::a_page_has_no_more_than_was_asked_for", "scim::query::tests::parameters_of_the_url"]),
    ),
    Row(
        "3.4.2.4",
        &[MustNot],
        "no more results than count",
        By(&["it::http::query::a_page_has_no_more_than_was_asked_for"]),
    ),
    Row(
        "3.4.2.4",
        &[Shall],
        "a negative count is 0",
        By(&["it::http::query::a_page_has_no_more_than_was_asked_for", "scim::query::tests::parameters_of_the_url"]),
    ),
    Row(
        "3.4.2.5",
        &[Shall, Must],
        "attributes and excludedAttributes choose what is returned",
        By(&["it::http::query::every_answer_has_the_attributes_that_were_asked_for"]),
    ),
    Row(
        "3.4.2.5",
        &[Must],
        "attributes are named in standard notation",
        By(&["scim::project::tests::attributes_that_are_asked_for"]),
    ),
    Row(
        "3.4.2.5",
        &[Shall],
        "what is always returned cannot be left out",
        By(&[
            "it::http::query::every_answer_has_the_attributes_that_were_asked_for",
            "scim::project::tests::attributes_that_are_left_out",
        ]),
    ),
    Row(
        "3.4.2.5",
        &[Must],
        "excludedAttributes are named in standard notation",
        By(&["scim::project::tests::attributes_that_are_left_out"]),
    ),
    Row("3.4.3", &[Shall], "POST to /.search is a query", By(&["it::http::query::a_search_by_post_is_a_query"])),
    Row(
        "3.4.3",
        &[Must],
        "of the form SearchRequest",
        By(&["it::http::query::a_search_by_post_is_a_query", "scim::query::tests::mistakes_name_their_parameter"]),
    ),
    Row(
        "3.4.3",
        &[Must],
        "its attributes are in standard notation",
        By(&["it::http::query::every_answer_has_the_attributes_that_were_asked_for"]),
    ),
    Row(
        "3.4.3",
        &[Shall],
        "its excludedAttributes do not touch what is always returned",
        By(&["it::http::query::a_search_by_post_is_a_query"]),
    ),
    Row(
        "3.4.3",
        &[Must],
        "its excludedAttributes are in standard notation",
        By(&["it::http::query::every_answer_has_the_attributes_that_were_asked_for"]),
    ),
    Row("3.4.3", &[Must], "its filter is a valid one", By(&["it::http::query::a_search_by_post_is_a_query"])),
    Row("3.4.3", &[Shall], "its sortBy orders the answer", By(&["it::http::query::a_search_by_post_is_a_query"])),
    Row(
        "3.4.3",
        &[Must],
        "its sortBy is in standard notation",
        By(&["it::directory::sorting::what_cannot_be_sorted_by_is_refused"]),
    ),
];
