//! Letters without their marks, as the reference's table has them. Beside that table, letters with a stroke (`đ`, `ħ`, `ŧ`) become
//! plain ones, `ð` is d and `þ` is th, and combining marks go from letters of every script; marks that are no diacritics, such as the
//! vowels of Hebrew or Hindi, stay.

use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};

/// The text without diacritics.
pub(super) fn without(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for next in NFD.normalize(text).chars() {
        match PLAIN.binary_search_by_key(&next, |(marked, _)| *marked) {
            Ok(at) => out.push_str(PLAIN.get(at).map_or("", |(_, plain)| plain)),
            Err(_) if is_mark(next) => {}
            Err(_) => out.push(next),
        }
    }
    NFC.normalize(&out).into_owned()
}

const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

/// Unicode's blocks of combining diacritical marks.
fn is_mark(next: char) -> bool {
    matches!(next, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// Letters that have no decomposition, in the order of their numbers.
const PLAIN: &[(char, &str)] = &[
    ('Æ', "AE"),
    ('Ð', "D"),
    ('Ø', "OE"),
    ('Þ', "TH"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('ð', "d"),
    ('ø', "oe"),
    ('þ', "th"),
    ('Đ', "D"),
    ('đ', "d"),
    ('Ħ', "H"),
    ('ħ', "h"),
    ('ı', "i"),
    ('Ł', "L"),
    ('ł', "l"),
    ('Œ', "OE"),
    ('œ', "oe"),
    ('Ŧ', "T"),
    ('ŧ', "t"),
    ('ẞ', "SS"),
];
