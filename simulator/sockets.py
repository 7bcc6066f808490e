"""How many connections this process may hold at once."""

import resource

from simulator.errors import RunError

# Standard streams, the loop's own, a socket to be asked on, files that are written.
_BESIDES = 64


def make_room_for(connections: int) -> None:
    """Raise our own limit as far as the system lets us; RunError when that is not far enough."""
    needed = connections + _BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise RunError(
            f"{connections:,} devices need as many connections, and this system allows {hard:,} open files to a process; "
            f"say `ulimit -Hn {needed}` as root before, or take fewer"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
