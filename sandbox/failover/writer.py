"""Writes a row after the other to the database, as the exchange connects to it, and tells each that was acknowledged, with the time."""

import os
import time
from typing import Any

import psycopg2  # type: ignore[import-untyped]

RUN = os.environ["RUN"]
# A hundred rows a second: pauses are seen to the hundredth, and a container's log keeps all of them.
PAUSE = 0.01


def connect() -> Any:
    """A session as the exchange's are: libpq takes the rest from PGHOST and its like."""
    session = psycopg2.connect(connect_timeout=5, tcp_user_timeout=10_000, keepalives_idle=5, keepalives_interval=2, keepalives_count=3)
    session.autocommit = True
    return session


def main() -> None:
    """Writes until it is ended. A row whose acknowledgement was lost is not written again: the next has the next number."""
    with open("/tmp/ca.crt", "w", encoding="ascii") as file:
        file.write(os.environ["AUTHORITY"])
    session = None
    number = 0
    while True:
        number += 1
        try:
            session = session or connect()
            with session.cursor() as cursor:
                if number == 1:
                    cursor.execute("create table if not exists failover_rehearsal (run text, number bigint, primary key (run, number))")
                cursor.execute("insert into failover_rehearsal values (%s, %s)", (RUN, number))
            print(f"ack {number} {time.time():.3f}", flush=True)
        except psycopg2.Error as error:
            print(f"fail {number} {time.time():.3f} {str(error).strip().splitlines()[0]}", flush=True)
            if session is not None:
                session.close()
            session = None
            if number == 1:
                number = 0
            time.sleep(0.1)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
