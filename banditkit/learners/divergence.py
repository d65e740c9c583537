"""When a learner is said to have diverged: its numbers are none, or out of all proportion."""

import numpy as np

from banditkit.core.jit import jit_inline

__all__ = ["FAR", "bounded", "divergence"]

FAR = 1e100  # parameters beyond it have diverged


@jit_inline
def bounded(values):
    """Tell whether all entries of a table are numbers that are not out of all proportion."""
    good = True
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            good = good and abs(values[i, j]) < FAR
    return good


def divergence(*tables: np.ndarray) -> dict[str, np.ndarray]:
    """Return the log of who diverged, by what was learned: 1 if an entry is not `bounded`."""
    good = all(bool((np.abs(values) < FAR).all()) for values in tables)
    return {"diverged": np.array(float(not good))}
