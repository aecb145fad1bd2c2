//! What the machine gives: the running server, the clock, open files and addresses. It looks and changes nothing.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};

use super::data::Database;
use super::{Finding, ok, problem, warning};
use crate::limits;
use crate::serve::settings::Settings;
use crate::server::admin::ask::Running;
use crate::server::chain::Chain;

/// The server on this data directory, if it runs.
pub(super) struct Server {
    pub(super) running: Option<Running>,
}

pub(super) fn server(server: &Server) -> Finding {
    match &server.running {
        None => ok("server", "it is not running: the files are examined themselves"),
        Some(Running { not_ready: None, version, .. }) => {
            ok("server", format!("it runs, version {version}, and is ready"))
        }
        Some(Running { not_ready: Some(reason), .. }) => problem(
            "server",
            format!("it runs and is not ready: {reason}"),
            "see its log; it goes on by itself when the cause is gone",
        ),
    }
}

/// A clock that was set back shows in what was done later than now.
pub(super) fn clock(now_ms: i64, database: &Database, chain: Option<&Chain>) -> Finding {
    let advice = "set the clock right (timedatectl, chrony) before the server starts";
    if let Some(commit_ms) =
        database.newest_commit_ms.filter(|commit_ms| *commit_ms > now_ms + limits::DOCTOR_CLOCK_MS_MAX)
    {
        let ahead_s = (commit_ms - now_ms) / 1_000;
        return problem(
            "clock",
            format!("the newest commit is {ahead_s} s in the future: the clock went back"),
            advice,
        );
    }
    let begins_s = chain.and_then(|chain| chain.certificates.first()).map(|first| first.not_before_s);
    if begins_s.is_some_and(|begins_s| begins_s.saturating_mul(1_000) > now_ms) {
        return problem("clock", "the certificate begins in the future: the clock is late", advice);
    }
    match database.newest_commit_ms {
        Some(_) => ok("clock", "it is not behind the newest commit"),
        None => ok("clock", "it is not behind the certificate; there is no commit to compare it with"),
    }
}

pub(super) fn open_files() -> Finding {
    let needed = limits::CONNECTIONS_MAX
        + limits::CONNECTIONS_CLOSING_MAX
        + limits::ADMIN_CONNECTIONS_MAX
        + limits::CROWD_CONNECTIONS_MAX
        + limits::CROWD_CONNECTIONS_CLOSING_MAX
        + limits::DOCTOR_FILES_RESERVED;
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    let advice = format!("raise it for the server: LimitNOFILE={needed} in its systemd unit, or `ulimit -n {needed}`");
    // A limit that is not there is no limit.
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < limits::DOCTOR_FILES_MIN => {
            problem("open files", format!("{limit} files may be open here, too few to serve anyone"), advice)
        }
        Some(limit) if limit < needed => {
            let text = format!(
                "{limit} files may be open here; with all {} connections it takes {needed}",
                limits::CONNECTIONS_MAX
            );
            warning("open files", text, advice)
        }
        Some(limit) => ok("open files", format!("{limit} files may be open here")),
        None => ok("open files", "any number of files may be open here"),
    }
}

pub(super) async fn addresses(settings: &Settings, server: &Server) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &server.running {
        Some(running) => findings.push(answers("SCIM address", &running.scim_addr).await),
        None => findings.push(free("SCIM address", settings.scim_addr).await),
    }
    if let Some(admin) = &settings.admin {
        findings.push(match &server.running {
            Some(_) => answers("admin address", &admin.addr.to_string()).await,
            None => free("admin address", admin.addr).await,
        });
    }
    if let Some(crowd) = &settings.crowd {
        findings.push(match &server.running {
            Some(_) => answers("Crowd address", &crowd.addr.to_string()).await,
            None => free("Crowd address", crowd.addr).await,
        });
    }
    if let Some(url) = &settings.public_url
        && settings.scim_addr.ip().to_canonical().is_loopback()
        && !["localhost", "127.0.0.1", "::1"].iter().any(|host| crate::serve::certificate::host_of(url) == Some(host))
    {
        let text = format!("{url} is for others, and {} is reached from this machine alone", settings.scim_addr);
        let advice = "right behind a proxy on this machine; otherwise listen with --scim-addr 0.0.0.0:8443";
        findings.push(warning("public URL", text, advice));
    }
    findings
}

/// Whether the server that runs can be reached where it says that it listens.
async fn answers(check: &'static str, addr: &str) -> Finding {
    let Ok(mut target) = addr.parse::<SocketAddr>() else {
        return problem(check, format!("{addr} is no address"), "see the server's log");
    };
    if target.ip().is_unspecified() {
        target.set_ip(if target.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    let limit = Duration::from_millis(limits::DOCTOR_CONNECT_MS_MAX);
    match tokio::time::timeout(limit, TcpStream::connect(target)).await {
        Ok(Ok(_)) => ok(check, format!("{target} takes connections from this machine")),
        Ok(Err(error)) => problem(check, format!("{target} takes no connection: {error}"), "see the server's log"),
        Err(_) => {
            let advice = "see the server's log, and look for a firewall on this machine";
            problem(check, format!("{target} does not answer in time"), advice)
        }
    }
}

/// Whether a server that is started now could listen there.
async fn free(check: &'static str, addr: SocketAddr) -> Finding {
    match TcpListener::bind(addr).await {
        Ok(_) => ok(check, format!("{addr} is free for the server")),
        Err(error) => {
            let advice = match error.kind() {
                std::io::ErrorKind::AddrInUse => format!("`ss -ltnp 'sport = :{}'` shows who has it; end that or choose another port", addr.port()),
                std::io::ErrorKind::PermissionDenied => {
                    "ports below 1024 are for root: AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or choose another port".to_owned()
                }
                std::io::ErrorKind::AddrNotAvailable => "the address is not one of this machine; `ip addr` shows them".to_owned(),
                _ => "choose another address".to_owned(),
            };
            problem(check, format!("the server cannot listen on {addr}: {error}"), advice)
        }
    }
}
