"""What a learner is told about a problem before the first round."""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Arms"]


class Arms(NamedTuple):
    """A finite set of arms, numbered 0 to K - 1, with rewards in [lowest, highest]."""

    K: int
    lowest: float = 0.0
    highest: float = 1.0

    def fault(self, action: Any) -> str | None:
        """Say what is wrong with an action, or return None if nothing is."""
        if isinstance(action, int | np.integer) and 0 <= action < self.K:
            return None
        return f"{action!r}; an arm is a whole number from 0 to {self.K - 1}"
