//! Content of a document, without its looks.

use crate::Language;
use domain::Day;
use serde::{Deserialize, Serialize};

/// A document as it is printed: its head, then its blocks in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The language of the words that the renderer adds, and of the whole document for assistive programs.
    pub language: Language,
    /// What it is, such as `Receipt`.
    pub title: String,
    /// Its number and other facts that identify it, printed beside the title.
    pub facts: Vec<Fact>,
    /// The day of issue.
    pub date: Day,
    /// The company that issues it.
    pub company: Company,
    /// The member it is for, under a heading such as `Received from`.
    pub party: Option<Party>,
    /// Its content.
    pub blocks: Vec<Block>,
    /// What proves that it is genuine.
    pub verification: Option<Proof>,
}

/// The company as its documents name it. Empty fields are not printed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Company {
    /// Registered name.
    pub name: String,
    /// Registered address, a line each.
    pub address: Vec<String>,
    /// E-mail address or telephone number for questions.
    pub contact: String,
    /// Number of its registration for goods and services tax.
    pub gstin: String,
    /// Number under which it deducts tax.
    pub tan: String,
    /// Its permanent account number.
    pub pan: String,
}

/// The member that a document is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Heading of the block.
    pub heading: String,
    /// Full name.
    pub name: String,
    /// Further lines, such as a member code or an address.
    pub lines: Vec<String>,
}

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What the value is.
    pub label: String,
    /// The value.
    pub value: String,
}

impl Fact {
    /// A fact.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading within the document.
    Heading(String),
    /// Text that wraps.
    Paragraph(String),
    /// Small print.
    Note(String),
    /// Facts in two columns.
    Facts(Vec<Fact>),
    /// A table, which continues on further pages under its repeated head.
    Table(Table),
    /// One amount, set large, with its words.
    Amount {
        /// What the amount is.
        label: String,
        /// The amount in figures.
        figures: String,
        /// The amount in words.
        words: String,
    },
    /// A warning across the page, such as that a payment was refunded.
    Notice(String),
}

/// A table with one row of column names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; a row has a cell for each column.
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub title: String,
    /// How its cells are set.
    pub kind: ColumnKind,
}

/// How the cells of a column are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text that wraps; the columns of this kind share the remaining width.
    Text,
    /// A short text, such as a date, in a column as wide as its longest cell.
    Short,
    /// An amount at the right edge of a column as wide as its longest cell.
    Amount,
}

impl Column {
    /// A column of text that wraps.
    pub fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), kind: ColumnKind::Text }
    }

    /// A column of short texts.
    pub fn short(title: impl Into<String>) -> Self {
        Self { title: title.into(), kind: ColumnKind::Short }
    }

    /// A column of amounts.
    pub fn amount(title: impl Into<String>) -> Self {
        Self { title: title.into(), kind: ColumnKind::Amount }
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its cells in the order of the columns.
    pub cells: Vec<String>,
    /// Whether it is a total, set in bold under a line.
    pub is_total: bool,
}

impl Row {
    /// An ordinary row.
    pub fn new(cells: impl Into<Vec<String>>) -> Self {
        Self { cells: cells.into(), is_total: false }
    }

    /// A row of totals.
    pub fn total(cells: impl Into<Vec<String>>) -> Self {
        Self { cells: cells.into(), is_total: true }
    }
}

/// The verification code of a document and the page that checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The code as it is printed.
    pub code: String,
    /// The address of the page, with the code; the QR code holds it.
    pub url: String,
}
