//! What happened in an exchange, in words, and what to do about it at the identity provider. Pure: it knows what the exchange shows and
//! nothing of the data behind it.

use super::{Exchange, Knock};
use crate::directory::token::Denied;
use crate::scim::dialect::Quirk;

/// A few sentences about an exchange. `detail` is that of its error answer, as it may be shown; `profile` is the tenant's.
pub fn explain(exchange: &Exchange, detail: &str, profile: &str) -> String {
    let mut sentences = vec![outcome(exchange)];
    if !detail.is_empty() && exchange.status != 401 {
        sentences.push(format!("The server said: {}", ended(detail)));
    }
    sentences.extend(advice(exchange, profile));
    sentences.extend(leniencies(exchange, profile));
    sentences.extend(stances(exchange));
    sentences.extend(rules(exchange));
    sentences.join(" ")
}

/// How another answer to the same request compares with the recorded one.
pub fn compare(recorded: u16, now: u16, differences: usize) -> String {
    let change = match differences {
        0 => "It would change nothing.".to_owned(),
        1 => "It would change one resource.".to_owned(),
        more => format!("It would change {more} resources."),
    };
    let answer = match (recorded, now) {
        (then, now) if then == now => format!("It would be answered with {now}, as it was."),
        (400.., 200..=399) => format!("It was answered with {recorded} and would now succeed with {now}."),
        (200..=399, 400..) => format!("It succeeded with {recorded} and would now be refused with {now}."),
        _ => format!("It was answered with {recorded} and would now be answered with {now}."),
    };
    format!("{answer} {change}")
}

fn outcome(exchange: &Exchange) -> String {
    let what = what(&exchange.method, exchange.endpoint);
    match exchange.status {
        201 => format!("The request to {what} succeeded: the resource was made."),
        204 => format!("The request to {what} succeeded; there is nothing to show."),
        304 => format!("The request to {what} found that the client has the newest version already."),
        200..=399 => format!("The request to {what} succeeded."),
        status => format!("The request to {what} was refused with {status}."),
    }
}

fn what(method: &str, endpoint: &str) -> String {
    let (noun, several) = match endpoint {
        "/Users" | "/Users/{id}" => ("user", "users"),
        "/Groups" | "/Groups/{id}" => ("group", "groups"),
        "/{endpoint}" | "/{endpoint}/{id}" => ("resource of another type", "resources of another type"),
        "" => return format!("an endpoint that does not exist ({method})"),
        _ => return format!("{endpoint} ({method})"),
    };
    match (method, endpoint.ends_with("{id}")) {
        ("POST", false) => format!("create a {noun}"),
        ("GET" | "HEAD", false) => format!("find {several}"),
        ("GET" | "HEAD", true) => format!("read a {noun}"),
        ("PUT", _) => format!("replace a {noun}"),
        ("PATCH", _) => format!("change a {noun}"),
        ("DELETE", _) => format!("delete a {noun}"),
        _ => format!("{endpoint} ({method})"),
    }
}

/// What the tenant's mapping had to do with it.
fn rules(exchange: &Exchange) -> Vec<String> {
    let named = |refused| {
        let told = exchange.rules.iter().filter(|told| told.refused == refused);
        told.map(|told| format!("'{}'", told.rule)).collect::<Vec<_>>().join(", ")
    };
    let sentence = |rules: String, what: &str| (!rules.is_empty()).then(|| format!("{what} {rules}."));
    let refused = sentence(named(true), "The tenant's mapping refused it by");
    let applied = sentence(named(false), "Of the tenant's mapping these rules had a hand in it:");
    refused.into_iter().chain(applied).collect()
}

fn advice(exchange: &Exchange, profile: &str) -> Option<String> {
    let text = match exchange.status {
        200..=399 => return None,
        401 => return Some(knock(exchange.knock)),
        status => {
            on_scim_type(exchange.scim_type, exchange.endpoint).or_else(|| on_status(status, exchange.endpoint))?
        }
    };
    let hint = " The tenant's profile is 'strict', which forgives nothing; with the profile of the identity provider, or 'custom', this \
                request might be understood.";
    let strict = profile == "strict" && exchange.status == 400;
    Some(format!("{text}{}", if strict { hint } else { "" }))
}

