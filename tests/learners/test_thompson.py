"""Thompson sampling: its draws are its own, so it is compared with its oracle in law."""

import numpy as np
import pytest
from naive import learners as naive
from naive.play import coins, play
from scipy import stats
from scipy.integrate import quad

import banditkit as bk
from banditkit.core.jit import jit
from banditkit.core.verbs import complete

N = 200_000


@jit
def count_choices(policy, rounds, K, rng):
    counts = np.zeros(K)
    for _ in range(rounds):
        counts[policy.select(0, None, rng)] += 1.0
    return counts


@jit
def reward_always(policy, reward, rounds, rng):
    for t in range(rounds):
        policy.update(t, None, policy.select(t, None, rng), reward)


def probability_of_being_best(a, b):
    """Return P(theta_i is the largest) for independent Betas: the integral of f_i prod_j F_j."""
    laws = [stats.beta(*shapes) for shapes in zip(a, b, strict=True)]

    def best(i):
        others = [law for j, law in enumerate(laws) if j != i]
        integral, error = quad(
            lambda x: laws[i].pdf(x) * np.prod([law.cdf(x) for law in others]),
            *(0.0, 1.0),
            epsabs=1e-10,
            limit=200,
        )
        assert error < 1e-6
        return integral

    return np.array([best(i) for i in range(len(laws))])


@pytest.mark.parametrize(
    ("prior", "successes", "failures"),
    [
        ((1.0, 1.0), (0, 0), (0, 0)),
        ((1.0, 1.0), (3, 5, 2), (7, 6, 2)),
        ((1.0, 1.0), (0, 1, 9, 30), (1, 0, 11, 31)),
        ((0.5, 2.0), (0, 4), (3, 5)),
        ((2.0, 0.7), (1, 0, 2), (0, 2, 6)),
    ],
)
def test_an_arm_is_pulled_as_often_as_it_is_likely_to_be_the_best(prior, successes, failures):
    # Slivkins, Lemma 3.7
    K, (a, b) = len(successes), prior
    policy = complete(bk.Thompson(a=a, b=b).start(bk.Arms(K), 100))
    for arm in range(K):
        for reward, times in ((1.0, successes[arm]), (0.0, failures[arm])):
            for _ in range(times):
                policy.select(0, None, np.random.default_rng(0))
                policy.update(0, None, arm, reward)
    p = probability_of_being_best(a + np.array(successes), b + np.array(failures))
    assert p.sum() == pytest.approx(1.0, abs=1e-7)
    frequencies = count_choices(policy, N, K, np.random.default_rng(8)) / N
    assert (abs(frequencies - p) < 5 * np.sqrt(p * (1.0 - p) / N)).all()


@pytest.mark.parametrize("reward", [0.0, 0.25, 0.9, 1.0])
def test_a_reward_counts_as_a_success_with_its_own_probability(reward):
    policy = complete(bk.Thompson().start(bk.Arms(2), N))
    reward_always(policy, reward, N, np.random.default_rng(9))
    successes, failures = policy.a.sum() - 2.0, policy.b.sum() - 2.0
    assert successes + failures == N
    assert abs(successes / N - reward) <= 5 * np.sqrt(reward * (1.0 - reward) / N)


def fractions(means):
    """Return arms that pay half or one and a half of their mean."""
    return [lambda rng, m=m: m * (0.5 if rng.random() < 0.5 else 1.5) for m in means]


@pytest.mark.parametrize(
    ("problem", "arms_of"),
    [
        (bk.Bernoulli((0.3, 0.5, 0.6)), coins),
        (bk.TwoPoint((0.15, 0.25, 0.3), (0.45, 0.75, 0.9), (0.5, 0.5, 0.5)), fractions),
    ],
    ids=["Bernoulli", "TwoPoint"],
)
def test_its_regret_has_the_law_of_its_oracles(problem, arms_of):
    T, games, means = 100, 1500, (0.3, 0.5, 0.6)
    rng = np.random.default_rng(10)
    oracles = [
        play(naive.Thompson(3), arms_of(means), means, T, rng, rng)[2][-1] for _ in range(games)
    ]
    result = bk.simulate(problem, [bk.Thompson()], horizon=T, replications=10_000, seed=11)
    regret = result.regret[0, :, -1]
    error = np.sqrt(np.var(oracles) / games + regret.var() / regret.size)
    assert abs(np.mean(oracles) - regret.mean()) < 5 * error
    assert stats.ks_2samp(oracles, regret).pvalue > 1e-6
