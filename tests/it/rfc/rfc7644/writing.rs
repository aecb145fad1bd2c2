//! Sections 3.5 to 3.7: PUT, PATCH, DELETE and Bulk. It does not know the tests, only their names.

use super::super::Held::By;
use super::super::Row;
use super::super::Word::{Must, MustNot, Required, Shall, ShallNot, Should, ShouldNot};

/// The demands, in the order of the RFC.
pub(in super::super) const ROWS: &[Row] = &[
    Row("3.5", &[Must], "PUT is served", By(&["it::http::modify::put_replaces_what_can_be_written"])),
    Row(
        "3.5",
        &[Should],
        "PATCH is served",
        By(&[
            "it::http::patch::success_is_the_resource_or_nothing",
            "it::directory::membership::parallel_patches_of_one_group_lose_nobody",
        ]),
    ),
    Row(
        "3.5.1",
        &[MustNot],
        "PUT to an id that nobody has makes nothing",
        By(&["it::http::modify::put_makes_nothing"]),
    ),
    Row(
        "3.5.1",
        &[Shall],
        "readWrite and writeOnly values take the place of the old ones",
        By(&[
            "it::http::modify::put_replaces_what_can_be_written",
            "it::directory::model::random_calls_in_memory_agree_with_the_model",
        ]),
    ),
    Row(
        "3.5.1",
        &[Shall],
        "what is left out is cleared or gets a default",
        By(&["it::http::modify::put_replaces_what_can_be_written"]),
    ),
    Row(
        "3.5.1",
        &[Must, Should],
        "an immutable value that differs is 400 with mutability",
        By(&["directory::replace::tests::what_is_set_once_stays"]),
    ),
    Row(
        "3.5.1",
        &[Shall],
        "an immutable attribute without a value takes one",
        By(&["directory::replace::tests::what_is_set_once_stays"]),
    ),
    Row(
        "3.5.1",
        &[Shall],
        "readOnly values are ignored",
        By(&[
            "it::http::create::what_the_server_gives_is_not_taken_from_a_client",
            "it::http::modify::put_replaces_what_can_be_written",
        ]),
    ),
    Row(
        "3.5.1",
        &[Must],
        "a PUT has every required attribute, or is refused",
        By(&["it::http::modify::put_replaces_what_can_be_written", "scim::resource::tests::completeness"]),
    ),
    Row(
        "3.5.2",
        &[Must],
        "the body is a PatchOp",
        By(&["it::http::patch::all_operations_are_done_or_none", "scim::patch::tests::messages"]),
    ),
    Row("3.5.2", &[Must], "with one operation or more", By(&["scim::patch::tests::messages"])),
    Row(
        "3.5.2",
        &[Must],
        "each with one op of add, remove and replace",
        By(&["scim::patch::tests::mistakes_name_their_operation"]),
    ),
    Row(
        "3.5.2",
        &[Required],
        "a remove has a path",
        By(&["it::http::patch::all_operations_are_done_or_none", "scim::patch::tests::mistakes_name_their_operation"]),
    ),
    Row(
        "3.5.2",
        &[Must],
        "an operation keeps to the attribute's mutability and type",
        By(&[
            "it::http::patch::all_operations_are_done_or_none",
            "scim::patch::tests::rfc::simple_lists_immutable_and_required_attributes",
        ]),
    ),
    Row(
        "3.5.2",
        &[MustNot],
        "readOnly and immutable attributes stay as they are",
        By(&[
            "it::http::create::what_the_server_gives_is_not_taken_from_a_client",
            "scim::patch::tests::rfc::simple_lists_immutable_and_required_attributes",
        ]),
    ),
    Row(
        "3.5.2",
        &[Shall],
        "an operation that does not is an error with its details",
        By(&["it::http::patch::all_operations_are_done_or_none"]),
    ),
    Row(
        "3.5.2",
        &[Shall],
        "the resource's schemas need not be named",
        By(&["it::http::patch::schemas_follow_what_is_added_and_removed"]),
    ),
    Row(
        "3.5.2",
        &[Shall],
        "a later operation sees the schemas that an earlier one left",
        By(&["it::http::patch::schemas_follow_what_is_added_and_removed"]),
    ),
    Row(
        "3.5.2",
        &[Shall],
        "a new primary value takes the mark from the others",
        By(&["it::http::patch::the_primary_value_is_one", "scim::patch::tests::rfc::the_primary_mark_moves"]),
    ),
    Row(
        "3.5.2",
        &[Shall, Must, Shall],
        "all operations or none; after a failure the resource is as it was",
        By(&[
            "it::http::patch::all_operations_are_done_or_none",
            "it::directory::model::random_calls_on_a_file_agree_with_the_model_after_every_reopening",
        ]),
    ),
    Row(
        "3.5.2",
        &[Shall],
        "a failure has a status and an error body",
        By(&["it::http::patch::all_operations_are_done_or_none"]),
    ),
    Row(
        "3.5.2",
        &[Must],
        "a success is 200 with the resource, or 204",
        By(&["it::http::patch::success_is_the_resource_or_nothing"]),
    ),
    Row(
        "3.5.2",
        &[Must],
        "200 when attributes were asked for",
        By(&["it::http::patch::success_is_the_resource_or_nothing"]),
    ),
    Row(
        "3.5.2.1",
        &[Must],
        "an add has a value",
        By(&["it::http::patch::all_operations_are_done_or_none", "scim::patch::tests::mistakes_name_their_operation"]),
    ),
    Row(
        "3.5.2.1",
        &[Shall],
        "for a complex attribute it has parts",
        By(&["scim::patch::tests::rfc::add_as_the_rfc_shows_it", "scim::patch::tests::mistakes_name_their_operation"]),
    ),
    Row(
        "3.5.2.1",
        &[Should, Should],
        "adding what is there changes nothing and succeeds",
        By(&[
            "it::http::patch::adding_what_is_there_is_no_change",
            "scim::patch::tests::rfc::add_of_what_is_there_changes_nothing",
        ]),
    ),
    Row("3.5.2.1", &[ShallNot], "and lastModified stays", By(&["it::http::patch::adding_what_is_there_is_no_change"])),
    Row(
        "3.5.2.2",
        &[Shall],
        "a single value that is removed is unassigned",
        By(&["scim::patch::tests::rfc::remove_as_the_rfc_has_it"]),
    ),
    Row(
        "3.5.2.2",
        &[Shall],
        "without a filter all values go",
        By(&["scim::patch::tests::rfc::remove_as_the_rfc_has_it"]),
    ),
    Row(
        "3.5.2.2",
        &[Shall],
        "with the last value that a filter removes the attribute is unassigned",
        By(&[
            "scim::patch::tests::rfc::remove_as_the_rfc_has_it",
            "scim::patch::tests::rfc::values_that_mean_no_value",
        ]),
    ),
    Row(
        "3.5.2.2",
        &[Shall],
        "parts that are removed are unassigned",
        By(&["scim::patch::tests::rfc::remove_as_the_rfc_has_it"]),
    ),
    Row(
        "3.5.2.2",
        &[Shall],
        "with the last record the complex attribute is unassigned",
        By(&["scim::patch::tests::rfc::remove_as_the_rfc_has_it"]),
    ),
    Row(
        "3.5.2.2",
        &[Shall],
        "removing what is required or readOnly is an error with mutability",
        By(&[
            "it::http::patch::all_operations_are_done_or_none",
            "scim::patch::tests::rfc::required_attributes_of_a_user",
        ]),
    ),
    Row(
        "3.5.2.3",
        &[Shall],
        "without a path the value holds attributes",
        By(&[
            "scim::patch::tests::rfc::replace_as_the_rfc_shows_it",
            "scim::patch::tests::mistakes_name_their_operation",
        ]),
    ),
    Row(
        "3.5.2.3",
        &[Shall],
        "replacing what is not there adds it",
        By(&["scim::patch::tests::rfc::replace_as_the_rfc_shows_it"]),
    ),
    Row(
        "3.5.2.3",
        &[Shall],
        "for a complex attribute the value has parts, and others stay",
        By(&["it::http::patch::parts_that_are_not_named_stay", "scim::patch::tests::mistakes_name_their_operation"]),
    ),
    Row(
        "3.5.2.3",
        &[Shall],
        "all values that a filter matches are replaced",
        By(&["scim::patch::tests::rfc::replace_as_the_rfc_shows_it"]),
    ),
    Row(
        "3.5.2.3",
        &[Shall],
        "a filter that matches none is 400 with noTarget",
        By(&[
            "it::http::patch::all_operations_are_done_or_none",
            "scim::patch::tests::dialects::a_filtered_path_makes_what_it_selects",
        ]),
    ),
    Row(
        "3.6",
        &[Must],
        "what was deleted is 404 for everything",
        By(&["it::http::modify::what_is_deleted_is_gone_for_everything"]),
    ),
    Row("3.6", &[Must], "no list has it", By(&["it::http::modify::what_is_deleted_is_gone_for_everything"])),
    Row(
        "3.6",
        &[ShouldNot, ShouldNot],
        "its values are free for others",
        By(&["it::http::modify::what_is_deleted_is_gone_for_everything"]),
    ),
    Row("3.6", &[Shall], "a deletion is 204", By(&["it::http::modify::what_is_deleted_is_gone_for_everything"])),
    Row(
        "3.7",
        &[Required],
        "a request has Operations",
        By(&["scim::bulk::tests::what_is_wrong_with_the_request_is_an_error_of_the_whole"]),
    ),
    Row(
        "3.7",
        &[Required],
        "an operation has a method",
        By(&["scim::bulk::tests::what_is_wrong_with_one_operation_is_its_own_error"]),
    ),
    Row(
        "3.7",
        &[Required],
        "a POST has a bulkId",
        By(&["scim::bulk::tests::what_is_wrong_with_one_operation_is_its_own_error"]),
    ),
    Row(
        "3.7",
        &[Required],
        "an operation has a path",
        By(&["scim::bulk::tests::what_is_wrong_with_one_operation_is_its_own_error"]),
    ),
    Row(
        "3.7",
        &[Required],
        "POST, PUT and PATCH have data",
        By(&["scim::bulk::tests::what_is_wrong_with_one_operation_is_its_own_error"]),
    ),
    Row(
        "3.7",
        &[Required],
        "a result has its location, but for a POST that failed",
        By(&["it::http::bulk::every_operation_has_its_result", "e2e::bulk::locations"]),
    ),
    Row(
        "3.7",
        &[Must, Must],
        "a result that is no success has the error body",
        By(&["it::http::bulk::every_operation_has_its_result", "e2e::bulk::its error"]),
    ),
    Row(
        "3.7",
        &[Must, Must],
        "the whole is 200, or an error's status",
        By(&[
            "it::http::bulk::every_operation_has_its_result",
            "it::http::bulk::a_request_that_is_none_is_an_error_of_the_whole",
        ]),
    ),
    Row(
        "3.7",
        &[Must],
        "a failure does not stop the others, unless failOnErrors says so",
        By(&[
            "it::http::bulk::every_operation_has_its_result",
            "it::directory::bulk::nothing_is_done_after_the_error_that_stops_it",
        ]),
    ),
    Row(
        "3.7",
        &[Must],
        "the bulkId of what is made comes back",
        By(&["it::http::bulk::every_operation_has_its_result"]),
    ),
    Row(
        "3.7",
        &[Must],
        "another order of work gives the same result",
        By(&[
            "it::directory::bulk::order_is_kept_where_it_matters",
            "it::directory::bulk::order::it_is_that_of_one_after_the_other",
        ]),
    ),
    Row(
        "3.7.1",
        &[Must],
        "circles of references are resolved, or 409",
        By(&[
            "it::directory::bulk::other_circles_are_resolved",
            "it::directory::bulk::groups_that_contain_each_other_are_refused",
        ]),
    ),
    Row(
        "3.7.1",
        &[Must],
        "a bulkId gives way to the id",
        By(&[
            "it::http::bulk::a_reference_to_what_is_made_is_its_id",
            "it::directory::bulk::a_reference_is_replaced_by_the_id",
        ]),
    ),
    Row(
        "3.7.1",
        &[Must],
        "in extensions too",
        By(&[
            "it::http::bulk::a_reference_to_what_is_made_is_its_id",
            "it::directory::bulk::other_circles_are_resolved",
        ]),
    ),
    Row(
        "3.7.3",
        &[Must],
        "every operation that was done has its result",
        By(&["it::http::bulk::every_operation_has_its_result"]),
    ),
    Row(
        "3.7.3",
        &[Must],
        "with its location, but for a POST that failed",
        By(&["it::http::bulk::every_operation_has_its_result", "e2e::bulk::no location"]),
    ),
    Row(
        "3.7.3",
        &[Must],
        "with the status that it would have had alone",
        By(&["it::http::bulk::every_operation_has_its_result", "e2e::bulk::all methods"]),
    ),
    Row("3.7.3", &[Must], "with an error's description", By(&["it::http::bulk::every_operation_has_its_result"])),
    Row(
        "3.7.4",
        &[Must],
        "there are limits of operations and of size",
        By(&["scim::discovery::tests::service_provider_config_in_full", "e2e::bulk::just enough"]),
    ),
    Row(
        "3.7.4",
        &[Must],
        "over one of them it is 413",
        By(&["it::http::bulk::a_request_that_is_none_is_an_error_of_the_whole", "e2e::bulk::too long"]),
    ),
    Row(
        "3.7.4",
        &[Must],
        "and the answer says which",
        By(&["it::http::bulk::a_request_that_is_none_is_an_error_of_the_whole", "e2e::bulk::too many"]),
    ),
];
