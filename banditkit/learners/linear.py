"""Contextual learners for rewards that are linear in features, or logistic (Slivkins, section 8.3).

Features are an array (K, d), a row for each arm, or (1, d) where the arms share them: then each arm
has a model of its own, and otherwise one model serves all.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from banditkit.core.checks import number
from banditkit.core.description import Learner
from banditkit.core.draws import chance_of
from banditkit.core.jit import jit_helper, jit_inline
from banditkit.core.spec import Features
from banditkit.core.vectors import dot

__all__ = ["LinThompson", "LinUCB", "LogisticThompson"]

_FRESH = 500  # rank-one updates after which an inverse is computed anew, before it drifts


@jit_inline
def multiply(M, x, product):
    """Write M x into `product`, for a symmetric M: row by row, which the processor does at once."""
    for j in range(x.size):
        product[j] = M[0, j] * x[0]
    for i in range(1, x.size):
        for j in range(x.size):
            product[j] += M[i, j] * x[i]


@jit_helper
def write_cholesky(M, factor):
    """Write the lower triangle L with ``L L' = M`` into `factor`."""
    d = M.shape[0]
    for j in range(d):
        for i in range(j, d):
            left = M[i, j]
            for k in range(j):
                left -= factor[i, k] * factor[j, k]
            if i == j:  # rounding may leave nothing of a column that others span
                factor[i, j] = math.sqrt(max(left, 1e-15 * M[j, j]))
            else:
                factor[i, j] = left / factor[j, j]


@jit_helper
def write_inverse(factor, inverse):
    """Write the inverse of ``L L'`` into `inverse`, column by column."""
    d = factor.shape[0]
    for c in range(d):
        for i in range(d):  # L z = e_c
            left = 1.0 if i == c else 0.0
            for k in range(i):
                left -= factor[i, k] * inverse[k, c]
            inverse[i, c] = left / factor[i, i]
        solve_transposed(factor, inverse[:, c])


@jit_helper
def solve_transposed(factor, z):
    """Write the solution x of ``L' x = z`` into z."""
    for i in range(z.size - 1, -1, -1):
        left = z[i]
        for k in range(i + 1, z.size):
            left -= factor[k, i] * z[k]
        z[i] = left / factor[i, i]


class Radius(NamedTuple):
    """The radius of a confidence ellipsoid for theta, as the theorem has it."""

    noise: float  # rewards are sub-Gaussian with this factor
    norm: float  # |theta| is at most this
    ridge: float  # lambda
    confidence: float  # 2 log(1 / delta)
    d: int


@jit_inline
def beta_of(radius, n):
    """Return beta after n rewards: Abbasi-Yadkori, Pal & Szepesvari (2011), Thm 2, for |x| <= 1."""
    growth = radius.d * math.log(1.0 + n / (radius.ridge * radius.d))
    return (
        radius.noise * math.sqrt(radius.confidence + growth) + math.sqrt(radius.ridge) * radius.norm
    )


class LinUCBPolicy(NamedTuple):
    """State of `LinUCB`: m models, one for all arms or one for each."""

    gram: np.ndarray  # (m, d, d) ridge I + sum of x x'
    inverse: np.ndarray  # (m, d, d) of it
    moments: np.ndarray  # (m, d) sum of y x
    theta: np.ndarray  # (m, d) inverse times moments
    pulls: np.ndarray  # (m,) int64
    product: np.ndarray  # (d,) room
    factor: np.ndarray  # (d, d) room
    alpha: float  # width of the bound; below 0: that of the theorem
    radius: Radius

    def select(self, t, x, rng):
        best, top = 0, -math.inf
        models, rows = self.theta.shape[0], x.shape[0]
        K = max(models, rows)
        width = self.alpha
        for a in range(K):
            m, row = min(a, models - 1), min(a, rows - 1)
            if self.alpha < 0.0 and (a == 0 or models > 1):
                width = beta_of(self.radius, self.pulls[m])
            multiply(self.inverse[m], x[row], self.product)
            spread = math.sqrt(max(0.0, dot(self.product, x[row])))
            index = dot(self.theta[m], x[row]) + width * spread  # sup of x . theta (sec. 8.3)
            if index > top:
                best, top = a, index
        return best

    def update(self, t, x, a, y):
        m, row = min(a, self.theta.shape[0] - 1), min(a, x.shape[0] - 1)
        add_observation(self, m, x[row], y)


