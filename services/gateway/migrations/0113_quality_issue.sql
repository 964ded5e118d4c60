-- Models that got worse are filed, too.

alter table gateway.issue
    drop constraint issue_kind_check,
    add constraint issue_kind_check check (kind in ('runtime', 'data', 'quality'));
