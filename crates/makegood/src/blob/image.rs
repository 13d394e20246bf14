// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images encoded anew from their points: what else lay in the file, seen or hidden, is gone.

use std::io::Cursor;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder, ImageResult, Limits};

use super::{Kind, Rejected};

/// How well a JPEG is kept: letters in a screenshot stay sharp.
const QUALITY: u8 = 90;

/// A point takes this many bytes at most: four channels of 16 bits.
const BYTES_PER_POINT: u64 = 8;

/// A progressive JPEG is drawn this many times at most. Real ones have about ten passes; each passes over the whole image.
const PASSES_MAX: usize = 64;

/// Opens an image and encodes its points, as PNG if it is one or if parts can be seen through, else as JPEG.
pub(super) fn encoded_anew(
    content: &[u8],
    kind: Kind,
    pixels_max: u64,
) -> Result<(Kind, Vec<u8>), Rejected> {
    let broken = || Rejected::Broken { is: kind.told() };
    let limits = limits(pixels_max);
    let image = match kind {
        Kind::Png => points(
            PngDecoder::with_limits(Cursor::new(content), limits.clone()),
            limits,
            pixels_max,
        ),
        Kind::Jpeg if !is_whole_jpeg(content) => return Err(broken()),
        Kind::Jpeg => points(JpegDecoder::new(Cursor::new(content)), limits, pixels_max),
        Kind::Webp => points(WebPDecoder::new(Cursor::new(content)), limits, pixels_max),
        Kind::Pdf | Kind::Text | Kind::Csv | Kind::Mail => return Err(broken()),
    }?;
    let as_png = kind == Kind::Png || image.color().has_alpha();
    let image = eight_bits(image, as_png);
    let mut out = Vec::new();
    let written = if as_png {
        image.write_with_encoder(PngEncoder::new(&mut out))
    } else {
        image.write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY))
    };
    written.map_err(|_| broken())?;
    Ok((if as_png { Kind::Png } else { Kind::Jpeg }, out))
}

fn limits(pixels_max: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(pixels_max.saturating_mul(BYTES_PER_POINT));
    limits
}

/// The points of an image, turned as its camera says. Its size is looked at before any of them is drawn.
fn points<D: ImageDecoder>(
    decoder: ImageResult<D>,
    limits: Limits,
    pixels_max: u64,
) -> Result<DynamicImage, Rejected> {
    let broken = |_| Rejected::Broken { is: "image" };
    let mut decoder = decoder.map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if pixels == 0 {
        return Err(Rejected::Broken { is: "image" });
    }
    if pixels > pixels_max {
        return Err(Rejected::TooManyPixels {
            size: (width, height),
            pixels_max,
        });
    }
    decoder.set_limits(limits).map_err(broken)?;
    let orientation = decoder.orientation();
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

/// The image with channels of eight bits, which every browser and every print shows.
fn eight_bits(image: DynamicImage, with_alpha: bool) -> DynamicImage {
    let alpha = with_alpha && image.color().has_alpha();
    match (image.color().has_color(), alpha) {
        (true, true) => image.into_rgba8().into(),
        (true, false) => image.into_rgb8().into(),
        (false, true) => image.into_luma_alpha8().into(),
        (false, false) => image.into_luma8().into(),
    }
}

/// Whether a JPEG comes to its end mark, and not after more passes than any needs. Decoders fill what is missing with grey instead.
fn is_whole_jpeg(content: &[u8]) -> bool {
    let mut rest = content.get(2..).unwrap_or_default();
    let mut passes = 0_usize;
    loop {
        // To the next mark: `FF` and something that is neither padding, nor a stuffed zero, nor a restart.
        let Some(at) = rest.windows(2).position(
            |pair| matches!(pair, [0xff, mark] if !matches!(mark, 0x00 | 0xff | 0xd0..=0xd7)),
        ) else {
            return false;
        };
        let (mark, after) = match rest.get(at..) {
            Some([_, mark, after @ ..]) => (*mark, after),
            _ => return false,
        };
        match mark {
            0xd9 => return passes > 0,
            0x01 | 0xd8 => rest = after,
            _ => {
                passes = passes.saturating_add(usize::from(mark == 0xda));
                let [high, low, ..] = after else {
                    return false;
                };
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let Some(next) = after.get(length..).filter(|_| length >= 2) else {
                    return false;
                };
                rest = next;
            }
        }
        if passes > PASSES_MAX {
            return false;
        }
    }
}
