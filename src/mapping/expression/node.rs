//! The parts of an expression, and how they print.

use crate::mapping::format::Format;
use crate::mapping::function::Function;
use crate::mapping::matcher::Matcher;
use std::fmt;

/// A part of an expression.
#[derive(Clone)]
pub(in crate::mapping) struct Node {
    /// Where it begins, in characters from 1 on.
    pub(in crate::mapping) column: usize,
    /// What it is.
    pub(in crate::mapping) what: What,
}

/// What a part is.
#[derive(Clone)]
pub(in crate::mapping) enum What {
    /// An argument that was left empty.
    Missing,
    /// The path of an attribute, without its brackets.
    Attribute(String),
    /// A constant text.
    Text(String),
    /// A constant whole number.
    Integer(i64),
    /// A constant number with a fraction; never whole.
    Decimal(f64),
    /// `True` or `False`.
    Boolean(bool),
    /// `vbTextCompare`, or `vbBinaryCompare`.
    Comparing {
        /// Whether upper and lower case are the same.
        text: bool,
    },
    /// A constant text that is a regular expression.
    Pattern(Box<Matcher>),
    /// A constant text that is the format of a date.
    Format(Box<Format>),
    /// A function of its arguments.
    Call(&'static Function, Vec<Node>),
    /// Two values compared.
    Compare(Comparison, Box<Node>, Box<Node>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mapping) enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// All, the longer spellings first.
    pub(in crate::mapping) const ALL: [Comparison; 6] = [
        Comparison::NotEqual,
        Comparison::LessOrEqual,
        Comparison::GreaterOrEqual,
        Comparison::Equal,
        Comparison::Less,
        Comparison::Greater,
    ];

    /// How it is written.
    pub(in crate::mapping) fn spelling(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

impl Node {
    /// Whether it is an argument that was left empty.
    pub(in crate::mapping) fn is_missing(&self) -> bool {
        matches!(self.what, What::Missing)
    }

    /// The constant text, if it is one.
    pub(in crate::mapping) fn constant_text(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Missing => Ok(()),
            What::Attribute(path) => write!(f, "[{path}]"),
            What::Text(text) => quoted(f, text),
            What::Integer(number) => write!(f, "{number}"),
            What::Decimal(number) => write!(f, "{number}"),
            What::Boolean(true) => f.write_str("True"),
            What::Boolean(false) => f.write_str("False"),
            What::Comparing { text: true } => f.write_str("vbTextCompare"),
            What::Comparing { text: false } => f.write_str("vbBinaryCompare"),
            What::Pattern(matcher) => quoted(f, matcher.text()),
            What::Format(format) => quoted(f, format.text()),
            What::Call(function, arguments) => {
                write!(f, "{}(", function.name)?;
                for (at, argument) in arguments.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{argument}")?;
                }
                f.write_str(")")
            }
            What::Compare(how, left, right) => write!(f, "{left} {} {right}", how.spelling()),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for piece in text.split_inclusive(['"', '\\']) {
        match piece.strip_suffix(['"', '\\']) {
            Some(plain) => write!(f, "{plain}\\{}", &piece[plain.len()..])?,
            None => f.write_str(piece)?,
        }
    }
    f.write_str("\"")
}
