"""Wrong and alternative answers to problem set 02."""

from tests.mutants.table import Alternative, Item, Mutant

STEP_VISIBLE, STEP_HIDDEN = {"02_recurrence-step-visible": 2}, {"02_recurrence-step-hidden": 1}
FORWARD_VISIBLE, FORWARD_HIDDEN = {"02_recurrence-forward-visible": 3}, {"02_recurrence-forward-hidden": 2}
READOUT_VISIBLE, READOUT_HIDDEN = {"02_recurrence-readout-visible": 2}, {"02_recurrence-readout-hidden": 2}
PARAMS_VISIBLE, PARAMS_HIDDEN = {"02_recurrence-params-visible": 1}, {"02_recurrence-params-hidden": 1}
CONCAT_VISIBLE, CONCAT_HIDDEN = {"02_recurrence-concat-visible": 2}, {"02_recurrence-concat-hidden": 1}


def step(expression: str) -> str:
    """Return an answer to `step` that returns the given expression."""
    return f"def rnn_step(x, h, W_x, W_h, b_h):\n    return {expression}\n"


STEP = Item(
    "02_recurrence-step",
    mutants=(
        Mutant(
            "bias missing",
            step("np.tanh(x @ W_x + h @ W_h)"),
            STEP_VISIBLE | STEP_HIDDEN,
            r"h_next \(bias only\): the bias b_h is missing$",
        ),
        Mutant(
            "tanh missing",
            step("x @ W_x + h @ W_h + b_h"),
            STEP_VISIBLE | STEP_HIDDEN,
            "tanh is missing",
        ),
        Mutant(
            "bias outside tanh",
            step("np.tanh(x @ W_x + h @ W_h) + b_h"),
            STEP_VISIBLE | STEP_HIDDEN,
            "the bias b_h is added after tanh",
        ),
        Mutant(
            "recurrent weights transposed",
            step("np.tanh(x @ W_x + h @ W_h.T + b_h)"),
            STEP_VISIBLE | STEP_HIDDEN,
            r"\(no input\): W_h is transposed$",
        ),
        Mutant(
            "no recurrence",
            step("np.tanh(x @ W_x + b_h)"),
            STEP_VISIBLE | STEP_HIDDEN,
            r"\(no input\): the term h W_h is missing$",
        ),
        Mutant(
            "no input",
            step("np.tanh(h @ W_h + b_h)"),
            STEP_VISIBLE | STEP_HIDDEN,
            r"\(no state\): the term x W_x is missing$",
        ),
        Mutant(
            "sigmoid",
            step("1 / (1 + np.exp(-(x @ W_x + h @ W_h + b_h)))"),
            STEP_VISIBLE | STEP_HIDDEN,
            "the sigmoid stands in place of tanh$",
        ),
        Mutant(
            "no return",
            "def rnn_step(x, h, W_x, W_h, b_h):\n    h_next = np.tanh(x @ W_x + h @ W_h + b_h)\n",
            STEP_VISIBLE | STEP_HIDDEN,
            "got None; is a `return` missing",
        ),
        Mutant(
            "returns the cache too",
            step("np.tanh(x @ W_x + h @ W_h + b_h), h"),
            STEP_VISIBLE | STEP_HIDDEN,
            "got a tuple of length 2; return the array alone",
        ),
        Mutant(
            "tanh on each term",
            step("np.tanh(x @ W_x) + np.tanh(h @ W_h) + np.tanh(b_h)"),
            STEP_VISIBLE | STEP_HIDDEN,
            r"h_next \(no state\): entry .* differ",
        ),
        Mutant(
            "sums over the batch",
            step("np.tanh(x @ W_x + h @ W_h + b_h).sum(axis=0)"),
            STEP_VISIBLE | STEP_HIDDEN,
            "axis B is missing",
        ),
        Mutant(
            "result array of integers",
            """
def rnn_step(x, h, W_x, W_h, b_h):
    h_next = np.zeros(h.shape, dtype=int)
    h_next[:] = np.tanh(x @ W_x + h @ W_h + b_h)
    return h_next
""",
            STEP_VISIBLE | STEP_HIDDEN,
            "got whole numbers of dtype int64; make the array with dtype=float",
        ),
        Mutant(
            "overwrites the previous states",
            """
def rnn_step(x, h, W_x, W_h, b_h):
    h[:] = np.tanh(x @ W_x + h @ W_h + b_h)
    return h
""",
            STEP_HIDDEN,
            "your function overwrites its input h; work on h.copy",
        ),
        Mutant(
            "sizes of the visible test",
            """
def rnn_step(x, h, W_x, W_h, b_h):
    h_next = np.zeros((2, 4))
    for b in range(2):
        h_next[b] = np.tanh(x[b] @ W_x + h[b] @ W_h + b_h)
    return h_next
""",
            STEP_HIDDEN,
            r"could not broadcast input array from shape \(3,\) into shape \(4,\)",
        ),
        Mutant(
            "axes of size 1 squeezed away",
            step("np.tanh(x @ W_x + h @ W_h + b_h).squeeze()"),
            STEP_HIDDEN,
            "for B = 1, .*: axis B is missing",
        ),
    ),
    alternatives=(
        Alternative("other order of terms", step("np.tanh(b_h + np.dot(h, W_h) + x.dot(W_x))")),
        Alternative("einsum", step("np.tanh(np.einsum('bd,dh->bh', x, W_x) + np.einsum('bk,kh->bh', h, W_h) + b_h)")),
        Alternative("float32", step("np.tanh(x @ W_x + h @ W_h + b_h).astype('float32')")),
        Alternative("float64", step("np.tanh(x.astype(float) @ W_x + h.astype(float) @ W_h + b_h)")),
        Alternative(
            "helpers named like the test's own things",
            """
def reference(x, W):
    return x @ W


def cells(a, b):
    return np.tanh(a + b)


def rnn_step(x, h, W_x, W_h, b_h):
    return cells(reference(x, W_x) + b_h, reference(h, W_h))
""",
        ),
        Alternative("nested lists", step("np.tanh(x @ W_x + h @ W_h + b_h).tolist()")),
        Alternative(
            "exponentials and a helper",
            """
def squash(a):
    return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))


def rnn_step(x, h, W_x, W_h, b_h):
    return squash(x @ W_x + h @ W_h + b_h)
""",
        ),
        Alternative(
            "in place on its own arrays, one example at a time",
            """
def rnn_step(x, h, W_x, W_h, b_h):
    rows = []
    for x_b, h_b in zip(x, h):
        a = b_h.copy()
        a += x_b @ W_x
        a += h_b @ W_h
        rows.append(np.tanh(a))
    return rows
""",
        ),
    ),
)


