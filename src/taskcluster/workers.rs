//! The worker manager: pools of workers, and why workers of them could not be had.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::TaskclusterError,
    pages::Page,
    service::{Service, segment},
    transport::{Call, Deployment},
};

/// The last errors of a pool that are asked for.
const ERRORS: usize = 100;

/// A pool of workers. Source: worker-manager, `worker-pool-full`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerPool {
    pub worker_pool_id: String,
    /// `null-provider`: the pool is about to go.
    #[serde(default)]
    pub provider_id: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub owner: String,
    /// Of the provider, and of the workers: what they allow tasks.
    #[serde(default)]
    pub config: Value,
    /// Tasks that its workers can run at once.
    #[serde(default)]
    pub current_capacity: u64,
    /// Workers that are on their way.
    #[serde(default)]
    pub requested_count: u64,
    #[serde(default)]
    pub running_count: u64,
}

/// Why a worker could not be had. Its texts are the provider's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PoolError {
    pub reported: Timestamp,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorsPage {
    worker_pool_errors: Vec<PoolError>,
    continuation_token: Option<String>,
}

impl Page for ErrorsPage {
    type Item = PoolError;

    fn parts(self) -> (Vec<PoolError>, Option<String>) {
        (self.worker_pool_errors, self.continuation_token)
    }
}

impl Deployment {
    /// # Errors
    /// When there is no such pool, or we may not know.
    pub async fn pool(&self, id: &str) -> Result<WorkerPool, TaskclusterError> {
        let (scope, act) = (format!("worker-manager:get-worker-pool:{id}"), format!("show the pool of workers {id}"));
        let path = format!("/worker-pool/{}", segment(id));
        self.call(&Call::get(Service::WorkerManager, path, scope, act)).await?.json()
    }

    /// The last errors of a pool, the newest first.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn pool_errors(&self, id: &str) -> Result<Vec<PoolError>, TaskclusterError> {
        let scope = format!("worker-manager:list-worker-pool-errors:{id}");
        let act = format!("list the errors of the pool of workers {id}");
        let call = Call::get(Service::WorkerManager, format!("/worker-pool-errors/{}", segment(id)), scope, act);
        // The service gives them in this order.
        self.pages::<ErrorsPage>(call.query("limit", ERRORS.to_string()), ERRORS).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_and_its_errors_are_read() {
        let pool = r#"{"workerPoolId":"releng-3/linux-docker","providerId":"fxci-level3-gcp","description":"trusted",
            "created":"2020-01-01T00:00:00.000Z","lastModified":"2026-01-01T00:00:00.000Z","owner":"a@b.example",
            "config":{"maxCapacity":10},"emailOnError":false,"currentCapacity":3,"requestedCount":1,"runningCount":2,
            "stoppingCount":0,"stoppedCount":0,"requestedCapacity":1,"runningCapacity":2,"stoppingCapacity":0,
            "stoppedCapacity":0}"#;
        let pool: WorkerPool = serde_json::from_str(pool).unwrap();
        assert_eq!((pool.running_count, pool.requested_count, pool.current_capacity), (2, 1, 3));
        assert_eq!(pool.config["maxCapacity"], 10);
        let errors = r#"{"workerPoolErrors":[{"workerPoolId":"a/b","errorId":"cP0vkI0kSkmkII8UFs2KuA",
            "reported":"2026-11-23T06:15:41.034Z","kind":"creation-error","title":"Instance Creation Error",
            "description":"quota exceeded","extra":{}}]}"#;
        let (errors, token) = serde_json::from_str::<ErrorsPage>(errors).unwrap().parts();
        assert_eq!((errors[0].description.as_str(), token), ("quota exceeded", None));
    }
}
