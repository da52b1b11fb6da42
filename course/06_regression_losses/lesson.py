# %% [markdown]
# # 06 · Regression losses
#
# A loss turns "how wrong?" into one number, and training makes that number small. Which number you choose decides what the model will say: the mean, the median, or something between.
#
# In this unit, about 60 minutes, you write seven losses and the weighted mean that joins samples into a batch, and you see on real data what each of them is after.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. One number a sample
#
# All arrays here have the shape (samples, outputs). A loss function answers with one number for each sample, the mean over its outputs; a **reduction** makes one number of the batch later. First a trap that has cost people weeks.
#
# ### Choose · 1 point
#
# `y_true` is `[0, 1, 2, 3]` with shape (4,), `y_pred` holds the same numbers with shape (4, 1). What is `np.mean((y_pred - y_true) ** 2)`?
#
# - **a** 0: the fit is perfect.
# - **b** 2.5
# - **c** A ValueError: the shapes differ.
# - **d** 1.25

# %% nbgrader={"grade_id": "q_column", "solution": true}
answer_q_column = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_column-check", "grade": true}
choose("q_column", answer_q_column)

# %% [markdown]
# ### Write `mean_squared_error` · 5 points
#
# The mean of the squared errors over the last axis: from two arrays of shape (samples, outputs) an array of shape (samples,).


# %% nbgrader={"grade_id": "mean_squared_error", "solution": true}
def mean_squared_error(y_true, y_pred):
    """Mean squared error of each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    return np.mean((y_pred - y_true) ** 2, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "mean_squared_error-check", "grade": true}
check("mean_squared_error", mean_squared_error)

# %% [markdown]
# ### Choose · 1 point
#
# A program moves from MXNet's `L2Loss` to Keras' mean squared error, and keeps its learning rate. What happens to each step of plain gradient descent?
#
# - **a** Nothing: both have the same minimum.
# - **b** It is half as long.
# - **c** It is twice as long.
# - **d** It is four times as long.

# %% nbgrader={"grade_id": "q_half", "solution": true}
answer_q_half = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_half-check", "grade": true}
choose("q_half", answer_q_half)

# %% [markdown]
# ### Write `mean_absolute_error` · 5 points
#
# The mean of the absolute errors over the last axis.


# %% nbgrader={"grade_id": "mean_absolute_error", "solution": true}
def mean_absolute_error(y_true, y_pred):
    """Mean absolute error of each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    return np.mean(np.abs(y_pred - y_true), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "mean_absolute_error-check", "grade": true}
check("mean_absolute_error", mean_absolute_error)

# %% [markdown]
# ## 2. What a loss is after
#
# ### Predict · 1 point
#
# Which single number has the smallest mean squared error for the five values 1, 2, 3, 4 and 90?

