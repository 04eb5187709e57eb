"""A file as an answer, with a name in Chinese."""

from urllib.parse import quote

from fastapi import Response

from shared.org.imports.errors_file import ErrorsFile


def as_download(file: ErrorsFile) -> Response:
    """Saved, never shown: it came from outside."""
    disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
    return Response(file.data, media_type=file.media_type, headers={"Content-Disposition": disposition})
