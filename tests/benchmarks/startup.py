"""Seconds until a fresh process has played its first round, with the cache warm.

``python tests/benchmarks/startup.py``: the best of five processes.
"""

import subprocess
import sys

FIRST_ROUND = """
import time
began = time.perf_counter()
import banditkit as bk
learners = [bk.UCB1(), bk.KLUCB(), bk.Thompson(), bk.MOSS(), bk.EpsilonGreedy()]
bk.simulate(bk.Bernoulli((0.4, 0.6)), learners, horizon=1, replications=1, seed=0)
print(time.perf_counter() - began)
"""
HELP = """
import time
began = time.perf_counter()
from banditkit.cli import main
try:
    main(["--help"])
except SystemExit:
    print()
    print(time.perf_counter() - began)
"""


def seconds(program, times=5):
    """Return the least number of seconds that a process prints as its last line."""
    runs = (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        for _ in range(times)
    )
    return min(float(run.stdout.split()[-1]) for run in runs)


if __name__ == "__main__":
    print(f"import and first round of five learners: {seconds(FIRST_ROUND):.2f} s")
    print(f"banditkit --help, without Python's own start: {seconds(HELP):.3f} s")
