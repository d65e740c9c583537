"""The inner problem and its hyper-gradients: closed forms, finite differences, and each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import bilevel as naive

import banditkit as bk
from banditkit.bilevel import kernels
from banditkit.core.jit import interpreted

EVERY = [
    bk.bilevel.implicit,
    bk.bilevel.neumann,
    bk.bilevel.conjugate_gradients,
    bk.bilevel.first_order,
    bk.bilevel.one_step,
    bk.bilevel.forward_unroll,
    bk.bilevel.reverse_unroll,
]


def random_batch(rng, S, A, trajectories, *, steps=8, table=True):
    """Return trajectories with rewards of 0 or more, in a table or with random features."""
    columns = [[], [], [], []]
    for _ in range(trajectories):
        n = rng.integers(1, steps + 1)
        states = np.eye(S)[rng.integers(0, S, n)] if table else rng.standard_normal((n, S))
        row = states, rng.integers(0, A, n), rng.random(n), rng.random(n)
        for column, each in zip(columns, row, strict=True):
            column.append(each)
    return bk.bilevel.batch_of(*columns, longest=steps + 1)


def random_problem(seed, *, S=3, A=3, entropy=0.25, table=True, trajectories=30):
    """Return an inner problem, and another one whose objective is the upper level's."""
    rng = np.random.default_rng(seed)
    batch = random_batch(rng, S, A, trajectories, table=table)
    reward = bk.bilevel.reward_model(S, base=(0, 0.5, 0.5), phi=rng.random((3, S)), gamma=0.9)
    inner = bk.bilevel.InnerProblem(batch, reward, A, entropy)
    played = random_batch(rng, S, A, 5, table=table)
    primary = bk.bilevel.reward_model(S, base=(0, 1, 0))
    return inner, bk.bilevel.InnerProblem(played, primary, A)


def differences(function, x, width):
    """Return central differences of order four of a function of an array."""
    slopes = np.zeros(np.shape(x))
    for i in np.ndindex(*np.shape(x)):
        step = np.zeros(np.shape(x))
        step[i] = width
        near = function(x + step) - function(x - step)
        far = function(x + 2 * step) - function(x - 2 * step)
        slopes[i] = (8 * near - far) / (12 * width)
    return slopes


