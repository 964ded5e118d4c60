-- Promotion: what was live in one environment for long enough is released in another.

alter table deployer.release
    -- The release of another environment whose images it has, because they were proved there.
    add column promoted_from uuid references deployer.release (id),
    -- When it is looked where a live release goes on to; null when there is nothing to look for.
    add column promote_at timestamptz;

create index release_promoted_from on deployer.release (promoted_from) where promoted_from is not null;
create index release_promote on deployer.release (promote_at) where promote_at is not null;

alter table deployer.vote
    drop constraint vote_kind_check,
    add constraint vote_kind_check check (kind in ('approve', 'refuse', 'override_freeze', 'override_soak'));
