-- Apps, where their webhooks come from, what came, and what was made of it.

create table gateway.app (
    name text primary key,
    repository text not null,
    default_branch text not null,
    -- Policy given by hand, which wins over the default branch; empty when there is none.
    policy text not null default '',
    created_at timestamptz not null default now()
);

create table gateway.source (
    name text primary key,
    app text not null unique references gateway.app (name) on delete cascade,
    provider text not null,
    -- Sealed for the context source/NAME. The previous secret stays valid until the next rotation.
    secret bytea not null,
    previous_secret bytea
);

-- No reference to the source: what was delivered outlives what was configured.
create table gateway.delivery (
    id uuid primary key,
    source text not null,
    external_id text not null,
    event text not null,
    headers jsonb not null,
    -- Null once the total size of all bodies went over its bound; the row still recognises a redelivery.
    body bytea,
    size_bytes bigint not null,
    outcome text not null check (outcome in ('accepted', 'ignored')),
    reason text not null,
    change uuid,
    received_at timestamptz not null default now(),
    constraint delivery_once unique (source, external_id)
);
create index delivery_by_source on gateway.delivery (source, id);
create index delivery_by_time on gateway.delivery using brin (received_at);

create table gateway.change (
    id uuid primary key,
    app text not null,
    git_ref text not null,
    commit text not null,
    cause text not null check (cause in ('push', 'tag', 'poll', 'manual', 'retrain')),
    forced boolean not null,
    title text not null,
    by text not null,
    delivery uuid,
    environments text[] not null,
    created_at timestamptz not null default now()
);
create index change_by_app on gateway.change (app, id);

-- The newest commit seen of each branch and tag; a null commit is a ref that was deleted.
create table gateway.branch_head (
    app text not null references gateway.app (name) on delete cascade,
    git_ref text not null,
    commit text,
    -- What decides the order of pushes that arrive late: see order.rs.
    trail jsonb not null,
    version bigint not null default 1,
    moved_at timestamptz not null default clock_timestamp(),
    primary key (app, git_ref)
);

create table gateway.token (
    name text primary key,
    hash bytea not null unique check (length(hash) = 32),
    grants jsonb not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz
);
