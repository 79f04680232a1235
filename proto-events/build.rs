//! Build script that generates the event types from `proto/` without `protoc`.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<String> = ["auth", "booking", "wallet", "binary", "payout", "compliance", "platform"]
        .iter()
        .map(|service| format!("proto/{service}/v1/events.proto"))
        .collect();
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(&files, ["proto"])?;
    let target = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    std::fs::write(Path::new(&target).join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;
    prost_build::Config::new().enable_type_names().compile_fds(descriptors)?;
    Ok(())
}
