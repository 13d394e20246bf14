// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attachments: what is accepted, what is made of it, and that it is kept.
//!
//! The storage beside folders is moto's S3, and what judges our signatures is AWS's own library; both are Python packages among the
//! peers that `cargo xtask test` installs.

#[path = "support/peers.rs"]
mod folder;

use folder::peers;
use std::fs;
use std::io::{BufRead as _, BufReader, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use makegood::blob::{
    Blobs, CaseHas, Declared, Digest, HEADERS, Kept, Kind, Manner, Rejected, Shelf, Trouble,
    content_disposition, display_name, download_name,
};
use makegood::clock::Clock;
use makegood::config::{AttachmentPlace, Attachments, S3};
use makegood::secret::Secret;
use makegood::vault::{MasterKey, Vault};

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("blob-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    async fn open(&self) -> Opened {
        let config = config(AttachmentPlace::Folder(self.0.clone()));
        opened(&config).await.expect("a folder can be made")
    }

    /// Every file below it, in order.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => files.push(path),
                }
            }
        }
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Attachments, with keys of their own for as long as a test runs.
struct Opened {
    blobs: Blobs,
    vault: Arc<Vault>,
    _keys: Folder,
}

impl std::ops::Deref for Opened {
    type Target = Blobs;

    fn deref(&self) -> &Blobs {
        &self.blobs
    }
}

async fn opened(config: &Attachments) -> Result<Opened, Trouble> {
    static OPENED: AtomicUsize = AtomicUsize::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    let keys = Folder::new(&format!("keys-{number}"));
    fs::create_dir_all(&keys.0).expect("a folder");
    let master = MasterKey::generate().expect("random numbers");
    let vault = Vault::open(&keys.0.join("keys.sqlite"), master).expect("a vault");
    let vault = Arc::new(vault);
    let blobs = Blobs::open(config, Arc::clone(&vault), Clock::default()).await?;
    Ok(Opened {
        blobs,
        vault,
        _keys: keys,
    })
}

fn config(place: AttachmentPlace) -> Attachments {
    Attachments {
        place,
        file_bytes_max: 1 << 20,
        case_bytes_max: 2 << 20,
        files_per_case_max: 3,
        image_pixels_max: 1_000_000,
    }
}

async fn put(
    blobs: &Blobs,
    content: &[u8],
    name: &str,
    media_type: &str,
) -> Result<Kept, Rejected> {
    let parts: Vec<Result<Bytes, std::io::Error>> = content
        .chunks(1_000)
        .map(|part| Ok(Bytes::copy_from_slice(part)))
        .collect();
    let declared = Declared { name, media_type };
    blobs
        .put(stream::iter(parts), declared, CaseHas::default())
        .await
}

/// What is shown of a content.
async fn shown(blobs: &Blobs, content: &[u8], name: &str) -> Bytes {
    let kept = put(blobs, content, name, "").await.expect("it is accepted");
    let shown = kept.shown.expect("something is shown");
    blobs
        .get(Shelf::Shown, shown.digest)
        .await
        .expect("it is there")
}

// ---- Files to send ----------------------------------------------------------------------------------------------------------

/// An image of four fields, so that turning it can be seen.
fn picture(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([220, 20, 20]),
            (false, true) => Rgb([20, 220, 20]),
            (true, false) => Rgb([20, 20, 220]),
            (false, false) => Rgb([220, 220, 220]),
        }
    })
    .into()
}

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("it is written");
    out.into_inner()
}

fn png() -> Vec<u8> {
    written(&picture(40, 20), ImageFormat::Png)
}

fn jpeg() -> Vec<u8> {
    written(&picture(40, 20), ImageFormat::Jpeg)
}

fn webp() -> Vec<u8> {
    written(&picture(40, 20), ImageFormat::WebP)
}

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
const MAIL: &[u8] = b"From: a@example.com\r\nDate: Thu, 2 Oct 2025 10:00:00 +0200\r\nSubject: x\r\n folded\r\n\r\nHello\r\n";

/// A JPEG with a segment behind its first mark.
fn with_segment(jpeg: &[u8], mark: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2)
        .expect("a short segment")
        .to_be_bytes();
    [&jpeg[..2], &[0xff, mark], &length, content, &jpeg[2..]].concat()
}

/// What a camera that was held sideways adds, with the place where it was.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 55.6761 N 12.5683 E");
    exif
}

/// A chunk of a PNG, with its checksum.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [&kind[..], content].concat();
    let mut rest = !0_u32;
    for byte in &body {
        rest ^= u32::from(*byte);
        for _ in 0..8 {
            rest = (rest >> 1) ^ (0xedb8_8320 * (rest & 1));
        }
    }
    let length = u32::try_from(content.len())
        .expect("a short chunk")
        .to_be_bytes();
    [&length[..], &body, &(!rest).to_be_bytes()].concat()
}

