"""Checks of chapter 6, adversarial bandits, in the order of the chapter."""

import itertools
import math

import numpy as np

import banditkit as bk
from banditkit.core.spec import Arms
from banditkit.course.exercises import Hint, call, compare, exercise, expect, same

_FACTOR = 2 * math.sqrt(3)  # of the bounds of chapter 6


def _also(answer, truth, case, hint, close=1e-5):
    """Say the hint unless an answer that is right otherwise is right in a harder case, too."""
    with np.errstate(all="ignore"):
        try:
            right = same(call(answer, *case), truth(*case), close)
        except Hint:
            right = False
    expect(right, hint)


def _table(answer, arguments, hint):
    """Return what a student's function returns as an array of numbers."""
    table = call(answer, *arguments)
    try:
        return np.array(table, dtype=float)
    except (TypeError, ValueError):
        raise Hint(hint) from None


# -- Costs that somebody wrote down ------------------------------------------------------------


@exercise("two-regrets", "Hindsight regret and pseudo-regret", minutes=8, book="Section 5.1")
def two_regrets(answer, rng):
    """Check both regrets of a game that was played."""

    def truth(means, costs, arms):
        paid = sum(costs[t][a] for t, a in enumerate(arms))
        hindsight = paid - np.sum(costs, axis=0).min()
        pseudo = sum(means[a] for a in arms) - len(arms) * min(means)
        return [hindsight, pseudo]

    def with_benchmark(least):
        def mistake(means, costs, arms):
            paid = sum(costs[t][a] for t, a in enumerate(arms))
            return [paid - least(means, costs), truth(means, costs, arms)[1]]

        return mistake

    def noisy(means, costs, arms):
        paid = sum(costs[t][a] for t, a in enumerate(arms))
        return [truth(means, costs, arms)[0], paid - len(arms) * min(means)]

    def against_the_luckiest(means, costs, arms):
        lucky = means[int(np.sum(costs, axis=0).argmin())]
        return [truth(means, costs, arms)[0], sum(means[a] - lucky for a in arms)]

    cases = []
    for _ in range(12):
        K, T = int(rng.integers(2, 5)), int(rng.integers(4, 12))
        means = rng.uniform(0.1, 0.9, K)
        costs = (rng.random((T, K)) < means).astype(float)
        cases.append((means.tolist(), costs, rng.integers(0, K, T).tolist()))
    lucky = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    cases.append(([0.5, 0.5], lucky, [0, 1, 0, 1]))  # a regret of -2 in hindsight
    cases.append(([0.3, 0.6], 1 - lucky[:3], [0, 1, 1]))  # the arm that is worse has been lucky
    mistakes = {
        "the first regret compares with one fixed arm: add up each arm's costs over all rounds, "
        "and then take the smallest total": with_benchmark(
            lambda means, costs: np.min(costs, axis=1).sum()
        ),
        "hindsight looks at the costs that fell, not at their means: its benchmark is the smallest "
        "total cost of an arm": with_benchmark(lambda means, costs: len(costs) * min(means)),
        "the arm of hindsight is the one whose costs fell out lowest, not the one with the lowest "
        "mean": with_benchmark(lambda means, costs: np.sum(costs, axis=0)[np.argmin(means)]),
        "pseudo-regret compares with the lowest mean, not with the mean of the arm that was lucky "
        "on this table": against_the_luckiest,
        "regret may be negative, for who changes the arm may be lucky: leave out the max with 0": (
            lambda *case: [max(0.0, each) for each in truth(*case)]
        ),
        "these are the two in the wrong order: hindsight comes first": (
            lambda *case: truth(*case)[::-1]
        ),
        "the sign is the wrong one: regret is what was paid less what the benchmark pays": (
            lambda *case: [-each for each in truth(*case)]
        ),
        "regret is a total over the rounds: don't divide by T": (
            lambda means, costs, arms: [each / len(arms) for each in truth(means, costs, arms)]
        ),
        "costs are bad: the benchmark has the smallest total, not the largest": with_benchmark(
            lambda means, costs: np.sum(costs, axis=0).max()
        ),
        "pseudo-regret has no noise: both the learner and the best arm count with their means": (
            noisy
        ),
    }
    compare(answer, truth, cases, mistakes)


@exercise(
    "fool", "Costs that fool who throws no dice", minutes=15, book="Theorem 5.11, Exercise 5.3"
)
def fool(answer, rng):
    """Check that deterministic learners pay in every round, and some arm in one of K."""
    for learner in _deterministic_learners(rng):
        K, T = int(rng.integers(2, 6)), int(rng.integers(24, 40))
        hint = "return a table of numbers: T rows, each with the K costs of a round"
        costs = _table(answer, (learner(K), K, T), hint)
        expect(
            costs.shape == (T, K),
            f"return a row for each of the {T} rounds, with the costs of the {K} arms; "
            f"got the shape {costs.shape}",
        )
        expect(
            np.isfinite(costs).all() and costs.min() >= 0 and costs.max() <= 1,
            "costs must lie in [0, 1], or anybody could be made to pay T",
        )
        choose = learner(K)
        arms = [choose(costs[:t].tolist()) for t in range(T)]
        _who_pays(costs, arms)


def _who_pays(costs, arms):
    T, K = costs.shape
    paid = costs[np.arange(T), arms]
    least = costs.sum(axis=0).min()
    if paid.sum() > T - 1e-9:
        expect(
            costs.min() < 1,
            "the learner pays T, but so does every arm, and regret is 0: charge only one of them",
        )
        expect(
            least <= T / K + 1e-9,
            f"the learner pays {T}, but the best of the {K} arms pays {least:g}, more than T / K",
        )
        return
    others = costs.sum(axis=1) - paid
    if paid.sum() < 1e-9 and others.min() > 0.5:
        raise Hint("it is the other way round: the arm that is about to be played costs 1")
    if np.array_equal(costs[1:].argmax(axis=1), np.array(arms[:-1])):
        raise Hint(
            "each row charges the arm of the round before; ask for the next arm first, and then "
            "write its row"
        )
    first = int(np.argmax(paid < 1 - 1e-9))
    raise Hint(
        f"in row {first} the learner plays arm {arms[first]}, which costs {paid[first]:g}: "
        "let the arm that it is about to play cost 1"
    )


def _deterministic_learners(rng):
    """Return makers of functions that choose an arm, given all rows of costs so far."""
    weights = rng.uniform(0.5, 2.0, 200)
    start = int(rng.integers(0, 5))

    def leader(K):
        return lambda past: int(np.argmin(np.sum(past, axis=0))) if past else start % K

    def round_robin(K):
        return lambda past: (len(past) + start) % K

    def stubborn(K):
        def choose(past):
            arm = start % K
            for row in past:
                arm = (arm + 1) % K if row[arm] > 0.5 else arm
            return arm

        return choose

    def recent(K):
        def choose(past):
            if not past:
                return start % K
            rows = np.array(past[-5:])
            return int(np.argmin(weights[: len(rows)] @ rows))

        return choose

    return [leader, round_robin, stubborn, recent]


# -- From full feedback to bandits -------------------------------------------------------------


