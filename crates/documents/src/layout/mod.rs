//! Layout of a document into pages.

mod blocks;
mod flow;
mod head;
pub(crate) mod page;
mod table;
mod verification;

use crate::model::Document;
use flow::Flow;
use page::{PageCounter, PageSink};

/// Lays out the document. `logo_size` is the size of the logo in pixels.
pub(crate) fn lay_out(document: &Document, logo_size: Option<(u32, u32)>, sink: &mut impl PageSink) {
    // The same work twice takes less memory than keeping all pages until their number is known.
    let mut counter = PageCounter::default();
    lay_out_pages(document, logo_size, 0, &mut counter);
    lay_out_pages(document, logo_size, counter.pages, sink);
}

fn lay_out_pages(document: &Document, logo_size: Option<(u32, u32)>, pages: usize, sink: &mut impl PageSink) {
    let mut flow = Flow::new(document, pages, sink);
    flow.head(logo_size);
    for block in &document.blocks {
        flow.block(block);
    }
    flow.verification();
    flow.finish();
}
