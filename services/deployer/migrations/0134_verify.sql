-- Jobs that try a candidate, and containers of failed candidates that stay for a while to be looked into.

alter table deployer.run
    drop constraint run_kind_check,
    add constraint run_kind_check check (
        kind in ('before_release', 'first_release', 'undo', 'verify', 'verify_again',
                 'after_release', 'on_failure', 'on_rollback', 'manual', 'schedule', 'drift'));

-- A stopped container that no release has any more; its row here is what keeps it.
create table deployer.wreck (
    -- The instance that it was.
    id uuid primary key references deployer.instance (id),
    app text not null,
    environment text not null,
    -- The release that failed.
    release uuid not null references deployer.release (id),
    service text not null,
    container_name text not null,
    container_id text not null,
    kept_until timestamptz not null,
    foreign key (app, environment) references deployer.environment (app, environment)
);
create index wreck_due on deployer.wreck (kept_until);
create index wreck_of_place on deployer.wreck (app, environment);
create index wreck_of_release on deployer.wreck (release);
