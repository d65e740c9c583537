"""Episodes of a fixed length: against dynamic programming by hand, and every trajectory."""

import math

import numpy as np
import pytest
from instances import generators

import banditkit as bk
from banditkit.core.play import blank_scorecard, play, play_interpreted
from banditkit.core.verbs import complete

S, A = 4, 2


def tables(seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(S, 0.6), size=(S, A)), rng.normal(size=(S, A, S))


def random_mdp(seed, **options):
    """Return an MDP in which state 3 is terminal; its own gamma should not count."""
    return bk.MDP(*tables(seed), 0.7, terminal=[3], initial=[0.5, 0.2, 0.3, 0.0], **options)


def best_values(P, R, gamma, H):
    """Return V and Q by step of the episode, as dicts, from the last step back."""
    V = {(H, s): 0.0 for s in range(S)}
    Q = {}
    for h in reversed(range(H)):
        for s in range(S):
            for a in range(A):
                outcomes = [P[s, a, z] * (R[s, a, z] + gamma * V[h + 1, z]) for z in range(S)]
                Q[h, s, a] = math.fsum(outcomes)
            V[h, s] = 0.0 if s == 3 else max(Q[h, s, a] for a in range(A))
    return V, Q


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gamma", [1.0, 0.6, 0.0])
@pytest.mark.parametrize("H", [1, 2, 7])
def test_gaps_are_those_of_dynamic_programming(H, gamma, seed):
    problem = bk.FiniteHorizon(random_mdp(seed), H, gamma)
    V, Q = best_values(*tables(seed), gamma, H)
    assert problem.gaps.shape == (H, S, A)
    for h, s, a in np.ndindex(H, 3, A):
        assert problem.gaps[h, s, a] == pytest.approx(V[h, s] - Q[h, s, a], abs=1e-13)
    assert not problem.gaps[:, 3].any()
    assert (problem.gaps.min(axis=2) == 0.0).all()


def test_what_is_best_depends_on_the_steps_that_are_left():
    """The river: at the end of an episode nobody far from the last state swims."""
    swim = bk.FiniteHorizon(bk.RiverSwim(n=4), 20)
    first, last = swim.gaps[0].argmin(axis=1), swim.gaps[-1].argmin(axis=1)
    assert first.tolist() == [1, 1, 1, 1]
    assert last.tolist() == [0, 0, 0, 1]
    assert swim.gaps[-1, 0].tolist() == [0.0, 5.0]
    assert swim.gaps[-1, 3].tolist() == [3000.0, 0.0]


def test_long_episodes_are_like_endless_ones():
    """With gamma below 1, what comes after H steps is worth at most gamma**H of all."""
    mdp, H = bk.RiverSwim(n=5, gamma=0.9), 60
    endless = mdp.solution.V[:, None] - mdp.solution.Q
    gaps = bk.FiniteHorizon(mdp, H, gamma=0.9).gaps[0]
    most = 2 * 0.9**H * 10_000 / 0.1
    assert np.abs(gaps - endless).max() < most
    assert most < 0.1 * endless.max()


def paths(P, R, policy, H, s, h=0):
    """Yield the probability and the steps (s, a, reward) of every episode; policy: (H, S, A)."""
    if h == H or s == 3:
        yield 1.0, []
        return
    for a in range(A):
        for z in range(S):
            for p, rest in paths(P, R, policy, H, z, h + 1):
                yield policy[h, s, a] * P[s, a, z] * p, [(s, a, R[s, a, z]), *rest]


@pytest.mark.parametrize("gamma", [1.0, 0.6])
def test_gaps_add_up_to_what_a_policy_falls_short(gamma):
    """The performance difference lemma, for a policy that changes with the steps that are left."""
    H, (P, R) = 4, tables(5)
    problem = bk.FiniteHorizon(random_mdp(5), H, gamma)
    policy = np.random.default_rng(6).dirichlet([1.0, 1.0], size=(H, S))
    V, _ = best_values(P, R, gamma, H)
    for start in range(3):
        total, value, gaps = 0.0, 0.0, 0.0
        for p, steps in paths(P, R, policy, H, start):
            total += p
            value += p * sum(gamma**h * r for h, (_, _, r) in enumerate(steps))
            gaps += p * sum(gamma**h * problem.gaps[h, s, a] for h, (s, a, _) in enumerate(steps))
        assert total == pytest.approx(1.0, abs=1e-13)
        assert gaps == pytest.approx(V[0, start] - value, abs=1e-13)
        assert gaps > 0.01


