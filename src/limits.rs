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
/// Bytes of records on one page of an admin list; a page of larger ones has fewer than asked for. Clients take messages of up to
/// 4 MiB unless they are told otherwise.
pub const ADMIN_PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Rows of a log that one reading looks at, whether they are wanted or not.
pub const LOG_ROWS_MAX: usize = 10_000;
/// The longest part of a log's key behind its revision, in bytes.
pub const LOG_SUFFIX_BYTES_MAX: usize = 16;
/// How long a tenant's changes are kept, in milliseconds: 90 days.
pub const CHANGES_KEPT_MS: i64 = 7_776_000_000;
/// How long the trimmer waits between two looks at the change logs, in milliseconds.
pub const TRIM_PAUSE_MS: u64 = 600_000;
/// Entries that wait for one watcher; a slower one makes its own reading wait.
pub const WATCH_WAITING_MAX: usize = 64;
/// Entries that are read from a log at a time for a watcher.
pub const WATCH_CHUNK_ENTRIES_MAX: usize = 500;
/// How long a watcher is told nothing at most, in milliseconds.
pub const WATCH_SIGN_MS: u64 = 15_000;
/// The size from which on a piece of an export is sent, in bytes.
pub const EXPORT_PIECE_BYTES: usize = 256 * 1024;
/// Pieces of an export that wait for the client.
pub const EXPORT_PIECES_WAITING_MAX: usize = 2;
/// How many records an export reads at a time; they may be large.
pub const EXPORT_ROWS: usize = 100;
/// How many members one line of an export has at most.
pub const EXPORT_MEMBERS_MAX: usize = 1_000;
/// The longest line of an import, in bytes.
pub const IMPORT_LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many lines of one import are at work at once, so that they share commits.
pub const IMPORT_LINES_AT_WORK_MAX: usize = 64;
/// How many bytes of lines of one import are at work at once; a longer line is at work alone.
pub const IMPORT_BYTES_AT_WORK_MAX: usize = 16 * 1024 * 1024;
/// Pieces of a file that wait for the import.
pub const IMPORT_PIECES_WAITING_MAX: usize = 2;
/// How long an import tells nothing, in milliseconds.
pub const IMPORT_PROGRESS_MS: u64 = 250;
/// Messages about an import's progress that wait for the client.
pub const IMPORT_PROGRESS_WAITING_MAX: usize = 4;
/// Failures that one message about an import tells.
pub const IMPORT_FAILURES_MAX: usize = 100;
/// Ids that one failure names.
pub const IMPORT_IDS_NAMED_MAX: usize = 10;
/// Ids of the file that a dry run remembers; in larger files it checks no references to what is not in the tenant.
pub const IMPORT_DRY_RUN_IDS_MAX: usize = 1_000_000;
/// Backups and checks of the whole database that may be at work at a time.
pub const BACKUPS_AT_WORK_MAX: usize = 2;
/// Exports and imports that may be at work at a time.
pub const TRANSFERS_AT_WORK_MAX: usize = 8;
/// How long a client may take until it has room for the next piece of an export or a backup, in milliseconds.
pub const PIECE_MS_MAX: u64 = 120_000;
/// How long an import waits for the next piece of its file, in milliseconds.
pub const IMPORT_IDLE_MS_MAX: u64 = 600_000;
/// Watchers of all logs at a time.
pub const WATCHERS_MAX: usize = 256;
/// Replays at a time: each may hold as much in memory as a fork of the store may.
pub const REPLAYS_AT_WORK_MAX: usize = 2;
/// The size of one piece of a backup, in bytes.
pub const BACKUP_PIECE_BYTES: usize = 256 * 1024;
/// Pieces of a backup that wait for the client.
pub const BACKUP_PIECES_WAITING_MAX: usize = 4;
/// How many rows a check of the database reads between two messages.
pub const CHECK_PROGRESS_ROWS: u64 = 50_000;
/// What a check of the database tells at most.
pub const CHECK_PROBLEMS_MAX: usize = 100;
/// Tenants that a check of the database keeps sums of; a damaged file could name any number.
pub const CHECK_TENANTS_MAX: usize = 20_000;
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
/// Logs that are sealed at a time.
pub const SEALS_AT_WORK_MAX: usize = 64;
/// The longest name of a tenant or a token, in bytes.
pub const NAME_BYTES_MAX: usize = 63;
/// The longest description or display name that an admin gives, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 200;
/// The highest rate limit that can be set, in requests a second.
pub const REQUESTS_PER_S_MAX: u32 = 1_000_000;

