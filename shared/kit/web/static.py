"""Static files under an address that changes with their content, so browsers may keep them."""

import hashlib
from importlib.resources import files
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_DIR = Path(__file__).parent / "static"
HTMX = "htmx-2.min.js"
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=60"


def htmx_dir() -> Path:
    """The folder of htmx inside its wheel; the package itself is not imported."""
    return Path(str(files("django_htmx"))) / "static" / "django_htmx"


def content_version(directories: tuple[Path, ...]) -> str:
    """A short hash over all static files."""
    digest = hashlib.sha256((htmx_dir() / HTMX).read_bytes())
    for directory in directories:
        for path in sorted(p for p in directory.rglob("*") if p.is_file()):
            digest.update(path.relative_to(directory).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


class VersionedStatic(StaticFiles):
    """Serves /static/<version>/<file>; a wrong version still answers but is not kept for long."""

    def __init__(self, directories: tuple[Path, ...]) -> None:
        super().__init__(directory=directories[0])
        self.all_directories = [*directories, htmx_dir()]
        self.version = content_version(directories)

    def url(self, path: str) -> str:
        """The address of one file."""
        return f"/static/{self.version}/{path}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        response = await super().get_response(rest, scope)
        response.headers["Cache-Control"] = FOREVER if version == self.version else BRIEFLY
        return response
