-- Where a live release goes on to once it was live for long enough, by environment, as the policy had it when that was
-- looked up last; null before.
alter table deployer.release add column promotes_to jsonb;
