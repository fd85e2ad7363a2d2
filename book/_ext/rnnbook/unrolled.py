"""A one-unit RNN unrolled over time, as a figure that the reader steps through.

The SVG and the list of steps say everything without JavaScript. With it,
`_static/unrolled.js` hides what lies ahead and refills the numbers when the
reader moves a slider.
"""

import json
from dataclasses import asdict, dataclass

import numpy as np

from rnncourse.cells import rnn_step

MARK = "unrolled-graph"
SLIDER_LIMIT = 2
MINUS = "\N{MINUS SIGN}"
COLUMN, FIRST, WIDTH, HEIGHT = 92, 114, 64, 42
START, START_WIDTH = 30, 50
ROWS = {"y": 29, "h": 119, "x": 209}


@dataclass(frozen=True)
class TinyRNN:
    """A network with one input, one hidden unit and one output, and the sequence it reads."""

    x: tuple[float, ...]
    w_x: float
    w_h: float
    b_h: float
    w_y: float
    b_y: float

    def __post_init__(self) -> None:
        if not self.x:
            raise ValueError("x must hold at least one number, got none")
        if bad := [value for value in self.given().values() if round(value, 1) != value]:
            raise ValueError(f"each number must have at most one decimal, which is what the page shows, got {bad[0]}")
        if bad := [value for value in (*self.x, self.w_h) if abs(value) > SLIDER_LIMIT]:
            raise ValueError(f"x and w_h must lie between -{SLIDER_LIMIT} and {SLIDER_LIMIT}, got {bad[0]}")

    def given(self) -> dict[str, float]:
        """Return the given numbers by name: w_x, ..., b_y, x1, x2, ..."""
        weights = {name: value for name, value in asdict(self).items() if name != "x"}
        return weights | {f"x{t}": value for t, value in enumerate(self.x, 1)}

    def values(self) -> dict[str, float]:
        """Return every number of the page by name: the given ones, h0, and a1, h1, y1, a2, ..."""
        params = {"W_x": np.array([[self.w_x]]), "W_h": np.array([[self.w_h]]), "b_h": np.array([self.b_h])}
        values, h = self.given() | {"h0": 0.0}, np.zeros((1, 1))
        for t, x in enumerate(self.x, 1):
            values[f"a{t}"] = self.w_x * x + self.w_h * float(h[0, 0]) + self.b_h
            h, _ = rnn_step(np.array([[x]]), h, params)
            values |= {f"h{t}": float(h[0, 0]), f"y{t}": self.w_y * float(h[0, 0]) + self.b_y}
        return values


def shown(name: str, value: float) -> str:
    """Format a number as the page does: computed ones to three decimals, given ones to one."""
    text = f"{abs(value):.{3 if name[0] in 'ahy' else 1}f}"
    return MINUS + text if value < 0 and float(text) else text


def unrolled_html(rnn: TinyRNN, prefix: str) -> str:
    """Return the figure; `prefix` makes its ids unique on the page."""
    values = rnn.values()
    steps = range(1, len(rnn.x) + 1)
    start = '<li class="ug-line">Start: nothing is read yet and the state is zero, h<sub>0</sub> = 0.</li>'
    return f"""<figure class="{MARK}" data-given='{json.dumps(rnn.given())}'>
{_svg(rnn, values, prefix)}
<ol class="ug-lines" start="0">{start}{"".join(_line(t, values) for t in steps)}</ol>
<div class="ug-controls" hidden>
<p class="ug-status" role="status"></p>
<div class="ug-buttons" role="group" aria-label="Steps of the unrolled graph">
<button type="button" data-act="previous">Previous step</button>
<button type="button" data-act="next">Next step</button>
<button type="button" data-act="reset">Reset</button>
</div>
<div class="ug-inputs">
{"".join(_slider(f"x{t}", f"Input x<sub>{t}</sub>", values, prefix) for t in steps)}
{_slider("w_h", "Recurrent weight w<sub>h</sub>", values, prefix)}
</div>
</div>
</figure>"""


def _number(name: str, values: dict[str, float], *, in_sum: bool = True) -> str:
    text = shown(name, values[name])
    wrapped = f"({text})" if in_sum and text.startswith(MINUS) else text
    return f'<span data-value="{name}"{" data-in-sum" if in_sum else ""}>{wrapped}</span>'


