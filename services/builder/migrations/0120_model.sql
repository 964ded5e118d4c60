-- sha256 of the files that jobs make and commit, as the commit of the build has them; null when there are none.
alter table builder.build add column model text;
