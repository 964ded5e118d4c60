-- Drift of data: captured traffic as counts by hour, what it is compared with, and what followed.

-- How far the stream of samples was counted; another stream counts its messages from 1 again.
create table monitor.sample_cursor (
    stream text primary key,
    sequence bigint not null
);

-- What is compared with: the file of a commit, or a window that somebody accepted.
create table monitor.reference (
    id uuid primary key,
    app text not null,
    environment text not null,
    version integer not null,
    -- What git knows the file by; null for a window.
    object text,
    -- Where it comes from, for people.
    source text not null,
    -- Of each column how it is counted, and its counts.
    columns jsonb not null,
    rows bigint not null,
    made_by text not null,
    reason text not null default '',
    made_at timestamptz not null,
    unique (app, environment, version),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);

-- Captured requests of one release in one hour, counted as one reference wants it.
create table monitor.summary (
    app text not null,
    environment text not null,
    release uuid not null,
    -- All zeros when no reference was known.
    reference uuid not null,
    hour timestamptz not null,
    release_number bigint not null,
    model text not null,
    -- Counts by column.
    columns jsonb not null,
    rows bigint not null,
    primary key (app, environment, release, reference, hour),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
create index summary_hour on monitor.summary (hour);

-- Where data are compared: when next, with what, and what was told.
create table monitor.data_watch (
    app text not null,
    environment text not null,
    schedule text not null,
    -- Null when the schedule is never due.
    next_at timestamptz,
    -- The release whose reference was looked for.
    release uuid,
    reference uuid references monitor.reference (id) on delete set null,
    -- Why the reference of that release cannot be had.
    problem text not null default '',
    -- The columns whose drift was told.
    told text[] not null default '{}',
    muted_until timestamptz,
    muted_by text not null default '',
    mute_reason text not null default '',
    primary key (app, environment),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
create index data_watch_due on monitor.data_watch (next_at);

create table monitor.data_verdict (
    id uuid primary key,
    app text not null,
    environment text not null,
    release uuid not null,
    release_number bigint not null,
    model text not null,
    reference_version integer not null,
    reference_source text not null,
    window_from timestamptz not null,
    window_to timestamptz not null,
    asked_by text not null,
    verdict text not null check (verdict in ('drift', 'no_drift', 'insufficient_data')),
    because text not null,
    rows bigint not null,
    drifted_columns integer not null,
    judged_columns integer not null,
    columns jsonb not null,
    made_at timestamptz not null,
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
create index data_verdict_of on monitor.data_verdict (app, environment, made_at desc);