def off(found, wanted):
    """Return the relative error of the largest entry."""
    return np.abs(found - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_objective_gradient_and_hessian_are_those_of_the_definition(seed, table):
    inner, _ = random_problem(seed, table=table, trajectories=6)
    rng = np.random.default_rng(seed)
    theta, U = rng.standard_normal((2, 3, 3))
    assert inner.objective(theta) == pytest.approx(naive.objective(inner, theta), rel=1e-12)
    assert inner.returns == pytest.approx(naive.returns(inner), rel=1e-12)
    assert off(inner.gradient(theta), differences(inner.objective, theta, 1e-3)) < 1e-8
    along = (inner.gradient(theta + 1e-5 * U) - inner.gradient(theta - 1e-5 * U)) / 2e-5
    assert off(inner.hessian_vector(theta, U), along) < 1e-7
    H = inner.hessian(theta)
    assert pytest.approx(H.T, abs=1e-14) == H
    assert (H @ U.ravel()).reshape(U.shape) == pytest.approx(inner.hessian_vector(theta, U))


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_cross_derivatives_are_those_of_the_gradient(seed, table):
    inner, _ = random_problem(seed, table=table, trajectories=6)
    theta, U = np.random.default_rng(seed).standard_normal((2, 3, 3))
    phi, gamma = inner.reward.phi, kernels.gamma_of(inner.reward)
    moved, slope = inner.contract(theta, U)

    def by_phi(phi):
        return float((U * inner.with_reward(phi=phi).gradient(theta)).sum())

    def by_gamma(gamma):
        return float((U * inner.with_reward(gamma=float(gamma)).gradient(theta)).sum())

    assert off(moved, differences(by_phi, phi, 1e-3)) < 1e-8
    assert off(slope, differences(by_gamma, np.array(gamma), 1e-4)) < 1e-8
    both = U.ravel() @ inner.cross_matrix(theta)  # written down in another way
    assert both == pytest.approx([*moved.ravel(), slope], rel=1e-10)


def test_what_is_not_learned_has_no_gradient():
    inner, upper = random_problem(0)
    learned = np.array([True, False, True])
    inner = bk.bilevel.InnerProblem(inner.batch, inner.reward._replace(learned=learned), 3, 0.25)
    theta = inner.solve()
    for each in EVERY:
        found = each(inner, theta, upper.gradient, rate=0.5, steps=3).phi
        assert (found[1] == 0.0).all()
        assert (found[[0, 2]] != 0.0).any(axis=1).all()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    S=st.integers(1, 4),
    A=st.integers(2, 3),
    entropy=st.sampled_from([0.1, 0.25, 1.0]),
)
def test_the_implicit_gradient_is_that_of_the_solved_problem(seed, S, A, entropy):
    """By phi of each kind and by gamma, against differences of the inner problem solved anew."""
    inner, upper = random_problem(seed, S=S, A=A, entropy=entropy)
    theta = inner.solve()
    assert np.abs(inner.gradient(theta)).max() < 1e-13
    found = bk.bilevel.implicit(inner, theta, upper.gradient)
    phi, gamma = inner.reward.phi, kernels.gamma_of(inner.reward)

    def value(**changes):
        return upper.objective(inner.with_reward(**changes).solve(theta))

    wanted = differences(lambda phi: value(phi=phi), phi, 2e-3)
    assert off(found.phi, wanted) < 1e-6
    slope = differences(lambda gamma: value(gamma=float(gamma)), np.array(gamma), 1e-3)
    assert found.gamma == pytest.approx(float(slope), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_neumann_converges_below_the_largest_stable_rate_and_not_beyond(seed):
    inner, upper = random_problem(seed)
    theta = inner.solve()
    exact = bk.bilevel.implicit(inner, theta, upper.gradient)
    largest = -2.0 / bk.bilevel.lowest_eigenvalue(inner, theta)
    for share in (0.1, 0.5, 0.99):
        rate = share * largest
        series = bk.bilevel.neumann(inner, theta, upper.gradient, rate=rate, steps=20_000)
        assert off(series.phi, exact.phi) < 1e-9
        assert series.gamma == pytest.approx(exact.gamma, rel=1e-9)
    with pytest.raises(ValueError, match=r"diverges at rate .* must be below"):
        bk.bilevel.neumann(inner, theta, upper.gradient, rate=1.001 * largest)
    # beyond it the powers grow, along the eigenvector, with each step
    _, vectors = np.linalg.eigh(inner.hessian(theta))
    u = vectors[:, 0].reshape(theta.shape)
    for share, grows in ((0.999, False), (1.001, True)):
        following = u + share * largest * inner.hessian_vector(theta, u)
        assert (np.linalg.norm(following) > np.linalg.norm(u)) == grows


def test_the_residual_of_neumann_falls_monotonically_below_half_of_that_rate():
    inner, upper = random_problem(3)
    theta = inner.solve()
    rate = -1.0 / bk.bilevel.lowest_eigenvalue(inner, theta)
    v = upper.gradient(theta)
    v2, power, before = np.zeros_like(v), v.copy(), np.inf
    for _ in range(50):
        v2 += rate * power
        power = power + rate * inner.hessian_vector(theta, power)
        left = np.linalg.norm(inner.hessian_vector(theta, v2) + v)
        assert left < before or left < 1e-14
        before = left


@pytest.mark.parametrize("seed", range(5))
def test_the_relations_between_them(seed):
    inner, upper = random_problem(seed)
    theta = inner.solve()
    ask = {"inner": inner, "theta": theta, "upper": upper.gradient}
    exact = bk.bilevel.implicit(**ask)
    rate = -1.0 / bk.bilevel.lowest_eigenvalue(inner, theta)
    # from a maximum, an unroll of T steps is the series with T - 1, and carried either way
    for T in (1, 2, 7):
        series = bk.bilevel.neumann(**ask, rate=rate, steps=T - 1)
        for unroll in (bk.bilevel.forward_unroll, bk.bilevel.reverse_unroll):
            found = unroll(**ask, rate=rate, steps=T)
            assert found.phi == pytest.approx(series.phi, rel=1e-8, abs=1e-14)
            assert found.gamma == pytest.approx(series.gamma, rel=1e-8)
    # from anywhere, both ways of an unroll are one, and it becomes the implicit gradient
    start = np.random.default_rng(seed).standard_normal(theta.shape)
    away = {"inner": inner, "theta": start, "upper": upper.gradient, "rate": rate}
    forward = bk.bilevel.forward_unroll(**away, steps=30)
    backward = bk.bilevel.reverse_unroll(**away, steps=30)
    assert forward.phi == pytest.approx(backward.phi, rel=1e-10, abs=1e-15)
    assert forward.gamma == pytest.approx(backward.gamma, rel=1e-10)
    assert (forward.theta == backward.theta).all()
    away["rate"] = 0.1 * rate
    errors = [
        off(bk.bilevel.reverse_unroll(**away, steps=T).phi, exact.phi) for T in (3, 30, 20_000)
    ]
    assert errors[0] > 0.01
    assert errors[1] > errors[2]
    assert errors[2] < 1e-6
    # no steps of the series are the first-order direction; so is one step, if asked at theta
    first = bk.bilevel.first_order(**ask)
    none = bk.bilevel.neumann(**ask, rate=0.3, steps=0)
    assert none.phi == pytest.approx(0.3 * first.phi, rel=1e-12)
    once = bk.bilevel.one_step(inner, theta, lambda _: upper.gradient(theta), rate=0.3)
    assert once.phi == pytest.approx(0.3 * first.phi, rel=1e-12)
    # conjugate gradients need no more products than there are directions
    found = bk.bilevel.conjugate_gradients(**ask, steps=theta.size)
    assert off(found.phi, exact.phi) < 1e-7


@pytest.mark.parametrize("table", [True, False])
def test_one_step_and_unrolls_are_derivatives_of_the_steps(table):
    """Of the upper objective after gradient ascent, by central differences, wherever it begins."""
    inner, upper = random_problem(5, table=table)
    start = np.random.default_rng(5).standard_normal((3, 3))
    for each, T in ((bk.bilevel.one_step, 1), (bk.bilevel.forward_unroll, 4)):

        def value(phi, T=T):
            theta, moved = start, inner.with_reward(phi=phi)
            for _ in range(T):
                theta = theta + 0.7 * moved.gradient(theta)
            return upper.objective(theta)

        found = each(inner, start, upper.gradient, rate=0.7, steps=T)
        assert off(found.phi, differences(value, inner.reward.phi, 1e-3)) < 1e-7


def test_a_frozen_reward_is_plain_policy_gradient():
    """phi_1 = 0, phi_3 = 1 and gamma = .99: the lower gradient is that of the naive sum (A.9, 4)."""
    inner, _ = random_problem(1)
    S, A, batch = 3, 3, inner.batch
    naive_sum = bk.bilevel.reward_model(S, base=(0, 1, 1), gamma=0.99)
    problem = bk.bilevel.InnerProblem(batch, naive_sum, A)
    theta = np.random.default_rng(0).standard_normal((A, S))
    p = problem.policies(theta)
    gradient = np.zeros((A, S))
    for begin, end in zip(batch.first[:-1], batch.first[1:], strict=True):
        G = 0.0
        for t in reversed(range(begin, end)):
            G = batch.primary[t] + batch.auxiliary[t] + 0.99 * G
            score = np.outer(np.eye(A)[batch.action[t]] - p[t], batch.weight[t])
            gradient += G * score / batch.longest / (batch.first.size - 1)
    assert problem.gradient(theta) == pytest.approx(gradient, rel=1e-10)


def test_the_same_added_to_all_preferences_changes_nothing():
    inner, upper = random_problem(2)
    theta = inner.solve()
    shift = np.random.default_rng(0).standard_normal(3)  # of each state
    assert inner.objective(theta + shift) == pytest.approx(inner.objective(theta), rel=1e-12)
    here = bk.bilevel.implicit(inner, theta, upper.gradient)
    there = bk.bilevel.implicit(inner, theta + shift, upper.gradient)
    assert there.phi == pytest.approx(here.phi, rel=1e-9, abs=1e-14)


def test_a_misleading_bonus_is_to_be_weighed_less():
    """The heuristic pays for the action that leads away: dJ / dw_3 is negative (A.9, 6)."""
    rng = np.random.default_rng(0)
    states, actions, primary, auxiliary = [], [], [], []
    for _ in range(60):  # a chain of 5: action 1 leads on, and to the end, where 1 is paid
        s, row = 0, ([], [], [], [])
        for _ in range(12):
            a = int(rng.random() < 0.5)
            then = min(s + 1, 5) if a else max(s - 1, 0)
            step = np.eye(5)[s], a, float(then == 5), float(a == 0)
            for column, each in zip(row, step, strict=True):
                column.append(each)
            if then == 5:
                break
            s = then
        for column, each in zip((states, actions, primary, auxiliary), row, strict=True):
            column.append(each)
    batch = bk.bilevel.batch_of(states, actions, primary, auxiliary)
    reward = bk.bilevel.reward_model(5, base=(0, 1, 0.1), gamma=0.95)
    inner = bk.bilevel.InnerProblem(batch, reward, 2, entropy=0.25)
    upper = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(5, base=(0, 1, 0)), 2)
    found = bk.bilevel.implicit(inner, inner.solve(), upper.gradient)
    assert found.phi[2].sum() < 0.0 < found.phi[1].sum()


