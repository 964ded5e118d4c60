-- The monitor keeps what should be running, as it was when it went live, and what it saw differ.

create table monitor.verdict (
    app text not null,
    environment text not null,
    -- The live release; null when there is none.
    release uuid,
    release_number bigint not null default 0,
    -- A release moves, so nothing is judged.
    moving boolean not null default false,
    state text not null default 'unknown'
        check (state in ('in_sync', 'drifted', 'missing', 'converging', 'unknown')),
    checked_at timestamptz,
    primary key (app, environment)
);

-- One container that should be running.
create table monitor.instance (
    id uuid primary key,
    app text not null,
    environment text not null,
    service text not null,
    replica integer not null,
    container_id text not null,
    container_name text not null,
    -- The registry's identity of its image.
    digest text not null,
    -- What the engine said of it when it was first seen, values hashed; null until then.
    baseline jsonb,
    -- The last exit that was told of.
    exited_at timestamptz,
    restarts bigint not null default 0,
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
create index instance_of on monitor.instance (app, environment);

-- One thing that differs, since when, and whether it was told.
create table monitor.finding (
    app text not null,
    environment text not null,
    -- The instance, or the container of nobody.
    subject text not null,
    reason text not null,
    service text,
    instance uuid,
    message text not null,
    seen integer not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    announced boolean not null,
    primary key (app, environment, subject, reason),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
