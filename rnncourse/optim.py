"""Optimizers with Keras' formulas, and gradient clipping."""

from collections.abc import Mapping

import numpy as np

from rnncourse.shapes import Array, check_numbers


class Optimizer:
    """What all optimizers share: slots of memory for each parameter, and the checks."""

    n_slots: int

    def __init__(self, learning_rate: float) -> None:
        _check_positive(type(self).__name__, "learning_rate", learning_rate)
        self.learning_rate = learning_rate
        self.iterations = 0
        self._params: dict[str, Array] = {}
        self._slots: dict[str, list[Array]] = {}

    def apply(self, grads: Mapping[str, Array], params: Mapping[str, Array]) -> None:
        """Update the parameters in place, by one step.

        Parameters
        ----------
        grads : mapping with the keys of `params`, derivatives of the loss
        params : the arrays of one model, the same ones at every call

        Raises
        ------
        TypeError, ValueError
            If grads and params disagree, a gradient is not finite, or the optimizer has served another
            model; nothing is changed then.
        """
        where = f"{type(self).__name__}.apply"
        if grads.keys() != params.keys():
            raise ValueError(f"{where}: grads must have the keys {sorted(params)}, got {sorted(grads)}")
        for name, value in params.items():
            check_numbers(where, f"grads[{name!r}]", grads[name], value.shape)
        if not self._slots:
            self._params = dict(params)
            self._slots = {name: [np.zeros_like(v) for _ in range(self.n_slots)] for name, v in params.items()}
        if params.keys() != self._params.keys() or any(v is not self._params[name] for name, v in params.items()):
            raise ValueError(f"{where}: params must be the arrays of the first call; make a new optimizer per model")
        self.iterations += 1
        for name, value in params.items():
            self._update(value, grads[name], *self._slots[name])

    def _update(self, value: Array, grad: Array, *slots: Array) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent with momentum: velocity = momentum velocity - learning_rate g; value += velocity.

    Parameters
    ----------
    learning_rate : step size, above 0
    momentum : share of the velocity that survives a step, from 0 up to but not including 1

    References
    ----------
    Polyak (1964); `keras.optimizers.SGD`.
    """

    n_slots = 1

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0) -> None:
        super().__init__(learning_rate)
        _check_decay("SGD", "momentum", momentum)
        self.momentum = momentum

    def _update(self, value: Array, grad: Array, *slots: Array) -> None:
        [velocity] = slots
        velocity *= self.momentum
        velocity -= self.learning_rate * grad
        value += velocity


class Adam(Optimizer):
    """Step by m / sqrt(v), the running means of the gradient and of its square, corrected for their start at 0.

    Parameters
    ----------
    learning_rate : step size, above 0
    beta_1, beta_2 : memory of the two means, from 0 up to but not including 1
    epsilon : added to sqrt(v)

    References
    ----------
    Kingma and Ba (2015), the form of section 2 with "epsilon hat"; `keras.optimizers.Adam`.
    """

    n_slots = 2

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ) -> None:
        super().__init__(learning_rate)
        _check_decay("Adam", "beta_1", beta_1)
        _check_decay("Adam", "beta_2", beta_2)
        _check_positive("Adam", "epsilon", epsilon)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _update(self, value: Array, grad: Array, *slots: Array) -> None:
        m, v = slots
        m += (1 - self.beta_1) * (grad - m)
        v += (1 - self.beta_2) * (grad**2 - v)
        correction = (1 - self.beta_2**self.iterations) ** 0.5 / (1 - self.beta_1**self.iterations)
        value -= self.learning_rate * correction * m / (np.sqrt(v) + self.epsilon)


def clip_by_global_norm(grads: Mapping[str, Array], clipnorm: float) -> tuple[dict[str, Array], float]:
    """Scale all gradients by one factor, so that their joint Euclidean norm is at most `clipnorm`.

    Parameters
    ----------
    grads : mapping of ndarray, not changed
    clipnorm : above 0

    Returns
    -------
    clipped : dict with the keys of `grads`; the direction is kept
    norm : float, before clipping

    Raises
    ------
    TypeError, ValueError
        If `clipnorm` is not above 0, or a gradient is not an array of finite floats.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    _check_positive("clip_by_global_norm", "clipnorm", clipnorm)
    _check_finite("clip_by_global_norm", grads)
    # Dividing by the largest entry first keeps the squares of exploded gradients finite.
    largest = max((float(np.abs(g).max()) for g in grads.values()), default=0.0) or 1.0
    norm = largest * sum(float(((g / largest) ** 2).sum()) for g in grads.values()) ** 0.5
    factor = clipnorm / norm if norm > clipnorm else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


def clip_by_value(grads: Mapping[str, Array], clipvalue: float) -> dict[str, Array]:
    """Clip each entry to [-clipvalue, clipvalue], which may turn the direction; errors as `clip_by_global_norm`."""
    _check_positive("clip_by_value", "clipvalue", clipvalue)
    _check_finite("clip_by_value", grads)
    return {name: np.clip(g, -clipvalue, clipvalue) for name, g in grads.items()}


def _check_positive(where: str, name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{where}: {name} must be above 0, got {value}")


def _check_decay(where: str, name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{where}: {name} must be at least 0 and below 1, got {value}")


def _check_finite(where: str, grads: Mapping[str, Array]) -> None:
    for name, grad in grads.items():
        check_numbers(where, f"grads[{name!r}]", grad, np.shape(grad))
