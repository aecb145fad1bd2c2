//! What holds for every expression: it prints as itself, its evaluation is bounded and gives the same twice, and nothing panics. With
//! `PROPTEST_CASES` in the environment the random ones are as many as that says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::mapping::function::{Takes, functions};
use crate::mapping::samples;
use proptest::prelude::*;
use serde_json::json;

fn parse(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

#[test]
fn expressions_print_canonically() {
    for (text, printed) in [
        (r#"  join( ","  ,[ userName ],1.50,&HF, TRUE )  "#, r#"Join(",", [userName], 1.5, 15, True)"#),
        (r#"replace([mail],"a",,,"\"\\",,)"#, r#"Replace([mail], "a", , , "\"\\", , )"#),
        (r#"iif([a]<>"b",-0,-1.0)"#, r#"IIF([a] <> "b", 0, -1)"#),
        (r#"InStr("a","b",,VBTEXTCOMPARE)"#, r#"InStr("a", "b", , vbTextCompare)"#),
        (r#"[emails[type eq "work"].value]"#, r#"[emails[type eq "work"].value]"#),
        ("\"two\nlines\"", "\"two\nlines\""),
        ("now( )", "Now()"),
    ] {
        let expression = parse(text);
        assert_eq!(expression.to_string(), printed);
        assert_eq!(parse(printed), expression);
    }
    assert_ne!(parse("[a]"), parse("[b]"));
    assert_eq!(format!("{:?}", parse("[a]")), r#"Expression("[a]")"#);
}

#[test]
fn an_attribute_alone_is_known_as_one() {
    assert_eq!(parse("[userName]").attribute(), Some("userName"));
    assert_eq!(parse("ToLower([userName])").attribute(), None);
}

#[test]
fn length_depth_and_numbers_are_bounded() {
    let long = format!("\"{}\"", "x".repeat(limits::MAPPING_EXPRESSION_BYTES_MAX));
    assert!(Expression::parse(&long).unwrap_err().why.contains("longer than"));

    let nested = |depth: usize| format!("{}\"x\"{}", "ToLower(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(limits::MAPPING_DEPTH_MAX)).is_ok());
    let deep = Expression::parse(&nested(limits::MAPPING_DEPTH_MAX + 1)).unwrap_err();
    assert_eq!((deep.column, deep.why.contains("nested deeper")), (8 * (limits::MAPPING_DEPTH_MAX + 1) + 1, true));

    let wide = |count: usize| format!("Coalesce({}1)", "1,".repeat(count - 1));
    assert!(Expression::parse(&wide(limits::MAPPING_ARGUMENTS_MAX)).is_ok());
    assert!(Expression::parse(&wide(limits::MAPPING_ARGUMENTS_MAX + 1)).unwrap_err().why.contains("arguments"));

    let patterns = |count: usize| format!("{}\"x\"{}", "RegexReplace(".repeat(count), r#", "a", "b")"#.repeat(count));
    assert!(Expression::parse(&patterns(limits::MAPPING_PATTERNS_MAX)).is_ok());
    let many = Expression::parse(&patterns(limits::MAPPING_PATTERNS_MAX + 1)).unwrap_err();
    assert!(many.why.contains("regular expressions"), "{many}");

    let pattern = format!(r#"RegexReplace("a", "{}", "")"#, "x".repeat(limits::MAPPING_PATTERN_BYTES_MAX + 1));
    assert!(Expression::parse(&pattern).unwrap_err().why.contains("longer than"));
}

/// As many of `piece`, which has two arguments at most, as fit into an expression.
fn filled(begin: &str, piece: &str, end: &str) -> String {
    let arguments = if piece == SWITCH_CASE { 2 } else { 1 };
    let count = ((limits::MAPPING_EXPRESSION_BYTES_MAX - begin.len() - end.len()) / piece.len())
        .min((limits::MAPPING_ARGUMENTS_MAX - 3) / arguments);
    format!("{begin}{}{end}", piece.repeat(count))
}

const SWITCH_CASE: &str = ",\"key\",\"value\"";

fn largest_user() -> Map<String, Value> {
    let value = "x".repeat(limits::VALUE_BYTES_MAX);
    let email = |at: usize| json!({"value": format!("{at}@example.com"), "type": "work", "display": "é".repeat(4_000)});
    let emails: Vec<Value> = (0..limits::VALUES_MAX).map(email).collect();
    let photos: Vec<Value> = (0..40).map(|_| json!({"value": value, "type": "photo"})).collect();
    let user = json!({"userName": "ada@example.com", "displayName": value, "title": "é ".repeat(30_000), "emails": emails,
        "phoneNumbers": (0..limits::VALUES_MAX).map(|at| json!({"value": at.to_string(), "type": "work"})).collect::<Vec<Value>>(),
        "photos": photos, "nickName": "a".repeat(limits::MAPPING_PATTERN_TEXT_BYTES_MAX)});
    user.as_object().unwrap().clone()
}

#[test]
fn the_largest_expressions_over_the_largest_resource_stay_in_their_steps() {
    let source = samples::source();
    let user = largest_user();
    let steps_of = |text: &str| {
        let expression = parse(text);
        let (result, steps) = expression.evaluate_counted(&user, &source, samples::NOW_MS);
        assert!(steps <= limits::MAPPING_STEPS_MAX);
        (result, steps)
    };

    // What an admin may write, as large as it may be, has a result.
    for (text, bytes_min) in [
        (filled("Join(\"\"", ",[userName]", ")"), 500 * 15),
        (filled("Join(\",\"", ",ToLower([userName])", ")"), 300 * 15),
        (filled("Join(\",\"", ",IIF([userName]=\"\",1,[userName])", ")"), 200 * 15),
        (filled("Switch([userName],[userName]", SWITCH_CASE, ")"), 15),
        (format!("{}[userName]{}", "RegexReplace(".repeat(16), r#", "[a-z]*@", "$0")"#.repeat(16)), 15),
        ("ToLower([emails.value])".to_owned(), 1),
        ("Join(\",\", [emails.value])".to_owned(), 500 * 10),
        ("Left([displayName], 20)".to_owned(), 20),
        ("[displayName]".to_owned(), limits::VALUE_BYTES_MAX),
        ("[phoneNumbers]".to_owned(), 1),
        ("RegexReplace([nickName], \"^a+$\", \"b\")".to_owned(), 1),
    ] {
        let (result, steps) = steps_of(&text);
        let shown: String = text.chars().take(60).collect();
        match result {
            Ok(Value::String(text)) => assert!(text.len() >= bytes_min, "{shown}: {} bytes", text.len()),
            Ok(Value::Array(values)) => assert_eq!(values.len(), limits::VALUES_MAX),
            other => panic!("{shown}: {other:?} after {steps} steps"),
        }
    }

    // What would be too much work is stopped where it is.
    for text in [
        filled("Join(\"\"", ",Len([displayName])", ")"),
        filled("Join(\"\"", ",Len(NormalizeDiacritics([title]))", ")"),
        filled("Join(\"\"", ",[emails[display eq \"x\"].value]", ")"),
        filled("Join(\"\"", ",Count([photos])", ",Count(Split([displayName],\"y\")))"),
        "RegexReplace([nickName], \"a\", \"b\")".to_owned(),
        "RegexReplace([nickName], \".*[^a]|a\", \"b\")".to_owned(),
        "Join(\"\", [displayName])".to_owned(),
        "RegexReplace([displayName], \"a\", \"b\")".to_owned(),
        "ToLower([emails.display])".to_owned(),
        "[photos]".to_owned(),
    ] {
        let (result, steps) = steps_of(&text);
        let shown: String = text.chars().take(60).collect();
        if let Err(failure) = result {
            let why = failure.why;
            assert!(why.contains("more work") || why.contains("longer than") || why.contains("more than"), "{why}");
        } else {
            assert!(steps <= limits::MAPPING_STEPS_MAX, "{shown}");
        }
    }
}

#[test]
fn lists_within_lists_end_with_the_steps() {
    // Each level would multiply the work by the number of addresses.
    let mut text = "\"\"".to_owned();
    for _ in 0..10 {
        text = format!("Join(\"\", Append([emails.value], {text}))");
    }
    let (result, steps) = parse(&text).evaluate_counted(&largest_user(), &samples::source(), 0);
    let failure = result.unwrap_err();
    assert!(failure.why.contains("more work") || failure.why.contains("makes more than"), "{failure}");
    assert!(steps <= limits::MAPPING_STEPS_MAX);
}

const ATTRIBUTES: &[&str] = &[
    "userName",
    "name.givenName",
    "displayName",
    "emails.value",
    "emails",
    "name",
    "active",
    "text",
    "number",
    "ratio",
    "flag",
    "when",
    "proxyAddresses",
    "numbers",
    "department",
    "emails[type eq \"work\"].value",
    "emails[primary eq true]",
    "nope",
    "title",
    "urn:x:y",
];
const PATTERNS: &[&str] = &[
    "a",
    "(?<n>a)(b)?",
    "[a-zA-Z_]*",
    "^(.*)@.*$",
    "\\\\d+",
    "(",
    "x*",
    "(?i)É",
    "\\\\b",
    "(a|b|ab)*c",
    "[[\\\\]]",
    "\\\\w{2,9}",
];
const FORMATS: &[&str] =
    &["yyyy-MM-dd", "M/d/yyyy h:mm:ss tt", "yyyyMMddHHmmss.fZ", "%d", "K", "ddd'x'", "yyyy-MM-ddTHH:mm:ss.FFFzzz"];
const TEXTS: &[&str] = &[
    "",
    "True",
    "false",
    "12",
    "-1",
    "2021-06-30+08:00",
    "8/25/2021 5:41:18 PM",
    "😀 é ß",
    "a,b, c",
    "$1${n}$$",
    "d",
    "n",
    "yyyy",
];

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(ATTRIBUTES).prop_map(|path| format!("[{path}]")),
        3 => prop::sample::select(TEXTS).prop_map(quoted),
        1 => any::<String>().prop_map(|text| quoted(&text)),
        2 => any::<i16>().prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => (0.0..1000.0).prop_map(|number: f64| format!("{number:.3}")),
        1 => Just("True".to_owned()),
        1 => Just(String::new()),
    ]
}

/// An argument for a parameter, most often one that it takes.
fn argument(takes: Takes, inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let one_of = |texts: &'static [&'static str]| prop::sample::select(texts);
    match takes {
        Takes::Pattern => one_of(PATTERNS).prop_map(|text| format!("\"{text}\"")).boxed(),
        Takes::Format => one_of(FORMATS).prop_map(quoted).boxed(),
        Takes::Interval => one_of(&["yyyy", "m", "ww", "d", "h", "n", "s", "q"]).prop_map(quoted).boxed(),
        Takes::Culture => one_of(&["", "tr-TR", "en-US", "az", "x"]).prop_map(quoted).boxed(),
        Takes::Styles => one_of(&["", "\"None\"", "\"x\""]).prop_map(str::to_owned).boxed(),
        Takes::Comparing => one_of(&["", "vbTextCompare", "vbBinaryCompare"]).prop_map(str::to_owned).boxed(),
        Takes::Integer => prop_oneof![3 => (-3..9).prop_map(|number: i32| number.to_string()), 1 => inner].boxed(),
        _ => inner,
    }
}

fn call(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let calls = prop::sample::select(functions().collect::<Vec<_>>()).prop_flat_map(move |function| {
        let known = function.parameters.len();
        let inner = inner.clone();
        (0..2_usize).prop_flat_map(move |more| {
            let count = known + more * function.repeats;
            let arguments: Vec<BoxedStrategy<String>> =
                (0..count).map(|at| argument(function.parameter(at).unwrap().takes, inner.clone())).collect();
            arguments.prop_map(move |arguments| format!("{}({})", function.name, arguments.join(", ")))
        })
    });
    calls.boxed()
}

fn expressions() -> impl Strategy<Value = String> {
    leaf().prop_recursive(5, 40, 6, |inner| {
        let compared = (inner.clone(), prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]), inner.clone())
            .prop_map(|(left, how, right)| format!("{left} {how} {right}"));
        prop_oneof![9 => call(inner.clone().boxed()), 1 => compared]
    })
}

fn resources() -> impl Strategy<Value = Map<String, Value>> {
    let text =
        prop_oneof![prop::sample::select(TEXTS).prop_map(str::to_owned), any::<String>(), "[a-zA-Z @.,'-]{0,40}",];
    let texts = prop::collection::vec(text.clone(), 0..4);
    (prop::collection::vec(text, 8), texts, any::<Option<i64>>(), any::<Option<bool>>()).prop_map(
        |(texts, many, number, flag)| {
            let mut texts = texts.into_iter().map(|text| if text == "12" { Value::Null } else { Value::from(text) });
            let mut next = || texts.next().unwrap_or_default();
            let attributes = json!({
                "userName": next(), "displayName": next(), "title": next(), "department": next(), "text": next(),
                "name": {"givenName": next(), "familyName": next()}, "active": flag, "flag": flag, "number": number,
                "ratio": 0.5, "when": "2021-01-31T10:00:00Z", "proxyAddresses": many, "numbers": [1, 2, 2],
                "emails": [{"value": next(), "type": "work"}, {"value": "a@b", "primary": true}],
            });
            samples::resource(&samples::source(), &attributes.to_string())
        },
    )
}

proptest! {
    #[test]
    fn any_expression_is_bounded_and_gives_the_same_twice(text in expressions(), resource in resources()) {
        let source = samples::source();
        let Ok(expression) = Expression::parse(&text) else { return Ok(()) };
        let printed = expression.to_string();
        prop_assert_eq!(&Expression::parse(&printed).unwrap(), &expression);
        let (first, steps) = expression.evaluate_counted(&resource, &source, samples::NOW_MS);
        let (second, again) = parse(&printed).evaluate_counted(&resource, &source, samples::NOW_MS);
        prop_assert_eq!(first.is_ok(), second.is_ok());
        prop_assert_eq!((steps, first.ok()), (again, second.ok()));
        prop_assert!(steps <= limits::MAPPING_STEPS_MAX);
        for kind in [crate::scim::schema::Kind::String, crate::scim::schema::Kind::Boolean] {
            for multi_valued in [true, false] {
                let target = Target { name: "target", kind, multi_valued };
                let _ = expression.check(&source, Some(&target));
            }
        }
    }

    /// An expression that checks fails, if at all, because of values.
    #[test]
    fn what_checks_fits_its_target_or_says_why(text in expressions(), resource in resources()) {
        let source = samples::source();
        let target = Target { name: "target", kind: crate::scim::schema::Kind::String, multi_valued: false };
        let Ok(expression) = Expression::parse(&text) else { return Ok(()) };
        if expression.check(&source, Some(&target)).is_err() {
            return Ok(());
        }
        match expression.evaluate(&resource, &source, samples::NOW_MS) {
            Ok(value) => {
                let fitted = target.fit(value).unwrap();
                prop_assert!(fitted.is_null() || fitted.is_string());
            }
            Err(failure) => {
                prop_assert!(failure.column >= 1 && failure.column <= text.chars().count());
                prop_assert!(!failure.why.contains("sub-attributes"), "{}", failure);
                prop_assert!(!failure.why.contains("several values"), "{}: {}", text, failure);
            }
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn no_broken_expression_does_either(text in expressions(), at in any::<prop::sample::Index>(), junk in "[\\[\\]\"\\\\(),=<>a-z&-]{0,3}") {
        let chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len() + 1);
        let broken: String = chars.iter().take(at).copied().chain(junk.chars()).chain(chars.iter().skip(at + 1).copied()).collect();
        if let Err(wrong) = Expression::parse(&broken) {
            prop_assert!(wrong.column >= 1 && wrong.column <= broken.chars().count() + 1);
        }
    }
}
