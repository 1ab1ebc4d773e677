"""Writes row after row to the database, as the exchange connects to it, by several ways at once, and tells each that was acknowledged."""

import os
import threading
import time
from typing import Any

import psycopg2  # type: ignore[import-untyped]

RUN = os.environ["RUN"]
# A hundred rows a second by each way: pauses are seen to the hundredth, and a container's log keeps all of them.
PAUSE = 0.01


def connect(host: str) -> Any:
    """A session as the exchange's are: libpq takes the rest from PGPORT and its like."""
    session = psycopg2.connect(
        host=host, connect_timeout=5, tcp_user_timeout=10_000, keepalives_idle=5, keepalives_interval=2, keepalives_count=3
    )
    session.autocommit = True
    return session


def create(host: str) -> None:
    """Makes the table, before anybody writes: two who do it at once are in each other's way."""
    while True:
        try:
            with connect(host).cursor() as cursor:
                cursor.execute(
                    "create table if not exists failover_rehearsal (run text, way text, number bigint, primary key (run, way, number))"
                )
            return
        except psycopg2.Error as error:
            print(f"nobody writes yet: {error}".splitlines()[0], flush=True)
            time.sleep(1)


def write(way: str, host: str) -> None:
    """Writes until it is ended. A row whose acknowledgement was lost is not written again: the next has the next number."""
    session = None
    number = 0
    while True:
        number += 1
        try:
            session = session or connect(host)
            with session.cursor() as cursor:
                cursor.execute("insert into failover_rehearsal values (%s, %s, %s)", (RUN, way, number))
            said = f"ack {way} {number} {time.time():.3f}"
        except psycopg2.Error as error:
            said = f"fail {way} {number} {time.time():.3f} {str(error).strip().splitlines()[0]}"
            if session is not None:
                session.close()
            session = None
            time.sleep(0.1)
        # one piece: two threads share the log
        print(said + "\n", end="", flush=True)
        time.sleep(PAUSE)


def main() -> None:
    """WAYS are words of the form NAME=HOST."""
    with open("/tmp/ca.crt", "w", encoding="ascii") as file:
        file.write(os.environ["AUTHORITY"])
    ways = [way.split("=") for way in os.environ["WAYS"].split()]
    create(ways[0][1])
    for name, host in ways:
        threading.Thread(target=write, args=(name, host)).start()


if __name__ == "__main__":
    main()
