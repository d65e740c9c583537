"""Problems with a heuristic: what it pays, step by step, and what is made of it."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from instances import AIDED, all_of, generators, plays, regret_of

import banditkit as bk
from banditkit.core.adapters import begin
from banditkit.core.play import blank_scorecard, logs_of, play_interpreted, player_of
from banditkit.core.verbs import complete

GRID = bk.GridWorld("S..\n.#G", gamma=0.9, slip=0.2, step_reward=-0.1, limit=12)
S, A = 5, 4
TABLE = np.arange(20.0).reshape(S, A) / 8 - 1
CUBE = np.arange(100.0).reshape(S, A, S) / 16 - 2


class DicePolicy(NamedTuple):
    """Draw the action; write down what was told."""

    told: np.ndarray  # (n, 4) action, reward, terminal, truncated
    A: int

    def select(self, t, x, rng):
        return int(rng.random() * self.A)

    def update(self, t, x, a, y):
        self.told[t, 0], self.told[t, 1] = a, y.reward
        self.told[t, 2], self.told[t, 3] = y.terminal, y.truncated


class ListeningPolicy(NamedTuple):
    """The same, with what the heuristic pays."""

    told: np.ndarray  # (n, 5) action, reward, terminal, truncated, auxiliary
    A: int

    def select(self, t, x, rng):
        return int(rng.random() * self.A)

    def update(self, t, x, a, y):
        self.told[t, 0], self.told[t, 1] = a, y.reward
        self.told[t, 2], self.told[t, 3] = y.terminal, y.truncated
        self.told[t, 4] = y.auxiliary

    def noted(self):
        return {"told": self.told.shape}

    def note(self, row):
        for i in range(self.told.size):
            row[i] = self.told.flat[i]


@dataclass(frozen=True, repr=False)
class Dice(bk.Learner):
    accepts = bk.Feedback.STEP
    plays = (bk.Tabular, bk.Box)
    listens: bool = False

    def start(self, spec, horizon):
        if self.listens:
            return ListeningPolicy(np.zeros((horizon, 5)), spec.A)
        return DicePolicy(np.zeros((horizon, 4)), spec.A)


def told(problem, horizon):
    """Return what a player of dice was told in each round of a compiled game."""
    result = bk.simulate(problem, [Dice(listens=True)], horizon=horizon, seed=0, times=[horizon])
    return result.logs["told"][0, 0, 0]


def game(problem, policy, rounds, seed=0):
    """Return (state, action, answer, reward that counts) of each round, played as Python."""
    env_rng, policy_rng = generators(seed)
    env, policy = complete(problem.start(rounds, env_rng)), complete(policy)
    rows = []
    for t in range(rounds):
        x = env.observe(t, env_rng)
        a = policy.select(t, x, policy_rng)
        y = env.respond(t, x, a, env_rng)
        policy.update(t, x, a, y)
        rows.append((x, a, y, env.earned(y)))
    return rows


def dice(problem, rounds, seed=0):
    return game(problem, DicePolicy(np.zeros((rounds, 4)), problem.spec.A), rounds, seed)


def diary(problem, learner, horizon, seed=0):
    """Return the regret and the diary of episodes of a game, played as Python."""
    env_rng, policy_rng = generators(seed)
    env, policy = begin(problem, learner, horizon, env_rng)
    card = blank_scorecard(np.arange(1, horizon + 1))
    play_interpreted(env, policy, card, horizon, env_rng, policy_rng)
    return {"all": card.regret, **logs_of(env)}


def same(one, other):
    """Tell whether two diaries are the same to the bit."""
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def episodes(rows):
    """Cut a game into episodes, without the last if it is not over."""
    begin = 0
    for t, (_, _, y, _) in enumerate(rows):
        if y.terminal or y.truncated:
            yield rows[begin : t + 1]
            begin = t + 1


# Compiled and interpreted


@pytest.mark.parametrize("problem", all_of(AIDED), ids=repr)
def test_a_game_is_the_same_compiled_and_interpreted(problem):
    def loop(env, policy, *rest):
        return player_of(env, policy)(env, policy, *rest)

    horizon, (policies, regrets) = 200, ([], [])
    for each in (loop, play_interpreted):
        policy = Dice(problem.aided).start(problem.spec, horizon)

        class Same(Dice):
            def start(self, spec, horizon, policy=policy):
                return policy

        policies.append(policy.told)
        regrets.append(
            regret_of(each, problem, Same(problem.aided), horizon=horizon, seed=3, calls=(70,))
        )
    assert (policies[0] == policies[1]).all()
    assert (regrets[0] == regrets[1]).all()
    assert policies[0][:, 2:4].any() or problem.spec.A == 3


# Tables


@pytest.mark.parametrize("table", [TABLE, CUBE], ids=["pairs", "triples"])
def test_a_table_pays_what_it_says_beside_the_reward(table):
    problem = bk.WithHeuristic(GRID, table)
    rows, plain = dice(problem, 300), dice(GRID, 300)
    for (x, a, y, earned), (x_, a_, y_, _) in zip(rows, plain, strict=True):
        assert (x, a, *y[:4]) == (x_, a_, *y_)  # the world goes on as if nothing was said
        assert earned == y.reward
        assert y.auxiliary == (table[x, a] if table.ndim == 2 else table[x, a, y.state])
    assert {y.terminal for _, _, y, _ in rows} == {False, True}


@pytest.mark.parametrize("learner", [bk.QLearning(), bk.Reinforce(0.5)], ids=repr)
def test_who_does_not_listen_plays_as_without_a_heuristic(learner):
    aided = bk.WithHeuristic(GRID, TABLE)
    problems = [GRID, aided, bk.PrimaryOnly(aided), bk.NaiveSum(aided, weight=0.0)]
    first, *others = [diary(bk.Episodes(each, 40), learner, 400) for each in problems]
    assert set(first) == {"all", "steps", "return", "regret"}
    assert all(same(first, other) for other in others)


def test_the_naive_sum_of_a_table_is_the_naive_bonus():
    summed, bonus = (
        diary(bk.Episodes(each, 60), bk.QLearning(), 600)
        for each in (bk.NaiveSum(bk.WithHeuristic(GRID, TABLE)), bk.NaiveBonus(GRID, TABLE))
    )
    assert same(summed, bonus)
    assert not same(summed, diary(bk.Episodes(GRID, 60), bk.QLearning(), 600))


@pytest.mark.parametrize("problem", [bk.WithHeuristic(GRID, CUBE), bk.OpenField()], ids=repr)
def test_the_naive_sum_weighs_the_heuristic_and_keeps_what_counts(problem):
    for weight in (1.0, -0.5):
        summed = bk.NaiveSum(problem, weight)
        for (_, a, y, earned), (_, b, z, _) in zip(
            dice(summed, 200), dice(problem, 200), strict=True
        ):
            assert a == b
            assert y.reward == z.reward + weight * z.auxiliary
            assert earned == z.reward
            assert (y.terminal, y.truncated) == (z.terminal, z.truncated)


def test_episodes_go_around_a_heuristic_or_inside():
    problem = bk.OpenField(limit=20)
    assert bk.Episodes(problem).aided
    assert not bk.Episodes(bk.NaiveSum(problem)).aided
    around, inside = (
        diary(each, bk.Reinforce(1e-3), 1500)
        for each in (bk.Episodes(bk.NaiveSum(problem), 50), bk.NaiveSum(bk.Episodes(problem, 50)))
    )
    assert same(around, inside)
    assert np.nanmin(around["return"]) >= -0.1 * 20
    assert np.nanmax(around["return"]) <= 100  # without the fifties of the heuristic


# Controllers


@pytest.mark.parametrize("good", [True, False])
def test_the_pole_is_paid_as_the_released_code_pays_it(good):
    agree, differ = (5.0, -1.0) if good else (-5.0, 1.0)
    pole = bk.WithHeuristic(bk.CartPole(limit=15), bk.PoleController(agree=agree, differ=differ))
    ends = cuts = 0
    for rows in episodes(dice(pole, 600)):
        before = rows[0][0][2]
        for x, a, y, earned in rows:
            u = 0.1 * x[2] + 0.5 * (x[2] - before)
            controller = round(1.0 / (1.0 + math.exp(-u)))
            paid = agree if a == controller else differ
            assert y.auxiliary == (0.0 if y.terminal else paid)
            assert earned == y.reward == 1.0
            before = x[2]
            ends, cuts = ends + y.terminal, cuts + y.truncated
    assert ends > 5
    assert cuts > 5  # which are paid


class FollowSpeedPolicy(NamedTuple):
    """Push the way the car moves; sum up what is paid in each episode."""

    sums: np.ndarray  # (n, 2) steps, what the heuristic pays
    over: np.ndarray  # (1,) int64

    def select(self, t, x, rng):
        return 2 if x[1] >= 0 else 0

    def update(self, t, x, a, y):
        self.sums[self.over[0], 0] += 1
        self.sums[self.over[0], 1] += y.auxiliary
        self.over[0] += y.terminal or y.truncated

    def done(self):
        return self.over[0] == self.sums.shape[0]

    def logged(self):
        return {"sums": self.sums}


class FollowSpeed(bk.Learner):
    accepts = bk.Feedback.STEP
    plays = (bk.Box,)

    def start(self, spec, horizon):
        return FollowSpeedPolicy(np.zeros((2000, 2)), np.zeros(1, dtype=np.int64))


def test_pushing_the_way_the_car_moves_is_paid_114_in_119_steps():
    car = bk.WithHeuristic(bk.MountainCar(limit=2000), bk.BangBang())
    result = bk.simulate(car, [FollowSpeed()], horizon=1e6, seed=0, times=[10**6])
    steps, paid = result.logs["sums"][0, 0].mean(axis=0)
    assert steps == pytest.approx(119.4, abs=0.3)
    assert paid == pytest.approx(114.4, abs=0.3)


def test_the_car_is_paid_for_the_speed_after_the_push():
    bang = bk.WithHeuristic(bk.MountainCar(limit=200), bk.BangBang(agree=2.0, differ=-3.0))
    speed = bk.WithHeuristic(bk.MountainCar(limit=200), bk.CarSpeed(scale=5.0))
    for problem in (bang, speed):
        rule = FollowSpeedPolicy(np.zeros((99, 2)), np.zeros(1, dtype=np.int64))
        rows = game(problem, rule, 400) + dice(problem, 100)
        for _, a, y, _ in rows:
            v = y.state[1]
            same = a - 1 == np.sign(v) and a != 1
            paid = (2.0 if same else -3.0) if problem is bang else 5.0 * abs(v)
            assert y.auxiliary == (0.0 if y.terminal else paid)
        assert sum(y.terminal for _, _, y, _ in rows) >= 2


@pytest.mark.parametrize(
    ("P", "D", "published", "width"),
    [(0.1, 0.5, 500, 0), (0.1, 0.1, 303.46, 30), (0.1, 0.05, 72, 5)],
)
def test_a_controller_balances_the_pole_as_long_as_published(P, D, published, width):
    trials = bk.Episodes(bk.CartPole(), 500)
    result = bk.simulate(trials, [bk.PDController(P, D)], horizon=10**6, seed=0)
    assert result.logs["steps"].mean() == pytest.approx(published, abs=width)


def test_the_heuristic_agrees_with_the_controller_and_with_no_other():
    pole = bk.WithHeuristic(bk.CartPole(limit=60), bk.PoleController(0.1, 0.05))
    policy = bk.PDController(0.1, 0.05).start(pole.spec, 500)
    assert {y.auxiliary for _, _, y, _ in game(pole, policy, 500)} == {5.0, 0.0}
    policy = bk.PDController(-0.1, -0.05).start(pole.spec, 500)
    assert {y.auxiliary for _, _, y, _ in game(pole, policy, 500)} == {-1.0, 0.0}


# Potentials


@pytest.mark.parametrize(
    "problem", [bk.WithHeuristic(GRID, CUBE), bk.WithHeuristic(bk.CartPole(), bk.PoleController())]
)
def test_what_the_heuristic_paid_before_is_all_that_a_return_loses(problem):
    gamma, cuts = problem.spec.gamma, 0
    shaped = dice(bk.HeuristicPotential(problem), 400)
    plain = dice(problem, 400)
    for new, old in zip(episodes(shaped), episodes(plain), strict=True):
        last = old[-1][2]
        G = G_shaped = 0.0
        beyond = 0.0 if last.terminal else last.auxiliary
        cuts += last.truncated
        for t in range(len(old) - 1, -1, -1):
            G = old[t][2].reward + gamma * G
            G_shaped = new[t][2].reward + gamma * G_shaped
            before = old[t - 1][2].auxiliary if t > 0 else 0.0
            left = gamma ** (len(old) - t) * beyond
            assert G_shaped == pytest.approx(G - before + left)
            assert new[t][3] == old[t][2].reward
    assert cuts > 0 or problem.problem is not GRID


def test_the_baseline_of_barfi_takes_the_heuristic_off_each_return():
    problem = bk.WithHeuristic(GRID, CUBE)
    policy = bk.HeuristicBaseline(bk.Reinforce(0.0, 0.0)).start(problem.spec, 400)
    rows, done, over = [], 0, 0
    env_rng, policy_rng = generators(5)
    env = complete(problem.start(400, env_rng))
    for t in range(400):
        x = env.observe(t, env_rng)
        a = policy.select(t, x, policy_rng)
        y = env.respond(t, x, a, env_rng)
        policy.update(t, x, a, y)
        rows.append(y)
        if y.terminal or y.truncated:
            G = kept = 0.0
            for k in range(len(rows) - done - 1, -1, -1):
                G = rows[done + k].reward + 0.9 * G
                kept = policy.policy.rewards[k] + 0.9 * kept
                assert kept == pytest.approx(G - rows[done + k].auxiliary)
            done, over = len(rows), over + 1
    assert over > 20


def test_a_heuristic_that_looks_at_the_action_is_no_potential():
    """One step, no reward, and a heuristic that is for action 1: what does Reinforce learn?"""
    world = bk.MDP([[[0, 1]] * 2, [[0, 1]] * 2], np.zeros((2, 2)), 0.9, terminal=[1])
    problem = bk.WithHeuristic(world, [[0, 1], [0, 0]])
    leaning = {}
    for name, mixed, learner in [
        ("sum", bk.NaiveSum(problem), bk.Reinforce(0.1, 0.0)),
        ("potential", bk.HeuristicPotential(problem), bk.Reinforce(0.1, 0.0)),
        ("released", problem, bk.HeuristicBaseline(bk.Reinforce(0.1, 0.0))),
    ]:
        policy = learner.start(mixed.spec, 200)
        game(mixed, policy, 200)
        theta = getattr(policy, "policy", policy).actor.theta
        leaning[name] = theta[1, 0] - theta[0, 0]
    assert leaning["sum"] > 1
    assert leaning["potential"] == 0.0  # there is nothing to learn
    assert leaning["released"] < -1  # it learns not to do what is recommended


def test_the_field_is_lost_by_the_naive_sum_alone():
    learner = bk.Reinforce(rate=1e-3, critic_rate=0.01)
    returns = {}
    for mix in (bk.NaiveSum, bk.PrimaryOnly, bk.HeuristicPotential):
        trials = bk.Episodes(mix(bk.OpenField()), 300)
        result = bk.simulate(trials, [learner], horizon=15_000, replications=8, seed=0)
        returns[mix] = np.nanmean(result.logs["return"][..., -100:], axis=(0, 2))
    assert np.median(returns[bk.NaiveSum]) < 0  # now and then one escapes
    assert returns[bk.PrimaryOnly].min() > 80
    assert returns[bk.HeuristicPotential].min() > 80


# A heuristic of one's own


class WestPolicy(NamedTuple):
    """Pay for being in the west, less with the time, and nothing in the first step."""

    amount: float

    def advise(self, t, age, x, a, y):
        return self.amount * (1.0 - y.state[0]) / (1 + t) if age > 0 else 0.0


class West(bk.Heuristic):
    def start(self, spec):
        return WestPolicy(3.0)


def test_a_heuristic_of_ones_own_takes_the_place_of_another():
    problem = bk.WithHeuristic(bk.OpenField(limit=6), West())
    age = 0
    for t, (_, _, y, _) in enumerate(dice(problem, 50)):
        assert y.auxiliary == pytest.approx(3 * (1 - y.state[0]) / (1 + t) if age else 0.0)
        age = 0 if y.terminal or y.truncated else age + 1
    compiled = told(problem, 50)
    assert compiled[:, 2:4].any()
    assert (compiled[:, 4] > 0).sum() > 30


class LostPolicy(NamedTuple):
    value: float

    def advise(self, t, age, x, a, y):
        return self.value if t > 0 else 0.0


@dataclass(frozen=True, repr=False)
class Lost(bk.Heuristic):
    value: float

    def start(self, spec):
        return LostPolicy(self.value)


class BrokenPolicy(NamedTuple):
    table: np.ndarray

    def advise(self, t, age, x, a, y):
        return self.table[a + 9]


class Broken(bk.Heuristic):
    def start(self, spec):
        return BrokenPolicy(np.zeros(3))


class Mute(bk.Heuristic):
    def start(self, spec):
        return Lost(1.0)


# Bad input


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("listens", [True, False])
def test_a_heuristic_must_pay_what_is_finite(value, listens):
    problem = bk.WithHeuristic(bk.CartPole(), Lost(value))
    words = rf"WithHeuristic\(CartPole\(\), Lost\({value}\)\): in round 2, the heuristic pays"
    with pytest.raises(ValueError, match=words):
        bk.simulate(problem, [Dice(listens)], horizon=50)
    with pytest.raises(ValueError, match=r"NaiveSum.* in round 2, respond returned a reward of"):
        bk.simulate(bk.NaiveSum(problem), [Dice()], horizon=50)


def aided(problem, heuristic):
    return lambda: bk.WithHeuristic(problem, heuristic)


HOLE = np.where(np.arange(20).reshape(S, A) == 6, math.nan, 0.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (aided(bk.Bernoulli((0.5,)), TABLE), "WithHeuristic needs an MDP, as in GridWorld"),
        (aided("CartPole", TABLE), "WithHeuristic needs an MDP"),
        (aided(GRID, TABLE[:4]), r"shape \(5, 4\) or \(5, 4, 5\); got"),
        (aided(GRID, TABLE.T), r"shape \(5, 4\) or \(5, 4, 5\); got"),
        (aided(GRID, [[1, 2], [3]]), r"shape \(5, 4\) or \(5, 4, 5\); got"),
        (aided(GRID, None), r"shape \(5, 4\) or \(5, 4, 5\); got None"),
        (aided(GRID, HOLE), "heuristic must be finite; state 1, action 2 has nan"),
        (aided(bk.CartPole(), TABLE), "only numbered states have a table"),
        (
            aided(GRID, bk.PoleController()),
            r"PoleController is for CartPole\(\), whose states are 4",
        ),
        (aided(bk.MountainCar(), bk.PoleController()), "PoleController is for CartPole"),
        (aided(bk.CartPole(), bk.BangBang()), r"BangBang is for MountainCar\(\)"),
        (aided(bk.OpenField(), bk.CarSpeed()), r"CarSpeed is for MountainCar\(\)"),
        (aided(bk.CartPole(), Mute()), r"start must return a NamedTuple with a method advise"),
        (lambda: bk.PoleController(P=math.nan), "P must be finite"),
        (lambda: bk.PoleController(agree="x"), "agree must be a number"),
        (lambda: bk.BangBang(differ=math.inf), "differ must be finite"),
        (lambda: bk.CarSpeed(math.nan), "scale must be finite"),
        (
            lambda: bk.NaiveSum(bk.CartPole()),
            r"NaiveSum needs a problem with a heuristic, as in Na",
        ),
        (lambda: bk.NaiveSum(3), "NaiveSum needs a problem with a heuristic"),
        (lambda: bk.NaiveSum(bk.OpenField(), weight=math.nan), "weight must be finite"),
        (lambda: bk.PrimaryOnly(GRID), "PrimaryOnly needs a problem with a heuristic"),
        (lambda: bk.HeuristicPotential(GRID), "HeuristicPotential needs a problem with a heur"),
        (lambda: bk.HeuristicBaseline(bk.QLearning()), "HeuristicBaseline needs a Reinforce"),
        (lambda: bk.PDController(P=math.inf), "P must be finite"),
        (lambda: bk.PDController(axis=-1), "axis must be a whole number, 0 or more"),
    ],
)
def test_what_makes_no_sense_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_what_raises_is_named_with_its_line():
    problem = bk.WithHeuristic(bk.CartPole(), Broken())
    with pytest.raises(ValueError, match=r"respond raises IndexError: .*test_heuristics.py"):
        bk.simulate(problem, [Dice()], horizon=50)


def test_learners_say_what_they_can_not_play():
    field = bk.OpenField()
    assert plays(bk.HeuristicBaseline(), field)
    assert plays(bk.PDController(axis=1), bk.WithHeuristic(bk.CartPole(), bk.PoleController()))
    with pytest.raises(
        ValueError, match=r"a designer's heuristic, which GridWorld.* does not have - add one"
    ):
        bk.HeuristicBaseline().check(GRID)
    with pytest.raises(ValueError, match="OpenField has 4 actions and states of 2 numbers"):
        bk.PDController().check(field)
    with pytest.raises(ValueError, match="points of a box, which GridWorld does not show"):
        bk.PDController().check(GRID)
    with pytest.raises(ValueError, match="needs a box that ends"):
        bk.HeuristicBaseline().check(bk.WithHeuristic(bk.CartPole(), bk.PoleController()))
