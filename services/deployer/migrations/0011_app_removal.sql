-- Apps that were deleted: what they ran is taken away until nothing of it is left, whatever crashes meanwhile.

create table deployer.app_removal (
    app text primary key,
    asked_by text not null,
    -- Builds that began before make no release any more.
    asked_at timestamptz not null default clock_timestamp(),
    done_at timestamptz
);
create index app_removal_unfinished on deployer.app_removal (asked_at) where done_at is null;

-- Nothing is there any more; the records stay, and a new release brings it back.
alter table deployer.environment add column removed_at timestamptz;
