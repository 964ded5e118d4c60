//! A fix by hand becomes what is wanted: a release of what runs, proved like any other.

use crate::watched::Watched;
use proto::v1::environment_drift::State;

#[tokio::test]
async fn what_runs_becomes_a_release() {
    let watched = Watched::in_mode("notify").await;
    watched.remake(None, &["--env", "COLOUR=crimson", "--memory", "128m", "--memory-swap", "128m"]);
    watched.differs("ENV", "env.COLOUR").await;
    let adopted = watched.adopt().await.expect("it can be adopted");
    assert_eq!(adopted.adopted, ["web: env.COLOUR", "web: limits.memory: 134217728 bytes"]);
    let release = watched.app().live(2).await;
    assert_eq!(release.cause, "adopt");
    watched.until(State::InSync).await;
    let environment = watched.app().users().get("/env").await.expect("answered").json();
    assert_eq!(environment["COLOUR"], "crimson");
    assert_eq!(
        watched.inspect(&watched.world.docker.running()[0])["HostConfig"]["Memory"],
        128 << 20
    );
}

#[tokio::test]
async fn nothing_is_adopted_where_nothing_differs() {
    let watched = Watched::in_mode("notify").await;
    let refused = watched.adopt().await.expect_err("nothing differs");
    assert_eq!(refused.message(), "what runs is what was released");
    assert_eq!(watched.app().releases().await.len(), 1);
}
