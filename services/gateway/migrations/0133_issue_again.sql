-- What drifts still changes the issue that is open, and files no other when a person closed it.

alter table gateway.issue
    -- It is filed where none is open.
    add column may_file boolean not null default true;
