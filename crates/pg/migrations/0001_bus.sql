-- What every service needs to say something exactly once: schema `bus`, owned by this crate.

create table bus.outbox (
    id uuid primary key,
    service text not null,
    subject text not null,
    envelope jsonb not null,
    position bigint generated always as identity,
    created_at timestamptz not null default now(),
    published_at timestamptz
);
create index outbox_waiting on bus.outbox (service, position) where published_at is null;
create index outbox_published on bus.outbox (published_at) where published_at is not null;

create table bus.inbox (
    consumer text not null,
    event_id uuid not null,
    received_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_received on bus.inbox (received_at);

create table bus.parked (
    id bigint generated always as identity primary key,
    consumer text not null,
    stream_sequence bigint not null,
    subject text not null,
    reason text not null,
    body bytea not null,
    parked_at timestamptz not null default now(),
    unique (consumer, stream_sequence, subject)
);

create table bus.request (
    service text not null,
    request_id text not null,
    fingerprint bytea not null,
    answer bytea not null,
    created_at timestamptz not null default now(),
    primary key (service, request_id)
);
create index request_created on bus.request (created_at);

-- Who reacts to what: an event that a subscriber has not handled for a while is published again.
create table bus.subscription (
    consumer text not null,
    event_type text not null,
    primary key (consumer, event_type)
);
