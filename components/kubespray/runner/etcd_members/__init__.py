"""What is installed on each member of etcd. The runner only brings it there: nothing here may import from cluster_runner."""