fn on_scim_type(scim_type: &str, endpoint: &str) -> Option<&'static str> {
    Some(match scim_type {
        "invalidFilter" => {
            "The filter is malformed, names an attribute that no schema has, or compares what cannot be compared. At the identity \
             provider, look at the matching attribute: it must be one that the server knows, such as userName, externalId or \
             emails[type eq \"work\"].value."
        }
        "tooMany" => {
            "The query has to look at more resources than one request may. Match by an attribute that has an index: userName, \
             externalId, emails.value, displayName."
        }
        "uniqueness" if endpoint.starts_with("/Groups") => {
            "Another group has this name (or externalId) already. Rename one of the two at the identity provider, or let it match \
             the existing group; whether group names are unique can be changed with 'scimd tenant update'."
        }
        "uniqueness" if endpoint.starts_with("/{endpoint}") => {
            "Another resource of the type has the value of a unique attribute already; 'scimd schema get' shows which attributes are."
        }
        "uniqueness" => {
            "Another user has this userName (or another unique value) already, in whatever case. The identity provider should match \
             the existing user instead of creating it: check its matching attribute, or give one of the two another userName."
        }
        "mutability" => {
            "The attribute cannot be changed by clients: it is read-only, or was set once and for all. Remove its mapping at the \
             identity provider."
        }
        "invalidSyntax" => {
            "The body is not what its schema says: broken JSON, an attribute of no schema, a name that comes twice, or a body of \
             another version of SCIM (1.1). Choose SCIM 2.0 at the identity provider and check its attribute mappings."
        }
        "invalidPath" => {
            "The path of a PATCH operation is malformed or names no attribute. Check the target attribute of the mapping; attributes \
             of extensions are written with their URN in front."
        }
        "noTarget" => {
            "The path of a PATCH operation selects no value, for instance an e-mail of a type that the user does not have. Profiles \
             other than 'strict' make the value instead, where the identity provider is known to mean that."
        }
        "invalidValue" => {
            "A value is missing, has the wrong type, or refers to somebody who is not there. If it is about a member or a manager, \
             provision that user first; otherwise correct the mapping of the attribute that is named."
        }
        "invalidVers" => "The request speaks another version of SCIM. Choose SCIM 2.0 at the identity provider.",
        _ => return None,
    })
}

fn on_status(status: u16, endpoint: &str) -> Option<&'static str> {
    Some(match status {
        403 => {
            "The token is valid and may not do this: it is read-only, the client's address is not on its list, or the endpoint cannot \
             be used so. 'scimd token list' shows what a token may do."
        }
        404 if endpoint.is_empty() => {
            "There is no such endpoint. Compare the Tenant URL at the identity provider with the one that 'scimd tenant get' shows: \
             it ends in /scim/v2, and nothing is to be added to it."
        }
        404 => {
            "There is no resource of this type with this id in this tenant: it was deleted, or the identity provider remembers an id \
             of another server. Most providers create it anew in the next cycle; restarting provisioning at the provider makes it \
             forget old ids."
        }
        405 => "The endpoint does not serve this method. The identity provider is set up for another kind of server.",
        408 => "The body came too slowly or not at all. Look at the network and the proxies in between.",
        409 => "The request conflicts with what is stored. Read the resource again and repeat it.",
        412 => {
            "The resource has changed since the client read it, so that its If-Match no longer holds. Nothing was changed; the client \
             has to read the resource again and repeat its change."
        }
        413 => {
            "The body, or the change that it asks for, is larger than one request may be. Let the identity provider send members in \
             smaller portions."
        }
        414 | 431 => "The address or the headers of the request are too long.",
        415 => {
            "The body must be application/scim+json or application/json, in UTF-8 and without compression. Set the content type at \
             the identity provider, and switch compression off in proxies."
        }
        428 => {
            "This tenant takes changes only with an If-Match header, which this identity provider does not send: switch that off for it."
        }
        429 => {
            "Its tenant or token sent more requests than it may. The answer said when to come back (Retry-After), and identity \
             providers do. Raise the limit with 'scimd tenant update' when this is not what you want."
        }
        501 => {
            "The server does not offer this (such as /Bulk and /Me) and says so in /ServiceProviderConfig. Switch the function off at \
             the identity provider."
        }
        503 => {
            "The database took no writes at that moment; nothing was changed, and trying again is right. If it lasts, 'scimd doctor' \
             and the log say why: most often the disk is full."
        }
        500.. => "This is a fault of the server. The log has an entry with this request id.",
        _ => return None,
    })
}

