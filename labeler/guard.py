"""Who may talk to the app: this computer's own page, and over a network only who has the token.

Against DNS rebinding the Host header must name us; against posts from foreign pages the browser's own word
on where a request comes from (Sec-Fetch-Site, Origin) must say "from here".
"""

import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, request

_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach ``host``."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Checks every request before any view sees it, and puts the policy on every answer."""

    def __init__(self, host: str, token: str):
        self.token = token
        self._loopback = is_loopback(host)
        names = _LOOPBACK_NAMES | {host} | (set() if self._loopback else {socket.gethostname()})
        self._names = {name.lower() for name in names}  # as urlsplit has them

    def protect(self, app: Flask) -> None:
        """Register the checks with ``app``."""
        app.before_request(self._check)
        app.after_request(self._seal)

    def _check(self) -> Response | None:
        name = urlsplit(f"//{request.host}").hostname or ""
        if not self._is_ours(name):
            abort(403, f"the host name {name!r} is not this app's")
        if not self._is_from_here():
            abort(403, "a request from another site is refused")
        return self._check_token()

    def _is_ours(self, name: str) -> bool:
        """Names of ours; beyond loopback also plain addresses, which cannot be rebound."""
        if name in self._names:
            return True
        return not self._loopback and _is_address(name)

    def _is_from_here(self) -> bool:
        site = request.headers.get("Sec-Fetch-Site")
        navigates = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
        if site and site not in ("same-origin", "none") and not (navigates and request.path == "/"):
            return False
        origin = request.headers.get("Origin")
        return request.method in ("GET", "HEAD") or not origin or origin.partition("://")[2] == request.host

    def _check_token(self) -> Response | None:
        if not self.token:
            return None
        given = request.args.get("token", "")
        if request.path == "/" and hmac.compare_digest(given.encode(), self.token.encode()):
            response = redirect("/")
            response.set_cookie(_cookie(), self.token, httponly=True, samesite="Strict")
            return response  # type: ignore[return-value]
        if not hmac.compare_digest(request.cookies.get(_cookie(), "").encode(), self.token.encode()):
            abort(401, "open the address with the token that was printed when the app started")
        return None

    def _seal(self, response: Response) -> Response:
        response.headers.update(_HEADERS)
        if request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
        return response


def _cookie() -> str:
    """Named by the port, which browsers do not part cookies by: two apps do not lock each other out."""
    port = request.host.rpartition(":")[2]
    return f"labeler_token_{port}" if port.isdigit() else "labeler_token"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
