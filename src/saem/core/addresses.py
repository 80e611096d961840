"""Whether what is sent to an address leaves this machine."""
import ipaddress
from urllib.parse import urlsplit


def is_here(url: str) -> bool:
    """Whether a URL is surely of this machine: `localhost`, or a loopback address. A name that would have to be looked up is not.

    >>> is_here("http://127.0.0.1:11434/v1"), is_here("https://api.example.com/v1"), is_here("http://10.0.0.5")
    (True, False, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
