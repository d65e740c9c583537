"""Reward shaping: the same problem, with other rewards on the way."""

from banditkit.shaping.advice import BSRS, DPBA, PIES, LookAhead, LookBack, NaiveBonus, QInit
from banditkit.shaping.checker import Verdict, check_shaping
from banditkit.shaping.potential import (
    DynamicShaped,
    FadingPotential,
    Potential,
    Shaped,
    SubgoalPotential,
)

__all__ = [
    "BSRS",
    "DPBA",
    "PIES",
    "DynamicShaped",
    "FadingPotential",
    "LookAhead",
    "LookBack",
    "NaiveBonus",
    "Potential",
    "QInit",
    "Shaped",
    "SubgoalPotential",
    "Verdict",
    "check_shaping",
]
