-- What runs of jobs made, measured and had committed. Kept when their runs are forgotten: releases name it.
create table deployer.model (
    run uuid primary key,
    app text not null,
    environment text not null,
    job text not null,
    asked_by text not null,
    -- What the run measured; null when its job measures nothing.
    metrics jsonb,
    -- Where it is; null until it is known to be there.
    branch text,
    commit text,
    -- The commit was made for it: it differed from what the branch had.
    changed boolean,
    -- sha256 of all files that jobs make, as the commit has them.
    digest text,
    created_at timestamptz not null default clock_timestamp(),
    committed_at timestamptz,
    check ((commit is null) = (committed_at is null)),
    foreign key (app, environment) references deployer.environment (app, environment)
);
create index model_of_commit on deployer.model (app, commit);
create index model_of_digest on deployer.model (app, digest, committed_at);

-- Why somebody asked for it, in their words.
alter table deployer.errand add column why text not null default '';
