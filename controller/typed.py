"""Commands of `natoma` typed by a program, one after the other: `python -m controller.typed book people`.

Which ones is known beforehand, so that what takes a second to import is imported once. A line of JSON comes in, the words
of a command; a line goes out, `{"code": 0, "printed": "…"}`. Each runs in a process of its own, just as if a person had
typed it. A first line says that all is imported, and which of them are no commands.
"""

import gc
import json
import os
import sys
import traceback

from controller.__main__ import main, natoma


def serve() -> None:
    """Until nobody types any more."""
    unknown = [
        name
        for name in sys.argv[1:]
        if natoma.get_command(None, name) is None  # type: ignore[arg-type]  # ours needs no context
    ]
    gc.freeze()  # or each command's collector would go through, and copy, all that was imported
    _answer({"ready": True, "unknown": unknown})
    while line := sys.stdin.readline():
        code, printed = _run(json.loads(line))
        _answer({"code": code, "printed": printed})


def _run(words: list[str]) -> tuple[int, str]:
    """Nothing runs beside us here, no thread and no loop: a fork is as good as a new process."""
    heard, says = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        for stream in (1, 2):
            os.dup2(says, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv[1:] = words
        os._exit(_ended())
    os.close(says)
    with os.fdopen(heard, encoding="utf-8", errors="replace") as printed:
        text = printed.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), text


def _ended() -> int:
    """The code of the command, once it has run; taking apart all that was imported would take longer than most do."""
    code: object = 0
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 - as a process of its own ends by it
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code if isinstance(code, int) else 0


def _answer(said: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
