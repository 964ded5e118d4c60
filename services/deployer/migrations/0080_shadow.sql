-- What came of the copies of requests that a release got before it had users: goes on when another driver takes over or
-- the router counts anew, and stays with the release.

create table deployer.shadow (
    release uuid primary key references deployer.release (id) on delete cascade,
    -- All that was counted, and what the router had said last.
    report jsonb not null,
    looked_at timestamptz not null default clock_timestamp()
);
