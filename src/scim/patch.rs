//! PATCH (RFC 7644 section 3.5.2): a body becomes a list of steps whose targets are resolved and whose odd spellings are gone.
//! `patch/apply.rs` applies the steps to a resource; steps on `members` are left to whoever keeps the members.

use crate::limits;
use crate::scim::coerce;
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::filter::Expr;
use crate::scim::path::{self, Attr, Found, Path};
use crate::scim::resource;
use crate::scim::schema::{Mutability, PATCH_OP, ResourceType, Schema};
use serde_json::{Map, Value};
use std::collections::HashSet;

mod apply;

/// What an operation does at its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// RFC 7644 section 3.5.2.1
    Add,
    /// RFC 7644 section 3.5.2.3
    Replace,
    /// RFC 7644 section 3.5.2.2
    Remove,
}

/// One resolved step of a PATCH.
#[derive(Debug)]
pub enum Step<'a> {
    /// On an attribute of the record.
    Attribute(Change<'a>),
    /// On the members of a group.
    Members(MembersChange<'a>),
}

/// A step on one attribute.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What to do.
    pub op: Op,
    /// Where.
    pub attr: Attr<'a>,
    /// With which of its values; `None` is all of them. Only an attribute with many values has a filter.
    pub filter: Option<Expr<'a>>,
    /// The new value, as sent; null for a removal of everything.
    pub value: Value,
    /// The target as the client wrote it, for errors.
    pub place: String,
    /// The index of the operation that it comes from, for errors.
    pub operation: usize,
}

/// Somebody who is to be in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRef {
    /// The id.
    pub value: String,
    /// The name that the client gives the member here.
    pub display: Option<String>,
}

/// A step on the members of a group.
#[derive(Debug)]
pub enum MembersChange<'a> {
    /// These become members too.
    Add(Vec<MemberRef>),
    /// These become the only members.
    Replace(Vec<MemberRef>),
    /// These are no members any more.
    Remove(Vec<MemberRef>),
    /// Those that match are no members any more.
    RemoveWhere(Expr<'a>),
    /// Those that match are no members any more, and these become members.
    ReplaceWhere(Expr<'a>, Vec<MemberRef>),
}

/// Reads a PATCH body.
pub fn read<'a>(
    resource_type: &'a ResourceType,
    body: Value,
    reading: &mut Reading<'_>,
) -> Result<Vec<Step<'a>>, Error> {
    let operations = operations(body, reading)?;
    let mut steps = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        Operation::read(operation, reading)
            .and_then(|operation| operation.resolve(index, resource_type, reading, &mut steps))
            .map_err(|error| in_operation(index, error))?;
    }
    Ok(steps)
}

/// Applies the steps on attributes to `resource`, all or none; the caller keeps the original.
pub fn apply(
    resource_type: &ResourceType,
    resource: Map<String, Value>,
    changes: Vec<Change<'_>>,
    reading: &mut Reading<'_>,
) -> Result<Map<String, Value>, Error> {
    apply::all(resource_type, resource, changes, reading)
}

fn in_operation(index: usize, error: Error) -> Error {
    Error::new(error.kind, format!("Operations[{index}]: {}", error.detail))
}

fn operations(body: Value, reading: &mut Reading<'_>) -> Result<Vec<Value>, Error> {
    let syntax = |why: &str| Error::new(Kind::InvalidSyntax, why);
    let Value::Object(body) = body else { return Err(syntax("the body must be a PatchOp object")) };
    let mut operations = None;
    let mut has_schema = false;
    for (key, value) in body {
        if key.eq_ignore_ascii_case("Operations") {
            operations = Some(value);
        } else if key.eq_ignore_ascii_case("schemas") {
            let urns = value.as_array().ok_or_else(|| syntax("'schemas' must be an array of URIs"))?;
            let has = |urn: &str| urns.iter().any(|u| u.as_str().is_some_and(|u| u.eq_ignore_ascii_case(urn)));
            if has("urn:scim:schemas:core:1.0") {
                return Err(resource::scim_1());
            }
            has_schema = has(PATCH_OP);
        } else if !reading.allows(Quirk::UnknownMessageMember) {
            return Err(syntax(&format!("a PatchOp has no '{}'", clip(&key))));
        }
    }
    if !has_schema && !reading.allows(Quirk::MissingSchemas) {
        return Err(syntax(&format!("'schemas' must hold '{PATCH_OP}'")));
    }
    match operations {
        Some(Value::Array(list)) if list.is_empty() => Err(syntax("'Operations' is empty")),
        Some(Value::Array(list)) if list.len() > limits::PATCH_OPERATIONS_MAX => Err(Error::new(
            Kind::TooLarge,
            format!("{} operations in one PATCH, more than {}", list.len(), limits::PATCH_OPERATIONS_MAX),
        )),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(syntax("'Operations' must be an array")),
        None => Err(syntax("the body has no 'Operations'; a SCIM 2.0 PATCH is a list of operations")),
    }
}

