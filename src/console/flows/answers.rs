//! What the runtime would say to everything that the console asks for.

use std::collections::BTreeSet;

use super::{Kept, NEW, World};
use crate::{
    console::{
        dialogs::Answer,
        effect::Effect,
        message::{Download, Listing, Message, News, Save, Saved, Taken, Verified},
        model::{Around, Errand, Image, KnownProject, Past, Project, SecretNews, Subject, Which},
        request::Request,
        sample::{
            answer, beginning, id, offers, plan, remote,
            secrets::{holdings, open_at, refused, there},
            takes,
        },
        view::tests::preview,
    },
    domain::{
        artifact::{Got, Written},
        beginning::Beginning,
        digest::Digest,
        event::{Event, Step},
        failure::Failure,
        finding::{CheckId, Finding, Owner, Report},
        name::ReleaseId,
        plan::TagKind,
        preview::{Change, Next, Preview, Shown},
        proof::{self, LoginProof, PushProof},
        reference::{Repository, Tag},
        release::{Release, StepState},
        rotation::{Account, End, Stage, Standing, StepState as Stood, StepView},
        table::{Row, Table},
        wishes::Wishes,
    },
    log::{errors, pattern::Filter, steps},
};

impl World {
    /// What is told of an effect; nothing of one that nobody waits for.
    pub(super) fn answer(&mut self, effect: Effect) -> Vec<Message> {
        let message = match effect {
            Effect::LoadProject => Message::Project(Ok(self.project())),
            Effect::LoadKnown => Message::Known(Ok(self.known())),
            Effect::OpenProject(name) => {
                self.project = if name.as_str() == "docs" { "docs" } else { "balrog" };
                self.journal.iter_mut().for_each(|kept| kept.followed = false);
                Message::Opened(Ok(vec!["--project".to_owned(), name.to_string()]))
            }
            Effect::LoadReleases(repositories) => Message::Releases(Ok(self.listing(&repositories))),
            Effect::LoadTags { image, .. } => Message::Tags(image, Ok(self.table(None))),
            Effect::Follow { release, after, .. } => return self.follow(&release, after),
            Effect::ReadLog { release, .. } if self.log(&release).is_empty() => Message::Log(release, Ok(None)),
            Effect::ReadLog { ref release, .. }
            | Effect::ReadSteps { ref release }
            | Effect::SearchLog { ref release, .. }
            | Effect::FindInLog { ref release, .. } => answer(&effect, self.log(release)).expect("it is about a log"),
            Effect::TakeLines { release, lines, filter } if filter == Filter::none() => {
                let (from, to) = (usize::try_from(*lines.start()).unwrap(), usize::try_from(*lines.end()).unwrap());
                let taken = &self.log(&release)[from..=to];
                Message::Taken(Ok(Taken { text: taken.join("\n"), lines: taken.len() as u64, cut: false }))
            }
            Effect::SaveLog { release, path, filter, over } if filter == Filter::none() => {
                // There is such a file, whatever it is called.
                let saved = if over { Saved::Lines(self.log(&release).len() as u64) } else { Saved::Exists };
                Message::Saved(Save { release, path, filter }, Ok(saved))
            }
            Effect::FindFault { release } => {
                let lines = self.log(&release).iter().enumerate();
                let says = |line: &str| errors::pattern().is_match(line) && !steps::begins_step(line);
                let fault = lines.map(|(number, line)| (number as u64, line.clone())).find(|(_, line)| says(line));
                Message::Fault(release, Ok(fault))
            }
            Effect::LookAround => {
                let away = || Failure::unreachable("the engine does not answer", "nothing listens", "start it");
                let engine = if self.engine_is_down { Err(away()) } else { Ok("29.0.1".to_owned()) };
                Message::Around(Around { engine: Some(engine), absent: BTreeSet::new() })
            }
            Effect::Examine(which) => return self.examine(which),
            Effect::ReadTrail => Message::Trail(Ok(Vec::new())),
            Effect::Prepare(request) => {
                let answer = self.prepared(&request);
                Message::Prepared(request, Ok(answer))
            }
            Effect::Verify { image, release, tags, deep } => {
                let found = Ok((self.table(Some(&tags)), Vec::new()));
                Message::Verified(Verified { image, release, deep, found })
            }
            Effect::Download { left, path, over } => {
                let got = if over || self.files.insert(path.clone()) {
                    self.done.push(left.words(&path, over).join(" "));
                    let bytes = left.size.expect("a size");
                    Got::Written(Written { bytes, sha256: Digest::of(b"it"), checked: left.storage == "object" })
                } else {
                    Got::Exists
                };
                Message::Downloaded(Download { left, path }, Ok(got))
            }
            Effect::LookAtCluster { turn, .. } if turn == 1 => {
                let there = self.begun.is_none().then(|| remote(&self.tasks));
                Message::Cluster(turn, Ok(there.into_iter().collect()))
            }
            // Later ones are waited for.
            Effect::LookAtCluster { .. } => return Vec::new(),
            Effect::LookAtTasks { release, turn, .. } => {
                Message::Tasks(release, turn, Ok(Box::new(remote(&self.tasks))))
            }
            Effect::SeeAsker => Message::Asker(Ok(None)),
            Effect::FetchLog { run } => Message::Fetched(run, Ok(None)),
            Effect::Start { words } => return self.start(&words),
            Effect::Begin { words, agreed } => {
                let given = agreed.map(|agreed| format!(" < {agreed}")).unwrap_or_default();
                self.done.push(words.join(" ") + &given);
                Message::Started(Ok(remote(&self.tasks).plan.release))
            }
            Effect::Act { act, payload } => {
                self.done.push(format!("{} with {payload}", act.words().join(" ")));
                Message::Acted(Ok((act.release, format!("{}: its hook made a task", act.name))))
            }
            Effect::Cancel { release, .. } => return self.cancel(&release),
            Effect::Copy(text) => {
                self.clipboard.clone_from(&text);
                Message::Copied(text, Ok(Some("wl-copy")))
            }
            Effect::Secrets(errand) => return self.errand(errand).into_iter().map(Message::Secrets).collect(),
            Effect::Quit => {
                self.left = true;
                return Vec::new();
            }
            other => panic!("nobody in this world answers {other:?}"),
        };
        vec![message]
    }

