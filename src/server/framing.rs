//! Where HTTP/1.1 messages begin and end (RFC 9112), read strictly: whatever two readers could take in two ways is
//! refused. Pure: it is shown bytes and says how many of them may be handed on; it reads no socket, keeps no bytes and
//! knows no time.

use memchr::memchr;

use super::refusal::Refusal;
use crate::limits;

/// Follows the requests of one connection.
#[derive(Debug)]
pub struct Framing {
    place: Place,
    head: Head,
    /// Bytes of the current head or trailers that were seen whole: they need no second look when more arrive.
    seen: usize,
    heads: u32,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    Body { left: u64 },
    ChunkSize,
    Chunk { left: u64 },
    ChunkEnd,
    Trailers,
}

/// What the lines of the current head have said so far.
#[derive(Debug, Default)]
struct Head {
    lines: usize,
    http10: bool,
    hosts: u32,
    host: Vec<u8>,
    /// The authority of a target in absolute form, with its scheme's default port.
    authority: Option<(Vec<u8>, &'static [u8])>,
    length: Option<u64>,
    chunked: bool,
}

/// What may be done with the bytes that were shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes are in order and are handed on; at least one.
    Pass(usize),
    /// So many bytes are in order and say nothing (empty lines before a request); they are dropped. At least one.
    Drop(usize),
    /// The bytes end in the middle of a head, a chunk-size line or trailers: show them again with more behind them.
    More,
}

impl Default for Framing {
    fn default() -> Self {
        Self { place: Place::Head, head: Head::default(), seen: 0, heads: 0 }
    }
}

impl Framing {
    /// Looks at the bytes that follow those passed or dropped so far. Bytes answered with `More` must be shown again.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        if bytes.is_empty() {
            return Ok(Step::More);
        }
        match self.place {
            Place::Head => self.head(bytes),
            Place::Body { left } => Ok(self.run(bytes, left, Place::Head, |left| Place::Body { left })),
            Place::Chunk { left } => Ok(self.run(bytes, left, Place::ChunkEnd, |left| Place::Chunk { left })),
            Place::ChunkSize => self.chunk_size(bytes),
            Place::ChunkEnd => self.chunk_end(bytes),
            Place::Trailers => self.trailers(bytes),
        }
    }

    /// Heads that were passed, which is the number of the last request.
    pub fn heads(&self) -> u32 {
        self.heads
    }

    /// Whether the next byte begins or continues a head.
    pub fn at_head(&self) -> bool {
        self.place == Place::Head
    }

    /// Passes a run of body bytes without looking at them.
    fn run(&mut self, bytes: &[u8], left: u64, then: Place, still: fn(u64) -> Place) -> Step {
        let shown = bytes.len() as u64;
        if shown < left {
            self.place = still(left - shown);
            return Step::Pass(bytes.len());
        }
        self.place = then;
        // `left` is at most the length of a slice here.
        Step::Pass(usize::try_from(left).unwrap_or(bytes.len()))
    }

    fn head(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        // RFC 9112 section 2.2: empty lines before a request line are ignored.
        if self.seen == 0 && self.head.lines == 0 {
            let empty = bytes.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2;
            if empty > 0 {
                return Ok(Step::Drop(empty));
            }
        }
        while let Some(line) = next_line(bytes, self.seen)? {
            self.seen += line.len() + 2;
            if self.seen > limits::HEAD_BYTES_MAX {
                return Err(Refusal::HeadTooLarge);
            }
            if self.head.lines == 0 {
                self.head.request_line(line)?;
            } else if line.is_empty() {
                let length = self.seen;
                self.place = std::mem::take(&mut self.head).close()?;
                self.seen = 0;
                self.heads = self.heads.saturating_add(1);
                return Ok(Step::Pass(length));
            } else {
                self.head.header(line)?;
            }
            self.head.lines += 1;
            if self.head.lines > limits::HEADERS_MAX + 1 {
                return Err(Refusal::HeadTooLarge);
            }
        }
        if self.head.lines == 0 {
            // The target may be refused before its line ends; the method is short.
            let rest = memchr(b' ', bytes).map_or(bytes.len(), |at| bytes.len() - at - 1);
            if rest > limits::URI_BYTES_MAX + " HTTP/1.1\r".len() {
                return Err(Refusal::UriTooLong);
            }
        }
        if bytes.len() > limits::HEAD_BYTES_MAX {
            return Err(Refusal::HeadTooLarge);
        }
        Ok(Step::More)
    }

    fn chunk_size(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        let Some(line) = next_line(bytes, 0)? else {
            return if bytes.len() > limits::CHUNK_LINE_BYTES_MAX { Err(Refusal::Chunk) } else { Ok(Step::More) };
        };
        if line.len() > limits::CHUNK_LINE_BYTES_MAX || line.iter().any(|byte| is_control(*byte)) {
            return Err(Refusal::Chunk);
        }
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (size, extension) = line.split_at(digits);
        // RFC 9112 section 7.1.1: after the size there is nothing, or extensions that begin with a semicolon.
        let extended = extension.is_empty() || extension.trim_ascii_start().starts_with(b";");
        // Fifteen digits are a petabyte; more could overflow in a reader that is less careful.
        if !extended || !(1..=15).contains(&digits) {
            return Err(Refusal::Chunk);
        }
        let size = size.iter().fold(0_u64, |sum, digit| sum * 16 + u64::from(hex_value(*digit)));
        self.place = match size {
            0 => Place::Trailers,
            left => Place::Chunk { left },
        };
        Ok(Step::Pass(line.len() + 2))
    }

    fn chunk_end(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        if bytes.starts_with(b"\r\n") {
            self.place = Place::ChunkSize;
            return Ok(Step::Pass(2));
        }
        match bytes {
            b"\r" => Ok(Step::More),
            [b'\n', ..] => Err(Refusal::BareLf),
            _ => Err(Refusal::Chunk),
        }
    }

    fn trailers(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        while let Some(line) = next_line(bytes, self.seen)? {
            self.seen += line.len() + 2;
            if self.seen > limits::TRAILERS_BYTES_MAX {
                return Err(Refusal::Trailer);
            }
            if line.is_empty() {
                let length = self.seen;
                self.place = Place::Head;
                self.seen = 0;
                return Ok(Step::Pass(length));
            }
            let (name, _) = split_header(line)?;
            if is_name(name, b"content-length") || is_name(name, b"transfer-encoding") || is_name(name, b"host") {
                return Err(Refusal::Trailer);
            }
        }
        if bytes.len() > limits::TRAILERS_BYTES_MAX { Err(Refusal::Trailer) } else { Ok(Step::More) }
    }
}

