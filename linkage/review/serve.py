"""The server: where it listens, under which names it may be asked, and how it starts and ends."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from linkage.errors import UsageError


@dataclass(frozen=True)
class Place:
    """Where browsers find the server. ``names`` are the host names under which they may ask besides the address."""

    host: str
    port: int
    names: Sequence[str] = ()
    certificate: Path | None = None
    key: Path | None = None
    is_tls_elsewhere: bool = False
    """Another program in front of this one does TLS."""

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_local(self) -> bool:
        """Tell whether nobody else can come in: neither directly nor through a program in front."""
        return self.is_loopback and not self.names and not self.is_tls_elsewhere

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers come by TLS."""
        return self.certificate is not None or self.is_tls_elsewhere

    def check(self, *, has_users: bool) -> None:
        """Raise `UsageError` where others could listen in, or come in without a name."""
        if (self.certificate is None) != (self.key is None):
            raise UsageError("--certificate and --key go together: give both")
        for option, path in (("--certificate", self.certificate), ("--key", self.key)):
            if path is not None and not path.is_file():
                raise UsageError(f"{option}: {path} is not a file")
        if self.is_local:
            return
        if not has_users:
            raise UsageError("others could come in: set review.users_file and add people with inbeeld user")
        if not self.is_secure:
            raise UsageError(
                "without TLS everybody on the way sees what reviewers see: give --certificate and "
                "--key, or --tls-elsewhere where another program does TLS"
            )
        if not self.names:
            raise UsageError("--name is needed: the host name that browsers ask for")

    def origins(self, port: int) -> tuple[str, ...]:
        """Return the addresses that browsers use, the one to print first."""
        scheme = "https" if self.is_secure else "http"
        usual = 443 if self.is_secure else 80
        own = ("127.0.0.1", "localhost", "[::1]") if self.is_loopback and not self.is_tls_elsewhere else ()
        ports = [f":{port}"] if port != usual else [""]
        if self.is_tls_elsewhere:  # browsers see the port of the program in front
            ports = ["", f":{port}"]
        return tuple(f"{scheme}://{name.lower()}{end}" for name in (*self.names, *own) for end in ports)


def listen(place: Place) -> socket.socket:
    """Return a listening socket; raises `UsageError` for a port in use or an address that is not this machine's."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    made = socket.socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((place.host, place.port))
        made.listen(64)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {place.port} is in use: give another with --port") from None
        raise UsageError(f"cannot listen at {place.host} port {place.port}: {error.strerror or error}") from None
    return made


def settings(app: Callable[..., object], place: Place) -> uvicorn.Config:
    """Return how to serve. Nothing is logged: addresses hold ids of persons."""
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=5,
        ssl_certfile=str(place.certificate) if place.certificate else None,
        ssl_keyfile=str(place.key) if place.key else None,
    )


class _Server(uvicorn.Server):
    """Says that it is ready once it is: who interrupts it from then on is heard, and finds no half-made loop."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def run(app: Callable[..., object], place: Place, at: socket.socket, ready: Callable[[], None]) -> None:
    """Say that all is ``ready`` and serve until the process is interrupted or told to end.

    Raises `UsageError` for a certificate or key that is none.
    """
    try:
        server = _Server(settings(app, place), ready)
        server.config.load()
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise UsageError("--certificate and --key do not hold a certificate and its key, as PEM") from None
    try:
        server.run(sockets=[at])
    except KeyboardInterrupt:
        return
