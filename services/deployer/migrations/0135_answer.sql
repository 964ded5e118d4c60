-- How the instances of a release answered the requests of its manifest; stays with the release.

create table deployer.answer (
    release uuid not null references deployer.release (id) on delete cascade,
    -- In which of its states they were asked.
    step text not null check (step in ('warming', 'verifying', 'baking')),
    -- As the manifest has them.
    position integer not null check (position >= 0),
    service text not null,
    -- As GET /predict.
    request text not null,
    -- To all instances together, and how many answers were as wanted.
    sent integer not null check (sent >= 0),
    good integer not null check (good between 0 and sent),
    slowest_ms bigint not null check (slowest_ms >= 0),
    -- Empty when all were good; secrets hidden.
    wrong text not null,
    -- What is said of its speed beside that of the stable release; empty when that was not compared.
    compared text not null,
    asked_at timestamptz not null default clock_timestamp(),
    primary key (release, step, position)
);
