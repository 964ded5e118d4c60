//! The script that gives each service a role of its own. It may run any number of times.
//!
//! Schema `bus`, in which every service keeps its outbox and inbox, belongs to a role nobody logs in as;
//! the services are its members. No other schema is shared.

use std::fmt::Write;

/// The role that owns what all services share.
const SHARED: &str = "slipway_bus";

/// The role of a service.
pub(super) fn role(service: &str) -> String {
    format!("slipway_{service}")
}

/// The script for `psql`, with the password of each service. Passwords are hexadecimal digits.
pub(super) fn script(database: &str, services: &[(&str, String)]) -> String {
    let mut script = format!(
        "set log_min_error_statement = panic;\n\
         select 'create database {database}'\n  where not exists (select from pg_database where datname = \
         '{database}') \\gexec\n\
         \\connect {database}\n\
         set log_min_error_statement = panic;\n\
         revoke all on database {database} from public;\n\
         revoke all on schema public from public;\n{}\
         create schema if not exists bus authorization {SHARED};\n",
        make(SHARED, "nologin"),
    );
    for (service, password) in services {
        let role = role(service);
        let more = format!(
            "{}alter role {role} password '{password}';\n\
             grant {SHARED} to {role};\n\
             grant connect on database {database} to {role};\n\
             create schema if not exists {service} authorization {role};\n",
            make(&role, "login"),
        );
        script.push_str(&more);
    }
    script
}

fn make(role: &str, login: &str) -> String {
    let mut text = String::new();
    write!(
        text,
        "select 'create role {role} {login}'\n  where not exists (select from pg_roles where rolname = \
         '{role}') \\gexec\n"
    )
    .expect("a String takes everything");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_gets_its_own_role_and_schema() {
        insta::assert_snapshot!(script("slipway", &[("gateway", "abc123".to_owned())]), @r"
        set log_min_error_statement = panic;
        select 'create database slipway'
          where not exists (select from pg_database where datname = 'slipway') \gexec
        \connect slipway
        set log_min_error_statement = panic;
        revoke all on database slipway from public;
        revoke all on schema public from public;
        select 'create role slipway_bus nologin'
          where not exists (select from pg_roles where rolname = 'slipway_bus') \gexec
        create schema if not exists bus authorization slipway_bus;
        select 'create role slipway_gateway login'
          where not exists (select from pg_roles where rolname = 'slipway_gateway') \gexec
        alter role slipway_gateway password 'abc123';
        grant slipway_bus to slipway_gateway;
        grant connect on database slipway to slipway_gateway;
        create schema if not exists gateway authorization slipway_gateway;
        ");
    }
}