@exercise("hedge-step", "A step of Hedge, safe from underflow", minutes=10, book="Algorithm 5.2")
def hedge_step(answer, rng):
    """Check the probabilities after a step, first with small and then with huge costs."""

    def truth(logs, costs, epsilon):
        return _softmax(np.array(logs) + math.log(1 - epsilon) * np.array(costs))

    def rule(step):
        return lambda logs, costs, e: _softmax(np.array(logs) + step(np.array(costs), e))

    cases = []
    for _ in range(10):
        K = int(rng.integers(2, 6))
        logs = -rng.exponential(1.0, K)
        costs = rng.uniform(0, 3, K) * (rng.random(K) < 0.7)
        costs[0] += 0.5
        cases.append((logs.tolist(), costs.tolist(), float(rng.uniform(0.1, 0.45))))
    mistakes = {
        "a weight is multiplied by (1 - epsilon)**cost; exp(-epsilon * cost) is only near it": (
            rule(lambda c, e: -e * c)
        ),
        "costs make weights fall: log(1 - epsilon) is negative, and is added, not subtracted": (
            rule(lambda c, e: -math.log(1 - e) * c)
        ),
        "1 - epsilon * cost is negative for large costs: the cost is an exponent of 1 - epsilon": (
            lambda logs, costs, e: _normalised(np.exp(logs) * (1 - e * np.array(costs)))
        ),
        "these are the weights, not yet probabilities: divide by their sum": (
            lambda logs, costs, e: np.exp(logs) * (1 - e) ** np.array(costs)
        ),
        "these are the new logarithms; the exercise asks for the probabilities": (
            lambda logs, costs, e: np.array(logs) + math.log(1 - e) * np.array(costs)
        ),
        "the weights so far are forgotten: the new ones are the old ones times a factor": (
            lambda logs, costs, e: _softmax(math.log(1 - e) * np.array(costs))
        ),
        "logs holds logarithms of weights: take exp of them before they are weights": (
            lambda logs, costs, e: _normalised(np.array(logs) * (1 - e) ** np.array(costs))
        ),
        "the logarithm is the natural one": rule(lambda c, e: math.log2(1 - e) * c),
    }
    compare(answer, truth, cases, mistakes)
    huge = (-3000 - rng.uniform(0, 3, 4)).tolist(), (5000 + rng.uniform(0, 3, 4)).tolist(), 0.3
    hint = "right as long as the weights are numbers; with logarithms near -3000 they all underflow"
    _also(answer, truth, huge, f"{hint} to 0: subtract the largest logarithm before exp")
    apart = [-3000.0, -1.0, 0.0, -5000.0], rng.uniform(0, 3, 4).tolist(), 0.3
    hint = "right as long as the logarithms are near each other; if not, exp overflows where"
    _also(answer, truth, apart, f"{hint} anything but the largest of them is subtracted before")


def _normalised(weights):
    return weights / weights.sum()


def _softmax(logs, *_):
    return _normalised(np.exp(np.array(logs) - np.max(logs)))


@exercise("fake-costs", "An estimate for every arm", minutes=5, book="Claim 6.5")
def fake_costs(answer, rng):
    """Check the importance-weighted costs."""

    def only(estimate):
        return lambda p, a, c: [estimate(p[a], c) if i == a else 0.0 for i in range(len(p))]

    cases = []
    for _ in range(12):
        K = int(rng.integers(2, 7))
        p = _probabilities(rng, K)
        cases.append((p, int(rng.integers(0, K)), float(rng.uniform(0.2, 1.0))))
    mistakes = {
        "return a list with an estimate for every arm, 0 for those that were not played": (
            lambda p, a, c: c / p[a]
        ),
        "the plain cost is too low on average: the arm is seen with probability p[a] only, so "
        "divide by it": only(lambda p, c: c),
        "divide by the probability: an arm that is rarely seen must count more, not less": (
            only(lambda p, c: c * p)
        ),
        "1 / p[a] counts how often the arm was seen; what it cost is missing": (
            only(lambda p, c: 1 / p)
        ),
        "of the other arms nothing was seen: their estimate is 0": (
            lambda p, a, c: [c / p[a]] * len(p)
        ),
        "nobody else was played: every arm but arm a has the estimate 0": (
            lambda p, a, c: [c / p[i] for i in range(len(p))]
        ),
        "divide by p[a], with which the arm is played, not by 1 - p[a], with which it is not": (
            only(lambda p, c: c / (1 - p))
        ),
    }
    truth = only(lambda p, c: c / p)
    compare(answer, truth, cases, mistakes)
    _also(answer, truth, ([1e-6, 1 - 1e-6], 0, 0.5), _CUT_OFF)


_CUT_OFF = (
    "right where no probability is tiny; a huge estimate must stay as it is, or the average is too "
    "low: neither cut it off nor keep its probability from 0"
)


def _probabilities(rng, K, least=0.03):
    return (least + (1 - K * least) * rng.dirichlet(np.ones(K))).tolist()


# -- Exp3 --------------------------------------------------------------------------------------


@exercise("second-moment", "The second moment, by enumeration", minutes=12, book="Lemma 6.10")
def second_moment(answer, rng):
    """Check the expectation of the second moment, and arms that are never drawn."""

    def law(p, gamma):
        return (1 - gamma) * np.array(p) + gamma / len(p)

    def by_arms(term):
        """Add term(p, q, c, gamma) over the arms."""
        return lambda p, c, gamma: float(
            np.sum(term(np.array(p), law(p, gamma), np.array(c), gamma))
        )

    truth = by_arms(lambda p, q, c, g: p * c**2 / q)
    cases = []
    for _ in range(10):
        K = int(rng.integers(2, 6))
        costs = rng.uniform(0.1, 1.0, K).tolist()
        cases.append((_probabilities(rng, K), costs, float(rng.uniform(0.05, 0.45))))
    mistakes = {
        "the arm is drawn from q, so its cost is divided by q, not by p": by_arms(
            lambda p, q, c, g: q * c**2 / p
        ),
        "this is the sum of c**2, as if p and q were the same: Hedge's second moment weighs the "
        "squared estimates with its own p, not with q": by_arms(lambda p, q, c, g: c**2),
        "the arm that is played comes from q: that is what the expectation is over": by_arms(
            lambda p, q, c, g: (p * c / q) ** 2
        ),
        "it is the estimates that are squared, costs and all: this is the expected cost, or "
        "nearly": by_arms(lambda p, q, c, g: p * c / q),
        "this is the expected cost p.c; the estimates have to be squared": by_arms(
            lambda p, q, c, g: p * c
        ),
        "the squares are weighed with p: G = sum of p[a] times the squared estimate of a": (
            by_arms(lambda p, q, c, g: c**2 / q)
        ),
        "an arm is played with probability q only: weigh what it adds with q": by_arms(
            lambda p, q, c, g: p * (c / q) ** 2
        ),
        "K / (1 - gamma) is the bound of the lemma; the exercise asks for the moment itself": (
            lambda p, c, gamma: len(p) / (1 - gamma)
        ),
        "gamma is shared by all arms: each gets gamma / K": (
            lambda p, c, gamma: float(
                np.sum(p * np.array(c) ** 2 / ((1 - gamma) * np.array(p) + gamma))
            )
        ),
        "q is (1 - gamma) p + gamma / K: with probability 1 - gamma only the draw follows p": (
            lambda p, c, gamma: float(np.sum(p * np.array(c) ** 2 / (np.array(p) + gamma / len(p))))
        ),
        "a second moment is not a variance: don't subtract the square of the mean": (
            lambda p, c, gamma: truth(p, c, gamma) - float(np.dot(p, c)) ** 2
        ),
    }
    compare(answer, truth, cases, mistakes)
    costs = rng.uniform(0.1, 1.0, 3)
    gone = [0.0, 0.4, 0.6], costs.tolist(), 0.2
    hint = "gamma is spread over all K arms, also over those that Hedge has given up"
    _also(answer, truth, gone, hint)
    never = [0.0, 0.4, 0.6], costs.tolist(), 0.0
    hint = "right where every arm may be played; one with probability 0 is never drawn, and adds"
    hint = f"{hint} nothing: leave it out"
    _also(answer, lambda p, c, gamma: (costs[1:] ** 2).sum(), never, hint)


