-- What people decided about a release before it began: each once, with why.

create table deployer.vote (
    release uuid not null references deployer.release (id),
    voter text not null,
    kind text not null check (kind in ('approve', 'refuse', 'override_freeze')),
    reason text not null default '',
    at timestamptz not null default clock_timestamp(),
    -- A vote counts once per person.
    primary key (release, voter, kind)
);
