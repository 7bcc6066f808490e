"""Scenarios: what happens in a small house for some seconds, and what its devices must have seen.

A scenario is a YAML file. It runs in real time against a real controller and broker; it is judged by what the devices
themselves felt, heard, said and showed, and by what the house told all who only listen. Parts of the file:

    about: Somebody props the back door. It warns, it is an alarm, and both are over when it shuts.
    space: small                  # of `spaces/` here; `sample`; or a path beside the file. Left out: small
    starts: 2026-11-17 10:00      # local time of the space; left out: any hour will do
    lasts: 20s
    seed: 7
    people:                       # names used below: the first of the people file who fits and is in good standing
      mia: {plan: full-time}
      lou: {trouble: lost}        # or blocked, expired, future, ended, paused, overdue, grace
      eve: stranger               # a badge nobody knows
    life: {speed: 240}            # people live their day at this pace; left out: only the steps happen
    given:                        # said to the house before the beginning, as staff type it; must exit 0
      - natoma: book room study "2026-11-17T10:00" 1h --for {mia}
      - {natoma: guest invite …, keeps: {pass: 'token (\\S+)'}}      # {pass} may be used from here on
      - {natoma: event ticket … --out {folder}/a, reads: a/tickets.csv, keeps: {…}}   # {folder}: of this play alone
    steps:                        # times since the beginning, or times of day in quotes where `starts` is known
      - {at: 2s, do: tap, who: mia, door: street, name: first}      # pin: true (or wrong), token:, direction: out, stay:
      - {at: 4s, do: hold-open, door: back, for: 8s}                # open, press-exit (for:), press-button (room:),
      - {at: 6s, do: natoma, say: "lockdown on", exits: 0, prints: "…"}                   # breathe, tamper, fire, fire-over (device:)
    faults:
      - {fault: drop, target: door:street, from: 5s, for: 5s}       # as simulator.faults.reading says
      - {fault: freeze, target: controller, from: 5s, for: 8s}
    expect:                       # each may have `why:`
      - {tap: first, shows: granted, within: 1s, reason: in_grace}
      - {door: back, bolt: unlocked, never: true}       # also leaf, mode, link; light: …, is: on; device: …, link: lost
      - {door: back, says: door.opened, times: 1, by: 15s}          # an event that its devices published
      - {door: back, shows: warning}                                # what its readers showed, whoever stood there
      - {door: back, told: unlock, times: 1}                        # a command its devices heard
      - {door: back, alarm: forced, by: 8s}             # what the house tells all: alarm, state, meant, device_state
      - {room: booth, status: on_air}                   # its words are in `words`; also on_air, air …; {house: people_in, is: 2}
      - {readings: acknowledged}
      - {life: taps, at_least: 50}                      # and answered; entitled: all who may come in were let in
      - {area: study, channel: co2, between: [400, 1500]}

Times of an expectation: `at` a moment, `throughout: [a, b]` (`end` is one too), otherwise within the window from
`after` to `by`, at least once, or `times: N`, `at_least: N`, `never: true`. `laws` hold in every scenario.

`reading`, with `stepping` and `expecting`, makes a `model.Scenario` of the file; `playing` plays it; `witness` writes
down `sightings`; `checking` and `laws`, both pure, judge them.
"""