# %% nbgrader={"grade_id": "q_best_constant", "solution": true}
answer_q_best_constant = (
    ### BEGIN SOLUTION
    20
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_best_constant-check", "grade": true}
predict("q_best_constant", answer_q_best_constant)

# %% [markdown]
# Between the two stand losses that are round near 0 and straight far out.
#
# ### Write `huber` · 5 points
#
# With the error $e$: $e^2/2$ where $|e| \le \text{delta}$, and beyond it the straight line that goes on from there, $\text{delta}\,(|e| - \text{delta}/2)$. Averaged over the last axis.


# %% nbgrader={"grade_id": "huber", "solution": true}
def huber(y_true, y_pred, delta=1.0):
    """Huber loss of each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    a = np.abs(y_pred - y_true)
    return np.mean(np.where(a <= delta, a**2 / 2, delta * (a - delta / 2)), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "huber-check", "grade": true}
check("huber", huber)

# %% [markdown]
# ### Write `log_cosh` · 5 points
#
# $\log\cosh e$, averaged over the last axis: the same idea without a seam. `np.cosh(1000)` is infinite; with $a = |e|$ the logarithm is $a + \log(1 + e^{-2a}) - \log 2$.


# %% nbgrader={"grade_id": "log_cosh", "solution": true}
def log_cosh(y_true, y_pred):
    """log(cosh(error)) of each sample, without overflow: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    a = np.abs(y_pred - y_true)
    return np.mean(a + np.log1p(np.exp(-2 * a)) - np.log(2), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "log_cosh-check", "grade": true}
check("log_cosh", log_cosh)

# %% [markdown]
# Now real data. `cells.npz` holds a measurement of cell nuclei in 569 images: how much their area varies. Half of them lie between 18 and 45, four are above 200. Which constant does each loss prefer?

# %%
with np.load("cells.npz") as data:
    area_error = data["area_error"][:, None]  # (569, 1)

candidates = np.linspace(10, 60, 501)


def best_constant(loss, **options):
    """The candidate with the smallest mean loss over the data."""
    totals = [loss(area_error, np.full_like(area_error, c), **options).mean() for c in candidates]
    return candidates[np.argmin(totals)]


print(f"mean {area_error.mean():.1f}, median {np.median(area_error):.1f}")
if written(mean_squared_error, mean_absolute_error, huber, log_cosh):
    for loss, options in [
        (mean_squared_error, {}),
        (huber, {"delta": 100.0}),
        (huber, {"delta": 10.0}),
        (log_cosh, {}),
        (mean_absolute_error, {}),
    ]:
        print(f"{loss.__name__:20} {options or '-'!s:18} {best_constant(loss, **options):5.1f}")

# %% tags=["skip-execution"]
if written(mean_squared_error, mean_absolute_error, huber):
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, layout="constrained")
    above.hist(area_error[area_error < 130], bins=40, color="lightgrey")
    for loss, colour, name in [
        (mean_squared_error, "tab:blue", "squared"),
        (huber, "tab:orange", "huber"),
        (mean_absolute_error, "tab:green", "absolute"),
    ]:
        options = {"delta": 20.0} if loss is huber else {}
        curve = np.array(
            [loss(area_error, np.full_like(area_error, c), **options).mean() for c in candidates]
        )
        best = candidates[np.argmin(curve)]
        above.axvline(best, color=colour)
        below.plot(candidates, curve / curve.min() - 1, color=colour)
        below.text(61, curve[-1] / curve.min() - 1, name, color=colour, va="center")
    above.set(title="The square follows the few far values", xlabel="", ylabel="images")
    below.set(
        xlabel="the constant that is predicted", ylabel="loss above its best", ylim=(-0.15, 1), xlim=(0, 130)
    )
    below.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: above, a histogram with its peak near 20 and a long tail to the right, cut at 130; below, three bowls over the predicted constant. The bowl of the absolute error has its bottom at 25, that of the huber loss a little to the right of it, that of the squared error at 40, where few images are.*
#
# The squared error asks for the mean, the absolute error for the median, and huber's `delta` moves between them. None is right as such: the mean is what you need to add up costs, the median is what a single case looks like.
#
# ## 3. Units
#
# ### Predict · 1 point
#
# A model predicts prices in euros. Its loss is 250,000. It was trained with the mean squared error. How far off, in euros, is it typically?

