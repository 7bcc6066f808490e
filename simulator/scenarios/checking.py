"""Whether what was seen is what a scenario expects: pure, one verdict for each expectation, each step and each law."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from devices.messages import Signal
from simulator.scenarios.laws import broken_laws
from simulator.scenarios.model import (
    Answered,
    Between,
    Claim,
    Expectation,
    Happened,
    Life,
    Readings,
    Say,
    Scenario,
    Stood,
    When,
)
from simulator.scenarios.sightings import (
    Lived,
    Measured,
    Ran,
    Said,
    Sent,
    Showed,
    Sighting,
    Tapped,
    Told,
    Turned,
    in_s,
)
from simulator.scenarios.spans import covers, spans_of

Seen = TypeVar("Seen")

_SHOWN_MOST = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """`seen`: what was seen instead, with device and moment; of what holds it is empty."""

    words: str
    line: int | None  # in the scenario; None for a law
    holds: bool
    seen: str = ""
    why: str = ""


def check(scenario: Scenario, seen: Sequence[Sighting]) -> list[Verdict]:
    """Of every expectation in the file's order, then of commands that were said, then of the laws."""
    judge = _Judge(scenario, seen)
    verdicts = [judge.of(expectation) for expectation in scenario.expect]
    verdicts += [judge.ran(step.line, step.deed) for step in scenario.steps if isinstance(step.deed, Say)]
    return verdicts + [Verdict(law, None, not broken, broken) for law, broken in broken_laws(scenario, seen)]