def test_where_there_is_no_maximum_the_exact_solver_says_so():
    rng = np.random.default_rng(0)
    batch = random_batch(rng, 2, 2, 10)
    worse = bk.bilevel.reward_model(2, base=(0, -1, -1))  # returns below 0, and no entropy
    inner = bk.bilevel.InnerProblem(batch, worse, 2)
    theta = np.zeros((2, 2))
    for each in (bk.bilevel.implicit, bk.bilevel.conjugate_gradients):
        with pytest.raises(bk.bilevel.NotAMaximum, match="curve"):
            each(inner, theta, lambda theta: np.array([[1.0, 2.0], [-1.0, -2.0]]), steps=10)
    with pytest.raises(bk.bilevel.NotAMaximum, match="raise entropy"):
        inner.solve(theta + 0.1)
    assert issubclass(bk.bilevel.NotAMaximum, ValueError)


def test_where_the_objective_is_flat_along_a_direction_that_matters_it_says_so():
    """A state that pays nothing yet: a little of a bonus there would carry theta far away."""
    states = [[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]]
    batch = bk.bilevel.batch_of(states, [[0], [1], [0]], [[1.0], [0.5], [0.0]])
    reward = bk.bilevel.reward_model(2)
    flat = bk.bilevel.InnerProblem(batch, reward, 2)
    theta = flat.solve()
    wanted = np.array([[0.0, 1.0], [0.0, -1.0]])  # action 0 in that state
    for each in (bk.bilevel.implicit, bk.bilevel.conjugate_gradients):
        with pytest.raises(bk.bilevel.NotAMaximum, match=r"direction that matters.*raise entropy"):
            each(flat, theta, lambda _: wanted, steps=10)
    # where nobody asks, it does not matter; in the other state the preferences differ by
    # log((1 + phi) / (1/2 + phi)), which moves by 1 - 2
    found = bk.bilevel.implicit(flat, theta, lambda _: wanted[:, ::-1])
    assert found.phi[0] == pytest.approx([-1.0, 0.0])
    # with entropy there is an answer: near 1/2 the preferences differ by 2 phi / entropy
    held = bk.bilevel.InnerProblem(batch, reward, 2, entropy=0.01)
    found = bk.bilevel.implicit(held, held.solve(), lambda _: wanted)
    assert found.phi[0, 1] == pytest.approx(2.0 / 0.01)


