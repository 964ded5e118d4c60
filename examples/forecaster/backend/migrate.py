"""Brings the tables up to date. Runs once for each release, before any of its instances starts."""

from database import connect

STEPS = [
    "create table if not exists product (name text primary key)",
    "create table if not exists sale ("
    " product text not null references product, day date not null, amount int not null,"
    " primary key (product, day))",
    "create table if not exists account (name text primary key, is_admin bool not null)",
]

if __name__ == "__main__":
    with connect() as connection:  # one transaction: all steps, or none
        for step in STEPS:
            connection.execute(step)
    print(f"{len(STEPS)} steps are there", flush=True)
