//! A source file as the rules see it: with comments, strings and character literals blanked out, so that only code is
//! searched, and cut into words. It does not know the rules.

/// A file.
pub(super) struct Source {
    /// Its path from the repository's root, such as `src/scim/filter.rs`.
    pub(super) path: String,
    /// Its text as it is.
    pub(super) text: String,
    /// Its text with everything that is not code turned into spaces; lines stay where they are.
    pub(super) code: String,
    test: bool,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            code: blank(text),
            test: path.ends_with("/tests.rs") || path.contains("/tests/"),
        }
    }

    /// Whether the file holds tests only.
    pub(super) fn is_test(&self) -> bool {
        self.test
    }

    /// The module's path from the crate's root: `src/a/b.rs` is `[a, b]`, `src/lib.rs` and `src/main.rs` are empty.
    pub(super) fn module(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path).trim_end_matches(".rs");
        match inner {
            "lib" | "main" => Vec::new(),
            inner => inner.split('/').filter(|part| *part != "mod").collect(),
        }
    }

    /// Whether the file is one of the `places`: a file, or a folder with a slash at its end.
    pub(super) fn is_in(&self, places: &[&str]) -> bool {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        places.iter().any(|place| if place.ends_with('/') { inner.starts_with(place) } else { inner == *place })
    }

    /// A finding in this file at the byte `at`.
    pub(super) fn finding(&self, at: usize, what: &str) -> String {
        let line = 1 + self.code.bytes().take(at).filter(|byte| *byte == b'\n').count();
        format!("{}:{line}: {what}", self.path)
    }

    /// Where `phrase` stands in the code, at a word's beginning, and at a word's end if it ends as a word.
    pub(super) fn positions(&self, phrase: &str) -> Vec<usize> {
        let bytes = self.code.as_bytes();
        let first_is_word = phrase.bytes().next().is_some_and(is_word);
        let last_is_word = phrase.bytes().last().is_some_and(is_word);
        self.code
            .match_indices(phrase)
            .map(|(at, _)| at)
            .filter(|at| !first_is_word || *at == 0 || !is_word(bytes[at - 1]))
            .filter(|at| !last_is_word || !bytes.get(at + phrase.len()).copied().is_some_and(is_word))
            .collect()
    }

    /// Every word of the code with its position.
    pub(super) fn words(&self) -> Vec<(usize, &str)> {
        let mut words = Vec::new();
        let mut start = None;
        for (at, byte) in self.code.bytes().chain([b' ']).enumerate() {
            match (is_word(byte), start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    words.push((from, &self.code[from..at]));
                    start = None;
                }
                _ => {}
            }
        }
        words
    }
}

/// Marks the files of every module that is declared under `#[cfg(test)]`, whatever its name.
pub(super) fn mark_tests(files: &mut [Source]) {
    let mut modules = Vec::new();
    for file in files.iter() {
        let folder = match file.path.as_str() {
            "src/lib.rs" | "src/main.rs" => "src",
            path => path.trim_end_matches(".rs"),
        };
        for at in file.positions("#[cfg(test)]") {
            let declared = file.code[at + "#[cfg(test)]".len()..].split([';', '{']).next().unwrap_or("");
            if let Some((_, name)) = declared.rsplit_once("mod ") {
                modules.push(format!("{folder}/{}", name.trim()));
            }
        }
    }
    for file in files {
        file.test |= modules.iter().any(|module| {
            let behind = file.path.strip_prefix(module.as_str());
            behind.is_some_and(|behind| behind == ".rs" || behind.starts_with('/'))
        });
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Turns comments, strings and character literals into spaces.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => find(bytes, at, b"\n").unwrap_or(bytes.len()),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_end(bytes, at),
            b'"' => string_end(bytes, at + 1),
            b'r' if (at == 0 || !is_word(bytes[at - 1]) || bytes[at - 1] == b'b') => match raw_end(bytes, at + 1) {
                Some(end) => end,
                None => at + 1,
            },
            b'\'' => char_end(bytes, at).unwrap_or(at + 1),
            _ => at + 1,
        };
        if end > at + 1 {
            for byte in &mut out[at..end.min(bytes.len())] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        at = end;
    }
    // Characters of several bytes outside of literals do not occur in code that matters here.
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes[from..].windows(what.len()).position(|window| window == what).map(|offset| from + offset)
}

/// Block comments nest.
fn block_end(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// The end of a raw string whose hashes begin at `from`; `None` if there is none, as in a raw identifier.
fn raw_end(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes[from..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(from + hashes) != Some(&b'"') {
        return None;
    }
    let closing = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    find(bytes, from + hashes + 1, &closing).map(|end| end + closing.len())
}

/// The end of a character literal; `None` for a lifetime.
fn char_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'\\' => find(bytes, at + 3, b"'").map(|end| end + 1),
        first => {
            let width = match first {
                0x00..=0x7f => 1,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            (bytes.get(at + 1 + width) == Some(&b'\'')).then_some(at + width + 2)
        }
    }
}

#[test]
fn only_code_is_left() {
    let text = "let a = \"redb \\\" x\"; // redb\nlet b = r#\"redb \" x\"#; /* redb /* redb */ redb */ let c = '\"'; let d: &'a str = '\\'';\nb\"redb\" br\"redb\" 'é' r#type";
    let code = Source::new("src/a.rs", text).code;
    assert!(!code.contains("redb"), "{code}");
    for kept in ["let a =", "let b =", "let c =", "let d: &'a str =", "r#type"] {
        assert!(code.contains(kept), "{kept} in {code}");
    }
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn words_and_phrases_end_where_they_end() {
    let source = Source::new("src/a/b.rs", "fn expected() { x.expect(1); redbish(); my_redb; redb::open() }");
    assert_eq!(source.positions("redb").len(), 1);
    assert_eq!(source.positions(".expect(").len(), 1);
    assert_eq!(source.module(), ["a", "b"]);
    assert!(source.words().iter().any(|(_, word)| *word == "my_redb"));
    assert!(source.is_in(&["a/"]) && source.is_in(&["a/b.rs"]) && !source.is_in(&["a.rs", "b/"]));
}

#[test]
fn modules_under_cfg_test_are_tests() {
    let mut files = [
        Source::new("src/store.rs", "mod redb;\n#[cfg(test)]\npub(crate) mod faults;"),
        Source::new("src/store/redb.rs", ""),
        Source::new("src/store/faults.rs", ""),
        Source::new("src/store/faults/disk.rs", ""),
        Source::new("src/store/faults_seen.rs", ""),
    ];
    mark_tests(&mut files);
    assert_eq!(files.map(|file| file.is_test()), [false, false, true, true, false]);
}
