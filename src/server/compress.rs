//! Answers in a content coding that the client takes (RFC 9110 section 8.4). A body is coded piece by piece where the request is
//! answered, with a pause for others after each piece, so that a large one takes no thread for itself and a streamed one no more memory
//! than before. It does not know what is in a body: answers to SCIM requests carry no secrets that their length could give away.

use super::body::Answer;
use super::negotiate::{Coding, Codings};
use crate::directory::answer::Cut;
use crate::limits;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Response;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{self, Write};
use tokio::sync::mpsc;

/// The answer in the coding that the client likes best, if that is worth it: small bodies stay as they are, unless the client refuses
/// that.
pub async fn compress(mut response: Response<Answer>, codings: Codings) -> Response<Answer> {
    let Some(coding) = codings.best.filter(|_| has_content(&response)) else { return response };
    let body = std::mem::replace(response.body_mut(), Answer::empty());
    let coded = match body {
        Answer::Full(bytes) if bytes.is_empty() || bytes.len() < limits::COMPRESS_BYTES_MIN && codings.identity => {
            *response.body_mut() = Answer::Full(bytes);
            return response;
        }
        Answer::Full(bytes) => match whole(&bytes, coding).await {
            Ok(coded) => Answer::Full(coded),
            Err(error) => {
                tracing::error!(%error, "a defect: an answer cannot be compressed");
                *response.body_mut() = Answer::Full(bytes);
                return response;
            }
        },
        Answer::Stream(parts) => {
            let (sender, receiver) = mpsc::channel(limits::STREAM_CHUNKS_MAX);
            tokio::spawn(stream(parts, coding, sender));
            Answer::Stream(receiver)
        }
    };
    *response.body_mut() = coded;
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    response
}

fn has_content(response: &Response<Answer>) -> bool {
    response.headers().contains_key(CONTENT_TYPE) && !response.headers().contains_key(CONTENT_ENCODING)
}

async fn whole(bytes: &Bytes, coding: Coding) -> io::Result<Bytes> {
    let mut encoder = Encoder::new(coding);
    let mut coded = Vec::with_capacity(bytes.len() / 4);
    for piece in bytes.chunks(limits::COMPRESS_PIECE_BYTES_MAX) {
        encoder.push(piece, &mut coded)?;
        if bytes.len() > limits::COMPRESS_PIECE_BYTES_MAX {
            tokio::task::yield_now().await;
        }
    }
    encoder.end(&mut coded)?;
    Ok(Bytes::from(coded))
}

/// Codes each part as it comes, so that the client can read what it was sent so far. A part that was cut is told as such.
async fn stream(
    mut parts: mpsc::Receiver<Result<Bytes, Cut>>,
    coding: Coding,
    sender: mpsc::Sender<Result<Bytes, Cut>>,
) {
    let mut encoder = Encoder::new(coding);
    while let Some(part) = parts.recv().await {
        let mut coded = Vec::new();
        let part = match part.map(|part| encoder.push(&part, &mut coded).and_then(|()| encoder.flush(&mut coded))) {
            Ok(Ok(())) => Ok(Bytes::from(coded)),
            Ok(Err(_)) | Err(Cut) => Err(Cut),
        };
        let is_cut = part.is_err();
        // A client that went away ends the maker of the answer too, whose receiver is dropped with this.
        if sender.send(part).await.is_err() || is_cut {
            return;
        }
        tokio::task::yield_now().await;
    }
    let mut coded = Vec::new();
    let last = encoder.end(&mut coded).map(|()| Bytes::from(coded)).map_err(|_| Cut);
    if last.as_ref().is_ok_and(Bytes::is_empty) {
        return;
    }
    let _ = sender.send(last).await;
}

/// A coding while a body goes through it.
enum Encoder {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// Every piece is a frame of its own, which RFC 8878 section 3 allows: frames need no common state.
    Zstd,
}

impl Encoder {
    fn new(coding: Coding) -> Encoder {
        match coding {
            Coding::Gzip => {
                Encoder::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::new(limits::COMPRESS_GZIP_LEVEL))))
            }
            Coding::Zstd => Encoder::Zstd,
        }
    }

    fn push(&mut self, piece: &[u8], coded: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Encoder::Gzip(encoder) => {
                encoder.write_all(piece)?;
                coded.append(encoder.get_mut());
            }
            Encoder::Zstd => coded.append(&mut compress_to_vec(piece, CompressionLevel::Fastest)),
        }
        Ok(())
    }

    /// Writes out what was held back.
    fn flush(&mut self, coded: &mut Vec<u8>) -> io::Result<()> {
        if let Encoder::Gzip(encoder) = self {
            encoder.flush()?;
            coded.append(encoder.get_mut());
        }
        Ok(())
    }

    fn end(self, coded: &mut Vec<u8>) -> io::Result<()> {
        if let Encoder::Gzip(encoder) = self {
            coded.append(&mut encoder.finish()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
