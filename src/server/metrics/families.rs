//! The metrics as data, read from the text that Prometheus is given, so that both are always the same. It does not know what a metric
//! is about.

use std::collections::BTreeMap;

/// One metric with all its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name that queries use: that of a counter ends in `_total`.
    pub name: String,
    /// What it is.
    pub help: String,
    /// How to read it.
    pub kind: Kind,
    /// Its samples, by their labels; the buckets of one histogram stay in their order.
    pub samples: Vec<Sample>,
}

/// How the samples of a family are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that is what it is.
    Gauge,
    /// Cumulative counts by upper bound, a sum and a count.
    Histogram,
    /// Anything else.
    Unknown,
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name with its suffix.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The number.
    pub value: f64,
}

/// The families of a text in the OpenMetrics format whose name begins with `prefix`, by name. A line that is not understood is passed
/// over.
pub fn families(text: &str, prefix: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            let (name, help) = (name.to_owned(), help.to_owned());
            families.push(Family { name, help, kind: Kind::Unknown, samples: Vec::new() });
        } else if let Some((_, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            if let Some(family) = families.last_mut() {
                family.kind = kind_of(kind);
            }
        } else if !line.starts_with('#')
            && let (Some(family), Some(sample)) = (families.last_mut(), sample(line))
        {
            family.samples.push(sample);
        }
    }
    for family in &mut families {
        if family.kind == Kind::Counter {
            family.name.push_str("_total");
        }
        family.samples.sort_by_cached_key(|sample| {
            let mut labels = sample.labels.clone();
            labels.remove("le");
            labels
        });
    }
    families.retain(|family| family.name.starts_with(prefix) && !family.samples.is_empty());
    families.sort_by(|a, b| a.name.cmp(&b.name));
    families
}

fn kind_of(word: &str) -> Kind {
    match word {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        _ => Kind::Unknown,
    }
}

/// `name{label="value",…} 1.5`
fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at_checked(end)?;
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.trim_start_matches(',').split_once("=\"")?;
            let (value, after) = quoted(after)?;
            labels.insert(label.to_owned(), value);
            rest = after;
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = match rest.trim().split(' ').next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().ok()?,
    };
    Some(Sample { name: name.to_owned(), labels, value })
}

/// The text up to the closing quote, unescaped, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    loop {
        match letters.next()? {
            (at, '"') => return Some((value, text.get(at + 1..)?)),
            (_, '\\') => match letters.next()? {
                (_, 'n') => value.push('\n'),
                (_, other) => value.push(other),
            },
            (_, other) => value.push(other),
        }
    }
}
