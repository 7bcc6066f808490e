"""What a scenario says to the house: commands of `natoma`, a program of its own, as staff type them.

One helper of that program imports what they need beforehand: a command that takes a second to start would come later than
it is written, and the more so the busier the machine is.
"""

import asyncio
import contextlib
import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.errors import RunError
from simulator.scenarios.model import Say
from simulator.scenarios.stepping import FOLDER

_LONGEST_S = 60.0
_SHOWN = 300
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    printed: str = field(repr=False)  # it may hold the token of a pass

    def told(self, said: Say) -> str:
        """The end of it, for people; not where something secret was to be kept of it."""
        return "" if said.keeps else " / ".join(self.printed.split("\n"))[-_SHOWN:].strip(" /")


class HouseTalk:
    """`words`: what `{…}` means; what commands keep comes to it. `folder` is for files they write.

    `all_said`: every command that will be said, in a word each at least.
    """

    def __init__(
        self, data: Path, space: Path, words: Mapping[str, str], folder: Path, all_said: Iterable[Say]
    ) -> None:
        self._folder = folder
        self._environment = {**os.environ, "NATOMA_DATA": str(data.resolve()), "NATOMA_SPACE": str(space)}
        self._words = {**words, FOLDER: str(folder)}
        self._commands = sorted({shlex.split(said.words)[0] for said in all_said})
        self._typist: asyncio.subprocess.Process | None = None
        self._is_ready = False
        self._unknown: frozenset[str] = frozenset()
        # One command after the other, as one person types.
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        if self._commands:
            self._typist = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "controller.typed", *self._commands),
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._typist is not None and self._typist.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._typist.kill()
            await self._typist.wait()

    async def ready(self) -> None:
        """From now on a command begins in the moment it is said."""
        async with self._turn:
            if self._typist is not None and not self._is_ready:
                told = await self._told(self._typist)
                unknown = told.get("unknown")
                self._unknown = frozenset(map(str, unknown)) if isinstance(unknown, list) else frozenset()
                self._is_ready = True

    def is_known(self, said: Say) -> bool:
        """Whether that program has such a command at all; asked for once it is ready."""
        return shlex.split(said.words)[0] not in self._unknown

    def filled(self, text: str) -> str:
        return re.sub(r"\{([A-Za-z_][\w-]*)\}", lambda match: self._words.get(match[1], match[0]), text)

    async def say(self, said: Say) -> Reply:
        """Type it and wait for its end; what it keeps is known from then on."""
        typed = [self.filled(word) for word in shlex.split(said.words)]
        await self.ready()
        async with self._turn:
            assert self._typist is not None  # there is something to say
            assert self._typist.stdin is not None  # asked for above
            self._typist.stdin.write(json.dumps(typed).encode() + b"\n")
            told = await self._told(self._typist)
        text = str(told["printed"])
        searched = self._file(said.reads) if said.reads is not None else text
        for name, pattern in said.keeps.items():
            if found := re.search(pattern, searched, re.MULTILINE):
                self._words[name] = found[1]
        return Reply(int(str(told["code"])), text)

    async def _told(self, typist: asyncio.subprocess.Process) -> Mapping[str, object]:
        assert typist.stdout is not None  # asked for above
        async with asyncio.timeout(_LONGEST_S):
            line = await typist.stdout.readline()
        if not line:
            raise RunError("commands of the house cannot be typed: see above why")
        told: Mapping[str, object] = json.loads(line)
        return told

    def _file(self, name: str) -> str:
        """What a command wrote; nothing where it wrote none, as one that failed."""
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except OSError:
            return ""