impl Head {
    fn request_line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if line.iter().any(|byte| is_control(*byte)) {
            return Err(Refusal::Control);
        }
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Refusal::RequestLine);
        };
        if target.len() > limits::URI_BYTES_MAX {
            return Err(Refusal::UriTooLong);
        }
        if method.is_empty() || target.is_empty() || !method.iter().all(|byte| is_token(*byte)) {
            return Err(Refusal::RequestLine);
        }
        self.http10 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            other if other.starts_with(b"HTTP/") => return Err(Refusal::Version),
            _ => return Err(Refusal::RequestLine),
        };
        if method == b"CONNECT" {
            return Err(Refusal::Connect);
        }
        if target.starts_with(b"/") || target == b"*" {
            return Ok(());
        }
        let (authority, port) = absolute(target).ok_or(Refusal::RequestLine)?;
        self.authority = Some((authority.to_vec(), port));
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let (name, value) = split_header(line)?;
        if is_name(name, b"host") {
            self.hosts += 1;
            self.host = value.to_vec();
        } else if is_name(name, b"content-length") {
            let digits = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
            if self.length.is_some() || !digits {
                return Err(Refusal::ContentLength);
            }
            self.length = Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')));
        } else if is_name(name, b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::TransferEncoding);
            }
            self.chunked = true;
        }
        Ok(())
    }

    /// What follows the head, once it is complete and agrees with itself.
    fn close(self) -> Result<Place, Refusal> {
        if self.chunked && self.length.is_some() {
            return Err(Refusal::Both);
        }
        if self.chunked && self.http10 {
            return Err(Refusal::TransferEncoding);
        }
        if self.hosts > 1 || (self.hosts == 0 && !self.http10) {
            return Err(Refusal::Host);
        }
        if let Some((authority, port)) = &self.authority
            && self.hosts == 1
            && !same_authority(authority, &self.host, port)
        {
            return Err(Refusal::Authority);
        }
        Ok(match (self.chunked, self.length) {
            (true, _) => Place::ChunkSize,
            (false, None | Some(0)) => Place::Head,
            (false, Some(left)) => Place::Body { left },
        })
    }
}

/// Whether two authorities name the same server: letter case and the scheme's default port aside (RFC 9110 section
/// 4.2.3).
pub fn same_authority(one: &[u8], other: &[u8], default_port: &[u8]) -> bool {
    let plain = |authority: &'_ [u8]| -> usize {
        let Some(host) = authority.strip_suffix(default_port) else {
            return authority.len();
        };
        host.strip_suffix(b":").map_or(authority.len(), <[u8]>::len)
    };
    let (one, other) = (one.split_at(plain(one)).0, other.split_at(plain(other)).0);
    one.eq_ignore_ascii_case(other)
}

/// The authority of an absolute target and the default port of its scheme.
fn absolute(target: &[u8]) -> Option<(&[u8], &'static [u8])> {
    let at = memchr::memmem::find(target, b"://")?;
    let (scheme, rest) = target.split_at(at);
    let port: &[u8] = match scheme {
        scheme if scheme.eq_ignore_ascii_case(b"https") => b"443",
        scheme if scheme.eq_ignore_ascii_case(b"http") => b"80",
        _ => return None,
    };
    let rest = rest.strip_prefix(b"://")?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let authority = rest.split_at(end).0;
    // A user name in front of the host has been used to make one host look like another.
    (!authority.is_empty() && !authority.contains(&b'@')).then_some((authority, port))
}

/// The line that begins at `from`, without its CRLF; `None` while it has no end.
fn next_line(bytes: &[u8], from: usize) -> Result<Option<&[u8]>, Refusal> {
    let rest = bytes.get(from..).unwrap_or_default();
    let Some(end) = memchr(b'\n', rest) else {
        return Ok(None);
    };
    let line = rest.split_at(end).0;
    line.strip_suffix(b"\r").map(Some).ok_or(Refusal::BareLf)
}

/// Name and value of a header line, the value without the blanks around it.
fn split_header(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(Refusal::Fold);
    }
    let (name, value) = line.split_at(memchr(b':', line).ok_or(Refusal::HeaderName)?);
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(Refusal::HeaderName);
    }
    if value.iter().any(|byte| is_control(*byte)) {
        return Err(Refusal::Control);
    }
    Ok((name, value.strip_prefix(b":").unwrap_or(value).trim_ascii()))
}

fn is_name(name: &[u8], wanted: &[u8]) -> bool {
    name.len() == wanted.len() && name.eq_ignore_ascii_case(wanted)
}

/// Control characters, the tab excepted: NUL and a CR within a line among them.
fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// A character of a token (RFC 9110 section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests;
