//! An HTTP/1.1 client for one server: TLS 1.2 and 1.3 with the machine's authorities or a given one, one connection that is kept while
//! it lasts, bounded in time and size. It follows no redirect, keeps no cookie, uses no proxy, and does not know SCIM.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::limits;

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those of the machine's authorities.
    System,
    /// Those of the authorities in this PEM file, and no others.
    File(PathBuf),
    /// Those of the authorities in this PEM text, and no others.
    Pem(String),
    /// Everybody's: whoever is in between can read everything, the token too.
    Anybody,
}

/// What a client shows of itself.
#[derive(Clone, Copy)]
pub enum Credentials<'a> {
    /// A bearer token.
    Bearer(&'a str),
    /// A user and his password (RFC 7617).
    Basic(&'a str, &'a str),
}

/// Why there is no client, or no answer. No message has the token in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is none that can be asked.
    #[error("{0}")]
    Url(String),
    /// The token cannot stand in a header.
    #[error("the token has characters that cannot stand in a header")]
    Token,
    /// The authorities cannot be read.
    #[error("{}: {reason}", .path.display())]
    Authorities {
        /// The file, or what stands for the machine's.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A header or path cannot be sent.
    #[error("the request cannot be written: {0}")]
    Request(String),
    /// No connection came about.
    #[error("cannot connect to {0}: {1}")]
    Connect(String, io::Error),
    /// The TLS handshake failed.
    #[error("no TLS connection to {0}: {1}")]
    Tls(String, io::Error),
    /// The time was up.
    #[error("no answer within {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// The connection broke, or what came is no HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer is larger than was asked for.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// A request to the client's server.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The method.
    pub method: &'a str,
    /// What follows the base URL's path, encoded, with its query.
    pub path: &'a str,
    /// Headers; `Host`, `Content-Length` and `Authorization` are the client's own.
    pub headers: &'a [(String, String)],
    /// Whether the token is sent.
    pub authorized: bool,
    /// The body.
    pub body: Option<&'a str>,
    /// The largest answer that is taken, in bytes.
    pub answer_bytes_max: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How long it took.
    pub took: Duration,
}

/// A client of one server.
pub struct Client {
    host: String,
    port: u16,
    authority: String,
    prefix: String,
    tls: Option<TlsConnector>,
    token: Option<HeaderValue>,
    patience: Duration,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// Without the token.
impl Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("authority", &self.authority)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for what is below `base`; its query is not used. Plain `http` is for this machine alone. Each answer is waited for as
    /// long as `patience`.
    ///
    /// # Errors
    /// A URL, token or file that cannot be used.
    pub fn new(base: &str, trust: &Trust, token: Option<&str>, patience: Duration) -> Result<Client, Error> {
        Client::with(base, trust, token.map(Credentials::Bearer), patience)
    }

