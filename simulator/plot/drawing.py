"""The curves of a day as a picture, PNG or SVG by the file's name."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError, RunError
from simulator.plot.lived import SOUND_OVER_MINUTES, Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg")
# Told apart by people who see no red and green as well (Okabe and Ito).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_INCHES = (9.0, 8.4)
_DOTS_PER_INCH = 80


def check(out: Path) -> None:
    """Whether it can be drawn there; before a day is lived for it."""
    if out.suffix.lower() not in FORMATS:
        raise InputError(f"--out {out}: a picture ends in .png or .svg")
    try:
        import matplotlib  # noqa: F401  # asked for, not used
    except ImportError as exc:
        raise RunError("plots need matplotlib, which is not installed; pip install 'natoma[plot]'") from exc


def draw(curves: Curves, title: str, out: Path) -> None:
    """Three pictures above each other: air, people, sound."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import DateFormatter, HourLocator
    from matplotlib.figure import Figure

    # The same day is the same file.
    with mpl.rc_context({"svg.hashsalt": "natoma", "font.size": 9}):
        figure = Figure(figsize=_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        air, people, sound = figure.subplots(3, 1, sharex=True)
        figure.suptitle(title, fontsize=11)
        _air(air, curves)
        _people(people, curves)
        _sound(sound, curves)
        zone = curves.building.zone
        sound.xaxis.set_major_locator(HourLocator(interval=2, tz=zone))
        sound.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=zone))
        sound.set_xlim(curves.at[0], curves.at[-1])
        for axes in (air, people, sound):
            axes.grid(visible=True, alpha=0.3, linewidth=0.5)
            axes.spines[["top", "right"]].set_visible(False)
        _save(figure, out)


def _air(axes: "Axes", curves: Curves) -> None:
    for curve, colour in zip(curves.rooms, _COLOURS, strict=False):
        axes.plot(curves.at, curve.co2_ppm, colour, linewidth=1.3, label=curve.room.name)
    axes.set_ylabel("CO₂, ppm")
    axes.set_ylim(bottom=400)
    axes.legend(loc="upper left", frameon=False, ncols=1, fontsize=8)


def _people(axes: "Axes", curves: Curves) -> None:
    axes.fill_between(curves.at, curves.inside, color="0.88", step="post", label="the whole house")
    for curve, colour in zip(curves.rooms, _COLOURS, strict=False):
        axes.plot(curves.at, curve.people, colour, linewidth=1.1, drawstyle="steps-post")
    axes.set_ylabel("People")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def _sound(axes: "Axes", curves: Curves) -> None:
    for curve, colour in zip(curves.rooms, _COLOURS, strict=False):
        axes.plot(curves.at, curve.mean_sound_db, colour, linewidth=1.1)
    axes.set_ylabel(f"Sound, dB(A), mean of {SOUND_OVER_MINUTES} min")
    axes.set_ylim(30, 75)


def _save(figure: Any, out: Path) -> None:
    # Without the moment it was drawn.
    metadata = {"Date": None} if out.suffix.lower() == ".svg" else {}
    try:
        figure.savefig(out, dpi=_DOTS_PER_INCH, metadata=metadata)
    except OSError as exc:
        raise InputError(f"--out {out}: cannot be written: {exc.strerror}") from exc
