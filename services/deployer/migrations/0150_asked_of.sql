-- Which kinds of drift a run waits for that begins when somebody agrees: with the last of them, what it asks for is over.
alter table deployer.errand add column asked_of text[] not null default '{data}';
