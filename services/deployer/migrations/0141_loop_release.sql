-- Models that are released at the forge, too.

-- What comes of it is to be.
alter table deployer.errand add column publish boolean not null default false;

alter table deployer.model
    -- Where people find it, or why it is nowhere; null while that is not known.
    add column release_url text,
    add column release_error text;
