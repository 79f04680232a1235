//! An error with its causes, as one line of text.

/// The error's text followed by the texts of its causes, separated by `: `.
///
/// A cause that the text before it ends with is left out: a transparent or quoting error repeats its cause.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = error.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("statement failed: {0}")]
    struct Quoting(#[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("the service cannot start")]
    struct Silent(#[source] Quoting);

    #[test]
    fn every_cause_is_named_once() {
        let quoting = || Quoting(io::Error::other("the disk is full"));
        assert_eq!(error_chain(&quoting()), "statement failed: the disk is full");
        assert_eq!(error_chain(&Silent(quoting())), "the service cannot start: statement failed: the disk is full");
    }
}
