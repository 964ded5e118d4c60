"""What an environment needs once: an administrator and two products. `--undo` takes it away again."""

import sys

from database import connect

PRODUCTS = ["bread", "milk"]


def setup(connection):
    connection.execute("insert into account values ('admin', true) on conflict do nothing")
    for product in PRODUCTS:
        connection.execute("insert into product values (%s) on conflict do nothing", [product])


def undo(connection):
    connection.execute("delete from account where name = 'admin'")
    connection.execute("delete from product where name = any(%s)", [PRODUCTS])


if __name__ == "__main__":
    with connect() as connection:
        undo(connection) if "--undo" in sys.argv[1:] else setup(connection)