    /// As [`Client::new`], with any kind of credentials.
    ///
    /// # Errors
    /// A URL, credentials or a file that cannot be used.
    pub fn with(
        base: &str,
        trust: &Trust,
        credentials: Option<Credentials<'_>>,
        patience: Duration,
    ) -> Result<Client, Error> {
        let url = |reason: &str| Error::Url(format!("\"{base}\" {reason}"));
        let uri: Uri = base.parse().map_err(|_| url("is not a URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(url("is not a URL such as https://scim.example.com/scim/v2"));
        };
        if authority.as_str().contains('@') {
            return Err(Error::Url("the URL has a user in it; give a token in place of that".to_owned()));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match scheme {
            "https" => Some(TlsConnector::from(Arc::new(configuration(trust)?))),
            "http" if is_this_machine(&host) => None,
            "http" => return Err(url("would send the token in the clear; use https")),
            _ => return Err(url("begins with neither https:// nor http://")),
        };
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        let token = credentials.map(header);
        Ok(Client {
            host,
            port,
            authority: authority.as_str().to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            tls,
            token: token.transpose()?,
            patience,
            connection: None,
        })
    }

    /// Sends a request and reads the whole answer. A kept connection that turns out to be closed is made anew, once.
    ///
    /// # Errors
    /// Whatever kept an answer from coming.
    pub async fn send(&mut self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let patience = self.patience;
        match timeout(patience, self.attempt(ask)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.connection = None;
                Err(Error::Timeout(patience))
            }
        }
    }

    async fn attempt(&mut self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let started = Instant::now();
        let mut request = Some(self.request(ask)?);
        for _ in 0..2 {
            let mut sender = match self.connection.take() {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            // A server may have closed a kept connection since: then nothing of the request was sent, and it is sent anew.
            if sender.ready().await.is_err() {
                continue;
            }
            let Some(wanted) = request.take() else { break };
            let response = match sender.try_send_request(wanted).await {
                Ok(response) => response,
                Err(mut error) => {
                    request = error.take_message();
                    if request.is_some() {
                        continue;
                    }
                    return Err(Error::Broken(chain(&error.into_error())));
                }
            };
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ask.answer_bytes_max).collect().await.map_err(|error| {
                match error.downcast_ref::<http_body_util::LengthLimitError>() {
                    Some(_) => Error::TooLarge(ask.answer_bytes_max),
                    None => Error::Broken(error.to_string()),
                }
            })?;
            self.connection = Some(sender);
            return Ok(Answer {
                status: head.status.as_u16(),
                headers: readable(&head.headers),
                body: body.to_bytes(),
                took: started.elapsed(),
            });
        }
        Err(Error::Broken("the server closes connections without an answer".to_owned()))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Error> {
        let patience = Duration::from_millis(limits::OUTBOUND_CONNECT_MS_MAX);
        let connecting = timeout(patience, TcpStream::connect((self.host.as_str(), self.port))).await;
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let connected = connecting.map_err(late).and_then(|connected| connected);
        let tcp = connected.map_err(|error| Error::Connect(self.authority.clone(), error))?;
        let _ = tcp.set_nodelay(true);
        match &self.tls {
            None => self.speak(TokioIo::new(tcp)).await,
            Some(tls) => {
                let broken = |error| Error::Tls(self.authority.clone(), error);
                let name = ServerName::try_from(self.host.clone()).map_err(|error| broken(io::Error::other(error)))?;
                let stream = timeout(patience, tls.connect(name, tcp)).await.map_err(late).and_then(|stream| stream);
                self.speak(TokioIo::new(stream.map_err(broken)?)).await
            }
        }
    }

    async fn speak<S>(&self, stream: S) -> Result<SendRequest<Full<Bytes>>, Error>
    where
        S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let handshake = http1::Builder::new().max_buf_size(limits::OUTBOUND_HEADER_BYTES_MAX).handshake(stream).await;
        let (sender, connection) = handshake.map_err(|error| Error::Broken(chain(&error)))?;
        // It ends with its sender, or when the server closes it; what went wrong shows at the request.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Full<Bytes>>, Error> {
        let bad = |what: String| move |_| Error::Request(what);
        let body = Bytes::from(ask.body.unwrap_or_default().to_owned());
        let uri: Uri =
            format!("{}{}", self.prefix, ask.path).parse().map_err(|_| Error::Request(ask.path.to_owned()))?;
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() =
            Method::from_bytes(ask.method.as_bytes()).map_err(|_| Error::Request(ask.method.to_owned()))?;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(&self.authority).map_err(bad(self.authority.clone()))?);
        for (name, value) in ask.headers {
            let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Error::Request(name.clone()))?;
            headers.insert(known, HeaderValue::from_str(value).map_err(bad(name.clone()))?);
        }
        if ask.body.is_some() {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        if let Some(token) = self.token.as_ref().filter(|_| ask.authorized) {
            headers.insert(AUTHORIZATION, token.clone());
        }
        Ok(request)
    }
}

/// The Authorization header that shows credentials.
fn header(credentials: Credentials<'_>) -> Result<HeaderValue, Error> {
    let text = match credentials {
        Credentials::Bearer(token) => Zeroizing::new(format!("Bearer {token}")),
        Credentials::Basic(user, password) => {
            let pair = Zeroizing::new(format!("{user}:{password}"));
            Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())))
        }
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether the host can be nothing but this machine.
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

fn configuration(trust: &Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let setup = |error: rustls::Error| Error::Authorities { path: PathBuf::from("TLS"), reason: error.to_string() };
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(setup)?;
    let mut configuration = match trust {
        Trust::Anybody => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Credulous(provider))).with_no_client_auth()
        }
        Trust::File(path) => builder.with_root_certificates(authorities_in(path)?).with_no_client_auth(),
        Trust::Pem(pem) => {
            let roots = authorities_of(pem.as_bytes());
            let problem = |reason| Error::Authorities { path: PathBuf::from("the target's authorities"), reason };
            builder.with_root_certificates(roots.map_err(problem)?).with_no_client_auth()
        }
        Trust::System => builder.with_root_certificates(authorities_here()?).with_no_client_auth(),
    };
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

fn authorities_in(path: &Path) -> Result<RootCertStore, Error> {
    let problem = |reason: String| Error::Authorities { path: path.to_owned(), reason };
    let mut pem = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(limits::PEM_FILE_BYTES_MAX + 1).read_to_end(&mut pem));
    opened.map_err(|error| problem(error.to_string()))?;
    if pem.len() as u64 > limits::PEM_FILE_BYTES_MAX {
        return Err(problem("too large for a PEM file".to_owned()));
    }
    authorities_of(&pem).map_err(problem)
}

fn authorities_of(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "malformed certificate".to_owned())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("no certificate in it".to_owned()) } else { Ok(roots) }
}

fn authorities_here() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Some machines have certificates among them that nobody can read; the others do.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let path = PathBuf::from("the machine's certificate authorities");
        return Err(Error::Authorities { path, reason: "there are none; give one with --ca".to_owned() });
    }
    Ok(roots)
}

/// Believes every certificate, but still only its owner.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
