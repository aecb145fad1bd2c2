//! The one comparison form of text that is not caseExact: uniqueness, filters, sorting and index keys all use it. It
//! knows no attribute; the text as it was sent is kept elsewhere.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};
use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};

use crate::limits::FOLD_ROUNDS_MAX;

/// The text as toNFKC_Casefold(NFD(text)), the identifier caseless matching of the Unicode Standard (D147 in section
/// 3.13): texts that differ in case, in composition, in compatibility forms such as full width, or in invisible
/// characters only, give the same result. Folding twice changes nothing. The result may be empty, and longer than the
/// text.
///
/// The mapping is that of no particular language: `I` and `i` match also for Turkish, dotless `ı` is its own letter.
pub fn fold(s: &str) -> Cow<'_, str> {
    if !s.is_ascii() {
        return fold_unicode(s);
    }
    // ASCII has no composition, no compatibility forms and no default ignorables.
    if s.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(s.to_ascii_lowercase()) } else { Cow::Borrowed(s) }
}

const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// Folding makes what must be normalized (`ẞ`), and normalizing what must be folded (`ℌ`), so both repeat until nothing
/// changes. Decomposition comes first: it moves an iota subscript behind the other marks before folding turns it into a
/// letter that no longer moves, so that composed and decomposed forms agree.
fn fold_unicode(s: &str) -> Cow<'_, str> {
    let mut folded = fold_round(&NFD.normalize(s));
    for _ in 1..FOLD_ROUNDS_MAX {
        let next = fold_round(&folded);
        if next == folded {
            break;
        }
        folded = next;
    }
    if folded == s { Cow::Borrowed(s) } else { Cow::Owned(folded) }
}

fn fold_round(text: &str) -> String {
    NFKC.normalize(&CASE.fold_string(&visible(text))).into_owned()
}

/// The text without default ignorables. A spacing iota subscript becomes its letter here, because normalization would
/// first make it a mark and move it behind the marks that follow.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == SPACING_IOTA || IGNORABLE.contains(c)) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|&c| !IGNORABLE.contains(c)).collect::<String>();
    Cow::Owned(kept.replace(SPACING_IOTA, " \u{3B9}"))
}

const SPACING_IOTA: char = '\u{37A}';

#[cfg(test)]
mod tests;
