"""banditkit: classic bandits and reward shaping, to learn, to teach and to compare with.

>>> import banditkit as bk
>>> arms = bk.Bernoulli((0.2, 0.5, 0.8))
>>> result = bk.simulate(arms, [bk.UCB1(), bk.Thompson()], horizon=1000, replications=20, seed=0)
>>> result.names
('UCB1()', 'Thompson()')
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from banditkit import bilevel as bilevel
    from banditkit import off_policy as off_policy
    from banditkit.aggregates import *
    from banditkit.comparison import *
    from banditkit.core import planning as planning
    from banditkit.core import simplex as simplex
    from banditkit.core.description import *
    from banditkit.core.feedback import *
    from banditkit.core.spec import *
    from banditkit.learners import *
    from banditkit.learning_curves import *
    from banditkit.off_policy.log import *
    from banditkit.plots import *
    from banditkit.problems import *
    from banditkit.result import *
    from banditkit.shaping import *
    from banditkit.simulation import *
    from banditkit.theory import bounds as bounds
    from banditkit.theory.exact import *
    from banditkit.theory.knapsack import *
    from banditkit.times import *
    from banditkit.watching import *

# The public names live in these modules, which are imported when one of their names is first
# asked for: `banditkit --help` should not wait for Numba.
_HOMES = (
    "banditkit.problems",
    "banditkit.learners",
    "banditkit.shaping",
    "banditkit.simulation",
    "banditkit.learning_curves",
    "banditkit.comparison",
    "banditkit.aggregates",
    "banditkit.watching",
    "banditkit.result",
    "banditkit.plots",
    "banditkit.theory.exact",
    "banditkit.theory.knapsack",
    "banditkit.core.description",
    "banditkit.core.feedback",
    "banditkit.core.spec",
    "banditkit.times",
    "banditkit.off_policy.log",
)
_MODULES = {
    "bilevel": "banditkit.bilevel",
    "bounds": "banditkit.theory.bounds",
    "off_policy": "banditkit.off_policy",
    "planning": "banditkit.core.planning",
    "simplex": "banditkit.core.simplex",
}


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return [*(word for home in _HOMES for word in import_module(home).__all__), *_MODULES]
    if name in _MODULES:
        return import_module(_MODULES[name])
    if not name.startswith("_"):
        for home in _HOMES:
            module = import_module(home)
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module 'banditkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__getattr__("__all__")])
