"""Generated data, whose right answer or best possible loss is known in advance.

Every function raises ValueError for a size below 1 or a number outside its range.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnncourse.shapes import Array, check_numbers, check_shape

Codes = NDArray[np.int64]


def sine(n_steps: int, *, period: float, noise: float = 0.0, rng: np.random.Generator | None = None) -> Array:
    """Return sin(2 pi t / period) at t = 0, 1, ..., n_steps - 1, as float32.

    Parameters
    ----------
    period : in time steps
    noise : standard deviation of the Gaussian noise added, which needs `rng`
    """
    _check_sizes("sine", n_steps=n_steps)
    if not (0 < period < math.inf and 0 <= noise < math.inf):
        raise ValueError(f"sine: period must be above 0 and noise at least 0, got {period} and {noise}")
    series: Array = np.sin(2 * np.pi * np.arange(n_steps) / period)
    if noise:
        if rng is None:
            raise ValueError("sine: noise needs a generator; pass rng=np.random.default_rng(seed)")
        series += rng.normal(0, noise, n_steps)
    return series.astype(np.float32)


def chronological_split(series: Array, fractions: Sequence[float]) -> list[Array]:
    """Cut a series of shape (T,) or (T, D) into consecutive parts, say training, validation and test.

    Cut windows from each part by itself: then none holds a time step of a later part. The parts
    are copies, so that each can be scaled in place.

    Parameters
    ----------
    fractions : one per part, each above 0, adding up to 1
    """
    cure = "split the series before you cut windows from it" if np.ndim(series) > 2 else ""
    check_shape("chronological_split", "series", series, _series_axes(series), cure)
    if not (all(part > 0 for part in fractions) and math.isclose(sum(fractions), 1)):
        raise ValueError(f"chronological_split: fractions must be above 0 and add up to 1, got {list(fractions)}")
    ends = [round(float(end) * len(series)) for end in np.cumsum(fractions)]
    parts = [part.copy() for part in np.split(series, ends[:-1])]
    if not all(len(part) for part in parts):
        raise ValueError(f"chronological_split: {len(series)} steps leave a part of {list(fractions)} empty")
    return parts


def windows(series: Array, length: int, horizon: int = 1) -> tuple[Array, Array]:
    """Cut all windows of `length` steps, each with the value `horizon` steps after its last one.

    Parameters
    ----------
    series : ndarray of float, shape (T,) or (T, D)

    Returns
    -------
    x : ndarray of float32, shape (N, length, D), with N = T - length - horizon + 1
    y : ndarray of float32, shape (N, D)
    """
    _check_sizes("windows", length=length, horizon=horizon)
    check_numbers("windows", "series", series, _series_axes(series))
    if len(series) < length + horizon:
        raise ValueError(f"windows: series must have length + horizon = {length + horizon} steps, got {len(series)}")
    steps = series.reshape(len(series), -1)
    y = np.array(steps[length + horizon - 1 :], np.float32)
    x = np.lib.stride_tricks.sliding_window_view(steps, length, axis=0)[: len(y)]
    return np.array(x.transpose(0, 2, 1), np.float32, order="C"), y


def adding_problem(batch: int, T: int, *, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw numbers of which two are marked; the target is the sum of these two.

    Always answering 1 has a mean squared error of 1/6, the variance of the sum.

    Returns
    -------
    x : ndarray of float32, shape (B, T, 2): a number in [0, 1), and its mark, one 1 in each half of the steps
    y : ndarray of float32, shape (B, 1)

    References
    ----------
    Hochreiter and Schmidhuber (1997), experiment 4; in the form of Arjovsky, Shah and Bengio (2016).
    """
    _check_sizes("adding_problem", batch=batch, T=T)
    if T == 1:
        raise ValueError("adding_problem: T must be at least 2, one step per mark, got 1")
    x = np.zeros((batch, T, 2), np.float32)
    x[..., 0] = rng.random((batch, T), np.float32)
    for first, end in ((0, T // 2), (T // 2, T)):
        x[np.arange(batch), rng.integers(first, end, batch), 1] = 1
    return x, x.prod(axis=2).sum(axis=1, keepdims=True)


def copy_task(batch: int, n_symbols: int, length: int, delay: int, *, rng: np.random.Generator) -> tuple[Array, Codes]:
    """Draw `length` symbols, to be repeated after `delay` steps, the last of which gives the signal.

    Code 0 is the blank, 1 to n_symbols are the symbols, n_symbols + 1 is the signal. Without
    memory the cross-entropy of the steps to be repeated, y > 0, is at best ln(n_symbols).

    Returns
    -------
    x : ndarray of float32, shape (B, T, n_symbols + 2), one-hot, with T = 2 length + delay
    y : ndarray of int64, shape (B, T), codes: blank but for the last `length` steps

    References
    ----------
    Arjovsky, Shah and Bengio (2016).
    """
    _check_sizes("copy_task", batch=batch, n_symbols=n_symbols, length=length, delay=delay)
    codes, y = np.zeros((2, batch, 2 * length + delay), np.int64)
    codes[:, :length] = y[:, length + delay :] = rng.integers(1, n_symbols + 1, (batch, length))
    codes[:, length + delay - 1] = n_symbols + 1
    return np.eye(n_symbols + 2, dtype=np.float32)[codes], y


def delayed_recall(
    batch: int, T: int, lag: int, *, rng: np.random.Generator, n_symbols: int = 2
) -> tuple[Array, Codes]:
    """Draw symbols, one of them cued, `lag` steps before the last; the target is the cued one.

    Without memory the accuracy is at best 1 / n_symbols, unless `lag` is 0.

    Returns
    -------
    x : ndarray of float32, shape (B, T, n_symbols + 1): the symbol one-hot, then the cue
    y : ndarray of int64, shape (B,), codes below n_symbols
    """
    _check_sizes("delayed_recall", batch=batch, T=T, n_symbols=n_symbols)
    if not 0 <= lag < T:
        raise ValueError(f"delayed_recall: lag must be from 0 to T - 1 = {T - 1}, got {lag}")
    codes = rng.integers(n_symbols, size=(batch, T))
    x = np.eye(n_symbols, n_symbols + 1, dtype=np.float32)[codes]
    x[:, T - 1 - lag, n_symbols] = 1
    return x, codes[:, T - 1 - lag].copy()


@dataclass(frozen=True, eq=False)
class ToyGrammar:
    """A Markov chain that writes text of known entropy, which no model's loss can beat on average.

    States may share a symbol: then the last symbols do not tell the state, and memory helps.

    Parameters
    ----------
    symbols : one for each of the S states
    transitions : ndarray, shape (S, S), probability of the next state (column) after a state (row);
        the states that may follow a state must differ in symbol
    """

    symbols: str
    transitions: Array

    def __post_init__(self) -> None:
        P, size = self.transitions, len(self.symbols)
        check_numbers("ToyGrammar", "transitions", P, (size, size), "symbols must name each state")
        if (P < 0).any() or not np.allclose(P.sum(axis=1), 1):
            raise ValueError("ToyGrammar: each row of transitions must hold probabilities that add up to 1")
        for symbol, row in zip(self.symbols, P, strict=True):
            following = [self.symbols[state] for state in np.flatnonzero(row)]
            if len(set(following)) < len(following):
                raise ValueError(f"ToyGrammar: states that follow {symbol!r} must differ in symbol, got {following}")
        if np.linalg.matrix_rank(P - np.eye(size)) < size - 1:
            raise ValueError("ToyGrammar: transitions must not fall apart into chains that never meet")

    def stationary(self) -> Array:
        """Return how often each state occurs in the long run, shape (S,)."""
        size = len(self.symbols)
        equations = np.vstack([self.transitions.T - np.eye(size), np.ones(size)])
        shares: Array = np.linalg.lstsq(equations, np.eye(size + 1)[size], rcond=None)[0]
        return shares

    def entropy_rate(self) -> float:
        """Return the entropy of a symbol given all before it, in nats; Shannon (1948), section 7."""
        P = self.transitions
        return float(-self.stationary() @ (P * np.log(np.where(P > 0, P, 1))).sum(axis=1))

    def sample(self, n_symbols: int, *, rng: np.random.Generator) -> str:
        """Write `n_symbols`, the first from the stationary distribution."""
        _check_sizes("ToyGrammar.sample", n_symbols=n_symbols)
        cumulative = np.vstack([self.transitions, self.stationary()]).cumsum(axis=1)
        cumulative /= cumulative[:, -1:]
        state, text = -1, []
        for threshold in rng.random(n_symbols):
            state = int(cumulative[state].searchsorted(threshold, side="right"))
            text.append(self.symbols[state])
        return "".join(text)


def brackets(p_close: float = 0.1) -> ToyGrammar:
    """Return a grammar of texts such as `(abba)[b](aa)`: the opening bracket tells which one must close.

    Parameters
    ----------
    p_close : probability that a letter is followed by the closing bracket; 1 / p_close letters on average
    """
    if not 0 < p_close < 1:
        raise ValueError(f"brackets: p_close must be between 0 and 1, got {p_close}")
    letter = (1 - p_close) / 2
    transitions = np.zeros((8, 8))
    for opening in (0, 4):
        transitions[opening, opening + 1 : opening + 3] = 0.5
        transitions[opening + 1 : opening + 3, opening + 1 : opening + 4] = letter, letter, p_close
        transitions[opening + 3, [0, 4]] = 0.5
    return ToyGrammar("(ab)[ab]", transitions)


def _series_axes(series: Array) -> tuple[str, ...]:
    return ("T", "D") if np.ndim(series) > 1 else ("T",)


def _check_sizes(where: str, **sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{where}: {name} must be a whole number of at least 1, got {size}")