def _line(t: int, values: dict[str, float]) -> str:
    n = {name: _number(name, values) for name in values}
    a, h, y = (_number(f"{name}{t}", values, in_sum=False) for name in "ahy")
    state = (
        f"h<sub>{t}</sub> = tanh(w<sub>x</sub>·x<sub>{t}</sub> + w<sub>h</sub>·h<sub>{t - 1}</sub> + b<sub>h</sub>)",
        f" = tanh({n['w_x']}·{n[f'x{t}']} + {n['w_h']}·{n[f'h{t - 1}']} + {n['b_h']})",
        f" = tanh({a}) = <strong>{h}</strong>",
    )
    output = (
        f"y<sub>{t}</sub> = w<sub>y</sub>·h<sub>{t}</sub> + b<sub>y</sub>",
        f" = {n['w_y']}·{n[f'h{t}']} + {n['b_y']} = <strong>{y}</strong>",
    )
    state_line, output_line = ("".join(f"<span>{part}</span>" for part in line) for line in (state, output))
    return f'<li class="ug-line">{state_line}<br>{output_line}</li>'


def _slider(name: str, label: str, values: dict[str, float], prefix: str) -> str:
    return (
        f'<div class="ug-slider"><label for="{prefix}-{name}">{label}</label>'
        f'<input type="range" id="{prefix}-{name}" name="{name}" min="-{SLIDER_LIMIT}" max="{SLIDER_LIMIT}" step="0.1" '
        f'value="{values[name]}" autocomplete="off">{_number(name, values, in_sum=False)}</div>'
    )


def _svg(rnn: TinyRNN, values: dict[str, float], prefix: str) -> str:
    last = len(rnn.x)
    columns = "".join(_column(t, values) for t in range(1, last + 1))
    return f"""<svg viewBox="0 0 {FIRST + COLUMN * (last - 1) + WIDTH // 2 + 8} 238" role="img" \
aria-labelledby="{prefix}-title {prefix}-desc">
<title id="{prefix}-title">A recurrent network with one hidden unit, unrolled over {last} steps</title>
<desc id="{prefix}-desc">Each step has an input x below, a state h in the middle and an output y above. \
An arrow w_x runs from each input to its state, w_h from each state to the next, and w_y from each state to its \
output. The text after the picture holds the numbers.</desc>
<defs><marker id="{prefix}-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
<g marker-end="url(#{prefix}-tip)">{"".join(_edges(t) for t in range(1, last + 1))}</g>
<g>{_node("h", 0, START, values)}</g>
{columns}
</svg>"""


def _gap(t: int) -> tuple[int, int]:
    x = FIRST + COLUMN * (t - 1)
    return (START + START_WIDTH // 2 if t == 1 else x - COLUMN + WIDTH // 2), x - WIDTH // 2


def _edges(t: int) -> str:
    x = FIRST + COLUMN * (t - 1)
    left, right = _gap(t)
    paths = [f"M{left} {ROWS['h']}H{right}"]
    paths += [f"M{x} {ROWS[low] - HEIGHT // 2}V{ROWS[high] + HEIGHT // 2}" for low, high in ("xh", "hy")]
    return "".join(f'<path class="ug-edge" d="{path}"/>' for path in paths)


def _column(t: int, values: dict[str, float]) -> str:
    x = FIRST + COLUMN * (t - 1)
    labels = ((sum(_gap(t)) // 2, ROWS["h"] - 10, "h"), (x + 14, 169, "x"), (x + 14, 79, "y"))
    text = "".join(
        f'<text class="ug-name" x="{at}" y="{y}">w<tspan dy="3" font-size="10">{name}</tspan></text>'
        for at, y, name in labels
    )
    return f'<g class="ug-step">{text}{"".join(_node(name, t, x, values) for name in "xhy")}</g>'


def _node(name: str, t: int, x: int, values: dict[str, float]) -> str:
    width, y, key = WIDTH if t else START_WIDTH, ROWS[name], f"{name}{t}"
    return (
        f'<g class="ug-node ug-{name}">'
        f'<rect x="{x - width // 2}" y="{y - HEIGHT // 2}" width="{width}" height="{HEIGHT}" rx="9"/>'
        f'<text class="ug-name" x="{x}" y="{y - 6}">{name}<tspan dy="3" font-size="10">{t}</tspan></text>'
        f'<text class="ug-number" x="{x}" y="{y + 14}" data-value="{key}">{shown(key, values[key])}</text></g>'
    )