@jit_inline
def add_observation(policy, m, x, y):
    """Learn from one reward: the inverse changes by a matrix of rank one (Sherman & Morrison)."""
    product, inverse, gram = policy.product, policy.inverse[m], policy.gram[m]
    theta, moments = policy.theta[m], policy.moments[m]
    multiply(inverse, x, product)
    scale = 1.0 / (1.0 + dot(product, x))
    error = y - dot(theta, x)
    for i in range(x.size):
        theta[i] += scale * error * product[i]
        moments[i] += y * x[i]
        for j in range(x.size):
            inverse[i, j] -= scale * product[i] * product[j]
            gram[i, j] += x[i] * x[j]
    policy.pulls[m] += 1
    if policy.pulls[m] % _FRESH == 0:
        refresh(policy, m)


@jit_helper
def refresh(policy, m):
    """Compute the inverse and theta anew, from sums that do not drift."""
    write_cholesky(policy.gram[m], policy.factor)
    write_inverse(policy.factor, policy.inverse[m])
    multiply(policy.inverse[m], policy.moments[m], policy.theta[m])


@dataclass(frozen=True)
class _LinearLearner(Learner):
    """What linear learners have in common."""

    plays: ClassVar[tuple[type, ...]] = (Features,)

    def models(self, spec: Features) -> int:
        """Return how many models there are: one for each arm that shares its features, or one."""
        return spec.K if spec.shared else 1


@dataclass(frozen=True, repr=False)
class LinUCB(_LinearLearner):
    """Play the arm that could be best, if theta is anywhere in its confidence ellipsoid (Alg. 8.2).

    With ``A = ridge I + sum of x x'`` and ``theta = A^-1 sum of y x``, the index of arm a is
    ``x(a) . theta + width sqrt(x(a) . A^-1 x(a))``.  Where arms share their features each has A and
    theta of its own ("disjoint"), else there is one for all ("joint").  A round costs about
    ``K d**2`` multiplications.

    Parameters
    ----------
    alpha : float, optional
        The width, 0 or more; by default that of the theorem, which is wide.  A narrow one learns
        fast, and may settle on a wrong arm for ever.
    ridge : float, default 1
        lambda, above 0 (at least 1e-9).
    delta : float, default 0.05
        Probability with which the theorem's ellipsoid may fail, in (0, 1] (at least 1e-300).
    noise : float, default 0.5
        For the theorem: rewards are sub-Gaussian around their mean with this factor, 0 or more; 0.5
        fits rewards in [0, 1].
    norm : float, default 1
        For the theorem: ``|theta|`` is at most this, 0 or more.

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    Notes
    -----
    With ``|x| <= 1`` and after n rewards, theta is in the ellipsoid ``|theta - estimate|_A <=
    beta`` with probability ``1 - delta``, for all n at once, where
    ``beta = noise sqrt(2 log(1 / delta) + d log(1 + n / (ridge d))) + sqrt(ridge) norm``
    (Abbasi-Yadkori, Pál & Szepesvári 2011, Theorem 2).  For disjoint models delta is shared out
    among the arms.  Regret is then ``O(d sqrt(T) log T)``.

    The inverse changes by a matrix of rank one with each reward, and is computed anew after every
    500, before rounding adds up.

    References
    ----------
    Slivkins, *Introduction to Multi-Armed Bandits*, Algorithm 8.2; Li, Chu, Langford & Schapire
    (2010), who keep ``alpha`` fixed.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.8, -0.4, 0.4], K=5)
    >>> learners = [bk.LinUCB(), bk.LinUCB(alpha=0.3)]
    >>> result = bk.simulate(problem, learners, horizon=2000, seed=0)
    >>> bool(result.mean()[1, -1] < result.mean()[0, -1])
    True
    """

    alpha: float | None = None
    ridge: float = 1.0
    delta: float = 0.05
    noise: float = 0.5
    norm: float = 1.0

    def __post_init__(self) -> None:
        if self.alpha is not None:
            self._set(alpha=number("alpha", self.alpha, low=0.0))
        self._set(
            ridge=number("ridge", self.ridge, low=1e-9),
            delta=number("delta", self.delta, low=1e-300, high=1.0),
            noise=number("noise", self.noise, low=0.0),
            norm=number("norm", self.norm, low=0.0),
        )

    def start(self, spec: Features, horizon: int) -> LinUCBPolicy:
        """Return the policy; see `Learner.start`."""
        m, d = self.models(spec), spec.d
        gram = np.repeat(self.ridge * np.eye(d)[None], m, axis=0)
        confidence = 2.0 * math.log(m / self.delta)
        return LinUCBPolicy(
            gram,
            np.repeat(np.eye(d)[None] / self.ridge, m, axis=0),
            np.zeros((m, d)),
            np.zeros((m, d)),
            np.zeros(m, dtype=np.int64),
            np.zeros(d),
            np.zeros((d, d)),
            -1.0 if self.alpha is None else self.alpha,
            Radius(self.noise, self.norm, self.ridge, confidence, d),
        )


