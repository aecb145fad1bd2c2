//! What is planned, by tables of what is known and what is wanted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::directory::target::stored::Memberships;

fn known(name: &str, active: bool) -> KnownUser {
    let (display_name, email) = (format!("The {name}"), format!("{name}@example.com"));
    KnownUser { id: "1".to_owned(), name: name.to_owned(), display_name, email, active, ..KnownUser::default() }
}

fn wanted(name: &str, active: bool) -> User {
    let (display_name, email) = (format!("The {name}"), format!("{name}@example.com"));
    let person = Person { name: name.to_owned(), display_name, email, active, ..Person::default() };
    User { person, ..User::default() }
}

fn words(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(Step::word).collect()
}

fn jira(policy: &Policy, known: Option<&KnownUser>, wanted: Option<&User>) -> Vec<&'static str> {
    words(&user(Kind::Jira, policy, known, wanted))
}

#[test]
fn users_come_stay_and_go() {
    let policy = Policy {
        licence_groups: vec!["jira-users".to_owned()],
        applications: vec!["jira-software".to_owned()],
        ..Policy::default()
    };
    let release = Policy { leavers: Leavers::Release, ..policy.clone() };
    let delete = Policy { leavers: Leavers::Delete, ..policy.clone() };
    let never = Policy { leavers: Leavers::Never, ..policy.clone() };
    let (on, off) = (known("ann", true), known("ann", false));
    let (is_on, is_off) = (wanted("ann", true), wanted("ann", false));
    assert_eq!(jira(&policy, None, Some(&is_on)), ["create_user"]);
    assert_eq!(jira(&policy, None, Some(&is_off)), [""; 0]);
    assert_eq!(jira(&policy, Some(&on), Some(&wanted("Ann", true))), ["update_user"]);
    assert_eq!(jira(&policy, Some(&on), Some(&wanted("bob", true))), ["rename_user"]);
    assert_eq!(jira(&policy, Some(&on), Some(&is_off)), ["deactivate_user"]);
    assert_eq!(jira(&policy, Some(&off), Some(&is_on)), ["activate_user"]);
    assert_eq!(jira(&policy, Some(&off), None), [""; 0]);
    assert_eq!(jira(&release, Some(&on), None), ["deactivate_user", "release_licence", "release_licence"]);
    // Who is inactive is not deleted, and who is gone is.
    assert_eq!(jira(&delete, Some(&on), Some(&is_off)), ["deactivate_user"]);
    assert_eq!(jira(&delete, Some(&off), None), ["delete_user"]);
    assert_eq!(jira(&delete, Some(&KnownUser { kept: true, ..on.clone() }), None), ["deactivate_user"]);
    assert_eq!(jira(&never, Some(&on), None), [""; 0]);
    assert_eq!(jira(&never, Some(&on), Some(&is_off)), [""; 0]);
    let bitbucket = user(Kind::Bitbucket, &policy, Some(&on), None);
    assert_eq!(words(&bitbucket), ["release_licence", "release_licence", "lock_user"]);
    assert!(bitbucket.steps.iter().all(|step| step.destructive));
}

#[test]
fn confluence_says_what_it_cannot_do() {
    let policy = Policy::default();
    let plan = |known: Option<&KnownUser>, wanted: &User| user(Kind::Confluence, &policy, known, Some(wanted));
    let renamed = plan(Some(&known("ann", true)), &wanted("bob", true));
    assert_eq!(words(&renamed), ["update_user"]);
    assert!(renamed.trouble.unwrap().contains("cannot rename"));
    assert!(plan(None, &wanted("ann,bob", true)).trouble.unwrap().contains("white space"));
    let group = Group { name: "a/b".to_owned(), ..Group::default() };
    assert!(super::group(Kind::Confluence, &policy, None, Some(&group)).trouble.is_some());
}

#[test]
fn doubts_make_every_step_be_taken() {
    let policy = Policy::default();
    let steps = user(Kind::Jira, &policy, Some(&known("ann", true)), Some(&wanted("bob", true))).steps;
    let Begun::User(doubted) = begun(steps.first().unwrap()) else { panic!() };
    let looked = user(Kind::Jira, &policy, Some(&doubted), Some(&wanted("ann", true)));
    assert_eq!(words(&looked), ["find_user"]);
    let Some(Effect::User(Some(found))) = looked.steps.last().map(|step| step.after.clone()) else { panic!() };
    let back = user(Kind::Jira, &policy, Some(&found), Some(&wanted("ann", true)));
    assert_eq!(words(&back), ["activate_user", "update_user"]);
    let Some(Effect::User(Some(last))) = back.steps.last().map(|step| step.after.clone()) else { panic!() };
    assert_eq!(last.doubt, None);
    assert_eq!(words(&user(Kind::Jira, &policy, Some(&last), Some(&wanted("ann", true)))), [""; 0]);
}

#[test]
fn a_group_that_cannot_be_renamed_becomes_another_one() {
    let policy = Policy { delete_groups: true, ..Policy::default() };
    let known = KnownGroup { name: "old".to_owned(), ..KnownGroup::default() };
    let new = Group { name: "new".to_owned(), ..Group::default() };
    let plan = group(Kind::Jira, &policy, Some(&known), Some(&new));
    assert_eq!(words(&plan), ["create_group"]);
    let Effect::NewGroup { group: after, read: false } = plan.steps[0].after.clone() else { panic!() };
    let steps = former(Kind::Jira, &policy, &after);
    let heir = Some("new".to_owned());
    assert!(matches!(&steps[0].act, Act::DeleteGroup { group, heir: to } if group.name == "old" && *to == heir));
    let kept = Policy { delete_groups: false, ..policy.clone() };
    assert_eq!(former(Kind::Jira, &kept, &after)[0].word(), "empty_group");
    let additive = Policy { memberships: Memberships::Additive, ..kept };
    let plan = group(Kind::Jira, &additive, Some(&known), Some(&new));
    assert!(matches!(&plan.steps[0].after, Effect::NewGroup { group, .. } if group.former.is_empty()));
}