/// A PNG that says it has so many points, and has none.
fn boasting_png(width: u32, height: u32) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 6, 0, 0, 0],
    ]
    .concat();
    // An empty stream of zlib.
    let nothing = [0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", &nothing),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// A JPEG that says it has so many points.
fn boasting_jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = jpeg();
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .expect("a frame");
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

fn is_in(needle: &[u8], content: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}

// ---- What is accepted -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn what_is_accepted_is_told_by_its_content() {
    let folder = Folder::new("accepted");
    let blobs = folder.open().await;
    let clear: DynamicImage = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 0])).into();
    let clear = written(&clear, ImageFormat::WebP);
    let (png, jpeg, webp) = (png(), jpeg(), webp());
    type Row<'r> = (&'r [u8], &'r str, &'r str, Kind, Option<Kind>);
    #[rustfmt::skip]
    let table: &[Row] = &[
        (&png, "a.png", "image/png", Kind::Png, Some(Kind::Png)),
        (&jpeg, "a.jpg", "image/jpeg", Kind::Jpeg, Some(Kind::Jpeg)),
        (&webp, "a.webp", "image/webp", Kind::Webp, Some(Kind::Jpeg)),
        (&clear, "a.webp", "", Kind::Webp, Some(Kind::Png)),
        (PDF, "a.pdf", "application/pdf", Kind::Pdf, None),
        (MAIL, "a.eml", "message/rfc822", Kind::Mail, None),
        (b"a;b\n1;2\n", "a.csv", "text/csv", Kind::Csv, Some(Kind::Csv)),
        (b"a;b\n1;2\n", "a.csv", "application/vnd.ms-excel", Kind::Csv, Some(Kind::Csv)),
        (b"hello", "a.txt", "text/plain", Kind::Text, Some(Kind::Text)),
        // Nothing is said, or nothing that says anything.
        (&png, "", "", Kind::Png, Some(Kind::Png)),
        (&png, "photo of 2025.10.02", "application/octet-stream", Kind::Png, Some(Kind::Png)),
        (PDF, "PDF", "application/octet-stream", Kind::Pdf, None),
        // Phones call one sort of image another.
        (&webp, "a.JPG", "image/jpeg", Kind::Webp, Some(Kind::Jpeg)),
        (&jpeg, "a.heic", "image/heic", Kind::Jpeg, Some(Kind::Jpeg)),
        // A mail needs its headers; else it is a text that is called one.
        (b"hello", "a.eml", "message/rfc822", Kind::Text, Some(Kind::Text)),
        // Text that begins like another format, told by two letters.
        (b"BM;antal\n1;2\n", "a.csv", "", Kind::Csv, Some(Kind::Csv)),
        (b"MZ is not a program here", "a.txt", "", Kind::Text, Some(Kind::Text)),
    ];
    for (content, name, media_type, kind, shown) in table {
        let kept = put(&blobs, content, name, media_type)
            .await
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(
            (kept.kind, kept.shown.map(|shown| shown.kind)),
            (*kind, *shown),
            "{name} {media_type}"
        );
        assert_eq!(usize::try_from(kept.bytes).unwrap(), content.len());
        assert_eq!(
            blobs.get(Shelf::Original, kept.original).await.unwrap(),
            *content
        );
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_with_a_sentence_for_its_sender() {
    let folder = Folder::new("refused");
    let blobs = folder.open().await;
    let png = png();
    let page = b"<!DOCTYPE html><script>alert(1)</script>";
    let drawing = b"\n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let zip = b"PK\x03\x04\x14\0\0\0\x08\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let gif =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let program = [
        &b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0"[..],
        &[0; 200],
    ]
    .concat();
    let video = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free";
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    #[rustfmt::skip]
    let table: &[(&[u8], &str, &str, &str)] = &[
        (b"", "a.png", "image/png", "there is nothing in this file"),
        (page, "a.html", "text/html", "this is a web page or a drawing in XML, which is not accepted: please send it as PDF, or a screenshot of it"),
        (page, "a.txt", "text/plain", "this is a web page or a drawing in XML, which is not accepted: please send it as PDF, or a screenshot of it"),
        (drawing, "a.svg", "image/svg+xml", "this is a web page or a drawing in XML, which is not accepted: please send it as PDF, or a screenshot of it"),
        (drawing, "a.png", "image/png", "this is a web page or a drawing in XML, which is not accepted: please send it as PDF, or a screenshot of it"),
        (zip, "a.zip", "", "this is an archive, which is not accepted: please send the files in it one by one"),
        (gif, "a.gif", "", "this is an image of a kind that browsers do not share, which is not accepted: please send it as PNG or JPEG, or a screenshot of it"),
        (&program, "a.png", "", "this is a program, which is not accepted: please send an image, a PDF document or a text"),
        (b"#!/bin/sh\necho hello\n", "a.txt", "", "this is a program, which is not accepted: please send an image, a PDF document or a text"),
        (video, "a.mp4", "", "this is a video, which is not accepted: please send one or more screenshots"),
        (&bytes, "a.bin", "", "this is a file of a kind that we do not know, which is not accepted: please send an image, a PDF document or a text"),
        (&png, "a.pdf", "", "this is said to be a PDF document, but it is an image: please send it under its right name"),
        (&png, "a.png", "application/pdf", "this is said to be a PDF document, but it is an image: please send it under its right name"),
        (PDF, "a.png", "", "this is said to be an image, but it is a PDF document: please send it under its right name"),
        (b"hello", "a.png", "", "this is said to be an image, but it is a text: please send it under its right name"),
        (b"hello", "a.exe", "", "this is said to be a program, but it is a text: please send it under its right name"),
        (b"hello", "a.txt", "text/html", "this is said to be a web page or a drawing in XML, but it is a text: please send it under its right name"),
        (&PDF[..40], "a.pdf", "", "this PDF document is damaged or incomplete: please send it again, or a screenshot of it"),
    ];
    for (content, name, media_type, sentence) in table {
        let refused = put(&blobs, content, name, media_type)
            .await
            .expect_err(name);
        assert_eq!(&refused.to_string(), sentence, "{name}");
    }
    assert_eq!(folder.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_image_that_was_cut_off_is_refused_wherever_it_was_cut() {
    let folder = Folder::new("cut");
    let blobs = folder.open().await;
    for (name, content) in [("a.png", png()), ("a.jpg", jpeg()), ("a.webp", webp())] {
        assert!(put(&blobs, &content, name, "").await.is_ok(), "{name}");
        for percent in [1, 10, 50, 75, 90] {
            let cut = &content[..content.len() * percent / 100];
            let refused = put(&blobs, cut, name, "").await;
            assert!(refused.is_err(), "{name} at {percent} %");
        }
        // One point of the data is changed, and nothing panics or hangs.
        for at in (20..content.len()).step_by(7) {
            let mut changed = content.clone();
            changed[at] ^= 0xff;
            let _ = put(&blobs, &changed, name, "").await;
        }
    }
}

#[tokio::test]
async fn an_image_that_boasts_of_its_size_is_refused_before_it_is_opened() {
    let folder = Folder::new("boasting");
    let blobs = folder.open().await;
    let table: &[(&str, Vec<u8>, (u32, u32))] = &[
        ("a.png", boasting_png(50_000, 50_000), (50_000, 50_000)),
        ("a.png", boasting_png(u32::MAX >> 1, u32::MAX >> 1), (0, 0)),
        ("a.png", boasting_png(1_000_001, 1), (1_000_001, 1)),
        ("a.jpg", boasting_jpeg(65_000, 65_000), (65_000, 65_000)),
        (
            "a.png",
            written(&picture(1_001, 1_000), ImageFormat::Png),
            (1_001, 1_000),
        ),
    ];
    for (name, content, points) in table {
        match put(&blobs, content, name, "").await {
            Err(Rejected::TooManyPixels {
                size,
                pixels_max: 1_000_000,
            }) => assert_eq!(size, *points),
            // Larger than the format allows.
            Err(Rejected::Broken { .. }) => assert_eq!(*points, (0, 0), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(
        put(
            &blobs,
            &written(&picture(1_000, 1_000), ImageFormat::Png),
            "a.png",
            ""
        )
        .await
        .is_ok()
    );
    // A size that its data does not fill.
    let boasting = put(&blobs, &boasting_png(1_000, 1_000), "a.png", "").await;
    assert!(
        matches!(boasting, Err(Rejected::Broken { .. })),
        "{boasting:?}"
    );
    // Nothing across, or nothing down.
    for (width, height) in [(0, 5), (5, 0)] {
        let nothing = put(&blobs, &boasting_png(width, height), "a.png", "").await;
        assert!(
            matches!(nothing, Err(Rejected::Broken { .. })),
            "{nothing:?}"
        );
    }
}

#[tokio::test]
async fn a_jpeg_that_is_drawn_a_thousand_times_is_refused() {
    let folder = Folder::new("passes");
    let blobs = folder.open().await;
    let jpeg = jpeg();
    let pass = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xda])
        .expect("a pass");
    let end = jpeg.len() - 2;
    let many = [&jpeg[..pass], &jpeg[pass..end].repeat(1_000), &jpeg[end..]].concat();
    let refused = put(&blobs, &many, "a.jpg", "").await;
    assert!(
        matches!(refused, Err(Rejected::Broken { .. })),
        "{refused:?}"
    );
}

// ---- What is made of it -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn nothing_but_its_points_is_left_of_an_image_that_is_shown() {
    const HIDDEN: &[u8] = b"<?php system('x') ?><script>alert(1)</script>PK\x03\x04GPS 55.6761 N";
    let folder = Folder::new("hidden");
    let blobs = folder.open().await;
    let (png, jpeg, webp) = (png(), jpeg(), webp());
    let end = png.len() - 12;
    let text = [&b"Comment\0"[..], HIDDEN].concat();
    let mut riff = [
        &webp[..],
        b"EXIF",
        &u32::try_from(HIDDEN.len() + 1)
            .expect("short")
            .to_le_bytes(),
        HIDDEN,
        &[0],
    ]
    .concat();
    let size = u32::try_from(riff.len() - 8).expect("short").to_le_bytes();
    riff[4..8].copy_from_slice(&size);
    let table: &[(&str, Vec<u8>)] = &[
        ("behind.png", [&png[..], HIDDEN].concat()),
        (
            "chunk.png",
            [&png[..end], &chunk(b"tEXt", &text), &png[end..]].concat(),
        ),
        ("behind.jpg", [&jpeg[..], HIDDEN].concat()),
        ("comment.jpg", with_segment(&jpeg, 0xfe, HIDDEN)),
        (
            "camera.jpg",
            with_segment(&jpeg, 0xe1, &[&exif(1)[..], HIDDEN].concat()),
        ),
        ("behind.webp", [&webp[..], HIDDEN].concat()),
        ("chunk.webp", riff),
    ];
    for (name, content) in table {
        assert!(is_in(b"<script>", content));
        let shown = shown(&blobs, content, name).await;
        for trace in [&b"script"[..], b"php", b"PK\x03\x04", b"GPS", b"Exif"] {
            assert!(
                !is_in(trace, &shown),
                "{name}: {}",
                String::from_utf8_lossy(trace)
            );
        }
        let image = image::load_from_memory(&shown).expect("an image");
        assert_eq!(image.dimensions(), (40, 20), "{name}");
        let red = image.to_rgb8().get_pixel(5, 5).0;
        assert!(red[0] > 180 && red[1] < 80, "{name}: {red:?}");
        // Made anew from itself it is the same sort of image, and still holds nothing else.
        let original = put(&blobs, content, name, "").await.unwrap().original;
        assert_eq!(
            blobs.get(Shelf::Original, original).await.unwrap(),
            content.as_slice()
        );
    }
}

#[tokio::test]
async fn an_image_from_a_camera_held_sideways_is_shown_upright() {
    let folder = Folder::new("upright");
    let blobs = folder.open().await;
    // The upper left corner is red as it lies in the file; turned to the right by a quarter it is the upper right one.
    let sideways = with_segment(&jpeg(), 0xe1, &exif(6));
    let image = image::load_from_memory(&shown(&blobs, &sideways, "a.jpg").await).unwrap();
    assert_eq!(image.dimensions(), (20, 40));
    let corner = image.to_rgb8().get_pixel(17, 3).0;
    assert!(corner[0] > 180 && corner[1] < 80, "{corner:?}");
}

#[tokio::test]
async fn images_of_every_depth_are_shown_with_eight_bits() {
    let folder = Folder::new("depths");
    let blobs = folder.open().await;
    let image = picture(16, 8);
    for deep in [
        DynamicImage::from(image.to_rgba16()),
        DynamicImage::from(image.to_rgb16()),
        DynamicImage::from(image.to_luma16()),
        DynamicImage::from(image.to_luma_alpha8()),
        DynamicImage::from(image.to_luma8()),
    ] {
        let shown = shown(&blobs, &written(&deep, ImageFormat::Png), "a.png").await;
        let read = image::load_from_memory(&shown).unwrap();
        assert_eq!(read.color().bytes_per_pixel(), read.color().channel_count());
        assert_eq!(read.color().has_color(), deep.color().has_color());
        assert_eq!(read.color().has_alpha(), deep.color().has_alpha());
    }
}

#[tokio::test]
async fn texts_are_shown_in_utf_8_and_nothing_in_them_is_obeyed() {
    let folder = Folder::new("texts");
    let blobs = folder.open().await;
    let utf_16: Vec<u8> = "\u{feff}æøå €"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf_16_be: Vec<u8> = "\u{feff}æøå €"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let coloured = format!(
        "{}\u{1b}[31mred\u{1b}[0m",
        "a long line of a log ".repeat(10)
    );
    let tamed = coloured.replace('\u{1b}', "\u{fffd}");
    #[rustfmt::skip]
    let table: &[(&[u8], &str)] = &[
        ("æøå €".as_bytes(), "æøå €"),
        ("\u{feff}æøå €".as_bytes(), "æøå €"),
        (b"\xe6\xf8\xe5 \x80", "æøå €"),
        (&utf_16, "æøå €"),
        (&utf_16_be, "æøå €"),
        (b"a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("paid \u{202e}000,1\u{202c} today".as_bytes(), "paid \u{fffd}000,1\u{fffd} today"),
        (coloured.as_bytes(), &tamed),
    ];
    for (content, text) in table {
        let shown = shown(&blobs, content, "a.txt").await;
        assert_eq!(std::str::from_utf8(&shown).unwrap(), *text);
    }
}

#[test]
fn an_original_is_never_shown_in_a_page_and_nothing_is_given_out_as_a_page() {
    for kind in Kind::ALL {
        assert!(!Manner::of(kind, Shelf::Original).inline, "{kind:?}");
        let shown = Manner::of(kind, Shelf::Shown);
        assert!(
            [
                "image/png",
                "image/jpeg",
                "text/plain; charset=utf-8",
                "application/octet-stream"
            ]
            .contains(&shown.content_type)
        );
        assert_eq!(
            shown.inline,
            shown.content_type != "application/octet-stream"
        );
        assert_eq!(Kind::named(kind.name()), Some(kind));
    }
    assert!(HEADERS.contains(&("x-content-type-options", "nosniff")));
}

#[test]
fn names_are_text_to_be_shown_and_nothing_more() {
    let long = format!("{}.png", "a".repeat(300));
    let endless = format!("a.{}", "b".repeat(300));
    let table: &[(&str, String)] = &[
        ("receipt.pdf", "receipt.pdf".to_owned()),
        (
            "kvittering æøå 日本.pdf",
            "kvittering æøå 日本.pdf".to_owned(),
        ),
        ("../../etc/passwd", "passwd".to_owned()),
        ("C:\\Users\\me\\a.png", "a.png".to_owned()),
        ("folder/", "folder".to_owned()),
        ("a\u{0}b\u{1b}[2J.png", "ab[2J.png".to_owned()),
        (
            "a\r\nContent-Type: text/html\r\n.png",
            "html .png".to_owned(),
        ),
        ("\u{202e}gnp.exe", "gnp.exe".to_owned()),
        ("a\u{200b}\u{feff}b.png", "ab.png".to_owned()),
        ("  .hidden  name . ", "hidden name".to_owned()),
        ("", "attachment".to_owned()),
        ("///", "attachment".to_owned()),
        ("..", "attachment".to_owned()),
        ("\u{202e}\u{200b}", "attachment".to_owned()),
        (&long, format!("{}….png", "a".repeat(95))),
        (&endless, format!("a.{}…", "b".repeat(97))),
    ];
    for (said, name) in table {
        assert_eq!(&display_name(said), name, "{said:?}");
        assert_eq!(&display_name(name), name, "{said:?} twice");
    }
    let downloads: &[(&str, Kind, &str)] = &[
        ("a.pdf", Kind::Pdf, "a.pdf"),
        ("a.PDF", Kind::Pdf, "a.PDF"),
        ("invoice.pdf.exe", Kind::Pdf, "invoice.pdf.exe.pdf"),
        ("a.jpeg", Kind::Jpeg, "a.jpeg"),
        ("a.jpg", Kind::Webp, "a.jpg.webp"),
        ("what? \"this\".txt", Kind::Text, "what_ _this_.txt"),
        ("", Kind::Csv, "attachment.csv"),
        (".csv", Kind::Csv, "csv.csv"),
    ];
    for (name, kind, download) in downloads {
        assert_eq!(download_name(name, *kind), *download);
    }
}

#[test]
fn a_name_goes_into_a_header_and_nothing_else_does() {
    let table = [
        (true, "a.png", Kind::Png, "inline; filename=\"a.png\""),
        (
            false,
            "a\"; x=\".pdf",
            Kind::Pdf,
            "attachment; filename=\"a_; x=_.pdf\"",
        ),
        (
            false,
            "a\r\nset-cookie: x.pdf",
            Kind::Pdf,
            "attachment; filename=\"a set-cookie_ x.pdf\"",
        ),
        (
            false,
            "kvittering æ €.pdf",
            Kind::Pdf,
            "attachment; filename=\"kvittering _ _.pdf\"; filename*=UTF-8''kvittering%20%C3%A6%20%E2%82%AC.pdf",
        ),
    ];
    for (inline, name, kind, header) in table {
        assert_eq!(content_disposition(inline, name, kind), header);
    }
}

// ---- Limits -----------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn what_is_too_large_is_not_even_read_to_its_end() {
    let folder = Folder::new("large");
    let blobs = folder.open().await;
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let endless = stream::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(Bytes::from_static(&[b'a'; 65_536]))
    });
    let refused = blobs
        .put(endless, Declared::default(), CaseHas::default())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this file is too large: one may have 1 MB at most"
    );
    assert_eq!(read.load(Ordering::Relaxed), 17);
    let exactly = vec![b'a'; 1 << 20];
    assert!(put(&blobs, &exactly, "a.txt", "").await.is_ok());
}

