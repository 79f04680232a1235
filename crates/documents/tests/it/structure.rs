//! Properties of every file, without any program to read it.

use crate::samples::{documents, proof, receipt, statement};
use documents::model::{Block, Company, Document, Fact, Row, Table};
use documents::{Language, Logo, LogoError, render};

fn contains(file: &[u8], part: &str) -> bool {
    file.windows(part.len()).any(|window| window == part.as_bytes())
}

fn empty_document() -> Document {
    Document {
        language: Language::English,
        title: String::new(),
        facts: Vec::new(),
        date: "2026-11-30".parse().expect("a day"),
        company: Company::default(),
        party: None,
        blocks: Vec::new(),
        verification: None,
    }
}

#[test]
fn every_kind_is_tagged_archivable_and_the_same_bytes_each_time() {
    for language in [Language::English, Language::Hindi] {
        for (name, document) in documents(language) {
            let file = render(&document, None).expect(name);
            assert!(file.starts_with(b"%PDF-1.7"), "{name}");
            for part in [
                "<pdfaid:part>2</pdfaid:part>",
                "<pdfaid:conformance>B</pdfaid:conformance>",
                "/Marked true",
                "/StructTreeRoot",
                "/GTS_PDFA1",
                &format!("/Lang({})", language.as_str()),
            ] {
                assert!(contains(&file, part), "{name} in {language} lacks {part}");
            }
            assert_eq!(render(&document, None).expect(name), file, "{name} in {language}");
        }
    }
}

#[test]
fn other_content_another_language_or_a_code_gives_other_bytes() {
    let receipt = receipt();
    let first = render(&receipt.document(Language::English, proof()), None).expect("a file");
    let mut other = receipt.clone();
    other.number.push('1');
    for document in [
        other.document(Language::English, proof()),
        receipt.document(Language::Hindi, proof()),
        receipt.document(Language::English, None),
    ] {
        assert_ne!(render(&document, None).expect("a file"), first);
    }
}

#[test]
fn a_snapshot_survives_storage_and_an_older_one_is_read() {
    let receipt = receipt();
    let stored = serde_json::to_string(&receipt).expect("JSON");
    assert_eq!(serde_json::from_str::<documents::papers::Receipt>(&stored).expect("read"), receipt);
    let mut older: serde_json::Value = serde_json::from_str(&stored).expect("JSON");
    for field in ["tax", "supply", "refunded_on"] {
        older.as_object_mut().expect("an object").remove(field);
    }
    let read: documents::papers::Receipt = serde_json::from_value(older).expect("an older snapshot");
    assert!(read.tax.is_empty() && read.supply.is_empty() && read.refunded_on.is_none());
}

#[test]
fn odd_content_is_still_a_file() {
    let long = "W".repeat(1_000);
    let mut odd = empty_document();
    for text in ["", " ", "\u{7}\n\t", "👍🏽 漢字 \u{202e}abc", "क\u{94d}\u{94d}\u{94d}", "\u{94d}", "\u{200d}", &long]
    {
        odd.title = text.to_owned();
        odd.facts = vec![Fact::new(text, text)];
        odd.company.name = text.to_owned();
        odd.blocks = vec![
            Block::Heading(text.to_owned()),
            Block::Paragraph(text.to_owned()),
            Block::Notice(text.to_owned()),
            Block::Facts(vec![Fact::new(text, text); 3]),
            Block::Amount { label: text.to_owned(), figures: text.to_owned(), words: text.to_owned() },
            Block::Table(Table { columns: Vec::new(), rows: vec![Row::new([text.to_owned()])] }),
            Block::Table(Table::default()),
        ];
        render(&odd, None).expect("a file");
    }
    render(&empty_document(), None).expect("an empty file");
}

#[test]
fn a_line_of_a_statement_adds_less_than_a_kilobyte() {
    let size = |count| {
        let (head, lines) = statement(count);
        render(&head.document(Language::English, lines, proof()), None).expect("a file").len()
    };
    let (short, long) = (size(100), size(600));
    assert!(long - short < 500 * 1_000, "{short} and {long} bytes");
}

#[test]
fn only_a_small_png_can_be_the_logo() {
    let png = |side: u32| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().expect("a header");
        let pixels = usize::try_from(side * side * 4).expect("small");
        writer.write_image_data(&vec![120; pixels]).expect("pixels");
        writer.finish().expect("an end");
        bytes
    };
    let logo = Logo::try_from_png(png(64)).expect("a logo");
    let document = receipt().document(Language::English, proof());
    let with = render(&document, Some(&logo)).expect("a file");
    assert_ne!(with, render(&document, None).expect("a file"));
    assert_eq!(render(&document, Some(&logo)).expect("a file"), with);
    assert!(matches!(Logo::try_from_png(png(2_001)), Err(LogoError::Dimensions(2_001, 2_001))));
    assert!(matches!(Logo::try_from_png(vec![0; 300_000]), Err(LogoError::TooLarge)));
    for bad in [Vec::new(), b"<svg/>".to_vec(), b"\x89PNG\r\n\x1a\n".to_vec()] {
        assert!(matches!(Logo::try_from_png(bad), Err(LogoError::Format(_))));
    }
}
