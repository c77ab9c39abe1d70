//! Pages that a text is from, as citations: what a search of Anthropic's found is the one kind that has an address.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/citations>.

use super::super::object::{comma, members, put};
use crate::json::{Error, Scanner};

/// Appends a chat completion's `annotations` as citations, with a comma if something stands before them; what is no page has no word. Nobody
/// sealed them, and so they do not go back to Anthropic.
///
/// Errors: if they are no list of objects.
pub(super) fn citations_into(annotations: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    Scanner::new(annotations).array(|scanner| {
        let [citation] = members(scanner.raw()?, ["url_citation"])?;
        let [url, title, content] = citation.map_or(Ok([None; 3]), |citation| members(citation, ["url", "title", "content"]))?;
        if let Some(url) = url {
            if !out.is_empty() {
                comma(out);
            }
            put(out, &[b"{\"type\":\"web_search_result_location\",\"url\":", url, b",\"title\":", title.unwrap_or(b"null")]);
            put(out, &[b",\"cited_text\":", content.unwrap_or(b"\"\""), b",\"encrypted_index\":\"\"}"]);
        }
        Ok(())
    })
}
