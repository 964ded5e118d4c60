-- An image that was removed from the registry, because nothing needed it any more.
alter table builder.service add column collected_at timestamptz;
create index service_at_registry on builder.service (repository, digest)
    where collected_at is null and content_key is not null;
