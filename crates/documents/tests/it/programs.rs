//! Files read back by programs of other authors. A test passes without a word when its program is not installed;
//! `scripts/test` installs poppler.

use crate::samples::{NAME, documents, statement};
use documents::model::{Block, Company, Document, Fact};
use documents::{Language, render};
use std::path::PathBuf;
use std::process::Command;

/// Names in all scripts that the fonts have.
const NAMES: [(&str, &str); 10] = [
    ("Latin", "José Müller Łukasz O’Brien – Sons ₹"),
    ("Devanagari", NAME),
    ("Tamil", "தமிழ் மொழி ஸ்ரீநிவாசன்"),
    ("Telugu", "శ్రీనివాసరావు క్షత్రియ"),
    ("Bengali", "শ্রীনিবাস চট্টোপাধ্যায়"),
    ("Kannada", "ಶ್ರೀನಿವಾಸ ಕ್ಷತ್ರಿಯ"),
    ("Gujarati", "શ્રીનિવાસ ક્ષત્રિય"),
    ("Gurmukhi", "ਸ਼੍ਰੀਨਿਵਾਸ ਸਿੰਘ"),
    ("Malayalam", "ശ്രീനിവാസൻ ക്ഷത്രിയ"),
    ("Odia", "ଶ୍ରୀନିବାସ କ୍ଷତ୍ରିୟ"),
];

/// Writes a file for the programs. `EV_DOCUMENTS_DIR` keeps the files, to look at them.
#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not a setting of the platform")]
fn write(name: &str, document: &Document) -> PathBuf {
    let folder = std::env::var("EV_DOCUMENTS_DIR").map_or_else(|_| std::env::temp_dir(), PathBuf::from);
    let path = folder.join(format!("ev-{}-{name}.pdf", std::process::id()));
    let path = if folder == std::env::temp_dir() { path } else { folder.join(format!("{name}.pdf")) };
    std::fs::write(&path, render(document, None).expect("a file")).expect("written");
    path
}

/// What the program prints about the file. `None` when it is not installed.
fn run(program: &str, arguments: &[&str], path: &PathBuf) -> Option<String> {
    let output = match Command::new(program).args(arguments).arg(path).arg("-").output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{program}: {error}"),
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn names_document() -> Document {
    Document {
        language: Language::English,
        title: "Names".to_owned(),
        facts: Vec::new(),
        date: "2026-11-30".parse().expect("a day"),
        company: Company::default(),
        party: None,
        blocks: vec![Block::Facts(NAMES.iter().map(|(script, name)| Fact::new(*script, *name)).collect())],
        verification: None,
    }
}

#[test]
fn names_in_ten_scripts_are_read_back() {
    let path = write("names", &names_document());
    let Some(text) = run("pdftotext", &["-raw"], &path) else { return };
    // Where a vowel sign is drawn to the left of its place, poppler sees a gap between words.
    let joined: String = text.split_whitespace().collect();
    for (script, name) in NAMES {
        if script == "Odia" {
            let name: String = name.split_whitespace().collect();
            assert!(joined.contains(&name), "{script}: {text}");
        } else {
            assert!(text.contains(name), "{script}: {text}");
        }
    }
}

#[test]
fn every_font_is_embedded_as_a_subset_with_its_letters() {
    for (name, document) in documents(Language::Hindi).into_iter().chain([("names", names_document())]) {
        let path = write(&format!("fonts-{name}"), &document);
        let Ok(output) = Command::new("pdffonts").arg(&path).output() else { return };
        let fonts = String::from_utf8_lossy(&output.stdout).into_owned();
        let fonts: Vec<&str> = fonts.lines().skip(2).collect();
        assert!(fonts.len() >= 2, "{name}: {fonts:?}");
        for font in fonts {
            // Name, type of two words, encoding, then: embedded, subset, with a map to Unicode.
            let columns: Vec<&str> = font.split_whitespace().collect();
            assert_eq!(columns.get(4..7), Some(["yes"; 3].as_slice()), "{name}: {font}");
        }
    }
}

#[test]
fn every_kind_says_what_it_states_in_both_languages() {
    for (language, expected) in [
        (Language::English, ["Rupees two thousand six hundred thirty-six and fifty paise only", "Page 1 of"]),
        (Language::Hindi, ["दो हज़ार छह सौ छत्तीस रुपये और पचास पैसे मात्र", "पृष्ठ 1 /"]),
    ] {
        for (name, document) in documents(language) {
            let path = write(&format!("{name}-{language}"), &document);
            let Some(text) = run("pdftotext", &["-raw"], &path) else { return };
            let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let stated = ["Bharat EV Distribution Private Limited", "29ABCDE1234F1Z5", "B-7KQ2M-9XW4T-HJ3RD-V8N5C"];
            for part in stated.into_iter().chain([expected[1]]) {
                assert!(words.contains(part), "{name} in {language} lacks {part}: {words}");
            }
            if name == "receipt" {
                assert!(words.contains(expected[0]) && words.contains(NAME), "{words}");
                assert!(words.contains("₹ 2,636.50"), "{words}");
            }
        }
    }
}

#[test]
fn a_table_repeats_its_head_and_numbers_its_pages() {
    let (head, lines) = statement(200);
    let path = write("pages", &head.document(Language::English, lines, None));
    let Some(text) = run("pdftotext", &["-layout"], &path) else { return };
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 3, "{} pages", pages.len());
    let mut lines = 0;
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", index + 1, pages.len())), "{page}");
        assert!(page.contains("Particulars") && page.contains("Balance"), "{page}");
        lines += page.matches("Pair income").count();
    }
    assert_eq!(lines, 200);
}

/// A PDF/A validator is no package of Debian: it is used where it is installed as `verapdf`.
#[test]
fn a_validator_accepts_every_kind() {
    for (name, document) in documents(Language::Hindi) {
        let path = write(&format!("valid-{name}"), &document);
        let Ok(output) = Command::new("verapdf").args(["--flavour", "2b", "--format", "text"]).arg(&path).output()
        else {
            return;
        };
        let result = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(result.starts_with("PASS"), "{name}: {result}");
    }
}