def test_a_policy_that_is_all_but_sure_still_has_an_answer():
    """The Hessian is 0 up to rounding where an action pays a lot; nothing moves there."""
    states = [[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]], [[0.0, 1.0]]]
    answers = []
    for prize in (1.0, 100.0, 10_000.0):
        batch = bk.bilevel.batch_of(states, [[0], [1]] * 2, [[1.0], [0.5], [prize], [0.0]])
        inner = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(2), 2, entropy=0.25)
        upper = bk.bilevel.InnerProblem(batch, bk.bilevel.reward_model(2, base=(0, 1, 0)), 2)
        found = bk.bilevel.implicit(inner, inner.solve(), upper.gradient)
        answers.append(found.phi)
    assert answers[1][0, 0] == pytest.approx(answers[0][0, 0], rel=1e-6)
    assert answers[2][0, 0] == pytest.approx(answers[0][0, 0], rel=1e-6)
    assert abs(answers[2][:, 1]).max() < abs(answers[1][:, 1]).max() + 1e-9 < 1e-6


@pytest.mark.parametrize("table", [True, False])
def test_compiled_and_interpreted_kernels_are_the_same_to_the_bit(table):
    inner, _ = random_problem(4, table=table)
    theta, U = np.random.default_rng(4).standard_normal((2, 3, 3))
    batch, model, G = inner.batch, inner.reward, np.zeros_like(inner.returns)
    interpreted(kernels.write_returns)(batch, model, G)
    assert (G == inner.returns).all()
    policies = kernels.blank_policies(G.size, 3)
    interpreted(kernels.write_policies)(batch, theta, policies)
    assert (policies.p == inner.policies(theta)).all()
    assert interpreted(kernels.objective)(batch, policies, G, 0.25) == inner.objective(theta)
    out = np.zeros((3, 3))
    interpreted(kernels.gradient)(batch, policies, G, 0.25, out)
    assert (out == inner.gradient(theta)).all()
    interpreted(kernels.hessian_vector)(batch, policies, G, 0.25, U, out)
    assert (out == inner.hessian_vector(theta, U)).all()
    moved, slope = inner.contract(theta, U)
    assert interpreted(kernels.contract)(batch, policies, model, U, out) == slope
    assert (out == moved).all()


