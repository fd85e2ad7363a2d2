"""What exercise tests call: each failure is one sentence that names the mistake."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Shape = tuple[int, ...]


def check_shape(name: str, got: object, wanted_shape: Shape | Mapping[str, int]) -> None:
    """Fail unless `got` is numeric and has the wanted shape.

    Parameters
    ----------
    name : what is checked, for the message
    got : the student's value; anything `np.asarray` turns into numbers
    wanted_shape : sizes, or a mapping from axis letter to size such as {"B": 2, "T": 5, "H": 4}

    Raises
    ------
    AssertionError
        With one sentence that names the axis.
    """
    if isinstance(wanted_shape, Mapping):
        letters, wanted = list(wanted_shape), tuple(wanted_shape.values())
    else:
        letters, wanted = [str(axis) for axis in range(len(wanted_shape))], tuple(wanted_shape)
    shape = _numbers(name, got).shape
    if shape != wanted:
        raise AssertionError(f"{name}: {_shape_mistake(shape, wanted, letters)}got shape {shape}, wanted {wanted}")


@np.errstate(all="ignore")
def check_close(
    name: str,
    got: object,
    wanted: ArrayLike,
    *,
    axes: Sequence[str] = (),
    mistakes: Mapping[str, ArrayLike] | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> None:
    """Fail unless `got` holds the wanted numbers.

    Parameters
    ----------
    name : what is checked, for the message
    got : the student's value; anything `np.asarray` turns into numbers
    wanted : the right value
    axes : the letters of its axes, such as "BTH", for the message
    mistakes : from a description of a typical mistake to the value that it leads to
    rtol, atol : tolerance as in `np.isclose`; at least 1e-4 and 1e-5 where float32 takes part

    Raises
    ------
    AssertionError
        With one sentence: the matching mistake, else what is wrong with the shape, else the worst entry.
    """
    got, wanted = _numbers(name, got), np.asarray(wanted)
    if np.float32 in (got.dtype, wanted.dtype):
        rtol, atol = max(rtol, 1e-4), max(atol, 1e-5)
    if _is_close(got, wanted, rtol, atol):
        return
    if got.dtype.kind in "iu" and wanted.dtype.kind == "f":
        raise AssertionError(f"{name}: got whole numbers of dtype {got.dtype}; make the array with dtype=float")
    made = [mistake for mistake, value in (mistakes or {}).items() if _is_close(got, np.asarray(value), rtol, atol)]
    if made:
        raise AssertionError(f"{name}: {' or '.join(made)}")
    check_shape(name, got, dict(zip(axes, wanted.shape, strict=True)) if axes else wanted.shape)
    raise AssertionError(f"{name}: {_worst_entry(got, wanted, rtol, atol)}")


def check_unchanged(name: str, before: ArrayLike, after: ArrayLike) -> None:
    """Fail unless an argument still holds what it held before the call.

    Parameters
    ----------
    name : the argument's name, for the message
    before : a copy made before the call
    after : the argument itself, after the call

    Raises
    ------
    AssertionError
        If shape or any entry differs.
    """
    if not np.array_equal(before, after):
        raise AssertionError(f"{name}: your function overwrites its input {name}; work on {name}.copy() instead")


def _numbers(name: str, got: object) -> NDArray[Any]:
    """Return `got` as a plain array of real numbers, or fail and say what it is instead."""
    if got is None:
        raise AssertionError(f"{name}: got None; is a `return` missing at the end of your function?")
    if isinstance(got, tuple) and not all(isinstance(part, Real) for part in got):
        raise AssertionError(f"{name}: got a tuple of length {len(got)}; return the array alone, without a comma")
    try:
        values = np.asarray(got)
    except ValueError:
        raise AssertionError(
            f"{name}: got a {type(got).__name__} whose parts differ in shape; return one array of numbers"
        ) from None
    if values.dtype == object and values.ndim:
        odd = ((list(i), type(entry).__name__) for i, entry in np.ndenumerate(values) if not isinstance(entry, Real))
        index, kind = next(odd, (None, ""))
        cure = f"entry {index} is of type {kind}" if index else "convert it with .astype(float)"
        raise AssertionError(f"{name}: got dtype object instead of numbers; {cure}")
    if values.dtype.kind not in "iuf":
        kind = f"dtype {values.dtype}" if values.ndim else f"type {type(got).__name__}"
        raise AssertionError(f"{name}: got {kind} instead of real numbers")
    return values


def _is_close(got: NDArray[Any], wanted: NDArray[Any], rtol: float, atol: float) -> bool:
    return got.shape == wanted.shape and bool(np.isclose(got, wanted, rtol, atol).all())


def _shape_mistake(got: Shape, wanted: Shape, letters: list[str]) -> str:
    """Say which axis is misplaced, missing, surplus or of another size; empty if none of these explains it."""
    for order in permutations(range(len(wanted))):
        if got == tuple(wanted[axis] for axis in order):
            return f"the axes are ({', '.join(letters[axis] for axis in order)}) instead of ({', '.join(letters)}): "
    for axis, letter in enumerate(letters):
        if got == wanted[:axis] + wanted[axis + 1 :]:
            return f"axis {letter} is missing: "
    for axis in range(len(got)):
        if got[:axis] + got[axis + 1 :] == wanted:
            return f"axis {axis} of size {got[axis]} is one too many: "
    if len(got) == len(wanted):
        wrong = [axis for axis in range(len(got)) if got[axis] != wanted[axis]]
        return "".join(f"axis {letters[axis]} has size {got[axis]} instead of {wanted[axis]}: " for axis in wrong[:1])
    return ""


def _worst_entry(got: NDArray[Any], wanted: NDArray[Any], rtol: float, atol: float) -> str:
    """Describe the entry of two arrays of one shape that is furthest off; the first non-finite one if there is any."""
    infinite = ~np.isfinite(got)
    distance = np.where(infinite, np.inf, np.abs(got.astype(float) - wanted))
    index = tuple(int(i) for i in np.unravel_index(np.argmax(distance), got.shape))
    entry = f"entry {list(index)} is" if index else "got"
    if infinite.any():
        return f"{entry} {got[index]}; look for a division by zero, an overflow or entries never filled in"
    n_wrong = int((~np.isclose(got, wanted, rtol, atol)).sum())
    among = f"; {n_wrong} of {got.size} entries differ" if index else ""
    return f"{entry} {got[index]:.8g}, wanted {wanted[index]:.8g}{among}"
