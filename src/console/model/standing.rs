//! What is known of what a release stands on, for the line at the top: engine, registry and secret, as whoever had to do
//! with them last found them. What nobody looked at is unknown.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    console::model::Image,
    domain::{
        asker::Asker,
        event::{Event, Step},
        failure::{Failure, FailureKind},
        finding::{CheckId, Outcome, Report},
        proof::{self, LoginProof, PushProof},
        release::{Release, StepState},
        sign::Tone,
    },
};

#[derive(Debug, Default)]
pub struct Standing {
    pub engine: Option<Known>,
    /// By the names of images, as is the secret.
    registry: BTreeMap<String, Known>,
    secret: BTreeMap<String, Known>,
    /// Images whose secret is not where it is kept.
    absent: BTreeSet<String>,
    /// Why the Taskcluster deployment cannot be seen; `None` where it was, or nobody looked.
    cluster: Option<Known>,
    /// Who it is asked as.
    pub asker: Option<Asker>,
    /// The vault is being opened for the sign-in in it.
    pub unlocks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Good, notice or bad.
    pub tone: Tone,
    pub words: String,
}

/// What a look at this machine shows that costs nothing and asks nobody.
#[derive(Debug)]
pub struct Around {
    /// The engine's version; `None` where looking might ask somebody for a password.
    pub engine: Option<Result<String, Failure>>,
    /// Images whose secret would be in a vault that is not there. What is in one that is, nobody looked at.
    pub absent: BTreeSet<String>,
}

impl Known {
    fn new(tone: Tone, words: impl Into<String>) -> Self {
        Self { tone, words: words.into() }
    }

    fn good(words: impl Into<String>) -> Self {
        Self::new(Tone::Good, words)
    }
}

impl Standing {
    /// The registries of these images.
    pub fn registry(&self, images: &[Image]) -> Option<Known> {
        together(&self.registry, images)
    }

    /// The secrets of these images.
    pub fn secret(&self, images: &[Image]) -> Option<Known> {
        let missing = self.secret.is_empty() && images.iter().any(|image| self.absent.contains(&image.name));
        if missing { Some(Known::new(Tone::Bad, "none")) } else { together(&self.secret, images) }
    }

    /// Nobody has set the secret of this image.
    pub fn lacks_secret(&self, image: &str) -> bool {
        self.absent.contains(image)
    }

    /// How the Taskcluster deployment is, in a word where it is not well, or is soon to be asked as nobody.
    pub fn cluster(&self, now: Timestamp) -> (Tone, Option<String>) {
        let brief = self.asker.as_ref().and_then(|asker| asker.brief(now));
        let failed = self.cluster.as_ref().filter(|known| known.tone == Tone::Bad);
        match (brief, failed) {
            // It explains why nothing is seen.
            (Some((Tone::Bad, word)), _) => (Tone::Bad, Some(word)),
            (_, Some(failed)) => (Tone::Bad, Some(failed.words.clone())),
            (Some((Tone::Notice, word)), None) => (Tone::Notice, Some(word)),
            (brief, None) => {
                (self.cluster.as_ref().map_or(Tone::Plain, |known| known.tone), brief.map(|(_, word)| word))
            }
        }
    }

    /// A sign-in is not used, since the vault that has it is locked.
    pub fn is_locked(&self) -> bool {
        self.asker.as_ref().is_some_and(|asker| asker.locked.is_some())
    }

    pub fn cluster_answered(&mut self) {
        self.cluster = Some(Known::good(""));
    }

    pub fn cluster_failed(&mut self, failure: &Failure) {
        self.cluster = Some(Known::new(Tone::Bad, refused(failure)));
    }

    pub fn looked(&mut self, around: Around) {
        if let Some(engine) = around.engine {
            self.engine = Some(match engine {
                Ok(version) => Known::good(version),
                Err(failure) => Known::new(Tone::Bad, refused(&failure)),
            });
        }
        // Whoever read secrets knows more.
        if self.secret.is_empty() {
            self.absent = around.absent;
        }
    }

