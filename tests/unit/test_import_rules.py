"""The import rules of pyproject.toml hold, and each of them bites.

A rule nobody has seen refuse anything may be a typing mistake: every case smuggles one import into a copy of the
sources and must be refused by the rules named, and by no other.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("controller", "devices", "simulator")

POINT_INWARD = "Inside the controller imports point inward"
PACKAGES_APART = "The controller and the simulator know devices, and not each other"
PURE_DOMAIN = "The domain is pure: no clock, no await, no I/O, no library, nothing of the wire"
PLAIN_SERVICES = "Services know the trade and their ports, never a library"
PAHO_HOME = "paho lives in devices.link alone"
SQL_HOME = "SQLAlchemy, Alembic and psycopg live in controller.adapters.sql alone"
INFLUX_HOME = "influxdb_client lives in controller.adapters.influx alone"
ARRAYS_HOME = "numpy and duckdb live in controller.adapters.telemetry alone"
WEB_HOME = "aiohttp and Jinja2 live in the pages and one fetcher"
ADAPTED = "Calendars, QR codes and messages have one adapter each"

# (case, file, its text, the rules it breaks)
VIOLATIONS = [
    ("domain waits", "controller/domain/smuggled.py", "import asyncio", {PURE_DOMAIN}),
    ("domain tells the time", "controller/domain/smuggled.py", "from time import monotonic", {PURE_DOMAIN}),
    ("domain validates", "controller/domain/smuggled.py", "from pydantic import BaseModel", {PURE_DOMAIN}),
    ("domain knows the wire", "controller/domain/smuggled.py", "import devices.topics", {PURE_DOMAIN}),
    ("domain calls a service", "controller/domain/smuggled.py", "import controller.services", {POINT_INWARD}),
    ("service writes SQL", "controller/services/smuggled.py", "import sqlalchemy", {PLAIN_SERVICES, SQL_HOME}),
    ("service picks its adapter", "controller/services/smuggled.py", "import controller.adapters", {POINT_INWARD}),
    ("service draws the page", "controller/services/smuggled.py", "from controller import web", {POINT_INWARD}),
    ("service asks the web", "controller/services/smuggled.py", "import aiohttp", {PLAIN_SERVICES, WEB_HOME}),
    ("page reads the database", "controller/web/smuggled.py", "from controller import adapters", {POINT_INWARD}),
    ("page writes SQL", "controller/web/smuggled.py", "from sqlalchemy import select", {SQL_HOME}),
    ("adapter speaks MQTT past the link", "controller/adapters/smuggled.py", "import paho.mqtt.client", {PAHO_HOME}),
    ("adapter serves pages", "controller/adapters/smuggled.py", "from aiohttp import web", {WEB_HOME}),
    ("two homes for Influx", "controller/adapters/smuggled.py", "import influxdb_client", {INFLUX_HOME}),
    ("page counts in arrays", "controller/web/smuggled.py", "import numpy", {ARRAYS_HOME}),
    ("domain counts in arrays", "controller/domain/smuggled.py", "import numpy", {PURE_DOMAIN, ARRAYS_HOME}),
    ("service writes Parquet", "controller/services/smuggled.py", "import duckdb", {PLAIN_SERVICES, ARRAYS_HOME}),
    ("page reads a calendar", "controller/web/smuggled.py", "import icalendar", {ADAPTED}),
    ("service writes a mail", "controller/services/smuggled.py", "import apprise", {PLAIN_SERVICES, ADAPTED}),
    ("module without a place", "controller/utils.py", "", {POINT_INWARD}),
    ("simulator peeks", "simulator/smuggled.py", "import controller.domain", {PACKAGES_APART}),
    ("simulator serves beside its page", "simulator/smuggled.py", "import aiohttp", {WEB_HOME}),
    ("controller plays building", "controller/adapters/smuggled.py", "import simulator", {PACKAGES_APART}),
    ("devices know the controller", "devices/smuggled.py", "from controller import errors", {PACKAGES_APART}),
]


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of today, to add one file to and take it away again."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for package in PACKAGES:
        for source in (ROOT / package).rglob("*.py"):
            copy = tree / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    return tree


def broken_rules(tree: Path) -> set[str]:
    """The names of the rules that refuse this tree, by the command that `make test` runs."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b.*$", run.stdout, flags=re.MULTILINE))
    assert len(verdicts) == 11, run.stdout + run.stderr
    broken = {rule for rule, verdict in verdicts.items() if verdict == "BROKEN"}
    assert bool(broken) == bool(run.returncode)
    return broken


def test_the_sources_keep_every_rule(copied_tree: Path):
    assert broken_rules(copied_tree) == set()


@pytest.mark.parametrize(
    ("file", "text", "rules"), [case[1:] for case in VIOLATIONS], ids=[case[0] for case in VIOLATIONS]
)
def test_a_smuggled_import_is_refused_by_the_rule_it_breaks(copied_tree: Path, file: str, text: str, rules: set[str]):
    smuggled = copied_tree / file
    smuggled.write_text(f"{text}\n")
    try:
        assert broken_rules(copied_tree) == rules
    finally:
        smuggled.unlink()


def test_domain_and_services_import_the_standard_library_and_ourselves_alone():
    """The rules name the libraries we have; this holds for the one added tomorrow."""
    graph = grimp.build_graph("controller", include_external_packages=True, cache_dir=None)
    inner = {module for module in graph.modules if re.match(r"controller\.(domain|services)(\.|$)", module)}
    reached = {name.partition(".")[0] for module in inner for name in graph.find_modules_directly_imported_by(module)}

    assert reached <= sys.stdlib_module_names | {"controller", "devices"}
