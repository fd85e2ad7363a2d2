"""Figures from arrays. Each function draws on the Axes it is given and returns them."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path

from rnncourse.shapes import Array, check_shape

INPUT, STATE, OUTPUT = "#0072B2", "#D55E00", "#009E73"
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
