"""Loss functions, on NumPy arrays and TensorFlow tensors; ``<name>_vjp(y_true, y_pred, g)`` is the gradient.

Names and arguments are Keras'; `nlref.loss.loss` says what all of them share. ``FACTS`` has one row a function: exact
values, counterparts elsewhere.
"""

import difflib
from collections.abc import Callable

from nlref.losses import crossentropy, divergence, embedding, margin, overlap, regression, sequence
from nlref.losses.crossentropy import (
    binary_crossentropy,
    binary_crossentropy_vjp,
    binary_focal_crossentropy,
    binary_focal_crossentropy_vjp,
    categorical_crossentropy,
    categorical_crossentropy_vjp,
    categorical_focal_crossentropy,
    categorical_focal_crossentropy_vjp,
    categorical_generalized_cross_entropy,
    categorical_generalized_cross_entropy_vjp,
    sparse_categorical_crossentropy,
    sparse_categorical_crossentropy_vjp,
)
from nlref.losses.divergence import (
    cosine_embedding,
    cosine_embedding_vjp,
    cosine_similarity,
    cosine_similarity_vjp,
    kl_divergence,
    kl_divergence_vjp,
)
from nlref.losses.embedding import (
    circle,
    circle_vjp,
    hinge_embedding,
    hinge_embedding_vjp,
    triplet_margin,
    triplet_margin_vjp,
)
from nlref.losses.margin import (
    categorical_hinge,
    categorical_hinge_vjp,
    hinge,
    hinge_vjp,
    logistic,
    logistic_vjp,
    margin_ranking,
    margin_ranking_vjp,
    multi_margin,
    multi_margin_vjp,
    squared_hinge,
    squared_hinge_vjp,
)
from nlref.losses.overlap import (
    dice,
    dice_vjp,
    tversky,
    tversky_vjp,
)
from nlref.losses.regression import (
    gaussian_nll,
    gaussian_nll_vjp,
    huber,
    huber_vjp,
    log_cosh,
    log_cosh_vjp,
    mean_absolute_error,
    mean_absolute_error_vjp,
    mean_absolute_percentage_error,
    mean_absolute_percentage_error_vjp,
    mean_squared_error,
    mean_squared_error_vjp,
    mean_squared_logarithmic_error,
    mean_squared_logarithmic_error_vjp,
    poisson,
    poisson_vjp,
    root_mean_squared_error,
    root_mean_squared_error_vjp,
    smooth_l1,
    smooth_l1_vjp,
)
from nlref.losses.sequence import ctc, ctc_vjp

FACTS = {
    **regression.FACTS,
    **crossentropy.FACTS,
    **divergence.FACTS,
    **embedding.FACTS,
    **margin.FACTS,
    **overlap.FACTS,
    **sequence.FACTS,
}

ALIASES = {
    "KLDivergence": "kl_divergence",
    "CTC": "ctc",
    "bce": "binary_crossentropy",
    "BCE": "binary_crossentropy",
    "kld": "kl_divergence",
    "KLD": "kl_divergence",
    "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "MAPE": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "MSE": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
    "MSLE": "mean_squared_logarithmic_error",
}
"""Keras' second names; the names of its classes, ``MeanSquaredError``, need not be listed."""

__all__ = [
    "ALIASES",
    "FACTS",
    "binary_crossentropy",
    "binary_crossentropy_vjp",
    "binary_focal_crossentropy",
    "binary_focal_crossentropy_vjp",
    "categorical_crossentropy",
    "categorical_crossentropy_vjp",
    "categorical_focal_crossentropy",
    "categorical_focal_crossentropy_vjp",
    "categorical_generalized_cross_entropy",
    "categorical_generalized_cross_entropy_vjp",
    "categorical_hinge",
    "categorical_hinge_vjp",
    "circle",
    "circle_vjp",
    "cosine_embedding",
    "cosine_embedding_vjp",
    "cosine_similarity",
    "cosine_similarity_vjp",
    "ctc",
    "ctc_vjp",
    "dice",
    "dice_vjp",
    "gaussian_nll",
    "gaussian_nll_vjp",
    "get",
    "hinge",
    "hinge_embedding",
    "hinge_embedding_vjp",
    "hinge_vjp",
    "huber",
    "huber_vjp",
    "kl_divergence",
    "kl_divergence_vjp",
    "log_cosh",
    "log_cosh_vjp",
    "logistic",
    "logistic_vjp",
    "margin_ranking",
    "margin_ranking_vjp",
    "mean_absolute_error",
    "mean_absolute_error_vjp",
    "mean_absolute_percentage_error",
    "mean_absolute_percentage_error_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "mean_squared_logarithmic_error",
    "mean_squared_logarithmic_error_vjp",
    "multi_margin",
    "multi_margin_vjp",
    "poisson",
    "poisson_vjp",
    "root_mean_squared_error",
    "root_mean_squared_error_vjp",
    "smooth_l1",
    "smooth_l1_vjp",
    "sparse_categorical_crossentropy",
    "sparse_categorical_crossentropy_vjp",
    "squared_hinge",
    "squared_hinge_vjp",
    "triplet_margin",
    "triplet_margin_vjp",
    "tversky",
    "tversky_vjp",
]


def get(identifier: str | Callable | None) -> Callable | None:
    """The loss that Keras knows by the name ``identifier``, as in ``keras.losses.get``.

    The name is that of a function here, that of Keras' class, or one of `ALIASES`. A callable is returned as it is, and
    None gives None. A function is both of Keras' forms: the function with ``reduction=None``, the class without. Keras'
    dictionaries of a serialised loss are not taken.

    >>> get("mse") is get("MeanSquaredError") is mean_squared_error
    True

    Raises
    ------
    ValueError
        No loss has this name; the sentence has those that are spelled nearly so.
    TypeError
        ``identifier`` is neither a string, nor callable, nor None.
    """
    if identifier is None or callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(f"losses.get: give a name, a callable or None, not a {type(identifier).__name__}")
    classes = {name.title().replace("_", ""): name for name in FACTS}
    names = {**classes, **dict(zip(FACTS, FACTS, strict=True)), **ALIASES}
    if identifier not in names:
        near = difflib.get_close_matches(identifier.lower(), [*FACTS, *ALIASES], n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"losses.get: there is no loss {identifier!r}{hint}")
    return globals()[names[identifier]]
