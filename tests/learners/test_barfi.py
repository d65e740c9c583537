"""BARFI: against its pseudo-code, the controls, what diverges, and what it is for."""

from typing import NamedTuple

import numpy as np
import pytest
from instances import HEURISTIC, generators, regret_of
from naive import barfi as naive

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.jit import jit
from banditkit.core.play import blank_scorecard, play, play_interpreted
from banditkit.core.verbs import complete
from banditkit.learners.rmsprop import Climber, climb

move = jit(climb)

GRID = bk.GridWorld("S..\n.#G", gamma=0.95, slip=0.1, goal_reward=2.0, step_reward=-0.05, limit=9)
ADVICE = np.random.default_rng(3).normal(size=(5, 4))


def trials(problem, count=10_000):
    """Return so many episodes: of records of one kind, so that there is little to compile."""
    return bk.Episodes(problem, count)


TRIAL = bk.WithHeuristic(GRID, ADVICE)
TRIALS = trials(TRIAL)
CHAIN = trials(bk.WithHeuristic(bk.Chain(3, gamma=0.9), np.arange(10.0).reshape(5, 2) / 8 - 0.5))

LOWER = bk.LowerLevel(rate=0.01, entropy=0.1, every=2, repeats=3, warm=8, capacity=25)
UPPER = bk.UpperLevel(rate=0.02, gamma_rate=0.03, penalty=0.1, batch=5, solver=bk.Neumann(0.05, 4))

LEARNERS = {
    "default": bk.BARFI(longest=9, lower=LOWER, upper=UPPER),
    "all three": bk.BARFI(
        ("bonus", "primary", "auxiliary"),
        longest=12,
        gamma=0.8,
        lower=LOWER,
        upper=bk.UpperLevel(solver=bk.FirstOrder(), gamma_penalty=0.0, batch=25),
    ),
    "nothing": bk.BARFI((), longest=9, lower=LOWER, upper=UPPER),
    "cut short": bk.BARFI(
        "auxiliary",
        longest=4,  # some episodes are longer
        lower=bk.LowerLevel(rate=0.05, every=1, repeats=1, warm=0, capacity=2),
        upper=bk.UpperLevel(batch=1, solver=bk.Neumann(0.5, 0)),
    ),
}


def settings_of(learner, problem):
    """Return what the oracle has to know."""
    lower, upper, solver = learner.lower, learner.upper, learner.upper.solver
    neumann = isinstance(solver, bk.Neumann)
    return {
        "learned": [name in learner.learned for name in ("bonus", "primary", "auxiliary")],
        "longest": learner.longest,
        "gamma": learner.gamma,
        "evaluation": problem.spec.gamma,
        "upper_rate": upper.rate,
        "alpha": solver.rate if neumann else 1.0,
        "steps": solver.steps if neumann else None,
        **{name: getattr(lower, name) for name in lower.__dataclass_fields__},
        **{name: getattr(upper, name) for name in upper.__dataclass_fields__ if name != "rate"},
    }


def played(loop, problem, learner, rounds, seed):
    """Return the record after so many rounds."""
    env_rng, policy_rng = generators(seed)
    env, policy = begin(problem, learner, rounds, env_rng)
    loop(env, policy, blank_scorecard(np.array([rounds]), env, policy), rounds, env_rng, policy_rng)
    return policy


def oracle_after(problem, learner, rounds, seed):
    """Return the oracle after so many rounds, played with the same random numbers."""
    env_rng, policy_rng = generators(seed)
    env = complete(problem.start(rounds, env_rng))
    spec = problem.spec
    oracle = naive.Barfi(spec.S, spec.A, settings_of(learner, problem), policy_rng)
    episode, over = [], False
    for t in range(rounds):
        x = int(env.observe(t, env_rng))
        if over:
            oracle.after_episode(episode)
            episode = []
        a = oracle.act(x)
        y = env.respond(t, x, a, env_rng)
        episode.append((x, a, float(y.reward), float(y.auxiliary)))
        over = y.terminal or y.truncated or len(episode) == learner.longest
    return oracle


