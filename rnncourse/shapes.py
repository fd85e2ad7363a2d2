"""Checks at the public doors: where, what was wanted, what came, and the cure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
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


def check_numbers(where: str, name: str, value: Array, wanted: tuple[Size, ...], cure: str = "") -> None:
    """Raise unless `value` has the wanted shape and holds finite floating-point numbers.

    Parameters
    ----------
    where, name, value, wanted, cure : as in `check_shape`

    Raises
    ------
    TypeError
        If `value` is not a NumPy array, or its dtype is neither float nor complex.
    ValueError
        If the shape differs, or a value is NaN or infinite.
    """
    check_shape(where, name, value, wanted, cure)
    if value.dtype.kind not in "fc":
        raise TypeError(f"{where}: {name} must hold floats, got {value.dtype}; convert it with .astype('float32')")
    if not np.isfinite(value).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
        raise ValueError(f"{where}: {name} must be finite, got {value[index]} at {index}")
