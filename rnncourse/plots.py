"""Figures from arrays. Each function draws on the Axes it is given and returns them."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from rnncourse.shapes import Array, check_numbers, check_shape

INPUT, STATE, OUTPUT, GRADIENT = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
NEUTRAL = "#555555"
MODELS = {"SimpleRNN": "#0072B2", "LSTM": "#D55E00", "GRU": "#009E73", "baseline": NEUTRAL}
# Color and line style of a gate tell what it acts on: the input, the state or the output.
GATES = {"i": (INPUT, "-"), "r": (INPUT, "-"), "f": (STATE, "--"), "z": (STATE, "--"), "o": (OUTPUT, "-.")}
NODE_RADIUS = 0.34
Point = tuple[float, float]


def unrolled_graph(n_steps: int, ax: Axes | None = None) -> Axes:
    """Draw the recurrent network folded, with its loop, and unrolled over time.

    Parameters
    ----------
    n_steps : T, time steps of the unrolled graph, at least 1
    ax : Axes to draw on; a new figure if None

    Returns
    -------
    ax : the Axes, without frame or ticks

    Raises
    ------
    ValueError
        If `n_steps` is below 1.
    """
    if n_steps < 1:
        raise ValueError(f"unrolled_graph: n_steps must be at least 1, got {n_steps}")
    ax = ax or plt.subplots(figsize=(1.15 * n_steps + 2.6, 2.8))[1]
    _column(ax, 0, "t")
    loop = Path([(0.24, 0.24), (1.0, 0.8), (1.0, -0.8), (0.24, -0.24)], [Path.MOVETO] + 3 * [Path.CURVE4])
    _arrow(ax, loop, label="$W_h$", label_at=(1.06, 0.0))
    _node(ax, (2.1, 0), "$h_0$", STATE)
    for t in range(1, n_steps + 1):
        x = 2.1 + 1.5 * t
        _column(ax, x, str(t))
        edge = Path([(x - 1.5 + NODE_RADIUS, 0), (x - NODE_RADIUS, 0)])
        _arrow(ax, edge, label="$W_h$", label_at=(x - 0.75, 0.2))
    ax.text(0, -1.95, "folded", ha="center")
    ax.text(2.1 + 0.75 * (n_steps + 1), -1.95, "unrolled: the same parameters at every step", ha="center")
    ax.set(xlim=(-0.6, 2.6 + 1.5 * n_steps), ylim=(-2.1, 1.7), aspect="equal")
    ax.axis("off")
    return ax


def state_heat_map(states: Array, ax: Axes | None = None) -> Axes:
    """Draw the hidden states of one sequence, time to the right, one row per unit.

    The color scale is fixed to [-1, 1], the range of tanh, so that figures can be compared.

    Parameters
    ----------
    states : ndarray, shape (T, H)
    ax : Axes to draw on; a new figure if None

    Returns
    -------
    ax : the Axes; `ax.images[0]` takes a color bar

    Raises
    ------
    TypeError, ValueError
        If `states` is not an array of that shape.
    """
    cure = "pick one sequence of the batch with states[0]" if getattr(states, "ndim", 0) == 3 else ""
    check_shape("state_heat_map", "states", states, ("T", "H"), cure)
    ax = ax or plt.subplots()[1]
    time, units = states.shape
    ax.imshow(
        states.T,
        cmap="RdBu_r",
        vmin=-1,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
        extent=(0.5, time + 0.5, units + 0.5, 0.5),
    )
    ax.set(xlabel="time step t", ylabel="hidden unit")
    ax.grid(False)
    return ax


def gate_traces(gates: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw how far the gates of one unit are open at each time step.

    Parameters
    ----------
    gates : from a gate's letter (i, f, o; z, r) to an ndarray of shape (T,), values from 0 to 1
    ax : Axes to draw on; a new figure if None

    Returns
    -------
    ax : the Axes
    """
    if not gates:
        raise ValueError("gate_traces: gates must name at least one gate, got none")
    ax = ax or plt.subplots()[1]
    shape: tuple[int | str, ...] = ("T",)
    for name, values in gates.items():
        cure = "pick one unit with gate[:, 0]" if np.ndim(values) == 2 else ""
        check_numbers("gate_traces", f"gates[{name!r}]", values, shape, cure)
        shape = values.shape
        if values.min() < 0 or values.max() > 1:
            raise ValueError(
                f"gate_traces: gates[{name!r}] must be from 0 to 1, got {values.min():.3g} to {values.max():.3g}"
            )
        color, linestyle = GATES.get(name, (NEUTRAL, ":"))
        steps = np.arange(1, len(values) + 1)
        ax.plot(steps, values, color=color, linestyle=linestyle, marker=".", label=f"${name}_t$")
    ax.set(xlabel="time step t", ylabel="gate (0 shut, 1 open)", ylim=(-0.04, 1.04))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend_beside(ax)
    return ax