# %% nbgrader={"grade_id": "q_unit", "solution": true}
answer_q_unit = (
    ### BEGIN SOLUTION
    500
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_unit-check", "grade": true}
predict("q_unit", answer_q_unit)

# %% [markdown]
# ### Write `root_mean_squared_error` · 5 points
#
# The root of the mean of all squared errors, over samples and outputs: one number for the batch, in the unit of the data.


# %% nbgrader={"grade_id": "root_mean_squared_error", "solution": true}
def root_mean_squared_error(y_true, y_pred):
    """Root of the mean of all squared errors: one number."""
    ### BEGIN SOLUTION
    return np.sqrt(np.mean((y_pred - y_true) ** 2))
    ### END SOLUTION


# %% nbgrader={"grade_id": "root_mean_squared_error-check", "grade": true}
check("root_mean_squared_error", root_mean_squared_error)

# %% [markdown]
# Two losses have no unit at all, because they compare in proportion.
#
# ### Write `mean_squared_logarithmic_error` · 5 points
#
# The mean over the last axis of $(\log(1 + \hat y) - \log(1 + y))^2$. Negative predictions count as 0.


# %% nbgrader={"grade_id": "mean_squared_logarithmic_error", "solution": true}
def mean_squared_logarithmic_error(y_true, y_pred):
    """Mean squared difference of log(1 + y) of each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    difference = np.log1p(np.maximum(y_pred, 0)) - np.log1p(np.maximum(y_true, 0))
    return np.mean(difference**2, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "mean_squared_logarithmic_error-check", "grade": true}
check("mean_squared_logarithmic_error", mean_squared_logarithmic_error)

# %% [markdown]
# ### Write `mean_absolute_percentage_error` · 5 points
#
# 100 times the mean over the last axis of $|\hat y - y| / |y|$. Where $|y|$ is below $10^{-7}$, divide by $10^{-7}$.


# %% nbgrader={"grade_id": "mean_absolute_percentage_error", "solution": true}
def mean_absolute_percentage_error(y_true, y_pred):
    """Mean absolute error in percent of the target, for each sample: y_pred's shape without its last axis."""
    ### BEGIN SOLUTION
    return 100 * np.mean(np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "mean_absolute_percentage_error-check", "grade": true}
check("mean_absolute_percentage_error", mean_absolute_percentage_error)

# %%
if written(mean_absolute_percentage_error, mean_squared_logarithmic_error):
    truth, low, high, zero = np.array([[100.0]]), np.array([[50.0]]), np.array([[200.0]]), np.array([[0.0]])
    for loss in (mean_absolute_percentage_error, mean_squared_logarithmic_error):
        print(f"{loss.__name__:32} half {loss(truth, low)[0]:7.3f}  double {loss(truth, high)[0]:7.3f}")
    print(f"target 0, prediction 1: {mean_absolute_percentage_error(zero, truth / 100)[0]:.0e} percent")

# %% [markdown]
# In percent, predicting half is forgiven more easily than double, so a model trained with it learns to say too little. And a single target of 0 drowns everything else.
#
# ## 4. From samples to a batch
#
# ### Write `weighted_mean` · 5 points
#
# Not every sample counts the same: a rare case may count double, a measurement that one doubts half, padding not at all. `values` are the losses of the samples, `sample_weight` says how much each counts. Keras' default reduction, `sum_over_batch_size`, adds up value times weight and divides by the number of samples, not by the sum of the weights.


# %% nbgrader={"grade_id": "weighted_mean", "solution": true}
def weighted_mean(values, sample_weight):
    """Sum of values times weights, divided by the number of samples."""
    ### BEGIN SOLUTION
    return np.sum(values * sample_weight) / values.size
    ### END SOLUTION


# %% nbgrader={"grade_id": "weighted_mean-check", "grade": true}
check("weighted_mean", weighted_mean)

# %% [markdown]
# Four samples, the last of which is padding. Three reductions make three numbers of the same losses:

# %%
values, counts = np.array([1.0, 2.0, 3.0, 50.0]), np.array([1.0, 1.0, 1.0, 0.0])
if written(weighted_mean):
    print("sum                     ", np.sum(values * counts))
    print("sum over batch size     ", weighted_mean(values, counts))
    print("mean with sample weights", np.sum(values * counts) / np.sum(counts))

# %% [markdown]
# The sum grows with the batch, and with it every step. The second is Keras' default, and MXNet's trainer divides in the same way: padding makes the loss look smaller. The third is the mean of what counts; Keras calls it `mean_with_sample_weight`.
#
# ## 5. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "L2 loss and mean squared error are the same." | MXNet's `L2Loss` is half of it. |
# | "Huber and smooth L1 are two names." | Only for `delta` 1. Otherwise they differ by the factor `delta`. |
# | "Normalise images to save memory: keep them as uint8." | Then the error of 10 against 250 is 0. |

# %%
image, prediction = np.array([[250]], np.uint8), np.array([[10]], np.uint8)
print(
    "squared error of 10 against 250 in uint8:",
    np.mean((prediction - image) ** 2),
    " in float:",
    (10.0 - 250) ** 2,
)
print("perfect fit, shapes (4, 1) and (4,):", np.mean((np.arange(4.0)[:, None] - np.arange(4.0)) ** 2))
if written(huber, mean_squared_error):
    far = (np.array([[0.0]]), np.array([[3.0]]))
    print("huber, delta 2:", huber(*far, delta=2.0)[0], " smooth L1, beta 2:", huber(*far, delta=2.0)[0] / 2)
    print(
        "mean squared error:",
        mean_squared_error(*far)[0],
        " MXNet's L2Loss:",
        mean_squared_error(*far)[0] / 2,
    )

# %% [markdown]
# ## 6. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 (Gluon) |
# | --- | --- | --- | --- |
# | squared error | `mean_squared_error`, one a sample | `mse_loss`: mean of all | `L2Loss`: half, one a sample |
# | absolute error | `mean_absolute_error`, one a sample | `l1_loss`: mean of all | `L1Loss`: the whole, one a sample |
# | huber | `huber(delta)` | `huber_loss(delta)`; `smooth_l1_loss(beta)` is huber / beta | `HuberLoss(rho)` is smooth L1 |
# | log cosh | `log_cosh`; 0 for errors below 0.0001 in float32 | none | none |
# | root | a metric, not a loss | `mse_loss(...).sqrt()`; its gradient at a perfect fit is nan | a metric |
# | shapes (n,) and (n, 1) | aligned | a warning, and a table of differences | aligned: the label is reshaped |
# | `sample_weight` | divided by the samples | `weight` of the functions, one for each output | shape (n, 1), not divided by |
#
# What PyTorch 2.13 and MXNet 1.9.1 returned for two samples has been written down once:

# %%
y_true = np.array([[1.99865351, 1.30562665, 0.76719292], [-1.8590173, 0.16854091, 0.08044842]])
y_pred = np.array([[0.50633607, 1.04375335, -1.32125383], [1.44619993, -1.09033391, 0.57891474]])
recorded = {  # PyTorch with reduction="none", a loss for each output
    "mse_loss": [[2.227011, 0.068578, 4.361610], [10.924461, 1.584766, 0.248469]],
    "huber_loss, delta 2": [[1.113506, 0.034289, 2.176894], [4.610434, 0.792383, 0.124234]],
    "L1Loss": [1.280879, 1.687519],
    "L2Loss": [1.109533, 2.126283],
    "HuberLoss, rho 2": [0.554115, 0.921175],
}
if written(mean_squared_error, mean_absolute_error, huber):
    square, wide = mean_squared_error(y_true, y_pred), huber(y_true, y_pred, delta=2.0)
    absolute = mean_absolute_error(y_true, y_pred)
    for (name, theirs), yours in zip(recorded.items(), (square, wide, absolute, square, wide), strict=True):
        theirs = np.array(theirs).reshape(2, -1).mean(axis=1)
        print(f"{name:20}", *(f"{ratio:.4f}" for ratio in theirs / yours), "times yours")

# %% [markdown]
# The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

everything = (mean_squared_error, mean_absolute_error, huber, log_cosh)
everything += (mean_squared_logarithmic_error, mean_absolute_percentage_error)
if compare_with_keras and written(*everything, root_mean_squared_error, weighted_mean):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        y_true, y_pred = np.random.default_rng(0).gamma(2.0, size=(2, 100, 3))
        for function in everything:
            theirs = np.asarray(getattr(keras.losses, function.__name__)(y_true, y_pred))
            difference = np.abs(function(y_true, y_pred) / theirs - 1).max()
            print(f"{function.__name__:32}largest relative difference {difference:.0e}")
        weights = np.arange(100.0)
        theirs = float(keras.losses.MeanSquaredError()(y_true, y_pred, weights))
        yours = weighted_mean(mean_squared_error(y_true, y_pred), weights)
        print(f"weighted mean: yours {yours:.4f}, Keras {theirs:.4f}")
        theirs = float(keras.metrics.RootMeanSquaredError()(y_true, y_pred))
        print(f"root: yours {root_mean_squared_error(y_true, y_pred):.4f}, Keras {theirs:.4f}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 7. Go on
#
# You can now choose a loss for what you want to know, and you read its factors and axes with suspicion. Not settled: where the squared error comes from. The next unit starts from probabilities, and it falls out of them.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Which loss has the 90 % quantile as its best constant? Tilt the absolute error: let errors on one side cost nine times as much as on the other, and try it on the cells.
# 2. Your log cosh is 0 for an error of $10^{-9}$, and the truth is $5 \cdot 10^{-19}$. Does it matter for training? For a reference? Mend it.
#
# To read: Huber, [Robust Estimation of a Location Parameter](https://doi.org/10.1214/aoms/1177703732), Annals of Mathematical Statistics 1964, section 1.
#
# A question that returns in unit 07: a network ends in a sigmoid and is trained with the squared error. Where does it stop learning?
