"""How the runner says that a plan must not be carried out."""


class Refused(Exception):
    """Nothing was touched."""

    def __init__(self, reasons):
        super().__init__("; ".join(reasons))
        self.reasons = reasons