#[tokio::test]
async fn a_case_has_room_for_so_many_files_and_so_many_bytes() {
    let folder = Folder::new("room");
    let blobs = folder.open().await;
    let table: &[(u32, u64, Option<&str>)] = &[
        (2, (2 << 20) - 5, None),
        (
            2,
            (2 << 20) - 4,
            Some("there is no room for this file: all files of a case may have 2 MB at most"),
        ),
        (3, 0, Some("a case may have 3 files at most")),
        (9, u64::MAX, Some("a case may have 3 files at most")),
    ];
    for (files, bytes, refusal) in table {
        let one = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"hello"))]);
        let has = CaseHas {
            files: *files,
            bytes: *bytes,
        };
        let told = blobs
            .put(one, Declared::default(), has)
            .await
            .err()
            .map(|why| why.to_string());
        assert_eq!(told.as_deref(), *refusal);
    }
}

#[tokio::test]
async fn a_sender_who_stops_leaves_nothing() {
    let folder = Folder::new("stops");
    let blobs = folder.open().await;
    let parts = [
        Ok(Bytes::from_static(b"hel")),
        Err(std::io::Error::other("gone")),
    ];
    let refused = blobs
        .put(stream::iter(parts), Declared::default(), CaseHas::default())
        .await;
    assert!(matches!(refused, Err(Rejected::Interrupted)));
    assert_eq!(folder.files(), Vec::<PathBuf>::new());
}

