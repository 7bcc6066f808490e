"""The Mosquitto configuration we generate, each line with its reason.

The same choices are in the compose file's configuration; `docs/reliability` of a space's own broker
should copy them.
"""

from pathlib import Path

# The contract's largest payload is 64 KiB; the rest is topic, properties and header.
MAX_PACKET_BYTES = 70_000


def mosquitto_conf(folder: Path, port: int) -> str:
    """A loopback broker that keeps what it acknowledged."""
    return f"""# Written by natoma at every start: edit nothing here.
per_listener_settings false
listener {port} 127.0.0.1
# Started as root it would become another user, who cannot read this folder; started by another it ignores this.
user root
pid_file {folder}/mosquitto.pid
allow_anonymous false
password_file {folder}/passwords.mosquitto
acl_file {folder}/acl.mosquitto
# Another device's valid login must not be able to take a client's place.
use_username_as_clientid true
check_retain_source true
# Off by default, and then every idle answer waits 40 ms for the peer's delayed acknowledgement.
set_tcp_nodelay true
persistence true
persistence_location {folder}/
# A kill loses at most the last second of what was queued.
autosave_interval 1
# The default of 1000 is eight minutes of a quiet building; past it, messages are dropped though acknowledged.
max_queued_messages 200000
max_queued_bytes 268435456
max_inflight_messages 200
max_packet_size {MAX_PACKET_BYTES}
persistent_client_expiration 14d
sys_interval 10
log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp false
connection_messages false
"""
