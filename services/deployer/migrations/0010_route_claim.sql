-- Who serves which host and path prefix: what is live or moves has claimed its routes, and a route has one
-- claimant. A claim is made when a release is prepared and kept until nothing of the environment needs it.

create table deployer.route_claim (
    host text not null,
    path_prefix text not null,
    app text not null,
    environment text not null,
    claimed_at timestamptz not null default clock_timestamp(),
    primary key (host, path_prefix),
    foreign key (app, environment) references deployer.environment (app, environment)
);
create index route_claim_of_environment on deployer.route_claim (app, environment);

-- What serves already has its routes; of two that serve the same, who came first.
insert into deployer.route_claim (host, path_prefix, app, environment)
select host, route ->> 'path_prefix', r.app, r.environment
from deployer.release r,
     jsonb_array_elements_text(r.content -> 'resolved' -> 'hosts') host,
     jsonb_array_elements(r.content -> 'resolved' -> 'routes') route
where r.state_name in ('live', 'preparing', 'running_jobs', 'starting', 'warming', 'verifying',
                       'shifting', 'baking', 'settling', 'rolling_back', 'stuck')
order by r.entered_at
on conflict do nothing;