@exercise("exp3-policy", "Exp3, as a record that plays", minutes=30, book="Algorithm 6.2")
def Exp3Policy(answer, rng):
    """Check the distributions against the library's, and that arms are drawn from them."""
    K, epsilon = int(rng.integers(3, 6)), float(rng.uniform(0.05, 0.15))
    expect(
        isinstance(answer, type) and issubclass(answer, tuple) and hasattr(answer, "_fields"),
        "Exp3Policy must be a NamedTuple, class Exp3Policy(NamedTuple), with the fields of the "
        "stub",
    )
    blank = _new_record(answer, K, epsilon)
    start = _told(blank, 0, K)
    expect(
        np.allclose(start, 1 / K),
        "before the first round all weights are 1, and all arms equally likely; the distribution "
        f"is {start.round(4).tolist()}",
    )
    with np.errstate(all="ignore"):
        _check_updates(answer, rng, K, epsilon)
    _check_extremes(answer, epsilon)
    _check_draws(answer, rng, epsilon)
    _check_game(answer, rng, K, epsilon)


def _new_record(answer, K, epsilon):
    try:
        record = answer(np.zeros(K), np.zeros(K), epsilon)
    except TypeError as error:
        raise Hint(
            f"Exp3Policy needs the fields logs, p and epsilon, in this order: {error}"
        ) from None
    for verb in ("distribution", "select", "update"):
        expect(callable(getattr(record, verb, None)), f"Exp3Policy has no method {verb} yet")
    expect(
        record._fields[:3] == ("logs", "p", "epsilon"),
        "the fields are called logs, p and epsilon, in this order",
    )
    return record


def _told(record, t, K):
    p = record.distribution(t, None)
    expect(p is not None, "distribution returns nothing yet; let it return self.p")
    p = np.array(p, dtype=float)
    expect(p.shape == (K,), f"distribution must return {K} probabilities; its shape is {p.shape}")
    expect(
        np.array_equal(p, record.p, equal_nan=True),
        "distribution must write what it returns into the array, as in self.p[:] = ...",
    )
    return p


def _check_updates(answer, rng, K, epsilon):
    """Compare distributions, with arms and costs that are ours."""
    a, b, c = rng.permutation(K)[:3].tolist()
    arms = [a, b, a, c, b]
    told = [(a, float(rng.uniform(0.3, 1.0))) for a in arms]
    began = rng.uniform(-0.5, 0.5, K)
    record, found = _new_record(answer, K, epsilon), []
    record.logs[:] = began
    _told(record, 0, K)
    for t, (a, y) in enumerate(told):
        record.select(t, None, rng)
        record.update(t, None, a, y)
        found.append(_told(record, t + 1, K))

    def path(step, everybody=False):
        """Return the distributions if step(p, y) is added to the logarithm of the arm."""
        logs, rows = began.copy(), []
        for a, y in told:
            p = _softmax(logs)
            for i in range(K) if everybody else (a,):
                logs[i] += step(p[i], y)
            rows.append(_softmax(logs))
        return np.array(rows)

    fall = math.log(1 - epsilon)
    if np.allclose(found, path(lambda p, y: fall * y / p)):
        quiet = _new_record(answer, K, epsilon)  # in real games only select asks for p
        quiet.logs[:] = began
        for t, (a, y) in enumerate(told):
            quiet.select(t, None, rng)
            quiet.update(t, None, a, y)
        expect(
            np.allclose(_told(quiet, len(told), K), found[-1]),
            "select must bring p up to date itself: in a game nobody else calls distribution",
        )
        return
    mistakes = {
        "the distribution stays as it was: update must write into the array, as in "
        "self.logs[a] += ...": path(lambda p, y: 0.0),
        "update uses the plain cost: divide it by the probability with which the arm was drawn": (
            path(lambda p, y: fall * y)
        ),
        "a weight is multiplied by (1 - epsilon)**estimate, not by exp(-epsilon * estimate)": (
            path(lambda p, y: -epsilon * y / p)
        ),
        "the weight of an arm that costs much rises: log(1 - epsilon) is negative, and is added": (
            path(lambda p, y: -fall * y / p)
        ),
        "y is a cost here, not a reward: don't turn it round": path(
            lambda p, y: fall * (1 - y) / p
        ),
        "only the arm that was played has an estimate other than 0; update changes others, too": (
            path(lambda p, y: fall * y / p, everybody=True)
        ),
        "update multiplies by the probability where it has to divide": path(
            lambda p, y: fall * y * p
        ),
        "the probability is divided by once only": path(lambda p, y: fall * y / p**2),
    }
    for hint, rows in mistakes.items():
        expect(not np.allclose(found, rows), hint)
    wanted = path(lambda p, y: fall * y / p)
    t = int(np.argmin([np.allclose(*pair) for pair in zip(found, wanted, strict=True)]))
    raise Hint(
        f"with epsilon = {epsilon:.3f} and logs {began.round(3).tolist()}, the arms and costs "
        f"{[(a, round(y, 3)) for a, y in told[: t + 1]]} lead to the distribution "
        f"{wanted[t].round(4).tolist()}; yours is {found[t].round(4).tolist()}"
    )


def _check_extremes(answer, epsilon):
    """Look at logarithms that are low, or far apart, and at an estimate of some millions."""

    def told(logs, epsilon, a=None):
        record = _new_record(answer, len(logs), epsilon)
        record.logs[:] = logs
        if a is not None:
            record.select(0, None, np.random.default_rng(0))
            record.update(0, None, a, 1.0)
        return _told(record, 0, len(logs))

    low = [-2000.0, -2001.0, -2003.0]
    hint = "after many rounds the logarithms are near -2000 and all weights 0"
    _also(told, _softmax, (low, epsilon), f"{hint}: subtract the largest logarithm before exp")
    apart = [-2000.0, -1.0, 0.0]
    hint = "where an arm has been given up, exp overflows unless the largest logarithm is"
    _also(told, _softmax, (apart, epsilon), f"{hint} subtracted before")
    rare, step = [0.0, -14.0], 1e-7
    p = _softmax(rare)[1]
    found = told(rare, step, 1)[1]
    expect(math.isclose(found, p * math.exp(-step / p), rel_tol=1e-3), _CUT_OFF)


def _check_draws(answer, rng, epsilon):
    """Draw often from one distribution: each arm within six standard deviations."""
    record, n = _new_record(answer, 3, epsilon), 1500
    record.logs[:] = np.log([0.25, 0.65, 0.1])
    arms = [record.select(0, None, rng) for _ in range(n)]
    expect(all(a is not None for a in arms), "select returns nothing yet")
    expect(
        all(isinstance(a, int | np.integer) and 0 <= a < 3 for a in arms),
        "select must return an arm, a whole number from 0 to K - 1",
    )
    shares = np.bincount(arms, minlength=3) / n
    p = np.array([0.25, 0.65, 0.1])
    expect(
        shares.max() < 1,
        "select always takes the same arm; draw it from the distribution, as with "
        "rng.choice(K, p=p)",
    )
    expect(
        (abs(shares - p) < 6 * np.sqrt(p * (1 - p) / n)).all(),
        f"with probabilities {p.tolist()} select drew the arms in shares of "
        f"{shares.round(3).tolist()}: draw from the distribution",
    )
    seed = int(rng.integers(2**32))
    first, second = (
        [int(record.select(0, None, dice)) for _ in range(50)]
        for dice in (np.random.default_rng(seed), np.random.default_rng(seed))
    )
    expect(
        first == second,
        "select is handed rng to draw with: generators with the same seed must draw the same arms",
    )
    record.logs[:] = [0.0, -50.0, -50.0]
    expect(
        not any(record.select(0, None, rng) for _ in range(1500)),
        "select draws arms whose probability is 1e-22: with gamma = 0 there are no uniform draws",
    )


