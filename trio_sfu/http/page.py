"""The built page: read once at the start, served from memory with an ETag.

What has a hash in its name may be kept for ever; ``index.html`` is asked for anew.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

PAGE = Path(__file__).resolve().parents[1] / "page"

_MIN_COMPRESSED = 1_000
_TYPES = {".js": "text/javascript", ".map": "application/json", ".wasm": "application/wasm"}
_NOT_BUILT = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>trio-sfu</title></head>
<body>
<h1>trio-sfu is running</h1>
<p>The page has not been built. In a source tree, run <code>make run</code>, or
<code>npm ci &amp;&amp; npm run build</code> in <code>client/</code>, and restart the daemon.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page, with what its answer needs."""

    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str
    cache: str


class Page:
    """The files of the built page, by path below the root."""

    def __init__(self, folder: Path = PAGE) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _load(path, keep=path.parent != folder)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    @property
    def built(self) -> bool:
        """Whether there is a page to serve."""
        return "index.html" in self._files

    def index(self, request: Request) -> Response:
        """Answer with the page itself."""
        return self.file(request, "index.html") or Response(
            _NOT_BUILT, media_type="text/html", headers={"cache-control": "no-store"}
        )

    def file(self, request: Request, path: str) -> Response | None:
        """Answer with a file, or return None when there is none of that path."""
        file = self._files.get(path)
        if file is None:
            return None
        headers = {"etag": file.etag, "cache-control": file.cache, "vary": "accept-encoding"}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = file.body
        if file.compressed and "gzip" in request.headers.get("accept-encoding", ""):
            body = file.compressed
            headers["content-encoding"] = "gzip"
        return Response(body, media_type=file.media_type, headers=headers)


def _load(path: Path, *, keep: bool) -> File:
    body = path.read_bytes()
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    media_type = guessed or "application/octet-stream"
    text = media_type.startswith("text/") or "json" in media_type or "svg" in media_type
    compressed = gzip.compress(body, mtime=0) if text and len(body) >= _MIN_COMPRESSED else None
    return File(
        body=body,
        compressed=compressed,
        media_type=media_type,
        etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        cache="public, max-age=31536000, immutable" if keep else "no-cache",
    )
