-- Moves the rows of schema SCHEMA_after into schema SCHEMA, as far as that one knows their columns.
do $$
declare
    it record;
    names text;
begin
    -- Rows come in any order of their tables.
    set local session_replication_role = replica;
    for it in select table_name from information_schema.tables
              where table_schema = 'SCHEMA' and table_name <> '_sqlx_migrations' loop
        select string_agg(quote_ident(column_name), ', ') into names
        from information_schema.columns
        where table_schema = 'SCHEMA' and table_name = it.table_name and is_generated = 'NEVER';
        -- A migration may have put some there.
        execute format('delete from SCHEMA.%I', it.table_name);
        execute format('insert into SCHEMA.%1$I (%2$s) overriding system value
                        select %2$s from SCHEMA_after.%1$I', it.table_name, names);
    end loop;
    for it in select table_name, column_name from information_schema.columns
              where table_schema = 'SCHEMA' and is_identity = 'YES' loop
        execute format('select setval(pg_get_serial_sequence(%L, %L), coalesce(max(%I), 0) + 1, false)
                        from SCHEMA.%I',
                       'SCHEMA.' || it.table_name, it.column_name, it.column_name, it.table_name);
    end loop;
end $$;
drop schema SCHEMA_after cascade;
