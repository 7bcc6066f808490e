"""What can go wrong in the controller, by what the caller can do about it."""


class ControllerError(Exception):
    """Root of everything the controller raises on purpose; its text is written for a person."""


class InputError(ControllerError):
    """What we were given is wrong: the text names the thing, the value and what would be right. Exit code 2."""


class StartupError(ControllerError):
    """The service cannot run as the machine is now (port in use, broker refuses us, newer database). Exit code 1."""


class StoreError(ControllerError):
    """A store could not do what was asked now; a later try may succeed."""
