"""What a scenario says to the house: commands of `natoma`, a program of its own, as staff type them."""

import asyncio
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.scenarios.model import Say
from simulator.scenarios.reading import FOLDER

_LONGEST_S = 60.0
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    printed: str = field(repr=False)  # it may hold the token of a pass

    def told(self, said: Say) -> str:
        """The end of it, for people; not where something secret was to be kept of it."""
        return "" if said.keeps else " / ".join(self.printed.split("\n"))[-_SHOWN:].strip(" /")


class HouseTalk:
    """`words`: what `{…}` means; what commands keep comes to it. `folder` is for files they write."""

    def __init__(self, data: Path, space: Path, words: Mapping[str, str], folder: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "NATOMA_DATA": str(data.resolve()), "NATOMA_SPACE": str(space)}
        self._words = {**words, FOLDER: str(folder)}

    def filled(self, text: str) -> str:
        return re.sub(r"\{([A-Za-z_][\w-]*)\}", lambda match: self._words.get(match[1], match[0]), text)

    async def say(self, said: Say) -> Reply:
        """Type it and wait for its end; what it keeps is known from then on."""
        typed = [self.filled(word) for word in shlex.split(said.words)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "controller", *typed),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_LONGEST_S):
                printed, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = printed.decode(errors="replace")
        searched = self._file(said.reads) if said.reads is not None else text
        for name, pattern in said.keeps.items():
            if found := re.search(pattern, searched, re.MULTILINE):
                self._words[name] = found[1]
        return Reply(process.returncode or 0, text)

    def _file(self, name: str) -> str:
        """What a command wrote; nothing where it wrote none, as one that failed."""
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except OSError:
            return ""
