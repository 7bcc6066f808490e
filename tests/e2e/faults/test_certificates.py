"""A certificate runs out: it is said a month before, and old and new are both good while they are exchanged.

An authority of short life signs for the broker; its successor is in the same file before it signs anything.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker, ServerTls
from tests.support.components import program
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.household import Household

pytestmark = pytest.mark.broker

OLD_DAYS, NEW_DAYS = 12, 400
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Office:
    """Makes authorities and what they sign, in one folder."""

    folder: Path

    def authority(self, name: str, days: int) -> Path:
        self._run(
            "req",
            "-x509",
            *CURVE,
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
            "-days",
            days,
            "-subj",
            f"/CN={name}",
        )
        return self.folder / f"{name}.pem"

    def sign(self, name: str, by: str, days: int) -> tuple[Path, Path]:
        """A certificate for a broker at 127.0.0.1, and its key."""
        self._run("req", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        signing = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-days", days, "-extfile", "names")
        self._run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _run(self, *words: object) -> None:
        subprocess.run([program("openssl"), *map(str, words)], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "office"
    folder.mkdir()
    return Office(folder)


def test_a_certificate_that_runs_out_is_told_and_exchanged_without_a_restart(
    office: Office, household: Household, tmp_path: Path
):
    old, new = office.authority("old", 200), office.authority("new", NEW_DAYS)
    trusted = office.folder / "trusted.pem"
    trusted.write_text(old.read_text() + new.read_text())
    cert, key = office.sign("broker", "old", OLD_DAYS)
    copy_of(household.data, tmp_path / "data")
    with MosquittoBroker(tmp_path / "broker", tls=ServerTls(trusted, cert, key)) as broker:
        where = f"mqtts://127.0.0.1:{broker.port}"
        words = ("run", "--space", household.space, "--mqtt", where, "--mqtt-ca", trusted)
        with ControllerProcess(tmp_path, *words) as controller:
            controller.wait_until_well()
            told = eventually_told(controller, ok=False)
            assert told.startswith("the broker's certificate ends on ")
            assert told.endswith(f"in {OLD_DAYS - 1} days: renew it")

            office.sign("broker", "new", NEW_DAYS)  # in the same files, by the other authority
            broker.restart()
            eventually(
                lambda: controller.health()[1]["components"]["access link"]["figures"]["reconnects"] > 0, "a new link"
            )
            controller.wait_until_well()
            # Of the authorities, the one that lasts counts.
            assert eventually_told(controller, ok=True).startswith("all are good until ")


def eventually_told(controller: ControllerProcess, *, ok: bool) -> str:
    def part() -> dict[str, object]:
        return controller.health()[1]["components"].get("certificates", {})

    eventually(lambda: part().get("ok") is ok, "a word about certificates")
    return str(part()["text"])
