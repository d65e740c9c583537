"""Right answers to the exercises of tests/course/chapters/ch99_sand."""

INDEX = """\
import math

def sand_index(mean, pulls, T):
    return mean + math.sqrt(2 * math.log(T) / pulls)
"""
SQUARE = """\
def square(x):
    return x * x
"""
