"""The equations of `cells`, fused over the gates and run over all time steps in preallocated buffers.

What makes them fast: one product per chunk of steps projects the inputs, one product per step
serves all gates, elementwise work happens in place, and the gradients of the weights are one
product per chunk, after its steps. A chunk is as many steps as stay in the processor's cache.
The bias is the weight of a constant input 1, so it costs no pass of its own. And
sigmoid(a) = (1 + tanh(a / 2)) / 2 lets one call of tanh serve all gates: the halves go into the
weights beforehand. Everything is time-major, (T, B, ...), inside.

`tests/test_loops.py` holds each loop against the plain steps of `cells`.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from rnncourse.shapes import Array, Params

CHUNK_BYTES = 1 << 21


class Loop:
    """The time loop of one recurrent layer, forward and backward.

    A subclass advances all its states by one step with `step`, and takes the total
    derivatives `d_states` one step back with `step_backward`.

    Parameters
    ----------
    x : ndarray, shape (B, T, D)
    state : one ndarray of shape (B, H) per state, the hidden state first
    params : mapping with W_x, W_h, b_h
    mask : ndarray of bool, shape (B, T); where False, a step leaves all states as they are

    Attributes
    ----------
    states : list of ndarray, shape (T + 1, B, H), the given state first
    gates : ndarray, shape (T, B, columns of W_x), what `step` makes of the projected inputs
    d_a : ndarray, shape (steps of a chunk, B, ...), the derivatives by what goes into the gates
    """

    n_derivatives: int
    gates: Array

    def __init__(self, x: Array, state: Sequence[Array], params: Params, mask: Array | None) -> None:
        batch, time, input_dim = x.shape
        self.params, self.mask = params, mask
        self.skipped = None if mask is None else ~mask.T
        self.dtype = np.result_type(x, *state, *params.values())
        self.x = np.ones((time, batch, input_dim + 1), self.dtype)
        self.x[..., :input_dim] = x.transpose(1, 0, 2)
        self.states = [np.empty((time + 1, *first.shape), self.dtype) for first in state]
        for states, first in zip(self.states, state, strict=True):
            states[0] = first
        self.units = state[0].shape[1]
        weights = self.prepare()
        for steps in self.chunks():
            np.matmul(rows_of(self.x[steps]), weights, out=rows_of(self.gates[steps]))
            for t in range(steps.start, steps.stop):
                self.step(t)
                if self.skipped is not None:
                    rows = self.skipped[t]
                    for states in self.states:
                        states[t + 1][rows] = states[t][rows]

    def chunks(self) -> Iterator[slice]:
        """Cut the steps into chunks, the first step's first."""
        time, batch, _ = self.x.shape
        length = max(1, CHUNK_BYTES // (batch * self.n_derivatives * self.units * self.dtype.itemsize))
        return (slice(start, min(start + length, time)) for start in range(0, time, length))

    def prepare(self) -> Array:
        """Allocate what `step` fills, `gates` first; return the weights of the input and the 1 beside it."""
        raise NotImplementedError

    def step(self, t: int) -> None:
        """Set each `states[t + 1]` from `states[t]`."""
        raise NotImplementedError

    def backward(self, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Backpropagate the derivative by all hidden states (B, T, H), or by the last one (B, 1, H)."""
        batch, time = len(dy), len(self.x)
        self.d_states = [np.zeros(states.shape[1:], self.dtype) for states in self.states]
        self.W_h_T = np.ascontiguousarray(self.params["W_h"].T)
        self.share = np.empty_like(self.d_states[0])
        chunks = list(self.chunks())
        buffer = np.empty((chunks[0].stop, batch, self.n_derivatives * self.units), self.dtype)
        grads = {name: np.zeros(value.shape, self.dtype) for name, value in self.params.items()}
        d_x = np.empty((time, batch, self.x.shape[2] - 1), self.dtype)
        for steps in reversed(chunks):
            self.d_a = buffer[: steps.stop - steps.start]
            self.local_derivatives(steps)
            for t in reversed(range(steps.start, steps.stop)):
                if t + dy.shape[1] >= time:
                    self.d_states[0] += dy[:, t - time]
                if self.skipped is None:
                    self.step_backward(t, self.d_a[t - steps.start])
                else:
                    self.skip_backward(t, self.d_a[t - steps.start], self.skipped[t])
            self.add_gradients(steps, d_x[steps], grads)
        return d_x.transpose(1, 0, 2), grads

    def skip_backward(self, t: int, d_a: Array, rows: Array) -> None:
        """Take one step back, past the rows that forward left as they were."""
        held = [d_state[rows] for d_state in self.d_states]
        self.step_backward(t, d_a)
        d_a[rows] = 0
        for d_state, kept in zip(self.d_states, held, strict=True):
            d_state[rows] = kept

    def local_derivatives(self, steps: slice) -> None:
        """Fill `d_a` with all factors that do not depend on later steps."""
        raise NotImplementedError

    def step_backward(self, t: int, d_a: Array) -> None:
        """Complete `d_a` of step t, and take `d_states` from after the step to before it, in place."""
        raise NotImplementedError

    def add_gradients(self, steps: slice, d_x: Array, grads: dict[str, Array]) -> None:
        """Set `d_x` and add to the derivatives by the parameters, from the `d_a` of a chunk."""
        d_a = rows_of(self.d_a)
        by_input = rows_of(self.x[steps]).T @ d_a
        grads["W_x"] += by_input[:-1]
        grads["b_h"] += by_input[-1]
        grads["W_h"] += rows_of(self.states[0][steps]).T @ d_a
        np.matmul(d_a, self.params["W_x"].T, out=rows_of(d_x))


def rows_of(values: Array) -> Array:
    """View (steps, B, n) as (steps B, n)."""
    return values.reshape(-1, values.shape[-1])


def input_weights(params: Params, scale: Array) -> Array:
    """Put the bias of the inputs below W_x, as the weights of the constant input; scale each column."""
    return np.vstack([params["W_x"], params["b_h"].reshape(-1, params["W_x"].shape[1])[:1]]) * scale


class RNNLoop(Loop):
    """`cells.rnn_step` over time."""

    n_derivatives = 1

    def prepare(self) -> Array:
        """Let the inputs be projected straight into the states that they will become."""
        self.gates = self.states[0][1:]
        self.product = np.empty_like(self.gates[0])
        return input_weights(self.params, np.ones(1, self.dtype))

    def step(self, t: int) -> None:
        """h_next = tanh(x W_x + h W_h + b_h)."""
        h, h_next = self.states[0][t : t + 2]
        np.matmul(h, self.params["W_h"], out=self.product)
        h_next += self.product
        np.tanh(h_next, out=h_next)

    def local_derivatives(self, steps: slice) -> None:
        """d_a = 1 - h_next^2, so far."""
        h_next = self.states[0][1:][steps]
        np.multiply(h_next, h_next, out=self.d_a)
        np.subtract(1, self.d_a, out=self.d_a)

    def step_backward(self, t: int, d_a: Array) -> None:
        """d_a = d_h (1 - h_next^2), then d_h = d_a W_h^T."""
        [d_h] = self.d_states
        d_a *= d_h
        np.matmul(d_a, self.W_h_T, out=d_h)


class LSTMLoop(Loop):
    """`cells.lstm_step` over time."""

    n_derivatives = 4

    def prepare(self) -> Array:
        """Halve what goes into i, f and o."""
        h = self.states[0]
        self.half = np.repeat(np.array([0.5, 0.5, 1, 0.5], self.dtype), self.units)
        self.offset = 1 - self.half
        self.W_h_half = self.params["W_h"] * self.half
        self.gates = np.empty((*self.x.shape[:2], 4 * self.units), self.dtype)
        self.tanh_c = np.empty_like(h[1:])
        self.product = np.empty_like(self.gates[0])
        self.i_g = np.empty_like(h[0])
        return input_weights(self.params, self.half)

    def step(self, t: int) -> None:
        """c_next = f c + i g, then h_next = o tanh(c_next)."""
        (h, h_next), (c, c_next) = self.states[0][t : t + 2], self.states[1][t : t + 2]
        gates, tanh_c, units = self.gates[t], self.tanh_c[t], self.units
        np.matmul(h, self.W_h_half, out=self.product)
        gates += self.product
        np.tanh(gates, out=gates)
        gates *= self.half
        gates += self.offset
        i, f, g, o = (gates[:, k * units : (k + 1) * units] for k in range(4))
        np.multiply(f, c, out=c_next)
        np.multiply(i, g, out=self.i_g)
        c_next += self.i_g
        np.tanh(c_next, out=tanh_c)
        np.multiply(o, tanh_c, out=h_next)

    def local_derivatives(self, steps: slice) -> None:
        """Derivatives of c_next (o: of h_next) by the gates' inputs, and of c_next by h_next."""
        gates, tanh_c, d_a = self.gates[steps], self.tanh_c[steps], self.d_a
        i, _, g, o = np.split(gates, 4, axis=-1)
        d_i, d_f, d_g, d_o = np.split(d_a, 4, axis=-1)
        np.multiply(gates, gates, out=d_a)
        np.subtract(gates, d_a, out=d_a)
        d_i *= g
        d_f *= self.states[1][steps]
        d_o *= tanh_c
        np.multiply(g, g, out=d_g)
        np.subtract(1, d_g, out=d_g)
        d_g *= i
        self.start = steps.start
        self.d_c_by_d_h = tanh_c * tanh_c
        np.subtract(1, self.d_c_by_d_h, out=self.d_c_by_d_h)
        self.d_c_by_d_h *= o

    def step_backward(self, t: int, d_a: Array) -> None:
        """d_c gains d_h o (1 - tanh^2 c_next); then the gates, then d_c = d_c f and d_h = d_a W_h^T."""
        d_h, d_c = self.d_states
        units = self.units
        np.multiply(d_h, self.d_c_by_d_h[t - self.start], out=self.share)
        d_c += self.share
        d_ifg, d_o = d_a[:, : 3 * units].reshape(-1, 3, units), d_a[:, 3 * units :]
        d_ifg *= d_c[:, None]
        d_o *= d_h
        d_c *= self.gates[t, :, units : 2 * units]
        np.matmul(d_a, self.W_h_T, out=d_h)


class GRULoop(Loop):
    """`cells.gru_step` over time, `reset_after=True`.

    The derivatives stand side by side as (g by h W_h, z, r, g by x W_x), so that the first
    three belong to W_h and the last three to W_x.
    """

    n_derivatives = 4

    def prepare(self) -> Array:
        """Halve what goes into z and r."""
        half = np.repeat(np.array([0.5, 0.5, 1], self.dtype), self.units)
        self.W_h_half, b_rec = self.params["W_h"] * half, self.params["b_h"][1] * half
        self.gates = np.empty((*self.x.shape[:2], 3 * self.units), self.dtype)
        self.rec_g = np.empty_like(self.states[0][1:])
        self.product = np.empty_like(self.gates[0])
        self.r_rec_g = np.empty_like(self.rec_g[0])
        self.b_rec_g = b_rec[2 * self.units :]
        weights = input_weights(self.params, half)
        weights[-1, : 2 * self.units] += b_rec[: 2 * self.units]
        return weights

    def step(self, t: int) -> None:
        """h_next = g + z (h - g), with g = tanh(a_g + r (h W_h + b_rec))."""
        (h, h_next), gates, rec_g, units = self.states[0][t : t + 2], self.gates[t], self.rec_g[t], self.units
        zr, g = gates[:, : 2 * units], gates[:, 2 * units :]
        np.matmul(h, self.W_h_half, out=self.product)
        zr += self.product[:, : 2 * units]
        np.tanh(zr, out=zr)
        zr *= 0.5
        zr += 0.5
        np.add(self.product[:, 2 * units :], self.b_rec_g, out=rec_g)
        np.multiply(zr[:, units:], rec_g, out=self.r_rec_g)
        g += self.r_rec_g
        np.tanh(g, out=g)
        np.subtract(h, g, out=h_next)
        h_next *= zr[:, :units]
        h_next += g

    def local_derivatives(self, steps: slice) -> None:
        """Derivatives of h_next by the gates' inputs."""
        self.W_gzr_T = np.roll(self.W_h_T, self.units, axis=0)
        z, r, g = np.split(self.gates[steps], 3, axis=-1)
        d_rec, d_z, d_r, d_g = np.split(self.d_a, 4, axis=-1)
        np.multiply(g, g, out=d_g)
        np.subtract(1, d_g, out=d_g)
        np.subtract(1, z, out=d_rec)
        d_g *= d_rec
        d_rec *= z
        np.subtract(self.states[0][steps], g, out=d_z)
        d_z *= d_rec
        np.multiply(d_g, r, out=d_rec)
        np.subtract(1, r, out=d_r)
        d_r *= d_rec
        d_r *= self.rec_g[steps]

    def step_backward(self, t: int, d_a: Array) -> None:
        """Every derivative is a factor of d_h; then d_h = d_h z + d_rec W_h^T."""
        [d_h] = self.d_states
        by_gate = d_a.reshape(-1, 4, self.units)
        by_gate *= d_h[:, None]
        np.matmul(d_a[:, : 3 * self.units], self.W_gzr_T, out=self.share)
        d_h *= self.gates[t, :, : self.units]
        d_h += self.share

    def add_gradients(self, steps: slice, d_x: Array, grads: dict[str, Array]) -> None:
        """Split `d_a` into its share of W_h and its share of W_x."""
        units = self.units
        d_a = rows_of(self.d_a)
        d_rec, d_in = d_a[:, : 3 * units], d_a[:, units:]
        by_input = rows_of(self.x[steps]).T @ d_in
        grads["W_x"] += by_input[:-1]
        grads["b_h"] += by_input[-1]
        grads["b_h"][1, 2 * units :] += d_a[:, :units].sum(axis=0) - by_input[-1, 2 * units :]
        grads["W_h"] += np.roll(rows_of(self.states[0][steps]).T @ d_rec, -units, axis=1)
        np.matmul(d_in, self.params["W_x"].T, out=rows_of(d_x))


class GRUResetBeforeLoop(Loop):
    """`cells.gru_step` over time, `reset_after=False`: g needs a second product per step."""

    n_derivatives = 3

    def prepare(self) -> Array:
        """Halve what goes into z and r."""
        half = np.repeat(np.array([0.5, 0.5, 1], self.dtype), self.units)
        self.W_zr_half, self.W_g = np.split(self.params["W_h"] * half, [2 * self.units], axis=1)
        self.gates = np.empty((*self.x.shape[:2], 3 * self.units), self.dtype)
        self.r_h = np.empty_like(self.states[0][1:])
        return input_weights(self.params, half)

    def step(self, t: int) -> None:
        """h_next = g + z (h - g), with g = tanh(a_g + (r h) W_h)."""
        (h, h_next), gates, units = self.states[0][t : t + 2], self.gates[t], self.units
        zr, g = gates[:, : 2 * units], gates[:, 2 * units :]
        zr += h @ self.W_zr_half
        np.tanh(zr, out=zr)
        zr *= 0.5
        zr += 0.5
        np.multiply(zr[:, units:], h, out=self.r_h[t])
        g += self.r_h[t] @ self.W_g
        np.tanh(g, out=g)
        np.subtract(h, g, out=h_next)
        h_next *= zr[:, :units]
        h_next += g

    def local_derivatives(self, steps: slice) -> None:
        """Derivatives of h_next by the inputs of z and g, and of r h by that of r."""
        z, r, g = np.split(self.gates[steps], 3, axis=-1)
        d_z, d_r, d_g = np.split(self.d_a, 3, axis=-1)
        h = self.states[0][steps]
        np.multiply((h - g) * z, 1 - z, out=d_z)
        np.multiply(h * r, 1 - r, out=d_r)
        np.multiply(1 - z, 1 - g * g, out=d_g)

    def step_backward(self, t: int, d_a: Array) -> None:
        """Back through g, then through r h, then through z and r."""
        [d_h], units = self.d_states, self.units
        d_z, d_r, d_g = (d_a[:, k * units : (k + 1) * units] for k in range(3))
        d_g *= d_h
        d_r_h = d_g @ self.W_h_T[2 * units :]
        d_r *= d_r_h
        d_z *= d_h
        d_h *= self.gates[t, :, :units]
        d_r_h *= self.gates[t, :, units : 2 * units]
        d_h += d_r_h
        d_h += d_a[:, : 2 * units] @ self.W_h_T[: 2 * units]

    def add_gradients(self, steps: slice, d_x: Array, grads: dict[str, Array]) -> None:
        """Let the candidate's columns of W_h see r h, where the others see h."""
        kept = grads["W_h"][:, 2 * self.units :].copy()
        super().add_gradients(steps, d_x, grads)
        d_g = rows_of(self.d_a)[:, 2 * self.units :]
        grads["W_h"][:, 2 * self.units :] = kept + rows_of(self.r_h[steps]).T @ d_g
