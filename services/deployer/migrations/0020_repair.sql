-- Attempts to bring single instances back to what was released, between releases.

create table deployer.repair (
    -- Chosen by who asks: asked twice, it is done once.
    id uuid primary key,
    kind text not null check (kind in ('replace', 'restart')),
    app text not null,
    environment text not null,
    service text not null,
    -- The release that was live when it began; when that changes, the repair has no purpose any more.
    release uuid not null references deployer.release (id),
    -- The instance, and the one that takes its place; the same where its container stays.
    instance uuid not null,
    successor uuid not null,
    -- Containers that were put aside, by their ids: they go when the successor has the requests.
    aside text[] not null default '{}',
    -- The successor has the requests: from here on it only goes forward.
    swapped boolean not null default false,
    asked_by text not null,
    why text not null,
    created_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    -- A stable code, when it did not succeed.
    reason text,
    message text not null default '',
    lease_owner uuid,
    lease_until timestamptz,
    foreign key (app, environment) references deployer.environment (app, environment)
);

-- Capacity: of one service, one instance at a time.
create unique index repair_one_each on deployer.repair (app, environment, service) where ended_at is null;
create index repair_unfinished on deployer.repair (created_at) where ended_at is null;
create index repair_ended on deployer.repair (ended_at) where ended_at is not null;
