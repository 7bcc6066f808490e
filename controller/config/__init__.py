"""Settings: from flags, the environment and natoma.toml, in this order, into one typed value.

Every setting has one name everywhere: `web_port` in the file, NATOMA_WEB_PORT in the environment, --web-port on the
command line. What is wrong is told with that name, where it came from, its value and what would be right.

`values` is what the rest of the house knows of it, `written` each setting by itself, `sources` where it was written,
`meaning` what the settings come to together.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from controller.config.meaning import settled
from controller.config.sources import read_sources, told
from controller.config.values import Home, LogLevel, Settings, Web
from controller.config.written import Written
from controller.errors import InputError

__all__ = ["Home", "LogLevel", "Settings", "Web", "load"]


def load(config: Path | None = None, flags: Mapping[str, object] | None = None) -> Settings:
    """The settings in force. `config` must exist when it is named; flags that are None were not given.

    Raises:
        InputError: one line for each setting that is wrong.
    """
    sources = read_sources(flags or {}, config)
    try:
        written = Written(**sources.values)
    except ValidationError as exc:
        raise InputError("\n".join(told(sources, exc))) from None  # the cause would show secrets
    return settled(written, sources)
