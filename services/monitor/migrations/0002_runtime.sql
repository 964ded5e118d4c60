-- Field by field, three ways; what is done about differences; liveness.

alter table monitor.verdict
    drop constraint verdict_state_check,
    add constraint verdict_state_check check
        (state in ('in_sync', 'drifted', 'missing', 'orphaned', 'ignored', 'converging', 'unknown')),
    -- What the manifest of the live release says about watching it.
    add column policy jsonb,
    -- A person asked to heal what differs, whatever the mode.
    add column heal_asked_at timestamptz;

alter table monitor.instance
    -- What the engine was told, values fingerprinted; null until the deployer said it.
    add column released jsonb;
-- Baselines have another form, and values another fingerprint: they are taken anew.
update monitor.instance set baseline = null;

alter table monitor.finding
    add column replica integer,
    add column fields jsonb not null default '[]',
    add column cause text not null default '',
    add column next text not null default '',
    add column ignored boolean not null default false,
    -- What was done about it, or why nothing was.
    add column heal_reason text not null default '',
    add column heal_message text not null default '',
    add column release_number bigint not null default 0;

-- What differed and does not any more; forgotten after a while.
create table monitor.history (
    id bigint generated always as identity primary key,
    app text not null,
    environment text not null,
    release_number bigint not null,
    reason text not null,
    service text,
    instance uuid,
    message text not null,
    fields jsonb not null,
    cause text not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    ended_at timestamptz not null,
    outcome text not null check (outcome in ('healed', 'cleared', 'released'))
);
create index history_of on monitor.history (app, environment, ended_at desc);
create index history_ended on monitor.history (ended_at);

-- Repairs that the deployer was asked for: written before it is asked.
create table monitor.repair (
    id uuid primary key,
    app text not null,
    environment text not null,
    kind text not null check (kind in ('replace', 'restart', 'routes')),
    service text not null,
    replica integer not null,
    instance uuid not null,
    release uuid not null,
    -- What it heals: reasons and fields.
    fingerprint text not null,
    message text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    -- DONE, or the stable code of why not.
    outcome text
);
create index repair_open on monitor.repair (app, environment) where ended_at is null;
create index repair_recent on monitor.repair (started_at);

-- How instances answer whether they live, by service and replica: it outlives containers.
create table monitor.liveness (
    app text not null,
    environment text not null,
    service text not null,
    replica integer not null,
    state text not null check (state in ('live', 'failing', 'restarting', 'crash_loop')),
    failures integer not null default 0,
    restarts integer not null default 0,
    last_restart_at timestamptz,
    next_restart_at timestamptz,
    message text not null default '',
    primary key (app, environment, service, replica),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
