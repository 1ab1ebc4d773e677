"""Brings a cluster to what an uploaded bundle wants of it.

The work happens in a systemd unit that outlives every SSH connection; an order that waits for it can be killed and given again.
"""
