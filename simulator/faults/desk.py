"""Faults asked for over the simulator's socket: add one, list them, clear them. What they do is `injector`'s."""

from collections.abc import Callable, Mapping

from simulator.building import Building
from simulator.errors import InputError
from simulator.faults.fault import Fault, made
from simulator.faults.injector import Injector, Running


class Desk:
    """`clock` is the injector's."""

    def __init__(self, injector: Injector, building: Building, clock: Callable[[], float]) -> None:
        self._injector = injector
        self._building = building
        self._clock = clock

    def answer(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """What came of it; raises InputError for what cannot be."""
        match request.get("do"):
            case "fault-add":
                running = self.begins(self._made(request))
                return {**self._told(running), "words": self._in_words(running)}
            case "fault-list":
                faults = self._injector.running
                words = "\n".join(map(self._in_words, faults)) or "no fault"
                return {"faults": [self._told(running) for running in faults], "words": words}
            case "fault-clear":
                return self._clear(request.get("number"))
            case other:
                raise InputError(f"faults cannot {other!r}; they can fault-add, fault-list and fault-clear")

    def begins(self, fault: Fault) -> Running:
        """Now, or when its time comes."""
        return self._injector.add(fault)

    def _made(self, request: Mapping[str, object]) -> Fault:
        begins_s, lasts_s = _seconds(request, "in_s") or 0.0, _seconds(request, "for_s")
        settings, seed = request.get("with") or {}, request.get("seed", 1)
        if not isinstance(settings, Mapping):
            raise InputError(f"`with` is {{setting: value}}; this is {settings!r}")
        if not isinstance(seed, int):
            raise InputError(f"seed {seed!r} is no whole number")
        return made(
            str(request.get("kind", "")),
            str(request.get("target", "")),
            self._building,
            begins_s=begins_s,
            ends_s=begins_s + lasts_s if lasts_s is not None else None,
            settings=settings,
            seed=seed,
        )

    def _clear(self, number: object) -> Mapping[str, object]:
        if number is not None and number not in [running.number for running in self._injector.running]:
            known = ", ".join(str(running.number) for running in self._injector.running) or "none"
            raise InputError(f"there is no fault {number}; there are {known}")
        over = self._injector.clear(number if isinstance(number, int) else None)
        words = "\n".join(f"{running.number} over: {running.fault.in_words()}" for running in over) or "no fault"
        return {"cleared": [running.number for running in over], "words": words}

    def _told(self, running: Running) -> Mapping[str, object]:
        fault = running.fault
        return {
            "number": running.number,
            "fault": fault.kind,
            "target": fault.target,
            "devices": sorted(fault.devices) or [fault.target],
            "settings": dict(fault.settings),
            "seed": fault.seed,
            "acts": running.began_s is not None,
            "left_s": self._left_s(running),
        }

    def _in_words(self, running: Running) -> str:
        fault, left = running.fault, self._left_s(running)
        whom = f"the {fault.target}" if not fault.devices else next(iter(fault.devices)) if len(fault.devices) == 1 else f"{len(fault.devices)} devices"  # fmt: skip
        when = ""
        if running.began_s is None:
            when = f"in {fault.begins_s - (self._clock() - running.added_s):.0f} s, "
        until = "until cleared" if left is None else f"{left:.0f} s left"
        return f"{running.number}  {fault.in_words()}: {whom}, {when}{until}"

    def _left_s(self, running: Running) -> float | None:
        if running.fault.ends_s is None:
            return None
        return round(max(0.0, running.fault.ends_s - (self._clock() - running.added_s)), 1)


def _seconds(request: Mapping[str, object], name: str) -> float | None:
    said = request.get(name)
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise InputError(f"{name} {said!r} is no number of seconds")
    return float(said)
