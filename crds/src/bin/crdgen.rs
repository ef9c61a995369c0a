//! Prints the CustomResourceDefinitions of metafs as YAML.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let printed = metafs_crds::definition::metadatacluster_yaml()
        .map_err(|error| error.to_string())
        .and_then(|yaml| std::io::stdout().write_all(yaml.as_bytes()).map_err(|error| error.to_string()));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crdgen: {error}");
            ExitCode::FAILURE
        }
    }
}
