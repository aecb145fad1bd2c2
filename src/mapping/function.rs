//! The functions of the mapping language: one table, a row a function, with what it takes, what it gives, and the code. Names and
//! meanings are those of Microsoft's "Reference for writing expressions for attribute mappings in Microsoft Entra ID". Each family says
//! where that reference is silent and what was chosen.
//!
//! For all of them: an attribute that is absent, null or an empty array is *null*; an argument that is left empty is null too. A text
//! function of a null gives null, so that a missing name does not become half an address; exceptions are at the functions. Characters are
//! Unicode characters, not the halves of them that UTF-16 has. A function whose first argument is a text, given a multi-valued attribute
//! there, is applied to each value, and gives as many values.

use super::cell::Cell;
use super::evaluate::Call;
use super::expression::node::Node;
use super::{Failure, Wrong};
use crate::scim::schema::Kind;
use std::fmt;

mod case;
mod date;
mod diacritics;
mod list;
mod logic;
mod number;
mod refused;
mod replace;
mod text;

/// A function.
pub struct Function {
    /// Its name as it prints; read in any case.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// An expression with it.
    pub example: &'static str,
    /// Its parameters in order.
    pub parameters: &'static [Parameter],
    /// How many of the last parameters may come again and again.
    pub repeats: usize,
    /// What it gives.
    pub result: Gives,
    /// Whether it is applied to each value of a multi-valued first argument.
    pub each: bool,
    /// What else its arguments must be like; a column of 0 stands for the call's.
    pub(super) shape: Option<Shape>,
    pub(super) evaluate: Evaluate,
}

/// The code of a function.
pub(super) type Evaluate = for<'m, 'v> fn(&mut Call<'m, 'v>) -> Result<Cell<'v>, Failure>;

/// A parameter of a function.
#[derive(Debug)]
pub struct Parameter {
    /// What the reference calls it.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether the argument must be there; others may be left empty, or out at the end.
    pub required: bool,
}

/// Says what is wrong with the arguments of a call, beside their types.
pub(super) type Shape = fn(&[Node]) -> Result<(), Wrong>;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A text, or what is written as one: a number, a date.
    Text,
    /// One value of any simple type.
    Simple,
    /// Several values of simple types, or one.
    Values,
    /// Anything, attributes with sub-attributes included.
    Anything,
    /// A whole number, or a text that is one.
    Integer,
    /// Something true or false.
    Condition,
    /// A date, or a text that is one.
    Date,
    /// `yyyy`, `m`, `d`, `ww`, `h`, `n` or `s`.
    Interval,
    /// A constant regular expression.
    Pattern,
    /// The constant format of a date.
    Format,
    /// Names of .NET's DateTimeStyles.
    Styles,
    /// The name of a culture, such as `tr-TR`.
    Culture,
    /// `vbTextCompare` or `vbBinaryCompare`.
    Comparing,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// One value of this type.
    One(Kind),
    /// Several texts.
    Texts,
    /// What the first argument is.
    First,
    /// One of the values that the first argument has.
    ItemOfFirst,
    /// One of these arguments.
    OneOf(Branches),
}

/// Which arguments of a function may be its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branches {
    /// All.
    All,
    /// The second and the third: `IIF`.
    SecondAndThird,
    /// The second, the fourth, the sixth, …: `Switch`.
    EverySecond,
}

impl Branches {
    /// Whether the argument at `at`, from 0 on, may be the result.
    pub fn has(self, at: usize) -> bool {
        match self {
            Branches::All => true,
            Branches::SecondAndThird => at == 1 || at == 2,
            Branches::EverySecond => at % 2 == 1,
        }
    }
}

/// All functions, family by family.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    let families: [&'static [Function]; 7] = [
        text::FUNCTIONS,
        case::FUNCTIONS,
        replace::FUNCTIONS,
        list::FUNCTIONS,
        logic::FUNCTIONS,
        date::FUNCTIONS,
        number::FUNCTIONS,
    ];
    families.into_iter().flatten()
}

/// The function of this name, in any case; the error says why there is none.
pub(super) fn find(name: &str) -> Result<&'static Function, String> {
    if let Some(found) = functions().find(|function| function.name.eq_ignore_ascii_case(name)) {
        return Ok(found);
    }
    if let Some(why) = refused::why(name) {
        return Err(why);
    }
    let begins = |function: &&Function| {
        let (one, other) = (function.name.to_ascii_lowercase(), name.to_ascii_lowercase());
        one.starts_with(&other) || other.starts_with(&one)
    };
    Err(match functions().find(begins) {
        Some(like) => format!("there is no function {name}; there is {}", like.name),
        None => format!("there is no function {name}"),
    })
}

/// Whether `text` names an interval of time.
pub(super) fn is_interval(text: &str) -> bool {
    date::is_interval(text)
}

/// Whether `text` lists styles of dates.
pub(super) fn are_styles(text: &str) -> bool {
    date::are_styles(text)
}

/// Whether `text` can name a culture.
pub(super) fn is_culture(text: &str) -> bool {
    case::is_culture(text)
}

impl Function {
    /// How it is called, such as `Mid(source, start, length)`; what may be left out stands in brackets.
    pub fn signature(&self) -> String {
        let shown = |parameter: &Parameter| match parameter.required {
            true => parameter.name.to_owned(),
            false => format!("[{}]", parameter.name),
        };
        let mut parameters: Vec<String> = self.parameters.iter().map(shown).collect();
        if self.repeats > 0 {
            parameters.push("...".to_owned());
        }
        format!("{}({})", self.name, parameters.join(", "))
    }

    /// The parameter that the argument at `at`, from 0 on, is for.
    pub(super) fn parameter(&self, at: usize) -> Option<&'static Parameter> {
        let known = self.parameters.len();
        if at < known || self.repeats == 0 {
            return self.parameters.get(at);
        }
        self.parameters.get(known - self.repeats + (at - known) % self.repeats)
    }

    /// Whether so many arguments are right; the error says what is wrong.
    pub(super) fn counts(&self, given: usize) -> Result<(), String> {
        let known = self.parameters.len();
        let needed = self.parameters.iter().rposition(|parameter| parameter.required).map_or(0, |last| last + 1);
        let whole = given <= known || self.repeats == 0 || (given - known).is_multiple_of(self.repeats);
        match given {
            _ if given < needed && needed == known && self.repeats == 0 => {
                Err(format!("{given} arguments where {needed} should be"))
            }
            _ if given < needed => Err(format!("{given} arguments where at least {needed} should be")),
            _ if given > known && self.repeats == 0 => Err(format!("{given} arguments, more than {known}")),
            _ if !whole => Err("the last key has no value".to_owned()),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.signature())
    }
}

const fn required(name: &'static str, takes: Takes) -> Parameter {
    Parameter { name, takes, required: true }
}

const fn optional(name: &'static str, takes: Takes) -> Parameter {
    Parameter { name, takes, required: false }
}

#[cfg(test)]
mod tests;
