//! What a provider's cycle is made of: steps as data. A step is one request, what its answer must show, and what the provider
//! would do if it does not. Nothing here knows an answer, and nothing here does anything.
//!
//! Texts have variables in `{{}}`: `p` is the prefix of everything that one run makes (`scimd-probe-` and a random part) and `P` the
//! same in upper case; `uuid1` to `uuid3` are ids that nobody has; `User`, `Group`, `Enterprise` and `PatchOp` are the URNs of the
//! schemas; and the id of what an earlier step made has the name that the step saves it under.

/// A provider's way through a server, from the test of the connection to the last deletion.
#[derive(Debug)]
pub struct Cycle {
    /// The name of the profile.
    pub name: &'static str,
    /// The product, as it stands in sentences.
    pub title: &'static str,
    /// What the provider sends with every request, beside the token.
    pub headers: &'static [(&'static str, &'static str)],
    /// The content type that it wants in answers.
    pub media: Media,
    /// What it does when its token is refused.
    pub unauthorized: &'static str,
    /// What it does when the server fails or is silent.
    pub broken: &'static str,
    /// The steps, in order.
    pub steps: &'static [Step],
}

/// The content type that a provider wants in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/scim+json` and `application/json` are the same to it.
    Any,
    /// `application/scim+json`, RFC 7644 section 3.1.
    Scim,
    /// `application/json`.
    Json,
}

/// One request, and what its answer must show.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What the provider is doing.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the Tenant URL, percent-encoded as the provider does it.
    pub path: &'static str,
    /// Headers that this request has in place of the cycle's.
    pub headers: &'static [(&'static str, Header)],
    /// The body.
    pub body: Body,
    /// The statuses that are right.
    pub wants: &'static [u16],
    /// What the body of the answer must show.
    pub must: &'static [Check],
    /// What it should show; a warning otherwise.
    pub should: &'static [Check],
    /// The name under which the id of the made resource is kept.
    pub saves: &'static str,
    /// What the provider does when the step fails: a sentence.
    pub otherwise: &'static str,
    /// How much it matters.
    pub gravity: Gravity,
    /// The step is left out when the server says that it does not have this.
    pub feature: Option<Feature>,
    /// It is there for when an earlier step could not make what this one makes too.
    pub instead: bool,
}

/// A header of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// It has this value.
    Is(&'static str),
    /// It is not sent.
    Left,
}

/// The body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// This text.
    Text(&'static str),
    /// A PatchOp message with these operations.
    Operations(&'static str),
}

/// What a step that fails means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// The provider cannot work.
    Fail,
    /// It works, or only some settings of it do not.
    Warn,
}

/// What a server may say of itself that it does not have, in its ServiceProviderConfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// PATCH.
    Patch,
    /// Filters.
    Filter,
    /// Sorting.
    Sort,
    /// Versions of resources.
    Etag,
}

/// One look at the body of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Where: names and positions with dots, `.#` for a length, `[type=work]` for the first element that has this.
    pub at: &'static str,
    /// What stands there.
    pub want: Want,
    /// What the provider does otherwise, when it is not what the step says.
    pub otherwise: &'static str,
}