// Access to the admin plane, and certificates.

/// Admin connections over TLS that are kept at a time; one more is refused.
pub const ADMIN_CONNECTIONS_MAX: usize = 256;
/// TLS handshakes of the admin listener that may be going on at a time; one more is refused.
pub const ADMIN_HANDSHAKES_MAX: usize = 64;
/// Accepted admin connections that wait for the gRPC server.
pub const ADMIN_ACCEPTED_MAX: usize = 16;
/// Time between two HTTP/2 pings on an admin connection, in milliseconds.
pub const ADMIN_PING_MS: u64 = 30_000;
/// Time between two looks at whether the caller may still have an open stream, in milliseconds.
pub const ADMIN_STREAM_CHECK_MS: u64 = 2_000;
/// How long a command of this binary waits for an answer about the server's status, in milliseconds.
pub const ADMIN_STATUS_MS_MAX: u64 = 5_000;
/// Rows in the table of roles by subject.
pub const ADMIN_ROLES_MAX: usize = 256;
/// Client certificates in the registry at a time.
pub const ADMIN_CERTIFICATES_MAX: usize = 10_000;
/// How long the registry shows a client certificate after its end, in milliseconds.
pub const ADMIN_CERTIFICATE_KEPT_MS: i64 = 90 * 86_400_000;
/// The shortest life of a client certificate, in milliseconds.
pub const ADMIN_CERTIFICATE_LIFETIME_MS_MIN: i64 = 3_600_000;
/// The longest life of a client certificate, in milliseconds.
pub const ADMIN_CERTIFICATE_LIFETIME_MS_MAX: i64 = 3_652 * 86_400_000;
/// The life of a client certificate when the call does not say, in milliseconds.
pub const ADMIN_CERTIFICATE_LIFETIME_MS_DEFAULT: i64 = 365 * 86_400_000;
/// Time between two looks at the files of the certificate, in milliseconds.
pub const CERTIFICATE_POLL_MS: u64 = 3_000;
/// Time between two looks at whether the local authority's server certificate is to be renewed, in milliseconds.
pub const CERTIFICATE_RENEW_MS: i64 = 86_400_000;
/// Days before the end of the certificate at which a warning is given, each once.
pub const CERTIFICATE_WARNING_DAYS: [i64; 3] = [1, 7, 30];

// What doctor calls too little or too much.

/// How far the newest commit may be ahead of the clock, in milliseconds.
pub const DOCTOR_CLOCK_MS_MAX: i64 = 5_000;
/// Open files without which the server is of no use.
pub const DOCTOR_FILES_MIN: u64 = 256;
/// Open files beside the connections: database, logs, certificates.
pub const DOCTOR_FILES_RESERVED: usize = 64;
/// Free bytes of the disk below which writes will soon be refused.
pub const DOCTOR_SPACE_BYTES_MIN: u64 = 256 * 1024 * 1024;
/// Time for a connection to the server's address, in milliseconds.
pub const DOCTOR_CONNECT_MS_MAX: u64 = 3_000;
/// Bits of the smallest elliptic curve that Entra takes.
pub const DOCTOR_EC_BITS_MIN: usize = 256;

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

// Metrics

/// Tenants that metrics name; the requests of all others are counted as those of `other`.
pub const METRICS_TENANTS_MAX: usize = 1_000;
/// Tokens whose end metrics show; of more, the ones that end first.
pub const METRICS_TOKENS_MAX: usize = 10_000;
/// Connections of the metrics listener that are kept at a time.
pub const METRICS_CONNECTIONS_MAX: usize = 32;
/// Connections above `METRICS_CONNECTIONS_MAX` that may be open while the ones asked to close are still closing.
pub const METRICS_CONNECTIONS_CLOSING_MAX: usize = 8;
/// The shortest time between two snapshots of a watcher of metrics, in milliseconds.
pub const METRICS_INTERVAL_MS_MIN: i64 = 1_000;
/// The longest time between two snapshots of a watcher of metrics, in milliseconds.
pub const METRICS_INTERVAL_MS_MAX: i64 = 3_600_000;
/// The time between two snapshots of a watcher of metrics that does not say, in milliseconds.
pub const METRICS_INTERVAL_MS_DEFAULT: i64 = 10_000;

