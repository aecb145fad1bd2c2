//! Every limit of scimd, one `const` each. A leaf: it knows nothing of ours, and everything may use it.

// Protocol

/// How much of a client's text stands in an error's detail, in characters.
pub const DETAIL_CHARS_MAX: usize = 80;
/// How deep a JSON body may nest, in levels. A resource with an extension nests 5 deep, a Bulk body 8.
pub const JSON_DEPTH_MAX: usize = 32;
/// Numbers from this size on are refused: they no longer fit the 64 bits that they are kept in.
pub const JSON_NUMBER_MAX: f64 = 18_446_744_073_709_551_616.0;
/// The longest filter or path, in bytes.
pub const FILTER_BYTES_MAX: usize = 16 * 1024;
/// How deep a filter may nest, in parentheses and brackets.
pub const FILTER_DEPTH_MAX: usize = 32;
/// How many terms a filter may have.
pub const FILTER_TERMS_MAX: usize = 200;
/// How many names `attributes` and `excludedAttributes` may list.
pub const NAMES_MAX: usize = 200;
/// The longest single value, in bytes. Photos and certificates are the largest in practice.
pub const VALUE_BYTES_MAX: usize = 256 * 1024;
/// How many values one multi-valued attribute may have; members of a group are not counted by it.
pub const VALUES_MAX: usize = 500;
/// The longest name that a client may give a member of a group, in bytes.
pub const MEMBER_DISPLAY_BYTES_MAX: usize = 1_024;
/// How many operations one PATCH may have; authentik sends one for each member.
pub const PATCH_OPERATIONS_MAX: usize = 10_000;
/// How many values all the operations of one PATCH may look at.
pub const PATCH_VISITS_MAX: usize = 200_000;
/// How many bytes one PATCH operation may write by putting one value into many elements: without a bound, a body of one large
/// text becomes hundreds of them.
pub const PATCH_COPIES_BYTES_MAX: usize = 1024 * 1024;
/// How many resources one page has at most, and has when the request names no count.
pub const PAGE_MAX: usize = 1_000;
/// How long after it was given out a cursor is taken, in seconds.
pub const CURSOR_S_MAX: u32 = 3_600;
/// The longest cursor that is looked at, in characters. Ours have at most 400: a place, and a value as it stands in index keys.
pub const CURSOR_CHARS_MAX: usize = 1_024;

/// Rounds of case folding and normalization until a text no longer changes; two settle every text, a third sees that.
pub const FOLD_ROUNDS_MAX: usize = 3;

// Directory

/// The longest value that stands whole in an index key, in bytes; of longer ones the start and a hash.
pub const INDEX_VALUE_BYTES_MAX: usize = 200;
/// How many rows one scan reads at a time.
pub const SCAN_ROWS: usize = 500;
/// How many groups, direct and indirect, are followed upwards for one answer.
pub const EFFECTIVE_GROUPS_MAX: usize = 1_000;
/// How many member changes one change-log entry lists.
pub const CHANGE_MEMBERS_MAX: usize = 1_000;
/// Answers with more members than this are streamed.
pub const MEMBERS_WHOLE_MAX: usize = 1_000;
/// The size of one piece of a streamed answer, in bytes.
pub const STREAM_CHUNK_BYTES: usize = 64 * 1024;
/// How many pieces of a streamed answer wait for the client.
pub const STREAM_CHUNKS_MAX: usize = 2;
/// Membership changes of up to so many members are made row by row in the request's own commit; larger ones by a new generation.
pub const MEMBERS_DELTA_MAX: usize = 4_000;
/// How many members of a new generation go into one commit.
pub const MEMBERS_CHUNK: usize = 1_000;
/// How often a change is worked out again because another one came between.
pub const COMMIT_ATTEMPTS_MAX: usize = 100;
/// How long the sweeper waits before it looks for work that nobody told it of, in milliseconds.
pub const SWEEP_PAUSE_MS: u64 = 30_000;
/// How many resources an index lookup may yield for one query.
pub const CANDIDATES_MAX: usize = 200_000;
/// How many resources a query without an index may look at.
pub const SCANNED_MAX: usize = 500_000;
/// How many resources one query may sort.
pub const SORTED_MAX: usize = 200_000;
/// How many members of one group a filter may look at.
pub const MEMBERS_FILTERED_MAX: usize = 10_000;
/// The most bytes of records on one page; a page of larger ones has fewer resources than asked for.
pub const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

// The admin plane.

