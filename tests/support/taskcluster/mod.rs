//! A stateful double of Taskcluster, as strict as the real services were seen to be: it checks every Hawk signature
//! (query included), payload hashes, certificates, scopes, schemas and queries, and refuses in the services' own words.
//! Tests seed it, point a client at it, and look at what was asked.
//!
//! ```ignore
//! let double = Double::open();                                  // anonymous may read, as at Firefox's deployment
//! double.role("repo:github.com/o/r:*", &["secrets:get:repo:github.com/o/r:<..>"]);
//! let me = double.client("github/1|me", "token", &["secrets:get:project/x/*"]);
//! let narrow = me.temporary(Some("x/me"), &["secrets:get:project/x/docker"], double.now(), double.now() + moment::days(1));
//! double.secret("project/x/docker", json!({"user": "u"}), double.now() + moment::days(1));
//!
//! let live = Live::start();
//! let push = double.task(&json!({"taskQueueId": "proj-x/ci", "scopes": ["secrets:get:project/x/docker"]}));
//! let run = double.claim(&push);
//! double.artifact(&push, run, "public/logs/live.log", Stored::Reference { url: live.url.clone() });
//! live.push("building\n");
//! live.drop_connections();                                      // readers are cut, and may come back
//! double.artifact(&push, run, "public/logs/live_backing.log", Stored::log("building\n"));
//! double.resolve(&push, Outcome::Completed);                    // what depends on it is pending now
//!
//! double.fault("GET", "/secret/", Fault::Html500, 1);           // the next one goes wrong
//! // … ask `double.root` as `me` …
//! assert_eq!(double.requests()[0].status, Some(500));
//! double.clock(SignedDuration::from_mins(21));                  // claims end, and every signature is stale
//! ```

#![expect(clippy::unnecessary_wraps, reason = "handlers of all routes have one type")]

pub mod asking;
pub mod auth;
mod bucket;
mod call;
pub mod credentials;
pub mod fault;
pub mod github;
pub mod hawk;
mod hooks;
mod index;
pub mod live;
pub mod moment;
mod object;
pub mod paging;
pub mod pattern;
pub mod proxy;
pub mod queue;
mod random;
mod refusal;
mod reply;
pub mod requests;
mod route;
mod schema;
mod scopes;
pub mod secrets;
mod service;
pub mod worker;
mod worker_manager;
mod world;
mod yml;

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use self::{paging::Pages, world::World};
use super::http::{Request, Server};

/// What the threads of the servers share.
#[derive(Default)]
pub struct Shared {
    world: Mutex<World>,
    /// Something was done that others may wait for.
    changed: Condvar,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no handler panics with the world in hand")
    }
}

/// The services at one root URL, and the bucket on another host; all of it ends on drop.
pub struct Double {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub root: String,
    /// Where the bytes of artifacts are.
    pub bucket_root: String,
    shared: Arc<Shared>,
    _servers: [Server; 2],
}

impl Double {
    /// Nobody may do anything yet: there is no client but the services' own, and no `anonymous` role.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let (serving, storing) = (Arc::clone(&shared), Arc::clone(&shared));
        let services = Server::answering(|_| move |request: &Request| service::answer(&serving, request));
        let bucket = Server::answering(|_| move |request: &Request| bucket::answer(&storing, request));
        let (root, bucket_root) = (format!("http://{}", services.host), format!("http://{}", bucket.host));
        {
            let mut world = shared.world();
            world.root.clone_from(&root);
            world.bucket.root.clone_from(&bucket_root);
            world.long_poll = Duration::from_secs(20);
        }
        let double = Self { root, bucket_root, shared, _servers: [services, bucket] };
        for service in [queue::ITSELF, index::ITSELF] {
            double.client(service, &random::token(), &["*"]);
        }
        double
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// The services' time.
    pub fn now(&self) -> Timestamp {
        self.world().now()
    }

    /// Sets the services' clock so far ahead of ours.
    pub fn clock(&self, ahead: SignedDuration) {
        self.world().ahead = ahead;
    }

    /// How long `claimWork` waits for work; 20 seconds, as the real one, unless a test has better things to do.
    pub fn long_poll(&self, most: Duration) {
        self.world().long_poll = most;
    }

    /// How pages of lists come.
    pub fn pages(&self, pages: Pages) {
        self.world().pages = pages;
    }
}