def _check_game(answer, rng, K, epsilon):
    """Play a game in the loop, and hand its arms and costs to the library's Exp3."""

    class Answered(bk.Learner):
        costs = True

        def start(self, spec, horizon):
            return answer(np.zeros(spec.K), np.zeros(spec.K), epsilon)

    T = 200
    table = bk.LossTable(rng.random((T, K)))
    game = bk.watch(table, Answered(), horizon=T, seed=int(rng.integers(10**6)))
    ours = bk.Exp3(rate=epsilon).start(Arms(K, costs=True), T)
    for t, a in enumerate(game.arms):
        expect(
            np.allclose(game.distributions[t], ours.distribution(t, None), atol=1e-6),
            f"in a game the distribution differs from the library's in round {t + 1}: does "
            "anything but logs and p change?",
        )
        ours.update(t, None, a, game.answers[t])


@exercise("exact-regret", "Exp3's expected regret, exactly", minutes=30)
def exact_regret(answer, rng):
    """Check expected regret over all games of a few rounds."""

    def grown(step, law=None, benchmark=None):
        """Return expected regret where step(p, a, c) is added to the logarithms."""

        def regret(costs, epsilon):
            T, K = np.shape(costs)
            costs = np.array(costs, dtype=float)

            def expected(t, logs):
                if t == T:
                    return 0.0
                p = _softmax(logs)
                q = np.full(K, 1 / K) if law == "uniform" else p
                return sum(
                    q[a] * (costs[t, a] + expected(t + 1, logs + step(p, a, costs[t], epsilon)))
                    for a in range(K)
                )

            least = costs.sum(axis=0).min() if benchmark is None else benchmark(costs)
            return expected(0, np.zeros(K)) - least

        return regret

    def on_arm(change):
        def step(p, a, c, e):
            logs = np.zeros(p.size)
            logs[a] = change(p[a], c[a], e)
            return logs

        return step

    right = on_arm(lambda p, c, e: math.log(1 - e) * c / p)
    truth = grown(right)
    cases = [(rng.random((1, 3)).tolist(), 0.2), (rng.random((2, 2)).tolist(), 0.15)]
    for T, K in ((3, 3), (4, 2), (5, 2), (4, 3)):
        cases.append((rng.random((T, K)).tolist(), float(rng.uniform(0.1, 0.2))))
    mistakes = {
        "this is regret of Hedge, who sees all costs; Exp3's weights depend on the arms that were "
        "drawn, and expectation does not pass through the exponential": grown(
            lambda p, a, c, e: math.log(1 - e) * c
        ),
        "all arms are equally likely in every round here: weigh each arm with the probability that "
        "the weights of its game give it": grown(right, law="uniform"),
        "this is the expected cost; subtract the smallest total of an arm": grown(
            right, benchmark=lambda costs: 0.0
        ),
        "the benchmark is one arm for all rounds: the smallest total, not the sum of the smallest "
        "costs": grown(right, benchmark=lambda costs: costs.min(axis=1).sum()),
        "the estimate is the cost divided by the probability of the arm": grown(
            on_arm(lambda p, c, e: math.log(1 - e) * c)
        ),
        "a weight is multiplied by (1 - epsilon)**estimate, not by exp(-epsilon * estimate)": grown(
            on_arm(lambda p, c, e: -e * c / p)
        ),
        "weights rise with costs here: the sign of log(1 - epsilon) is minus": grown(
            on_arm(lambda p, c, e: -math.log(1 - e) * c / p)
        ),
        "costs are bad: the best arm has the smallest total": grown(
            right, benchmark=lambda costs: costs.sum(axis=0).max()
        ),
    }
    compare(answer, truth, cases, mistakes)


# -- Exp4 --------------------------------------------------------------------------------------


@exercise("exp4-arms", "From experts to arms", minutes=8, book="Algorithm 6.2")
def arm_probabilities(answer, rng):
    """Check the probabilities of the arms, where experts agree and where some arm has none."""

    def spread(p, advice, K):
        q = np.zeros(K)
        for e, a in enumerate(advice):
            q[a] += p[e]
        return q

    def truth(p, advice, K, gamma):
        return (1 - gamma) * spread(p, advice, K) + gamma / K

    def last(p, advice, K, gamma):
        q = np.zeros(K)
        for e, a in enumerate(advice):
            q[a] = p[e]
        return (1 - gamma) * q + gamma / K

    def counted(p, advice, K, gamma):
        shares = np.bincount(advice, minlength=K) / len(advice)
        return (1 - gamma) * shares + gamma / K

    cases = []
    for i in range(10):
        K, N = int(rng.integers(3, 6)), int(rng.integers(5, 9))
        advice = np.array([0, 0, *rng.integers(0, K - 1, N - 2)])  # nobody recommends the last arm
        rng.shuffle(advice)
        if i % 2:
            advice += 1  # nobody recommends the first arm
        cases.append((_probabilities(rng, N), advice.tolist(), K, float(rng.uniform(0.05, 0.45))))
    mistakes = {
        "experts who recommend the same arm must be added up; here the last of them counts (as "
        "with q[advice] += p in NumPy)": last,
        "the uniform part is missing: with probability gamma the arm is drawn uniformly": (
            lambda p, advice, K, gamma: spread(p, advice, K)
        ),
        "these probabilities add up to more than 1: experts are followed with probability "
        "1 - gamma only": lambda p, advice, K, gamma: spread(p, advice, K) + gamma / K,
        "uniformly over the arms is gamma / K each, not gamma / N": (
            lambda p, advice, K, gamma: (1 - gamma) * spread(p, advice, K) + gamma / len(p)
        ),
        "experts count with their probabilities, not by heads": counted,
        "each arm gets gamma / K: gamma is the probability of all of them together": (
            lambda p, advice, K, gamma: (1 - gamma) * spread(p, advice, K) + gamma
        ),
        "gamma and 1 - gamma are exchanged": (
            lambda p, advice, K, gamma: gamma * spread(p, advice, K) + (1 - gamma) / K
        ),
        "arms are counted from 0, whoever is recommended: don't subtract the smallest number": (
            lambda p, advice, K, gamma: truth(p, np.array(advice) - min(advice), K, gamma)
        ),
        "return a probability for each of the K arms, not for each expert": (
            lambda p, advice, K, gamma: [truth(p, advice, K, gamma)[a] for a in advice]
        ),
    }
    compare(answer, truth, cases, mistakes)


