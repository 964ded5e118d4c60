-- What is told of a healing that fails, and of a model that got worse.

alter table monitor.finding
    -- It was tried in vain, or is not tried; told once.
    add column heal_failed boolean not null default false;

alter table monitor.data_watch
    -- The model of which it was told that it got worse; null when that is told of none.
    add column worse_told text,
    -- Truths were told since it was looked how good models are.
    add column truths_told boolean not null default false;
create index data_watch_truths_told on monitor.data_watch (app) where truths_told;