    fn log(&self, release: &ReleaseId) -> &[String] {
        let kept = self.journal.iter().find(|kept| kept.release.plan.release == *release);
        kept.map_or(&[], |kept| &kept.log)
    }

    fn project(&self) -> Project {
        let repository = format!("docker.io/mozilla/{}", self.project).parse().unwrap();
        let cluster = (!self.tasks.is_empty()).then(|| "tc.example".to_owned());
        Project { images: vec![Image { name: self.project.to_owned(), repository }], cluster, begun: self.begun }
    }

    fn known(&self) -> Vec<KnownProject> {
        let last = self.journal.first().map_or(Past::NoRelease, |kept| Past::Last(Box::new(kept.release.clone())));
        let known = |name: &str, past| KnownProject {
            name: name.parse().unwrap(),
            folder: format!("/home/ada/{name}"),
            open: name == self.project,
            past,
        };
        vec![known("balrog", last), known("docs", Past::NoRelease)]
    }

    fn listing(&self, repositories: &[Repository]) -> Listing {
        let releases = self.journal.iter().map(|kept| &kept.release);
        let wanted = releases.filter(|release| repositories.contains(&release.plan.repository));
        Listing { releases: wanted.cloned().collect(), damaged: 0 }
    }

    fn table(&self, wanted: Option<&[Tag]>) -> Table {
        let rows = self.tags.iter().filter(|row| wanted.is_none_or(|wanted| wanted.contains(&row.tag)));
        Table { as_of: self.now, rows: rows.cloned().collect() }
    }

    fn follow(&mut self, release: &ReleaseId, after: u64) -> Vec<Message> {
        let kept = self.kept(release).expect("a release");
        let ended = kept.release.ended.is_some();
        kept.followed = !ended;
        let lines = kept.log.len() as u64;
        let events = kept.events.iter().filter(|event| event.seq > after).cloned().map(News::Event);
        let rest = [(lines > 0).then_some(News::Log(lines)), ended.then_some(News::Ended)];
        events.chain(rest.into_iter().flatten()).map(|news| Message::News(release.clone(), news)).collect()
    }

    /// A release begins: a new one, one that takes another up, or one that points a tag.
    fn start(&mut self, words: &[String]) -> Vec<Message> {
        let begun = u8::try_from(self.done.len()).unwrap();
        self.done.push(words.join(" "));
        let mut plan = plan(NEW + begun);
        plan.planned = self.now;
        plan.parent = words.get(1).and_then(|word| word.parse().ok());
        self.journal.insert(0, Kept::of(Release::new(plan, self.now, 1)));
        vec![Message::Started(Ok(id(NEW + begun))), Message::Changed]
    }

    fn cancel(&mut self, release: &ReleaseId) -> Vec<Message> {
        let steps = &self.kept(release).expect("a release").release.steps;
        let step = steps
            .iter()
            .find(|step| step.state == StepState::Running)
            .expect("it runs")
            .step
            .own()
            .expect("it is local");
        let failure = Failure::cancelled("the release was cancelled", "begin another");
        let mut messages = vec![Message::CancelTold(release.clone(), Ok(()))];
        messages.extend(self.record(release, Event::StepFailed { step, failure }));
        messages.extend(self.record(release, Event::Finished));
        messages
    }

