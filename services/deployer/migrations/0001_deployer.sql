-- The deployer owns releases: what was asked for, where each is in its life, and what runs for it.

create table deployer.environment (
    app text not null,
    environment text not null,
    last_number bigint not null default 0,
    -- Which releases get which share of new requests, and whether requests are served, held or turned away.
    traffic jsonb not null,
    -- Addresses the candidate: `slipway-candidate: <token>`.
    candidate_token text not null,
    created_at timestamptz not null default now(),
    primary key (app, environment)
);

create table deployer.release (
    id uuid primary key,
    app text not null,
    environment text not null,
    number bigint not null,
    -- Digests, resolved configuration, secret versions: what it is. Never changes.
    content jsonb not null,
    content_hash text not null,
    plan jsonb not null,
    -- Why there is a release, who asked, from which commit and build.
    origin jsonb not null,
    restores uuid references deployer.release (id),
    stable uuid references deployer.release (id),
    state jsonb not null,
    state_name text not null generated always as (state ->> 'state') stored,
    version bigint not null default 1,
    pinned boolean not null default false,
    traceparent text,
    created_at timestamptz not null default clock_timestamp(),
    entered_at timestamptz not null default clock_timestamp(),
    deadline_at timestamptz,
    ended_at timestamptz,
    -- When the driver looks at it next; null when it has no reason to.
    wake_at timestamptz default clock_timestamp(),
    lease_owner uuid,
    lease_epoch bigint not null default 0,
    lease_until timestamptz,
    unique (app, environment, number),
    foreign key (app, environment) references deployer.environment (app, environment)
);

-- One live release per app and environment, and one that moves: by constraint, whatever the code does.
create unique index release_one_live on deployer.release (app, environment)
    where state_name = 'live';
create unique index release_one_moving on deployer.release (app, environment)
    where state_name in ('preparing', 'running_jobs', 'starting', 'warming', 'verifying', 'shifting',
                         'baking', 'settling', 'rolling_back', 'stuck');
create index release_due on deployer.release (wake_at) where wake_at is not null;
create index release_same_content on deployer.release (app, environment, content_hash);

-- Every input that changed a release, in order; played again it leads to the same state.
create table deployer.release_log (
    seq bigint generated always as identity primary key,
    release uuid not null references deployer.release (id),
    version bigint not null,
    input jsonb not null,
    state jsonb not null,
    at timestamptz not null default clock_timestamp(),
    -- Readers that follow the log stop before the oldest transaction still running.
    written_by xid8 not null default pg_current_xact_id(),
    unique (release, version)
);

-- What people and other releases want of a release; the driver takes them in order.
create table deployer.command (
    id bigint generated always as identity primary key,
    release uuid not null references deployer.release (id),
    input jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    taken_at timestamptz,
    refused text
);
create index command_waiting on deployer.command (release, id) where taken_at is null;

-- One container: written before it is created, so that a crash leaves nothing unknown.
create table deployer.instance (
    id uuid primary key,
    app text not null,
    environment text not null,
    service text not null,
    -- Digest, configuration and secret versions of the service; releases with the same share instances.
    content_hash text not null,
    replica integer not null,
    -- The release it was made for.
    release uuid not null references deployer.release (id),
    container_name text not null,
    container_id text,
    address text,
    state text not null default 'intended'
        check (state in ('intended', 'starting', 'ready', 'draining', 'stopped', 'gone')),
    stop_report jsonb,
    created_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp()
);
create unique index instance_one_each on deployer.instance
    (app, environment, service, content_hash, replica) where state <> 'gone';

-- The generation of the route table: one row, raised with every change of traffic or addresses.
create table deployer.route_generation (
    only_row boolean primary key default true check (only_row),
    generation bigint not null
);
insert into deployer.route_generation (generation) values (0);

-- Versions of secrets; `environment` is empty for all environments. A deleted one has no value.
create table deployer.secret (
    app text not null,
    environment text not null,
    name text not null,
    version bigint not null,
    sealed bytea,
    set_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (app, environment, name, version)
);