/// One operation as sent.
struct Operation {
    op: Op,
    path: Option<String>,
    value: Option<Value>,
}

impl Operation {
    fn read(operation: Value, reading: &mut Reading<'_>) -> Result<Operation, Error> {
        let syntax = |why: String| Error::new(Kind::InvalidSyntax, why);
        let Value::Object(operation) = operation else { return Err(syntax("must be an object".to_owned())) };
        let (mut op, mut path, mut value) = (None, None, None);
        for (key, given) in operation {
            match key.to_ascii_lowercase().as_str() {
                "op" => op = Some(Operation::op(&given, reading)?),
                "path" => match given {
                    Value::String(text) if text.trim().is_empty() => {}
                    Value::String(text) => path = Some(text),
                    Value::Null => {}
                    _ => return Err(Error::new(Kind::InvalidPath, "'path' must be a string")),
                },
                "value" => value = Some(given),
                _ if reading.allows(Quirk::UnknownMessageMember) => {}
                _ => return Err(syntax(format!("an operation has no '{}'", clip(&key)))),
            }
        }
        let op = op.ok_or_else(|| syntax("'op' is missing".to_owned()))?;
        Ok(Operation { op, path, value })
    }

    fn op(given: &Value, reading: &mut Reading<'_>) -> Result<Op, Error> {
        let text = given.as_str().unwrap_or_default();
        let op = match text.to_ascii_lowercase().as_str() {
            "add" => Some(Op::Add),
            "replace" => Some(Op::Replace),
            "remove" => Some(Op::Remove),
            _ => None,
        };
        let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match op {
            Some(op) if is_lower || reading.allows(Quirk::OpCase) => Ok(op),
            _ => Err(Error::new(
                Kind::InvalidSyntax,
                format!("'op' must be add, replace or remove, not '{}'", clip(&given.to_string())),
            )),
        }
    }

    fn resolve<'a>(
        self,
        index: usize,
        resource_type: &'a ResourceType,
        reading: &mut Reading<'_>,
        steps: &mut Vec<Step<'a>>,
    ) -> Result<(), Error> {
        let mut resolver = Resolver { resource_type, op: self.op, index, reading, steps };
        let Some(path) = self.path else { return resolver.without_path(self.value) };
        if self.op != Op::Remove && self.value.is_none() {
            return Err(Error::new(Kind::InvalidValue, format!("'{}' needs a 'value'", clip(&path))));
        }
        match path::parse(resource_type, &path, resolver.reading)? {
            Path::Attr { attr, filter } => resolver.at(attr, filter, self.value, path),
            Path::Extension(schema) => resolver.at_extension(schema, self.value),
            Path::Core => resolver.without_path(self.value),
            Path::UnknownSchema if resolver.reading.allows(Quirk::UnknownSchema) => Ok(()),
            Path::UnknownSchema => Err(Error::new(
                Kind::InvalidPath,
                format!("the path '{}' is of a schema that is not known", clip(&path)),
            )),
        }
    }
}

/// Where the steps of one operation are collected.
struct Resolver<'a, 'r, 'd, 's> {
    resource_type: &'a ResourceType,
    op: Op,
    index: usize,
    reading: &'r mut Reading<'d>,
    steps: &'s mut Vec<Step<'a>>,
}

