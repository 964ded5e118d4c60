-- What is read of a candidate and of the stable release beside what the router measures: goes on when another driver takes
-- over, and stays with the release.

create table deployer.reading (
    release uuid not null references deployer.release (id) on delete cascade,
    -- As the manifest calls it.
    name text not null,
    -- How often both were read.
    pairs integer not null check (pairs >= 0),
    -- What was read last; nothing before.
    candidate double precision,
    stable double precision,
    -- Why the last attempt read nothing, if it did not.
    problem text,
    tried_at timestamptz not null,
    primary key (release, name)
);
