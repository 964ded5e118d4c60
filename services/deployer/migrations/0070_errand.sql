-- Errands: runs of jobs that no release waits for. What is due is written with what makes it due.

alter table deployer.run
    drop constraint run_kind_check,
    add constraint run_kind_check check (
        kind in ('before_release', 'first_release', 'undo',
                 'after_release', 'on_failure', 'on_rollback', 'manual', 'schedule')),
    -- What it did cannot be undone.
    add column irreversible boolean not null default false;

create table deployer.errand (
    -- Also that of its run, which is written when it begins.
    id uuid primary key,
    app text not null,
    environment text not null,
    -- The release whose image and configuration it uses.
    release uuid not null references deployer.release (id),
    job text not null,
    kind text not null check (kind in ('after_release', 'on_failure', 'on_rollback', 'manual', 'schedule')),
    -- What is added to the command.
    arguments text[] not null default '{}',
    -- The time of the schedule that it is for.
    slot timestamptz,
    asked_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    -- Its run has ended, or it will never have one.
    ended_at timestamptz,
    -- A stable code and a sentence, when it never began.
    reason text,
    message text not null default '',
    lease_owner uuid,
    lease_until timestamptz,
    foreign key (app, environment) references deployer.environment (app, environment)
);

-- What a release makes due, it makes due once.
create unique index errand_once on deployer.errand (release, job, kind)
    where kind in ('after_release', 'on_failure', 'on_rollback');
-- A time of a schedule is taken once, by whichever deployer comes first.
create unique index errand_slot on deployer.errand (app, environment, job, slot) where slot is not null;
create index errand_unfinished on deployer.errand (created_at) where ended_at is null;
create index errand_of_place on deployer.errand (app, environment, created_at);
create index run_of_place on deployer.run (app, environment, created_at);