// The command line

/// How long connecting to the admin plane may take.
pub const CLI_CONNECT_MS_MAX: u64 = 10_000;
/// How long a call is waited for when nothing else is said.
pub const CLI_CALL_MS_DEFAULT: u64 = 30_000;
/// The largest answer that is read: a page of the largest resources.
pub const CLI_MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Entries of a list that are shown when nothing else is said.
pub const CLI_LIST_DEFAULT: usize = 100;
/// The pieces in which a file is sent; the admin plane takes at most 1 MiB.
pub const CLI_PIECE_BYTES_MAX: usize = 256 * 1024;
/// Pieces that are read ahead of what has been sent.
pub const CLI_PIECES_AHEAD_MAX: usize = 4;
/// Lines of an import that failed and are kept to be shown in the JSON of the outcome.
pub const CLI_IMPORT_ERRORS_MAX: usize = 10_000;
// Exchanges

/// Exchanges that are kept of one tenant.
pub const EXCHANGES_MAX: usize = 1_000;
/// Bytes of the exchanges that are kept of one tenant.
pub const EXCHANGES_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of the exchanges that are kept of all tenants.
pub const EXCHANGES_TOTAL_BYTES_MAX: usize = 112 * 1024 * 1024;
/// Exchanges refused with 401 that are kept of one tenant, apart from the others, which a flood of them must not push out.
pub const EXCHANGES_REFUSED_MAX: usize = 100;
/// Bytes of the exchanges refused with 401 that are kept of all tenants.
pub const EXCHANGES_REFUSED_TOTAL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that are kept of one body, its beginning.
pub const EXCHANGE_BODY_BYTES_MAX: usize = 64 * 1024;
/// The largest body that is parsed to take its secrets out; a larger one that may hold some is not kept.
pub const EXCHANGE_PARSED_BYTES_MAX: usize = 256 * 1024;
/// Bytes that are kept of a path and query.
pub const EXCHANGE_TARGET_BYTES_MAX: usize = 4 * 1024;
/// Bytes that are kept of one header's value.
pub const EXCHANGE_HEADER_BYTES_MAX: usize = 512;
/// The longest name of a parameter that no one knows and that is kept, in bytes: shorter than any secret.
pub const EXCHANGE_PARAMETER_BYTES_MAX: usize = 24;
/// From this length on, in bytes, a text that begins as a token does is taken for one. A whole token has 66.
pub const EXCHANGE_TOKEN_BYTES_MIN: usize = 20;
/// Resources whose differences a replay shows.
pub const REPLAY_DIFFERENCES_MAX: usize = 1_000;

// Compression

/// The smallest body that is compressed, in bytes; a smaller one fits into a packet as it is.
pub const COMPRESS_BYTES_MIN: usize = 1_024;
/// The bytes that are compressed at a time, before others have their turn.
pub const COMPRESS_PIECE_BYTES_MAX: usize = 128 * 1024;
/// The level of gzip, of 9: a page of 100 users (85 KB) takes 0.15 ms and becomes 12.6 KB; level 6 takes 0.74 ms for 10.2 KB.
pub const COMPRESS_GZIP_LEVEL: u32 = 1;

// Transactions: writes whose client does not wait

/// Transactions that are at work at a time.
pub const TRANSACTIONS_AT_WORK_MAX: usize = 8;
/// Transactions that wait for their turn; one more is answered with 503.
pub const TRANSACTIONS_WAITING_MAX: usize = 256;
/// Transactions of one tenant that are at work or wait.
pub const TRANSACTIONS_TENANT_MAX: usize = 128;
/// KiB of the request bodies of all transactions at work and waiting.
pub const TRANSACTIONS_BODIES_KIB_MAX: usize = 64 * 1024;
/// Transactions that are kept of one tenant; the oldest give way.
pub const TRANSACTIONS_KEPT_MAX: usize = 1_000;
/// How long a transaction is kept, in milliseconds: a week.
pub const TRANSACTIONS_KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// Transactions that are read at a time.
pub const TRANSACTION_SCAN_ROWS: usize = 50;
/// Bytes of an answer that are kept with its transaction: an error, or what a Bulk's operations came to. A longer one is left out.
pub const TRANSACTION_RESPONSE_BYTES_MAX: usize = 64 * 1024;
/// The longest time that a client may have a transaction waited for, in seconds.
pub const TRANSACTION_WAIT_S_MAX: u64 = 60;
/// The first pause before the outcome of a transaction is written once more, in milliseconds; each is twice the one before.
pub const TRANSACTION_RETRY_MS_MIN: u64 = 100;
/// The longest such pause, in milliseconds.
pub const TRANSACTION_RETRY_MS_MAX: u64 = 30_000;

