//! Every limit of scimd, one `const` each. A leaf: it knows nothing of ours, and everything may use it.

// Protocol

/// How deep a JSON body may nest, in levels. A resource with an extension nests 5 deep, a Bulk body 8.
pub const JSON_DEPTH_MAX: usize = 32;
/// Numbers from this size on are refused: they no longer fit the 64 bits that they are kept in.
pub const JSON_NUMBER_MAX: f64 = 18_446_744_073_709_551_616.0;
/// The longest filter or path, in bytes.
pub const FILTER_BYTES_MAX: usize = 16 * 1024;
/// How deep a filter may nest, in parentheses and brackets.
pub const FILTER_DEPTH_MAX: usize = 32;
/// How many terms a filter may have.
pub const FILTER_TERMS_MAX: usize = 200;
/// How many names `attributes` and `excludedAttributes` may list.
pub const NAMES_MAX: usize = 200;
/// The longest single value, in bytes. Photos and certificates are the largest in practice.
pub const VALUE_BYTES_MAX: usize = 256 * 1024;
/// How many values one multi-valued attribute may have; members of a group are not counted by it.
pub const VALUES_MAX: usize = 500;
/// How many operations one PATCH may have; authentik sends one for each member.
pub const PATCH_OPERATIONS_MAX: usize = 10_000;
/// How many values all the operations of one PATCH may look at.
pub const PATCH_VISITS_MAX: usize = 200_000;
/// How many resources one page has at most, and has when the request names no count.
pub const PAGE_MAX: usize = 1_000;

// Protocol core

/// Rounds of case folding and normalization until a text no longer changes; two settle every text, a third sees that.
pub const FOLD_ROUNDS_MAX: usize = 3;
