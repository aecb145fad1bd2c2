//! Lists that come in pages: asks for page after page until there are as many entries as wanted. It does not know what
//! they are.

use std::io::{self, Write};

use super::error::Error;
use crate::limits;

/// How much of a list is wanted.
#[derive(Debug, Clone, clap::Args)]
pub struct Pages {
    /// Stops after so many entries; 0 shows all there are.
    #[arg(long, value_name = "N", default_value_t = limits::CLI_LIST_DEFAULT)]
    limit: usize,

    /// Goes on where a list ended that had more.
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<String>,
}

impl Pages {
    /// Calls `page` with a page's size and token, which answers with the entries and the next page's token, until the limit
    /// or the end is reached. Answers with the entries and the token of what is left, empty at the end.
    ///
    /// # Errors
    /// Those of `page`.
    pub async fn gather<T>(
        &self,
        page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Error>,
    ) -> Result<(Vec<T>, String), Error> {
        gather(self.limit, self.page_token.clone().unwrap_or_default(), page).await
    }

    /// Tells a person, on standard error, that there is more than was shown.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn mention_rest(&self, next_page_token: &str) -> Result<(), Error> {
        match next_page_token {
            "" => Ok(()),
            token => Ok(writeln!(
                io::stderr(),
                "There are more than {}: --limit N shows more, --limit 0 all, and --page-token {token} goes on.",
                self.limit
            )?),
        }
    }
}

/// Every entry of a list that is short by its nature.
///
/// # Errors
/// Those of `page`.
pub async fn all<T>(page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Error>) -> Result<Vec<T>, Error> {
    Ok(gather(0, String::new(), page).await?.0)
}

async fn gather<T>(
    limit: usize,
    mut token: String,
    mut page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Error>,
) -> Result<(Vec<T>, String), Error> {
    let mut entries = Vec::new();
    loop {
        let left = if limit == 0 { limits::ADMIN_PAGE_MAX } else { limit - entries.len() };
        let size = i32::try_from(left.min(limits::ADMIN_PAGE_MAX)).unwrap_or(0);
        let (more, next) = page(size, token).await?;
        entries.extend(more);
        if next.is_empty() || limit > 0 && entries.len() >= limit {
            return Ok((entries, next));
        }
        token = next;
    }
}

#[cfg(test)]
mod tests;
