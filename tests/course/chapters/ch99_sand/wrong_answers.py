"""Answers of which is known whether they are right."""

import math

from banditkit.course.exercises import another_solution, wrong


@wrong("sand-index", "logarithm is that of T")
def log_of_the_pulls(mean, pulls, T):
    return mean + math.sqrt(2 * math.log(pulls) / pulls)


@another_solution("sand-square")
def power(x):
    return x**2
