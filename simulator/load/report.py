"""What came of a load, as a table for people and as JSON for scripts."""

from collections.abc import Iterator, Mapping

from simulator.load.delays import Delays
from simulator.load.run import Result
from simulator.load.tally import Answer, Said

_PERCENTS = (50.0, 90.0, 99.0, 99.9)
_HEADS = ("p50", "p90", "p99", "p99.9", "longest")
# Above that the figures are the sender's as much as the house's.
_LATE_S = 0.01


def in_words(result: Result) -> str:
    """The table, and what is wrong below it."""
    return "\n".join(_lines(result))


def as_json(result: Result) -> dict[str, object]:
    """Counts as they are, times in milliseconds."""
    tally, wanted = result.tally, result.wanted
    return {
        "wanted": {
            "readers": result.readers,
            "taps_per_s": wanted.taps,
            "sensors": result.sensors,
            "readings_per_s": wanted.readings,
            "for_s": wanted.for_s,
            "arrival": wanted.arrival.value,
            "seed": wanted.seed,
        },
        "lasted_s": round(result.lasted_s, 3),
        "was_stopped": result.was_stopped,
        "taps": {
            **_counts(tally.taps),
            "answered": tally.answered_taps,
            "granted": tally.answers[Answer.GRANTED],
            "denied": tally.answers[Answer.DENIED],
            "try_again": tally.answers[Answer.TRY_AGAIN],
            "lost": tally.taps_lost,
            "twice": tally.twice,
            "too_late": tally.too_late,
            "locks_untold": tally.locks_untold,
        },
        "readings": {**_counts(tally.readings), "lost": tally.readings_lost},
        "rejected": dict(sorted(tally.rejected.items())),
        "ms": {
            "read_to_unlock": _ms(tally.granted.seen),
            "read_to_unlock_from_due": _ms(tally.granted.meant),
            "read_to_refusal": _ms(tally.denied.seen),
            "read_to_refusal_from_due": _ms(tally.denied.meant),
            "taps_late": _ms(tally.taps.late),
            "readings_late": _ms(tally.readings.late),
        },
        "sender_cpu": round(_share_of_a_core(result), 3),
        "links_lost": result.links_lost,
        "is_whole": tally.is_whole,
    }


def what_is_wrong(result: Result) -> str:
    """In one line why the exit code is 1; empty when nothing was lost and nothing answered twice."""
    tally = result.tally
    wrong = [
        f"{count:,} {what}"
        for count, what in (
            (tally.taps_lost, "taps lost"),
            (tally.twice, "answers too many"),
            (tally.readings_lost, "readings not confirmed by the broker"),
        )
        if count
    ]
    return ", ".join(wrong)


def _lines(result: Result) -> Iterator[str]:
    tally, wanted = result.tally, result.wanted
    yield (
        f"{wanted.taps:g} taps/s at {result.readers:,} readers and {wanted.readings:g} readings/s of "
        f"{result.sensors:,} sensors for {result.lasted_s:.1f} s" + (", stopped" if result.was_stopped else "")
    )
    yield ""
    yield _row("", "said", "confirmed", "answered", "granted", "denied", "try again", "lost", "twice", "too late")
    if wanted.taps:
        answers = (tally.answers[answer] for answer in (Answer.GRANTED, Answer.DENIED, Answer.TRY_AGAIN))
        told = (tally.answered_taps, *answers, tally.taps_lost, tally.twice, tally.too_late)
        yield _row("taps", tally.taps.said, tally.taps.confirmed, *told)
    if wanted.readings:
        said = tally.readings
        yield _row("readings", said.said, said.confirmed, "", "", "", "", tally.readings_lost, "", "")
    yield ""
    yield _row("", *_HEADS)
    for name, delays in (
        ("read to unlock", tally.granted.seen),
        ("  from when it was due", tally.granted.meant),
        ("read to refusal", tally.denied.seen),
        ("  from when it was due", tally.denied.meant),
        ("taps late", tally.taps.late),
        ("readings late", tally.readings.late),
    ):
        if delays.count:
            yield _row(name, *(_in_ms(value) for value in _figures(delays)))
    yield from _remarks(result)


def _remarks(result: Result) -> Iterator[str]:
    tally = result.tally
    remarks = [f"the sender took {_share_of_a_core(result):.0%} of a core"]
    for said, name in ((tally.taps, "taps"), (tally.readings, "readings")):
        if said.unsaid:
            remarks.append(
                f"{said.unsaid:,} of the lost {name} were never sent: no connection, or too much of it waits for the broker"
            )
        late = said.late.at(99.0)
        if late is not None and late > _LATE_S:
            remarks.append(
                f"one in a hundred {name} went out {late * 1000:.0f} ms late or more: this machine is too busy to "
                "keep the pace, and the figures are the sender's as much as the house's"
            )
    if tally.locks_untold:
        remarks.append(
            f"{tally.locks_untold:,} of the lost taps were green at the reader, and their lock was told nothing"
        )
    if tally.too_late:
        remarks.append(f"{tally.too_late:,} answers came after the second that a reader waits")
    if result.links_lost:
        remarks.append(f"{result.links_lost:,} connections were lost and came back")
    if tally.rejected:
        told = ", ".join(f"{count:,} × {reason}" for reason, count in sorted(tally.rejected.items()))
        remarks.append(f"the controller took back: {told}")
    yield ""
    yield from remarks


def _counts(said: Said) -> Mapping[str, int]:
    return {"said": said.said, "unsaid": said.unsaid, "confirmed": said.confirmed}


def _figures(delays: Delays) -> list[float | None]:
    return [*delays.percentiles(_PERCENTS), delays.longest_s if delays.count else None]


def _ms(delays: Delays) -> dict[str, float | None]:
    figures = [None if value is None else round(value * 1000, 3) for value in _figures(delays)]
    return {"count": delays.count, **dict(zip(_HEADS, figures, strict=True))}


def _in_ms(value: float | None) -> str:
    return "–" if value is None else f"{value * 1000:.1f} ms"


def _share_of_a_core(result: Result) -> float:
    return result.cpu_s / result.lasted_s if result.lasted_s > 0 else 0.0


def _row(name: str, *cells: object) -> str:
    shown = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
    return f"{name:<24}" + "".join(f"{cell:>11}" for cell in shown).rstrip()