@pytest.mark.parametrize("problem", [TRIALS, CHAIN], ids=["grid", "chain"])
@pytest.mark.parametrize("name", LEARNERS)
def test_it_is_its_pseudo_code(name, problem):
    learner, rounds = LEARNERS[name], 600
    found = played(play, problem, learner, rounds, seed=7)
    wanted = oracle_after(problem, learner, rounds, seed=7)
    assert found.shelf.place[0] - wanted.episodes in (0, 1)  # it learns when the next one begins
    assert wanted.episodes > 60
    assert found.state[1]
    assert not wanted.first
    assert found.actor.theta == pytest.approx(wanted.theta, abs=1e-9)
    assert found.reward.phi == pytest.approx(wanted.phi, abs=1e-9)
    assert found.reward.logit[0] == pytest.approx(wanted.logit, abs=1e-9)


@pytest.mark.parametrize("learner", [*LEARNERS.values(), *HEURISTIC["BARFI"]], ids=repr)
@pytest.mark.parametrize("problem", [TRIALS, CHAIN], ids=["grid", "chain"])
def test_it_is_the_same_to_the_bit_compiled_and_interpreted(problem, learner):
    one, other = (played(loop, problem, learner, 250, seed=1) for loop in (play, play_interpreted))
    for name in ("theta", "phi"):
        assert (one.logged()[name] == other.logged()[name]).all()
    assert one.reward.logit[0] == other.reward.logit[0]
    assert one.logged()["unstable"] == other.logged()["unstable"]


@pytest.mark.parametrize(
    ("problem", "features"),
    [
        (trials(bk.OpenField(limit=12)), None),
        (
            bk.WithHeuristic(bk.CartPole(limit=15), bk.PoleController()),
            bk.Fourier(1, (-2.4, -3, -0.21, -3.5), (2.4, 3, 0.21, 3.5)),
        ),
        (bk.WithHeuristic(bk.MountainCar(limit=15), bk.BangBang()), bk.TileCoding(5, 4)),
    ],
    ids=["field", "pole", "car"],
)
def test_so_it_is_where_states_are_points(problem, features):
    learner = bk.BARFI(
        ("bonus", "primary", "auxiliary"), features, longest=15, lower=LOWER, upper=UPPER
    )
    one, other = (
        regret_of(loop, problem, learner, horizon=300, seed=2, calls=(90,))
        for loop in (play, play_interpreted)
    )
    assert (one == other).all()
    one, other = (played(loop, problem, learner, 300, seed=2) for loop in (play, play_interpreted))
    assert (one.reward.phi == other.reward.phi).all()
    assert one.steps[0] > 0


# The controls


FROZEN = bk.UpperLevel(rate=0, gamma_rate=0, batch=5)


def test_a_reward_that_is_frozen_stays_as_it_began():
    learner = bk.BARFI(longest=9, lower=LOWER, upper=FROZEN)
    began = played(play, TRIALS, learner, 1, seed=0)
    ended = played(play, TRIALS, learner, 2000, seed=0)
    assert (began.reward.phi == ended.reward.phi).all()
    assert (ended.reward.phi[[0, 2]] != 0.0).all()
    assert np.abs(ended.reward.phi).max() <= 1 / np.sqrt(5)
    assert began.reward.logit[0] == ended.reward.logit[0]
    assert (began.actor.theta != ended.actor.theta).any()


def test_with_nothing_learned_the_heuristic_does_not_matter():
    """It is the primary reward alone: whatever is paid beside it, everything stays the same."""
    learner = bk.BARFI((), longest=9, lower=LOWER, upper=FROZEN)
    aided, deaf = (
        played(play, trials(bk.WithHeuristic(GRID, table)), learner, 2000, seed=0)
        for table in (100.0 * ADVICE, 0.0 * ADVICE)
    )
    assert (aided.actor.theta == deaf.actor.theta).all()
    assert (aided.reward.phi == 0.0).all()