@exercise("exp4-tuning", "What the theorem promises", minutes=5, book="Theorem 6.11")
def exp4_tuning(answer, rng):
    """Check rate and bound for K arms and N experts."""

    def tuned(u=lambda K: K, log=math.log, over=3.0, factor=_FACTOR, more=1.0):
        def both(K, N, T):
            epsilon = math.sqrt(log(N) / (over * u(K) * T))
            return [epsilon, factor * math.sqrt(T * u(K) * log(N)) + more]

        return both

    cases = []
    for _ in range(8):
        K = int(rng.integers(2, 20))
        cases.append((K, int(rng.integers(K + 2, 400)), int(rng.integers(1000, 10**6))))
    cases.append((50, 1000, 60))  # the bound exceeds T
    mistakes = {
        "the logarithm is of the number of experts N, not of K": (lambda K, N, T: tuned()(K, K, T)),
        "these are Hedge's for costs in [0, 1]; fake costs have a second moment of up to K": tuned(
            u=lambda K: 1
        ),
        "the second moment is K, the number of arms: that the experts are many only enters as "
        "log N": lambda K, N, T: tuned(u=lambda K: N)(K, N, T),
        "the bound is right but for the + 1 of the theorem": tuned(more=0.0),
        "the 3 below the root of the rate is missing": tuned(over=1.0),
        "the 3 of the bound stands outside of the root as it is: it is 2 sqrt(3), not 6 or 2": (
            tuned(factor=6.0)
        ),
        "the bound's factor is 2 sqrt(3), not 2": tuned(factor=2.0),
        "the logarithm is the natural one, not to base 2": tuned(log=math.log2),
        "the rate is a square root; here it is what stands below it": (
            lambda K, N, T: [math.log(N) / (3 * K * T), tuned()(K, N, T)[1]]
        ),
        "the rate comes first, and then the bound": lambda K, N, T: tuned()(K, N, T)[::-1],
        "the bound is asked for as it stands there: don't cut it off at T": (
            lambda K, N, T: [tuned()(K, N, T)[0], min(T, tuned()(K, N, T)[1])]
        ),
    }
    compare(answer, lambda K, N, T: tuned()(K, N, T), cases, mistakes)


