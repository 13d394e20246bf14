// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images that would fill the memory: small files with much in them. Alone in its file, so that the memory of the process is its own.
#![cfg(target_os = "linux")]

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use image::{GrayImage, ImageFormat};
use makegood::blob::{Blobs, CaseHas, Declared};
use makegood::clock::Clock;
use makegood::config::{AttachmentPlace, Attachments};
use makegood::vault::{MasterKey, Vault};

/// A megabyte.
const MB: usize = 1 << 20;

/// The most memory that this process held, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.expect("a number") << 10
}

/// The chunks of a PNG: kind and content.
fn chunks(png: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut chunks = Vec::new();
    let mut rest = &png[8..];
    while let Some((length, after)) = rest.split_at_checked(4) {
        let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
        let length = usize::try_from(length).expect("a length");
        chunks.push((&after[..4], &after[4..4 + length]));
        rest = &after[8 + length..];
    }
    chunks
}

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let body = [kind, content].concat();
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

fn written(image: &GrayImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image
        .write_to(&mut out, ImageFormat::Png)
        .expect("it is written");
    out.into_inner()
}

/// A small image with chunks before its points that each hold 64 MB of zeros, packed.
fn bomb(kind: &[u8], name: &[u8], times: usize) -> Vec<u8> {
    // What a PNG packs its points in is what it packs texts and profiles in.
    let zeros = written(&GrayImage::new(8_192, 8_192));
    let points = chunks(&zeros)
        .into_iter()
        .filter(|(kind, _)| *kind == b"IDAT");
    let packed: Vec<u8> = points
        .flat_map(|(_, content)| content.iter().copied())
        .collect();
    let small = written(&GrayImage::new(8, 8));
    let begin = 8 + 25;
    let filled = chunk(kind, &[name, &packed].concat()).repeat(times);
    [&small[..begin], &filled, &small[begin..]].concat()
}

#[tokio::test]
async fn a_small_file_does_not_unpack_into_much_memory() {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("blob-memory-{}", std::process::id()));
    let config = Attachments {
        place: AttachmentPlace::Folder(folder.clone()),
        file_bytes_max: 8 << 20,
        case_bytes_max: 64 << 20,
        files_per_case_max: 9,
        image_pixels_max: 1_000_000,
    };
    let master = MasterKey::generate().unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let vault = Vault::open(&folder.join("keys.sqlite"), master).unwrap();
    let blobs = Blobs::open(&config, Arc::new(vault), Clock::default());
    let blobs = blobs.await.unwrap();
    let bombs = [
        ("profile", bomb(b"iCCP", b"p\0\0", 1)),
        ("texts", bomb(b"zTXt", b"Comment\0\0", 24)),
        (
            "international texts",
            bomb(b"iTXt", b"Comment\0\x01\0\0\0", 24),
        ),
    ];
    let before = peak();
    for (name, bomb) in bombs {
        assert!(bomb.len() < 8 * MB, "{name}: {}", bomb.len());
        let content = stream::iter([Ok::<_, std::io::Error>(Bytes::from(bomb))]);
        let put = blobs
            .put(
                content,
                Declared {
                    name: "a.png",
                    media_type: "",
                },
                CaseHas::default(),
            )
            .await;
        let more = peak().saturating_sub(before);
        assert!(more < 32 * MB, "{name}: {} MB more; {put:?}", more / MB);
        if let Some(shown) = put.ok().and_then(|kept| kept.shown) {
            assert!(shown.bytes < 1_000, "{name}: {}", shown.bytes);
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