def forward(new_state: str, start: str = "h_0", keep: str = "h", end: str = "np.stack(states, axis=1)") -> str:
    """Return an answer to `forward` with these parts of the loop."""
    return f"""
def rnn_forward(x, h_0, W_x, W_h, b_h):
    h = {start}
    states = []
    for t in range(x.shape[1]):
        {new_state}
        states.append({keep})
    return {end}
"""


RIGHT = "h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)"

FORWARD = Item(
    "02_recurrence-forward",
    mutants=(
        Mutant(
            "bias missing",
            forward("h = np.tanh(x[:, t] @ W_x + h @ W_h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(bias only\): the bias b_h is missing$",
        ),
        Mutant(
            "tanh missing",
            forward("h = x[:, t] @ W_x + h @ W_h + b_h"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(bias only\): tanh is missing$",
        ),
        Mutant(
            "recurrent weights transposed",
            forward("h = np.tanh(x[:, t] @ W_x + h @ W_h.T + b_h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 1\): W_h is transposed$",
        ),
        Mutant(
            "recurrence missing",
            forward("h = np.tanh(x[:, t] @ W_x + b_h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 1\): the term h W_h is missing",
        ),
        Mutant(
            "state not carried",
            forward("h = np.tanh(x[:, t] @ W_x + h_0 @ W_h + b_h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 2\): each step starts from h_0$",
        ),
        Mutant(
            "initial state ignored",
            forward(RIGHT, start="np.zeros(h_0.shape)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 1\): .*the initial states h_0 are ignored$",
        ),
        Mutant(
            "last state only",
            forward(RIGHT, end="h"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"axis T is missing: got shape \(2, 4\), wanted \(2, 5, 4\)",
        ),
        Mutant(
            "batch and time swapped",
            forward(RIGHT, end="np.array(states)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"the axes are \(T, B, H\) instead of \(B, T, H\)",
        ),
        Mutant(
            "reshape instead of transpose",
            forward(RIGHT, end="np.reshape(states, (*x.shape[:2], -1))"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(no recurrence\): reshape mixes up the axes",
        ),
        Mutant(
            "loop over the batch axis",
            forward("h = np.tanh(x[t] @ W_x + h @ W_h + b_h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            "mismatch|could not be broadcast",
        ),
        Mutant(
            "initial state among the states",
            forward(RIGHT, end="np.stack([h_0, *states], axis=1)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            "axis T has size 6 instead of 5",
        ),
        Mutant(
            "one step late",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    states = np.zeros((x.shape[0], x.shape[1], h_0.shape[1]))
    states[:, 0] = h_0
    for t in range(1, x.shape[1]):
        states[:, t] = np.tanh(x[:, t - 1] @ W_x + states[:, t - 1] @ W_h + b_h)
    return states
""",
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            "h_0 stands first and all states come one step late$",
        ),
        Mutant(
            "one array for all steps",
            forward("h[:] = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)", start="h_0.copy()"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(no recurrence\): the last states stand at every step$",
        ),
        Mutant(
            "last step forgotten",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    h = h_0
    states = np.zeros((x.shape[0], x.shape[1], h_0.shape[1]))
    for t in range(x.shape[1] - 1):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)
        states[:, t] = h
    return states
""",
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(bias only\): entry \[\d, 4, \d\] is 0, wanted .*; 8 of 40 entries differ",
        ),
        Mutant(
            "previous state lost in every second step",
            forward("h = np.tanh(x[:, t] @ W_x + (h if t % 2 else h_0) @ W_h + b_h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 5\): entry .* differ",
        ),
        Mutant(
            "returns the last states too",
            forward(RIGHT, end="np.stack(states, axis=1), h"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            "got a tuple of length 2; return the array alone",
        ),
        Mutant(
            "all steps at once",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    return np.tanh(x @ W_x + (h_0 @ W_h)[:, None] + b_h)
""",
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 2\): each step starts from h_0$",
        ),
        Mutant(
            "sum carried without tanh",
            forward("h = x[:, t] @ W_x + h @ W_h + b_h", keep="np.tanh(h)"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 2\): entry \[\d, 1, \d\] .*differ",
        ),
        Mutant(
            "no return",
            forward(RIGHT).replace("    return np.stack(states, axis=1)\n", ""),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            "got None; is a `return` missing",
        ),
        Mutant(
            "overwrites the initial states",
            forward("h[:] = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)", keep="h.copy()"),
            FORWARD_HIDDEN,
            "your function overwrites its input h_0",
        ),
        Mutant(
            "axes of size 1 squeezed away",
            forward(RIGHT, end="np.squeeze(np.stack(states, axis=1))"),
            FORWARD_VISIBLE | FORWARD_HIDDEN,
            r"states \(T = 1\): axis T is missing",
        ),
    ),
    alternatives=(
        Alternative(
            "array filled in place",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    states = np.empty((x.shape[0], x.shape[1], h_0.shape[1]), dtype=x.dtype)
    h = h_0
    for t in range(x.shape[1]):
        states[:, t] = h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)
    return states
""",
        ),
        Alternative(
            "input projected before the loop, own copy of the state overwritten",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    projected = x @ W_x + b_h
    h = np.array(h_0)
    states = []
    for a in projected.transpose(1, 0, 2):
        h[...] = np.tanh(a + h @ W_h)
        states.append(h.copy())
    return np.array(states).transpose(1, 0, 2)
""",
        ),
        Alternative(
            "one sequence after the other, nested lists",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    batch = []
    for sequence, h in zip(x, h_0):
        states = []
        for x_t in sequence:
            h = np.tanh(x_t @ W_x + h @ W_h + b_h)
            states.append(list(h))
        batch.append(states)
    return batch
""",
        ),
        Alternative(
            "recursion",
            """
def rnn_forward(x, h_0, W_x, W_h, b_h):
    if x.shape[1] == 0:
        return np.zeros((len(x), 0, len(b_h)))
    h = np.tanh(x[:, 0] @ W_x + h_0 @ W_h + b_h)
    return np.concatenate([h[:, None], rnn_forward(x[:, 1:], h, W_x, W_h, b_h)], axis=1)
""",
        ),
        Alternative(
            "the student's own step",
            forward("h = rnn_step(x[:, t], h, W_x, W_h, b_h)"),
        ),
        Alternative("float64", forward(RIGHT, end="np.stack(states, axis=1)", start="h_0.astype('float64')")),
        Alternative("float32", forward(RIGHT, end="np.stack(states, axis=1).astype('float32')")),
    ),
)


def readout(last: str, every: str) -> str:
    """Return an answer to `readout` with these two expressions."""
    return f"""
def read_last(states, W_y, b_y):
    return {last}


def read_every(states, W_y, b_y):
    return {every}
"""


LAST, EVERY = "states[:, -1] @ W_y + b_y", "states @ W_y + b_y"

READOUT = Item(
    "02_recurrence-readout",
    mutants=(
        Mutant(
            "bias missing in the last",
            readout("states[:, -1] @ W_y", EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_last \(bias only\): the bias b_y is missing$",
        ),
        Mutant(
            "bias missing at every step",
            readout(LAST, "states @ W_y"),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_every \(bias only\): the bias b_y is missing$",
        ),
        Mutant(
            "first state",
            readout("states[:, 0] @ W_y + b_y", EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_last \(all terms\): the first state is read instead of the last$",
        ),
        Mutant(
            "last example",
            readout("states[-1] @ W_y + b_y", EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            "the last example is read instead of the last state$",
        ),
        Mutant(
            "mean over time",
            readout("states.mean(axis=1) @ W_y + b_y", EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            "the states are averaged over time$",
        ),
        Mutant(
            "all steps in the last",
            readout(EVERY, EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_last \(bias only\): the time axis is kept$",
        ),
        Mutant(
            "time axis of size 1",
            readout("states[:, -1:] @ W_y + b_y", EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            "read_last .*: axis 1 of size 1 is one too many",
        ),
        Mutant(
            "last step only at every step",
            readout(LAST, LAST),
            READOUT_VISIBLE | READOUT_HIDDEN,
            "read_every .*: axis T is missing",
        ),
        Mutant(
            "tanh on the output",
            readout(f"np.tanh({LAST})", EVERY),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_last \(bias only\): tanh is applied to the output$",
        ),
        Mutant(
            "batch and time swapped",
            readout(LAST, "np.array([states[:, t] @ W_y + b_y for t in range(states.shape[1])])"),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_every .*: the axes are \(T, B, O\) instead of \(B, T, O\)",
        ),
        Mutant(
            "reshape instead of transpose",
            readout(LAST, "np.reshape([h @ W_y + b_y for h in states.swapaxes(0, 1)], (*states.shape[:2], -1))"),
            READOUT_VISIBLE | READOUT_HIDDEN,
            r"read_every \(all terms\): reshape mixes up the axes",
        ),
        Mutant(
            "one function not written",
            "def read_last(states, W_y, b_y):\n    return states[:, -1] @ W_y + b_y\n",
            READOUT_VISIBLE | READOUT_HIDDEN,
            "name 'read_every' is not defined",
        ),
        Mutant(
            "number of steps of the visible test",
            readout(LAST, "np.stack([states[:, t] @ W_y + b_y for t in range(5)], axis=1)"),
            READOUT_HIDDEN,
            "read_every for B = 3, T = 7, .*: axis T has size 5 instead of 7",
        ),
        Mutant(
            "time steps of the visible test",
            readout("states[:, 4] @ W_y + b_y", EVERY),
            READOUT_HIDDEN,
            "read_last for B = 3, T = 7, .* entries differ",
        ),
        Mutant(
            "axes of size 1 squeezed away",
            readout(f"np.squeeze({LAST})", f"np.squeeze({EVERY})"),
            READOUT_HIDDEN,
            "read_every for B = 4, T = 1, .*: axis T is missing",
        ),
        Mutant(
            "overwrites the states",
            """
def read_last(states, W_y, b_y):
    return states[:, -1] @ W_y + b_y


def read_every(states, W_y, b_y):
    y = np.zeros((*states.shape[:2], len(b_y)))
    for t in range(states.shape[1]):
        y[:, t] = states[:, t] @ W_y + b_y
        states[:, t] = 0
    return y
""",
            READOUT_HIDDEN,
            "your function overwrites its input states",
        ),
    ),
    alternatives=(
        Alternative("every, then the last of them", readout("read_every(states, W_y, b_y)[:, -1]", EVERY)),
        Alternative(
            "einsum and tensordot",
            readout(
                "np.einsum('bh,ho->bo', states[:, states.shape[1] - 1], W_y) + b_y",
                "np.tensordot(states, W_y, axes=1) + b_y",
            ),
        ),
        Alternative(
            "loop over time, stacked",
            readout(
                "(b_y + states.swapaxes(0, 1)[-1].dot(W_y)).tolist()",
                "np.stack([states[:, t] @ W_y + b_y for t in range(states.shape[1])], axis=1)",
            ),
        ),
        Alternative(
            "a helper for both",
            """
def readout(h, W_y, b_y):
    return h @ W_y + b_y


def read_last(states, W_y, b_y):
    return readout(states[:, -1], W_y, b_y)


def read_every(states, W_y, b_y):
    return readout(states, W_y, b_y)
""",
        ),
        Alternative(
            "rows flattened and restored",
            readout(LAST, "(states.reshape(-1, states.shape[-1]) @ W_y + b_y).reshape(*states.shape[:2], -1)"),
        ),
    ),
)


def params(expression: str) -> str:
    """Return an answer to `params` that returns the given expression."""
    return f"def count_params(T, D, H, O):\n    return {expression}\n"


PARAMS = Item(
    "02_recurrence-params",
    mutants=(
        Mutant(
            "bias of the state missing",
            params("D * H + H * H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the bias b_h is missing$",
        ),
        Mutant(
            "bias of the output missing",
            params("D * H + H * H + H + H * O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the bias b_y is missing$",
        ),
        Mutant(
            "both biases missing",
            params("D * H + H * H + H * O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: both biases are missing$",
        ),
        Mutant(
            "recurrent weights missing",
            params("D * H + H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the recurrent weights W_h are missing$",
        ),
        Mutant(
            "input weights missing",
            params("H * H + H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the input weights W_x are missing$",
        ),
        Mutant(
            "read-out missing",
            params("D * H + H * H + H"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the read-out is missing$",
        ),
        Mutant(
            "output weights missing",
            params("D * H + H * H + H + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the read-out weights W_y are missing$",
        ),
        Mutant(
            "recurrence once per step",
            params("T * (D * H + H * H + H) + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: the recurrence is counted once per time step$",
        ),
        Mutant(
            "everything once per step",
            params("T * (D * H + H * H + H + H * O + O)"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: all parameters are counted once per time step$",
        ),
        Mutant(
            "recurrent weights of the input's shape",
            params("2 * D * H + H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            r"count: W_h is counted as \(D, H\)$",
        ),
        Mutant(
            "a bias for each product",
            params("D * H + H + H * H + H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: b_h or the state is counted once too often$",
        ),
        Mutant(
            "xor for a power",
            params("D * H + (H ^ 2) + H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            r"count: `\^` is not a power in Python; write H \*\* 2$",
        ),
        Mutant(
            "xor for a power, without brackets",
            params("D * H + H ^ 2 + H + H * O + O"),
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            r"count: `\^` is not a power in Python and comes after `\+`; write H \*\* 2$",
        ),
        Mutant(
            "printed, not returned",
            "def count_params(T, D, H, O):\n    print(D * H + H * H + H + H * O + O)\n",
            PARAMS_VISIBLE | PARAMS_HIDDEN,
            "count: got None; is a `return` missing",
        ),
        Mutant(
            "numbers of the visible test",
            params("132 if T == 7 else 129"),
            PARAMS_HIDDEN,
            "count for T = 1, D = 1, H = 1, O = 1: got 129, wanted 5$",
        ),
    ),
    alternatives=(
        Alternative("factored", params("(D + H + 1) * H + (H + 1) * O")),
        Alternative(
            "shapes multiplied", params("sum(np.prod(shape) for shape in [(D, H), (H, H), (H,), (H, O), (O,)])")
        ),
        Alternative(
            "arrays made and measured",
            """
def count_params(T, D, H, O):
    W_x, W_h, b_h = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    W_y, b_y = np.zeros((H, O)), np.zeros(O)
    return W_x.size + W_h.size + b_h.size + W_y.size + b_y.size
""",
        ),
        Alternative(
            "one function for each part",
            """
def recurrence(D, H):
    return (D + H + 1) * H


def total(D, H, O):
    return recurrence(D, H) + (H + 1) * O


def count_params(T, D, H, O):
    return total(D, H, O)
""",
        ),
        Alternative("a float", params("float(D * H + H**2 + H + H * O + O)")),
    ),
)


def concat(stack: str, step: str) -> str:
    """Return an answer to `concat` with these two expressions."""
    return f"""
def stack_weights(W_x, W_h):
    return {stack}


def concat_step(x, h, W, b_h):
    return {step}
"""


STACK = "np.concatenate([W_h, W_x], axis=0)"
CONCAT_STEP = "np.tanh(np.concatenate([h, x], axis=1) @ W + b_h)"

CONCAT = Item(
    "02_recurrence-concat",
    mutants=(
        Mutant(
            "input weights first",
            concat("np.concatenate([W_x, W_h], axis=0)", CONCAT_STEP),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "W: W_x stands above W_h$",
        ),
        Mutant(
            "x first in both",
            concat("np.vstack([W_x, W_h])", "np.tanh(np.hstack([x, h]) @ W + b_h)"),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "W: W_x stands above W_h$",
        ),
        Mutant(
            "recurrent weights transposed",
            concat("np.vstack([W_h.T, W_x])", CONCAT_STEP),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "W: W_h is transposed$",
        ),
        Mutant(
            "weights side by side",
            concat("np.concatenate([W_h.T, W_x.T], axis=1)", CONCAT_STEP),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            r"W: the axes are \(H, H \+ D\) instead of \(H \+ D, H\)",
        ),
        Mutant(
            "wrong axis",
            concat("np.concatenate([W_h, W_x], axis=1)", CONCAT_STEP),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "concatenation axis must match exactly",
        ),
        Mutant(
            "x before h",
            concat(STACK, "np.tanh(np.concatenate([x, h], axis=1) @ W + b_h)"),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            r"h_next \(no state\): x stands before h$",
        ),
        Mutant(
            "bias missing",
            concat(STACK, "np.tanh(np.concatenate([h, x], axis=1) @ W)"),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            r"h_next \(bias only\): the bias b_h is missing$",
        ),
        Mutant(
            "tanh missing",
            concat(STACK, "np.concatenate([h, x], axis=1) @ W + b_h"),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "tanh is missing",
        ),
        Mutant(
            "bias outside tanh",
            concat(STACK, "np.tanh(np.concatenate([h, x], axis=1) @ W) + b_h"),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "the bias b_h is added after tanh",
        ),
        Mutant(
            "joined list without a product",
            concat("[W_h, W_x]", CONCAT_STEP),
            CONCAT_VISIBLE | CONCAT_HIDDEN,
            "W: got a list whose parts differ in shape",
        ),
        Mutant(
            "sizes of the visible test",
            concat(STACK, "np.tanh(h @ W[:4] + x @ W[4:] + b_h)"),
            CONCAT_HIDDEN,
            "mismatch in its core dimension",
        ),
        Mutant(
            "axes of size 1 squeezed away",
            concat(STACK, f"np.squeeze({CONCAT_STEP})"),
            CONCAT_HIDDEN,
            "for B = 1, .*: axis B is missing",
        ),
        Mutant(
            "overwrites the bias",
            """
def stack_weights(W_x, W_h):
    return np.vstack([W_h, W_x])


def concat_step(x, h, W, b_h):
    a = np.hstack([h, x]) @ W + b_h
    b_h *= 0
    return np.tanh(a)
""",
            CONCAT_HIDDEN,
            "your function overwrites its input b_h",
        ),
    ),
    alternatives=(
        Alternative("vstack and hstack", concat("np.vstack((W_h, W_x))", "np.tanh(b_h + np.hstack((h, x)).dot(W))")),
        Alternative("outdated names", concat("np.row_stack((W_h, W_x))", CONCAT_STEP)),
        Alternative("r_ and c_", concat("np.r_[W_h, W_x]", "np.tanh(np.c_[h, x] @ W + b_h)")),
        Alternative(
            "lists", concat("W_h.tolist() + W_x.tolist()", "[np.tanh(row @ W + b_h) for row in np.append(h, x, 1)]")
        ),
        Alternative(
            "arrays filled in place",
            """
def stack_weights(W_x, W_h):
    D, H = W_x.shape
    W = np.zeros((H + D, H))
    W[:H] = W_h
    W[H:] = W_x
    return W


def concat_step(x, h, W, b_h):
    joined = np.zeros((len(x), len(W)), dtype="float32")
    joined[:, : h.shape[1]] = h
    joined[:, h.shape[1] :] = x
    return np.tanh(joined @ W.astype("float32") + b_h)
""",
        ),
        Alternative(
            "weights taken apart again",
            concat("np.block([[W_h], [W_x]])", "np.tanh(h @ W[: len(b_h)] + x @ W[len(b_h) :] + b_h)"),
        ),
    ),
)

ITEMS = (STEP, FORWARD, READOUT, PARAMS, CONCAT)