@exercise("block-advice", "All ways to stay with an arm", minutes=15, book="Exercise 6.1")
def block_advice(answer, rng):
    """Check that the experts are all sequences that are constant in each block."""
    for K, M in ((2, 3), (3, 2), (2, 1), (4, 2)):
        T = M * int(rng.integers(3, 7))
        hint = "return a table of arms: T rows, each with the advice of K**M experts"
        advice = _table(answer, (K, M, T), hint)
        case = f"for K = {K}, M = {M}, T = {T}"
        expect(
            advice.shape != (K**M, T) or T == K**M,
            f"{case}: it is the other way round: a row is a round, a column an expert",
        )
        expect(
            advice.ndim == 2 and advice.shape[0] == T,
            f"{case} there must be {T} rows, one a round; the shape is {advice.shape}",
        )
        arms = set(advice.ravel().tolist())
        expect(
            arms <= set(range(K)),
            f"{case}: experts recommend arms, numbered 0 to {K - 1}; one says {max(arms):g}",
        )
        blocks = advice.reshape(M, T // M, -1)
        expect(
            (blocks == blocks[:, :1]).all(),
            f"{case}: an expert changes the arm within a block; a block is {T // M} rounds in a "
            "row",
        )
        sequences = {tuple(column) for column in blocks[:, 0].T.tolist()}
        if M > 1:
            expect(
                any(len(set(each)) > 1 for each in sequences),
                f"{case}: every expert stays with one arm for the whole game; it may be another "
                "one in each block",
            )
        expect(
            len(sequences) == advice.shape[1],
            f"{case}: some experts are the same; there are {len(sequences)} different ones among "
            f"{advice.shape[1]}",
        )
        missing = sorted(set(itertools.product(range(K), repeat=M)) - sequences)
        expect(
            not missing,
            f"{case} there are K**M = {K**M} sequences, and {len(sequences)} experts; nobody "
            f"plays the arms {[int(a) for a in next(iter(missing), ())]} in the blocks",
        )


@exercise("block-floor", "A floor for everybody with experts", minutes=10, book="Exercise 6.1")
def block_floor(answer, rng):
    """Check the sum of the lower bounds of the blocks."""

    def blocks(K, N, T):
        M = 0
        while K ** (M + 1) <= N and (M + 1) * K <= T:
            M += 1
        return M

    def truth(K, N, T, c):
        return c * math.sqrt(K * T * blocks(K, N, T))

    def uncapped(K, N, T, c):
        return c * math.sqrt(K * T * blocks(K, N, 10**9))

    def rounded(K, N, T, c):
        return c * math.sqrt(K * T * min(int(math.log(N) / math.log(K)), T // K))

    cases = []
    for K, M in ((2, 5), (3, 3), (5, 3), (6, 2), (10, 3)):
        N = K**M + int(rng.integers(1, K))
        T = M * int(rng.integers(50, 200)) + int(rng.integers(1, M))  # blocks of unequal length
        cases.append((K, N, T, float(rng.uniform(0.05, 0.3))))
    exact = [
        (5, 125, 3 * 40, 0.1),
        (6, 216, 3 * 50, 0.1),
        (10, 1000, 3 * 70, 0.1),
        (3, 243, 5 * 30, 0.1),
    ]
    short = [(4, 4**7, 4 * 3, 0.2), (3, 3**9, 3 * 4, 0.1)]
    mistakes = {
        "a block has only T / M rounds: its floor is c sqrt(K T / M), and there are M of them": (
            lambda K, N, T, c: c * blocks(K, N, T) * math.sqrt(K * T)
        ),
        "blocks of unequal length are no matter: reckon with T / M rounds, not with T // M": (
            lambda K, N, T, c: c * blocks(K, N, T) * math.sqrt(K * (T // max(1, blocks(K, N, T))))
        ),
        "this is the floor of a single block; they add up": (
            lambda K, N, T, c: c * math.sqrt(K * T / blocks(K, N, T))
        ),
        "log N is not the number of blocks: K**M experts are needed for M of them": (
            lambda K, N, T, c: c * math.sqrt(K * T * math.log(N))
        ),
        "this is the floor without experts, of one block": (
            lambda K, N, T, c: c * math.sqrt(K * T)
        ),
        "M is a whole number of blocks: the largest with K**M <= N": (
            lambda K, N, T, c: c * math.sqrt(K * T * math.log(N) / math.log(K))
        ),
        "one block too many: K**M must not exceed N, or there are sequences that no expert plays": (
            lambda K, N, T, c: c * math.sqrt(K * T * (blocks(K, N, T) + 1))
        ),
    }
    compare(answer, truth, cases, mistakes)
    mistakes = {
        "log(N) / log(K) comes out just below a whole number here, as log(1000) / log(10) does "
        "in floats: count with whole numbers": rounded,
    }
    compare(answer, truth, exact, mistakes)
    mistakes = {
        "every block needs K rounds at least: with few rounds there are only T // K blocks": (
            uncapped
        ),
    }
    compare(answer, truth, short, mistakes)


# -- Rewards, and estimates that are safe ------------------------------------------------------


@exercise("turn-round", "Rewards for a learner of costs", minutes=10)
def costs_of_reward(answer, rng):
    """Check the fake costs that a reward in [low, high] becomes."""

    def only(estimate):
        return lambda p, a, r, low, high: [
            estimate(p[a], r, low, high) if i == a else 0.0 for i in range(len(p))
        ]

    cases = []
    for _ in range(10):
        K = int(rng.integers(2, 6))
        low = float(rng.uniform(-2, 2))
        high = low + float(rng.uniform(1.5, 4))
        reward = float(rng.uniform(low + 0.1, high - 0.1))
        cases.append((_probabilities(rng, K), int(rng.integers(0, K)), reward, low, high))
    mistakes = {
        "large rewards come out as large costs: turn the reward round, high - r": only(
            lambda p, r, low, high: (r - low) / (high - low) / p
        ),
        "a reward is not a cost: Exp3 would flee from the best arm": only(
            lambda p, r, low, high: r / p
        ),
        "a cost of -r is right in sign, but negative: weights would grow without end - start from "
        "high": only(lambda p, r, low, high: -r / p),
        "1 - r is a cost only for rewards in [0, 1]; these lie in [low, high]": only(
            lambda p, r, low, high: (1 - r) / p
        ),
        "costs must lie in [0, 1]: divide high - r by high - low": only(
            lambda p, r, low, high: (high - r) / p
        ),
        "turn the reward round first and estimate then: here every arm gets a cost of 1, less a "
        "huge estimate for the arm that was played": (
            lambda p, a, r, low, high: [
                1 - (r - low) / (high - low) / p[i] * (i == a) for i in range(len(p))
            ]
        ),
        "the estimate of the arm itself must not be turned round after the division: 1 - x / p "
        "may be hugely negative": only(lambda p, r, low, high: 1 - (r - low) / (high - low) / p),
        "this is the arm's cost, in [0, 1]; what is missing is the division by its probability": (
            only(lambda p, r, low, high: (high - r) / (high - low))
        ),
    }
    right = only(lambda p, r, low, high: (high - r) / (high - low) / p)
    compare(answer, right, cases, mistakes)
    _also(answer, right, ([1 - 1e-6, 1e-6], 1, 0.5, -1.0, 2.0), _CUT_OFF)


@exercise("exp3-ix", "A step of Exp3-IX", minutes=10, book="Neu (2015)")
def ix_step(answer, rng):
    """Check the next distribution of Exp3-IX."""

    def step(change):
        def after(p, a, c, eta, gamma):
            logs = np.log(p)
            logs[a] += change(np.array(p), a, c, eta, gamma)
            return _softmax(logs)

        return after

    def unnormalised(p, a, c, eta, gamma):
        weights = np.array(p)
        weights[a] *= math.exp(-eta * c / (p[a] + gamma))
        return weights

    cases = []
    for _ in range(10):
        K = int(rng.integers(2, 6))
        eta, gamma = float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.05, 0.2))
        p, a = _probabilities(rng, K), int(rng.integers(0, K))
        cases.append((p, a, float(rng.uniform(0.3, 1.0)), eta, gamma))
    mistakes = {
        "gamma is missing: this is a step of Exp3": step(lambda p, a, c, eta, g: -eta * c / p[a]),
        "gamma is added to the probability, not mixed into it": step(
            lambda p, a, c, eta, g: -eta * c / ((1 - g) * p[a] + g / p.size)
        ),
        "Exp3-IX has exp(-eta * estimate); (1 - eta)**estimate is Hedge's way to write it": step(
            lambda p, a, c, eta, g: math.log(1 - eta) * c / (p[a] + g)
        ),
        "costs make weights fall: the exponent is negative": step(
            lambda p, a, c, eta, g: eta * c / (p[a] + g)
        ),
        "gamma is added below the fraction, to the probability, not to the cost": step(
            lambda p, a, c, eta, g: -eta * (c + g) / p[a]
        ),
        "all of gamma is added to the probability of the arm, not gamma / K": step(
            lambda p, a, c, eta, g: -eta * c / (p[a] + g / p.size)
        ),
        "gamma is added before dividing; subtracting it makes estimates larger still": step(
            lambda p, a, c, eta, g: -eta * c / (p[a] - g)
        ),
        "these don't add up to 1: divide by their sum": unnormalised,
    }
    truth = step(lambda p, a, c, eta, g: -eta * c / (p[a] + g))
    compare(answer, truth, cases, mistakes)


# -- More arms than rounds ---------------------------------------------------------------------


@exercise("mesh-loss", "What a mesh of arms loses", minutes=8, book="Exercise 6.2(a)")
def mesh_loss(answer, rng):
    """Check the discretisation error per round."""

    def error(mesh, best=np.min):
        """Return the difference of mesh(totals, step) and the best total, per round."""

        def per_round(costs, step):
            totals = np.array(costs).sum(axis=0)
            return (mesh(totals, step) - best(totals)) / len(costs)

        return per_round

    truth = error(lambda totals, step: totals[::step].min())
    cases = []
    for i in range(12):
        T, step = int(rng.integers(3, 8)), int(rng.integers(2, 6))
        x = np.arange(4 * step + 1) / (4 * step)
        peaks = rng.uniform(0.1, 0.9, T) if i else np.zeros(T)
        slopes = rng.uniform(0.3, 1.0, (T, 1))
        noise = rng.uniform(0, 0.1, (T, x.size)) if i else 0.0
        cases.append((slopes * abs(x - peaks[:, None]) + noise, step))
    costs = np.array([[1.0, 0.0, 0.9, 0.4, 0.8, 0.6, 0.2], [0.8, 0.1, 0.9, 0.5, 0.8, 0.6, 0.2]])
    cases += [(costs, 3), (costs[:, 2:], 2), (costs[:, 2:], 3)]  # the last point matters
    cases.append((costs[:, ::-1], 4))  # the best point of the mesh is not the nearest
    mistakes = {
        "the benchmark is the best fixed point: add up costs over the rounds before taking the "
        "smallest": lambda costs, step: np.mean(costs[:, ::step].min(axis=1) - costs.min(axis=1)),
        "this is the total over all rounds; the error is per round": (
            lambda costs, step: truth(costs, step) * len(costs)
        ),
        "rows are rounds and columns are points: the mesh is every step-th column": (
            lambda costs, step: (
                (costs[::step].sum(axis=0).min() - costs.sum(axis=0).min()) / len(costs)
            )
        ),
        "the error is what the mesh costs more, so it is 0 or more: the sign is the wrong one": (
            lambda costs, step: -truth(costs, step)
        ),
        "costs are bad: the best point has the smallest total, not the largest": error(
            lambda totals, step: totals[::step].max(), best=np.max
        ),
        "this is what the best point of the mesh costs; subtract what the best of all points "
        "costs": error(lambda totals, step: totals[::step].min(), best=lambda totals: 0.0),
        "the mesh begins at 0: columns 0, step, 2 step, ...": error(
            lambda totals, step: totals[step::step].min()
        ),
        "the last column is a point like the others, and of the mesh if a step leads there": error(
            lambda totals, step: totals[:-1:step].min()
        ),
        "the last column is a point of the mesh only if a step leads there": error(
            lambda totals, step: min(totals[::step].min(), totals[-1])
        ),
        "the best point of the mesh need not be a neighbour of the best point: compare them all": (
            error(lambda totals, step: totals[totals.argmin() // step * step])
        ),
    }
    compare(answer, truth, cases, mistakes)


@exercise("mesh-price", "A price that loses little", minutes=8, book="Exercise 6.2(b)")
def mesh_price(answer, rng):
    """Check that the price of the mesh earns nearly as much, whoever comes to buy."""
    cases = [(float(rng.uniform(0.02, 1)), float(rng.uniform(0.03, 0.25))) for _ in range(30)]
    cases += [(3 / 7, 1 / 7), (0.5, 0.125), (1.0, 0.05), (0.3, 0.1), (0.02, 0.1)]
    found = []
    for price, epsilon in cases:
        m = call(answer, price, epsilon)
        try:
            found.append(float(m))
        except (TypeError, ValueError):
            raise Hint(f"mesh_price must return a price, a number; got {m!r}") from None
    p, eps = np.array(cases).T
    m = np.array(found)
    expect(np.isfinite(m).all(), "the price must be a number from 0 to 1")
    steps = m / eps
    expect(
        m.max() <= 1.5 or (m != m.round()).any(),
        "this is the number of the mesh point; the price is that times epsilon",
    )
    expect(not np.allclose(m, p), "the price must be one of the mesh: 0, epsilon, 2 epsilon, ...")
    for price, epsilon, k, near in zip(p, eps, steps, m, strict=True):
        where = f"for the price {price:.4g} and epsilon = {epsilon:.4g}"
        expect(
            abs(k - round(k)) < 1e-6 and near > -1e-9,
            f"{where}: {near:.4g} is not a multiple of epsilon from 0 on",
        )
    above = (m > p + 1e-9) & (p > eps)  # a price of at most epsilon has no more than that to lose
    if above.any():
        price, epsilon, near = (each[above][0] for each in (p, eps, m))
        kind = "always rounding up" if (m > p - 1e-9).all() else "rounding to the nearest"
        raise Hint(
            f"{kind} loses whole sales: a buyer whose value is {price:.4g} pays {price:.4g}, but "
            f"not {near:.4g} (epsilon = {epsilon:.4g})"
        )
    far = p - m > eps * (1 + 1e-6)
    if far.any():
        price, epsilon, near = (each[far][0] for each in (p, eps, m))
        raise Hint(
            f"a buyer who pays {price:.4g} would pay {near:.4g} here, which is {price - near:.4g} "
            f"less: more than epsilon = {epsilon:.4g}"
        )


@exercise("mesh-size", "How fine a mesh", minutes=15, book="Exercise 6.2, tuning")
def mesh_size(answer, rng):
    """Check the number of arms that makes the bound smallest."""
    cases = [(int(rng.integers(500, 4000)), float(rng.uniform(0.5, 2))) for _ in range(5)]
    cases += [(int(rng.integers(10_000, 40_000)), float(rng.uniform(2, 8))) for _ in range(2)]
    cases += [(30_000, 50.0), (5, 100.0), (40, 0.01)]  # more than 100 points, all T, and only two
    found = [call(answer, *case) for case in cases]

    def smallest(bound):
        meshes = [np.arange(2.0, T + 1) for T, _ in cases]
        return [int(K[np.argmin(bound(K, *case))]) for K, case in zip(meshes, cases, strict=True)]

    def theorem(K, T, L):
        return L * T / (K - 1) + _FACTOR * np.sqrt(T * K * np.log(K))

    for (T, L), K in zip(cases, found, strict=True):
        try:
            whole = float(K).is_integer()
        except (TypeError, ValueError, OverflowError):
            whole = False
        expect(
            whole,
            f"the number of arms must be a whole number; for T = {T}, L = {L:.3g} it is {K!r}",
        )
    found = [int(K) for K in found]
    if found == smallest(theorem):
        return
    mistakes = {
        "this is the mesh for the stochastic sqrt(K T): the bound has log K below its root, too": (
            smallest(lambda K, T, L: L * T / (K - 1) + _FACTOR * np.sqrt(T * K))
        ),
        "the 2 sqrt(3) of Theorem 6.11 is missing: with fewer arms the whole bound is smaller": (
            smallest(lambda K, T, L: L * T / (K - 1) + np.sqrt(T * K * np.log(K)))
        ),
        "the Lipschitz constant is missing": (smallest(lambda K, T, L: theorem(K, T, 1.0))),
        "the error of the mesh is lost in every round: it counts T times": smallest(
            lambda K, T, L: theorem(K, T, L / T)
        ),
        "K points from 0 to 1 are 1 / (K - 1) apart, not 1 / K: count them again": smallest(
            lambda K, T, L: L * T / K + _FACTOR * np.sqrt(T * K * np.log(K))
        ),
        "here the bound is largest; look for the smallest": smallest(
            lambda K, T, L: -theorem(K, T, L)
        ),
    }
    below = [math.ceil(1 / (math.log(T) / (L**2 * T)) ** (1 / 3)) for T, L in cases]
    orders = [below, [K - 1 for K in below], [K + 1 for K in below]]
    expect(
        found not in orders,
        "(log T / (L**2 T))**(1/3) is the right order of epsilon, but not where the bound is "
        "smallest: try all K",
    )
    for hint, values in mistakes.items():
        expect(found != values, hint)
    expect(
        found != [K - 1 for K in smallest(theorem)],
        "one less than it should be: is this the number of steps, or of points?",
    )
    for (T, L), K in zip(cases, found, strict=True):
        best = smallest(theorem)[cases.index((T, L))]
        expect(2 <= K <= T, f"a mesh of {K} points is none; K goes from 2 to T = {T}")
        expect(
            best == K,
            f"for T = {T}, L = {L:.3g} the bound is {float(theorem(K, T, L)):.6g} with {K} arms, "
            f"and {float(theorem(best, T, L)):.6g} with {best}",
        )


# -- A world that moves ------------------------------------------------------------------------


@exercise("best-shifting", "The best with few changes", minutes=25, book="Exercise 6.3")
def best_shifting(answer, rng):
    """Check the least total with at most n changes of the arm."""

    def least(costs, n, fits=lambda changes, n: changes <= n, toll=0.0):
        """Try all sequences."""
        costs = np.array(costs)
        T, K = costs.shape
        best = math.inf
        for arms in itertools.product(range(K), repeat=T):
            changes = sum(a != b for a, b in itertools.pairwise(arms))
            if fits(changes, n):
                best = min(best, sum(costs[t, a] for t, a in enumerate(arms)) + toll * changes)
        return best

    def equal_blocks(costs, n):
        return sum(rows.sum(axis=0).min() for rows in np.array_split(np.array(costs), n + 1))

    def greedy(costs, n):
        """Follow the best arm of each round as long as changes are left."""
        total, arm, left = 0.0, int(np.argmin(costs[0])), n
        for row in np.array(costs):
            if left > 0 and row.argmin() != arm:
                arm, left = int(row.argmin()), left - 1
            total += row[arm]
        return total

    cases = [(rng.random((5, 2)).tolist(), n) for n in (0, 1, 2)]
    cases += [(rng.random((6, 3)).tolist(), n) for n in (0, 1, 2, 3)]
    cases += [(rng.random((1, 3)).tolist(), 1), (rng.random((3, 2)).tolist(), 7)]
    costs = rng.random((6, 2))
    costs[:, 0] -= costs[:, 0].min()
    costs[:, 1] += 1 - costs[:, 1].min()  # arm 0 is always better: no reason to change
    cases.append((costs.tolist(), 2))
    once = [[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    cases += [(once, 1), (once[::-1], 1)]  # a change after the first round, and before the last
    mistakes = {
        "n counts changes, not arms in a row: with n changes there are n + 1 stretches": (
            lambda costs, n: least(costs, max(0, n - 1))
        ),
        "one change too many: at most n of them": lambda costs, n: least(costs, n + 1),
        "at most n changes, not exactly n: who need not change does not": (
            lambda costs, n: least(costs, n, lambda changes, n: changes == min(n, len(costs) - 1))
        ),
        "the stretches may have any lengths: they need not be equal": equal_blocks,
        "this is the best arm of each round, however often it changes": (
            lambda costs, n: float(np.min(costs, axis=1).sum())
        ),
        "this is the best single arm, whatever n is": (
            lambda costs, n: float(np.sum(costs, axis=0).min())
        ),
        "spending the changes as soon as another arm is cheaper is not best: some are worth "
        "waiting for": greedy,
        "costs are bad: look for the smallest total": (
            lambda costs, n: -least(-np.array(costs), n)
        ),
    }
    compare(answer, least, cases, mistakes)
    T, K, n = 60, 4, 5
    large = rng.random((T, K))
    wanted = _shifting(large, n)
    expect(
        math.isclose(call(answer, large.tolist(), n), wanted, rel_tol=1e-9),
        f"right for a few rounds; with {T} rounds and n = {n} the least total is {wanted:.4f}",
    )


def _shifting(costs, n):
    """Return the least total with at most n changes, by dynamic programming."""
    totals = np.zeros((n + 1, costs.shape[1]))
    for row in costs:
        before = totals.min(axis=1)
        totals[1:] = np.minimum(totals[1:], before[:-1, None])
        totals += row
    return float(totals.min())


@exercise("drift-blocks", "How often to begin anew", minutes=10, book="Exercise 6.3")
def drift_blocks(answer, rng):
    """Check the number of blocks that makes the bound on dynamic regret smallest."""

    def blocks(sharp=lambda K: 3 * K * math.log(K), speed=lambda eps: eps):
        return lambda T, K, eps: T * (speed(eps) ** 2 / sharp(K)) ** (1 / 3)

    cases = []
    for _ in range(10):
        T, K = int(rng.integers(1000, 10**5)), int(rng.integers(2, 20))
        cases.append((T, K, float(10 ** rng.uniform(-4, -2))))
    cases.append((100, 3, 1e-5))  # less than a block
    mistakes = {
        "here both terms are equal; their sum is smallest where the derivatives cancel, and that "
        "of sqrt(n) is 1 / (2 sqrt(n))": blocks(lambda K: 12 * K * math.log(K)),
        "the constant 2 sqrt(3) of the theorem is missing": blocks(lambda K: K * math.log(K) / 4),
        "log K is missing": blocks(lambda K: 3 * K),
        "K is missing below the root": blocks(lambda K: 3 * math.log(K)),
        "this is the length of a block; the exercise asks for the number of blocks, T over it": (
            lambda T, K, eps: T / blocks()(T, K, eps)
        ),
        "n is proportional to T: the faster the costs drift the more blocks, and twice the rounds "
        "are twice the blocks": lambda T, K, eps: blocks()(T, K, eps) / T,
        "the power is 2/3: n**(3/2) has been taken for n**3": (
            lambda T, K, eps: T * (eps**2 / (3 * K * math.log(K))) ** (1 / 6)
        ),
        "the power is 2/3: n**(3/2) has been taken for n": (
            lambda T, K, eps: eps * T**1.5 / math.sqrt(3 * K * math.log(K))
        ),
        "the logarithm is the natural one": blocks(lambda K: 3 * K * math.log2(K)),
        "n is a real number here, and may be below 1: take it as it comes out": (
            lambda T, K, eps: max(1.0, blocks()(T, K, eps))
        ),
        "this is the smallest bound; the exercise asks for the n at which it is reached": (
            lambda T, K, eps: _drift_bound(blocks()(T, K, eps), T, K, eps)
        ),
    }
    compare(answer, blocks(), cases, mistakes, close=1e-6)


def _drift_bound(n, T, K, eps):
    return eps * T**2 / n + _FACTOR * math.sqrt(n * K * T * math.log(K))


_T, _K, _SEGMENTS = 4000, 3, 5
_WASTED = 0.33  # plain Exp3 wastes 0.56 +- 0.09 of the rounds in a game


@exercise("follow-the-drift", "A learner that does not get stuck", minutes=120)
def follow_the_drift(answer, rng):
    """Play on tapes whose best arm changes, and against a twin."""
    wasted, first = [], []
    for _ in range(5):
        costs, best, cuts = _moving_tape(rng)
        arms = _game(call(answer, _K, _T, _SEGMENTS - 1), costs, rng)
        wrong = arms != best
        wasted.append(wrong.mean())
        first.append(wrong[: cuts[0]].mean())
    share, early = float(np.mean(wasted)), float(np.mean(first))
    said = f"{share:.0%} of the rounds went to a wrong arm"
    expect(
        share < 0.75,
        f"{said}, more than with a uniform draw: are costs taken for rewards?",
    )
    expect(
        share < 0.62 or min(early, share) < 0.6,
        f"{said}, about as many as with a uniform draw: is anything learned between restarts?",
    )
    expect(
        share < _WASTED or early > 0.6 * share,
        f"{said}, but only {early:.0%} before the first change: the best arm is found, and then "
        "kept when another one is better",
    )
    expect(
        share < _WASTED,
        f"{said}; plain Exp3 wastes 56%, and at most {_WASTED:.0%} are asked for: learn faster "
        "between changes, as there are few rounds from one to the next",
    )
    one, other = (call(answer, _K, _T, _SEGMENTS - 1) for _ in range(2))
    expect(one is not other, "return a fresh learner in each call: here two games share one")
    pairs = [(one, other)]
    pairs += [tuple(call(answer, _K, _T, _SEGMENTS - 1) for _ in range(2)) for _ in range(2)]
    paid = np.mean([_twins(*pair, rng) for pair in pairs])
    expect(
        paid < 0.7,
        f"costs that were made for a twin of your learner cost it {paid:.0%} of the rounds: "
        "without dice it can be fooled (Theorem 5.11)",
    )


def _moving_tape(rng):
    """Return costs of 0 and 1, the best arm of each round, and when it changes."""
    arms = [int(rng.integers(_K))]
    while len(arms) < _SEGMENTS:
        arms.append(int((arms[-1] + rng.integers(1, _K)) % _K))
    cuts = np.arange(1, _SEGMENTS) + rng.uniform(-0.2, 0.2, _SEGMENTS - 1)
    cuts = (cuts * _T / _SEGMENTS).astype(int)
    best = np.array(arms)[np.searchsorted(cuts, np.arange(_T), side="right")]
    means = np.full((_T, _K), 0.9)
    means[np.arange(_T), best] = 0.1
    return (rng.random((_T, _K)) < means).astype(float), best, cuts


def _verbs(learner):
    for verb in ("select", "update"):
        expect(
            callable(getattr(learner, verb, None)),
            f"follow_the_drift must return something with the methods select and update; there "
            f"is no {verb}",
        )
    return learner.select, learner.update


def _arm(a):
    expect(
        isinstance(a, int | np.integer) and 0 <= a < _K,
        f"select must return an arm, a whole number from 0 to {_K - 1}; got {a!r}",
    )
    return int(a)


def _game(learner, costs, rng):
    select, update = _verbs(learner)
    arms = np.zeros(len(costs), dtype=int)
    for t, row in enumerate(costs.tolist()):
        a = _arm(select(t, None, rng))
        update(t, None, a, row[a])
        arms[t] = a
    return arms


def _twins(one, twin, rng, rounds=1000):
    """Return how much it costs where the arm of a twin, with other dice, costs 1."""
    (select, update), (other, tell) = _verbs(one), _verbs(twin)
    dice, paid = np.random.default_rng(int(rng.integers(2**32))), 0
    for t in range(rounds):
        a, b = _arm(select(t, None, rng)), _arm(other(t, None, dice))
        update(t, None, a, float(a == b))
        tell(t, None, b, 1.0)
        paid += a == b
    return paid / rounds
