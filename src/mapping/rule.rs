//! One rule for an attribute: reading it, and how its value gets to its place in a resource, which is the way of a PATCH.

use super::check::Target;
use super::document::{Otherwise, Rule, When};
use super::expression::Expression;
use super::policy::{Context, Outcome, Refusal, Wrong};
use crate::scim::dialect::{Dialect, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::filter::Expr;
use crate::scim::patch::{self, Change, Op};
use crate::scim::path::{self, Attr, Path};
use crate::scim::schema::types::Types;
use crate::scim::schema::{Kind as Type, Mutability, ResourceType};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A rule that has been read.
#[derive(Debug)]
pub struct Compiled {
    name: Arc<str>,
    /// The name of the resource type.
    pub resource_type: String,
    target: String,
    demands: Demands,
    expression: Expression,
    when: When,
    otherwise: Otherwise,
}

/// What a target demands of a value.
#[derive(Clone, Debug)]
pub struct Demands {
    name: String,
    kind: Type,
    multi_valued: bool,
}

impl Demands {
    /// The same, as the mapping language has it.
    pub fn target(&self) -> Target<'_> {
        Target { name: &self.name, kind: self.kind, multi_valued: self.multi_valued }
    }
}

/// Attributes that no rule gives a value: the server's own, what rows elsewhere hold, and externalId, which is the identity provider's
/// alone (RFC 7643 section 3.1).
const UNTOUCHED: [&str; 7] = ["id", "schemas", "meta", "externalId", "groups", "members", "password"];

/// Reads a rule; of one that is wrong, everything that is, by its fields.
pub fn compile(rule: &Rule, types: &Types, dialect: &Dialect) -> Result<Compiled, Vec<Wrong>> {
    let type_name = if rule.resource_type.is_empty() { "User" } else { &rule.resource_type };
    let Some(resource_type) = types.named(type_name) else {
        let why = format!("the tenant has no resource type '{}'", clip(type_name));
        return Err(vec![Wrong::at("resource_type", why)]);
    };
    let mut wrong = Vec::new();
    let mut reading = Reading::new(dialect);
    let target = demands(resource_type, &rule.target, &mut reading);
    let target = target.map_err(|why| wrong.push(Wrong::at("target", why))).ok();
    let demands = target.as_ref().map(Demands::target);
    let expression = Expression::parse(&rule.expression)
        .and_then(|expression| expression.check(resource_type, demands.as_ref()).map(|_| expression))
        .map_err(|fault| Wrong { field: "expression".to_owned(), column: Some(fault.column), why: fault.why });
    match (expression, target) {
        (Ok(expression), Some(demands)) => Ok(Compiled {
            name: rule.name.as_str().into(),
            resource_type: resource_type.name.clone(),
            target: rule.target.clone(),
            demands,
            expression,
            when: rule.when,
            otherwise: rule.otherwise,
        }),
        (expression, _) => {
            wrong.extend(expression.err());
            Err(wrong)
        }
    }
}

impl Compiled {
    /// Gives its attribute its value, if it applies.
    pub fn apply(
        &self,
        context: &Context<'_>,
        sent: &Map<String, Value>,
        stored: Option<&Map<String, Value>>,
        outcome: &mut Outcome,
    ) -> Result<(), Refusal> {
        let value = match (self.when, stored) {
            // What a rule made of a new resource stays when it is changed.
            (When::Create, Some(stored)) => return self.keep(context, stored, outcome),
            (When::Update, None) => return Ok(()),
            _ => self.expression.evaluate(sent, context.resource_type, context.now_ms),
        };
        let refuse = |why| Refusal { rule: self.name.clone(), kind: Kind::InvalidValue, why };
        let value = value.map_err(|failure| refuse(failure.to_string()))?;
        let value = self.demands.target().fit(value).map_err(&refuse)?;
        match (value, self.otherwise, stored) {
            (Value::Null, Otherwise::Keep, Some(stored)) => self.keep(context, stored, outcome),
            (Value::Null, Otherwise::Keep, None) => Ok(()),
            (Value::Null, Otherwise::Refuse, _) => {
                Err(refuse(format!("its expression results in nothing for '{}'", self.target)))
            }
            (value, ..) => {
                self.put(context, value, outcome)?;
                outcome.fired.push(self.name.clone());
                Ok(())
            }
        }
    }

