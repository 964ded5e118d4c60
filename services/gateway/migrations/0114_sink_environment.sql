-- An environment may have secrets of its own, and with them another receiver: what became of a sink is kept for each. Its
-- name is then KIND:ADDRESS@ENVIRONMENT; mail, what is told of no one environment, and sinks from before have none.
alter table gateway.sink add column environment text not null default '';