BATCH = [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], [], []), "a trajectory or more; got none"),
        (([BATCH], [[0]], [[0.0, 1.0]]), "actions of trajectory 0 .* 2 steps; got 1"),
        (([BATCH], [[0, 1]], [[0.0, np.nan]]), "primary of trajectory 0"),
        (([BATCH], [[0, 1]], [[0.0, 1.0]], [[np.nan, 0.0]]), "auxiliary of trajectory 0"),
        (([BATCH], [[0, 1]], [[0.0, 1.0]] * 2), "primary must have an entry for each of the 1"),
        (([BATCH], [[0, -1]], [[0.0, 1.0]]), "whole numbers from 0 on"),
        (([BATCH], [[0.5, 1]], [[0.0, 1.0]]), "whole numbers from 0 on"),
        (([BATCH, [[1.0]]], [[0, 1], [0]], [[0.0, 1.0], [0.0]]), "trajectory 1 has 1"),
        (([[[np.inf, 0.0]]], [[0]], [[0.0]]), "features of trajectory 0"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        bk.bilevel.batch_of(*arguments)


def test_other_wrong_numbers_are_refused():
    inner, upper = random_problem(0)
    theta = np.zeros((3, 3))
    for kind, words in (
        ({"base": (0, 1)}, "three entries"),
        ({"gamma": 1.0}, "gamma"),
        ({"phi": np.zeros((2, 3))}, "3 rows"),
        ({"learned": (True,)}, "three entries"),
    ):
        with pytest.raises(ValueError, match=words):
            bk.bilevel.reward_model(3, **kind)
    with pytest.raises(ValueError, match="numbered from 0 to 1"):
        bk.bilevel.InnerProblem(inner.batch, inner.reward, 2)
    with pytest.raises(ValueError, match="entropy"):
        bk.bilevel.InnerProblem(inner.batch, inner.reward, 3, entropy=-1.0)
    with pytest.raises(ValueError, match="reward has 2 features"):
        bk.bilevel.InnerProblem(inner.batch, bk.bilevel.reward_model(2), 3)
    for each in EVERY[4:]:
        with pytest.raises(ValueError, match="rate"):
            each(inner, theta, upper.gradient, rate=-1.0)
    for each in (bk.bilevel.neumann, bk.bilevel.forward_unroll):
        with pytest.raises(ValueError, match="steps"):
            each(inner, theta, upper.gradient, steps=-1)


def test_shapes_and_numbers_are_checked_before_they_are_used():
    inner, upper = random_problem(0)
    theta = inner.solve()
    for wrong in (np.zeros((2, 3)), np.zeros((1, 1)), np.zeros(9), np.full((3, 3), np.nan), "no"):
        for each in (inner.objective, inner.gradient, inner.policies, inner.hessian, inner.solve):
            with pytest.raises(ValueError, match="theta must be"):
                each(wrong)
        for each in EVERY:
            with pytest.raises(ValueError, match="theta must be"):
                each(inner, wrong, upper.gradient)
            with pytest.raises(ValueError, match="upper must return"):
                each(inner, theta, lambda _, wrong=wrong: wrong)
    with pytest.raises(ValueError, match="U must be numbers of shape"):
        inner.hessian_vector(theta, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="phi must be numbers of shape"):
        inner.with_reward(phi=np.zeros((1, 3)))
    with pytest.raises(ValueError, match="gamma must lie"):
        inner.with_reward(gamma=2.0)
    with pytest.raises(TypeError, match="base"):  # else kernels would read beyond its end
        inner.with_reward(base=(0.0, 1.0))
    with pytest.raises(ValueError, match="upper must be a function of theta"):
        bk.bilevel.first_order(inner, theta, None)
    for steps in (0, -1, "many"):
        with pytest.raises(ValueError, match="steps must be a whole number, 1 or more"):
            inner.solve(steps=steps)
    whole = bk.bilevel.InnerProblem(inner.batch, inner.reward, 3.0, inner.entropy)
    assert (whole.gradient(theta) == inner.gradient(theta)).all()
    with pytest.raises(ValueError, match="reward has 4 features, the batch has 3"):
        bk.bilevel.InnerProblem(inner.batch, bk.bilevel.reward_model(4), 3)
    with pytest.raises(ValueError, match="needs a batch and a reward"):
        bk.bilevel.InnerProblem(3, inner.reward, 3)
    with pytest.raises(ValueError, match="learned must be True or False"):
        bk.bilevel.reward_model(3, learned=(1, 2, 3))


def test_what_is_no_maximum_and_what_diverges_is_said():
    inner, upper = random_problem(0)
    theta = inner.solve()
    with pytest.raises(bk.bilevel.NotAMaximum, match="theta is no maximum: Delta is"):
        bk.bilevel.implicit(inner, theta + np.eye(3), upper.gradient)
    for unroll in (bk.bilevel.forward_unroll, bk.bilevel.reverse_unroll):
        with pytest.raises(ValueError, match="the steps diverge at rate 1e\\+300"):
            unroll(inner, theta + np.eye(3), upper.gradient, rate=1e300, steps=50)
    saddle = bk.bilevel.batch_of([[[1.0]], [[1.0]]], [[0], [1]], [[-1.0], [-0.5]])
    problem = bk.bilevel.InnerProblem(saddle, bk.bilevel.reward_model(1, base=(0, 1, 0)), 2)
    with pytest.raises(bk.bilevel.NotAMaximum, match="terms of the Neumann series grow"):
        bk.bilevel.neumann(
            problem, np.array([[0.1], [0.0]]), lambda _: np.array([[1.0], [-1.0]]), rate=0.5
        )
