-- Parked messages are kept whole, so that a person can hand them back; what came again is counted; and which
-- stream a service last published to is remembered, so that a lost one is noticed after a restart too.

alter table bus.parked
    -- Nothing on rows of programs that did not keep them: those can only be forgotten.
    add column headers jsonb,
    add column event_id uuid,
    -- It could not be published: put aside by the relay of its speaker, not by a listener.
    add column outgoing boolean not null default false,
    -- A person wants it handled again, not before this.
    add column retry_at timestamptz;
create index parked_retry on bus.parked (consumer, retry_at) where retry_at is not null;

-- After the loss of a stream its sequences begin anew: another message may stand where a parked one stood.
alter table bus.parked drop constraint parked_consumer_stream_sequence_subject_key;
create unique index parked_once on bus.parked (consumer, stream_sequence, subject, md5(body),
    coalesce(event_id, '00000000-0000-0000-0000-000000000000'));

-- How often an event came again after it was handled.
alter table bus.inbox add column again integer not null default 0;

create table bus.stream (
    service text primary key,
    created_at timestamptz not null
);
