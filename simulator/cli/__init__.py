"""The command line of the simulator, one file for each kind of command; how they answer is in `asking`.

Exit codes: 0 fine (for `tap`: granted), 1 failed (denied, no answer, no broker), 2 wrong usage or input.
"""

from collections.abc import Sequence

import click

from simulator.cli.capture import record_messages, replay_messages
from simulator.cli.day import day
from simulator.cli.fault import fault
from simulator.cli.hands import hold_open, open_door, press_button, press_exit, tap
from simulator.cli.load import load_house
from simulator.cli.people import list_what_to_try, people
from simulator.cli.plot import plot
from simulator.cli.run import run
from simulator.cli.scenario import scenario
from simulator.cli.space import space_of_a_size
from simulator.errors import did_you_mean

COMMANDS: Sequence[click.Command] = (
    run,
    scenario,
    tap,
    press_exit,
    press_button,
    open_door,
    hold_open,
    fault,
    load_house,
    day,
    plot,
    record_messages,
    replay_messages,
    people,
    space_of_a_size,
    list_what_to_try,
)


class _Group(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}; {did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="natoma")
def main() -> None:
    """A whole building without hardware: doors, readers, sensors, lights, and the people who use them.

    While `make run` runs, try:  natoma-sim list,  natoma-sim tap --badge "Some Name" --door street
    """


for _command in COMMANDS:
    main.add_command(_command)
