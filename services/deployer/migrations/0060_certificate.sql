-- What users noticed of the switch of each release: what the router counted from the first table that moves traffic
-- until what was replaced is drained.

create table deployer.certificate (
    release uuid primary key references deployer.release (id) on delete cascade,
    begun_at timestamptz not null default clock_timestamp(),
    -- What the router had counted then, and since when it counts.
    before jsonb not null,
    ended_at timestamptz,
    -- The difference; null where it is not known.
    counts jsonb,
    -- Why it is not known.
    unknown text,
    check ((ended_at is null) = (counts is null and unknown is null)),
    check (counts is null or unknown is null)
);