/// Calls that one admin connection may have at work at once; further ones wait.
pub const ADMIN_CALLS_PER_CONNECTION_MAX: usize = 64;
/// HTTP/2 streams that one admin connection may have open at once, waiting calls included.
pub const ADMIN_STREAMS_PER_CONNECTION_MAX: u32 = 128;
/// Bytes of header fields in one admin call.
pub const ADMIN_HEADER_BYTES_MAX: u32 = 16 * 1024;
/// How long open admin calls may go on after the server was told to stop, in milliseconds.
pub const ADMIN_DRAIN_MS_MAX: u64 = 2_000;

/// Entries that a page of an admin list has when the call does not say.
pub const ADMIN_PAGE_DEFAULT: usize = 100;
/// Entries that a page of an admin list has at most.
pub const ADMIN_PAGE_MAX: usize = 1_000;
/// Tenants that there may be at a time.
pub const TENANTS_MAX: usize = 10_000;
/// Tokens of one tenant, revoked and expired ones included.
pub const TOKENS_MAX: usize = 1_000;
/// Networks that one token may be bound to.
pub const TOKEN_NETWORKS_MAX: usize = 64;
/// The shortest life of a token, in milliseconds.
pub const TOKEN_LIFETIME_MS_MIN: i64 = 60_000;
/// The longest life of a token that has an end, in milliseconds: 100 years.
pub const TOKEN_LIFETIME_MS_MAX: i64 = 3_155_760_000_000;
/// How long a rotated token stays valid when the call does not say, in milliseconds.
pub const TOKEN_OVERLAP_MS_DEFAULT: i64 = 86_400_000;
/// How long a rotated token may stay valid, in milliseconds.
pub const TOKEN_OVERLAP_MS_MAX: i64 = 7_776_000_000;
/// How many rows of a tenant that is being deleted go in one commit.
pub const REMOVAL_ROWS: usize = 2_000;
/// How long the removal of tenants waits after a failure, in milliseconds.
pub const REMOVAL_PAUSE_MS: u64 = 5_000;
/// How many tenants and how many tokens are kept ready for requests, so that they need not be worked out anew.
pub const ACCESS_CACHED_MAX: usize = 10_000;
/// How often the uses of tokens are written down, in milliseconds.
pub const TOKEN_USE_PAUSE_MS: u64 = 5_000;
/// How often a token's use is noted at most, in milliseconds.
pub const TOKEN_USE_NOTED_MS: i64 = 1_000;
/// How many uses of tokens wait to be written down; further ones are noted with the next request.
pub const TOKEN_USES_MAX: usize = 100_000;
/// How often tokens are looked at for their end, in milliseconds.
pub const TOKEN_EXPIRY_PAUSE_MS: u64 = 60_000;
/// How often the logs are sealed, in milliseconds.
pub const SEAL_PAUSE_MS: u64 = 500;
/// How many entries of a log one seal covers at most.
pub const SEAL_ENTRIES_MAX: usize = 10_000;
/// The longest name of a tenant or a token, in bytes.
pub const NAME_BYTES_MAX: usize = 63;
/// The longest description or display name that an admin gives, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 200;
/// The highest rate limit that can be set, in requests a second.
pub const REQUESTS_PER_S_MAX: u32 = 1_000_000;

// The configuration.

/// Bytes of the configuration file.
pub const CONFIG_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The smallest cache that the store can be given, in bytes.
pub const CACHE_BYTES_MIN: u64 = 1024 * 1024;
/// The largest cache that the store can be given, in bytes.
pub const CACHE_BYTES_MAX: u64 = 1024 * 1024 * 1024 * 1024;
/// Networks in the list of trusted proxies.
pub const TRUSTED_PROXIES_MAX: usize = 256;
/// The shortest `SCIMD_BOOTSTRAP_TOKEN`, in characters.
pub const BOOTSTRAP_TOKEN_CHARS_MIN: usize = 32;
/// The longest `SCIMD_BOOTSTRAP_TOKEN`, in characters; it travels in one header field.
pub const BOOTSTRAP_TOKEN_CHARS_MAX: usize = 512;
/// Bytes that are read of a PEM file.
pub const PEM_FILE_BYTES_MAX: u64 = 1024 * 1024;

// The listener: connections and what may come over them.