class _Judge:
    def __init__(self, scenario: Scenario, seen: Sequence[Sighting]) -> None:
        self.end = scenario.lasts_s
        self.seen = seen

    def of(self, expectation: Expectation) -> Verdict:
        instead = self._instead(expectation.claim)
        return Verdict(expectation.words, expectation.line, instead is None, instead or "", expectation.why)

    def ran(self, line: int, said: Say) -> Verdict:
        words = f"natoma {said.words}: exits {said.exits}" + (f", prints {said.prints!r}" if said.prints else "")
        ran = next((one for one in self.seen if isinstance(one, Ran) and one.line == line), None)
        if ran is None:
            return Verdict(words, line, holds=False, seen="it had not ended when the scenario was over")
        if ran.code == said.exits and ran.prints_it:
            return Verdict(words, line, holds=True)
        return Verdict(
            words, line, holds=False, seen=f"at {in_s(ran.at)} it exited {ran.code}: {ran.ended or 'silently'}"
        )

    def _instead(self, claim: Claim) -> str | None:
        """None: it holds. Otherwise what was seen."""
        match claim:
            case Answered():
                return self._answered(claim)
            case Stood():
                return self._stood(claim)
            case Happened():
                return self._happened(claim)
            case Readings():
                return self._readings(claim)
            case Life():
                return self._life(claim)
            case Between():
                return self._between(claim)

    # --- taps -------------------------------------------------------------------------------------

    def _answered(self, claim: Answered) -> str | None:
        """By the first answer that was shown: whoever stood there has gone by the next. A question is none yet."""
        asked: Tapped | None = None
        for one in self.seen:
            match one:
                case Tapped(tap=tap) if tap == claim.tap:
                    asked = one
                case Tapped(device=device) if asked is not None and device == asked.device:
                    # Somebody else; of this one nothing more is shown.
                    break
                case Showed(signal=Signal.WARNING):
                    pass
                case Showed(signal=Signal.ENTER_PIN) if claim.shows != Signal.ENTER_PIN:
                    pass
                case Showed() if asked is not None and one.device == asked.device:
                    took = one.at - asked.at
                    is_it = one.signal == claim.shows and claim.reason in (None, one.reason)
                    if is_it and (claim.within_s is None or took <= claim.within_s):
                        return None
                    return f"{one.device} showed {_lamp(one)} at {in_s(one.at)}, after {in_s(took)}"
                case _:
                    pass
        return "no answer was shown" if asked is not None else "no such tap reached a reader"

    # --- how things were --------------------------------------------------------------------------

    def _stood(self, claim: Stood) -> str | None:
        turns = [one for one in self.seen if isinstance(one, Turned) and (one.who, one.what) == (claim.who, claim.what)]
        when = claim.when
        meant = spans_of(turns, claim.value, self.end)
        if when.at_s is not None:
            holds = any(begins <= when.at_s <= ends for begins, ends in meant)
        elif when.throughout is not None:
            holds = covers(meant, *when.throughout)
        else:
            window = (when.after_s or 0.0, self.end if when.by_s is None else when.by_s)
            if when.times:
                # So often it became so; a span that was there before the window is none.
                count = sum(window[0] <= begins <= window[1] for begins, _ in meant)
            else:
                count = sum(begins <= window[1] and ends > window[0] for begins, ends in meant)
            holds = _is_so_often(count, when)
        if holds:
            return None
        told = ", ".join(f"{turn.to} from {in_s(turn.at)}" for turn in _some(turns)) or "nothing"
        return f"{claim.who} {claim.what}: {told}"

    # --- what happened ----------------------------------------------------------------------------

    def _happened(self, claim: Happened) -> str | None:
        of_kind = [one for one in self.seen if _is_of(one, claim)]
        after, by = claim.when.after_s or 0.0, self.end if claim.when.by_s is None else claim.when.by_s
        within = [one for one in of_kind if after <= one.at <= by]
        if _is_so_often(len(within), claim.when):
            return None
        moments = ", ".join(_moments(within))
        beside = [one for one in of_kind if one not in within]
        if beside:
            moments += f"{'; ' if moments else ''}before or after that {', '.join(_moments(beside))}"
        others = sorted(
            {_what(one) for one in self.seen if isinstance(one, _HOW[claim.how]) and one.device in claim.devices}
        )
        elsewise = f"; what it {claim.how} was {', '.join(others)}" if others and not of_kind else ""
        often = {0: "never", 1: "once"}.get(len(within), f"{len(within)} times")
        return f"{often}{': ' if moments else ''}{moments}{elsewise}"

    # --- readings ---------------------------------------------------------------------------------

    def _readings(self, claim: Readings) -> str | None:
        sent = {(one.device, one.number): one for one in self.seen if isinstance(one, Sent) and not one.confirmed}
        confirmed = {(one.device, one.number) for one in self.seen if isinstance(one, Sent) and one.confirmed}
        lost = [one for key, one in sent.items() if key not in confirmed]
        if lost:
            first = min(lost, key=lambda one: one.at)
            return f"{len(lost)} of {len(sent)} were not confirmed, the first of {first.device} at {in_s(first.at)}"
        return None if len(sent) >= claim.at_least else f"{len(sent)} were said"

    def _between(self, claim: Between) -> str | None:
        when = claim.when
        after, by = when.after_s or 0.0, self.end if when.by_s is None else when.by_s
        read = [
            (float(value), one)
            for one in self.seen
            if isinstance(one, Measured) and one.device in claim.devices and after <= one.at <= by
            if isinstance(value := one.values.get(claim.channel), int | float) and not isinstance(value, bool)
        ]
        if not read:
            return f"nobody said a reading of {claim.channel}"
        out = [(value, one) for value, one in read if not claim.low <= value <= claim.high]
        if not out:
            return None
        value, one = max(out, key=lambda pair: max(claim.low - pair[0], pair[0] - claim.high))
        return f"{len(out)} of {len(read)} readings: {one.device} read {value:g} at {in_s(one.at)}"

    # --- people who live there --------------------------------------------------------------------

    def _life(self, claim: Life) -> str | None:
        lived = [one for one in self.seen if isinstance(one, Lived)]
        taps, answers = ([one for one in lived if (one.showed is None) is unanswered] for unanswered in (True, False))
        # Whoever taps in the last second of it cannot have an answer.
        due = sum(one.at <= self.end - 1.5 for one in taps)
        silent = [one for one in answers if one.reason == "no_answer"]
        if claim.what == "answered":
            if due > len(answers) or silent:
                first = f", the first at {silent[0].door} at {in_s(silent[0].at)}" if silent else ""
                return (
                    f"{len(taps)} taps, {len(answers)} shown an answer, {len(silent)} of them that there is none{first}"
                )
            return None if len(answers) >= claim.at_least else f"{len(answers)} answers"
        if claim.what == "entitled":
            came = [one for one in answers if one.entitled and one.direction == "in" and one.reason != "busy"]
            out = [one for one in came if one.showed not in (Signal.GRANTED.value, Signal.ENTER_PIN.value)]
            told = ", ".join(
                f"{one.person} at {one.door} at {in_s(one.at)}: {one.reason or one.showed}" for one in _some(out)
            )
            return told if out else None if len(came) >= claim.at_least else f"{len(came)} of the entitled came"
        return None if len(taps) >= claim.at_least else f"{len(taps)} taps"


_HOW: dict[str, type[Said] | type[Showed] | type[Told]] = {"says": Said, "shows": Showed, "told": Told}


def _is_of(one: Sighting, claim: Happened) -> bool:
    if not isinstance(one, _HOW[claim.how]) or one.device not in claim.devices or _what(one) != claim.what:
        return False
    return claim.reason is None or getattr(one, "reason", None) == claim.reason


def _what(one: Sighting) -> str:
    match one:
        case Said(event=word) | Showed(signal=word) | Told(do=word):
            return word
        case _:
            return ""


def _moments(several: Sequence[Sighting]) -> list[str]:
    return [f"{getattr(one, 'device', '')} at {in_s(one.at)}" for one in _some(several)]


def _is_so_often(count: int, when: When) -> bool:
    return count == when.times if when.times is not None else count >= when.at_least


def _some(things: Sequence[Seen]) -> Sequence[Seen]:
    return things[:_SHOWN_MOST]


def _lamp(showed: Showed) -> str:
    return f"{showed.signal} ({showed.reason})" if showed.reason else showed.signal