fn knock(knock: Option<Knock>) -> String {
    let what = match knock {
        Some(Knock::NoHeader) => {
            "The request had no Authorization header. Paste the Secret Token at the identity provider; a proxy in between must pass the \
             header on."
        }
        Some(Knock::SeveralHeaders) => {
            "The request had more than one Authorization header. A proxy in between adds one."
        }
        Some(Knock::OtherScheme) => {
            "The Authorization header was not of the kind 'Bearer'. Choose bearer token (not user name and password) at the identity \
             provider."
        }
        Some(Knock::NoToken) => {
            "The Authorization header had no token after 'Bearer', or more than one word. Paste the Secret Token again, without spaces \
             and without the word Bearer."
        }
        Some(Knock::Token(denied)) => return format!("{} {COMPARE}", token(denied)),
        None => COMPARE,
    };
    what.to_owned()
}

/// Where to look when a token is not taken.
const COMPARE: &str =
    "Compare its id, the part after 'scim_', with 'scimd token list', and the Tenant URL with 'scimd tenant get'.";

fn token(denied: Denied) -> &'static str {
    match denied {
        Denied::Malformed => {
            "The token is not whole: its checksum is wrong. It was cut or mistyped when it was copied; paste it again, or rotate it and \
             paste the new one."
        }
        Denied::Revoked => {
            "The token was revoked. Make a new one with 'scimd token create' and paste it at the identity provider."
        }
        Denied::Expired => {
            "The token has come to its end, or the overlap after its rotation has. Paste the newer one at the identity provider, or make \
             one with 'scimd token create'."
        }
        Denied::Address => {
            "The token may not be used from this address. Make one for the networks that the identity provider calls from, with \
             'scimd token create --allow-from'."
        }
        Denied::OtherTenant => "The token belongs to another tenant than the one in the URL.",
        Denied::TenantClosed => {
            "The tenant is disabled, or is being deleted. 'scimd tenant update NAME --disabled=false' opens a disabled one."
        }
        Denied::Missing | Denied::Unknown => "No token here has this secret.",
    }
}

fn leniencies(exchange: &Exchange, profile: &str) -> Option<String> {
    if exchange.used.is_empty() {
        return None;
    }
    let told: Vec<&str> = Quirk::ALL.into_iter().filter(|quirk| exchange.used.contains(*quirk)).map(quirk).collect();
    Some(format!(
        "It deviates from the standard in ways that the profile '{profile}' understands, so there is nothing to do: {}.",
        told.join("; ")
    ))
}

/// What the tenant's stances have to do with it.
fn stances(exchange: &Exchange) -> Option<String> {
    let (refused, warned) = (names(exchange.used.refused()), names(exchange.used.warned()));
    match (refused.as_str(), warned.as_str()) {
        ("", "") => None,
        ("", _) => Some(format!("The tenant is to be warned of {warned}.")),
        _ => Some(format!(
            "It was refused for {refused}; 'scimd tenant update NAME --quirk {refused}=accept' would have it taken, and 'scimd profile \
             get --tenant NAME' shows what else the tenant takes."
        )),
    }
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn quirk(quirk: Quirk) -> &'static str {
    match quirk {
        Quirk::OpCase => "operations were not in lower case",
        Quirk::BooleanAsString => "a boolean was sent as text",
        Quirk::ScalarAsArray => "a single value was sent in an array",
        Quirk::ArrayAsScalar => "a value of many was sent without an array",
        Quirk::ComplexAsScalar => "a plain text stood where an object belongs",
        Quirk::CreateOnFilteredPath => "a value that was to be replaced was not there and was made",
        Quirk::DottedKey => "names with dots stood for nested attributes",
        Quirk::UrnKey => "names began with the URN of their schema",
        Quirk::UnqualifiedExtension => "an attribute of an extension came without its URN",
        Quirk::ReadOnlyInValue => "read-only attributes were sent and ignored",
        Quirk::RemoveWithValue => "values to be removed were listed instead of selected by a filter",
        Quirk::UnknownAttribute => "an attribute that no schema has was dropped: its value is not stored",
        Quirk::UnknownSchema => "a schema that nobody knows was dropped",
        Quirk::UnknownMember => "a member that is no user and no group was left out",
        Quirk::SchemaAlias => "a misspelt schema was taken for the one that was meant",
        Quirk::MissingSchemas => "the body did not name its schemas",
        Quirk::UnknownMessageMember => "a part of the message that the standard does not have was ignored",
        Quirk::UnquotedLiteral => "a value in the filter had no quotes",
        Quirk::ValuePathSubAttribute => "the filter went on after a bracket",
        Quirk::EmptyString => "empty texts were taken for no value",
        Quirk::UnacceptedMedia => "it accepted no media type that is served and was answered in SCIM's own",
    }
}

fn ended(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let begun: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if begun.ends_with(['.', '!', '?']) { begun } else { format!("{begun}.") }
}

#[cfg(test)]
mod tests;
