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
    """`words`: what `{…}` means; what commands keep comes to it."""

    def __init__(self, data: Path, space: Path, words: Mapping[str, str]) -> None:
        self._environment = {**os.environ, "NATOMA_DATA": str(data.resolve()), "NATOMA_SPACE": str(space)}
        self._words = dict(words)

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
        for name, pattern in said.keeps.items():
            if found := re.search(pattern, text):
                self._words[name] = found[1]
        return Reply(process.returncode or 0, text)
