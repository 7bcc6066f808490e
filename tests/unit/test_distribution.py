"""What is installed is what is in the tree: a page, a migration or a sample space left out shows only on another machine."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("controller", "devices", "simulator")


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    # The locked setuptools, in this environment: what an installer would do, without asking an index for it.
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    run = subprocess.run([sys.executable, "-c", build], cwd=tree, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr

    with zipfile.ZipFile(tree / run.stdout.splitlines()[-1]) as wheel:
        packed = set(wheel.namelist())
    ours = {
        str(file.relative_to(tree)) for package in PACKAGES for file in (tree / package).rglob("*") if file.is_file()
    }

    assert ours - packed == set(), "[tool.setuptools.package-data] does not name these"
