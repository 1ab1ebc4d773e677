"""What ranges of addresses have to do with each other. Kubespray has this from a collection, which plain ansible-core lacks."""

import ipaddress


def is_network(text):
    try:
        return "/" in text and bool(ipaddress.ip_network(text))
    except ValueError:
        return False


def lies_within(text, other):
    return ipaddress.ip_network(text).subnet_of(ipaddress.ip_network(other))


def prefix_length(text):
    return ipaddress.ip_network(text).prefixlen


class FilterModule:
    """The filters, by the name they have in templates."""

    def filters(self):
        return {"is_network": is_network, "lies_within": lies_within, "prefix_length": prefix_length}
