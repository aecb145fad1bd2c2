//! What lies on the disk: the data directory, who may read it, the database and the room for it. It looks and changes nothing.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::{Access, access, statvfs};

use super::machine::Server;
use super::{Finding, ok, problem, warning};
use crate::limits;
use crate::serve::settings::{Settings, Tls};
use crate::store::{OpenError, Store};

/// What was found of the database.
pub(super) struct Database {
    pub(super) finding: Finding,
    /// When the newest commit was made, or when the file was written last; `None` when there is nothing.
    pub(super) newest_commit_ms: Option<i64>,
}

pub(super) fn directory(dir: &Path) -> Vec<Finding> {
    let check = "data directory";
    let shown = dir.display();
    let there = match fs::metadata(dir) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return vec![missing(dir)],
        Err(error) => {
            let advice = "run this as the user that the server runs as, and let that one into every directory above it";
            return vec![problem(check, format!("{shown} cannot be looked at: {error}"), advice)];
        }
    };
    let (user, owner) = (rustix::process::geteuid().as_raw(), there.uid());
    if user != owner && user != 0 {
        let text = format!("{shown} belongs to user {owner}, and you are {user}");
        return vec![problem(check, text, format!("run it as user {owner}, or `chown -R {user} {shown}`"))];
    }
    if let Err(error) = access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        let advice = format!("`chmod u+rwx {shown}`, or mount its file system for writing");
        return vec![problem(check, format!("{shown} cannot be written: {error}"), advice)];
    }
    let mut findings = Vec::new();
    if user != owner {
        let text = format!("you are root, and {shown} belongs to user {owner}");
        let advice = format!("start the server as user {owner}: what root writes there, that one cannot read");
        findings.push(warning(check, text, advice));
    }
    findings.push(match mode(&there) & 0o077 {
        0 => ok(check, format!("{shown} is there, writable, and closed to others")),
        _ => {
            let text = format!("{shown} has mode {:04o}: other users of this machine may look into it", mode(&there));
            warning(check, text, format!("`chmod 700 {shown}`"))
        }
    });
    findings
}

/// Nothing is there yet: the first start makes it, if it can.
fn missing(dir: &Path) -> Finding {
    let check = "data directory";
    let above = nearest(dir);
    match access(&above, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => ok(check, format!("{} is not there yet: the first start makes it", dir.display())),
        Err(error) => {
            let text = format!("{} is not there, and {} cannot be written: {error}", dir.display(), above.display());
            problem(
                check,
                text,
                "make it, and give it to the user that the server runs as; or choose another --data-dir",
            )
        }
    }
}

pub(super) fn database(settings: &Settings, server: &Server) -> Database {
    let check = "database";
    let path = settings.data_dir.join("scimd.redb");
    let there = match fs::metadata(&path) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let finding = match settings.data_dir.join("tls").exists() {
                false => ok(check, "there is none yet: the first start makes it"),
                true => {
                    let text = format!("{} is missing, although the directory has been used", path.display());
                    problem(check, text, "restore it from a backup; or, to begin anew, use another --data-dir")
                }
            };
            return Database { finding, newest_commit_ms: None };
        }
        Err(error) => {
            let finding = problem(check, format!("{}: {error}", path.display()), "run this as the server's user");
            return Database { finding, newest_commit_ms: None };
        }
    };
    let written_ms = there.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let written_ms = written_ms.and_then(|since| i64::try_from(since.as_millis()).ok());
    if server.running.is_some() {
        let finding = ok(check, format!("{} is open in the server, which answers for it", size(there.len())));
        return Database { finding, newest_commit_ms: written_ms };
    }
    let cache_bytes = usize::try_from(settings.cache_bytes).unwrap_or(usize::MAX);
    match Store::check(&path, cache_bytes) {
        Ok(newest) => {
            let text =
                format!("{}, every page is right, the newest commit is number {}", size(there.len()), newest.revision);
            Database { finding: ok(check, text), newest_commit_ms: Some(newest.time_ms).filter(|ms| *ms > 0) }
        }
        Err(error) => {
            let advice = match &error {
                OpenError::Locked { .. } => {
                    "another process has it, and does not answer on the admin socket: `fuser` shows which"
                }
                OpenError::NewerFormat { .. } => "use the newer scimd that wrote it",
                OpenError::Damaged { .. } | OpenError::Empty { .. } | OpenError::NotADatabase { .. } => {
                    "keep the file as it is for an examination, and restore a backup"
                }
                OpenError::ReadOnly { .. } | OpenError::MissingDirectory { .. } | OpenError::Io { .. } => {
                    "run this as the server's user, and look at the disk (`dmesg`)"
                }
            };
            Database { finding: problem(check, error.to_string(), advice), newest_commit_ms: written_ms }
        }
    }
}

pub(super) fn space(dir: &Path) -> Finding {
    let check = "disk space";
    let place = nearest(dir);
    let room = match statvfs(&place) {
        Ok(room) => room,
        Err(error) => return warning(check, format!("{}: {error}", place.display()), "look with `df`"),
    };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let used = fs::metadata(dir.join("scimd.redb")).map_or(0, |there| there.len());
    let text = format!("{} free, the database has {}", size(free), size(used));
    if room.f_files > 0 && room.f_favail == 0 {
        return problem(
            check,
            "the file system has no room for another file (inodes)",
            "delete files there, or move the data directory",
        );
    }
    if free < limits::DOCTOR_SPACE_BYTES_MIN {
        return problem(check, text, "free some, or move the data directory: writes are refused when the disk is full");
    }
    if free < used {
        return warning(check, text, "make room for twice the database: backups and large changes need as much again");
    }
    ok(check, text)
}

/// The files that nobody else may read.
pub(super) fn private_files(settings: &Settings) -> Vec<Finding> {
    let check = "permissions";
    let mut files: Vec<PathBuf> =
        ["tls/ca.key", "tls/server.key", "scimd.redb"].map(|name| settings.data_dir.join(name)).to_vec();
    if let Tls::Files { key, .. } = &settings.tls {
        files.push(key.clone());
    }
    let mut findings: Vec<Finding> = files.iter().filter_map(|file| private(file, 0o600)).collect();
    let admin = settings.data_dir.join("admin");
    findings.extend(private(&admin, 0o700));
    let socket = admin.join("admin.sock");
    if fs::symlink_metadata(&socket).is_ok_and(|there| !there.file_type().is_socket()) {
        let text = format!("{} is there and is no socket", socket.display());
        findings.push(problem(check, text, "move it away: the server does not start while it is there"));
    } else {
        findings.extend(private(&socket, 0o600));
    }
    if findings.is_empty() {
        findings.push(ok(check, "keys, database and admin socket are closed to others"));
    }
    findings
}

fn private(path: &Path, wanted: u32) -> Option<Finding> {
    let there = fs::metadata(path).ok()?;
    // A key may belong to a group of those who renew it; others than that are a hole.
    let (loose, too_loose) = (mode(&there) & 0o077 != 0, mode(&there) & 0o007 != 0);
    let text = || format!("{} has mode {:04o}", path.display(), mode(&there));
    let advice = || format!("`chmod {wanted:o} {}`", path.display());
    match (loose, too_loose) {
        (_, true) => {
            Some(problem("permissions", format!("{}: every user of this machine may use it", text()), advice()))
        }
        (true, _) => Some(warning("permissions", format!("{}: its group may use it", text()), advice())),
        _ => None,
    }
}

/// The directory, or the nearest one above it that is there.
fn nearest(dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    absolute.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

fn mode(there: &Metadata) -> u32 {
    there.permissions().mode() & 0o7777
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}
