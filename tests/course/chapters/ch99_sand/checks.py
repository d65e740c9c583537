"""Two exercises to try the checker with."""

import math

from banditkit.course.exercises import compare, exercise


@exercise("sand-index", "An index", minutes=5, book="Algorithm 1.5")
def sand_index(answer, rng):
    cases = [(rng.random(), int(rng.integers(2, 50)), 1000) for _ in range(10)]
    mistakes = {
        "the logarithm is that of T": lambda mean, n, T: mean + math.sqrt(2 * math.log(n) / n)
    }
    compare(answer, lambda mean, n, T: mean + math.sqrt(2 * math.log(T) / n), cases, mistakes)


@exercise("sand-square", "A square", minutes=1)
def square(answer, rng):
    compare(answer, lambda x: x * x, [(rng.random(),) for _ in range(5)])