// The probe

/// How long the probe's cycle may take, without its cleaning up, in milliseconds.
pub const PROBE_CYCLE_MS_MAX: u64 = 300_000;
/// How long the probe's cleaning up may take, in milliseconds.
pub const PROBE_CLEANING_MS_MAX: u64 = 60_000;
/// How long the probe waits for one answer when nothing else is said, in seconds.
pub const PROBE_ANSWER_S_DEFAULT: u64 = 10;
/// The longest time that the probe may be told to wait for one answer, in seconds.
pub const PROBE_ANSWER_S_MAX: u64 = 120;
/// How many requests a cycle of the probe makes at most.
pub const PROBE_REQUESTS_MAX: usize = 200;
/// How many requests the probe's cleaning up makes at most.
pub const PROBE_CLEANING_REQUESTS_MAX: usize = 100;
/// How often the probe repeats a request that was answered with 429.
pub const PROBE_RETRIES_MAX: u32 = 3;
/// How long the probe waits because of a Retry-After, in seconds.
pub const PROBE_RETRY_AFTER_S_MAX: u64 = 30;
/// After so many requests in a row without an answer the probe ends its cycle.
pub const PROBE_SILENCES_MAX: u32 = 2;
/// How many resources of a search the probe's cleaning up looks at.
pub const PROBE_FOUND_MAX: usize = 20;
/// How much of a value from a server stands in a sentence of the probe, in characters.
pub const PROBE_SHOWN_CHARS_MAX: usize = 160;
/// How much of an answer stands in the probe's report, in characters.
pub const PROBE_BODY_CHARS_MAX: usize = 2_000;
/// The largest answer that the probe reads, in bytes: a page of resources.
pub const PROBE_ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most header bytes of an answer that the outbound client reads.
pub const OUTBOUND_HEADER_BYTES_MAX: usize = 64 * 1024;
/// How long the outbound client may take to connect, in milliseconds.
pub const OUTBOUND_CONNECT_MS_MAX: u64 = 10_000;
/// The longest file with a token, in bytes.
pub const TOKEN_FILE_BYTES_MAX: u64 = 16 * 1024;

// What was deleted and can come back.

/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// For how many days a tenant may keep what is deleted.
pub const DELETED_KEPT_DAYS_MAX: u32 = 365;
/// How many deleted resources that had the same name are looked at for the one that comes back.
pub const DELETED_MATCHES_MAX: usize = 100;
/// How long the removal of what can no longer come back pauses, in milliseconds.
pub const PURGE_PAUSE_MS: u64 = 10 * 60 * 1_000;
/// How many resources one batch of that removal takes.
pub const PURGE_RESOURCES: usize = 100;

/// How many tenants are remembered as told of in the log.
pub const HINTED_TENANTS_MAX: usize = 10_000;

// Definitions: a tenant's own schemas and resource types.

/// Schemas that a tenant may define.
pub const SCHEMAS_MAX: usize = 100;
/// Resource types that a tenant may define, User and Group counted when they are extended.
pub const RESOURCE_TYPES_MAX: usize = 50;
/// Attributes of one schema, sub-attributes counted.
pub const SCHEMA_ATTRIBUTES_MAX: usize = 500;
/// Extensions of one resource type; each has a bit of a 32-bit word in every record.
pub const EXTENSIONS_MAX: usize = 31;
/// The name of an attribute that a tenant defines.
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 128;
/// Any text in a definition.
pub const DEFINITION_TEXT_BYTES_MAX: usize = 2_000;
/// Canonical values, or reference types, of one attribute.
pub const DEFINITION_WORDS_MAX: usize = 200;
/// A definition as it is sent.
pub const DEFINITION_BYTES_MAX: usize = 256 * 1024;
/// All definitions of a tenant as they are stored. They are kept in memory with the tenant.
pub const DEFINITIONS_BYTES_MAX: usize = 1024 * 1024;
/// What is told to be wrong with one definition.
pub const DEFINITION_PROBLEMS_MAX: usize = 50;
/// Definitions that a check of the database keeps in memory.
pub const CHECK_DEFINITIONS_BYTES_MAX: usize = 64 * 1024 * 1024;