impl<'a> Resolver<'a, '_, '_, '_> {
    /// The value is an object of attributes; each is a step of its own.
    fn without_path(&mut self, value: Option<Value>) -> Result<(), Error> {
        if self.op == Op::Remove {
            return Err(Error::new(Kind::NoTarget, "a remove operation needs a 'path'"));
        }
        let Some(Value::Object(object)) = value else {
            return Err(Error::new(Kind::InvalidValue, "without a 'path', 'value' must be an object of attributes"));
        };
        for (key, value) in object {
            match path::find(self.resource_type, &key, self.reading) {
                Found::Attr(attr) if self.is_echo(&attr) => {}
                Found::Attr(attr) => {
                    resource::key_is_allowed(&key, &attr, self.reading)?;
                    self.at(attr, None, Some(value), key)?;
                }
                Found::Extension(schema) => self.at_extension(schema, Some(value))?,
                Found::UnknownSchema if self.reading.allows(Quirk::UnknownSchema) => {}
                // Where a key may be a path with a dot, it may be one with a filter.
                Found::Malformed if key.contains('[') && self.reading.allows(Quirk::DottedKey) => {
                    if let Path::Attr { attr, filter } = path::parse(self.resource_type, &key, self.reading)? {
                        self.at(attr, filter, Some(value), key)?;
                    }
                }
                _ => coerce::unknown(&clip(&key), self.reading)?,
            }
        }
        Ok(())
    }

    /// Whether a key of the value is what a client read and sends back without meaning to change it.
    fn is_echo(&mut self, attr: &Attr<'_>) -> bool {
        is_read_only(attr) && self.reading.allows(Quirk::ReadOnlyInValue)
    }

    fn at_extension(&mut self, schema: &'a Schema, value: Option<Value>) -> Result<(), Error> {
        let object = match (self.op, value) {
            (Op::Remove, _) | (_, Some(Value::Null)) => {
                // Required ones last: they may go when nothing else is left, because the extension itself is optional.
                let (last, first): (Vec<_>, Vec<_>) = schema.attributes.iter().partition(|a| a.required);
                for attribute in first.into_iter().chain(last) {
                    let attr = Attr { extension: Some(schema), attribute, sub: None };
                    self.push(Op::Remove, attr, None, Value::Null, attr.name());
                }
                return Ok(());
            }
            (_, Some(Value::Object(object))) => object,
            _ => return Err(Error::new(Kind::InvalidValue, format!("'{}' must be an object", schema.id))),
        };
        for (key, value) in object {
            match schema.attribute(&key) {
                Some(attribute) => {
                    let attr = Attr { extension: Some(schema), attribute, sub: None };
                    if !self.is_echo(&attr) {
                        self.at(attr, None, Some(value), attr.name())?;
                    }
                }
                None if key.eq_ignore_ascii_case("schemas") => {}
                None => coerce::unknown(&format!("{}:{}", schema.id, clip(&key)), self.reading)?,
            }
        }
        Ok(())
    }

    fn at(
        &mut self,
        attr: Attr<'a>,
        filter: Option<Expr<'a>>,
        value: Option<Value>,
        place: String,
    ) -> Result<(), Error> {
        if resource::is_membership(&attr, self.resource_type) {
            return self.at_members(attr, filter, value);
        }
        if attr.is_core("schemas") {
            return Ok(());
        }
        if is_read_only(&attr) {
            return Err(Error::new(Kind::Mutability, format!("'{}' is readOnly", clip(&place))));
        }
        let value = value.unwrap_or_default();
        let is_element = attr.attribute.multi_valued && attr.sub.is_none();
        match self.op {
            Op::Remove if is_element && filter.is_none() && !value.is_null() => {
                self.allow_remove_with_value(&place)?;
                self.push(Op::Remove, attr, None, value, place);
            }
            // Adding nothing to a list leaves it as it is.
            Op::Add if is_element && value.is_null() => {}
            // Entra sends the old value with a removal; what it removes is what the path names (quirks, Entra 18 and 21).
            Op::Remove => self.push(Op::Remove, attr, filter, Value::Null, place),
            // RFC 7644 section 3.5.2.3 with RFC 7643 section 2.5: null is the same as no value.
            _ if value.is_null() => self.push(Op::Remove, attr, filter, Value::Null, place),
            op => self.push(op, attr, filter, value, place),
        }
        Ok(())
    }

    fn at_members(&mut self, attr: Attr<'a>, filter: Option<Expr<'a>>, value: Option<Value>) -> Result<(), Error> {
        // A member has its id and nothing else that a client could change (RFC 7643 section 4.2).
        match attr.sub {
            Some(_) if self.op == Op::Remove => {
                let why = format!("'{}' is immutable; remove the member itself", attr.name());
                return Err(Error::new(Kind::Mutability, why));
            }
            Some(sub) if sub.name != "value" => return Ok(()),
            _ => {}
        }
        let value = match value.filter(|value| !value.is_null()) {
            // A filter selects single members, so that one member alone is in place.
            Some(Value::Object(member)) if filter.is_some() => Some(Value::Array(vec![Value::Object(member)])),
            other => other,
        };
        let step = match (self.op, filter, value) {
            (Op::Add, _, Some(value)) => MembersChange::Add(members(value, self.reading)?),
            (Op::Add, _, None) => return Ok(()),
            (Op::Replace, None, Some(value)) => MembersChange::Replace(members(value, self.reading)?),
            (Op::Replace | Op::Remove, None, None) => MembersChange::Replace(Vec::new()),
            // Also when the list is empty: a client that found nobody to remove must not empty the group.
            (Op::Remove, None, Some(value)) => {
                self.allow_remove_with_value("members")?;
                MembersChange::Remove(members(value, self.reading)?)
            }
            (Op::Remove, Some(filter), _) | (Op::Replace, Some(filter), None) => MembersChange::RemoveWhere(filter),
            (Op::Replace, Some(filter), Some(value)) => {
                MembersChange::ReplaceWhere(filter, members(value, self.reading)?)
            }
        };
        self.steps.push(Step::Members(step));
        Ok(())
    }

    fn allow_remove_with_value(&mut self, place: &str) -> Result<(), Error> {
        match self.reading.allows(Quirk::RemoveWithValue) {
            true => Ok(()),
            false => {
                let why = format!("removing '{}' takes no 'value'; select with a filter", clip(place));
                Err(Error::new(Kind::InvalidSyntax, why))
            }
        }
    }

    fn push(&mut self, op: Op, attr: Attr<'a>, filter: Option<Expr<'a>>, value: Value, place: String) {
        self.steps.push(Step::Attribute(Change { op, attr, filter, value, place, operation: self.index }));
    }
}

