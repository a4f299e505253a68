"""Free ports that stay free while their broker is down."""

import random
import socket

from streams.broker.errors import BrokerError, PortTaken

HOST = "127.0.0.1"
# Below the ports that systems give to outgoing connections (32768– on Linux, 49152– elsewhere). In that range a client
# that keeps trying a broker which is down can be given the broker's own port, connect to itself, and keep it taken.
LOWEST, HIGHEST = 19_000, 32_000
TRIES_MAX = 200


def is_free(port: int) -> bool:
    """Whether nothing listens there, connections that are still closing aside."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(asked: int | None, kept: int | None, chance: random.Random) -> int:
    """The port asked for, else the one used before if it is still free, else any free one.

    Raises `PortTaken` where the port asked for is not free.
    """
    if asked:
        if is_free(asked):
            return asked
        raise PortTaken(f"port {asked} is taken: end what listens there, or choose another with --port")
    if kept and is_free(kept):
        return kept
    for _ in range(TRIES_MAX):
        if is_free(port := chance.randrange(LOWEST, HIGHEST)):
            return port
    raise BrokerError(f"no free port on {HOST} from {LOWEST} to {HIGHEST}")