class LinThompsonPolicy(NamedTuple):
    """State of `LinThompson`: m models, one for all arms or one for each."""

    factor: np.ndarray  # (m, d, d) lower triangle L, L L' = ridge I + sum of x x'
    moments: np.ndarray  # (m, d) sum of y x
    theta: np.ndarray  # (m, d) posterior mean
    draw: np.ndarray  # (d,) a draw of theta
    scale: float

    def select(self, t, x, rng):
        best, top = 0, -math.inf
        models, rows = self.theta.shape[0], x.shape[0]
        for a in range(max(models, rows)):
            m, row = min(a, models - 1), min(a, rows - 1)
            if a == 0 or models > 1:
                draw_theta(self, m, rng)
            value = dot(self.draw, x[row])
            if value > top:
                best, top = a, value
        return best

    def update(self, t, x, a, y):
        m, row = min(a, self.theta.shape[0] - 1), min(a, x.shape[0] - 1)
        for i in range(self.draw.size):
            self.moments[m, i] += y * x[row, i]
            self.draw[i] = x[row, i]
        add_to_cholesky(self.factor[m], self.draw)
        solve(self.factor[m], self.moments[m], self.theta[m])


@jit_helper
def draw_theta(policy, m, rng):
    """Draw theta from a normal with the posterior mean and covariance ``scale**2 A^-1``."""
    for i in range(policy.draw.size):
        policy.draw[i] = rng.standard_normal()
    solve_transposed(policy.factor[m], policy.draw)  # covariance (L L')^-1
    for i in range(policy.draw.size):
        policy.draw[i] = policy.theta[m, i] + policy.scale * policy.draw[i]


@jit_helper
def add_to_cholesky(factor, x):
    """Turn the triangle of M into that of ``M + x x'``; x is used up."""
    for k in range(x.size):
        r = math.sqrt(factor[k, k] * factor[k, k] + x[k] * x[k])
        c, s = r / factor[k, k], x[k] / factor[k, k]
        factor[k, k] = r
        for i in range(k + 1, x.size):
            factor[i, k] = (factor[i, k] + s * x[i]) / c
            x[i] = c * x[i] - s * factor[i, k]


@jit_helper
def solve(factor, b, x):
    """Write the solution of ``L L' x = b`` into x."""
    for i in range(b.size):
        left = b[i]
        for k in range(i):
            left -= factor[i, k] * x[k]
        x[i] = left / factor[i, i]
    solve_transposed(factor, x)


@dataclass(frozen=True, repr=False)
class LinThompson(_LinearLearner):
    """Draw theta from its posterior, and play the best arm for it.

    With ``A = ridge I + sum of x x'``, theta is drawn from a normal with mean ``A^-1 sum of y x``
    and covariance ``scale**2 A^-1``: the posterior, if rewards have normal noise with standard
    deviation `scale`, and theta a normal prior with standard deviation ``scale / sqrt(ridge)``.
    Where arms share their features each has a theta of its own.

    Parameters
    ----------
    scale : float, default 0.5
        v, in units of reward, 0 or more.
    ridge : float, default 1
        lambda, above 0 (at least 1e-9).

    Raises
    ------
    ValueError
        If a parameter leaves its range.

    References
    ----------
    Agrawal & Goyal (2013), "Thompson sampling for contextual bandits with linear payoffs", whose
    theorem needs a larger scale, ``noise sqrt(9 d log(T / delta))``.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LinearContexts([0.8, -0.4, 0.4], K=5)
    >>> result = bk.simulate(problem, [bk.LinThompson(scale=0.1)], horizon=2000, seed=0)
    >>> bool(result.mean()[0, -1] < 20)
    True
    """

    scale: float = 0.5
    ridge: float = 1.0

    def __post_init__(self) -> None:
        self._set(
            scale=number("scale", self.scale, low=0.0), ridge=number("ridge", self.ridge, low=1e-9)
        )

    def start(self, spec: Features, horizon: int) -> LinThompsonPolicy:
        """Return the policy; see `Learner.start`."""
        m, d = self.models(spec), spec.d
        factor = np.repeat(math.sqrt(self.ridge) * np.eye(d)[None], m, axis=0)
        return LinThompsonPolicy(
            factor, np.zeros((m, d)), np.zeros((m, d)), np.zeros(d), self.scale
        )