def gradient_norm(
    lags: Array, norms: Array, predicted: Array | None = None, *, model: str = "", ax: Axes | None = None
) -> Axes:
    """Draw the norm of the gradient against the lag on a logarithmic scale, where a constant factor is a line.

    Parameters
    ----------
    lags : ndarray, shape (N,), steps back from the loss
    norms : ndarray, shape (N,), at least 0; a norm of 0 leaves a gap
    predicted : ndarray, shape (N,), drawn as a dashed line under bare points
    model : name for the legend, and color if it is one of `MODELS`
    ax : Axes to draw on, say those of another model; a new figure if None

    Returns
    -------
    ax : the Axes
    """
    curves = {"norms": norms} if predicted is None else {"norms": norms, "predicted": predicted}
    check_shape("gradient_norm", "lags", lags, ("N",))
    for name, values in curves.items():
        check_numbers("gradient_norm", name, values, lags.shape)
        if values.min() < 0:
            raise ValueError(f"gradient_norm: {name} must be at least 0, got {values.min():.3g}")
    ax = ax or plt.subplots()[1]
    ax.set_yscale("log", nonpositive="mask")
    color, linestyle = MODELS.get(model, GRADIENT), "-" if predicted is None else "none"
    ax.plot(lags, norms, color=color, linestyle=linestyle, marker="o", markersize=4, label=f"{model} measured".strip())
    if predicted is not None:
        ax.plot(lags, predicted, color=color, linestyle="--", label=f"{model} predicted".strip())
    ax.set(xlabel="lag (steps back from the loss)", ylabel="norm of the gradient")
    ax.legend()
    return ax


def learning_curves(
    history: Mapping[str, Sequence[float]], metric: str = "loss", *, model: str = "", ax: Axes | None = None
) -> Axes:
    """Draw a metric over the epochs: dashed in training, solid in validation.

    Parameters
    ----------
    history : from a metric's name to its value per epoch, as `fit` returns it; `val_` before it marks validation
    metric : which one
    model : name for the legend, and color if it is one of `MODELS`
    ax : Axes to draw on, say those of another model; a new figure if None

    Returns
    -------
    ax : the Axes
    """
    if not len(history.get(metric, ())):
        raise ValueError(f"learning_curves: history must hold {metric} of at least 1 epoch, got {sorted(history)}")
    ax = ax or plt.subplots()[1]
    color = MODELS.get(model, NEUTRAL)
    for name, part, linestyle in ((metric, "training", "--"), (f"val_{metric}", "validation", "-")):
        values = history.get(name, ())
        if len(values):
            epochs = range(1, len(values) + 1)
            label = f"{model} {part}".strip()
            ax.plot(epochs, values, color=color, linestyle=linestyle, marker=".", label=label)
    ax.set(xlabel="epoch", ylabel=metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def seed_bands(x: Array, runs: Array, *, model: str = "", ax: Axes | None = None) -> Axes:
    """Draw the mean over seeds, and a band of one sample standard deviation around it.

    Parameters
    ----------
    x : ndarray, shape (N,)
    runs : ndarray, shape (S, N), one row per seed, at least two
    model : name for the legend, and color if it is one of `MODELS`
    ax : Axes to draw on, say those of another model; a new figure if None

    Returns
    -------
    ax : the Axes
    """
    check_shape("seed_bands", "x", x, ("N",))
    check_numbers("seed_bands", "runs", runs, ("S", len(x)), "one row per seed")
    if len(runs) < 2:
        raise ValueError("seed_bands: runs must hold at least 2 seeds, got 1, which has no spread")
    ax = ax or plt.subplots()[1]
    mean, sd = runs.mean(axis=0), runs.std(axis=0, ddof=1)
    color = MODELS.get(model, NEUTRAL)
    ax.plot(x, mean, color=color, label=f"{model} mean ± sd, {len(runs)} seeds".strip())
    ax.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.2, linewidth=0)
    ax.legend()
    return ax


def predicted_and_measured(predicted: Array, measured: Array, ax: Axes | None = None) -> Axes:
    """Draw a forecast over the series that it should have met.

    Parameters
    ----------
    predicted, measured : ndarrays, shape (T,)
    ax : Axes to draw on; a new figure if None

    Returns
    -------
    ax : the Axes
    """
    shape: tuple[int | str, ...] = ("T",)
    for name, values in (("measured", measured), ("predicted", predicted)):
        cure = f"pick one feature with {name}[:, 0]" if np.ndim(values) == 2 else ""
        check_numbers("predicted_and_measured", name, values, shape, cure)
        shape = values.shape
    ax = ax or plt.subplots()[1]
    steps = np.arange(1, len(measured) + 1)
    ax.plot(steps, measured, color=NEUTRAL, linestyle="-", label="measured")
    ax.plot(steps, predicted, color=OUTPUT, linestyle="--", label="predicted")
    ax.set(xlabel="time step t", ylabel="value")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend_beside(ax)
    return ax


def _legend_beside(ax: Axes) -> None:
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _column(ax: Axes, x: float, t: str) -> None:
    for y, name, color in ((-1.2, "x", INPUT), (0.0, "h", STATE), (1.2, "y", OUTPUT)):
        _node(ax, (x, y), f"${name}_{t}$", color)
    for bottom, label in ((-1.2, "$W_x$"), (0.0, "$W_y$")):
        edge = Path([(x, bottom + NODE_RADIUS), (x, bottom + 1.2 - NODE_RADIUS)])
        _arrow(ax, edge, label=label, label_at=(x - 0.3, bottom + 0.58))


def _node(ax: Axes, center: Point, label: str, color: str) -> None:
    ax.add_patch(Circle(center, NODE_RADIUS, facecolor="white", edgecolor=color, linewidth=2))
    ax.text(*center, label, ha="center", va="center", fontsize=12)


def _arrow(ax: Axes, path: Path, *, label: str, label_at: Point) -> None:
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=11, color="#444444"))
    ax.text(*label_at, label, ha="center", va="center", fontsize=10, color="#222222")
