"""`python -m simulator` and `natoma-sim`."""

from simulator.cli import main

if __name__ == "__main__":
    main(prog_name="natoma-sim")
