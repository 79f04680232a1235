//! Milliseconds a page of each kind of document, also as a multiple of hashing a fixed amount of data in the same run;
//! and the memory of a statement of 10,000 lines.
//!
//! Run with `cargo run --release -p documents --example bench_documents`.

#![expect(clippy::expect_used, clippy::print_stdout, clippy::float_arithmetic, reason = "a benchmark stops and prints")]

#[path = "../tests/it/samples.rs"]
mod samples;

use documents::model::Document;
use documents::{Language, render};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::time::Instant;

/// Bytes whose hashing is the unit of the ratios: about as much work as a page.
const BASELINE_BYTES: usize = 1 << 20;

fn main() {
    let _ = samples::receipt();
    let baseline = best_ms(20, || {
        black_box(Sha256::digest(vec![7_u8; BASELINE_BYTES]));
    });
    println!("baseline: hashing 1 MiB takes {baseline:.2} ms");
    for language in [Language::English, Language::Hindi] {
        for (name, document) in samples::documents(language) {
            print(&format!("{name} ({language})"), &document, baseline, 20);
        }
    }
    let (head, lines) = samples::statement(10_000);
    let document = head.document(Language::English, lines, samples::proof());
    print("10,000 lines", &document, baseline, 1);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("highest memory of this process: {}", memory.trim_start_matches("VmHWM:").trim());
}

fn print(name: &str, document: &Document, baseline: f64, runs: u32) {
    let file = render(document, None).expect("a file");
    let pages = pages(&file);
    let ms = best_ms(runs, || {
        black_box(render(document, None).expect("a file"));
    });
    let page = ms / f64::from(pages);
    println!(
        "{name}: {pages} pages, {} kB, {page:.2} ms a page, {:.1} × baseline",
        file.len() / 1_000,
        page / baseline
    );
}

/// The number of pages, by the entries of the page tree.
fn pages(file: &[u8]) -> u32 {
    let entry = b"/Type/Page/";
    let count = file.windows(entry.len()).filter(|window| window == entry).count();
    u32::try_from(count).expect("few pages").max(1)
}

/// The shortest time of several runs, in milliseconds.
fn best_ms(runs: u32, mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64() * 1_000.0);
    }
    best
}
