//! Files that come whole or not at all: written under another name, made durable, and renamed when the end has been seen. It
//! does not know what is in them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::{Error, Exit};

/// A file that is being written as `FILE.partial`. Unless it is finished, that goes away again.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    partial: PathBuf,
    out: BufWriter<File>,
    force: bool,
    finished: bool,
}

impl Partial {
    /// Begins a file that only its owner may read. `force` lets it take the place of one that is there.
    ///
    /// # Errors
    /// A file that is there, and what the operating system refuses.
    pub fn begin(path: &Path, force: bool) -> Result<Partial, Error> {
        refuse_existing(path, force)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        // One that is there keeps its mode, and may be a link to elsewhere.
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::file(&partial, "remove it", &error));
            }
            _ => {}
        }
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial);
        let file = opened.map_err(|error| Error::file(&partial, "create it", &error))?;
        Ok(Partial { path: path.to_owned(), partial, out: BufWriter::new(file), force, finished: false })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|error| Error::file(&self.partial, "write it", &error))
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    /// A file that came there meanwhile, and what the operating system refuses.
    pub fn finish(mut self) -> Result<(), Error> {
        let write = |error| Error::file(&self.partial, "write it", &error);
        self.out.flush().map_err(write)?;
        self.out.get_ref().sync_all().map_err(write)?;
        refuse_existing(&self.path, self.force)?;
        fs::rename(&self.partial, &self.path).map_err(|error| Error::file(&self.path, "give it its name", &error))?;
        self.finished = true;
        sync_folder(&self.path).map_err(|error| Error::file(&self.path, "make its name durable", &error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed is named .partial, which says what it is.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

fn refuse_existing(path: &Path, force: bool) -> Result<(), Error> {
    match force || path.symlink_metadata().is_err() {
        true => Ok(()),
        false => Err(Error::refused(
            Exit::Conflict,
            format!("{}: the file is there already", path.display()),
            "choose another name, or overwrite it with --force",
        )),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