// ---- Keeping ----------------------------------------------------------------------------------------------------------------

#[test]
fn a_digest_is_read_as_it_is_written() {
    let digest = Digest::of(b"abc");
    // The known answer of FIPS 180.
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.to_string(), known);
    assert_eq!(Digest::read(known), Some(digest));
    assert_eq!(Digest::from_bytes(*digest.bytes()), digest);
    for wrong in [
        "",
        "ba",
        &known[1..],
        &known.to_uppercase(),
        &known.replace('b', "g"),
        &known.replace("ba", "+a"),
    ] {
        assert_eq!(Digest::read(wrong), None, "{wrong}");
    }
}

/// What holds wherever attachments are kept.
async fn keeps(blobs: &Blobs) {
    let kept = put(blobs, &jpeg(), "a.jpg", "").await.expect("kept");
    let shown = kept.shown.expect("shown");
    assert_eq!(
        blobs
            .get(Shelf::Original, kept.original)
            .await
            .expect("there"),
        jpeg()
    );
    assert_eq!(
        Digest::of(&blobs.get(Shelf::Shown, shown.digest).await.expect("there")),
        shown.digest
    );
    // The same content again is the same attachment.
    assert_eq!(put(blobs, &jpeg(), "a.jpg", "").await.expect("kept"), kept);
    // What lies on one shelf does not lie on the other.
    let other = blobs.get(Shelf::Shown, kept.original).await;
    assert!(
        matches!(other, Err(Trouble::Absent(digest)) if digest == kept.original),
        "{other:?}"
    );
    blobs
        .remove(Shelf::Original, kept.original)
        .await
        .expect("removed");
    blobs
        .remove(Shelf::Original, kept.original)
        .await
        .expect("removed before");
    let gone = blobs.get(Shelf::Original, kept.original).await;
    assert!(matches!(gone, Err(Trouble::Absent(_))), "{gone:?}");
    assert!(blobs.get(Shelf::Shown, shown.digest).await.is_ok());
    // Many at once, some of them the same.
    let many = (0..24).map(|number| {
        let text = format!("text {}", number % 8);
        async move {
            put(blobs, text.as_bytes(), "a.txt", "")
                .await
                .map(|kept| (text, kept))
        }
    });
    for kept in futures_util::future::join_all(many).await {
        let (text, kept) = kept.expect("kept");
        assert_eq!(
            blobs
                .get(Shelf::Original, kept.original)
                .await
                .expect("there"),
            text
        );
    }
    blobs.healthy().await.expect("healthy");
}

