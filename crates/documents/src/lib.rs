//! Documents as a bank sends them: what is printed as plain data, and its rendering as a PDF file.
//!
//! A service stores what a document states when it issues it (a type of [`papers`]), and renders it in a language when
//! it is read. The file is PDF/A-2b, tagged for assistive programs, and has all its fonts, so that it prints names in ten
//! scripts. Rendering is a pure function: the same content gives the same bytes with the same [`RENDERER_VERSION`].
//!
//! [`model`] is the content without its looks, [`papers`] are the kinds of documents, [`amount`] writes amounts in
//! figures and words, [`verification`] makes the codes that prove a document genuine.

pub mod amount;
mod fonts;
mod language;
mod layout;
mod logo;
pub mod model;
pub mod papers;
mod pdf;
mod shaping;
mod tree;
pub mod verification;
mod wrapping;

pub use language::Language;
pub use logo::{Logo, LogoError};
pub use pdf::{RenderError, render};

/// Version of the layout: it increases with each change that makes other bytes of the same content.
pub const RENDERER_VERSION: u32 = 1;
