//! Files of an index: fields, commits and their position.

use crate::document::{Change, Document, Position};
use crate::prefixes::cuts;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use tantivy::directory::MmapDirectory;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

pub(crate) const KIND: &str = "kind";
pub(crate) const ID_HIGH: &str = "id_high";
pub(crate) const ID_LOW: &str = "id_low";
/// Memory of the writer. When it is full, a part of the index is written.
const WRITER_BYTES: usize = 32 * 1024 * 1024;

/// An index cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error(transparent)]
    Engine(#[from] tantivy::TantivyError),
    #[error("files of the search index")]
    Io(#[from] std::io::Error),
    /// A file is not as it was written.
    #[error("{0} is damaged")]
    Damaged(String),
    /// An attempt to write failed, and the index is not opened again.
    #[error("the search index is closed for writing")]
    Closed,
}

/// The fields of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Kind and id, by which a document is replaced.
    key: Field,
    kind: Field,
    id_high: Field,
    id_low: Field,
    /// All words.
    pub(crate) words: Field,
    /// Words that are found with a typo.
    pub(crate) names: Field,
    /// All words, cut.
    pub(crate) cuts: Field,
}

impl Fields {
    fn new() -> (Schema, Self) {
        let words = || {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_index_option(IndexRecordOption::Basic)
                .set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing)
        };
        let number = || NumericOptions::from(FAST);
        let mut schema = Schema::builder();
        let fields = Self {
            key: schema.add_bytes_field("key", INDEXED),
            kind: schema.add_u64_field(KIND, number()),
            id_high: schema.add_u64_field(ID_HIGH, number()),
            id_low: schema.add_u64_field(ID_LOW, number()),
            words: schema.add_text_field("words", words()),
            names: schema.add_text_field("names", words()),
            cuts: schema.add_text_field("cuts", words()),
        };
        (schema.build(), fields)
    }

    fn document(self, from: &Document) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_bytes(self.key, &from.reference.key());
        document.add_u64(self.kind, u64::from(from.reference.kind));
        let (high, low) = halves(from.reference.id);
        document.add_u64(self.id_high, high);
        document.add_u64(self.id_low, low);
        for name in &from.names {
            document.add_text(self.names, name);
        }
        for word in from.names.union(&from.codes) {
            document.add_text(self.words, word);
            for cut in cuts(word) {
                document.add_text(self.cuts, cut);
            }
        }
        document
    }
}

fn halves(id: u128) -> (u64, u64) {
    let half = |shifted: u128| u64::try_from(shifted & u128::from(u64::MAX)).unwrap_or_default();
    (half(id >> 64), half(id))
}

/// An index in a folder of its own.
pub(crate) struct Engine {
    folder: PathBuf,
    index: Index,
    reader: IndexReader,
    /// `None` once an attempt to write has failed.
    writer: Mutex<Option<IndexWriter>>,
    fields: Fields,
}

impl Engine {
    /// Opens the index in the folder, or creates one. Errors when a file is missing or not as it was written.
    pub(crate) fn open(folder: &Path) -> Result<Self, IndexError> {
        std::fs::create_dir_all(folder)?;
        let (schema, fields) = Fields::new();
        let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
        let index = Index::open_or_create(directory, schema)?;
        if let Some(path) = index.validate_checksum()?.into_iter().next() {
            return Err(IndexError::Damaged(path.display().to_string()));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        Ok(Self { folder: folder.to_owned(), index, reader, writer: Mutex::new(Some(writer)), fields })
    }

    /// The position of the last commit; the first of all for an empty index.
    pub(crate) fn position(&self) -> Result<Position, IndexError> {
        let Some(payload) = self.index.load_metas()?.payload else { return Ok(Position::default()) };
        payload.parse().map_err(|_| IndexError::Damaged(self.folder.display().to_string()))
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    pub(crate) fn fields(&self) -> Fields {
        self.fields
    }

    /// Removes all documents; what is searched stays until the commit.
    pub(crate) fn clear(&self) -> Result<(), IndexError> {
        self.write(|writer| Ok(writer.delete_all_documents().map(drop)?))
    }

    /// Adds changes to the next commit.
    pub(crate) fn stage(&self, changes: &[Change], are_new: bool) -> Result<(), IndexError> {
        self.write(|writer| {
            for change in changes {
                let (reference, document) = match change {
                    Change::Put(document) => (document.reference, Some(document)),
                    Change::Remove(reference) => (*reference, None),
                };
                if !are_new {
                    writer.delete_term(Term::from_field_bytes(self.fields.key, &reference.key()));
                }
                if let Some(document) = document {
                    writer.add_document(self.fields.document(document))?;
                }
            }
            Ok(())
        })
    }

    /// Makes the staged changes durable, and what is searched.
    pub(crate) fn commit(&self, position: Position) -> Result<(), IndexError> {
        self.write(|writer| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&position.to_string());
            prepared.commit()?;
            Ok(())
        })?;
        Ok(self.reader.reload()?)
    }

    /// Lets go of the writer's lock on the folder.
    pub(crate) fn close(&self) {
        *self.writer.lock() = None;
    }

    fn write(&self, work: impl FnOnce(&mut IndexWriter) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let mut writer = self.writer.lock();
        let done = work(writer.as_mut().ok_or(IndexError::Closed)?);
        if done.is_err() {
            *writer = None;
        }
        done
    }
}
