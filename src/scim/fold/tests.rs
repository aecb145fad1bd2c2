//! Tests of the fold: tables of pairs, the definition it must agree with, and random texts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

mod pairs;

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

#[test]
fn alike() {
    for (one, other) in pairs::ALIKE {
        assert_ne!(one, other, "a pair of equal texts tests nothing");
        assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
    }
}

#[test]
fn different() {
    for (one, other) in pairs::DIFFERENT {
        assert_ne!(fold(one), fold(other), "{one:?} and {other:?}");
    }
}

#[test]
fn exact() {
    let rows = [
        ("", ""),
        ("\u{ad}\u{200b}", ""),
        ("Bjensen@Example.COM", "bjensen@example.com"),
        ("Stra\u{df}e", "strasse"),
        ("\u{130}stanbul", "i\u{307}stanbul"),
        ("JOSE\u{301}", "jos\u{e9}"),
        ("\u{2460}\u{b2}", "12"),
        ("\u{ff21}\u{3000}\u{ff22}", "a b"),
    ];
    for (text, folded) in rows {
        assert_eq!(fold(text), folded, "{text:?}");
    }
}

#[test]
fn borrows_what_is_folded() {
    for text in ["", "bjensen@example.com", "jos\u{e9}", "\u{5f20}\u{4f1f}"] {
        assert!(matches!(fold(text), Cow::Borrowed(_)), "{text:?}");
    }
}

/// The planes that have letters, and the plane of tags and variation selectors.
#[test]
fn every_character() {
    let all = ('\0'..='\u{1ffff}').chain('\u{e0000}'..='\u{e0fff}');
    for c in all {
        let text = c.to_string();
        let folded = fold(&text);
        assert_eq!(fold(&folded), folded, "{c:?} folds on");
        assert_eq!(folded, defined(&text), "{c:?}");
        assert_eq!(fold(&NFD.normalize(&text)), folded, "{c:?} decomposed");
    }
}

/// The definition as Unicode writes it, character by character: D147 over NFKC_Casefold(c) of
/// DerivedNormalizationProps.txt, which is case folding, NFKC and the removal of default ignorables until nothing
/// changes.
fn defined(text: &str) -> String {
    let decomposed = NFD.normalize(text);
    let mapped = decomposed.chars().map(|c| {
        let mut mapped = c.to_string();
        loop {
            let visible = mapped.chars().filter(|&c| !IGNORABLE.contains(c)).collect::<String>();
            let next = NFKC.normalize(&CASE.fold_string(&visible)).into_owned();
            if next == mapped {
                return mapped;
            }
            mapped = next;
        }
    });
    NFC.normalize(&mapped.collect::<String>()).into_owned()
}

/// Characters that cases, marks, compatibility and ignorables make difficult, close together.
fn difficult() -> impl Strategy<Value = String> {
    let awkward = "aAiIıİsSßẞſΣσςΑαᾳᾼͺΐΰЙйкKÅÅéﬁﬃǅĳŉℌℝ™①²ªꟲㇱﾊﾟﾞㅤﾠ각각ﷺﷲ｡　 \
        \u{301}\u{307}\u{308}\u{313}\u{323}\u{327}\u{345}\u{34f}\u{ad}\u{200b}\u{200d}\u{2060}\u{fe0f}\u{feff}\u{e0041}\
        \u{1160}\u{180b}\u{1ab7}\u{3099}\u{1d400}\u{1f130}\u{1e921}\u{10400}\u{ab70}\u{13a0}\u{1c89}\u{a64a}\u{1c88}";
    let awkward = select(awkward.chars().collect::<Vec<_>>());
    vec(prop_oneof![4 => awkward, 1 => any::<char>()], 0..12).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn idempotent(text in difficult()) {
        let folded = fold(&text);
        prop_assert_eq!(&fold(&folded), &folded);
    }

    #[test]
    fn composition_makes_no_difference(text in difficult()) {
        let folded = fold(&text);
        let (composed, decomposed) = (NFC.normalize(&text), NFD.normalize(&text));
        prop_assert_eq!(fold(&composed), &*folded);
        prop_assert_eq!(fold(&decomposed), &*folded);
    }

    #[test]
    fn as_defined(text in difficult()) {
        prop_assert_eq!(fold(&text), defined(&text));
    }

    #[test]
    fn upper_case_of_ascii_makes_no_difference(text in "[ -~]{0,20}") {
        let upper = text.to_ascii_uppercase();
        prop_assert_eq!(fold(&upper), text.to_ascii_lowercase());
    }
}
