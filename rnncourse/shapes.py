"""Shape checks at the public doors: where, what was wanted, what came."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.inexact]
Params = Mapping[str, Array]
Size = int | str


def check_shape(where: str, name: str, value: Array, wanted: tuple[Size, ...], cure: str = "") -> None:
    """Raise unless `value` has the wanted shape.

    Parameters
    ----------
    where : the public function that was called, for the message
    name : the argument's name, for the message
    value : ndarray
    wanted : one entry per axis; a string stands for any size of at least 1
    cure : what the caller can do about it, without a final full stop

    Raises
    ------
    TypeError
        If `value` is not a NumPy array.
    ValueError
        If the shape differs.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{where}: {name} must be a NumPy array, got {type(value).__name__}; wrap it in np.asarray")
    fits = value.ndim == len(wanted) and all(
        size >= 1 if isinstance(want, str) else size == want for size, want in zip(value.shape, wanted, strict=True)
    )
    if not fits:
        shape = "(" + ", ".join(map(str, wanted)) + ("," if len(wanted) == 1 else "") + ")"
        raise ValueError(f"{where}: {name} must have shape {shape}, got {value.shape}" + (f"; {cure}" if cure else ""))
