//! `windlass.toml`: it is there, it parses, and what it names is there too.

use super::examination::Examination;
use crate::{
    config::{Image, Project},
    domain::finding::{Finding, Owner},
};

pub(super) fn check(examination: &Examination) -> Finding {
    match &examination.machine.project {
        Err(failure) => Finding::failed(failure, Owner::You),
        Ok(project) => {
            let images = examination.subjects().iter().map(|subject| image(project, &subject.image));
            let policy = &project.policy;
            let mut allowed = policy.branches.clone();
            allowed.extend(policy.git_tags.iter().map(|tag| format!("git tag {tag}")));
            let said = format!("{}: releases from {}", project.file.display(), allowed.join(", "));
            Finding::together(std::iter::once(Finding::pass(said)).chain(images).collect())
        }
    }
}

fn image(project: &Project, image: &Image) -> Finding {
    let Image { name, context, dockerfile, secret, .. } = image;
    let store = secret.store.place();
    let said = format!("{name}: {dockerfile} in {context} to {}, secret {} in {store}", image.repository, secret.name);
    let file = project.root.join(context).join(dockerfile);
    if file.is_file() {
        return Finding::pass(said);
    }
    let fix = "add it, or correct `context` and `dockerfile` (relative to the context) in windlass.toml";
    Finding::fail(format!("{said}; there is no {}", file.display()), Owner::You, fix)
}
