//! Prints the CustomResourceDefinition of metafs as YAML or, as `crdgen reference`, the
//! resource's reference as Markdown.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let text = match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => metafs_crds::definition::metadatacluster_yaml(),
        (Some("reference"), None) => metafs_crds::reference::metadatacluster_markdown(),
        _ => {
            eprintln!("usage: crdgen [reference]");
            return ExitCode::from(2);
        }
    };
    let printed = text.map_err(|error| error.to_string()).and_then(|yaml| {
        std::io::stdout().write_all(yaml.as_bytes()).map_err(|error| error.to_string())
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crdgen: {error}");
            ExitCode::FAILURE
        }
    }
}
