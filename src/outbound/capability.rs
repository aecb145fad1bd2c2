//! What each kind of target can do, as data. Where an answer is not the standard's, its source is the product's REST reference
//! (Jira 11.3, Confluence 10.2, Bitbucket 10.4; Atlassian Cloud's user provisioning).

use crate::directory::target::stored::Kind;

/// How names of users and groups are told apart and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As they are.
    Exact,
    /// As they are, but two that differ in case alone are one.
    Folded,
    /// In lower case.
    Lower,
}

/// What a kind of target can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Users keep their account under another name.
    pub renames_users: bool,
    /// Memberships and licences are told by users' names, so that nothing can be done for one whose name is in doubt.
    pub by_name: bool,
    /// Groups keep their permissions under another name.
    pub renames_groups: bool,
    /// Users can be made inactive; without it they lose their licence instead.
    pub deactivates: bool,
    /// Users are made there that are inactive from the start.
    pub makes_inactive: bool,
    /// Groups can be members of groups; without it whoever asks flattens them first.
    pub nests: bool,
    /// Members that one request adds, at most.
    pub added_max: usize,
    /// Members that one request takes out, at most.
    pub removed_max: usize,
    /// Names of users.
    pub user_names: Names,
    /// Names of groups.
    pub group_names: Names,
}

/// What this kind of target can do.
pub fn of(kind: Kind) -> Capabilities {
    match kind {
        Kind::Jira => JIRA,
        Kind::Confluence => CONFLUENCE,
        Kind::Bitbucket => BITBUCKET,
        Kind::Scim => SCIM,
        Kind::AtlassianCloud => ATLASSIAN_CLOUD,
    }
}

/// A user's name as the target has it.
pub fn user_name(kind: Kind, name: &str) -> String {
    match of(kind).user_names {
        Names::Lower => name.to_lowercase(),
        Names::Exact | Names::Folded => name.to_owned(),
    }
}

/// What two names of the same user have in common: the key to look accounts up by.
pub fn user_key(kind: Kind, name: &str) -> String {
    key(of(kind).user_names, name)
}

/// What two names of the same group have in common.
pub fn group_key(kind: Kind, name: &str) -> String {
    key(of(kind).group_names, name)
}

fn key(names: Names, name: &str) -> String {
    match names {
        Names::Exact => name.to_owned(),
        Names::Folded | Names::Lower => name.to_lowercase(),
    }
}

const JIRA: Capabilities = Capabilities {
    renames_users: true,
    by_name: true,
    renames_groups: false,
    deactivates: true,
    makes_inactive: false,
    nests: false,
    added_max: 1,
    removed_max: 1,
    user_names: Names::Lower,
    group_names: Names::Folded,
};

const CONFLUENCE: Capabilities = Capabilities {
    renames_users: false,
    by_name: true,
    renames_groups: false,
    deactivates: true,
    makes_inactive: false,
    nests: false,
    added_max: 1,
    removed_max: 1,
    user_names: Names::Lower,
    group_names: Names::Folded,
};

const BITBUCKET: Capabilities = Capabilities {
    renames_users: true,
    by_name: true,
    renames_groups: false,
    deactivates: false,
    makes_inactive: false,
    nests: false,
    added_max: 100,
    removed_max: 1,
    user_names: Names::Folded,
    group_names: Names::Folded,
};

/// RFC 7643 and 7644; `userName` is case-insensitive there, but its case can be changed.
const SCIM: Capabilities = Capabilities {
    renames_users: true,
    by_name: false,
    renames_groups: true,
    deactivates: true,
    makes_inactive: true,
    nests: true,
    added_max: 500,
    removed_max: 100,
    user_names: Names::Exact,
    group_names: Names::Exact,
};

const ATLASSIAN_CLOUD: Capabilities = Capabilities {
    renames_users: true,
    by_name: false,
    renames_groups: false,
    deactivates: true,
    makes_inactive: false,
    nests: false,
    added_max: 100,
    removed_max: 100,
    user_names: Names::Folded,
    group_names: Names::Folded,
};
