"""How a table of values chooses an action: epsilon-greedily, or by Boltzmann's distribution."""

from typing import Any, NamedTuple

import numpy as np

from banditkit.core.draws import TIE, draw_index
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.weights import draw_arm, softmax
from banditkit.learners.divergence import divergence
from banditkit.learners.schedules import Course

__all__ = [
    "Actor",
    "NoAdvice",
    "advised",
    "best_action",
    "choose",
    "write_probabilities",
]

COLD = 1e-100  # at a temperature up to this there is the best action only, and no overflow


class NoAdvice(NamedTuple):
    """Nobody advises: values and rewards are what they are."""

    def lean(self, t, episode, x, a):
        return 0.0

    def reshape(self, Q, x, a, later, b):
        return 0.0


class Actor(NamedTuple):
    """A table of values, and who acts by it."""

    Q: np.ndarray  # (S, A)
    epsilon: Course  # probability of a random action
    temperature: Course  # of Boltzmann's distribution; 0: the best action
    episode: np.ndarray  # (1,) int64, episodes that are over
    p: np.ndarray  # (A,) room for their probabilities
    advice: Any

    def logged(self):
        return divergence(self.Q)


def advised(policy: Any, advice: Any) -> Any:
    """Return the policy, where who acts in it takes advice."""
    if isinstance(policy, Actor):
        return policy._replace(advice=advice)
    if isinstance(policy, tuple):
        return type(policy)(*(advised(field, advice) for field in policy))
    return policy


@jit_inline
def best_action(actor, t, s):
    """Return the first of the best actions in state s, up to rounding."""
    best = 0
    for a in range(1, actor.Q.shape[1]):
        if worth(actor, t, s, a) > worth(actor, t, s, best) + TIE:
            best = a
    return best


@jit_inline
def worth(actor, t, s, a):
    """Return the value of an action to who acts: what was learned, and what advice adds."""
    return actor.Q[s, a] + actor.advice.lean(t, actor.episode[0], s, a)


@jit_inline
def choose(actor, t, s, rng):
    """Draw the action in state s: one uniform number, and another where chance decides."""
    by_chance = rng.random() < actor.epsilon.value_at(t, actor.episode[0], 0)
    temperature = actor.temperature.value_at(t, actor.episode[0], 0)
    if by_chance:
        return draw_index(actor.Q.shape[1], rng)
    if temperature > COLD:
        write_softly(actor, t, s, temperature)
        return draw_arm(actor.p, rng)
    best = best_action(actor, t, s)
    if best == 0 and all_equal(actor, t, s):
        return draw_index(actor.Q.shape[1], rng)
    return best


@jit_inline
def all_equal(actor, t, s):
    """Tell whether all actions are equally good, up to rounding: where nothing is known yet."""
    a = 1
    while a < actor.Q.shape[1] and abs(worth(actor, t, s, a) - worth(actor, t, s, 0)) <= TIE:
        a += 1
    return a == actor.Q.shape[1]


@jit_helper
def write_softly(actor, t, s, temperature):
    """Write into p the probabilities that are proportional to exp(value / temperature)."""
    for a in range(actor.p.size):
        actor.p[a] = worth(actor, t, s, a) / temperature
    softmax(actor.p, actor.p)


@jit_helper
def write_probabilities(actor, t, s):
    """Write into p the probabilities of the actions in state s."""
    epsilon = actor.epsilon.value_at(t, actor.episode[0], 0)
    temperature = actor.temperature.value_at(t, actor.episode[0], 0)
    p = actor.p
    if temperature > COLD:
        write_softly(actor, t, s, temperature)
    else:
        best = best_action(actor, t, s)
        blank = all_equal(actor, t, s)
        for a in range(p.size):
            p[a] = 1.0 / p.size if blank else (1.0 if a == best else 0.0)
    for a in range(p.size):
        p[a] = epsilon / p.size + (1.0 - epsilon) * p[a]