// Mappings as admins set, try and take them back.

/// A mapping as it is stored.
pub const MAPPING_BYTES_MAX: usize = 1024 * 1024;
/// How many versions of a tenant's mapping are kept.
pub const MAPPING_VERSIONS_MAX: u64 = 1_000;
/// Why a mapping was set, in its author's words.
pub const MAPPING_COMMENT_BYTES_MAX: usize = 1024;
/// How many problems of a mapping are told at once.
pub const MAPPING_PROBLEMS_MAX: usize = 30;
/// How much of a value stands in a refusal or a difference, in characters.
pub const MAPPING_SHOWN_CHARS_MAX: usize = 200;
/// How many colliding values a refused mapping is told of.
pub const MAPPING_COLLISIONS_TOLD_MAX: usize = 20;
/// How many colliding values a preview tells of; all are counted.
pub const PREVIEW_COLLISIONS_MAX: usize = 1_000;
/// How many resources of one colliding value are named.
pub const COLLISION_RESOURCES_MAX: usize = 20;
/// How many resources that differ a preview shows, where the caller does not say.
pub const PREVIEW_DIFFERENCES_DEFAULT: usize = 100;
/// How many resources that differ a preview shows at most.
pub const PREVIEW_DIFFERENCES_MAX: usize = 10_000;
/// How many stored resources are read at once to see what a mapping makes of them.
pub const PREVIEW_ROWS: usize = 250;
/// How many bytes of the records of one such reading may be in memory before the next one is smaller.
pub const PREVIEW_PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// After how many resources a preview or a reapplication tells how far it is.
pub const MAPPING_PROGRESS_RESOURCES: usize = 1_000;
/// After how long it does, in milliseconds.
pub const MAPPING_PROGRESS_MS: u64 = 250;
/// Messages of a preview that wait for their caller.
pub const PREVIEW_PARTS_WAITING_MAX: usize = 64;
/// How many resources a reapplication writes at the same time.
pub const REAPPLY_AT_WORK_MAX: usize = 32;
/// How many failures stand in one message of a reapplication.
pub const REAPPLY_FAILURES_TOLD_MAX: usize = 100;
/// Differences of two mappings that are told.
pub const MAPPING_CHANGES_MAX: usize = 10_000;
/// What stands in the details of a refusal, in bytes: they travel in headers, of which clients take little.
pub const REFUSAL_DETAIL_BYTES_MAX: usize = 5 * 1024;
/// The longest sentence of a refusal that has details, in bytes.
pub const REFUSAL_MESSAGE_BYTES_MAX: usize = 1024;
// Mappings.

/// Rules of one mapping.
pub const MAPPING_RULES_MAX: usize = 200;
/// Tests of one mapping.
pub const MAPPING_TESTS_MAX: usize = 200;
/// Groups that one mapping puts users into.
pub const MAPPING_DEFAULT_GROUPS_MAX: usize = 50;
/// Users, and groups, that one mapping protects.
pub const MAPPING_PROTECTED_MAX: usize = 1_000;
/// Patterns of one list of a mapping.
pub const MAPPING_LIST_PATTERNS_MAX: usize = 100;
/// Rows of the table of groups of one mapping.
pub const MAPPING_GROUP_TABLE_MAX: usize = 5_000;
/// The length of a name in a mapping's lists, in bytes.
pub const MAPPING_NAME_BYTES_MAX: usize = 1_024;
/// For how long a group that was refused by its name is not written down again, in milliseconds.
pub const REFUSED_GROUP_MS: i64 = 3_600_000;
/// Names of refused groups that are kept of one tenant.
pub const REFUSED_GROUPS_MAX: usize = 10_000;
// The Crowd face: what an application sees of a tenant.

