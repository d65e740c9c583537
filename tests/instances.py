"""Instances of every problem and learner of the catalogue: what tests that walk it play with.

Whoever adds a class adds a line here; a test in tests/learners/test_oracles.py says so.
Problems are small, with what likes to go wrong: ties, sure arms, K = 1, rewards below 0.  Rewards
that repeat are binary fractions, such as 0.625, with exact sums, so that equal averages are equal
floats.
"""

import numpy as np

import banditkit as bk
from banditkit.core.play import blank_scorecard
from banditkit.core.verbs import complete

LEARNERS = {
    "Doubling": [
        bk.Doubling(bk.UCB1(anytime=False)),
        bk.Doubling(bk.SuccessiveElimination(exploration=0.1)),
        bk.Doubling(bk.Thompson()),
    ],
    "EpsilonGreedy": [bk.EpsilonGreedy(), bk.EpsilonGreedy(epsilon=0.1)],
    "ExploreFirst": [bk.ExploreFirst(), bk.ExploreFirst(N=5)],
    "Greedy": [bk.Greedy()],
    "IMED": [bk.IMED()],
    "KLUCB": [bk.KLUCB(), bk.KLUCB(c=3.0)],
    "MOSS": [bk.MOSS(), bk.MOSS(exploration=4.0)],
    "SuccessiveElimination": [
        bk.SuccessiveElimination(),
        bk.SuccessiveElimination(exploration=0.1),
    ],
    "Thompson": [bk.Thompson(), bk.Thompson(a=0.5, b=2.0)],
    "UCB1": [bk.UCB1(), bk.UCB1(exploration=0.5), bk.UCB1(anytime=False)],
    "UCBV": [bk.UCBV(), bk.UCBV(exploration=0.25)],
    "Uniform": [bk.Uniform()],
}

PROBLEMS = {
    "Bernoulli": [
        bk.Bernoulli((0.4, 0.6)),
        bk.Bernoulli((0.3,)),
        bk.Bernoulli((0.1, 0.5, 0.7, 0.7, 0.2, 0.7, 0.4)),
        bk.Bernoulli((0.0, 0.0, 0.0)),
        bk.Bernoulli((1.0, 1.0, 1.0)),
        bk.Bernoulli((0.0, 1.0)),
    ],
    "Beta": [bk.Beta(a=(1.0, 3.0, 0.3), b=(3.0, 1.0, 0.2))],
    "EmpiricalArms": [bk.EmpiricalArms([[0.0, 0.0, 1.0], [0.25, 0.75], [0.5]])],
    "Gaussian": [
        bk.Gaussian((0.2, 0.5, -0.1), std=0.3),
        bk.Gaussian((-3.2, -3.0), std=(0.1, 0.3)),
    ],
    "TwoPoint": [bk.TwoPoint([0.5] * 3, [0.625] * 3, (0.2, 0.9, 0.9))],
    "UniformArms": [
        bk.UniformArms(low=(0.0, 0.2, 0.5, 0.5), high=(1.0, 0.8, 0.5, 0.5)),
        bk.UniformArms(low=(0.1, 0.1, 0.3), high=(0.1, 0.1, 0.3)),
    ],
}


def all_of(table):
    """Return the instances of a table in one list."""
    return [instance for instances in table.values() for instance in instances]


def plays(learner, problem):
    """Tell whether a learner agrees to play a problem."""
    try:
        learner.check(problem)
    except ValueError:
        return False
    return True


def generators(seed):
    """Return generators of environment and learner."""
    return np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])


def regret_of(loop, problem, learner, *, horizon, seed, calls=(), gaps=None):
    """Return the regret after each round, as `loop` plays it; `calls` are times to pause at."""
    env_rng, policy_rng = generators(seed)
    env = complete(problem.start(horizon, env_rng))
    policy = complete(learner.start(problem.spec, horizon))
    if gaps is not None:
        env = env._replace(gaps=gaps)
    card = blank_scorecard(np.arange(1, horizon + 1))
    for until in (*calls, horizon):
        loop(env, policy, card, until, env_rng, policy_rng)
    return card.regret


def actions_of(loop, problem, learner, *, horizon, seed):
    """Return the arms that were pulled, as `loop` plays.

    A learner never sees the gaps.  With the number of each arm in place of its gap, regret adds
    up the numbers of the arms that were pulled.
    """
    numbers = np.arange(problem.spec.K, dtype=float)
    sums = regret_of(loop, problem, learner, horizon=horizon, seed=seed, gaps=numbers)
    return np.diff(sums, prepend=0.0).astype(int).tolist()
