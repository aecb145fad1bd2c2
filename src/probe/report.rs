//! What a run found, as data: one row a request, and what is left on the server. It does not print.

use serde_json::{Value, json};

use super::judge::Verdict;

/// A run from its first request to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The profile.
    pub profile: &'static str,
    /// What every name of this run begins with.
    pub prefix: String,
    /// The steps in order, the cleaning up at the end.
    pub rows: Vec<Row>,
    /// What could not be removed, as paths below the Tenant URL.
    pub left_behind: Vec<String>,
    /// Why the cycle ended before its end; empty when it did not.
    pub stopped: String,
    /// No request was answered; the reason.
    pub unreachable: Option<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the provider was doing.
    pub step: String,
    /// Whether it belongs to the cleaning up, which no provider does.
    pub cleaning: bool,
    /// How it ended.
    pub verdict: Verdict,
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the Tenant URL; with variables when the step was skipped.
    pub path: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The statuses that are right.
    pub wanted: Vec<u16>,
    /// What is not as it should be.
    pub findings: Vec<String>,
    /// What the provider does about it.
    pub consequences: Vec<String>,
    /// The body of the request, of a step that did not pass.
    pub request_body: String,
    /// The beginning of the answer's body, of a step that did not pass.
    pub answer_body: String,
    /// How long the answer took.
    pub milliseconds: u64,
}

impl Report {
    /// How many rows have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// The worst verdict; a cycle that was stopped has failed.
    pub fn verdict(&self) -> Verdict {
        let worst = self.rows.iter().map(|row| row.verdict).max().unwrap_or(Verdict::Skipped);
        if self.stopped.is_empty() { worst } else { Verdict::Fail }
    }

    /// The report as JSON, with every row.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        json!({
            "profile": self.profile,
            "prefix": self.prefix,
            "verdict": self.verdict().name(),
            "passed": self.count(Verdict::Pass),
            "warned": self.count(Verdict::Warn),
            "failed": self.count(Verdict::Fail),
            "skipped": self.count(Verdict::Skipped),
            "stopped": self.stopped,
            "left_behind": self.left_behind,
            "steps": rows,
        })
    }
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "step": self.step,
            "cleaning_up": self.cleaning,
            "verdict": self.verdict.name(),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "wanted": self.wanted,
            "findings": self.findings,
            "consequences": self.consequences,
            "request_body": self.request_body,
            "answer_body": self.answer_body,
            "milliseconds": self.milliseconds,
        })
    }
}