/// Users and groups whose names are kept in memory for applications, some 200 bytes each: of one application, and nearly of all.
pub const CROWD_NAMES_MAX: usize = 2_000_000;
/// Applications whose names are kept in memory at once; the one that asked longest ago gives way.
pub const CROWD_SIGHTS_MAX: usize = 100;
/// For how long the names of an application that asks no more are kept, in milliseconds.
pub const CROWD_SIGHT_IDLE_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// Changes that are remembered for an application, to be told to a client that knows the state before them.
pub const CROWD_JOURNAL_NOTES_MAX: usize = 100_000;
/// Changes that a client is told one by one; of more it is told to read everything.
pub const CROWD_EVENTS_MAX: usize = 10_000;
/// Entries of the change log by which the names are brought up to date; after more they are read anew.
pub const CROWD_CATCH_UP_ENTRIES_MAX: usize = 50_000;
/// Users below a group that are looked at one by one when the group begins or ceases to be seen.
pub const CROWD_MOVED_MAX: usize = 10_000;
/// For how long after a client has begun to read everything its events begin there, in milliseconds.
pub const CROWD_FULL_READ_MS_MAX: u64 = 15 * 60 * 1_000;
/// How many such readings of one application are remembered.
pub const CROWD_FULL_READS_MAX: usize = 64;
/// The longest name, in characters. What is longer does not fit into the products' tables, and would end their synchronisation.
pub const CROWD_NAME_CHARS_MAX: usize = 255;
/// Rows that a streamed answer reads at a time.
pub const CROWD_ROWS: usize = 500;
/// Lists that are being made at once.
pub const CROWD_STREAMS_MAX: usize = 64;
/// How long a list waits for its turn, in milliseconds.
pub const CROWD_STREAM_WAIT_MS_MAX: u64 = 20_000;
/// A request body of the Crowd face, in bytes.
pub const CROWD_BODY_BYTES_MAX: usize = 64 * 1024;
/// How deep the elements of a body may nest.
pub const CROWD_XML_DEPTH_MAX: usize = 40;
/// How many elements a body may have.
pub const CROWD_XML_ELEMENTS_MAX: usize = 2_000;
/// How deep a search restriction may nest.
pub const CROWD_RESTRICTION_DEPTH_MAX: usize = 16;
/// How many terms a search restriction may have.
pub const CROWD_RESTRICTION_TERMS_MAX: usize = 200;
/// The longest restriction in a URL, in bytes.
pub const CROWD_CQL_BYTES_MAX: usize = 8 * 1024;
/// How many results an answer has when the request does not say.
pub const CROWD_RESULTS_DEFAULT: usize = 1_000;

/// Connections to the Crowd listener kept at a time; each product holds a few.
pub const CROWD_CONNECTIONS_MAX: usize = 1_000;
/// More of them that may be open while those asked are closing.
pub const CROWD_CONNECTIONS_CLOSING_MAX: usize = 100;

/// Applications that metrics name; more share one name.
pub const METRICS_APPLICATIONS_MAX: usize = 1_000;

// Crowd applications: who may ask the Crowd face.