    fn prepared(&mut self, request: &Request) -> Answer {
        let preview = match request {
            Request::Release { wishes, .. } if self.begun.is_some() => {
                let there = self.done.last().map(|_| remote(&self.tasks).plan.release);
                return Answer::Beginning(Box::new(Beginning { there, ..beginning(wishes) }));
            }
            Request::Release { .. } => preview(),
            Request::Payload => return Answer::Takes(Box::new(takes())),
            Request::Fire { payload } => {
                let fired = Beginning {
                    rows: vec![("fires", "the hook".to_owned()), ("payload", payload.clone())],
                    words: request.words(),
                    agreed: Some(payload.clone()),
                    ..beginning(&Wishes::default())
                };
                return Answer::Beginning(Box::new(fired));
            }
            Request::Rerun { first, .. } => Preview { first: first.unwrap_or(Step::Preflight), ..preview() },
            Request::Point { tag, release } => {
                let row = self.tags.iter().find(|row| row.tag == *tag).and_then(Row::content);
                let now = row.map(|content| Shown { digest: content.digest.clone(), release: None });
                let recorded = self.kept(release).and_then(|kept| kept.release.record.as_ref());
                let digest = recorded.and_then(|told| told.record.top_digests().next()).expect("a record").clone();
                let next = match &now {
                    Some(now) if now.digest == digest => Next::Done,
                    _ => Next::Known(Shown { digest, release: Some(release.clone()) }),
                };
                let change = Change { tag: tag.clone(), kind: TagKind::Moving, now, next };
                Preview { first: Step::Push, changes: vec![change], ..preview() }
            }
            Request::Ways(release) => {
                let earlier = self.kept(release).expect("a release").release.clone();
                let built = earlier.built.is_some();
                let step = |step| (Some(step), (step > Step::Build && !built).then(|| "nothing was built".to_owned()));
                let ways = std::iter::once((None, None)).chain(Step::BUILDING.map(step)).collect();
                return Answer::Ways(Box::new(earlier), ways);
            }
            Request::TaskWays(_) | Request::Again { .. } | Request::End { .. } | Request::Several(_) => {
                panic!("nothing runs elsewhere here")
            }
            Request::History { .. } => return Answer::Past(Vec::new()),
            Request::Artifacts { .. } => return Answer::Left(self.artifacts.clone()),
            Request::Actions { .. } => return Answer::Actions(offers()),
            Request::Act(act) if act.name == "retrigger" && act.input.is_none() => {
                return Answer::Input(Box::new(offers().remove(0)));
            }
            Request::Act(act) => {
                let payload = act.input.clone().unwrap_or("null".to_owned());
                let rows = vec![("fires", "the hook project-releng/in-tree".to_owned()), ("payload", payload.clone())];
                return Answer::Act { rows, payload };
            }
            Request::Download(_) => return Answer::Folder("/home/ada/balrog".to_owned()),
            Request::Find { digest } => return Answer::Found(vec![format!("{digest} is of no record")]),
        };
        Answer::Preview(Box::new(preview))
    }

    fn examine(&self, which: Which) -> Vec<Message> {
        let images = self.project().images;
        let subjects = match which {
            Which::All => CheckId::concerning(false).map(|check| Subject::of(check, None, &images)).collect(),
            Which::One(subject) => vec![subject],
        };
        let checked = |Subject { check, image }: Subject| Report { check, image, finding: self.finding(check) };
        subjects.into_iter().map(|subject| Message::Checked(checked(subject))).chain([Message::Examined]).collect()
    }

    fn finding(&self, check: CheckId) -> Finding {
        match check {
            CheckId::Engine if self.engine_is_down => {
                Finding::fail("nothing listens at /var/run/docker.sock", Owner::MachineAdmin, "systemctl start docker")
            }
            CheckId::Push if self.refuses => {
                Finding::fail("bot may not push", Owner::RegistryAdmin, "give bot the right to write")
            }
            check => Finding::pass(format!("{check} is well")),
        }
    }

    fn errand(&mut self, errand: Errand) -> Vec<SecretNews> {
        let news = match errand {
            Errand::Look => SecretNews::Holdings(Ok(Box::new(holdings(vec![self.secret.clone()])))),
            Errand::AskDocker(name) => SecretNews::Docker(name, Ok(None)),
            Errand::Set { secret, .. } => {
                self.secret = there();
                let said = format!("{secret} is set, bound to docker.io/mozilla/balrog");
                SecretNews::Set(secret, Ok(vec![said]))
            }
            Errand::Check(name) => {
                let taken = proof::Report {
                    username: "bot".to_owned(),
                    login: LoginProof::Proven,
                    push: PushProof::May,
                    may_pull: true,
                };
                let report = if self.refuses { Err(refused()) } else { Ok(taken) };
                SecretNews::Checked(name, Ok(vec![("docker.io/mozilla/balrog".parse().unwrap(), report)]))
            }
            Errand::Rotate { secret, .. } => {
                let end = if self.refuses { End::Withdrawn(refused()) } else { End::Rotated };
                let mut steps = Account::steps(&Stage::Opened);
                for view in &mut steps {
                    match &end {
                        End::Withdrawn(failure) => {
                            view.state = Stood::Failed(failure.clone());
                            break;
                        }
                        _ => view.state = Stood::Done { note: None },
                    }
                }
                let told: Vec<StepView> = steps.iter().filter(|view| view.state != Stood::Pending).cloned().collect();
                let account = Account { stands: Standing::Ended(end), steps, ..open_at(Stage::Opened) };
                let told = told.into_iter().map(|view| SecretNews::Step(secret.clone(), view));
                return told.chain([SecretNews::Rotated(secret.clone(), Ok(Box::new(account)))]).collect();
            }
            other => panic!("nobody in this world does {other:?}"),
        };
        vec![news]
    }
}
