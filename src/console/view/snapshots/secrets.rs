//! The secrets, and how one is set and rotated.

use zeroize::Zeroizing;

use super::{State, after, told};
use crate::{
    console::{
        message::Message,
        model::{Model, SecretNews},
        sample::{
            console,
            secrets::{
                PASSWORD, act, at_taskcluster, missing, name, news, open_at, refused, secrets, there, unreadable,
                without_a_vault,
            },
        },
    },
    domain::{
        asker::Asker,
        audit::{Act, Outcome},
        failure::Failure,
        holdings::Row,
        proof::{LoginProof, PushProof, Report},
        rotation::{Account, End, Stage, Standing, Step, StepState, StepView},
    },
};

fn pasted(model: Model, text: &str) -> Model {
    told(model, Message::Pasted(Zeroizing::new(text.to_owned())))
}

fn typed(size: (u16, u16)) -> Model {
    let model = after(secrets(size, vec![there()]), "s");
    let docker = Ok(Some("a login of bot for docker.io".to_owned()));
    pasted(after(told(model, news(SecretNews::Docker(name(), docker))), "bot<enter>"), &format!("{PASSWORD}\n"))
}

fn rotating(size: (u16, u16)) -> Model {
    let model = after(pasted(after(secrets(size, vec![there()]), "t"), PASSWORD), "<enter>");
    let state = StepState::Done { note: Some("bot is accepted, and may push".to_owned()) };
    told(model, news(SecretNews::Step(name(), StepView { step: Step::VerifyNew, state })))
}

fn withdrawn(size: (u16, u16)) -> Model {
    let model = after(pasted(after(secrets(size, vec![there()]), "t"), PASSWORD), "<enter>");
    let mut steps = Account::steps(&Stage::Opened);
    Account::note(&mut steps, StepView { step: Step::VerifyNew, state: StepState::Failed(refused()) });
    let stands = Standing::Ended(End::Withdrawn(refused()));
    let account = Account { stands, steps, ..open_at(Stage::Opened) };
    told(model, news(SecretNews::Rotated(name(), Ok(Box::new(account)))))
}

fn open(size: (u16, u16)) -> Model {
    secrets(size, vec![Row { rotation: Some(open_at(Stage::Stored)), ..there() }, missing()])
}

fn history(size: (u16, u16)) -> Model {
    let why = "the registry answers 401".to_owned();
    let trail = vec![
        act(Act::SecretRotate, Outcome::Begun),
        act(Act::SecretRotate, Outcome::Failed { why }),
        act(Act::SecretSet, Outcome::Done),
    ];
    after(told(secrets(size, vec![there()]), Message::Trail(Ok(trail))), "h")
}

fn checked(size: (u16, u16)) -> Model {
    let model = after(secrets(size, vec![there()]), "c");
    let well = Report { username: "bot".to_owned(), login: LoginProof::Proven, push: PushProof::May, may_pull: true };
    let [balrog, agent] = ["docker.io/mozilla/balrog", "docker.io/mozilla/agent"].map(|name| name.parse().unwrap());
    let found = vec![(balrog, Ok(well)), (agent, Err(refused()))];
    let mut model = told(model, news(SecretNews::Checked(name(), Ok(found))));
    model.toasts.clear();
    model
}

pub const SECRETS: &[State] = &[
    ("reading", |size| after(console(size, Vec::new()), "3")),
    ("locked", |size| {
        let locked = Failure::cancelled("the vault stays locked", "give its passphrase");
        told(after(console(size, Vec::new()), "3"), news(SecretNews::Holdings(Err(locked))))
    }),
    ("none", |size| secrets(size, Vec::new())),
    ("no-vault", without_a_vault),
    ("set", |size| secrets(size, vec![there(), missing()])),
    ("at-taskcluster", |size| {
        let asker = Asker { locked: Some("2026-11-22T09:00:00Z".parse().unwrap()), ..Asker::default() };
        told(secrets(size, vec![at_taskcluster()]), Message::Asker(Ok(Some(asker))))
    }),
    ("missing", |size| after(secrets(size, vec![there(), missing()]), "j")),
    ("checked", checked),
    ("rotation-open", open),
    ("history", history),
    ("form", typed),
    ("form-at-taskcluster", |size| after(secrets(size, vec![at_taskcluster()]), "sbot<enter><enter>")),
    ("form-unreadable", |size| after(secrets(size, vec![unreadable()]), "sbot<enter>")),
    ("form-replaces", |size| after(secrets(size, vec![unreadable()]), "s<ctrl-r><down><down>never<down>docker")),
    ("key", |size| after(pasted(after(without_a_vault(size), "sbot<enter>"), PASSWORD), "<enter>")),
    ("rotating", rotating),
    ("withdrawn", withdrawn),
    ("taken-up", |size| after(open(size), "t")),
];
