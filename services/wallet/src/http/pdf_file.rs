//! PDF file written object by object; only the offsets of the objects stay in memory.

use pdf_writer::writers::Catalog;
use pdf_writer::{Chunk, Ref};
use std::io::Write;

const HEADER: &[u8] = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n";
/// The document catalog.
pub(super) const CATALOG: Ref = Ref::new(1);
/// The root of the page tree, which every page names.
pub(super) const PAGES: Ref = Ref::new(2);
const FIRST_FREE: i32 = 3;

/// A PDF file in progress.
pub(super) struct PdfFile {
    /// Bytes written and not taken yet.
    buffer: Vec<u8>,
    /// The count of bytes taken before.
    taken_bytes: usize,
    /// The byte offsets of the objects; object `n` is at index `n - 1`.
    offsets: Vec<usize>,
    next: i32,
    pages: Vec<Ref>,
}

impl PdfFile {
    /// A file with its header only.
    pub(super) fn new() -> Self {
        let offsets = vec![0; 2];
        Self { buffer: HEADER.to_vec(), taken_bytes: 0, offsets, next: FIRST_FREE, pages: Vec::new() }
    }

    /// Reserves the number of a new object.
    pub(super) fn new_ref(&mut self) -> Ref {
        let number = Ref::new(self.next);
        self.next += 1;
        self.offsets.push(0);
        number
    }

    /// Adds an object. The chunk must hold no other.
    pub(super) fn object(&mut self, number: Ref, object: &Chunk) {
        let at = usize::try_from(number.get()).unwrap_or(0).saturating_sub(1);
        if let Some(offset) = self.offsets.get_mut(at) {
            *offset = self.taken_bytes + self.buffer.len();
        }
        self.buffer.extend_from_slice(object.as_bytes());
    }

    /// Adds a page. Its parent must be [`PAGES`].
    pub(super) fn page(&mut self, number: Ref, page: &Chunk) {
        self.object(number, page);
        self.pages.push(number);
    }

    /// Takes the bytes written since the last call.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        self.taken_bytes += self.buffer.len();
        std::mem::take(&mut self.buffer)
    }

    /// Adds the page tree, the catalog and the cross-reference table, and returns the remaining bytes.
    pub(super) fn finish(mut self) -> std::io::Result<Vec<u8>> {
        let mut tree = Chunk::new();
        let count = i32::try_from(self.pages.len()).map_err(std::io::Error::other)?;
        tree.pages(PAGES).kids(self.pages.iter().copied()).count(count);
        self.object(PAGES, &tree);
        let mut catalog = Chunk::new();
        catalog.indirect(CATALOG).start::<Catalog<'_>>().pages(PAGES);
        self.object(CATALOG, &catalog);
        let start = self.taken_bytes + self.buffer.len();
        let size = self.offsets.len() + 1;
        let mut out = self.buffer;
        write!(out, "xref\n0 {size}\n0000000000 65535 f\r\n")?;
        for offset in &self.offsets {
            write!(out, "{offset:010} 00000 n\r\n")?;
        }
        write!(out, "trailer\n<<\n/Size {size}\n/Root {} 0 R\n>>\nstartxref\n{start}\n%%EOF\n", CATALOG.get())?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_at_the_offset_in_the_table() {
        let mut file = PdfFile::new();
        let mut bytes = Vec::new();
        for _ in 0..3 {
            let number = file.new_ref();
            let mut page = Chunk::new();
            page.page(number).parent(PAGES);
            file.page(number, &page);
            bytes.extend(file.take_bytes());
        }
        bytes.extend(file.finish().expect("a vector accepts all writes"));
        let text = String::from_utf8_lossy(&bytes).replace('\u{fffd}', "?");
        assert_eq!(text.len(), bytes.len());
        let (_, end) = text.rsplit_once("startxref\n").expect("an end");
        let start: usize = end.lines().next().and_then(|n| n.parse().ok()).expect("an offset");
        let mut table = text[start..].lines();
        assert_eq!((table.next(), table.next()), (Some("xref"), Some("0 6")));
        for (number, line) in table.skip(1).take(5).enumerate() {
            let offset: usize = line[..10].parse().expect("ten digits");
            assert!(text[offset..].starts_with(&format!("{} 0 obj", number + 1)), "{line}");
        }
        assert!(text.contains("/Count 3") && text.contains("/Kids [3 0 R 4 0 R 5 0 R]"), "{text}");
    }
}
