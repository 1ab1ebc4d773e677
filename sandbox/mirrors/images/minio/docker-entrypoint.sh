#!/bin/sh
# The command as it is given; the variables are for the server.
exec "$@"
