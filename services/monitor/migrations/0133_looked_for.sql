-- A file is read again when other columns are declared than were looked for in it.

alter table monitor.reference
    -- The columns that were looked for, whether the file has them or not; of a window, and of what was read before, none.
    add column looked_for text[] not null default '{}';