/// Connections of one listener that are kept at a time; one more closes the oldest idle one.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Connections above `CONNECTIONS_MAX` that may be open while the ones asked to close are still closing.
pub const CONNECTIONS_CLOSING_MAX: usize = 500;
/// Time a client has for its TLS handshake.
pub const HANDSHAKE_MS_MAX: u64 = 10_000;
/// Time a client has to finish a request head once it has sent the first byte of it.
pub const HEAD_MS_MAX: u64 = 15_000;
/// Time an HTTP/1 connection may stay open between two requests.
pub const IDLE_HTTP1_MS_MAX: u64 = 60_000;
/// Time a connection may stay open without a request being begun, handled or answered; HTTP/1 is closed earlier.
pub const IDLE_MS_MAX: u64 = 75_000;
/// Bytes of an answer that are handed to hyper at a time, so that progress is seen on a slow connection.
pub const ANSWER_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Window in which a client that is slow to read must take `WRITE_WINDOW_BYTES_MIN`.
pub const WRITE_WINDOW_MS: u64 = 15_000;
/// Bytes that a client must take in each `WRITE_WINDOW_MS` while an answer waits for it.
pub const WRITE_WINDOW_BYTES_MIN: u64 = 4_096;
/// Time an idle connection has to close after it was asked to, before it is cut.
pub const CLOSE_MS_MAX: u64 = 5_000;
/// Time for which the unread rest of a refused request is thrown away, so that the refusal is not lost to a reset.
pub const LINGER_MS_MAX: u64 = 1_000;
/// Unread bytes of a refused request that are thrown away before the socket is closed on them.
pub const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Time from the stop to the moment the remaining connections are cut; the contract gives the process 10 s.
pub const STOP_MS_MAX: u64 = 9_000;
/// First pause of the accept loop after an error such as "too many open files".
pub const ACCEPT_PAUSE_MS_MIN: u64 = 20;
/// Longest pause of the accept loop after repeated errors.
pub const ACCEPT_PAUSE_MS_MAX: u64 = 1_000;
/// Bytes of a request head: request line, headers and the line ends.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Header lines in a request head.
pub const HEADERS_MAX: usize = 100;
/// Bytes of a request target.
pub const URI_BYTES_MAX: usize = 16 * 1024;
/// Bytes of one chunk-size line with its extensions.
pub const CHUNK_LINE_BYTES_MAX: usize = 256;
/// Bytes of the trailers after a chunked body.
pub const TRAILERS_BYTES_MAX: usize = 8 * 1024;
/// Bytes that an HTTP/1 connection buffers in either direction.
pub const HTTP1_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have open at a time.
pub const HTTP2_STREAMS_MAX: u32 = 100;
/// HTTP/2 streams reset by the client before they were accepted; more of them close the connection (rapid reset).
pub const HTTP2_RESETS_PENDING_MAX: usize = 20;
/// HTTP/2 streams reset because of the client's own errors; more of them close the connection.
pub const HTTP2_RESETS_LOCAL_MAX: usize = 100;
/// Bytes in flight towards the server on one HTTP/2 stream.
pub const HTTP2_STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// Bytes in flight towards the server on one HTTP/2 connection.
pub const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes that an HTTP/2 stream buffers towards the client.
pub const HTTP2_SEND_BYTES_MAX: usize = 256 * 1024;
/// Time between two HTTP/2 pings to the client.
pub const HTTP2_PING_MS: u64 = 20_000;
/// Time the client has to answer an HTTP/2 ping.
pub const HTTP2_PONG_MS_MAX: u64 = 15_000;

// Request bodies.

/// Time for a whole request body.
pub const BODY_MS_MAX: u64 = 30_000;
/// Time for which a request body need not keep the minimum rate.
pub const BODY_PACE_FREE_MS: u64 = 5_000;
/// Minimum rate of a request body after that, in bytes a second.
pub const BODY_BYTES_PER_S_MIN: u64 = 1_024;

// TLS.

/// TLS 1.2 sessions kept for resumption.
pub const TLS_SESSIONS_MAX: usize = 4_096;
/// Days for which the local certificate authority is valid.
pub const CA_DAYS: u64 = 3_652;
/// Days for which a server certificate of the local authority is valid from now on. It begins a day back, and clients
/// refuse more than 398 in all.
pub const LEAF_DAYS: u64 = 396;
/// Days left on a server certificate of the local authority at which a new one is made.
pub const LEAF_DAYS_LEFT_MIN: u64 = 30;
/// Bits of the smallest RSA key that is served.
pub const RSA_BITS_MIN: usize = 2_048;
// The store.

