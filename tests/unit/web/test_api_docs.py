"""docs/api.md names every address, scope and problem there is, and none that is not."""

import re
from pathlib import Path

from controller.domain.tokens import TokenScope
from controller.web.api.problems import Problem
from tests.support.api_site import ApiSite

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def test_the_table_of_addresses_is_that_of_the_router() -> None:
    written = re.findall(r"^\| `([A-Z]+ /\S+)` \| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)

    assert written == [
        (f"{one.method} {one.path}", " or ".join(f"`{scope}`" for scope in one.scopes) or "any token", one.says)
        for one in ApiSite().routes()
    ]


def test_every_problem_stands_by_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.+) \|$", TEXT, re.MULTILINE)
    written = {word: int(status) for status, words in rows for word in re.findall(r"`(\w+)`", words)}

    assert written == {str(problem): problem.status.value for problem in Problem}


def test_every_scope_is_explained() -> None:
    _, _, rest = TEXT.partition("| scope | |")
    table, _, _ = rest.partition("\n\n")

    assert set(re.findall(r"`([a-z]+(?::[a-z]+|_in)|panel)`", table)) >= {str(scope) for scope in TokenScope}
