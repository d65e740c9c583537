"""Milliseconds to solve an MDP, beside plain C and quantecon in one run; and memory for a large one.

``python tests/benchmarks/planning.py [SIDE]``: the grid of Ng, Harada & Russell, 50 x 50 by
default, and an MDP of as many states without an end, whose next states are drawn at random; both to
a tolerance of 1e-6.  Each figure is the best of fifteen, taken in turns, since machines are noisy.
quantecon is measured if it is there.

``python tests/benchmarks/planning.py memory [SIDE]``: seconds, and the largest resident memory so
far, of each step from a sparse P to a game, 1000 x 1000 by default.
"""

import ctypes
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

import banditkit as bk
from banditkit import planning

TOLERANCE = 1e-6
ARRAYS = "first", "following", "chance", "expected", "terminal"


class CModel(ctypes.Structure):
    """The Model of planning.c."""

    _fields_ = (
        *(("S", ctypes.c_int64), ("A", ctypes.c_int64), ("gamma", ctypes.c_double)),
        *((name, ctypes.c_void_p) for name in ARRAYS),
    )


def plain_c(folder):
    """Return solvers in C: (model) -> (values, sweeps)."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        return {}
    source, library = Path(__file__).with_name("planning.c"), f"{folder}/planning.so"
    flags = ["-O3", "-march=native", "-shared", "-fPIC", "-o", library, str(source), "-lm"]
    subprocess.run([compiler, *flags], check=True)
    loaded = ctypes.CDLL(library)

    def solver(function):
        function.restype = ctypes.c_int64

        def solve(model):
            arrays = (getattr(model, name).ctypes.data for name in ARRAYS)
            V, W = np.zeros((2, model.terminal.size))
            delta = ctypes.c_double(TOLERANCE * (1.0 - model.gamma) / model.gamma)
            c_model = CModel(V.size, model.A, model.gamma, *arrays)
            pointers = (ctypes.c_void_p(array.ctypes.data) for array in (V, W))
            return V, function(ctypes.byref(c_model), delta, *pointers)

        return solve

    return {
        "plain C, in place": solver(loaded.in_place),
        "plain C, copied": solver(loaded.copied),
    }


def with_quantecon(model):
    """Return solvers of quantecon for this model, where terminal states have to stay for 0."""
    if not find_spec("quantecon"):
        return {}
    from quantecon.markov import DiscreteDP

    S, A = model.terminal.size, model.A
    stay = np.flatnonzero(np.repeat(model.terminal, A))
    staying = csr_array((np.ones(stay.size), (stay, stay // A)), shape=(S * A, S))
    Q = planning.transitions(model) + staying
    states, actions = np.divmod(np.arange(S * A), A)
    ddp = DiscreteDP(model.expected, Q, model.gamma, states, actions)

    def solver(method):
        def solve(_):
            # quantecon stops at half of epsilon
            options = {"epsilon": 2 * TOLERANCE, "max_iter": 10**6, "v_init": np.zeros(S)}
            found = ddp.solve(method, **options)
            return found.v, found.num_iter

        return solve

    return {f"quantecon, {method}": solver(method) for method in ("vi", "mpi")}


def of_banditkit(function):
    """Return a solver of the library."""

    def solve(model):
        found = function(model, tolerance=TOLERANCE)
        return found.V, found.iterations

    return solve


def endless(S, gamma, A=4, m=5):
    """Return the model of a random MDP in which nothing ends: m next states of each pair."""
    rng = np.random.default_rng(0)
    first, following = np.arange(0, S * A * m + 1, m), rng.integers(0, S, S * A * m)
    chance = rng.dirichlet(np.ones(m), S * A).ravel()
    rewards = np.repeat(rng.standard_normal(S * A), m)
    return planning.new_model(first, following, chance, rewards, np.zeros(S), gamma)


def compare(side=50, games=15):
    """Print a table for each MDP."""
    with tempfile.TemporaryDirectory() as folder:
        in_c = plain_c(folder)
        grid = bk.GridWorld.ng(side).model
        for name, model in (
            *((f"grid, gamma {gamma}", grid._replace(gamma=gamma)) for gamma in (0.95, 0.99)),
            ("nothing ends, gamma 0.99", endless(side * side, 0.99)),
        ):
            solvers = {
                "value_iteration": of_banditkit(planning.value_iteration),
                "modified_policy_iteration": of_banditkit(planning.modified_policy_iteration),
                **in_c,
                **with_quantecon(model),
            }
            exact = planning.policy_iteration(model).V
            best = dict.fromkeys(solvers, np.inf)
            found = {solver: solve(model) for solver, solve in solvers.items()}  # compile
            for _ in range(games):
                for solver, solve in solvers.items():
                    began = time.perf_counter()
                    solve(model)
                    best[solver] = min(best[solver], time.perf_counter() - began)
            beside = min((best[solver] for solver in in_c), default=np.nan)
            print(f"{name:30} {'ms':>9} {'/ best C':>9} {'sweeps':>9} {'error':>9}")
            for solver, (V, sweeps) in found.items():
                error = np.abs(V - exact).max()
                ratio = best[solver] / beside
                print(f"{solver:30} {best[solver] * 1e3:9.2f} {ratio:9.2f} {sweeps:9} {error:9.1e}")
            print()


def sparse_grid(side, slip=0.2):
    """Return P of a grid, sparse, (4 side**2, side**2), built from arrays alone."""
    S = side * side
    s = np.arange(S, dtype=np.int32)
    i, j = np.divmod(s, side)
    inside = np.stack([i > 0, j < side - 1, i < side - 1, j > 0], axis=1)
    reached = np.where(
        inside, s[:, None] + np.array([-side, 1, side, -1], dtype=np.int32), s[:, None]
    )
    chance = np.tile((slip / 4 + (1.0 - slip) * np.eye(4)).ravel(), S)
    indices = np.repeat(reached[:, None], 4, axis=1).ravel()
    return csr_array((chance, indices, np.arange(0, 16 * S + 1, 4)), shape=(4 * S, S))


def memory(side=1000, rounds=100_000):
    """Print seconds and resident memory of each step."""
    began = time.perf_counter()

    def tell(step):
        nonlocal began
        now = time.perf_counter()
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{step:30} {now - began:9.2f} s {most:9.0f} MiB", flush=True)
        began = time.perf_counter()

    planning.value_iteration(bk.GridWorld("S.G"))
    tell("import, compile")
    P, R = sparse_grid(side), np.full((side * side, 4), -1.0)
    tell("P and R")
    mdp = bk.MDP(P, R, 0.99, terminal=[side - 1], initial=side * (side - 1))
    tell("MDP")
    tell(f"{mdp.solution.iterations} sweeps")
    bk.simulate(mdp, [bk.QLearning()], horizon=rounds, replications=1, seed=0)
    tell(f"{rounds:,} rounds of Q-learning")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    job = memory if arguments[:1] == ["memory"] else compare
    job(*(int(float(each)) for each in arguments if each != "memory"))
