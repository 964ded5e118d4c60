-- What is known of a canary: goes on where it was when another driver takes over, and can be read meanwhile.

create table deployer.analysis (
    release uuid primary key references deployer.release (id) on delete cascade,
    -- The step of traffic that was judged last, from 0.
    step integer not null check (step >= 0),
    -- All that was seen, as `stats::Analysis` writes it.
    state jsonb not null,
    -- The verdict, and the sentence for people.
    verdict text not null check (verdict in ('pass', 'fail', 'inconclusive')),
    sentence text not null,
    looked_at timestamptz not null default clock_timestamp()
);
