-- One build for each change.
create table builder.build (
    id uuid primary key,
    app text not null,
    change uuid not null unique,
    git_ref text not null,
    commit text not null,
    title text,
    cause text not null,
    pushed_by text not null,
    wanted_environments text[] not null default '{}',
    traceparent text,
    state text not null default 'queued' check (state in
        ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'skipped', 'blocked')),
    -- Why it is blocked, or ended otherwise than well.
    reason text,
    message text,
    failed_service text,
    exit_code integer,
    log_tail text[] not null default '{}',
    environments text[] not null default '{}',
    manifest text,
    policy text,
    attempt integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz,
    -- A blocked build is looked at again at this time.
    retry_at timestamptz,
    -- Who works on it; decided by the database's clock alone.
    lease_owner uuid,
    lease_epoch bigint not null default 0,
    lease_until timestamptz,
    constraint build_ends_once check
        ((state in ('succeeded', 'failed', 'cancelled', 'skipped')) = (ended_at is not null)),
    constraint build_blocked_until check ((state = 'blocked') = (retry_at is not null)),
    constraint build_running_leased check (state <> 'running' or lease_until is not null)
);

create index build_waiting on builder.build (created_at) where state in ('queued', 'running', 'blocked');
create index build_of_app on builder.build (app, id desc);
create index build_of_ref on builder.build (app, git_ref) where state in ('queued', 'running', 'blocked');

-- Each timed part of a build: fetch, check unit, build api, push api.
create table builder.step (
    build uuid not null references builder.build on delete cascade,
    position integer not null,
    name text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    detail text not null default '',
    primary key (build, position)
);

-- What became of each service in a build.
create table builder.service (
    build uuid not null references builder.build on delete cascade,
    name text not null,
    repository text not null,
    digest text not null,
    size_bytes bigint not null default 0,
    -- Absent for images that are not built here.
    content_key text,
    reused boolean not null,
    layers jsonb not null default '[]',
    new_layers jsonb not null default '[]',
    shared_layer_count integer not null default 0,
    tags text[] not null default '{}',
    primary key (build, name)
);

-- The image that a content gave: the same content is not built again.
create table builder.image (
    app text not null,
    service text not null,
    content_key text not null,
    repository text not null,
    digest text not null,
    built_at timestamptz not null default clock_timestamp(),
    used_at timestamptz not null default clock_timestamp(),
    primary key (app, service, content_key)
);

create table builder.build_log (
    build uuid not null references builder.build on delete cascade,
    line bigint not null,
    at timestamptz not null default clock_timestamp(),
    text text not null,
    primary key (build, line)
);

-- A check that passed with a content: it need not run again.
create table builder.passed_check (
    app text not null,
    name text not null,
    content_key text not null,
    passed_at timestamptz not null default clock_timestamp(),
    primary key (app, name, content_key)
);