#[tokio::test]
async fn a_folder_keeps_attachments() {
    let folder = Folder::new("keeps");
    let blobs = folder.open().await;
    keeps(&blobs).await;
}

#[tokio::test]
async fn a_folder_holds_a_content_once_and_nothing_unfinished() {
    let folder = Folder::new("once");
    let blobs = folder.open().await;
    for _ in 0..3 {
        put(&blobs, b"hello", "a.txt", "").await.unwrap();
    }
    blobs.healthy().await.unwrap();
    let hash = Digest::of(b"hello").to_string();
    let name = |shelf: &str| folder.0.join(shelf).join(&hash[..2]).join(&hash[2..]);
    assert_eq!(folder.files(), [name("original"), name("shown")]);
    #[cfg(unix)]
    for file in folder.files() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test]
async fn a_damaged_file_is_found_out_and_mended_by_the_same_content() {
    let folder = Folder::new("damaged");
    let blobs = folder.open().await;
    let kept = put(&blobs, b"hello", "a.txt", "").await.unwrap();
    let file = folder.files().remove(0);
    fs::write(&file, b"hullo").unwrap();
    let damaged = blobs.get(Shelf::Original, kept.original).await.unwrap_err();
    assert!(matches!(damaged, Trouble::Damaged(_)), "{damaged}");
    put(&blobs, b"hello", "a.txt", "").await.unwrap();
    assert_eq!(
        blobs.get(Shelf::Original, kept.original).await.unwrap(),
        "hello"
    );
}

