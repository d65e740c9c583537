"""PGRD: its gradient and plan, an oracle, identities, and the bird that can't see far."""

import numpy as np
import pytest
from instances import TABULAR, generators, regret_of
from naive import designed as naive

import banditkit as bk
from banditkit import planning
from banditkit.core.jit import jit
from banditkit.core.play import play, play_interpreted
from banditkit.core.verbs import complete
from banditkit.learners.pgrd import add_score, look_forward

WORLD = bk.Foraging()
plan_from = jit(look_forward)


def random_mdp(seed, S=4, A=2, limit=9):
    """Return an MDP in which episodes end, in the last state, and are cut off."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(S, 0.5), size=(S, A))
    return bk.MDP(P, rng.normal(size=(S, A, S)), 0.7, terminal=[S - 1], limit=limit)


def lists_of(mdp):
    """Return the model as a dict, and the states that end."""
    model = mdp.model
    listed = {}
    for pair in range(model.expected.size):
        span = slice(model.first[pair], model.first[pair + 1])
        follow = zip(model.chance[span], model.following[span], model.rewards[span], strict=True)
        listed[divmod(pair, model.A)] = [(float(p), int(z), float(r)) for p, z, r in follow]
    return listed, set(np.flatnonzero(model.terminal).tolist())


def planned(learner, problem, x, theta=None, recency=None):
    """Return the policy with its plan from state x."""
    policy = learner.start(problem.spec, 10)
    if theta is not None:
        policy.theta[:] = theta
    if recency is not None:
        policy.recency[:] = recency
    plan_from(policy, x)
    return policy


def log_probabilities(policy):
    Q = policy.sharpness * policy.plan.Q
    return Q - np.logaddexp.reduce(Q)


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
@pytest.mark.parametrize("x", [3, 4, 11])
def test_the_score_is_the_difference_quotient_of_log_p(depth, x):
    """At random weights, where no two plans tie."""
    rng = np.random.default_rng([depth, x])
    design = bk.RewardDesign(WORLD, rng.normal(size=(2, 27, 5)), WORLD.places)
    learner = bk.PGRD(design, depth, temperature=0.7)
    theta, recency, h = rng.normal(size=4), rng.random(9), 1e-6
    for a in range(5):
        policy = planned(learner, WORLD, x, theta, recency)
        policy.p[:] = np.exp(log_probabilities(policy))
        add_score(policy, a)
        for j, step in enumerate(h * np.eye(4)):
            up, down = (
                log_probabilities(planned(learner, WORLD, x, theta + by, recency))[a]
                for by in (step, -step)
            )
            assert policy.trace[j] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("problem", [WORLD, random_mdp(0), bk.GridWorld(".#G\nS..", slip=0.3)])
def test_the_plan_of_the_objective_is_that_of_dynamic_programming(problem):
    V, _ = planning.finite_horizon(problem, 8)
    for depth in (1, 2, 3, 8):
        Q = planning.action_values(problem, V[depth - 1])
        for x in np.flatnonzero(~problem.model.terminal):
            policy = planned(bk.PGRD(bk.RewardDesign(problem), depth), problem, x)
            assert policy.plan.Q == pytest.approx(Q[x], abs=1e-12)
            assert policy.plan.slope @ policy.theta == pytest.approx(policy.plan.Q, abs=1e-12)


def test_beyond_the_effective_horizon_the_objective_is_the_best_reward():
    """Planned so far, and cold, it is optimal; so no weights do better, and random ones do worse.

    The table is an indicator of the first column: with it the designed reward is another task.
    """
    world = bk.Foraging(gamma=0.8)
    bonus = np.array([[float(p % 3 == 0)] * 5 for p in world.places])
    learner = bk.PGRD(bk.RewardDesign(world, [bonus]), depth=80, temperature=1e-6)

    def value(theta):
        p = [np.exp(log_probabilities(planned(learner, world, x, theta))) for x in range(27)]
        return world.start_distribution @ planning.evaluate(world, np.array(p))

    best = world.start_distribution @ world.solution.V
    assert value([1.0, 0.0]) == pytest.approx(best, abs=1e-9)
    assert value([5.0, 0.0]) == pytest.approx(best, abs=1e-9)
    others = [value(theta) for theta in np.random.default_rng(0).normal(size=(10, 2))]
    assert max(others) <= best + 1e-9
    assert min(others) < 0.5 * best


def test_what_every_action_has_alike_has_no_gradient():
    """Where nothing ends, a constant reward moves all values by the same amount."""
    constant = np.ones((1, 27, 5))
    learner = bk.PGRD(bk.RewardDesign(WORLD, constant, weights=[1.0, 3.0]), 6)
    plain = bk.PGRD(bk.RewardDesign(WORLD), 6)
    for x in (3, 10, 26):
        policy = planned(learner, WORLD, x)
        shift = 3.0 * (1.0 - WORLD.gamma**6) / (1.0 - WORLD.gamma)
        assert policy.plan.Q == pytest.approx(planned(plain, WORLD, x).plan.Q + shift)
        policy.p[:] = np.exp(log_probabilities(policy))
        add_score(policy, 2)
        assert policy.trace[1] == pytest.approx(0.0, abs=1e-9)


def test_without_a_trace_it_is_reinforce_of_the_next_reward():
    """On average, a step is rate times the gradient of the expected reward, less the decay."""
    rng = np.random.default_rng(4)
    S, A = 2, 3
    P = np.zeros((S, A, S))
    P[0, :, 1] = 1.0
    arms = bk.MDP(P, rng.normal(size=(S, A)), 0.9, terminal=[1])
    means = arms.R[0]
    design = bk.RewardDesign(arms, rng.normal(size=(2, S, A)), weights=rng.normal(size=3))
    learner = bk.PGRD(design, 1, 0.8, rate=0.1, trace=0.0, decay=0.3)

    def expected(theta):
        return np.exp(log_probabilities(planned(learner, arms, 0, theta))) @ means

    theta, h = np.array(design.weights), 1e-6
    slope = [(expected(theta + e) - expected(theta - e)) / (2 * h) for e in h * np.eye(3)]
    mean = np.zeros(3)
    for a in range(A):
        policy = learner.start(arms.spec, 10)
        policy.trace[:] = 7.0  # is forgotten
        policy.select(0, 0, np.random.default_rng(0))
        policy.update(0, 0, a, bk.Step(means[a], 1, True, False))
        mean += policy.p[a] * (policy.theta - theta)
    assert mean == pytest.approx(0.1 * (np.array(slope) - 0.3 * theta), abs=1e-8)


LONGER = np.random.default_rng(9).normal(size=(2, 4, 2)).tolist()
PLAYED = {
    "objective": (bk.RewardDesign(random_mdp(1)), {"depth": 3}),
    "tables": (bk.RewardDesign(random_mdp(1), LONGER, None, [1.0, 0.5, -0.5]), {"depth": 2}),
    "recency": (bk.RewardDesign(random_mdp(1), (), [0, 1, 0, 2], [1.0, 0.3]), {"depth": 2}),
    "counted": (bk.RewardDesign(), {"depth": 3}),
    "all, counted": (
        bk.RewardDesign(None, LONGER, [1, 0, 1, 2], [0.5, 0.5, -0.5, 0.25]),
        {"depth": 2, "trace": 0.5, "decay": 0.1},
    ),
}


@pytest.mark.parametrize("name", PLAYED)
def test_it_is_the_oracle(name):
    design, given = PLAYED[name]
    parameters = {"depth": 4, "temperature": 0.5, "rate": 0.1, "trace": 0.9, "decay": 0.0} | given
    problem, rounds = random_mdp(1), 60
    oracle = naive.PGRD(
        2,
        0.7,
        lists_of(problem) if design.problem else None,
        design.tables,
        design.places,
        design.weights or np.eye(1, design.size)[0].tolist(),
        **parameters,
    )
    learner = bk.PGRD(design, **parameters)
    env_rng, rng = generators(3)
    env, policy = complete(problem.start(rounds, env_rng)), learner.start(problem.spec, rounds)
    for t in range(rounds):
        s = int(env.observe(t, env_rng))
        a = policy.select(t, s, rng)
        assert policy.p == pytest.approx(oracle.look(t, s), abs=1e-6)
        y = env.respond(t, s, a, env_rng)
        policy.update(t, s, a, y)
        oracle.learn(s, a, float(y.reward), int(y.state), bool(y.terminal), bool(y.truncated))
        assert policy.theta == pytest.approx(oracle.theta, abs=1e-6)
    assert np.abs(policy.theta - (design.weights or np.eye(1, design.size)[0])).max() > 0.1


def test_a_model_that_is_counted_becomes_the_true_one():
    problem = random_mdp(1)
    policy = bk.PGRD(rate=0.0).start(problem.spec, 1)
    env_rng, rng = generators(1)
    env = complete(problem.start(1, env_rng))
    for t in range(2500):
        x, a = env.observe(t, env_rng), int(rng.integers(2))
        policy.update(t, x, a, env.respond(t, x, a, env_rng))
    counted, (true, ends) = policy.seen.model, lists_of(problem)
    assert set(np.flatnonzero(counted.terminal)) == ends
    for (s, a), follow in true.items():
        pair = 2 * s + a
        span = slice(counted.first[pair], counted.first[pair + 1])
        found = dict(zip(counted.following[span], counted.chance[span], strict=True))
        for p, z, _ in follow:
            error = 5 * np.sqrt(p * (1 - p) / policy.seen.visits[pair])
            assert found.get(z, 0.0) == pytest.approx(p, abs=error)


def test_a_bird_that_cannot_see_far_eats_more_with_a_reward_of_its_own():
    """However cold: at two steps the objective alone leaves it to chance where the worm is."""
    design = bk.RewardDesign(WORLD, places=WORLD.places)
    birds = {"learned": bk.PGRD(design, 2)}
    for temperature in (0.1, 0.01, 0.001):
        birds[f"objective {temperature}"] = bk.PGRD(design, 2, temperature, rate=0.0)
    birds["all it could see"] = bk.PGRD(design, 12, 0.001, rate=0.0)
    result = bk.simulate(WORLD, birds, horizon=20_000, replications=4, seed=1)
    pace = result.logs["reward"][..., -1] / 20_000
    best = WORLD.pace(WORLD.solution.policy)
    assert pace[0].min() > 0.06  # about 0.09
    assert pace[1:4].max() < 0.02  # about 0.012
    assert pace[4].mean() == pytest.approx(best, abs=0.005)
    assert (result.logs["weights"][0, :, -1, 1] > 0.5).all()  # it likes to see something else


@pytest.mark.parametrize("learner", TABULAR["PGRD"], ids=repr)
def test_it_is_the_same_to_the_bit_compiled_and_interpreted(learner):
    for problem in (bk.Chain(n=1), bk.FiniteHorizon(bk.Chain(n=1, gamma=0.5), 3)):
        compiled, python = (
            regret_of(loop, problem, learner, horizon=150, seed=3, calls=(70,))
            for loop in (play, play_interpreted)
        )
        assert (compiled == python).all()


def test_the_bird_is_the_same_to_the_bit_compiled_and_interpreted():
    for design in (bk.RewardDesign(WORLD, places=WORLD.places), bk.RewardDesign()):
        learner = bk.PGRD(design, 3, rate=bk.ExponentialDecay(0.1, 0.9, per="round"))
        compiled, python = (
            regret_of(loop, WORLD, learner, horizon=200, seed=5, calls=(90,))
            for loop in (play, play_interpreted)
        )
        assert (compiled == python).all()


def test_weights_that_run_away_end_as_numbers_that_say_so():
    design = bk.RewardDesign(WORLD, places=WORLD.places)
    wild = bk.PGRD(design, 2, rate=10.0, decay=1.0)  # theta is multiplied by -9
    result = bk.simulate(WORLD, [wild], horizon=1000, replications=1, seed=0)
    assert not np.isfinite(result.logs["weights"][0, 0, -1]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 0}, "depth must be a whole number, 1 or more"),
        ({"temperature": 0.0}, "temperature must be"),
        ({"rate": -0.1}, "rate must be 0 or more"),
        ({"trace": 1.0}, "trace must lie in"),
        ({"decay": -1.0}, "decay must be 0 or more"),
        ({"design": WORLD}, "design must be a RewardDesign"),
    ],
)
def test_bad_parameters_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        bk.PGRD(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"problem": bk.Bernoulli((0.1,))}, "problem must be a finite MDP"),
        ({"problem": WORLD.model}, "problem must be a finite MDP"),
        ({"tables": [[1.0, 2.0]]}, "table 0 must be a table"),
        ({"tables": [[[1.0]], [[np.nan]]]}, "table 1 must be finite"),
        ({"tables": [[[1.0]], [[1.0, 2.0]]]}, "all tables must have the same shape"),
        ({"places": [0, -1]}, "a place must be a whole number"),
        ({"places": [0], "weights": [1.0]}, "for each of the 2 features; got 1"),
        ({"weights": [np.inf]}, "weights must be finite"),
    ],
)
def test_bad_designs_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        bk.RewardDesign(**arguments)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (bk.RewardDesign(bk.Chain()), "plans in 7 states with 2 actions, but plays in 27 with 5"),
        (bk.RewardDesign(tables=[[[1.0]]]), "row for each of 27 states"),
        (bk.RewardDesign(places=[0, 1]), "each of the 27 states; got 2"),
    ],
)
def test_a_design_of_another_world_is_refused_before_anything_is_compiled(design, message):
    with pytest.raises(ValueError, match=message):
        bk.simulate(WORLD, [bk.PGRD(design)], horizon=10)


def test_too_many_states_to_count_are_refused():
    with pytest.raises(ValueError, match="PGRD counts every"):
        bk.PGRD().check(bk.GridWorld.ng(60))
    bk.PGRD(bk.RewardDesign(bk.GridWorld.ng(60))).check(bk.GridWorld.ng(60))
