-- Runs that drift of data asks for, and that begin when somebody agrees.

alter table deployer.run
    drop constraint run_kind_check,
    add constraint run_kind_check check (
        kind in ('before_release', 'first_release', 'undo',
                 'after_release', 'on_failure', 'on_rollback', 'manual', 'schedule', 'drift'));

alter table deployer.errand
    drop constraint errand_kind_check,
    add constraint errand_kind_check check (
        kind in ('after_release', 'on_failure', 'on_rollback', 'manual', 'schedule', 'drift')),
    -- It begins when somebody agrees, and never when nobody did until then.
    add column asks_until timestamptz;
