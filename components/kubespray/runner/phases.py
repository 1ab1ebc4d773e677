"""Steps of a plan, as the planner hands them over (plan.Step in Go)."""


def key(step):
    """What the durations of such steps are kept under: a limited run is not like one on all hosts."""
    return step["playbook"] + (" --limit" if step.get("limit") else "")
