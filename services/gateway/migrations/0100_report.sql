-- What GitHub is told of a build or a release: what is so now, and how much of it was told.

create table gateway.report (
    -- A build or a release.
    subject uuid primary key,
    kind text not null check (kind in ('build', 'release')),
    app text not null references gateway.app (name) on delete cascade,
    -- Of a release.
    environment text not null default '',
    number bigint not null default 0,
    -- That of a release is asked for when it is first told; empty when it has none.
    commit text,
    -- Where the app answers, if people can reach it.
    url text not null default '',
    -- Grows with what happens; what is older than what is known is late.
    version bigint not null,
    stage text not null,
    sentence text not null,
    began_at timestamptz not null,
    moved_at timestamptz not null,
    -- GitHub's ids, once they are known.
    deployment bigint,
    check_run bigint,
    -- What was told last of each, as STAGE: SENTENCE.
    deployment_told text not null default '',
    commit_told text not null default '',
    state text not null default 'waiting' check (state in ('waiting', 'told', 'failed')),
    attempts int not null default 0,
    wake_at timestamptz not null default clock_timestamp(),
    -- Nobody else tells it before.
    claimed_until timestamptz,
    last_attempt_at timestamptz,
    told_at timestamptz,
    last_error text not null default ''
);
create index report_due on gateway.report (wake_at) where state = 'waiting';
create index report_of_environment on gateway.report (app, environment, number);
