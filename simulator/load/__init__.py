"""A house under load: taps and readings at a pace of their own, counted and timed by whoever sends them.

The pace is open: each message has its moment, and goes out whether or not the ones before it were answered, so a slow
house cannot slow the load. `asked` is what somebody wants, `schedule` the moments, `senders` the devices, `tally` what
was counted, `delays` how long it took, `run` the order of it all, `report` the words.

The devices are those of the space file, each on its own link under its own name, with the machines of `devices.units`
for everything but taps and readings: those pass below the machines, as a reader would ask only one thing at a time.
"""