    /// Leaves the attribute as it is stored.
    fn keep(&self, context: &Context<'_>, stored: &Map<String, Value>, outcome: &mut Outcome) -> Result<(), Refusal> {
        let value = value_at(context, &self.target, stored).unwrap_or(Value::Null);
        self.put(context, value, outcome)
    }

    fn put(&self, context: &Context<'_>, value: Value, outcome: &mut Outcome) -> Result<(), Refusal> {
        let attributes = std::mem::take(&mut outcome.attributes);
        let refuse = |error: Error| Refusal { rule: self.name.clone(), kind: error.kind, why: error.detail };
        outcome.attributes = put(context, &self.target, attributes, value).map_err(refuse)?;
        Ok(())
    }
}

/// The value at a path: of the first element that its filter selects, where it has one.
fn value_at(context: &Context<'_>, target: &str, resource: &Map<String, Value>) -> Option<Value> {
    let mut reading = Reading::new(context.dialect);
    let Ok(Path::Attr { attr, filter }) = path::parse(context.resource_type, target, &mut reading) else { return None };
    let Some(filter) = filter else { return attr.value(resource).cloned() };
    let elements = Attr { sub: None, ..attr }.value(resource)?.as_array()?;
    let element = elements.iter().find(|element| filter.matches_element(attr.attribute, element))?;
    match attr.sub {
        Some(sub) => element.get(&sub.name).cloned(),
        None => Some(element.clone()),
    }
}

/// The resource with the value at a path; null takes away what is there.
fn put(
    context: &Context<'_>,
    target: &str,
    resource: Map<String, Value>,
    value: Value,
) -> Result<Map<String, Value>, Error> {
    if value.is_null() && value_at(context, target, &resource).is_none() {
        return Ok(resource);
    }
    let mut reading = Reading::new(context.dialect);
    let Path::Attr { attr, filter } = path::parse(context.resource_type, target, &mut reading)? else {
        return Err(Error::new(Kind::InvalidPath, format!("'{}' is no attribute", clip(target))));
    };
    let op = if value.is_null() { Op::Remove } else { Op::Replace };
    let emptied = filter.clone().filter(|_| value.is_null() && attr.sub.is_some());
    let change = Change { op, attr, filter, value, place: target.to_owned(), operation: 0 };
    // Told without the number of an operation, which there is none of.
    let bare = |error: Error| Error::new(error.kind, error.detail.replacen("Operations[0]: ", "", 1));
    let mut resource = patch::apply(context.resource_type, resource, vec![change], &mut reading).map_err(bare)?;
    if let Some(filter) = emptied {
        drop_emptied(&mut resource, &attr, &filter);
    }
    Ok(resource)
}

/// Takes away the elements of which a value was removed, where nothing is left of them but what the path's filter says: a telephone
/// number that is only `{"type": "work"}` is none.
fn drop_emptied(resource: &mut Map<String, Value>, attr: &Attr<'_>, filter: &Expr<'_>) {
    let Some(said) = filter.equalities() else { return };
    let holder = match attr.extension {
        None => Some(resource),
        Some(extension) => resource.get_mut(&extension.id).and_then(Value::as_object_mut),
    };
    let Some(holder) = holder else { return };
    let Some(Value::Array(elements)) = holder.get_mut(&attr.attribute.name) else { return };
    elements.retain(|element| {
        let is_said = |name: &String| said.iter().any(|(known, _)| known.name == *name);
        let is_bare = element.as_object().is_some_and(|parts| parts.keys().all(is_said));
        !(is_bare && filter.matches_element(attr.attribute, element))
    });
    if elements.is_empty() {
        holder.shift_remove(&attr.attribute.name);
    }
}

/// What the target demands of a value, or why there can be no such target.
pub fn demands(resource_type: &ResourceType, text: &str, reading: &mut Reading<'_>) -> Result<Demands, String> {
    let Path::Attr { attr, filter } = path::parse(resource_type, text, reading).map_err(|error| error.detail)? else {
        return Err("it is no attribute".to_owned());
    };
    let is_untouched = attr.extension.is_none() && UNTOUCHED.contains(&attr.attribute.name.as_str());
    let is_read_only = [attr.attribute, attr.leaf()].iter().any(|known| known.mutability == Mutability::ReadOnly);
    match is_untouched || is_read_only {
        true => Err(format!("no rule gives '{}' a value", attr.name())),
        false => Ok(Demands {
            name: attr.name(),
            kind: attr.leaf().kind,
            multi_valued: attr.leaf().multi_valued && filter.is_none(),
        }),
    }
}