/// Crowd applications of one tenant.
pub const APPLICATIONS_MAX: usize = 100;
/// Patterns in each of the two lists of an application's group filter.
pub const APPLICATION_PATTERNS_MAX: usize = 200;
/// The shortest password that an admin may choose himself, in bytes.
pub const APPLICATION_PASSWORD_BYTES_MIN: usize = 16;
/// The longest password that is looked at, in bytes.
pub const APPLICATION_PASSWORD_BYTES_MAX: usize = 256;
/// The longest name that a request may bring, in bytes; no application has a longer one.
pub const APPLICATION_NAME_BYTES_MAX: usize = NAME_BYTES_MAX;
/// The memory of one hash of a password, in KiB. With [`APPLICATION_HASH_PASSES`] and one lane it is the first choice of OWASP's
/// Password Storage Cheat Sheet for Argon2id.
pub const APPLICATION_HASH_KIB: u32 = 19_456;
/// How often a hash goes over its memory.
pub const APPLICATION_HASH_PASSES: u32 = 2;
/// The most memory that a stored hash may ask for, in KiB.
pub const APPLICATION_HASH_KIB_MAX: u32 = 64 * 1024;
/// The most passes that a stored hash may ask for.
pub const APPLICATION_HASH_PASSES_MAX: u32 = 8;
/// The most lanes that a stored hash may ask for.
pub const APPLICATION_HASH_LANES_MAX: u32 = 4;
/// Hashes that are worked out at once.
pub const APPLICATION_HASHES_MAX: usize = 2;
/// Requests that wait for a hash at once; a further one is told to come later.
pub const APPLICATION_HASHES_WAITING_MAX: usize = 64;
/// Failed attempts that may come at once from an address.
pub const APPLICATION_FAILURES_OF_ADDRESS_MAX: u32 = 10;
/// The time after which an address may fail once more, in milliseconds.
pub const APPLICATION_FAILURE_OF_ADDRESS_MS: u64 = 6_000;
/// Addresses whose failed attempts are counted at once.
pub const APPLICATION_ADDRESSES_MAX: usize = 10_000;
/// Failed attempts that may come at once for a name, from wherever.
pub const APPLICATION_FAILURES_OF_NAME_MAX: u32 = 60;
/// The time after which a name may fail once more, in milliseconds.
pub const APPLICATION_FAILURE_OF_NAME_MS: u64 = 1_000;
/// Counters of failed attempts for names; a name has one of them, and which one nobody outside can tell.
pub const APPLICATION_NAME_COUNTERS: usize = 1_024;
/// The longest time that an application's old password may be taken beside its new one.
pub const APPLICATION_OVERLAP_MS_MAX: i64 = 7 * DAY_MS;

// Targets: systems elsewhere that get a tenant's users and groups.

/// Targets of one tenant.
pub const TARGETS_MAX: usize = 50;
/// The URL of a target.
pub const TARGET_URL_BYTES_MAX: usize = 1_000;
/// A password or token of a target.
pub const TARGET_SECRET_BYTES_MAX: usize = 4 * 1024;
/// Patterns of one group filter.
pub const TARGET_PATTERNS_MAX: usize = 100;
/// Names of applications and groups in a target's policy.
pub const TARGET_NAMES_MAX: usize = 100;
/// Requests at once to one target.
pub const TARGET_CONCURRENCY_MAX: u32 = 8;
/// The least time between two readings of a target by its schedule.
pub const TARGET_CHECK_MS_MIN: i64 = 5 * 60 * 1_000;
/// Destructive steps of one run before the others wait, where an admin says nothing else.
pub const TARGET_DESTRUCTIVE_DEFAULT: u32 = 50;
/// Orders that wait for whoever serves targets.
pub const TARGET_ORDERS_MAX: usize = 64;
/// Steps and progress that wait to be told to an admin.
pub const TARGET_TOLD_WAITING_MAX: usize = 256;
/// Calls that are kept of one target.
pub const TARGET_CALLS_MAX: usize = 200;
/// Bytes of the calls that are kept of all targets together.
pub const TARGET_CALLS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How much is kept of a body that was sent to a target or answered by it.
pub const TARGET_CALL_BODY_BYTES_MAX: usize = 8 * 1024;
/// How long the reason of a dead letter may be.
pub const TARGET_REASON_BYTES_MAX: usize = 1_000;
/// Attempts for one resource before they are given up.
pub const TARGET_ATTEMPTS_MAX: u32 = 8;
/// The first pause after a failed attempt; each further one may be twice as long.
pub const TARGET_PAUSE_MS_MIN: i64 = 1_000;
/// The longest pause after failed attempts.
pub const TARGET_PAUSE_MS_MAX: i64 = 5 * 60 * 1_000;
/// The longest Retry-After that is kept to.
pub const TARGET_RETRY_AFTER_MS_MAX: i64 = 60 * 60 * 1_000;
/// How long a target has to answer a request.
pub const TARGET_ANSWER_MS_MAX: u64 = 60_000;
/// The largest answer of a target, in bytes: a SCIM server tells all members of a group at once, up to 200 bytes each (RFC 7644 has no
/// pages of members).
pub const TARGET_ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Changes of the log that are worked on together.
pub const TARGET_CHANGES: usize = 500;
/// Ids and names by which one user or group of a target is found; more than a few are there only while renames have no outcome.
pub const TARGET_CALLS_OF_ONE_MAX: usize = 16;
/// Users or groups that are brought into line one for the sake of another, because the other's name is still theirs.
pub const TARGET_CLAIMS_MAX: usize = 16;
/// Rows that are looked at to count the changes that a target has not got.
pub const TARGET_LAG_ROWS_MAX: usize = 10_000;
/// Requests that one step of a plan may need at most: emptying a group takes one for each member.
pub const TARGET_STEP_CALLS_MAX: usize = 1_000_000;
/// Pages of one listing of a target; more would never end.
pub const TARGET_PAGES_MAX: usize = 100_000;
/// How often settings and schedules of targets are looked at when nothing wakes their service.
pub const TARGET_ROUND_MS: u64 = 5_000;
/// Progress is told after so many resources.
pub const TARGET_PROGRESS_RESOURCES: u64 = 100;
/// Rows of what is known of a target in one batch.
pub const TARGET_ROWS: usize = 500;
/// Plans and tests of targets at work at once.
pub const TARGET_PLANS_MAX: usize = 4;
/// Targets that metrics tell of.
pub const METRICS_TARGETS_MAX: usize = 500;
/// After so many failures in a row it is the target that fails, and not what it is sent.
pub const TARGET_FAILURES_IN_A_ROW_MAX: u32 = 10;
/// Plans of one resource in a row, when the target turns out to be other than it was believed to be.
pub const TARGET_PLANS_OF_ONE_MAX: usize = 5;
/// How long a resource waits for a free licence, in milliseconds.
pub const TARGET_SEAT_MS: i64 = 30 * 60 * 1_000;
/// How long a run of destructive steps lasts at least, in milliseconds: within it they are counted together.
pub const TARGET_RUN_MS: i64 = 10 * 60 * 1_000;
/// Members of one group that are read of a target.
pub const TARGET_MEMBERS_MAX: usize = 1_000_000;
/// The longest file with a mapping that the command line reads, in bytes.
pub const MAPPING_FILE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Steps of one resource in a row.
pub const TARGET_STEPS_OF_ONE_MAX: usize = 1_000_000;
/// How long the task of a target that has everything waits for something to do.
pub const TARGET_IDLE_MS: u64 = 10 * 60 * 1_000;

