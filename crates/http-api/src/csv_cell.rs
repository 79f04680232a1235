//! Texts as cells of CSV files.

/// `text` as the content of a cell that no spreadsheet evaluates as a formula: one that looks like a formula begins with
/// an apostrophe. Line ends become spaces, because banks and tax authorities read such files line by line.
pub fn csv_cell(text: &str) -> String {
    let line = text.replace("\r\n", " ").replace(['\r', '\n'], " ");
    let is_formula = line.starts_with('\t') || line.trim_start().starts_with(['=', '+', '-', '@']);
    if is_formula { format!("'{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_line_and_never_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+91", "'+91"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\tAsha", "'\tAsha"),
            ("\r=1", "' =1"),
            ("\n=1", "' =1"),
            (" =1", "' =1"),
            ("Asha = Rao", "Asha = Rao"),
            ("Asha\r\nRao\n-5\r", "Asha Rao -5 "),
            ("", ""),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }
}
