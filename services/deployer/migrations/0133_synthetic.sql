-- How many requests Slipway sent itself while a share was held; stays with the release.

create table deployer.synthetic (
    release uuid primary key references deployer.release (id) on delete cascade,
    -- To the candidate, and to the release that was there before.
    candidate bigint not null check (candidate >= 0),
    stable bigint not null check (stable >= 0)
);
