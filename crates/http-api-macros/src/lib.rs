//! The attribute `#[operation]`, which makes a handler's doc comment available to the OpenAPI document.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Marks an HTTP handler. The first paragraph of its doc comment is the operation's summary, the rest its description.
///
/// The function stays as it is. Beside it, in the namespace of types, there is an empty enum of the same name that
/// implements `http_api::Documented`; `documented!(handler)` reads the documentation from there.
#[proc_macro_attribute]
pub fn operation(_: TokenStream, item: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let Some(name) = function_name(&tokens) else {
        return error("#[operation] marks a function");
    };
    let lines = doc_lines(&tokens);
    if lines.is_empty() {
        return error("an operation needs a doc comment: it is the summary in the OpenAPI document");
    }
    let (summary, description) = split(&lines);
    let visibility = visibility(&tokens);
    let documented = format!(
        "#[doc(hidden)] #[allow(non_camel_case_types, reason = \"it is named like its handler\")] {visibility} enum {name} {{}} \
         impl ::http_api::Documented for {name} {{ \
             const SUMMARY: &'static str = {summary:?}; \
             const DESCRIPTION: &'static str = {description:?}; \
         }}"
    );
    match documented.parse::<TokenStream>() {
        Ok(documented) => [item, documented].into_iter().collect(),
        Err(_) => error("the doc comment cannot be read"),
    }
}

fn error(message: &str) -> TokenStream {
    format!("::core::compile_error!({message:?});").parse().unwrap_or_default()
}

fn is_ident(token: &TokenTree, text: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident.to_string() == text)
}

fn function_name(tokens: &[TokenTree]) -> Option<String> {
    let keyword = tokens.iter().position(|token| is_ident(token, "fn"))?;
    match tokens.get(keyword + 1)? {
        TokenTree::Ident(name) => Some(name.to_string()),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    }
}

/// `pub`, `pub(super)` or nothing.
fn visibility(tokens: &[TokenTree]) -> String {
    let Some(start) = tokens.iter().position(|token| is_ident(token, "pub")) else { return String::new() };
    match tokens.get(start + 1) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => format!("pub{group}"),
        _ => "pub".to_owned(),
    }
}

/// The text of each `#[doc = "…"]` before the function.
fn doc_lines(tokens: &[TokenTree]) -> Vec<String> {
    let attributes = tokens.iter().take_while(|token| !is_ident(token, "fn"));
    attributes
        .filter_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => doc_line(group),
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        })
        .collect()
}

fn doc_line(attribute: &Group) -> Option<String> {
    let mut tokens = attribute.stream().into_iter();
    if !is_ident(&tokens.next()?, "doc") {
        return None;
    }
    let literal = tokens.nth(1)?.to_string();
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    Some(text.replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\").trim().to_owned())
}

/// The first paragraph without its full stop, and the rest.
fn split(lines: &[String]) -> (String, String) {
    let end = lines.iter().position(String::is_empty).unwrap_or(lines.len());
    let join = |lines: &[String]| lines.join(" ").trim().to_owned();
    let (first, rest) = lines.split_at(end);
    (join(first).trim_end_matches('.').to_owned(), join(rest))
}
