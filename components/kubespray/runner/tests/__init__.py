"""Tests of what runs on the runner and on etcd's members: python3 -m unittest discover, in the folder above."""
