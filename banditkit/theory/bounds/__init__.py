"""Theorems as functions: a problem and a time go in, a bound on regret comes out.

They stand chapter by chapter in the modules of this package; `bounds_of` knows which of them speak
of a learner.
"""

from functools import partial

from banditkit.core.description import Learner, Problem
from banditkit.theory.bounds import adversarial, contextual, knapsack, stochastic
from banditkit.theory.bounds.adversarial import *
from banditkit.theory.bounds.common import Bound, Theorems
from banditkit.theory.bounds.contextual import *
from banditkit.theory.bounds.knapsack import *
from banditkit.theory.bounds.stochastic import *

__all__ = ["Bound", "bounds_of"]
__all__ += [*stochastic.__all__, *adversarial.__all__, *contextual.__all__, *knapsack.__all__]

# A learner may have theorems in several chapters.
_THEOREMS = (stochastic.THEOREMS, adversarial.THEOREMS, contextual.THEOREMS, knapsack.THEOREMS)
# What regret can't be lower than.
_FROM_BELOW = (
    adversarial.binary_strings,
    adversarial.fair_coins,
    adversarial.fooled,
    stochastic.lai_robbins,
)


def bounds_of(learner: Learner, problem: Problem, horizon: int) -> list[Bound]:
    """Return the theorems that hold for `learner` on `problem`, as functions of time.

    Parameters
    ----------
    learner : Learner
        A learner; one that no theorem speaks of, or not with these parameters, has none.
    problem : Problem
        The problem it plays.
    horizon : int
        T.

    Examples
    --------
    >>> import banditkit as bk
    >>> [bound.theorem for bound in bk.bounds.bounds_of(bk.MOSS(), bk.Bernoulli((0.4, 0.6)), 100)]
    ['MOSS, sqrt(KT)']
    >>> bk.bounds.bounds_of(bk.UCB1(exploration=0.1), bk.Bernoulli((0.4, 0.6)), 100)
    []
    """
    kept = []
    theorems: Theorems = {}
    for chapter in _THEOREMS:
        if type(learner) in chapter:
            theorems |= chapter[type(learner)](learner, horizon)
    for theorem, function in theorems.items():
        try:
            function(problem, max(1, min(horizon, problem.spec.K)))  # no arms: they are numbers
        except ValueError:  # does not hold for this problem
            continue
        kept.append(Bound(theorem, partial(function, problem), function not in _FROM_BELOW))
    return kept
