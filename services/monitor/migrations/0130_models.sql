-- How good models are: predictions that wait for what was true, and what is known of those of which that was told.

-- A captured prediction, until its truth is told or it is forgotten.
create table monitor.prediction (
    app text not null,
    environment text not null,
    -- By what the truth is told.
    key text not null,
    release uuid not null,
    release_number bigint not null,
    model text not null,
    -- A number, a text or a truth.
    prediction jsonb not null,
    at timestamptz not null,
    primary key (app, environment, key),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
create index prediction_at on monitor.prediction (app, environment, at);

-- Predictions of one release in one hour of which the truth is known, as counts.
create table monitor.quality (
    app text not null,
    environment text not null,
    release uuid not null,
    hour timestamptz not null,
    release_number bigint not null,
    model text not null,
    counts jsonb not null,
    primary key (app, environment, release, hour),
    foreign key (app, environment) references monitor.verdict (app, environment) on delete cascade
);
create index quality_hour on monitor.quality (hour);
