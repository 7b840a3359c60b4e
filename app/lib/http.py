"""Calls out of the house. One request, no redirects, a limit on time and size, and never to an address inside.

The host is resolved once and the connection is made to an address that was checked, so that a name cannot change its
meaning between the check and the call (DNS rebinding). Proxies of the environment are not asked.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

from app.lib.addresses import ODD, split_address

CONNECT_SECONDS = 5
# From the first byte sent to the last one read.
TOTAL_SECONDS = 10
MOST_BYTES = 65_536
LONGEST_URL = 2_000
PORTS = {"https": 443, "http": 80}
LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
# Addresses of the Internet that only carry an IPv4 address inside (NAT64).
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(ValueError):
    """An address that we do not call; the message says why. Trying again is of no use."""


class Away(OSError):
    """Nobody answered in time, or the connection broke. Trying again may help."""


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are in lower case, `body` is cut at MOST_BYTES."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def checked(url: str, *, allow_local: bool = False) -> SplitResult:
    """The parts of an address that we may call, as far as it tells without asking a name server. Raises Refused.

    https only; with `allow_local` plain http and addresses inside, too.
    """
    if len(url) > LONGEST_URL or ODD.search(url):
        raise Refused("This address is too long or has characters that no address has.")
    parts = split_address(url, PORTS)
    if parts is None:
        raise Refused("This is not a full address such as https://example.com/hook.")
    if parts.scheme != "https" and not allow_local:
        raise Refused("Only https addresses are called.")
    if parts.username is not None or parts.password is not None:
        raise Refused("An address must not carry a user or a password.")
    if not allow_local:
        refuse_inside(str(parts.hostname))
    return parts


def refuse_inside(host: str) -> None:
    """Refuse what names this machine or its network without a name server: numbers in any spelling, and local names."""
    number = numeric(host)
    name = host.rstrip(".").lower()
    if (number is not None and not is_public(number)) or name.endswith(tuple(f".{end}" for end in LOCAL_NAMES)) or name in LOCAL_NAMES:
        raise Refused("This address leads inside our own network.")
    if number is None and "." not in name:
        raise Refused("This address leads inside our own network: a name on the Internet has a dot.")


def numeric(host: str) -> Address | None:
    """The number that a host is, however it is spelt (127.1 and 0x7f000001 are 127.0.0.1); None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeEncodeError):
        return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the Internet, also where it carries another one inside."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        # ::a.b.c.d of old, and site-local addresses, are no longer in use.
        if int(address) >> 32 == 0 or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_local: bool = False) -> Answer:
    """Send one POST and read the answer. Raises Refused for an address that we do not call, Away for what may pass."""
    return send("POST", url, body, headers, allow_local=allow_local)


def look(method: str, url: str, *, allow_local: bool = False) -> Answer:
    """Ask for an address by HEAD or GET, as `post` does. The body of the answer is cut at MOST_BYTES."""
    return send(method, url, None, {"Accept": "*/*"}, allow_local=allow_local)


def send(method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, allow_local: bool) -> Answer:
    """Send one request and read the answer. Raises Refused and Away."""
    parts = checked(url, allow_local=allow_local)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    try:
        line = connected(addresses(host, port, allow_local=allow_local), port)
    except TimeoutError as slow:
        raise Away(f"No connection within {CONNECT_SECONDS} seconds.") from slow
    except OSError as away:
        raise Away(f"No connection: {away.strerror or type(away).__name__}.") from away
    secure = parts.scheme == "https"
    call = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, port)
    # The clock runs over the handshake, too, and over a server that drips its answer byte by byte.
    late = threading.Event()
    bell = threading.Timer(TOTAL_SECONDS, hang_up, (line, late))
    bell.start()
    try:
        call.sock = ssl.create_default_context().wrap_socket(line, server_hostname=host) if secure else line
        return exchanged(call, method, target(parts), body, headers)
    except (OSError, http.client.HTTPException) as broken:
        raise Away(f"No answer within {TOTAL_SECONDS} seconds." if late.is_set() else described(broken)) from broken
    finally:
        bell.cancel()
        call.close()
        line.close()


def exchanged(call: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """One request and its answer on an open connection."""
    call.request(method, path, body, {"User-Agent": "HiveTechs-Support", "Accept": "application/json", **headers})
    found = call.getresponse()
    read = found.read(MOST_BYTES)
    return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, read)


def target(parts: SplitResult) -> str:
    """What stands in the request line."""
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def addresses(host: str, port: int, *, allow_local: bool) -> list[str]:
    """The addresses of a host. Raises Refused if any of them lies inside, OSError if there is none."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if not allow_local and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in found):
        raise Refused("This address leads inside our own network.")
    return found


def connected(found: list[str], port: int) -> socket.socket:
    """A connection to the first address that takes one."""
    last: OSError = OSError("no address")
    for one in found:
        try:
            line = socket.create_connection((one, port), timeout=CONNECT_SECONDS)
        except OSError as away:
            last = away
            continue
        line.settimeout(TOTAL_SECONDS)
        return line
    raise last


def hang_up(line: socket.socket, late: threading.Event) -> None:
    """End a call that takes too long."""
    late.set()
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It ended in the same moment.
        return


def described(broken: Exception) -> str:
    """One line about a call that broke; never what the other side wrote."""
    if isinstance(broken, ssl.SSLCertVerificationError):
        return f"The certificate is not valid: {broken.verify_message}."
    if isinstance(broken, ssl.SSLError):
        return "The connection could not be encrypted."
    if isinstance(broken, TimeoutError):
        return f"No answer within {TOTAL_SECONDS} seconds."
    return f"The connection broke ({type(broken).__name__})."