#[tokio::test]
async fn nothing_of_a_file_can_be_read_where_it_lies() {
    let folder = Folder::new("sealed");
    let blobs = folder.open().await;
    put(&blobs, b"My name is Ann.", "a.txt", "").await.unwrap();
    let image = put(&blobs, &png(), "a.png", "").await.unwrap();
    let files = folder.files();
    assert_eq!(files.len(), 4);
    for file in &files {
        let lies = fs::read(file).unwrap();
        assert!(!is_in(b"Ann", &lies) && !is_in(b"IHDR", &lies), "{file:?}");
    }
    // Whoever has the files and another vault has nothing.
    let stranger = folder.open().await;
    let got = stranger.get(Shelf::Original, image.original).await;
    assert!(matches!(got, Err(Trouble::Unavailable(_))), "{got:?}");
}

#[tokio::test]
async fn a_file_that_was_removed_cannot_be_read_from_a_copy_either() {
    let folder = Folder::new("copies");
    let blobs = folder.open().await;
    let kept = put(&blobs, b"hello", "a.txt", "").await.unwrap();
    let copies: Vec<(PathBuf, Vec<u8>)> = folder
        .files()
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    let shown = kept.shown.unwrap().digest;
    blobs.remove(Shelf::Original, kept.original).await.unwrap();
    // The other is under a key of its own, for it may be shown of another file too.
    assert_eq!(blobs.get(Shelf::Shown, shown).await.unwrap(), "hello");
    blobs.remove(Shelf::Shown, shown).await.unwrap();
    assert_eq!(folder.files(), Vec::<PathBuf>::new());
    for (path, copy) in &copies {
        fs::write(path, copy).unwrap();
    }
    for (shelf, digest) in [(Shelf::Original, kept.original), (Shelf::Shown, shown)] {
        let got = blobs.get(shelf, digest).await;
        assert!(matches!(got, Err(Trouble::Erased(_))), "{got:?}");
    }
    // Handed in again, it is kept again.
    put(&blobs, b"hello", "a.txt", "").await.unwrap();
    assert_eq!(
        blobs.get(Shelf::Original, kept.original).await.unwrap(),
        "hello"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_with_what_helps() {
    let folder = Folder::new("blocked");
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("file"), "").unwrap();
    let below = config(AttachmentPlace::Folder(folder.0.join("file/attachments")));
    let told = opened(&below).await.map(drop).unwrap_err().to_string();
    assert!(
        told.ends_with("file/attachments: Not a directory (os error 20)"),
        "{told}"
    );
    let blobs = folder.open().await;
    fs::remove_dir_all(&folder.0).unwrap();
    assert!(matches!(
        blobs.healthy().await,
        Err(Trouble::Unavailable(_))
    ));
}

// ---- Storage that speaks S3 -------------------------------------------------------------------------------------------------

/// A Python program of these tests, with the peers at hand. It ends when its input does, so with the test.
struct Python(Child);

impl Python {
    fn start(script: &str) -> Self {
        let python = peers().join("venv/bin/python");
        assert!(
            python.exists(),
            "run `cargo xtask test`, which installs what this test needs (moto and botocore)"
        );
        let script = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
            .join("tests/blob")
            .join(script);
        let child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        Self(child)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let out = self.0.stdout.as_mut().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        line
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bucket(port: u16, name: &str, prefix: &str) -> Attachments {
    config(AttachmentPlace::S3(Box::new(S3 {
        endpoint: format!("http://127.0.0.1:{port}")
            .parse()
            .expect("an address"),
        bucket: name.to_owned(),
        region: "eu-north-1".to_owned(),
        prefix: prefix.to_owned(),
        access_key: Secret::new("AKIDEXAMPLE"),
        secret_key: Secret::new("a/secret+key"),
        session_token: None,
    })))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_attachments() {
    let mut moto = Python::start("storage.py");
    let port: u16 = moto.line().trim().parse().expect("moto tells its port");
    let missing = opened(&bucket(port, "desk", "")).await.unwrap();
    let told = missing.healthy().await.unwrap_err().to_string();
    assert_eq!(
        told,
        "attachments cannot be kept in the bucket `desk` at 127.0.0.1: there is no such bucket; create it, or look at `attachments.s3_bucket`"
    );
    let made = reqwest_put(&format!("http://127.0.0.1:{port}/desk")).await;
    assert!(made.is_success(), "{made}");
    for prefix in ["", "make good/æ/"] {
        let blobs = opened(&bucket(port, "desk", prefix)).await.unwrap();
        keeps(&blobs).await;
    }
}

async fn reqwest_put(address: &str) -> StatusCode {
    let answer = reqwest::Client::new()
        .put(address)
        .body("<CreateBucketConfiguration><LocationConstraint>eu-north-1</LocationConstraint></CreateBucketConfiguration>")
        .send()
        .await
        .expect("moto answers");
    answer.status()
}

/// A status and what comes with it.
type Answer = (u16, &'static [u8]);

/// What came to a storage of our own.
#[derive(Clone, Debug)]
struct Came {
    method: String,
    path: String,
    headers: HeaderMap,
    content: Bytes,
}

/// A storage that answers what it is told to, one answer a request, the last one for ever.
#[derive(Clone, Default)]
struct Scripted {
    answers: Arc<Mutex<Vec<Answer>>>,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Scripted {
    async fn start(answers: &[Answer]) -> (Self, u16) {
        let own = Self::default();
        *own.answers.lock().expect("nobody panicked") = answers.iter().rev().copied().collect();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let router = Router::new().fallback(Self::answer).with_state(own.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (own, port)
    }

    async fn answer(State(own): State<Self>, request: Request) -> axum::response::Response {
        let (parts, body) = request.into_parts();
        let content = axum::body::to_bytes(body, 1 << 22)
            .await
            .unwrap_or_default();
        own.came.lock().expect("nobody panicked").push(Came {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            headers: parts.headers,
            content,
        });
        let mut answers = own.answers.lock().expect("nobody panicked");
        let (status, content) = match answers.as_slice() {
            [last] => *last,
            _ => answers.pop().expect("an answer"),
        };
        let status = StatusCode::from_u16(status).expect("a status");
        (status, [("location", "http://127.0.0.1:1/")], content).into_response()
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().expect("nobody panicked").clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_signatures_are_those_of_awss_own_library() {
    let (storage, port) = Scripted::start(&[(200, b"hello")]).await;
    let tokens = [None, Some("FwoGZXIvYXdzE/a+token==")];
    let prefixes = ["", "make good/æ+ø/"];
    let asked = prefixes.into_iter().zip(tokens);
    for (prefix, token) in asked.clone() {
        let mut bucket = bucket(port, "desk", prefix);
        if let AttachmentPlace::S3(s3) = &mut bucket.place {
            s3.session_token = token.map(Secret::new);
        }
        let blobs = opened(&bucket).await.unwrap();
        put(&blobs, b"hello", "a.txt", "").await.unwrap();
        let hello = Digest::of(b"hello");
        // What this storage gives back is not what was put there.
        let got = blobs.get(Shelf::Original, hello).await;
        assert!(matches!(got, Err(Trouble::Damaged(_))), "{got:?}");
        blobs.remove(Shelf::Original, hello).await.unwrap();
    }
    let mut judge = Python::start("sign.py");
    let came = storage.came();
    let methods: Vec<&str> = came.iter().map(|came| came.method.as_str()).collect();
    let each = ["PUT", "PUT", "GET", "GET", "DELETE"];
    assert_eq!(methods, each.repeat(2));
    let tokens = asked.flat_map(|(_, token)| [token; 5]);
    for (came, token) in came.into_iter().zip(tokens) {
        let headers: serde_json::Map<String, serde_json::Value> = came
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").into()))
            .collect();
        let asked = serde_json::json!({
            "method": came.method,
            "url": format!("http://127.0.0.1:{port}{}", came.path),
            "headers": headers,
            "key": "AKIDEXAMPLE",
            "secret": "a/secret+key",
            "token": token,
            "region": "eu-north-1",
        });
        writeln!(judge.0.stdin.as_mut().unwrap(), "{asked}").unwrap();
        let signed: serde_json::Value = serde_json::from_str(&judge.line()).unwrap();
        assert_eq!(signed["theirs"], signed["ours"]);
        assert_eq!(signed["ours"]["X-Amz-Security-Token"].as_str(), token);
        if came.method == "PUT" {
            let signed_headers = signed["ours"]["X-Amz-SignedHeaders"].as_str().unwrap();
            assert_eq!(
                signed_headers,
                "content-type;host;if-none-match;x-amz-checksum-sha256"
            );
            assert!(!is_in(b"hello", &came.content));
            let checksum = STANDARD.encode(Digest::of(&came.content).bytes());
            assert_eq!(came.headers["x-amz-checksum-sha256"], checksum);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_in_trouble_is_asked_again_and_a_refusal_is_told() {
    let once = |status: u16| vec![(status, &b"<Error>a/secret+key</Error>"[..])];
    let table: &[(Vec<Answer>, usize, Option<&str>)] = &[
        (vec![(503, b""), (429, b""), (200, b"")], 3, None),
        (vec![(409, b""), (200, b"")], 2, None),
        // There is something already, which proves to be damaged, and is replaced.
        (vec![(412, b""), (200, b"hullo"), (200, b"")], 3, None),
        (
            once(403),
            1,
            Some(
                "it answered 403 Forbidden; look at `attachments.s3_access_key`, `s3_secret_key`, `s3_session_token` and `s3_region`, at the rights of the key, and at this machine's clock",
            ),
        ),
        (
            once(301),
            1,
            Some(
                "it answered 301 Moved Permanently; the bucket is in another region: look at `attachments.s3_region` and `s3_endpoint`",
            ),
        ),
        (once(400), 1, Some("it answered 400 Bad Request")),
        (once(500), 4, Some("it answered 500 Internal Server Error")),
    ];
    for (answers, requests, told) in table {
        let (storage, port) = Scripted::start(answers).await;
        let blobs = opened(&bucket(port, "desk", "")).await.unwrap();
        // A PDF has no shown form, so this is one request.
        let kept = put(&blobs, PDF, "a.pdf", "").await;
        let why = match &kept {
            Ok(_) => None,
            Err(Rejected::Trouble(trouble)) => Some(trouble.to_string()),
            Err(other) => panic!("{other}"),
        };
        let whole = told.map(|told| {
            format!("attachments cannot be kept in the bucket `desk` at 127.0.0.1: {told}")
        });
        assert_eq!(why, whole);
        assert_eq!(storage.came().len(), *requests, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_storage_gives_back_is_held_against_the_hash() {
    let (storage, port) = Scripted::start(&[(200, b"")]).await;
    let blobs = opened(&bucket(port, "desk", "")).await.unwrap();
    let mut sealed: Vec<&'static [u8]> = Vec::new();
    for text in [&b"hello"[..], b"hullo"] {
        put(&blobs, text, "a.txt", "").await.unwrap();
        let came = storage.came();
        let original = came.iter().rfind(|came| came.path.contains("/original/"));
        sealed.push(original.unwrap().content.to_vec().leak());
    }
    let hello = Digest::of(b"hello");
    let (first, second) = (sealed[0], sealed[1]);
    let cut = &first[..first.len() - 1];
    let answers = [
        (200, second),
        (200, cut),
        (200, b"hello"),
        (404, b""),
        (200, first),
    ];
    let (_, port) = Scripted::start(&answers).await;
    let (there, vault) = (bucket(port, "desk", ""), Arc::clone(&blobs.vault));
    let blobs = Blobs::open(&there, vault, Clock::default()).await.unwrap();
    for _ in 0..3 {
        let got = blobs.get(Shelf::Original, hello).await;
        assert!(matches!(got, Err(Trouble::Damaged(_))), "{got:?}");
    }
    let got = blobs.get(Shelf::Original, hello).await;
    assert!(matches!(got, Err(Trouble::Absent(_))), "{got:?}");
    assert_eq!(blobs.get(Shelf::Original, hello).await.unwrap(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_is_not_there_is_told_without_a_signature() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let blobs = opened(&bucket(port, "desk", "")).await.unwrap();
    let told = blobs.healthy().await.unwrap_err().to_string();
    assert!(told.contains("Connection refused"), "{told}");
    assert!(!told.contains("X-Amz") && !told.contains("AKID"), "{told}");
    let shown = format!("{:?}", *blobs);
    assert!(!shown.contains("a/secret+key"), "{shown}");
}
