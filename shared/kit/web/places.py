"""Addresses that can be opened again: the answer to a form stands at one that cannot."""

from fastapi import FastAPI, Request
from starlette.datastructures import URL
from starlette.routing import Match


def place_of(request: Request) -> str:
    """The address of this page, filters included; of the answer to a form, the page nearest to it."""
    return _own(request.url) if request.method in ("GET", "HEAD") else nearest(request)


def nearest(request: Request) -> str:
    """The page the browser came from, else the closest one above this address."""
    came_from = URL(request.headers.get("referer", ""))
    if came_from.netloc == request.url.netloc and _opens(request.app, came_from.path):
        return _own(came_from)
    path = request.url.path
    while not _opens(request.app, path) and path != "/":
        path = path.rpartition("/")[0] or "/"
    return path


def _own(url: URL) -> str:
    return f"{url.path}?{url.query}" if url.query else url.path


def _opens(app: FastAPI, path: str) -> bool:
    """Whether a browser can go there."""
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)
