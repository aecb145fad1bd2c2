//! What a start prints for the person who ran it. It only gives words to [`Welcome`].

use std::io::{self, Write};

use crate::serve::welcome::{FirstToken, Welcome};

/// Prints the Tenant URL and, on the first start, everything that has to be copied into the identity provider.
///
/// # Errors
/// When `out` cannot be written to. A token that was made for this start is lost then.
pub fn welcome(out: &mut impl Write, started: &Welcome) -> io::Result<()> {
    match &started.first_token {
        FirstToken::Made(secret) => first(out, started, Some(secret.expose())),
        FirstToken::Given => first(out, started, None),
        FirstToken::Earlier => again(out, started),
    }?;
    out.flush()
}

fn first(out: &mut impl Write, started: &Welcome, secret: Option<&str>) -> io::Result<()> {
    writeln!(out, "\nscimd is ready: the first start, data in {}\n", started.data_dir.display())?;
    writeln!(out, "  Tenant URL    {}", started.tenant_url)?;
    match secret {
        Some(secret) => {
            writeln!(out, "  Secret Token  {secret}")?;
            writeln!(out, "                shown this once: store it now")?;
        }
        None => writeln!(out, "  Secret Token  as set in SCIMD_BOOTSTRAP_TOKEN")?,
    }
    crowd(out, started)?;
    if let Some(ca_file) = &started.ca_file {
        writeln!(out, "  CA file       {}", ca_file.display())?;
        writeln!(out, "                whoever connects must trust this certificate authority")?;
    }
    writeln!(
        out,
        "
In Microsoft Entra ID, paste Tenant URL and Secret Token here:
  1. Enterprise applications -> your app -> Provisioning
  2. Provisioning Mode: Automatic
  3. Admin Credentials, then Test Connection
Entra's ?aadOptscim062020 may be appended to the Tenant URL.
"
    )
}

fn again(out: &mut impl Write, started: &Welcome) -> io::Result<()> {
    writeln!(out, "scimd is ready")?;
    writeln!(out, "  Tenant URL    {}", started.tenant_url)?;
    crowd(out, started)?;
    writeln!(out, "  Its tokens    only their hashes are kept; `scimd token create` makes another one")
}

fn crowd(out: &mut impl Write, started: &Welcome) -> io::Result<()> {
    match started.crowd_url.as_str() {
        "" => Ok(()),
        url => writeln!(
            out,
            "  Crowd URL     {url}\n                for Jira, Confluence and Bitbucket; see `scimd guide jira`"
        ),
    }
}