def game(problem, rounds, seed=0):
    """Play at random, as Python; return (state, action, gap, answer) of each round."""
    env_rng, rng = generators(seed)
    env, rows = complete(problem.start(rounds, env_rng)), []
    for t in range(rounds):
        s, a = int(env.observe(t, env_rng)), int(rng.integers(A))
        assert env.observe(t, env_rng) == s  # to look again changes nothing
        rows.append((s, a, env.gap(t, s, a), env.respond(t, s, a, env_rng)))
    return rows


@pytest.mark.parametrize("limit", [0, 2])
@pytest.mark.parametrize("H", [1, 5])
def test_the_last_step_ends_the_episode_and_so_does_a_terminal_state(H, limit):
    problem = bk.FiniteHorizon(random_mdp(0, limit=limit), H)
    age, lengths, starts = 0, [], []
    rows = game(problem, 400)
    for n, (s, a, gap, y) in enumerate(rows):
        if age == 0:
            starts.append(s)
        assert gap == problem.gaps[age, s, a]
        age += 1
        assert y.terminal == (age == H or y.state == 3)
        assert not y.truncated
        if y.terminal:
            lengths.append(age)
            age = 0
        elif n + 1 < len(rows):
            assert rows[n + 1][0] == y.state
    assert set(lengths) == set(range(1, H + 1))
    assert set(starts) == {0, 1, 2}
    assert any(y.terminal and y.state != 3 for *_, y in rows)


def test_it_is_the_mdp_but_for_its_end():
    """Until the H-th step, the same states and the same rewards are drawn."""
    mdp = random_mdp(1, limit=5)
    for mine, theirs in zip(game(bk.FiniteHorizon(mdp, 5), 300), game(mdp, 300), strict=True):
        assert mine[:2] == theirs[:2]
        y, z = mine[3], theirs[3]
        assert (y.reward, y.state, y.terminal) == (z.reward, z.state, z.terminal or z.truncated)


def test_what_a_learner_is_told():
    mdp = random_mdp(2)
    problem = bk.FiniteHorizon(mdp, 6)
    assert problem.gamma == 1.0
    assert problem.spec == mdp.spec._replace(gamma=1.0, H=6)
    assert mdp.spec.H == 0
    half = bk.FiniteHorizon(mdp, 6, gamma=0.5)
    assert (half.spec.gamma, half.step_model.gamma, mdp.model.gamma) == (0.5, 0.5, 0.7)
    assert bk.FiniteHorizon(bk.RiverSwim(), H=20).spec.gamma == 1.0  # though nothing ever ends


def test_regret_is_the_same_compiled_and_interpreted():
    problem, learner = bk.FiniteHorizon(random_mdp(3), 4), bk.QLearning(epsilon=0.5)
    regrets = []
    for loop in (play, play_interpreted):
        env_rng, rng = generators(0)
        env, policy = problem.start(300, env_rng), learner.start(problem.spec, 300)
        card = blank_scorecard(np.arange(1, 301))
        loop(complete(env), complete(policy), card, 300, env_rng, rng)
        regrets.append(card.regret.tolist())
    assert regrets[0] == regrets[1]
    assert regrets[0][-1] > 1.0


@pytest.mark.parametrize("action", [-1, 2])
def test_an_action_that_does_not_exist_is_refused(action):
    env_rng, _ = generators(0)
    env = bk.FiniteHorizon(random_mdp(0), 4).start(9, env_rng)
    with pytest.raises(bk.NoSuchArm):
        env.gap(0, env.observe(0, env_rng), action)


GRID = bk.GridWorld("S.G")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bk.FiniteHorizon(bk.CartPole(), 5), "^FiniteHorizon needs a finite MDP; got Cart"),
        (lambda: bk.FiniteHorizon("grid", 5), "^FiniteHorizon needs a finite MDP; got 'grid'"),
        (lambda: bk.FiniteHorizon(bk.FiniteHorizon(GRID, 5), 5), "needs a finite MDP; got Finite"),
        (lambda: bk.FiniteHorizon(GRID, 0), "^H must be a whole number, 1 or more; got 0"),
        (lambda: bk.FiniteHorizon(GRID, 2.5), "^H must be a whole number, 1 or more; got 2.5"),
        (lambda: bk.FiniteHorizon(GRID, 5, 1.1), r"^gamma must lie in \[0, 1\]; got 1.1"),
        (lambda: bk.FiniteHorizon(GRID, 5, None), "^gamma must be a number; got None"),
        (lambda: bk.RMax().check(bk.FiniteHorizon(GRID, 5)), "have a fixed length use UCBVI"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