/// The most writes of one batch. A batch is applied by the one writer, so that a larger one makes every other batch wait.
pub const STORE_BATCH_WRITES_MAX: usize = 20_000;
/// The most bytes of one batch: keys and values of its writes and expectations.
pub const STORE_BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most batches that wait for the writer; the next caller waits for a place.
pub const STORE_QUEUE_BATCHES_MAX: usize = 1024;
/// The most bytes of the batches that wait for the writer. Not below [`STORE_BATCH_BYTES_MAX`].
pub const STORE_QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most batches made durable by one commit of the database.
pub const STORE_GROUP_BATCHES_MAX: usize = 256;
/// The bytes after which a group takes no further batch.
pub const STORE_GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a group waits to become as large as the one before it, in microseconds: less than a fast disk takes to sync.
pub const STORE_GATHER_US_MAX: u64 = 200;
/// The most bytes of the file read in order before it is checked at the start. In order a disk is several times faster
/// than the check alone would read it; beyond this the pages might push each other out of memory.
pub const STORE_WARM_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// The default size of the page cache of the database.
pub const STORE_CACHE_BYTES_DEFAULT: usize = 256 * 1024 * 1024;
/// The most rows a scan reads (skipped ones included) in place on the runtime; longer ones go to the blocking pool.
pub const STORE_SCAN_INLINE_ROWS_MAX: usize = 1_000;
/// How long, by default, a snapshot may be read after a newer commit has replaced it. It holds the pages it sees, and the file grows by them.
pub const STORE_SNAPSHOT_AGE_MS_MAX: u64 = 60_000;
/// How long, by default, a pinned snapshot may be read after a newer commit has replaced it: enough for a backup over a slow line.
pub const STORE_PINNED_AGE_MS_MAX: u64 = 2 * 60 * 60 * 1000;
/// The most bytes that the batches of one fork of the store may have, all together: they stay in memory as long as it does.
pub const STORE_FORK_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The most rows of the base that a scan of a fork reads at a time.
pub const STORE_FORK_PIECE_ROWS_MAX: usize = 256;
/// The bytes of rows after which such a piece of the base ends.
pub const STORE_FORK_PIECE_BYTES_MAX: usize = 1024 * 1024;
/// The bytes after which a block of a dump takes no further row.
pub const STORE_DUMP_BLOCK_BYTES: usize = 256 * 1024;
/// The most bytes of rows in one block of a dump; a longer one is refused unread. Above [`STORE_BATCH_BYTES_MAX`].
pub const STORE_DUMP_BLOCK_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most rows that a dump reads of the store at a time.
pub const STORE_DUMP_PAGE_ROWS_MAX: usize = 2_000;
/// The bytes of rows after which such a page ends.
pub const STORE_DUMP_PAGE_BYTES_MAX: usize = 1024 * 1024;
/// The most rows that one transaction of a restoration takes.
pub const STORE_RESTORE_ROWS_MAX: usize = 50_000;
/// The bytes of rows after which such a transaction ends.
pub const STORE_RESTORE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The first wait before the database is opened again after an I/O error.
pub const STORE_REOPEN_MS_MIN: u64 = 10;
/// The longest wait between two tries to open the database again; the wait doubles up to it.
pub const STORE_REOPEN_MS_MAX: u64 = 2_000;
/// How often a read of the file is tried before its error is believed.
pub const STORE_READ_TRIES_MAX: u32 = 3;
/// The most bytes of pages a failing commit may leave in memory, so that reads go on while the disk refuses writes.
pub const STORE_OVERLAY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The most rows that a page has room for before it is read; a longer page grows.
pub const STORE_PAGE_ROWS_RESERVED_MAX: usize = 4_096;

// Requests

/// The longest request body, in bytes: a PUT of a group of 100,000 members.
pub const REQUEST_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How much of a refused request's body is taken from an HTTP/2 client before its answer, in bytes.
pub const DISCARDED_BYTES_MAX: usize = 64 * 1024;
/// The operations of one bulk request.
pub const BULK_OPERATIONS_MAX: usize = 1_000;
/// How many operations of one bulk request are under way at a time: as many as may become durable together.
pub const BULK_OPERATIONS_AT_ONCE_MAX: usize = 128;

// Start and stop

/// How often the admin plane is told whether the store is ready, in milliseconds.
pub const READINESS_PAUSE_MS: u64 = 500;
/// How long background tasks have to end after the last connection, in milliseconds.
pub const TASK_STOP_MS_MAX: u64 = 500;
