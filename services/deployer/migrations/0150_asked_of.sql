-- Which kind of drift a run waits for that begins when somebody agrees: with it, what it asks for is over.
alter table deployer.errand add column asked_of text;