    /// A check of the doctor has ended.
    pub fn checked(&mut self, report: &Report) {
        let (tone, word) = match &report.finding.outcome {
            Outcome::Pass => (Tone::Good, "pass"),
            Outcome::Warn(_) => (Tone::Notice, "warn"),
            Outcome::Fail(_) => (Tone::Bad, "fail"),
            // Nobody knows more than before.
            Outcome::CannotTell(_) | Outcome::Blocked(_) => return,
        };
        // A name or a version says more than that all is well.
        let told = |before: Option<&Known>| match before {
            Some(before) if before.tone == tone && tone == Tone::Good => before.clone(),
            _ => Known::new(tone, word),
        };
        match (report.check, &report.image) {
            (CheckId::Engine, _) => self.engine = Some(told(self.engine.as_ref())),
            (CheckId::Login, Some(image)) => self.tell_registry(image, told(self.registry.get(image))),
            // What the login is for is told by its own check; these only say that there is something wrong.
            (CheckId::Registry | CheckId::Push, Some(image)) if tone != Tone::Good => {
                self.tell_registry(image, told(None));
            }
            (CheckId::Secret, Some(image)) => {
                if tone == Tone::Good {
                    self.found_secret(image);
                }
                let known = told(self.secret.get(image));
                self.secret.insert(image.clone(), known);
            }
            _ => {}
        }
    }

    /// The store was read: what it holds of this image's secret, and whether that is in it.
    pub fn held(&mut self, image: &str, known: Known, there: bool) {
        self.found_secret(image);
        if !there {
            self.absent.insert(image.to_owned());
        }
        self.secret.insert(image.to_owned(), known);
    }

    /// The registry of this image showed its tags.
    pub fn answered(&mut self, image: &str) {
        if self.registry.get(image).is_none_or(|known| known.tone != Tone::Good) {
            self.tell_registry(image, Known::good("answers"));
        }
    }

    /// What its registry made of the login of this image.
    pub fn proven(&mut self, image: &str, found: &Result<proof::Report, Failure>) {
        let known = match found {
            Ok(proof::Report { push: PushProof::MayNot { .. }, .. }) => Known::new(Tone::Bad, "denied"),
            Ok(proof::Report { login: LoginProof::Open, .. }) => return self.answered(image),
            Ok(report) => Known::good(report.username.clone()),
            Err(failure) => return self.failed(image, failure),
        };
        self.tell_registry(image, known);
    }

    /// Something of this image failed: whatever explains it is not well.
    pub fn failed(&mut self, image: &str, failure: &Failure) {
        let known = Known::new(Tone::Bad, refused(failure));
        match failure.check {
            Some(CheckId::Engine) => self.engine = Some(known),
            Some(CheckId::Registry | CheckId::Login | CheckId::Push) => self.tell_registry(image, known),
            Some(CheckId::Secret | CheckId::Vault) => drop(self.secret.insert(image.to_owned(), known)),
            _ => {}
        }
    }

    /// Something happened in a release of this image, just now.
    pub fn happened(&mut self, image: &str, event: &Event) {
        match event {
            Event::StepSucceeded { step: Step::Secret, note } => self.let_in(image, note),
            Event::StepFailed { failure, .. } => self.failed(image, failure),
            _ => {}
        }
    }

    /// A release that began while the console was open, as the list shows it: it may have been quicker than whoever
    /// follows it.
    pub fn listed(&mut self, release: &Release) {
        let image = &release.plan.image;
        let secret = release.steps.iter().find(|step| step.step == Step::Secret);
        if let Some(step) = secret.filter(|step| step.state == StepState::Succeeded) {
            self.let_in(image, &step.note);
        }
        if let Some(failure) = &release.failure {
            self.failed(image, failure);
        }
    }

