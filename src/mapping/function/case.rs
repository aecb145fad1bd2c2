//! Functions of upper and lower case.
//!
//! As .NET does, and other than Unicode's full mapping, one character becomes one: `ß` stays in capitals, `İ` and `ı` stay but in
//! Turkish and Azerbaijani (`tr`, `az`), where they are the other case of `i` and `I`. Other cultures do as the invariant one.
//! `PCase` without separators breaks words at space, control, punctuation and symbol characters, as the reference lists them.

use super::{Function, Gives, Takes, diacritics, optional, required};
use crate::mapping::Failure;
use crate::mapping::cell::Cell;
use crate::mapping::evaluate::Call;
use crate::scim::schema::Kind;
use icu_properties::props::GeneralCategory;
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "ToLower",
        about: "The text in lower case, by a culture's rules if one is named.",
        example: "ToLower([userName])",
        parameters: &[required("source", Takes::Text), optional("culture", Takes::Culture)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: to_lower,
    },
    Function {
        name: "ToUpper",
        about: "The text in upper case, by a culture's rules if one is named.",
        example: r#"ToUpper([name.familyName], "tr-TR")"#,
        parameters: &[required("source", Takes::Text), optional("culture", Takes::Culture)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: to_upper,
    },
    Function {
        name: "PCase",
        about: "Each word with its first character in upper case and the others in lower case.",
        example: r#"PCase([name.familyName], " '-")"#,
        parameters: &[required("source", Takes::Text), optional("wordSeparators", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: p_case,
    },
    Function {
        name: "NormalizeDiacritics",
        about: "The text with letters that have marks replaced by plain ones.",
        example: "NormalizeDiacritics([name.givenName])",
        parameters: &[required("source", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: normalize_diacritics,
    },
];

/// The text in lower case by the invariant culture.
pub(super) fn lower(text: &str) -> String {
    text.chars().map(|next| lower_of(next, false)).collect()
}

/// Whether `name` can be a culture's: `en`, `tr-TR`, `zh-Hant-TW`.
pub(in crate::mapping) fn is_culture(name: &str) -> bool {
    let mut parts = name.split('-');
    let is_language = |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_part = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.is_empty() || (parts.next().is_some_and(is_language) && parts.all(is_part))
}

fn to_lower<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    let turkic = is_turkic(call.text(1)?.as_deref());
    call.look_at(&source, 8)?;
    call.made(source.chars().map(|next| lower_of(next, turkic)).collect())
}

fn to_upper<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    let turkic = is_turkic(call.text(1)?.as_deref());
    call.look_at(&source, 8)?;
    call.made(source.chars().map(|next| upper_of(next, turkic)).collect())
}

fn p_case<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    let separators = call.text(1)?;
    let compared = separators.as_ref().map_or(8, |separators| separators.chars().count());
    call.look_at(&source, 8 + u64::try_from(compared).unwrap_or(u64::MAX))?;
    let mut begins = true;
    let mut out = String::with_capacity(source.len());
    for next in source.chars() {
        out.push(if begins { upper_of(next, false) } else { lower_of(next, false) });
        begins = match &separators {
            Some(separators) => separators.contains(next),
            None => is_separator(next),
        };
    }
    call.made(out)
}

fn normalize_diacritics<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    if source.is_ascii() {
        call.look_at(&source, 1)?;
        return Ok(Cell::Text(source));
    }
    call.look_at(&source, 40)?;
    call.made(diacritics::without(&source))
}

fn is_turkic(culture: Option<&str>) -> bool {
    let language = culture.unwrap_or_default().split('-').next().unwrap_or_default();
    language.eq_ignore_ascii_case("tr") || language.eq_ignore_ascii_case("az")
}

fn lower_of(next: char, turkic: bool) -> char {
    match next {
        'I' if turkic => 'ı',
        'İ' if turkic => 'i',
        'İ' => 'İ',
        other => single(other, other.to_lowercase()),
    }
}

fn upper_of(next: char, turkic: bool) -> char {
    match next {
        'i' if turkic => 'İ',
        'ı' if turkic => 'I',
        'ı' => 'ı',
        other => single(other, other.to_uppercase()),
    }
}

/// The mapping, if it is a single character.
fn single(next: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => next,
    }
}

const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();

fn is_separator(next: char) -> bool {
    use GeneralCategory as Is;
    if next.is_ascii() {
        return !next.is_ascii_alphanumeric();
    }
    matches!(
        CATEGORY.get(next),
        Is::SpaceSeparator
            | Is::LineSeparator
            | Is::ParagraphSeparator
            | Is::Control
            | Is::Format
            | Is::ConnectorPunctuation
            | Is::DashPunctuation
            | Is::OpenPunctuation
            | Is::ClosePunctuation
            | Is::InitialPunctuation
            | Is::FinalPunctuation
            | Is::OtherPunctuation
            | Is::MathSymbol
            | Is::CurrencySymbol
            | Is::ModifierSymbol
            | Is::OtherSymbol
    )
}
