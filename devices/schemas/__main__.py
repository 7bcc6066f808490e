"""`python -m devices.schemas`: write the generated files, or with --check only say whether they are up to date."""

import sys

import click

from devices.schemas import drift, write


@click.command(help="Write the JSON Schemas and the AsyncAPI document of the contract beside this module.")
@click.option("--check", is_flag=True, help="Write nothing; fail when a file differs from the models.")
def main(check: bool) -> None:
    changed = drift() if check else write()
    for name in changed:
        click.echo(f"{name} {'differs; run python -m devices.schemas' if check else 'written'}")
    if check and changed:
        sys.exit(1)


main(prog_name="python -m devices.schemas")