class LateAdvice(NamedTuple):
    """A heuristic that pays something else from a step on."""

    amount: float
    when: int

    def advise(self, t, age, x, a, y):
        return self.amount if t >= self.when else 0.5


class Late(bk.Heuristic):
    """Pay an amount from a round on."""

    def __init__(self, amount, when=50):
        self.__dict__.update(amount=amount, when=when)

    def __repr__(self):
        return f"Late({self.amount}, {self.when})"

    def start(self, spec):
        return LateAdvice(self.amount, self.when)


# What diverges


def logs_of(learner, problem=TRIAL, **options):
    played = trials(problem, options.pop("episodes", 120))
    result = bk.simulate(played, [learner], horizon=2000, replications=2, seed=0, **options)
    logs = result.logs
    assert np.isfinite(logs["theta"]).all()
    assert np.isfinite(logs["phi"]).all()
    assert np.isfinite(logs["gamma"]).all()
    assert np.isfinite(logs["return"]).all()  # it was played to its end
    assert (logs["unstable"] >= 0.0).all()
    assert (logs["unstable"] <= 1.0).all()
    return logs


@pytest.mark.parametrize("amount", [np.nan, np.inf, -np.inf, 1e200])
def test_a_heuristic_that_goes_mad_ends_as_a_diverged_run(amount, monkeypatch):
    def quiet(*arguments):  # a heuristic of one's own would be compiled in every process
        with np.errstate(all="ignore"):
            return play_interpreted(*arguments)

    monkeypatch.setattr("banditkit.simulation.player_of", lambda env, policy: quiet)
    learner = bk.BARFI(longest=9, lower=LOWER, upper=UPPER)
    logs = logs_of(learner, bk.WithHeuristic(GRID, Late(amount)))
    assert (logs["diverged"] == 1.0).all()
    assert (logs_of(learner, bk.WithHeuristic(GRID, Late(amount, 10**6)))["diverged"] == 0.0).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"lower": bk.LowerLevel(rate=1e300, warm=8)},
        {"lower": LOWER, "upper": bk.UpperLevel(rate=1e300)},
        {"lower": LOWER, "upper": bk.UpperLevel(gamma_rate=1e300)},
        {"lower": LOWER, "upper": bk.UpperLevel(penalty=1e300)},
        {"lower": bk.LowerLevel(entropy=1e300, warm=8)},
        {"lower": LOWER, "upper": bk.UpperLevel(solver=bk.Neumann(1e150, 5))},
        {"lower": LOWER, "upper": bk.UpperLevel(solver=bk.Neumann(1e4, 500))},
    ],
    ids=repr,
)
def test_rates_that_are_far_too_large_end_as_a_diverged_run(changes):
    learner = bk.BARFI(longest=9, **{**changes, "lower": changes["lower"]})
    assert (logs_of(learner)["diverged"] == 1.0).all()


