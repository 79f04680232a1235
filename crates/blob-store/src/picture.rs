//! Pictures: their type by the first bytes, and validation by decoding. The decoded pixels are discarded.

use actix_web::web;
use http_api::Problem;
use png::Limits;
use std::io::Cursor;
use tokio::sync::Semaphore;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Memory limit of the PNG decoder, besides one row of pixels.
const PNG_DECODER_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// Pixels of a picture: enough for a scanned page, and a bound against decompression bombs.
pub const MAX_PICTURE_PIXELS: usize = 24_000_000;
/// Pixels of a picture's width or height.
pub const MAX_PICTURE_SIDE_PIXELS: usize = 12_000;
/// Pictures decoded at the same time: bounds the memory of the decoders.
const MAX_CONCURRENT_DECODES: usize = 1;

domain::text_enum! {
    /// Media type of a picture.
    pub enum PictureType { Jpeg = "image/jpeg", Png = "image/png" }
}

impl PictureType {
    /// Detects the type from the first bytes; the client's `Content-Type` is ignored. `None` for any other file.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], PictureType); 2] =
            [(&[0xFF, 0xD8, 0xFF], PictureType::Jpeg), (b"\x89PNG\r\n\x1a\n", PictureType::Png)];
        MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind)
    }
    /// File name extension without its dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// Permits to decode pictures.
pub struct PictureDecoders(Semaphore);

impl Default for PictureDecoders {
    fn default() -> Self {
        Self(Semaphore::new(MAX_CONCURRENT_DECODES))
    }
}

impl PictureDecoders {
    /// Whether the whole picture decodes and is within the pixel limits. Waits while another one is decoded.
    pub async fn is_decodable(&self, picture: PictureType, bytes: web::Bytes) -> Result<bool, Problem> {
        let _permit = self.0.acquire().await.map_err(Problem::internal)?;
        web::block(move || is_decodable(picture, &bytes)).await.map_err(Problem::internal)
    }
}

/// Whether the whole picture decodes and is within the pixel limits. Blocks for up to a second.
fn is_decodable(picture: PictureType, bytes: &[u8]) -> bool {
    match picture {
        PictureType::Png => is_decodable_png(bytes).unwrap_or(false),
        PictureType::Jpeg => is_decodable_jpeg(bytes).unwrap_or(false),
    }
}

fn is_within_limits(width: usize, height: usize) -> bool {
    let side = 1..=MAX_PICTURE_SIDE_PIXELS;
    side.contains(&width) && side.contains(&height) && width.saturating_mul(height) <= MAX_PICTURE_PIXELS
}

/// Decodes row by row, so that a decompression bomb does not fill the memory.
fn is_decodable_png(bytes: &[u8]) -> Option<bool> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: PNG_DECODER_LIMIT_BYTES });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().ok()?;
    if !is_within_limits(usize::try_from(header.width).ok()?, usize::try_from(header.height).ok()?) {
        return Some(false);
    }
    let mut reader = decoder.read_info().ok()?;
    while reader.next_row().ok()?.is_some() {}
    Some(reader.finish().is_ok())
}

fn is_decodable_jpeg(bytes: &[u8]) -> Option<bool> {
    let options =
        DecoderOptions::default().set_max_width(MAX_PICTURE_SIDE_PIXELS).set_max_height(MAX_PICTURE_SIDE_PIXELS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    if !is_within_limits(width, height) || !has_end_marker(bytes) {
        return Some(false);
    }
    // One byte per pixel instead of three, where the picture has a luma channel.
    if decoder.input_colorspace() == Some(ColorSpace::YCbCr) {
        decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
    }
    Some(decoder.decode().is_ok())
}

/// Whether an end marker follows the last scan: the decoder fills a truncated picture with grey instead of failing.
fn has_end_marker(jpeg: &[u8]) -> bool {
    let last = |marker: u8| jpeg.windows(2).rposition(|pair| pair == [0xFF, marker]);
    let (scan, end) = (last(0xDA), last(0xD9));
    end.is_some() && scan < end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey PNG of this size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let row = usize::try_from(width.div_ceil(8)).expect("a width");
        let rows = usize::try_from(height).expect("a height");
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&vec![0; row * rows]).expect("an image");
        writer.finish().expect("an end");
        file
    }

    fn side(n: usize) -> u32 {
        u32::try_from(n).expect("a side")
    }

    #[test]
    fn a_png_is_decoded_to_its_end() {
        let file = png(40, 30);
        assert!(is_decodable(PictureType::Png, &file));
        for cut in [8, 20, 40, file.len() / 2, file.len() - 13, file.len() - 1] {
            let part: Vec<u8> = file.iter().take(cut).copied().collect();
            assert!(!is_decodable(PictureType::Png, &part), "{cut} bytes");
        }
        let mut changed = file.clone();
        if let Some(byte) = changed.iter_mut().rev().nth(20) {
            *byte ^= 0xFF;
        }
        assert!(!is_decodable(PictureType::Png, &changed));
    }

    #[test]
    fn a_small_file_of_very_many_pixels_is_refused() {
        assert!(is_decodable(PictureType::Png, &png(side(MAX_PICTURE_SIDE_PIXELS), 1)));
        assert!(!is_decodable(PictureType::Png, &png(side(MAX_PICTURE_SIDE_PIXELS) + 1, 1)));
        let width = 4_000;
        let rows = side(MAX_PICTURE_PIXELS / 4_000);
        for (height, fits) in [(rows - 1, true), (rows, true), (rows + 1, false)] {
            let file = png(width, height);
            assert!(file.len() < 100_000, "a bomb is small");
            assert_eq!(is_decodable(PictureType::Png, &file), fits, "{height}");
        }
    }

    #[test]
    fn a_jpeg_is_decoded_to_its_end() {
        let file = JPEG;
        assert!(is_decodable(PictureType::Jpeg, file));
        for cut in [2, 3, 20, file.len() / 2, file.len() - 2] {
            let part: Vec<u8> = file.iter().take(cut).copied().collect();
            assert!(!is_decodable(PictureType::Jpeg, &part), "{cut} bytes");
        }
        // Cameras append data after the end marker.
        assert!(is_decodable(PictureType::Jpeg, &[file, b"trailer"].concat()));
        // The same picture with the declared size of a decompression bomb.
        let mut bomb = file.to_vec();
        let frame = bomb.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
        bomb.splice(frame + 5..frame + 9, [0xFF, 0xFF, 0xFF, 0xFF]);
        assert!(!is_decodable(PictureType::Jpeg, &bomb));
    }

    /// Eight grey pixels by eight.
    const JPEG: &[u8] = include_bytes!("../tests/grey.jpg");
}
