"""A notebook stays open while somebody edits the library: what it then compiles is the old code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import banditkit

# Plays Uniform, after the command has changed the file that Uniform was imported from.
PROGRAM = """
import sys
from pathlib import Path
import banditkit as bk
import banditkit.simulation, banditkit.learners

edit = "".join(sys.argv[1:])
if edit:
    path = Path(bk.__file__).parent / "learners" / "explore.py"
    path.write_text(path.read_text().replace("return draw_index(self.p.size, rng)", edit))
result = bk.simulate(bk.Bernoulli((0.0, 1.0)), [bk.Uniform()], horizon=1000, replications=1, seed=0)
print(result.regret[0, 0, -1])
"""


def test_code_that_was_imported_before_an_edit_is_not_kept_as_that_of_the_edited_file(tmp_path):
    source = Path(banditkit.__file__).parent
    shutil.copytree(source, tmp_path / "banditkit", ignore=shutil.ignore_patterns("__pycache__"))
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}

    def regret(*edit):
        command = [sys.executable, "-c", PROGRAM, *edit]
        options = {"check": True, "capture_output": True, "text": True, "cwd": tmp_path}
        return float(subprocess.run(command, env=environment, **options).stdout)

    assert 400.0 < regret("return 0") < 600.0  # imported before the edit: any arm
    assert regret() == 1000.0  # a new process: arm 0, always
