"""The page's own files: style, scripts and icon, read once and served from memory.

Their address carries a hash of all of them, so a browser may keep them for ever and still gets the
new ones at once. Nothing outside the folder can be named.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    content_type: str
    plain: bytes
    packed: bytes  # gzip


class Assets:
    """Every file of the folder, and the handler that serves them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): Asset(
                TYPES[path.suffix], path.read_bytes(), gzip.compress(path.read_bytes(), 9, mtime=0)
            )
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES
        }
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.plain)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where the page finds this file; scripts import each other beside it."""
        if name not in self._files:
            raise KeyError(f"no asset named {name!r}")
        return f"/static/{self.version}/{name}"

    def weight(self) -> int:
        """Bytes a browser fetches for all of them."""
        return sum(len(asset.packed) for asset in self._files.values())

    async def serve(self, request: web.Request) -> web.Response:
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="There is no such file.\n")
        packs = "gzip" in request.headers.get("Accept-Encoding", "")
        current = request.match_info["version"] == self.version
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if packs:
            headers["Content-Encoding"] = "gzip"
        return web.Response(
            body=asset.packed if packs else asset.plain,
            content_type=asset.content_type,
            charset="utf-8",
            headers=headers,
        )
