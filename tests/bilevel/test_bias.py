"""Rewards that correct a learner's bias: identities, and the updates themselves from definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import banditkit as bk
from banditkit import planning


def random_mdp(seed, S, A, gamma):
    """Return an MDP in which every policy ends, in the last state."""
    rng = np.random.default_rng(seed)
    P = 0.8 * rng.dirichlet(np.full(S, 0.5), size=(S, A))
    P[:, :, -1] += 0.2
    rewards, first = rng.normal(size=(S, A, S)), rng.dirichlet(np.ones(S - 1))
    return bk.MDP(P, rewards, gamma, terminal=[S - 1], initial=[*first, 0.0])


def random_policy(seed, mdp):
    shape = mdp.spec.S, mdp.spec.A
    return softmax(np.random.default_rng([seed, 1]).normal(size=shape))


def softmax(theta):
    weights = np.exp(theta - theta.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


problems = st.builds(
    random_mdp,
    seed=st.integers(0, 10_000),
    S=st.integers(2, 7),
    A=st.integers(1, 4),
    gamma=st.sampled_from([0.0, 0.3, 0.9, 0.999, 1.0]),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(mdp=problems, seed=st.integers(0, 10_000))
def test_with_the_corrected_reward_the_update_is_the_policy_gradient(mdp, seed):
    pi, beta = random_policy(seed, mdp), random_policy(seed + 1, mdp)
    wanted = bk.bilevel.policy_gradient(mdp, pi)
    for behaviour in (None, beta):
        reward = bk.bilevel.bias_corrected_reward(mdp, pi, behaviour=behaviour)
        found = bk.bilevel.dropped_gradient(mdp, pi, reward, 0.0, behaviour=behaviour)
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_without_it_the_update_is_another_one():
    """So that the identity says something; and with gamma 1 there is nothing to drop."""
    for seed in range(5):
        mdp = random_mdp(seed, 5, 3, 0.7)
        pi, beta = random_policy(seed, mdp), random_policy(seed + 1, mdp)
        wanted = bk.bilevel.policy_gradient(mdp, pi)
        largest = np.abs(wanted).max()
        for behaviour in (None, beta):
            found = bk.bilevel.dropped_gradient(mdp, pi, behaviour=behaviour)
            assert np.abs(found - wanted).max() > 0.1 * largest
        mine = bk.bilevel.bias_corrected_reward(mdp, pi)
        theirs = bk.bilevel.dropped_gradient(mdp, pi, mine, 0.0, behaviour=beta)
        assert np.abs(theirs - wanted).max() > 0.1 * largest
        mdp = random_mdp(seed, 5, 3, 1.0)
        wanted = bk.bilevel.policy_gradient(mdp, pi)
        assert bk.bilevel.dropped_gradient(mdp, pi) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_policy_gradient_is_that_of_the_value(seed):
    """Central differences of the exact value in the start, by each preference."""
    mdp = random_mdp(seed, 4, 3, 0.9)
    theta = np.random.default_rng(seed).normal(size=(4, 3))

    def value(theta):
        return mdp.start_distribution @ planning.evaluate(mdp, softmax(theta))

    slopes = np.zeros_like(theta)
    for i in np.ndindex(*theta.shape):
        step = np.zeros_like(theta)
        step[i] = 1e-5
        slopes[i] = (value(theta + step) - value(theta - step)) / 2e-5
    found = bk.bilevel.policy_gradient(mdp, softmax(theta))
    assert found == pytest.approx(slopes, abs=1e-9)


@pytest.mark.parametrize("gamma", [0.0, 0.6, 1.0])
def test_the_dropped_gradient_is_its_sum_over_time(gamma):
    """By forward sums over 400 steps of all that may happen."""
    mdp = random_mdp(1, 4, 3, 0.9)
    pi, beta = random_policy(1, mdp), random_policy(2, mdp)
    reward = np.random.default_rng(5).normal(size=(4, 3))
    reward[3] = 0.0
    P = planning.transitions(mdp.model).toarray().reshape(4, 3, 4)
    G, here, visits = np.zeros((4, 3)), np.array(mdp.start_distribution), np.zeros(4)
    for _ in range(400):
        G = reward + gamma * P @ (beta * G).sum(axis=1)
        visits += np.where(np.arange(4) < 3, here, 0.0)
        here = np.einsum("s,sa,saz->z", here, beta, P)
    wanted = np.zeros((4, 3))
    for s, a, b in itertools.product(range(4), range(3), range(3)):
        wanted[s, b] += visits[s] * beta[s, a] * ((a == b) - pi[s, b]) * G[s, a]
    found = bk.bilevel.dropped_gradient(mdp, pi, reward, gamma, behaviour=beta)
    assert found == pytest.approx(wanted, rel=1e-11, abs=1e-13)


def test_it_is_the_expectation_of_the_lower_level_of_barfi():
    """All eight walks of three tosses, each as likely: the mean of a batch is the expectation."""
    # state 2 i + c: toss i is next, and the last one showed c; the end is state 6
    P, rewards = np.zeros((7, 2, 7)), np.random.default_rng(0).normal(size=(7, 2))
    rewards[6] = 0.0
    for s, a in itertools.product(range(6), range(2)):
        P[s, a, min(2 * (s // 2 + 1) + a, 6)] = 1.0
    mdp = bk.MDP(P, rewards, 0.7, terminal=[6], initial=np.eye(7)[0])
    columns = [[], [], []]
    for tosses in itertools.product(range(2), repeat=3):
        states = [0, 2 + tosses[0], 4 + tosses[1]]
        paid = [rewards[s, a] for s, a in zip(states, tosses, strict=True)]
        for column, each in zip(columns, (np.eye(7)[states], tosses, paid), strict=True):
            column.append(each)
    batch = bk.bilevel.batch_of(*columns, longest=4)
    primary = bk.bilevel.reward_model(7, base=(0, 1, 0), gamma=0.7)
    theta = np.random.default_rng(1).normal(size=(7, 2))
    update = 4 * bk.bilevel.InnerProblem(batch, primary, A=2).gradient(theta.T).T
    coin = np.full((7, 2), 0.5)
    found = bk.bilevel.dropped_gradient(mdp, softmax(theta), behaviour=coin)
    assert found == pytest.approx(update, abs=1e-14)


def test_actions_for_probabilities_models_and_starts():
    mdp = random_mdp(0, 4, 3, 0.9)
    actions, start = np.array([0, 2, 1, 0]), np.array([0.2, 0.3, 0.5, 0.0])
    sure = np.eye(3)[actions]
    for each in (
        bk.bilevel.policy_gradient,
        bk.bilevel.dropped_gradient,
        bk.bilevel.bias_corrected_reward,
    ):
        assert (each(mdp, actions) == each(mdp, sure)).all()
        assert (each(mdp.model, sure, start=start) == each(mdp, sure, start=start)).all()
        assert each(mdp, sure, start=mdp.start_distribution) == pytest.approx(each(mdp, sure))
        with pytest.raises(ValueError, match="give start"):
            each(mdp.model, sure)
    # what is never met is paid nothing
    reward = bk.bilevel.bias_corrected_reward(mdp, actions)
    assert (reward[sure == 0.0] == 0.0).all()
    assert (reward[3] == 0.0).all()


def test_bad_input_is_refused():
    mdp = random_mdp(0, 4, 3, 0.9)
    pi, one = random_policy(0, mdp), np.zeros(4, dtype=int)
    with pytest.raises(ValueError, match="never takes action 1 in state 0, and policy does"):
        bk.bilevel.bias_corrected_reward(mdp, pi, behaviour=one)
    with pytest.raises(ValueError, match="reward must have shape"):
        bk.bilevel.dropped_gradient(mdp, pi, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="gamma must lie in"):
        bk.bilevel.dropped_gradient(mdp, pi, gamma=1.5)
    with pytest.raises(ValueError, match="never ends"):
        bk.bilevel.bias_corrected_reward(bk.RiverSwim(n=3), np.full((3, 2), 0.5))
    with pytest.raises(ValueError, match="planning needs an MDP"):
        bk.bilevel.bias_corrected_reward(bk.OpenField, pi)
