#!/bin/sh
# What Argo CD runs in gpg's place where it wants to read what gpg says, be it that there is nothing.
gpg "$@" 2>&1
exit 0
