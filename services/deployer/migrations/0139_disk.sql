-- How full people were told last that the engine's disk is: one row.

create table deployer.disk (
    only_row boolean primary key default true check (only_row),
    told text not null check (told in ('calm', 'high', 'full', 'brimming'))
);
insert into deployer.disk (told) values ('calm');
