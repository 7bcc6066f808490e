"""Where scenarios and their spaces lie: those that come with the simulator have a name, others a path."""

from pathlib import Path

from simulator.errors import InputError, did_you_mean
from simulator.scenarios.lines import Part, opened

_HERE = Path(__file__).parent
FILES, SPACES = _HERE / "files", _HERE / "spaces"
SAMPLE = _HERE.parent / "spaces" / "parisoma.yaml"
SMALL = "small"


def names() -> list[str]:
    """Of the scenarios that come with the simulator."""
    return sorted(path.stem for path in FILES.glob("*.yaml"))


def abouts() -> dict[str, str]:
    """What each of them is about, in one paragraph."""
    told = {name: opened(path_of(name)).get("about").value for name in names()}
    return {name: " ".join(about.split()) if isinstance(about, str) else "" for name, about in told.items()}


def path_of(named: str) -> Path:
    """By name or by path; raises InputError with what was meant."""
    if named in names():
        return FILES / f"{named}.yaml"
    path = Path(named)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise InputError(f"{path}: there is no such scenario file")
        return path
    raise InputError(
        f"there is no scenario {named!r}, and a file of yours ends with .yaml; {did_you_mean(named, names())}"
    )


def space_of(told: Part) -> Path:
    """What `space:` means: `sample`, one of ours, or a file beside the scenario."""
    named = SMALL if told.value is None else told.text("space")
    if named == "sample":
        return SAMPLE
    ours = [SPACES / f"{named}.yaml"] if Path(named).name == named else []
    beside = told.path.parent / (named if Path(named).suffix else f"{named}.yaml")
    for path in (*ours, beside):
        if path.is_file():
            return path.resolve()
    known = ["sample", *(path.stem for path in SPACES.glob("*.yaml"))]
    raise told.wrong(f"there is no space {named!r}, neither ours nor beside this file; {did_you_mean(named, known)}")
