-- Who is told what happened, and what each is told.

-- What was said before is not news to those who are told from now on.
alter table gateway.app add column notified_since timestamptz not null default now();

-- A receiver of notifications, as the policy of the app names it, once it was told something.
create table gateway.sink (
    app text not null references gateway.app (name) on delete cascade,
    -- KIND:ADDRESS
    name text not null,
    kind text not null check (kind in ('slack', 'webhook', 'email')),
    -- The name of the secret that holds the URL, or the e-mail address.
    address text not null,
    -- The name of the secret that holds the key.
    signed_with text,
    -- Nothing is sent before, whatever waits.
    not_before timestamptz not null default now(),
    disabled_at timestamptz,
    last_attempt_at timestamptz,
    last_success_at timestamptz,
    last_error text not null default '',
    primary key (app, name)
);

create table gateway.notification (
    id uuid primary key,
    app text not null,
    sink text not null,
    event uuid not null,
    -- Where secrets are looked up; empty for those of all environments.
    environment text not null,
    -- What is the same is said once in a while, with a count.
    fingerprint text not null,
    message jsonb not null,
    times int not null default 1,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
    attempts int not null default 0,
    wake_at timestamptz not null,
    last_error text not null default '',
    created_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    foreign key (app, sink) references gateway.sink (app, name) on delete cascade,
    constraint notification_once unique (app, sink, event)
);
create index notification_due on gateway.notification (wake_at) where state = 'waiting';
create index notification_same on gateway.notification (app, sink, fingerprint, created_at);
create index notification_ended on gateway.notification (ended_at) where ended_at is not null;
