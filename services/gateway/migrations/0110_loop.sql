-- Issues that are filed of drift: what is so now, and whether GitHub was told. One of each kind is open for an environment.

create table gateway.issue (
    app text not null references gateway.app (name) on delete cascade,
    environment text not null,
    kind text not null check (kind in ('runtime', 'data')),
    -- There is drift.
    is_open boolean not null,
    title text not null,
    body text not null,
    -- When it became so; what is older than what is known is late.
    moved_at timestamptz not null,
    -- Grows with what happens.
    version bigint not null default 1,
    -- As GitHub knows it, once it was filed.
    number bigint,
    url text not null default '',
    state text not null default 'waiting' check (state in ('waiting', 'told', 'failed')),
    attempts int not null default 0,
    wake_at timestamptz not null default clock_timestamp(),
    -- Nobody else tells it before.
    claimed_until timestamptz,
    last_error text not null default '',
    primary key (app, environment, kind)
);
create index issue_due on gateway.issue (wake_at) where state = 'waiting';