    /// The step says who logged in, and that this one may push.
    fn let_in(&mut self, image: &str, note: &str) {
        let who = note.split(',').next().unwrap_or_default().trim();
        self.tell_registry(image, Known::good(who));
        let known = self.secret.get(image).filter(|known| known.tone == Tone::Good).cloned();
        self.secret.insert(image.to_owned(), known.unwrap_or_else(|| Known::good("works")));
        self.found_secret(image);
    }

    fn found_secret(&mut self, image: &str) {
        self.absent.remove(image);
    }

    fn tell_registry(&mut self, image: &str, known: Known) {
        self.registry.insert(image.to_owned(), known);
    }
}

/// In a word.
fn refused(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::Unreachable => "away",
        FailureKind::NotAllowed => "denied",
        FailureKind::Failed | FailureKind::Usage | FailureKind::Cancelled => "fails",
    }
}

/// What is known of one for each image: the worst of it; of several that are well, how many are.
fn together(known: &BTreeMap<String, Known>, images: &[Image]) -> Option<Known> {
    let all: Vec<&Known> = images.iter().filter_map(|image| known.get(&image.name)).collect();
    let worst = [Tone::Bad, Tone::Notice].into_iter().find_map(|tone| all.iter().find(|known| known.tone == tone));
    match (worst, all.as_slice()) {
        (Some(worst), _) => Some((*worst).clone()),
        (None, []) => None,
        (None, [only]) if images.len() == 1 => Some((*only).clone()),
        (None, [first, rest @ ..]) if all.len() == images.len() && rest.iter().all(|known| known == first) => {
            Some((*first).clone())
        }
        (None, some) => Some(Known::good(format!("{} of {}", some.len(), images.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::sample::project,
        domain::finding::{Finding, Owner},
    };

    fn report(check: CheckId, finding: Finding) -> Report {
        let image = check.is_of_an_image().then(|| "balrog".to_owned());
        Report { check, image, finding }
    }

    fn absent(image: &str) -> BTreeSet<String> {
        BTreeSet::from([image.to_owned()])
    }

    fn said(known: Option<Known>) -> Option<(Tone, String)> {
        known.map(|known| (known.tone, known.words))
    }

    #[test]
    fn what_nobody_looked_at_is_unknown_and_the_last_look_counts() {
        let images = project().images;
        let mut standing = Standing::default();
        assert_eq!((&standing.engine, standing.registry(&images), standing.secret(&images)), (&None, None, None));
        standing.looked(Around { engine: None, absent: BTreeSet::new() });
        assert_eq!((&standing.engine, standing.secret(&images)), (&None, None), "a vault is no proof of a secret");
        standing.looked(Around { engine: Some(Ok("20.10.24".to_owned())), absent: absent("balrog") });
        assert_eq!(said(standing.engine.clone()), Some((Tone::Good, "20.10.24".to_owned())));
        assert_eq!(said(standing.secret(&images)), Some((Tone::Bad, "none".to_owned())));
        standing.checked(&report(CheckId::Engine, Finding::pass("")));
        assert_eq!(said(standing.engine.clone()), Some((Tone::Good, "20.10.24".to_owned())), "the version stays");
        standing.checked(&report(CheckId::Engine, Finding::needs(CheckId::Config)));
        assert_eq!(said(standing.engine.clone()), Some((Tone::Good, "20.10.24".to_owned())));
        standing.checked(&report(CheckId::Engine, Finding::fail("", Owner::You, "")));
        assert_eq!(said(standing.engine.clone()), Some((Tone::Bad, "fail".to_owned())));
        standing.checked(&report(CheckId::Secret, Finding::pass("")));
        assert_eq!(said(standing.secret(&images)), Some((Tone::Good, "pass".to_owned())));
    }

    #[test]
    fn a_secret_is_lacking_until_somebody_sees_it() {
        let mut standing = Standing::default();
        assert!(!standing.lacks_secret("balrog"), "nobody has looked");
        standing.looked(Around { engine: None, absent: absent("balrog") });
        assert!(
            standing.lacks_secret("balrog") && !standing.lacks_secret("agent"),
            "that of another store is not there"
        );
        standing.held("balrog", Known::new(Tone::Bad, "missing"), false);
        standing.held("agent", Known::good("set"), true);
        assert!(standing.lacks_secret("balrog") && !standing.lacks_secret("agent"));
        standing.checked(&report(CheckId::Secret, Finding::fail("there is none", Owner::You, "")));
        assert!(standing.lacks_secret("balrog"));
        let mut checked = Standing { absent: standing.absent.clone(), ..Standing::default() };
        checked.checked(&report(CheckId::Secret, Finding::pass("")));
        assert!(!checked.lacks_secret("balrog"));
        standing.happened("balrog", &Event::StepSucceeded { step: Step::Secret, note: "bot, may push".to_owned() });
        assert!(!standing.lacks_secret("balrog"));
    }

    #[test]
    fn releases_and_tags_tell_of_registry_and_secret() {
        let images = project().images;
        let mut standing = Standing::default();
        standing.answered("balrog");
        assert_eq!(said(standing.registry(&images)), Some((Tone::Good, "answers".to_owned())));
        let note = "bot, may push".to_owned();
        standing.happened("balrog", &Event::StepSucceeded { step: Step::Secret, note });
        assert_eq!(said(standing.registry(&images)), Some((Tone::Good, "bot".to_owned())));
        standing.answered("balrog");
        standing.checked(&report(CheckId::Registry, Finding::pass("")));
        standing.checked(&report(CheckId::Login, Finding::pass("")));
        assert_eq!(said(standing.registry(&images)), Some((Tone::Good, "bot".to_owned())), "the name says more");
        let away = Failure::unreachable("the registry does not answer", "", "").explained_by(CheckId::Registry);
        standing.happened("balrog", &Event::StepFailed { step: Step::Push, failure: away });
        assert_eq!(said(standing.registry(&images)), Some((Tone::Bad, "away".to_owned())));
        assert_eq!(said(standing.secret(&images)), Some((Tone::Good, "works".to_owned())));
        let proof = |login, push| Ok(proof::Report { username: "ada".to_owned(), login, push, may_pull: true });
        let denied = PushProof::MayNot { why: "403".to_owned() };
        for (found, told) in [
            (proof(LoginProof::Proven, PushProof::May), (Tone::Good, "ada")),
            (proof(LoginProof::Open, PushProof::May), (Tone::Good, "ada")),
            (proof(LoginProof::Proven, denied), (Tone::Bad, "denied")),
            (proof(LoginProof::Open, PushProof::CannotTell), (Tone::Good, "answers")),
        ] {
            standing.proven("balrog", &found);
            assert_eq!(said(standing.registry(&images)), Some((told.0, told.1.to_owned())), "{found:?}");
        }
        let refused = Failure::not_allowed("the login is not accepted", "", "").explained_by(CheckId::Login);
        standing.proven("balrog", &Err(refused));
        assert_eq!(said(standing.registry(&images)), Some((Tone::Bad, "denied".to_owned())));
    }

    #[test]
    fn of_several_images_the_worst_is_told() {
        let mut images = project().images;
        images.push(Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
        let mut standing = Standing::default();
        standing.answered("balrog");
        assert_eq!(said(standing.registry(&images)), Some((Tone::Good, "1 of 2".to_owned())));
        standing.answered("agent");
        assert_eq!(said(standing.registry(&images)), Some((Tone::Good, "answers".to_owned())));
        let denied = Failure::not_allowed("bot may not push", "", "").explained_by(CheckId::Push);
        standing.failed("agent", &denied);
        assert_eq!(said(standing.registry(&images)), Some((Tone::Bad, "denied".to_owned())));
    }
}
