//! The OCI image layout: `index.json` leads, perhaps by indexes for several platforms, to the manifest of one image. Each
//! step is named by a digest, and hashed.

use crate::{
    domain::digest::Digest,
    image::{Child, Document, is_image_manifest, read_manifest},
};

use super::{
    docker::{is_of, several},
    error::ArchiveError,
    image::{CONFIG_CAP, Parts, Place},
    names::Names,
    open::{Layout, Wanted},
};

/// Registries take no larger one. Source: OCI distribution specification, "Pushing manifests".
const MANIFEST_CAP: u64 = 4 * 1024 * 1024;
/// An index inside an index is allowed by the specification; nobody needs more.
const DEEPEST: usize = 3;
/// Who calls an image by its name: containerd by the whole of it, others by what they please.
const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub(super) fn parts(names: &Names, wanted: Wanted<'_>) -> Result<Parts, ArchiveError> {
    let index = names.small("index.json", MANIFEST_CAP)?;
    let Document::Index(mut children) = read(INDEX, &index, "index.json")? else {
        return Err(ArchiveError::broken("its index.json is no index"));
    };
    for _ in 0..DEEPEST {
        let child = chosen(children, wanted)?;
        let what = format!("the manifest {}", child.digest.short());
        let bytes = blob(names, &child.digest, MANIFEST_CAP, &what)?;
        let (config, layers) = match read(&child.media_type, &bytes, &what)? {
            Document::Index(nested) => {
                children = nested;
                continue;
            }
            Document::Image { config, layers } => (config, layers),
            Document::Artifact => {
                return Err(ArchiveError::Unsupported { why: format!("{what} is of something else than an image") });
            }
        };
        let config = blob(names, &config.digest, CONFIG_CAP, "the image's config")?;
        let layers = layers.into_iter().map(|layer| {
            if layer.foreign {
                let why = format!("its layer {} is not in it: it is to be fetched elsewhere", layer.digest.short());
                return Err(ArchiveError::Unsupported { why });
            }
            let name = path(&layer.digest);
            let span = names.file(&name)?;
            Ok(Place { name, span, stored: Some((layer.digest, layer.size)) })
        });
        let layers = layers.collect::<Result<_, ArchiveError>>()?;
        return Ok(Parts { layout: Layout::Oci, config, layers, manifest: Some((child.media_type, bytes)) });
    }
    Err(ArchiveError::broken(format!("its indexes are nested more than {DEEPEST} deep")))
}

fn read(media_type: &str, bytes: &[u8], what: &str) -> Result<Document, ArchiveError> {
    read_manifest(media_type, bytes).map_err(|why| ArchiveError::broken(format!("{what} cannot be read: {why}")))
}

fn path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// Bytes that hash to this digest.
fn blob(names: &Names, digest: &Digest, cap: u64, what: &str) -> Result<Vec<u8>, ArchiveError> {
    let bytes = names.small(&path(digest), cap)?;
    let actual = Digest::of(&bytes);
    if actual == *digest {
        Ok(bytes)
    } else {
        Err(ArchiveError::Differs { what: what.to_owned(), expected: digest.clone(), actual })
    }
}

/// The only manifest that is left: of the platform that is wanted, else of the name.
fn chosen(mut children: Vec<Child>, wanted: Wanted<'_>) -> Result<Child, ArchiveError> {
    if let Some(platform) = wanted.platform {
        // One that does not say is looked at: its config says.
        children.retain(|child| child.platform.as_ref().is_none_or(|theirs| platform.accepts(theirs)));
    }
    if children.len() > 1 {
        let platforms: Vec<String> =
            children.iter().filter_map(|child| child.platform.as_ref()).map(ToString::to_string).collect();
        let names: Vec<String> = children.iter().filter_map(name).map(ToOwned::to_owned).collect();
        children.retain(|child| name(child).is_some_and(|name| is_of(name, wanted.repository)));
        if children.len() != 1 && names.is_empty() && !platforms.is_empty() {
            return Err(ArchiveError::Several { why: format!("it holds images for {}", platforms.join(", ")) });
        }
        if children.len() != 1 {
            return Err(several(&names, wanted.repository, children.len()));
        }
    }
    let child = children.pop().ok_or_else(|| match wanted.platform {
        Some(platform) => ArchiveError::Several { why: format!("it holds no image for {platform}") },
        None => ArchiveError::broken("it holds no image"),
    })?;
    let known = is_image_manifest(&child.media_type)
        || child.media_type == INDEX
        || child.media_type == "application/vnd.docker.distribution.manifest.list.v2+json";
    if known {
        Ok(child)
    } else {
        Err(ArchiveError::broken(format!("`{}` is no media type of a manifest", child.media_type)))
    }
}

fn name(child: &Child) -> Option<&str> {
    NAMES.iter().find_map(|key| child.annotations.get(*key)).map(String::as_str)
}
