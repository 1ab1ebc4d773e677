"""Applies an uploaded bundle (inventory, variables, Kubespray's source) to a cluster, from the machine Ansible runs on.

Runs on the runner host with nothing but Python's standard library: python3 <bundle>/runner ORDER.
"""

import os
import sys

from cluster_runner import command_line

if __name__ == "__main__":
    try:
        sys.exit(command_line.main(bundle=os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    except (BrokenPipeError, KeyboardInterrupt):
        # Whoever waited went away. The run goes on.
        os._exit(1)
