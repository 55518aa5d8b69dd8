//! Tells the linker where the program finds libtorch when it starts, so that nobody has to set
//! `LD_LIBRARY_PATH`: beside the program as it is deployed (`bin/huifang`, `lib/*.so`), else where
//! it was at build time.

use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    // The macro that embeds them does not notice a new file.
    println!("cargo::rerun-if-changed=migrations");

    // `.cargo/config.toml` sets LIBTORCH to the absolute path of .libtorch unless it is set already.
    let libtorch = env::var("LIBTORCH").unwrap_or_default();
    let libraries = Path::new(&libtorch).join("lib");
    if !libraries.join("libtorch_cpu.so").is_file() {
        println!(
            "cargo::error=libtorch 2.4.0 is not at LIBTORCH='{libtorch}' (lib/libtorch_cpu.so): run 'make setup' once, or set LIBTORCH to where you have it"
        );
        return ExitCode::FAILURE;
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", libraries.display());
    ExitCode::SUCCESS
}
