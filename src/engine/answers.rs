//! The parts that are used of what engines answer in JSON.
//!
//! Source: Docker Engine API 1.41; every field that some engine leaves out is optional.

use serde::{Deserialize, Deserializer};

use crate::log::sanitise::plain;

#[derive(Deserialize)]
pub(super) struct Version {
    /// Shown to people.
    #[serde(rename = "Version", deserialize_with = "shown")]
    pub release: String,
    #[serde(rename = "ApiVersion")]
    pub api: String,
    #[serde(rename = "MinAPIVersion", default)]
    pub least: String,
    #[serde(rename = "Os", default)]
    pub os: String,
    #[serde(rename = "Arch", default)]
    pub architecture: String,
    #[serde(rename = "Components", default)]
    pub components: Vec<Component>,
}

#[derive(Deserialize)]
pub(super) struct Component {
    #[serde(rename = "Name")]
    pub name: String,
}

#[derive(Deserialize)]
pub(super) struct Info {
    #[serde(rename = "DriverStatus", default)]
    pub driver_status: Option<Vec<Vec<String>>>,
    #[serde(rename = "DockerRootDir", default)]
    pub root: String,
    #[serde(rename = "SystemTime", default)]
    pub time: String,
}

#[derive(Deserialize)]
pub(super) struct Inspected {
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "Os", default)]
    pub os: String,
    #[serde(rename = "Architecture", default)]
    pub architecture: String,
    #[serde(rename = "Variant", default)]
    pub variant: Option<String>,
    #[serde(rename = "RepoDigests", default)]
    pub repo_digests: Option<Vec<String>>,
    #[serde(rename = "RootFS", default)]
    pub root_fs: Option<RootFs>,
    #[serde(rename = "Descriptor", default)]
    pub descriptor: Option<Descriptor>,
}

#[derive(Deserialize)]
pub(super) struct RootFs {
    #[serde(rename = "Layers", default)]
    pub layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType", default)]
    pub media_type: String,
}

fn shown<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    String::deserialize(text).map(|text| plain(&text))
}
