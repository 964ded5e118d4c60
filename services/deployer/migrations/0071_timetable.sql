-- When the jobs of live releases are due by the clock.

create table deployer.timetable (
    app text not null,
    environment text not null,
    job text not null,
    -- The live release that has the job.
    release uuid not null references deployer.release (id),
    -- What `next_at` was found from: schedule and time zone.
    schedule text not null,
    -- The first time that was not taken yet; null when none will come.
    next_at timestamptz,
    primary key (app, environment, job),
    foreign key (app, environment) references deployer.environment (app, environment)
);

create index timetable_due on deployer.timetable (next_at);
