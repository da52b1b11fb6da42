"""Losses of regression: how far a number is from the one that was measured."""

from nlref.loss import Array, gradient_of_loss, loss, mean_gradient, namespace
from nlref.loss_facts import Defect, LossCounterpart, LossFacts, real_numbers

__all__ = ["FACTS", "mean_squared_error", "mean_squared_error_vjp"]


@loss
def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    r"""Mean squared error, :math:`\frac1D\sum_j (\hat y_j - y_j)^2`, in [0, inf); D is the length of the last axis.

    Keras
        ``keras.losses.mean_squared_error``, ``"mse"``
    PyTorch
        ``torch.nn.functional.mse_loss``, whose "mean" is ours too; its "none" is one value an entry: give both arrays a
        last axis of length 1.
    MXNet
        ``gluon.loss.L2Loss`` is half of it: ``0.5 * mean_squared_error(y_true, y_pred, reduction=None)``.
    """
    xp = namespace(y_true, y_pred)
    e = y_pred - y_true
    return xp.mean(e * e, axis=-1)


@gradient_of_loss(mean_squared_error)
def mean_squared_error_vjp(y_true: Array, y_pred: Array, g: Array) -> Array:
    r""":math:`g\,2(\hat y - y)/D`."""
    return mean_gradient(g, y_pred) * 2.0 * (y_pred - y_true)


FACTS = {
    "mean_squared_error": LossFacts(
        draw=real_numbers,
        exact=lambda mp, y, p: sum((b - a) ** 2 for a, b in zip(y, p, strict=True)) / len(y),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.mean_squared_error",
                recorded=("loss/mean_squared_error", "loss/mean_squared_error_edge"),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.mse_loss",
                arguments={"reduction": "none"},
                elementwise=True,
                recorded=("loss/mse_none", "loss/mse_none_edge"),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.mse_loss",
                reduction="mean",
                recorded=("loss/mse_mean",),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.L2Loss()",
                scale=0.5,
                recorded=("loss/L2Loss",),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.L2Loss()",
                scale=0.5,
                recorded=("loss/L2Loss_edge",),
                defects=(
                    Defect(
                        reason="the gradient overflows before it is halved",
                        rows=(24,),
                        parts="g",
                        dtypes=("float32",),
                    ),
                ),
            ),
        ),
    ),
}
