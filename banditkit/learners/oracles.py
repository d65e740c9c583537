"""Oracles of somebody's own: regressors and classifiers with `fit` and `predict`."""

from copy import deepcopy
from typing import Any

import numpy as np

__all__ = ["check_oracle", "fitted"]


def check_oracle(oracle: Any, kind: str) -> None:
    """Raise a ValueError unless an oracle looks like a regressor, or like a classifier."""
    able = not isinstance(oracle, type) and hasattr(oracle, "fit") and hasattr(oracle, "predict")
    if not able:
        raise ValueError(
            f"oracle must be a {kind} with fit and predict, such as those of scikit-learn; "
            f"got {oracle!r}"
        )
    tags = getattr(oracle, "__sklearn_tags__", None)
    says = kind if tags is None else tags().estimator_type or kind
    if says != kind:
        raise ValueError(f"oracle must be a {kind}; {oracle!r} is a {says}")


def fitted(oracle: Any, rows: Any, targets: Any, seed: int, **options: Any) -> Any:
    """Return a copy of an oracle, fitted; chance in it that nobody has tamed comes from `seed`."""
    fresh = deepcopy(oracle)
    if getattr(fresh, "random_state", seed) is None:
        fresh.random_state = seed
    done = fresh.fit(np.array(rows), np.array(targets), **options)
    return fresh if done is None else done
