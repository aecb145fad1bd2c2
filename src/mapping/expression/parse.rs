//! Reads the text of an expression, in one pass with bounded length, depth and number of arguments. Names of functions, their numbers
//! of arguments and constant patterns are judged here; what attributes there are is not known.

use super::node::{Comparison, Node, What};
use crate::limits;
use crate::mapping::Wrong;
use crate::mapping::format::Format;
use crate::mapping::function::{self, Function, Takes};
use crate::mapping::matcher::Matcher;

/// Reads a whole expression.
pub(super) fn expression(text: &str) -> Result<Node, Wrong> {
    if text.len() > limits::MAPPING_EXPRESSION_BYTES_MAX {
        let why = format!("the expression is longer than {} bytes", limits::MAPPING_EXPRESSION_BYTES_MAX);
        return Err(Wrong { column: 1, why });
    }
    let mut parser = Parser { text, at: 0, patterns: 0 };
    let node = parser.comparison(0)?;
    parser.space();
    match parser.rest().chars().next() {
        None => Ok(node),
        Some(next) => Err(parser.wrong(parser.at, format!("the expression should end before '{next}'"))),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// The byte that is read next.
    at: usize,
    patterns: usize,
}

impl<'t> Parser<'t> {
    /// `operand`, or `operand = operand`
    fn comparison(&mut self, depth: usize) -> Result<Node, Wrong> {
        if depth > limits::MAPPING_DEPTH_MAX {
            return Err(self.wrong(self.at, format!("nested deeper than {} levels", limits::MAPPING_DEPTH_MAX)));
        }
        let left = self.operand(depth)?;
        let Some(how) = self.operator() else { return Ok(left) };
        let right = self.operand(depth)?;
        let begin = self.at;
        if let Some(again) = self.operator() {
            let why = format!("'{}' follows a comparison; only two values are compared", again.spelling());
            return Err(self.wrong(begin, why));
        }
        Ok(Node { column: left.column, what: What::Compare(how, Box::new(left), Box::new(right)) })
    }

    fn operator(&mut self) -> Option<Comparison> {
        self.space();
        let how = Comparison::ALL.into_iter().find(|how| self.rest().starts_with(how.spelling()))?;
        self.at += how.spelling().len();
        Some(how)
    }

    fn operand(&mut self, depth: usize) -> Result<Node, Wrong> {
        self.space();
        let begin = self.at;
        let what = match self.rest().chars().next() {
            None => return Err(self.wrong(begin, "the expression ends where a value should be")),
            Some('[') => self.attribute()?,
            Some('"') => What::Text(self.quoted()?),
            Some('0'..='9' | '-' | '&') => self.number()?,
            Some(first) if first.is_ascii_alphabetic() => self.named(depth)?,
            Some('“' | '”' | '\'') => return Err(self.wrong(begin, "texts stand in straight double quotes")),
            Some(other) => {
                let why = format!("'{other}' where an attribute, a text, a number or a function should be");
                return Err(self.wrong(begin, why));
            }
        };
        Ok(Node { column: self.column(begin), what })
    }

    /// `[path]`, in which value filters have brackets and texts of their own.
    fn attribute(&mut self) -> Result<What, Wrong> {
        let begin = self.at;
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        for (offset, next) in self.rest().char_indices() {
            match next {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '[' if !quoted => depth += 1,
                ']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let path = self.text.get(begin + 1..begin + offset).unwrap_or_default().trim();
                self.at = begin + offset + 1;
                return match path {
                    "" => Err(self.wrong(begin, "no attribute is named in the brackets")),
                    path => Ok(What::Attribute(path.to_owned())),
                };
            }
        }
        Err(self.wrong(begin, "the bracket is not closed"))
    }

    fn quoted(&mut self) -> Result<String, Wrong> {
        let begin = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((offset, next)) = chars.next() {
            match next {
                '"' => {
                    self.at = begin + offset + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => out.push(escaped),
                    _ => return Err(self.wrong(begin + offset, r#"a backslash in a text is written \\, a quote \""#)),
                },
                plain => out.push(plain),
            }
        }
        Err(self.wrong(begin, "the text is not closed"))
    }

    /// `12`, `-3`, `0.5`, or hexadecimal `&HF7`.
    fn number(&mut self) -> Result<What, Wrong> {
        let begin = self.at;
        let word = self.word(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '.' | '&'));
        let hexadecimal = word.strip_prefix("&H").or_else(|| word.strip_prefix("&h"));
        if let Some(digits) = hexadecimal {
            let number = i64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('-'));
            return number.map(What::Integer).ok_or_else(|| self.wrong(begin, format!("'{word}' is no number")));
        }
        let digits = word.strip_prefix('-').unwrap_or(word);
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = match digits.split_once('.') {
            None if is_digits(digits) => word.parse().ok().map(What::Integer),
            // With so many digits a number prints as it was written.
            Some((whole, fraction)) if is_digits(whole) && is_digits(fraction) && digits.len() <= DECIMAL_DIGITS => {
                word.parse().ok().map(|number: f64| match number.fract() == 0.0 {
                    true => What::Integer(number as i64),
                    false => What::Decimal(number),
                })
            }
            _ => None,
        };
        number.ok_or_else(|| self.wrong(begin, format!("'{word}' is no number")))
    }

    /// A function, or one of the few words that stand alone.
    fn named(&mut self, depth: usize) -> Result<What, Wrong> {
        let begin = self.at;
        let word = self.word(|next| next.is_ascii_alphanumeric() || next == '_');
        self.space();
        if self.take('(') {
            let function = function::find(word).map_err(|why| self.wrong(begin, why))?;
            let arguments = self.arguments(depth)?;
            return self.call(begin, function, arguments);
        }
        match word.to_ascii_lowercase().as_str() {
            "true" => Ok(What::Boolean(true)),
            "false" => Ok(What::Boolean(false)),
            "vbtextcompare" => Ok(What::Comparing { text: true }),
            "vbbinarycompare" => Ok(What::Comparing { text: false }),
            "null" | "nothing" => Err(self.wrong(begin, "there is no null: leave the argument empty")),
            _ => {
                let why = format!("'{word}' is no value; attributes stand in brackets: [{word}], texts in quotes");
                Err(self.wrong(begin, why))
            }
        }
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Node>, Wrong> {
        let open = self.at - 1;
        let mut arguments = Vec::new();
        self.space();
        if self.take(')') {
            return Ok(arguments);
        }
        loop {
            self.space();
            if arguments.len() == limits::MAPPING_ARGUMENTS_MAX {
                return Err(self.wrong(self.at, format!("more than {} arguments", limits::MAPPING_ARGUMENTS_MAX)));
            }
            match self.rest().chars().next() {
                Some(',' | ')') => arguments.push(Node { column: self.column(self.at), what: What::Missing }),
                _ => arguments.push(self.comparison(depth + 1)?),
            }
            self.space();
            if self.take(')') {
                return Ok(arguments);
            }
            if !self.take(',') {
                return Err(match self.rest().chars().next() {
                    None => self.wrong(open, "the parenthesis is not closed"),
                    Some(next) => self.wrong(self.at, format!("'{next}' where ',' or ')' should be")),
                });
            }
        }
    }

    fn call(&mut self, begin: usize, function: &'static Function, mut nodes: Vec<Node>) -> Result<What, Wrong> {
        let wrong = |why: String| Wrong { column: self.column(begin), why: format!("{}: {why}", function.signature()) };
        function.counts(nodes.len()).map_err(wrong)?;
        for (at, node) in nodes.iter_mut().enumerate() {
            let Some(parameter) = function.parameter(at) else { continue };
            if node.is_missing() && parameter.required {
                let why = format!("{}: the {} is missing", function.signature(), parameter.name);
                return Err(Wrong { column: node.column, why });
            }
            match parameter.takes {
                Takes::Pattern => self.patterns += usize::from(!node.is_missing()),
                Takes::Comparing => continue,
                _ if matches!(node.what, What::Comparing { .. }) => {
                    let why = "vbTextCompare and vbBinaryCompare say how InStr compares, and nothing else";
                    return Err(Wrong { column: node.column, why: why.to_owned() });
                }
                _ => {}
            }
            if self.patterns > limits::MAPPING_PATTERNS_MAX {
                let why = format!("more than {} regular expressions", limits::MAPPING_PATTERNS_MAX);
                return Err(Wrong { column: node.column, why });
            }
            constant(node, parameter.takes).map_err(|why| Wrong { column: node.column, why })?;
        }
        if let Some(shape) = function.shape {
            shape(&nodes)
                .map_err(|wrong| Wrong { why: format!("{}: {}", function.name, wrong.why), ..wrong })
                .map_err(|wrong| match wrong.column {
                    0 => Wrong { column: self.column(begin), ..wrong },
                    _ => wrong,
                })?;
        }
        Ok(What::Call(function, nodes))
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let text = self.text;
        let rest = text.get(self.at..).unwrap_or_default();
        let length = rest.find(|next| !belongs(next)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn column(&self, byte: usize) -> usize {
        1 + self.text.get(..byte).unwrap_or(self.text).chars().count()
    }

    fn wrong(&self, byte: usize, why: impl Into<String>) -> Wrong {
        Wrong { column: self.column(byte), why: why.into() }
    }
}

/// Numbers with at most so many characters are exact.
const DECIMAL_DIGITS: usize = 15;

/// Makes a constant text what its place takes: a regular expression, or the format of a date. Neither may be made at run time, since
/// nothing bounds how long that takes.
fn constant(node: &mut Node, takes: Takes) -> Result<(), String> {
    match (&node.what, takes) {
        (What::Missing, _) => {}
        (What::Text(text), Takes::Pattern) => node.what = What::Pattern(Box::new(Matcher::new(text)?)),
        (What::Text(text), Takes::Format) => node.what = What::Format(Box::new(Format::new(text)?)),
        (_, Takes::Pattern) => return Err("a regular expression must be a constant text".to_owned()),
        (_, Takes::Format) => return Err("the format of a date must be a constant text".to_owned()),
        _ => {}
    }
    Ok(())
}
