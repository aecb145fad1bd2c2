//! Functions of numbers. `BitAnd` of null is null.

use super::{Function, Gives, Takes, required};
use crate::mapping::Failure;
use crate::mapping::cell::Cell;
use crate::mapping::evaluate::Call;
use crate::scim::schema::Kind;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "BitAnd",
    about: "The bits that both numbers have.",
    example: "BitAnd(15, 247)",
    parameters: &[required("value1", Takes::Integer), required("value2", Takes::Integer)],
    repeats: 0,
    result: Gives::One(Kind::Integer),
    each: false,
    shape: None,
    evaluate: bit_and,
}];

fn bit_and<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let (Some(one), Some(other)) = (call.integer(0)?, call.integer(1)?) else { return Ok(Cell::Nothing) };
    Ok(Cell::Integer(one & other))
}
