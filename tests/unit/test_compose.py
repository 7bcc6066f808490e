"""The compose file and the image, as far as they can be judged without a container engine.

Who may reach whom, what is left open, what would be missing; the broker it starts is run for real in
tests/e2e/test_broker_acl.py.
"""

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from controller.adapters.influx import InfluxSettings
from controller.config import load

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict] = COMPOSE["services"]
DOCKERFILE = (ROOT / ".docker" / "Dockerfile").read_text()
prepare = runpy.run_path(str(ROOT / ".docker" / "prepare.py"))["prepare"]


def mounts(service: dict) -> list[tuple[str, str, str]]:
    """(source, place, mode) of each volume, the default of a variable filled in."""
    found = []
    for text in service.get("volumes", []):
        source, place, mode = (*re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).split(":"), "rw")[:3]
        found.append((source, place, mode))
    return found


def test_the_services_are_there_and_their_accounts_are_made_first():
    assert set(SERVICES) == {"accounts", "people", "mosquitto", "influxdb", "controller", "simulator"}
    for name in ("mosquitto", "influxdb"):
        assert SERVICES[name]["depends_on"]["accounts"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_neither_write_its_image_nor_gain_rights(name: str):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert not [source for source, _, _ in mounts(service) if "docker.sock" in source]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_answer_on_loopback_only(name: str):
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_built_here_or_named_by_its_version(name: str):
    service = SERVICES[name]

    assert "build" in service or re.fullmatch(r"[a-z-]+:\d[\d.]*", service["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_environment(name: str):
    secret = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")
    named = {key: value for key, value in SERVICES[name].get("environment", {}).items() if secret.search(key)}

    assert {key: value for key, value in named.items() if not value.startswith("/accounts/")} == {}


def test_every_volume_is_declared_and_used_and_every_file_is_there():
    sources = {source for service in SERVICES.values() for source, _, _ in mounts(service)}

    assert {source for source in sources if not source.startswith("./")} == set(COMPOSE["volumes"])
    assert [source for source in sources if source.startswith("./") and not (ROOT / source).exists()] == []


def test_who_is_waited_for_healthy_says_how_it_is():
    waited_for = {
        other
        for service in SERVICES.values()
        for other, wait in service.get("depends_on", {}).items()
        if wait["condition"] == "service_healthy"
    }

    assert waited_for == {"mosquitto", "controller"}
    assert "HEALTHCHECK" in DOCKERFILE  # the controller's is the image's
    assert "healthcheck" in SERVICES["mosquitto"]


def test_a_service_sees_no_accounts_but_its_own():
    seen = {
        name: {source for source, place, _ in mounts(service) if place == "/accounts"}
        for name, service in SERVICES.items()
    }

    assert seen == {
        "accounts": set(),
        "people": set(),
        "mosquitto": {"broker-accounts"},
        "influxdb": {"influx-accounts"},
        "controller": {"server-accounts"},
        "simulator": {"device-accounts"},
    }


def test_the_controller_sends_readings_to_the_database_that_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prepare(ROOT / "simulator" / "spaces" / "one-door.yaml", tmp_path, lambda *_: None)
    for name, value in SERVICES["controller"]["environment"].items():
        monkeypatch.setenv(name, value.replace("/accounts", str(tmp_path / "server")))
    made = SERVICES["influxdb"]["environment"]

    assert load().influx == InfluxSettings(
        "http://influxdb:8086",
        made["DOCKER_INFLUXDB_INIT_ORG"],
        made["DOCKER_INFLUXDB_INIT_BUCKET"],
        (tmp_path / "influx" / "token").read_text(),
    )


def test_the_image_is_not_run_as_root_and_finds_all_it_copies():
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE)
        for word in line.split()[:-1]
    ]
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert re.search(r"^USER 10001:10001$", DOCKERFILE, flags=re.MULTILINE)
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert set(copied) == let_through


def test_accounts_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path):
    space = ROOT / "simulator" / "spaces" / "one-door.yaml"
    owners: dict[str, int] = {}

    def own(path: Path, user: int, group: int) -> None:
        assert user == group
        owners[str(path.relative_to(tmp_path))] = user

    def secrets() -> dict[Path, str]:
        return {path: path.read_text() for path in tmp_path.glob("*/*") if path.name != "mosquitto.passwords"}

    prepare(space, tmp_path, own)
    first = secrets()
    prepare(space, tmp_path, own)

    assert secrets() == first
    assert owners == {
        "broker": 1883, "broker/mosquitto.passwords": 1883,
        "server": 10001, "server/passwords.json": 10001, "server/influx.toml": 10001,
        "devices": 10001, "devices/passwords.json": 10001,
        "influx": 1000, "influx/password": 1000, "influx/token": 1000,
    }  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*/*")} == {0o600}


def test_a_service_knows_only_the_passwords_of_its_users(tmp_path: Path):
    prepare(ROOT / "simulator" / "spaces" / "one-door.yaml", tmp_path, lambda *_: None)

    server = json.loads((tmp_path / "server" / "passwords.json").read_text())
    devices = json.loads((tmp_path / "devices" / "passwords.json").read_text())
    on_broker = [line.split(":")[0] for line in (tmp_path / "broker" / "mosquitto.passwords").read_text().splitlines()]

    assert set(server) == {"server-access", "server-telemetry", "onboarding"}
    assert set(on_broker) == set(server) | set(devices)
    assert not set(server) & set(devices)
