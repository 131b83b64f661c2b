//! The one integration-test binary. `tests/run.sh` installs and starts what it needs.

mod cli;
mod git;
mod registry;
mod store;
mod support;

#[test]
fn a_real_registry_starts_and_asks_for_a_login() {
    let registry = support::registry::Registry::with_login();
    let answer = std::process::Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", &format!("http://{}/v2/", registry.host)])
        .output()
        .expect("curl");
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "401");
}