// What targets are asked for

/// Members, components and the like in a page that a target is asked for.
pub const TARGET_PAGE: usize = 50;
/// Users and groups in a page that a target is asked for where it lists all of them.
pub const TARGET_LIST_PAGE: usize = 1_000;
/// Users and groups in a page that a SCIM server is asked for.
pub const TARGET_SCIM_PAGE: usize = 100;
/// How much of what a target says of a failure is told on, in characters.
pub const TARGET_SAID_CHARS_MAX: usize = 300;
// The mapping language.

/// The longest expression, in bytes.
pub const MAPPING_EXPRESSION_BYTES_MAX: usize = 8 * 1024;
/// How deep calls nest in one another, in levels.
pub const MAPPING_DEPTH_MAX: usize = 32;
/// How many arguments one call has.
pub const MAPPING_ARGUMENTS_MAX: usize = 512;
/// How many regular expressions one expression has.
pub const MAPPING_PATTERNS_MAX: usize = 16;
/// The longest regular expression, in bytes.
pub const MAPPING_PATTERN_BYTES_MAX: usize = 1_024;
/// The most memory of one regular expression, in bytes.
pub const MAPPING_PATTERN_MEMORY_BYTES_MAX: usize = 512 * 1024;
/// The longest text that a regular expression looks at, in bytes.
pub const MAPPING_PATTERN_TEXT_BYTES_MAX: usize = 4 * 1024;
/// The longest text that a function makes, in bytes.
pub const MAPPING_TEXT_BYTES_MAX: usize = 64 * 1024;
/// How much work one evaluation may be, in steps. A step is about a nanosecond: a byte looked at is one or a few, and so is a part of
/// the expression.
pub const MAPPING_STEPS_MAX: u64 = 1_000_000;
/// How many patterns one set of them has.
pub const PATTERNS_MAX: usize = 200;
/// Members that an admin adds to a group, or takes out of it, at once.
pub const ENROL_MEMBERS_MAX: usize = 100;
