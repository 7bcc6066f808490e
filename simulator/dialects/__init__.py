"""Foreign dialects: what other people's devices say on MQTT, spoken by virtual ones.

One file for each dialect, a pure translator around the machines of `devices.units`: what the machine says becomes
(topic, body, QoS, retained), what is heard becomes an input of the machine. `names` knows which there are, `tongue` what
all have in common, `device` gives one a link. The contract's own messages are not here.
"""
