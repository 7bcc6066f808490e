"""Commands typed by a program, one after the other, in one process that has imported what they need."""

import json
import subprocess
import sys
from pathlib import Path

SMALL = Path(__file__).parents[2] / "simulator" / "scenarios" / "spaces" / "small.yaml"


def test_each_command_is_answered_with_its_code_and_all_it_printed(tmp_path: Path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("natoma: 1\n")
    typed = "".join(json.dumps(words) + "\n" for words in (["check", str(SMALL)], ["check", str(wrong)], ["chekc"]))

    done = subprocess.run(
        [sys.executable, "-m", "controller.typed", "check", "chekc"],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )

    ready, fine, broken, unknown = (json.loads(line) for line in done.stdout.splitlines())
    assert ready == {"ready": True, "unknown": ["chekc"]}
    assert (fine["code"], "Small house" in fine["printed"]) == (0, True)
    assert (broken["code"], "not usable" in broken["printed"]) == (2, True)
    assert (unknown["code"], "chekc" in unknown["printed"]) == (2, True)
    assert done.returncode == 0
