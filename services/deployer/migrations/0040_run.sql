-- Jobs: every execution of one, and how far the set-up of each environment is.

create table deployer.run (
    id uuid primary key,
    app text not null,
    environment text not null,
    -- The release whose image and configuration it uses.
    release uuid not null references deployer.release (id),
    job text not null,
    kind text not null check (kind in ('before_release', 'first_release', 'undo')),
    service text not null,
    command text[] not null,
    asked_by text not null,
    -- Written before there is a container, so that a crash leaves nothing unknown.
    container_name text not null,
    container_id text,
    state text not null default 'running' check (state in ('running', 'succeeded', 'failed', 'stopped')),
    exit_code integer,
    -- A stable code and a sentence, when it did not succeed.
    reason text,
    message text not null default '',
    -- Its last lines, secrets hidden.
    log_lines text[] not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz,
    -- Its container is gone.
    cleared boolean not null default false,
    check ((state = 'running') = (ended_at is null)),
    foreign key (app, environment) references deployer.environment (app, environment)
);

-- The lock: no job runs twice at a time in an environment, whoever asks for it.
create unique index run_one_each on deployer.run (app, environment, job) where ended_at is null;
create index run_of_release on deployer.run (release, job, created_at);
create index run_uncleared on deployer.run (ended_at) where not cleared;

-- Jobs at `first_release`: no row is not yet, or undone.
create table deployer.setup (
    app text not null,
    environment text not null,
    job text not null,
    state text not null check (state in ('running', 'done', 'failed', 'undo_failed')),
    -- The release that ran it last.
    release uuid not null references deployer.release (id),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (app, environment, job),
    foreign key (app, environment) references deployer.environment (app, environment)
);
