//! The logo of the company.

use krilla::image::Image;

/// Largest file of a logo.
const MAX_LOGO_BYTES: usize = 256 * 1024;
/// Largest width and height of a logo.
const MAX_LOGO_PIXELS: u32 = 2_000;

/// Why a picture cannot be the logo.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// The file is too large.
    #[error("the logo has more than {MAX_LOGO_BYTES} bytes")]
    TooLarge,
    /// The picture is empty or too wide or too high.
    #[error("the logo is {0}×{1}; allowed are 1 to {MAX_LOGO_PIXELS} pixels each way")]
    Dimensions(u32, u32),
    /// The file is no PNG picture.
    #[error("the logo is no PNG picture: {0}")]
    Format(String),
}

/// A logo, decoded once and shared by all documents.
#[derive(Debug, Clone)]
pub struct Logo(Image);

impl Logo {
    /// A logo from a PNG file. Refuses one that is too large or does not decode.
    pub fn try_from_png(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if bytes.len() > MAX_LOGO_BYTES {
            return Err(LogoError::TooLarge);
        }
        let image = Image::from_png(bytes.into(), false).map_err(LogoError::Format)?;
        let (width, height) = image.size();
        let is_allowed = |n: u32| (1..=MAX_LOGO_PIXELS).contains(&n);
        if is_allowed(width) && is_allowed(height) {
            Ok(Self(image))
        } else {
            Err(LogoError::Dimensions(width, height))
        }
    }

    /// Width and height in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.0.size()
    }

    pub(crate) fn image(&self) -> Image {
        self.0.clone()
    }
}