/// The value of a `members` attribute: objects with `value`, or bare ids. No id twice, the order kept.
pub fn members(value: Value, reading: &mut Reading<'_>) -> Result<Vec<MemberRef>, Error> {
    let list = match value {
        Value::Array(list) => list,
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() && reading.allows(Quirk::EmptyString) => Vec::new(),
        single if reading.allows(Quirk::ArrayAsScalar) => vec![single],
        _ => return Err(Error::new(Kind::InvalidValue, "'members' has many values and must be an array")),
    };
    let mut members = Vec::with_capacity(list.len());
    for (index, member) in list.into_iter().enumerate() {
        let (value, display) = match member {
            Value::Object(object) => parts(object),
            id @ Value::String(_) if reading.allows(Quirk::ComplexAsScalar) => (Some(id), None),
            _ => (None, None),
        };
        let Some(Value::String(value)) = value.filter(|value| value.as_str() != Some("")) else {
            let why = format!("'members[{index}]' must be an object whose 'value' is the id of a member");
            return Err(Error::new(Kind::InvalidValue, why));
        };
        let display = match display {
            Some(Value::String(text)) if text.len() > limits::MEMBER_DISPLAY_BYTES_MAX => {
                let why =
                    format!("'members[{index}].display' is longer than {} bytes", limits::MEMBER_DISPLAY_BYTES_MAX);
                return Err(Error::new(Kind::InvalidValue, why));
            }
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        };
        members.push(MemberRef { value, display });
    }
    let mut seen = HashSet::with_capacity(members.len());
    members.retain(|member| seen.insert(member.value.clone()));
    Ok(members)
}

/// `value` and `display` of a member, in any case.
fn parts(object: Map<String, Value>) -> (Option<Value>, Option<Value>) {
    let (mut value, mut display) = (None, None);
    for (key, given) in object {
        if key.eq_ignore_ascii_case("value") {
            value = Some(given);
        } else if key.eq_ignore_ascii_case("display") {
            display = Some(given);
        }
    }
    (value, display)
}

fn is_read_only(attr: &Attr<'_>) -> bool {
    [attr.attribute, attr.leaf()].iter().any(|attribute| attribute.mutability == Mutability::ReadOnly)
}

#[cfg(test)]
mod tests;
