"""From where a request comes."""

import ipaddress
from typing import Any

from django.conf import settings

# What one household or server is given of IPv6: whoever is refused at one of its addresses has 2^64 others.
IPV6_PREFIX = 64


def caller_address(request: Any) -> str:
    """Return the address by which a caller is counted: as REST framework's throttles read it (NUM_PROXIES).

    Without proxies nothing that a client can write is believed. IPv6 addresses count by their network of 64 bits.
    """
    seen = request.META.get("REMOTE_ADDR", "")
    proxies = settings.REST_FRAMEWORK["NUM_PROXIES"]
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if proxies and forwarded:
        hops = forwarded.split(",")
        seen = hops[-min(proxies, len(hops))].strip()
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return seen
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, IPV6_PREFIX), strict=False).network_address)
