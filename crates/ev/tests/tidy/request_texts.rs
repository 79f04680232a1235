//! Texts in the bodies of requests.

use crate::assert_no_violations;
use crate::source::{production_code, rust_files};

/// Fields that are codes, addresses, numbers, files and names of things, each with a form of its own that its handler
/// checks.
const WITH_A_FORM: [&str; 19] = [
    "code",
    "digest_at",
    "email",
    "email_code",
    "endpoint",
    "file",
    "id",
    "identifier",
    "kind",
    "mobile",
    "mobile_code",
    "pincode",
    "preset",
    "referral_code",
    "refresh_token",
    "signup_token",
    "terms_hash",
    "utr",
    "vehicle_number",
];

/// Names of the fields of request bodies that are plain strings.
fn plain_strings(code: &str) -> Vec<String> {
    let (mut found, mut is_input) = (Vec::new(), false);
    for line in code.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "struct") {
            let name = words.get(at + 1).copied().unwrap_or_default();
            is_input = name.split(['<', '(', ';']).next().unwrap_or_default().ends_with("Input");
        } else if line.starts_with('}') {
            is_input = false;
        } else if is_input
            && let Some((field, kind)) = line.trim_end_matches(',').split_once(": ")
            && matches!(kind.trim(), "String" | "Option<String>" | "Vec<String>")
        {
            found.push(field.rsplit(' ').next().unwrap_or(field).to_owned());
        }
    }
    found
}

/// A plain string may hold characters that are invisible or change the direction of a text; `domain`'s texts do not.
#[test]
fn what_people_write_in_a_request_is_a_text_that_is_checked() {
    let mut violations = Vec::new();
    for file in rust_files().filter(|f| f.starts_with("services/") && f.contains("/src/http")) {
        let fields = plain_strings(&production_code(&file)).into_iter();
        let unknown = fields.filter(|field| !WITH_A_FORM.contains(&field.as_str()));
        violations.extend(unknown.map(|field| format!("{file}: {field}")));
    }
    assert_no_violations("a text in a request is a Line, a Reason, Paragraphs or one of their kind", &violations);
}

#[test]
fn plain_strings_are_found() {
    let code = "pub(crate) struct NoteInput {\n    pub(super) note: Option<String>,\n    at: Timestamp,\n    name: String,\n}\n\
                struct NoteView {\n    text: String,\n}\n";
    assert_eq!(plain_strings(code), ["note", "name"]);
}
