//! Compiles every `proto/**/*.proto` with protox (no protoc is needed) into gRPC code, and keeps the descriptor set
//! that reflection serves. It does not know what the services mean.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the imports in the `.proto` files.
const PROTO: &str = "proto";

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    collect(Path::new(PROTO), &mut files)?;
    files.sort();

    // A new file changes its directory; a changed file only itself.
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
    }

    let mut compiler = protox::Compiler::new([PROTO])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("scimd.fds"), compiler.encode_file_descriptor_set())?;
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