def test_after_it_has_diverged_nothing_is_learned():
    learner = bk.BARFI(longest=9, lower=bk.LowerLevel(rate=1e300, warm=8), upper=UPPER)
    few, many = (logs_of(learner, episodes=n) for n in (20, 120))
    for name in ("theta", "phi"):
        assert (few[name] == many[name]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_a_step_out_of_the_range_of_numbers_is_not_made(bad):
    """Wherever it stands, first or last."""
    for place in np.ndindex(2, 3):
        parameters, gradient = np.ones((2, 3)), np.ones((2, 3))
        gradient[place] = bad
        assert not move(Climber(np.zeros((2, 3)), 0.1), parameters, gradient)
        assert (parameters == 1.0).all()
        assert move(Climber(np.zeros((2, 3)), 0.0), parameters, gradient)  # nothing would move
    assert move(Climber(np.zeros((2, 3)), 0.1), parameters, np.ones((2, 3)))
    assert parameters == pytest.approx(2.0)  # the first step is 0.1 g / sqrt(0.01 g**2)


def test_a_gamma_that_runs_to_an_end_stays_one():
    for push in (0.0, 1e6):
        upper = bk.UpperLevel(gamma_rate=1000.0, gamma_penalty=push)
        logs = logs_of(bk.BARFI(longest=9, lower=LOWER, upper=upper))
        assert (logs["diverged"] == 0.0).all()
        assert logs["gamma"].min() >= 0.0
        assert logs["gamma"].max() <= 1.0


def test_a_series_that_grows_is_counted():
    """From just beyond the largest stable rate on: with entropy, and rewards of nearly 0."""
    still = bk.WithHeuristic(
        bk.GridWorld("S.G", step_reward=-1e-6, goal_reward=0.0, limit=5), np.zeros((3, 4))
    )
    lower = bk.LowerLevel(rate=0.0, entropy=1.0, warm=8, every=2, capacity=10)

    def share(rate, **changes):
        solver = bk.Neumann(rate, 50)
        upper = bk.UpperLevel(rate=0.0, gamma_rate=0.0, batch=5, solver=solver)
        return logs_of(bk.BARFI((), longest=5, lower=lower, upper=upper), still)["unstable"]

    assert (share(1.0) == 0.0).all()
    assert (share(100.0) == 1.0).all()
    first_order = bk.UpperLevel(solver=bk.FirstOrder(), batch=5)
    logs = logs_of(bk.BARFI(longest=5, lower=lower, upper=first_order), still)
    assert (logs["unstable"] == 0.0).all()


# What it promises


def test_a_heuristic_of_nan_is_refused_in_the_rehearsal():
    problem = bk.Episodes(bk.WithHeuristic(GRID, Late(np.nan, 1)), 5)
    with pytest.raises(ValueError, match="the heuristic pays nan"):
        bk.simulate(problem, [bk.BARFI(longest=9)], horizon=20)


def nbytes(record):
    return sum(
        each.nbytes if isinstance(each, np.ndarray) else nbytes(each)
        for each in record
        if isinstance(each, np.ndarray | tuple)
    )


def test_memory_does_not_grow_with_the_horizon():
    learner = bk.BARFI(longest=9, lower=LOWER, upper=UPPER)
    sizes = {nbytes(learner.start(TRIAL.spec, horizon)) for horizon in (1, 10**4, 10**12)}
    sizes |= {nbytes(played(play, TRIALS, learner, rounds, seed=0)) for rounds in (1, 5000)}
    assert len(sizes) == 1


def test_the_misleading_heuristic_is_weighed_less():
    """Its weight falls below 0, and the way is found sooner than with a weight that is frozen."""
    grid = bk.GridWorld("S...G", goal_reward=10.0, limit=50)
    lower = bk.LowerLevel(rate=0.02, entropy=0.05)
    learners = {
        "learned": bk.BARFI("auxiliary", lower=lower),
        "frozen": bk.BARFI("auxiliary", lower=lower, upper=bk.UpperLevel(rate=0, gamma_rate=0)),
    }
    played = trials(bk.WithHeuristic(grid, grid.favour("left")), 600)
    result = bk.simulate(played, learners, horizon=30_000, replications=20, seed=0)
    weights = result.logs["phi"][:, :, 2, :4].mean(axis=2)
    error = weights.std(axis=1).max() / np.sqrt(20)
    assert weights[0].mean() < -3 * error
    assert abs(weights[1].mean()) < 3 * error
    learned, frozen = result.logs["steps"][..., -50:].mean(axis=2)
    assert learned.mean() < 0.7 * frozen.mean()


def test_naive_collapses_under_the_bad_heuristic_and_barfi_does_not():
    played = trials(bk.OpenField("bad"), 800)
    found = bk.simulate(played, [bk.BARFI()], horizon=40_000, replications=6, seed=1)
    alone = trials(bk.NaiveSum(bk.OpenField("bad")), 800)
    naive_sum = bk.simulate(alone, [bk.Reinforce(0.01)], horizon=40_000, replications=6, seed=1)
    mine, theirs = (np.nanmean(r.logs["return"][..., -50:]) for r in (found, naive_sum))
    assert mine > 60
    assert theirs < 20


# Bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bk.BARFI("bonuses"), "learned must be"),
        (
            lambda: bk.BARFI(None),
            r'learned must be words, as in \("bonus", "auxiliary"\); got None',
        ),
        (lambda: bk.BARFI(("bonus", "bonus")), "learned names 'bonus' twice"),
        (lambda: bk.BARFI((1,)), "learned must be one of"),
        (lambda: bk.BARFI(features=bk.OneHot), "features must be a FeatureMap"),
        (lambda: bk.BARFI(longest=0), "longest must be a whole number, 1 or more"),
        (lambda: bk.BARFI(gamma=1.0), "gamma must"),
        (lambda: bk.BARFI(lower=UPPER), r"lower must be LowerLevel\(\.\.\.\)"),
        (lambda: bk.BARFI(upper=LOWER), r"upper must be UpperLevel\(\.\.\.\)"),
        (lambda: bk.BARFI(lower=bk.LowerLevel(capacity=14)), "looks at 15 .* only 14 are kept"),
        (
            lambda: bk.BARFI(lower=bk.LowerLevel(capacity=3), upper=bk.UpperLevel(batch=1)),
            "looks at 4 trajectories",
        ),
        (lambda: bk.LowerLevel(rate=-1.0), "rate must be 0 or more"),
        (lambda: bk.LowerLevel(entropy=-1.0), "entropy must be 0 or more"),
        (lambda: bk.LowerLevel(every=0), "every must be a whole number, 1 or more"),
        (lambda: bk.LowerLevel(repeats=-1), "repeats must be"),
        (lambda: bk.LowerLevel(warm=0.5), "warm must be a whole number"),
        (lambda: bk.LowerLevel(capacity=1), "capacity must be a whole number, 2 or more"),
        (lambda: bk.UpperLevel(rate=-1.0), "rate must be 0 or more"),
        (lambda: bk.UpperLevel(gamma_rate=-1.0), "gamma_rate must be"),
        (lambda: bk.UpperLevel(penalty=np.nan), "penalty must be"),
        (lambda: bk.UpperLevel(gamma_penalty=-1.0), "gamma_penalty must be"),
        (lambda: bk.UpperLevel(batch=0), "batch must be"),
        (lambda: bk.UpperLevel(solver="neumann"), r"solver must be Neumann\(\) or FirstOrder\(\)"),
        (lambda: bk.Neumann(0.0), "rate must be"),
        (lambda: bk.Neumann(steps=-1), "steps must be"),
    ],
)
def test_bad_parameters_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("problem", "learner", "message"),
    [
        (GRID, bk.BARFI(), "does not have - add one"),
        (
            bk.Episodes(GRID, 9),
            bk.BARFI(),
            r"which Episodes\(GridWorld\(.*\), count=9\) does not have",
        ),
        (bk.Bernoulli((0.4, 0.6)), bk.BARFI(), "BARFI"),
        (
            TRIAL,
            bk.BARFI(lower=bk.LowerLevel(capacity=10**9)),
            r"1,000,000,000 trajectories of 50 steps would take 1.6e\+03 GB of memory - keep fewer",
        ),
        (bk.OpenField(), bk.BARFI(longest=10**7), "would take .* GB of memory"),
        (bk.OpenField(), bk.BARFI(features=bk.OneHot()), "OneHot needs states"),
        (bk.OpenField(), bk.BARFI(features=bk.Fourier(1, [0], [1])), "corners of 2 numbers"),
        (bk.WithHeuristic(bk.CartPole(), bk.PoleController()), bk.BARFI(), "give low and high"),
    ],
)
def test_problems_that_do_not_fit_are_refused(problem, learner, message):
    with pytest.raises(ValueError, match=message):
        learner.check(problem)