class LogisticThompsonPolicy(NamedTuple):
    """State of `LogisticThompson`: m models, one for all arms or one for each."""

    mean: np.ndarray  # (m, d) of the normal that stands for the posterior
    precision: np.ndarray  # (m, d) one over its variances
    draw: np.ndarray  # (d,) a draw of theta
    scale: float

    def select(self, t, x, rng):
        best, top = 0, -math.inf
        models, rows = self.mean.shape[0], x.shape[0]
        for a in range(max(models, rows)):
            m, row = min(a, models - 1), min(a, rows - 1)
            if a == 0 or models > 1:
                for i in range(self.draw.size):
                    spread = self.scale / math.sqrt(self.precision[m, i])
                    self.draw[i] = self.mean[m, i] + spread * rng.standard_normal()
            value = dot(self.draw, x[row])
            if value > top:
                best, top = a, value
        return best

    def update(self, t, x, a, y):
        m, row = min(a, self.mean.shape[0] - 1), min(a, x.shape[0] - 1)
        learn_logistic(self.mean[m], self.precision[m], x[row], y)


@jit_helper
def learn_logistic(mean, precision, x, y):
    """Move to the most likely theta after a coin, and add its curvature there.

    The most likely one minimises ``sum precision (w - mean)**2 / 2 - log likelihood``, where
    ``w = mean + s x / precision`` with the one number ``s = y - p(w . x)``: Newton's method finds
    it, and where it would leave the interval that is left, halving does.
    """
    u, v = 0.0, 0.0
    for i in range(x.size):
        u += mean[i] * x[i]
        v += x[i] * x[i] / precision[i]
    s, low, high = 0.0, -2.0, 2.0  # the solution is between y - 1 and y
    p = chance_of(u)
    for _ in range(100):
        excess = s - y + p  # increases with s
        if excess > 0.0:
            high = s
        else:
            low = s
        before, s = s, s - excess / (1.0 + v * p * (1.0 - p))
        if not low < s < high:
            s = 0.5 * (low + high)
        p = chance_of(u + s * v)
        if abs(s - before) * (1.0 + v) < 1e-12:
            break
    for i in range(x.size):
        mean[i] += s * x[i] / precision[i]
        precision[i] += x[i] * x[i] * p * (1.0 - p)


@dataclass(frozen=True, repr=False)
class LogisticThompson(_LinearLearner):
    """Thompson sampling for coins whose log-odds are linear in features.

    The posterior is taken for a normal with independent entries: its mean is the most likely theta,
    its precisions grow by the curvature of the likelihood there (Laplace's method, one coin at a
    time).  A round costs about ``K d`` multiplications.

    Parameters
    ----------
    scale : float, default 1
        By what the standard deviations of the draws are multiplied, 0 or more.
    ridge : float, default 1
        Precision of the prior, above 0 (at least 1e-9).

    Raises
    ------
    ValueError
        If a parameter leaves its range, or rewards are not in [0, 1].

    References
    ----------
    Chapelle & Li (2011), "An empirical evaluation of Thompson sampling", Algorithm 3.

    Examples
    --------
    >>> import banditkit as bk
    >>> problem = bk.LogisticContexts([6.0, -3.0, 3.0], K=5)
    >>> players = [bk.LogisticThompson(), bk.Thompson()]  # Thompson sees no features
    >>> result = bk.simulate(problem, players, horizon=2000, replications=20, seed=0)
    >>> bool(result.mean()[0, -1] < result.mean()[1, -1] / 2)
    True
    """

    unit_range: ClassVar[bool] = True
    scale: float = 1.0
    ridge: float = 1.0

    def __post_init__(self) -> None:
        self._set(
            scale=number("scale", self.scale, low=0.0), ridge=number("ridge", self.ridge, low=1e-9)
        )

    def start(self, spec: Features, horizon: int) -> LogisticThompsonPolicy:
        """Return the policy; see `Learner.start`."""
        m, d = self.models(spec), spec.d
        return LogisticThompsonPolicy(
            np.zeros((m, d)), np.full((m, d), self.ridge), np.zeros(d), self.scale
        )
