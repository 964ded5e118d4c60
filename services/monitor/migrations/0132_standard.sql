-- How good a model is by now is well so: what it is compared with from then on.
create table monitor.standard (
    id uuid primary key,
    app text not null,
    environment text not null,
    version integer not null,
    model text not null,
    -- Predictions of which it was known what was true, as counts.
    counts jsonb not null,
    window_from timestamptz not null,
    window_to timestamptz not null,
    made_by text not null,
    reason text not null,
    made_at timestamptz not null,
    unique (app, environment, version),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