/// What should stand at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Want {
    /// This text.
    Text(&'static str),
    /// This text, in any case.
    Folded(&'static str),
    /// Any other text than this one, or nothing.
    Other(&'static str),
    /// Any text but an empty one.
    SomeText,
    /// This truth value; the text "True" is none.
    Bool(bool),
    /// Any truth value.
    SomeBool,
    /// Not true: false or nothing.
    Untrue,
    /// This number; a text of digits is none.
    Number(i64),
    /// A whole number.
    SomeNumber,
    /// A number from this one on.
    AtLeast(i64),
    /// A number up to this one.
    AtMost(i64),
    /// A list that has this text.
    Has(&'static str),
    /// An empty list, and not nothing.
    EmptyList,
    /// A list.
    List,
    /// Nothing, null, or an empty list.
    Nothing,
}

/// A GET, which is right with 200.
pub const fn get(name: &'static str, path: &'static str) -> Step {
    step(name, "GET", path, Body::None, &[200])
}

/// A POST, which is right with 201.
pub const fn post(name: &'static str, path: &'static str, body: &'static str) -> Step {
    step(name, "POST", path, Body::Text(body), &[201])
}

/// A PUT, which is right with 200.
pub const fn put(name: &'static str, path: &'static str, body: &'static str) -> Step {
    step(name, "PUT", path, Body::Text(body), &[200])
}

/// A PATCH with these operations, which is right with 200 and 204 (RFC 7644 section 3.5.2).
pub const fn patch(name: &'static str, path: &'static str, operations: &'static str) -> Step {
    step(name, "PATCH", path, Body::Operations(operations), &[200, 204])
}

/// A DELETE, which is right with 204 (RFC 7644 section 3.6).
pub const fn delete(name: &'static str, path: &'static str) -> Step {
    step(name, "DELETE", path, Body::None, &[204])
}

impl Step {
    /// The statuses that are right.
    pub const fn wants(mut self, statuses: &'static [u16]) -> Step {
        self.wants = statuses;
        self
    }

    /// What the answer must show.
    pub const fn must(mut self, checks: &'static [Check]) -> Step {
        self.must = checks;
        self
    }

    /// What the answer should show.
    pub const fn should(mut self, checks: &'static [Check]) -> Step {
        self.should = checks;
        self
    }

    /// The name for the id of what is made.
    pub const fn saves(mut self, name: &'static str) -> Step {
        self.saves = name;
        self
    }

    /// What the provider does otherwise.
    pub const fn or(mut self, words: &'static str) -> Step {
        self.otherwise = words;
        self
    }

    /// Other headers.
    pub const fn headers(mut self, headers: &'static [(&'static str, Header)]) -> Step {
        self.headers = headers;
        self
    }

    /// This body, whole, in place of a PatchOp message around operations.
    pub const fn body(mut self, text: &'static str) -> Step {
        self.body = Body::Text(text);
        self
    }

    /// A failure is only a warning.
    pub const fn warns(mut self) -> Step {
        self.gravity = Gravity::Warn;
        self
    }

    /// Done only when an earlier step could not make it, so that the rest of the cycle can still be played.
    pub const fn instead(mut self) -> Step {
        self.instead = true;
        self
    }

    /// Left out when the server says that it has no such thing.
    pub const fn needs(mut self, feature: Feature) -> Step {
        self.feature = Some(feature);
        self
    }
}

impl Check {
    /// What the provider does otherwise.
    pub const fn or(mut self, words: &'static str) -> Check {
        self.otherwise = words;
        self
    }
}

/// A look at one place.
pub const fn at(at: &'static str, want: Want) -> Check {
    Check { at, want, otherwise: "" }
}

/// A place with this text.
pub const fn text(place: &'static str, text: &'static str) -> Check {
    at(place, Want::Text(text))
}

/// A place with this number.
pub const fn number(place: &'static str, number: i64) -> Check {
    at(place, Want::Number(number))
}

/// A place with this truth value.
pub const fn is(place: &'static str, truth: bool) -> Check {
    at(place, Want::Bool(truth))
}

/// A place with nothing.
pub const fn nothing(place: &'static str) -> Check {
    at(place, Want::Nothing)
}

/// `schemas` has this URN.
pub const fn schema(urn: &'static str) -> Check {
    at("schemas", Want::Has(urn))
}

/// The schema of every list.
pub const LIST: Check = schema("urn:ietf:params:scim:api:messages:2.0:ListResponse");

/// The schema of every error.
pub const ERROR: Check = schema("urn:ietf:params:scim:api:messages:2.0:Error");

const fn step(name: &'static str, method: &'static str, path: &'static str, body: Body, wants: &'static [u16]) -> Step {
    Step {
        name,
        method,
        path,
        headers: &[],
        body,
        wants,
        must: &[],
        should: &[],
        saves: "",
        otherwise: "",
        gravity: Gravity::Fail,
        feature: None,
        instead: false,
    }
}
