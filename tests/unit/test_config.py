"""Settings come from flags, the environment and a file, in this order; what is wrong is told by name and origin."""

import os
from pathlib import Path

import pytest

from controller.adapters.broker import BrokerProgram
from controller.adapters.influx import InfluxSettings
from controller.config import LogLevel, Settings, load
from controller.config.written import NAMES
from controller.errors import InputError
from devices.link import MQTT_3_1_1, MQTT_5


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory, and an environment in which nobody has set anything of ours."""
    for name in [name for name in os.environ if name.startswith("NATOMA_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*, config: Path | None = None, **flags: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(config, flags)
    return str(caught.value).splitlines()


def test_with_nothing_set_there_is_a_broker_of_our_own_and_a_page_on_this_machine_alone():
    settings = load()

    assert settings == Settings()
    assert (settings.data, settings.mqtt, settings.web.host, settings.web.port) == (
        Path("natoma-data"),
        None,
        "127.0.0.1",
        8080,
    )
    assert (settings.web.beyond_loopback, settings.log_level) == (False, LogLevel.INFO)


def test_which_broker_of_our_own_can_be_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_BROKER", "AMQTT")

    assert load().broker is BrokerProgram.AMQTT


def test_a_flag_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch):
    Path("natoma.toml").write_text('web_port = 1\nweb_host = "::1"\nlog_level = "debug"\n')
    monkeypatch.setenv("NATOMA_WEB_PORT", "2")
    monkeypatch.setenv("NATOMA_LOG_LEVEL", "WARNING")

    settings = load(flags={"web_port": 3, "web_host": None})

    assert (settings.web.port, settings.web.host, settings.log_level) == (3, "::1", LogLevel.WARNING)


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_WEB_PORT", "")

    assert load().web.port == 8080


def test_a_named_file_is_read_instead_of_the_one_in_this_directory(monkeypatch: pytest.MonkeyPatch):
    Path("natoma.toml").write_text("web_port = 1\n")
    Path("other.toml").write_text("web_port = 2\n")

    assert load(Path("other.toml")).web.port == 2
    monkeypatch.setenv("NATOMA_CONFIG", "other.toml")
    assert load().web.port == 2


def test_paths_in_a_file_are_seen_from_that_file(nothing_set: Path):
    folder = nothing_set / "etc"
    folder.mkdir()
    (folder / "natoma.toml").write_text('data = "state"\nspace = "/srv/space.yaml"\n')

    settings = load(folder / "natoma.toml")

    assert settings.data == folder / "state"
    assert settings.space == Path("/srv/space.yaml")


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls"),
    [
        ("mqtt://broker", "broker", 1883, False),
        ("mqtt://broker:1900", "broker", 1900, False),
        ("mqtt://broker/", "broker", 1883, False),
        ("mqtts://broker.example", "broker.example", 8883, True),
        ("mqtt://[::1]:1884", "::1", 1884, False),
    ],
)
def test_a_broker_is_named_by_its_url(url: str, host: str, port: int, is_tls: bool):
    broker = load(flags={"mqtt": url}).mqtt

    assert broker is not None
    assert (broker.host, broker.port, broker.tls is not None, broker.version) == (host, port, is_tls, MQTT_5)


def test_user_and_password_of_a_url_are_decoded_and_never_shown():
    settings = load(flags={"mqtt": "mqtts://na%40toma:s%2Fcret@broker", "mqtt_version": "3.1.1"})
    broker = settings.mqtt

    assert broker is not None
    assert (broker.access_user, broker.access_password) == ("na@toma", "s/cret")
    assert (broker.telemetry_user, broker.telemetry_password) == ("na@toma", "s/cret")
    assert broker.version == MQTT_3_1_1
    assert "cret" not in repr(settings)


def test_a_file_of_passwords_gives_each_connection_its_own():
    Path("passwords.json").write_text('{"server-access": "one", "server-telemetry": "two", "door-front": "three"}')

    broker = load(flags={"mqtt": "mqtt://broker", "mqtt_passwords": "passwords.json"}).mqtt

    assert broker is not None
    assert (broker.access_user, broker.access_password) == ("server-access", "one")
    assert (broker.telemetry_user, broker.telemetry_password) == ("server-telemetry", "two")


def test_certificates_belong_to_tls():
    Path("ca.pem").write_text("")

    broker = load(flags={"mqtt": "mqtts://broker", "mqtt_ca": "ca.pem"}).mqtt

    assert broker is not None
    assert broker.tls is not None
    assert broker.tls.ca_file == Path("ca.pem")


def test_others_are_let_in_only_where_somebody_says_so_and_at_an_address_of_their_own(monkeypatch: pytest.MonkeyPatch):
    nobody = load().web
    monkeypatch.setenv("NATOMA_WEB_OUTSIDE_PORT", "8081")
    monkeypatch.setenv("NATOMA_WEB_OUTSIDE_HOST", "0.0.0.0")
    others = load().web

    assert (nobody.outside_port, nobody.outside_host) == (None, "127.0.0.1")
    assert (others.outside_port, others.outside_host, others.host, others.port) == (
        8081,
        "0.0.0.0",
        "127.0.0.1",
        8080,
    )


def test_host_names_are_a_list_in_the_file_and_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    Path("natoma.toml").write_text('web_host_names = ["natoma.example"]\n')
    assert load().web.host_names == ("natoma.example",)

    monkeypatch.setenv("NATOMA_WEB_HOST_NAMES", "a.example, b.example")
    assert load().web.host_names == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        pytest.param(
            {"web_port": "http"},
            "setting web_port (--web-port): 'http' does not fit — "
            "write a port from 1 to 65535, or 0 to let the system choose",
            id="port that is no number",
        ),
        pytest.param(
            {"web_outside_port": "all"},
            "setting web_outside_port (--web-outside-port): 'all' does not fit — "
            "write a port from 1 to 65535, or leave it out to let nobody else in",
            id="port for others that is no number",
        ),
        pytest.param(
            {"web_port": 65536},
            "setting web_port (--web-port): '65536' does not fit — "
            "write a port from 1 to 65535, or 0 to let the system choose",
            id="port that does not exist",
        ),
        pytest.param(
            {"log_level": "loud"},
            "setting log_level (--log-level): 'loud' does not fit — write debug, info, warning, error",
            id="unknown level",
        ),
        pytest.param(
            {"web_host": "http://localhost"},
            "setting web_host (--web-host): 'http://localhost' does not fit — "
            "write an address of this machine, such as 127.0.0.1",
            id="host that is a URL",
        ),
        pytest.param(
            {"mqtt": "http://natoma:hunter2@broker"},
            "setting mqtt (--mqtt): 'http://***@broker' has scheme 'http' — "
            "write mqtt://host:1883, or mqtts://user:password@host:8883",
            id="broker of another protocol, its password masked",
        ),
        pytest.param(
            {"mqtt": "natoma:hunter2@broker"},
            "setting mqtt (--mqtt): '***@broker' has no scheme — "
            "write mqtt://host:1883, or mqtts://user:password@host:8883",
            id="broker without a scheme, its password masked",
        ),
        pytest.param(
            {"broker": "mqtt://natoma:hunter2@broker"},
            "setting broker (--broker): 'mqtt://***@broker' does not fit — "
            "write mosquitto or amqtt for a broker of our own; the address of yours is setting mqtt",
            id="broker's address where its program belongs, its password masked",
        ),
        pytest.param(
            {"broker": "amqtt", "mqtt": "mqtt://broker"},
            "setting broker (--broker): 'amqtt' says which broker of our own to start, while setting mqtt names yours — "
            "keep one of the two",
            id="a broker of our own and one of yours",
        ),
        pytest.param(
            {"mqtt": "mqtt://broker:70000"},
            "setting mqtt (--mqtt): 'mqtt://broker:70000' is no address of a broker — "
            "write mqtt://host:1883, or mqtts://user:password@host:8883",
            id="broker at no port",
        ),
        pytest.param(
            {"mqtt": "mqtt://:1883"},
            "setting mqtt (--mqtt): 'mqtt://:1883' names no host — "
            "write mqtt://host:1883, or mqtts://user:password@host:8883",
            id="broker at no host",
        ),
        pytest.param(
            {"mqtt": "mqtt://broker/natoma/paris"},
            "setting mqtt (--mqtt): 'mqtt://broker/natoma/paris' has more than host and port — "
            "write mqtt://host:1883, or mqtts://user:password@host:8883; "
            "topics begin with the root that the space file states",
            id="topic root in the URL",
        ),
        pytest.param(
            {"mqtt": "mqtt://:hunter2@broker"},
            "setting mqtt (--mqtt): 'mqtt://***@broker' has a password without a user — "
            "write mqtt://host:1883, or mqtts://user:password@host:8883",
            id="password of nobody",
        ),
        pytest.param(
            {"mqtt": "mqtt://broker", "mqtt_version": "4"},
            "setting mqtt_version (--mqtt-version): '4' does not fit — write 5 or 3.1.1",
            id="version that people do not call so",
        ),
        pytest.param(
            {"mqtt_passwords": "p.json"},
            "setting mqtt_passwords (--mqtt-passwords): 'p.json' says how to reach a broker, but not which — set mqtt too",
            id="passwords for no broker",
        ),
        pytest.param(
            {"mqtt": "mqtt://broker", "mqtt_passwords": "p.json"},
            "setting mqtt_passwords (--mqtt-passwords): 'p.json' cannot be read (No such file or directory) — "
            'name a JSON file {"server-access": "...", "server-telemetry": "..."}',
            id="passwords that are not there",
        ),
        pytest.param(
            {"mqtt": "mqtt://a:b@broker", "mqtt_passwords": "p.json"},
            "setting mqtt (--mqtt): 'mqtt://***@broker' names a user, and so does the file of passwords — "
            "keep one of the two: mqtt_passwords, or user:password@",
            id="two users at once",
        ),
        pytest.param(
            {"mqtt": "mqtt://broker", "mqtt_ca": "ca.pem"},
            "setting mqtt_ca (--mqtt-ca): 'ca.pem' is for TLS only — write mqtts:// in setting mqtt, or leave it out",
            id="certificate without TLS",
        ),
        pytest.param(
            {"mqtt": "mqtts://broker", "mqtt_ca": "ca.pem"},
            "setting mqtt_ca (--mqtt-ca): 'ca.pem' is no file — name a PEM file that this user may read",
            id="certificate that is not there",
        ),
        pytest.param(
            {"database": "mysql://natoma:hunter2@host/natoma"},
            "setting database (--database): 'mysql://***@host/natoma' has scheme 'mysql' — "
            "write postgresql://user:password@host/name, or leave it out for a file in the data folder",
            id="another database",
        ),
        pytest.param(
            {"database": "postgresql://natoma:hunter2@host?password=hunter3"},
            "setting database (--database): 'postgresql://***@host?***' names no database — "
            "write postgresql://user:password@host/name, or leave it out for a file in the data folder",
            id="database without its name",
        ),
        pytest.param(
            {"database": "host/natoma"},
            "setting database (--database): 'host/natoma' has no scheme — "
            "write postgresql://user:password@host/name, or leave it out for a file in the data folder",
            id="database without a scheme",
        ),
        pytest.param(
            {"data": __file__},
            f"setting data (--data): '{__file__}' is a file — name a directory, or a new one",
            id="data that is a file",
        ),
    ],
)
def test_a_wrong_setting_is_told_with_its_name_origin_value_and_what_would_be_right(
    flags: dict[str, object], told: str
):
    assert said(**flags) == [told]


def test_every_wrong_setting_is_told_at_once_each_from_where_it_came(monkeypatch: pytest.MonkeyPatch):
    Path("natoma.toml").write_text('# ours\nweb_port = "door"\n')
    monkeypatch.setenv("NATOMA_BROKER_PORT", "0")

    assert said(log_level="loud") == [
        (
            "setting broker_port (NATOMA_BROKER_PORT): '0' does not fit — "
            "write a port from 1 to 65535, or leave it out for the first free from 1883 on"
        ),
        (
            "setting web_port (natoma.toml:2): 'door' does not fit — "
            "write a port from 1 to 65535, or 0 to let the system choose"
        ),
        "setting log_level (--log-level): 'loud' does not fit — write debug, info, warning, error",
    ]


def test_a_database_is_kept_out_of_sight(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_DATABASE", "postgresql://natoma:hunter2@host/natoma")

    home = load().home

    assert home.database is not None
    assert home.database.get_secret_value() == "postgresql://natoma:hunter2@host/natoma"
    assert "hunter2" not in repr(load()) + str(home)


def test_a_misspelt_database_does_not_quietly_become_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_DATABASE_URL", "postgresql://host/natoma")

    assert said() == ["setting NATOMA_DATABASE_URL (environment): there is none — did you mean database?"]


def test_a_misspelt_setting_in_the_file_is_told_with_its_line():
    Path("natoma.toml").write_text('\nweb_prot = 8080\nmqtt_url = "mqtt://b"\n')

    assert said() == [
        "setting web_prot (natoma.toml:2): there is none — did you mean web_port?",
        "setting mqtt_url (natoma.toml:3): there is none — did you mean mqtt?",
    ]


def test_a_misspelt_variable_does_not_quietly_start_a_broker_of_our_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_MQTT_URL", "mqtt://broker")
    monkeypatch.setenv("NATOMA_SPACE_FILE", "for a script around us")

    assert said() == ["setting NATOMA_MQTT_URL (environment): there is none — did you mean mqtt?"]


def test_a_settings_file_that_is_named_must_be_there(nothing_set: Path):
    assert said(config=Path("other.toml")) == ["settings file other.toml: there is no such file — name one that exists"]


def test_a_settings_file_that_is_no_toml_is_told_with_its_line():
    Path("natoma.toml").write_text("web_port: 8080\n")

    [told] = said()

    assert told.startswith("settings file natoma.toml: is not TOML (")
    assert "line 1" in told
    assert told.endswith("write lines like: web_port = 8080")


def test_a_settings_file_in_another_encoding_is_named():
    Path("natoma.toml").write_bytes(b"# caf\xe9\n")

    assert said() == ["settings file natoma.toml: is not UTF-8 — name a text file that this user may read"]


def test_a_settings_file_that_is_a_directory_is_named():
    Path("natoma.toml").mkdir()

    [told] = said()

    assert told.startswith("settings file natoma.toml: cannot be read (")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not json", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"server-access": "one"}', "has no password for server-telemetry"),
    ],
)
def test_a_file_of_passwords_is_checked_before_anything_starts(content: str, why: str):
    Path("p.json").write_text(content)

    assert said(mqtt="mqtt://broker", mqtt_passwords="p.json") == [
        (
            f"setting mqtt_passwords (--mqtt-passwords): 'p.json' {why} — "
            'name a JSON file {"server-access": "...", "server-telemetry": "..."}'
        )
    ]


def test_a_key_needs_its_certificate():
    Path("key.pem").write_text("")

    assert said(mqtt="mqtts://broker", mqtt_key="key.pem") == [
        "setting mqtt_key (--mqtt-key): 'key.pem' is a key without its certificate — set mqtt_cert too"
    ]


def test_a_mail_server_and_who_writes_are_set_together():
    settings = load(flags={"notify_smtp": "smtps://natoma:horse@mail", "notify_from": "natoma@example.org"})

    assert (settings.notify.smtp, settings.notify.sender) == ("smtps://natoma:horse@mail", "natoma@example.org")
    assert said(notify_smtp="smtp://mail") == [
        "setting notify_from (not set): says whom mail comes from — write the address messages come from, such as natoma@example.org"
    ]


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail", "smtp://", "smtp://mail:0", "smtp://mail:x"])
def test_what_is_no_mail_server_is_refused_without_its_password(url: str):
    (line,) = said(notify_smtp=url.replace("//m", "//natoma:horse@m"), notify_from="natoma@example.org")

    assert "is no address of a mail server — write smtp://, smtp+starttls://, smtps://" in line
    assert "horse" not in line


def test_settings_show_no_secret_of_messages():
    settings = load(
        flags={"notify_smtp": "smtp://natoma:horse@mail", "notify_from": "a@b.org", "notify_webhook_secret": "hush"}
    )

    assert "horse" not in repr(settings)
    assert "hush" not in repr(settings)


def test_every_setting_is_in_the_docs():
    told = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()

    assert [name for name in NAMES if f"`{name}`" not in told] == []


# --- a database that readings are sent on to --------------------------------------------------------------------------


def test_readings_are_sent_on_to_a_database_that_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_INFLUX_TOKEN", "s3cret")

    influx = load(flags={"influx_url": "http://influx:8086/", "influx_bucket": "house"}).influx

    assert influx == InfluxSettings("http://influx:8086", bucket="house", token="s3cret")
    assert "s3cret" not in repr(influx)


def test_the_path_before_the_address_of_a_request_is_kept():
    influx = load(flags={"influx_url": "http://vminsert:8480/insert/0/influx/"}).influx

    assert influx is not None
    assert influx.url == "http://vminsert:8480/insert/0/influx"


def test_without_a_database_nothing_is_sent_on():
    assert load().influx is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("influx:8086", "is no address of a database"),
        ("ftp://influx", "is no address of a database"),
        ("http://", "is no address of a database"),
        ("http://[::1", "is no address of a database"),
        ("http://influx:0", "is no address of a database"),
        ("http://me:horse@influx:8086", "has more than host, port and path"),
        ("http://influx:8086?org=natoma", "has more than host, port and path"),
        ("http://influx:8086/api/v2/write", "names the address of one request"),
    ],
)
def test_an_address_of_a_database_that_cannot_be_meant_is_told(url: str, why: str):
    (line,) = said(influx_url=url)

    assert line.startswith("setting influx_url (--influx-url): ")
    assert why in line
    assert "write http://host:8086" in line
    assert "horse" not in line


def test_a_token_for_no_database_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_INFLUX_TOKEN", "s3cret")

    (line,) = said()

    assert "setting influx_token (NATOMA_INFLUX_TOKEN): " in line
    assert "set influx_url too" in line
    assert "s3cret" not in line


def test_a_token_that_cannot_be_a_header_is_told_without_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATOMA_INFLUX_TOKEN", "s3cret\ninjected: 1")

    (line,) = said(influx_url="http://influx:8086")

    assert "setting influx_token (NATOMA_INFLUX_TOKEN): " in line
    assert "s3cret" not in line


@pytest.mark.parametrize("lines", [0, 5001, "many"])
def test_a_request_has_between_one_line_and_five_thousand(lines: object):
    (line,) = said(influx_url="http://influx:8086", influx_lines=lines)

    assert line == f"setting influx_lines (--influx-lines): '{lines}' does not fit — write a number from 1 to 5000"
