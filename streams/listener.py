"""The listening socket: one process has it for itself, several share its port."""

import socket

BACKLOG = 1024


def bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket bound to the first address of `host` (IPv4 before IPv6), not listening yet; port 0: a free one.

    Raises `OSError` where it cannot be had. `shared`: other processes may bind it too (SO_REUSEPORT).
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def url(listener: socket.socket) -> str:
    """Where it can be reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
