# %% [markdown]
# # 09 · Gradients
#
# Training follows slopes. A slope that is wrong seldom stops a program: the loss still falls, only less far, and nobody knows why. One framework shipped a `selu` whose gradient is wrong for every negative input. It had been tested, by differences even, and the test passed.
#
# In this unit, about 65 minutes, you measure slopes, write gradients by formula, and build the test that finds a wrong one. At the end you judge four that were shipped, and see why that test passed.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written


def softmax(x):
    """Probabilities from scores, along the last axis, from unit 03."""
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


# %% [markdown]
# ## 1. Measured slopes
#
# The slope of $f$ at $x$ is how much $f$ rises for each step to the right. Measured on both sides of $x$ it is the **central difference**
#
# $$\frac{f(x + h) - f(x - h)}{2h}$$
#
# ### Choose · 1 point
#
# Which step `h` gives the central difference of exp at 1 the most right digits, in float64?
#
# - **a** $10^{-15}$, the smallest that still changes x
# - **b** $10^{-8}$, the root of the precision
# - **c** $10^{-5}$, near its third root
# - **d** $10^{-2}$

# %% nbgrader={"grade_id": "q_best_step", "solution": true}
answer_q_best_step = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_best_step-check", "grade": true}
choose("q_best_step", answer_q_best_step)

# %% [markdown]
# ### Write `central_difference` · 5 points
#
# `f` takes an array and works on each entry by itself. The result has the shape of `x`.


# %% nbgrader={"grade_id": "central_difference", "solution": true}
def central_difference(f, x, h=1e-5):
    """Slope of f at every entry of x, from f at x - h and x + h."""
    ### BEGIN SOLUTION
    return (f(x + h) - f(x - h)) / (2 * h)
    ### END SOLUTION


# %% nbgrader={"grade_id": "central_difference-check", "grade": true}
check("central_difference", central_difference)

# %% tags=["skip-execution"]
if written(central_difference):
    steps = np.logspace(-15, -0.5, 200)
    one_sided = np.array([(np.exp(1 + h) - np.exp(1)) / h for h in steps])
    central = np.array([central_difference(np.exp, 1.0, h) for h in steps])
    fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for slopes, colour, name in [(one_sided, "tab:orange", "one side"), (central, "tab:blue", "central")]:
        errors = np.abs(slopes / np.exp(1) - 1)
        ax.loglog(steps, errors + 1e-17, ".", markersize=3, color=colour)
        ax.text(0.4, errors[-1], name, color=colour, va="center")
    ax.set(
        title="Too large a step, too small a step",
        xlabel="step h",
        ylabel="relative error of the slope",
        ylim=(1e-13, 10),
        xlim=(1e-15, 30),
    )
    ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: two V-shaped clouds of points over the step. On the left both errors rise as the step shrinks. On the right the one-sided error falls with the step, the central one with its square, so the central V reaches deeper, near an error of 1e-11 at a step of 1e-5; the other ends near 1e-8.*
#
# On the left of the V you see rounding: the two values agree in nearly all their digits, and the difference keeps only the last ones.
#
# ## 2. Many inputs, many outputs
#
# A layer has many outputs. Training hands it one number for each output, the **upstream gradient** `g`: how much the loss grows with that output. The layer answers with the same for its inputs, the slope of $\sum_i g_i f_i(x)$. This is called a vector-Jacobian product, **vjp**; the Jacobian is the table of the slopes of every output by every input.
#
# ### Write `numerical_vjp` · 5 points
#
# For each entry of `x`: move it alone by `h` up and down, and take the central difference of `sum(g * f(x))`. `f(x)`, and so `g`, may have another shape than `x`.


# %% nbgrader={"grade_id": "numerical_vjp", "solution": true}
def numerical_vjp(f, x, g, h=1e-5):
    """Gradient of sum(g * f(x)) with respect to x, by central differences: an array of x's shape."""
    ### BEGIN SOLUTION
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        gradient[index] = np.sum(g * (f(above) - f(below))) / (2 * h)
    return gradient
    ### END SOLUTION


# %% nbgrader={"grade_id": "numerical_vjp-check", "grade": true}
check("numerical_vjp", numerical_vjp)

# %% [markdown]
# It is right for any function, and slow: two calls for every entry. Networks have millions, so one writes the formula, and keeps this as its judge.
#
# ## 3. Slopes by formula
#
# ### Write `sigmoid_vjp` · 5 points
#
# With $y = \mathrm{sigmoid}(x)$ the slope is $y\,(1 - y)$. Written like that it is 0 from $x = 37$ on, where $y$ rounds to 1, and the true slope at 40 is $4 \cdot 10^{-18}$. Keep it, as unit 02 did.


# %% nbgrader={"grade_id": "sigmoid_vjp", "solution": true}
def sigmoid_vjp(x, g):
    """g times the slope of the sigmoid at x, entry by entry."""
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(x))
    return g * e / (1 + e) ** 2
    ### END SOLUTION


# %% nbgrader={"grade_id": "sigmoid_vjp-check", "grade": true}
check("sigmoid_vjp", sigmoid_vjp)

# %% [markdown]
# ### Write `tanh_vjp` · 5 points
#
# With $y = \tanh x$ the slope is $1 - y^2$. Digits far out are not asked here.


# %% nbgrader={"grade_id": "tanh_vjp", "solution": true}
def tanh_vjp(x, g):
    """g times the slope of tanh at x, entry by entry."""
    ### BEGIN SOLUTION
    return g * (1 - np.tanh(x) ** 2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "tanh_vjp-check", "grade": true}
check("tanh_vjp", tanh_vjp)

# %%
if written(numerical_vjp, sigmoid_vjp, tanh_vjp):
    x = np.array([-2.0, 0.5, 1.0])
    g = np.array([1.0, -3.0, 0.5])
    print("sigmoid", sigmoid_vjp(x, g), " measured", numerical_vjp(lambda z: 1 / (1 + np.exp(-z)), x, g))
    print("tanh   ", tanh_vjp(x, g), " measured", numerical_vjp(np.tanh, x, g))

# %% [markdown]
# ## 4. Softmax: no entry moves alone
#
# ### Predict · 1 point
#
# A test computes the gradient of `softmax(x).sum()` with respect to x, as `sum().backward()` does. What is the largest absolute entry of the right answer?

# %% nbgrader={"grade_id": "q_vacuous", "solution": true}
answer_q_vacuous = (
    ### BEGIN SOLUTION
    0
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_vacuous-check", "grade": true}
predict("q_vacuous", answer_q_vacuous)

# %% [markdown]
# If score $j$ grows, probability $i$ of the same row moves by $p_i\,(1 - p_i)$ for $i = j$ and by $-p_i\,p_j$ otherwise. Multiplied by $g$ and added up, this is
#
# $$p_j \Big(g_j - \sum_i p_i\, g_i\Big)$$
#
# ### Write `softmax_vjp` · 5 points
#
# Along the last axis. `softmax` stands in the first cell.


# %% nbgrader={"grade_id": "softmax_vjp", "solution": true}
def softmax_vjp(x, g):
    """Gradient of sum(g * softmax(x)) with respect to x, row by row."""
    ### BEGIN SOLUTION
    p = softmax(x)
    return p * (g - np.sum(p * g, axis=-1, keepdims=True))
    ### END SOLUTION


# %% nbgrader={"grade_id": "softmax_vjp-check", "grade": true}
check("softmax_vjp", softmax_vjp)

# %% [markdown]
# Put the crossentropy behind it, and nearly everything cancels: the loss of a row is $\log\sum_j e^{x_j} - x_\text{true}$, and its slope is softmax minus label.
#
# ### Write `categorical_crossentropy_vjp` · 5 points
#
# `y_true` holds one-hot rows, `logits` the scores, both of shape (samples, classes); `g` has one number for each sample. The result has the shape of `logits`.


# %% nbgrader={"grade_id": "categorical_crossentropy_vjp", "solution": true}
def categorical_crossentropy_vjp(y_true, logits, g):
    """Gradient of sum(g * crossentropy of each sample) with respect to the logits."""
    ### BEGIN SOLUTION
    return (softmax(logits) - y_true) * g[:, None]
    ### END SOLUTION


# %% nbgrader={"grade_id": "categorical_crossentropy_vjp-check", "grade": true}
check("categorical_crossentropy_vjp", categorical_crossentropy_vjp)

# %%
if written(softmax_vjp, categorical_crossentropy_vjp):
    label, logits, one = np.array([[0.0, 1.0]]), np.array([[800.0, 0.0]]), np.ones(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        in_two_steps = softmax_vjp(logits, -label / softmax(logits))
    print("a certain mistake, in two steps:", in_two_steps[0])
    print("a certain mistake, in one:      ", categorical_crossentropy_vjp(label, logits, one)[0])

# %% [markdown]
# ## 5. Kinks
#
# ### Predict · 1 point
#
# What does the central difference say about the slope of relu at 0?

# %% nbgrader={"grade_id": "q_kink", "solution": true}
answer_q_kink = (
    ### BEGIN SOLUTION
    0.5
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_kink-check", "grade": true}
predict("q_kink", answer_q_kink)

# %% [markdown]
# The huber loss of unit 06 has two seams, and no kink: at $|e| = \text{delta}$ both pieces have the same slope.
#
# ### Write `huber_vjp` · 5 points
#
# Arrays of shape (samples, outputs), `g` with one number for each sample. A sample's loss is the mean over its outputs, of $e^2/2$ for errors $e$ up to `delta`, and of a straight line beyond.


# %% nbgrader={"grade_id": "huber_vjp", "solution": true}
def huber_vjp(y_true, y_pred, g, delta=1.0):
    """Gradient of sum(g * huber loss of each sample) with respect to y_pred."""
    ### BEGIN SOLUTION
    return np.clip(y_pred - y_true, -delta, delta) / y_pred.shape[-1] * g[:, None]
    ### END SOLUTION


# %% nbgrader={"grade_id": "huber_vjp-check", "grade": true}
check("huber_vjp", huber_vjp)

# %% [markdown]
# ## 6. A test that cannot be fooled
#
# Four rules: an upstream gradient that is not all ones; every entry, not a few; small and large inputs, on both sides of kinks but away from them; errors measured by size, and next to none forgiven.
#
# ### Write `gradient_error` · 5 points
#
# Compare `f_vjp(x, g)` with your `numerical_vjp`: the absolute difference of each entry, divided by the larger of 1 and the numerical entry's absolute value. Return the largest.


# %% nbgrader={"grade_id": "gradient_error", "solution": true}
def gradient_error(f, f_vjp, x, g, h=1e-5):
    """Largest error of f_vjp against central differences, relative to entries above 1: one number."""
    ### BEGIN SOLUTION
    expected = numerical_vjp(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "gradient_error-check", "grade": true}
check("gradient_error", gradient_error)

# %% [markdown]
# An honest gradient has an error near $10^{-10}$ here, and 0.001 is a mistake, not rounding.
#
# ## 7. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "`sigmoid_derivative(x)` is `x * (1 - x)`." | Only if x is already the sigmoid's value. |
# | "The derivative of softmax is `p * (1 - p)`." | That is its diagonal. |
# | "We check gradients with `sum().backward()`." | For softmax even a gradient of zeros passes. |

# %%
if written(gradient_error, softmax_vjp):
    rng = np.random.default_rng(9)
    x, g, ones = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), np.ones((2, 3))

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def diagonal(x, g):
        return g * softmax(x) * (1 - softmax(x))

    print(f"x (1 - x) for the sigmoid    {gradient_error(sigmoid, lambda x, g: g * x * (1 - x), x, g):.0e}")
    print(f"p (1 - p) for softmax        {gradient_error(softmax, diagonal, x, g):.0e}")
    print(f"zeros for softmax, g random  {gradient_error(softmax, lambda x, g: 0 * x, x, g):.0e}")
    print(f"zeros for softmax, g of ones {gradient_error(softmax, lambda x, g: 0 * x, x, ones):.0e}")
    print(f"your softmax_vjp             {gradient_error(softmax, softmax_vjp, x, g):.0e}")

# %% [markdown]
# ## 8. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 on TensorFlow | PyTorch 2 | MXNet 1.9 |
# | --- | --- | --- | --- |
# | a vjp | `tape.gradient(y, x, output_gradients=g)` | `torch.autograd.grad(y, x, g)` | `y.backward(g)`, then `x.grad` |
# | without `g` | ones | an error, unless `y` is a single number | ones |
# | a check by differences | `tf.test.compute_gradient` | `torch.autograd.gradcheck` | `mxnet.test_utils.check_numeric_gradient` |
#
# Four slopes that releases of them returned, recorded in float64 at -1, 0 and 1. Below each the measured slope.

# %%
points = np.array([-1.0, 0.0, 1.0])
scale, alpha = 1.0507009873554805, 1.6732632423543772
shipped = {
    "A  MXNet 1.9, selu": (
        [0.590423, 1.758099, 1.050701],
        lambda x: scale * np.where(x > 0, x, alpha * np.expm1(x)),
    ),
    "B  Keras 3.15, celu": ([0.367879, 2.0, 1.0], lambda x: np.where(x > 0, x, np.expm1(x))),
    "C  MXNet 1.9, SigmoidBCELoss, label 0": (
        [0.268941, 0.0, 0.731059],
        lambda x: np.log1p(np.exp(x)),
    ),
    "D  PyTorch 2.13, silu": ([0.072329, 0.5, 0.927671], lambda x: x / (1 + np.exp(-x))),
}
if written(central_difference):
    for name, (recorded, f) in shipped.items():
        print(f"{name:40}", *(f"{slope:9.6f}" for slope in recorded))
        print(f"{'   measured':40}", *(f"{slope:9.6f}" for slope in central_difference(f, points)))

# %% [markdown]
# At 0 selu has a kink: 1.758 on the left, 1.051 on the right, and the difference answers with their mean.
#
# ### Choose · 1 point
#
# Which of the four recorded gradients are wrong?
#
# - **a** Only A: the others differ in rounding.
# - **b** B and C: A is a matter of the constants.
# - **c** None: they were shipped in releases that thousands used.
# - **d** A, B and C. D is right.

# %% nbgrader={"grade_id": "q_shipped", "solution": true}
answer_q_shipped = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_shipped-check", "grade": true}
choose("q_shipped", answer_q_shipped)

# %% [markdown]
# C is what a logistic regression meets at its first step: with weights of 0 every logit is 0, samples with the label 0 teach it nothing, and those with the label 1 twice what they should. A is the `selu` of the first paragraph. [Its test](https://github.com/apache/mxnet/pull/12059) compared it with differences, at inputs between -0.1 and 0.1, and forgave 1 %. There it is wrong by 0.5 % at most; at -1 by 9 %.
#
# ### Predict · 1 point
#
# Keras clips probabilities to [1e-7, 1 - 1e-7] before the logarithm. The model says 0, the label is 1. What is the gradient of the loss with respect to the probability?

# %% nbgrader={"grade_id": "q_certain_mistake", "solution": true}
answer_q_certain_mistake = (
    ### BEGIN SOLUTION
    0
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_certain_mistake-check", "grade": true}
predict("q_certain_mistake", answer_q_certain_mistake)

# %% [markdown]
# Now yours. Here PyTorch 2.13 and MXNet 1.9.1 recorded the same values, for softmax with a `g` that is not all ones:

# %%
x, g = np.array([-30.0, -3.0, -0.5, 1.0, 36.8]), np.ones(5)
row, row_g = np.array([[-1.0, 0.5, 2.0, -3.0]]), np.array([[0.5, -1.0, 2.0, 0.25]])
recorded_slopes = {
    "sigmoid_vjp": [9.357623e-14, 0.045176660, 0.23500371, 0.19661193, 0.0],
    "tanh_vjp": [0.0, 0.0098660372, 0.78644773, 0.41997434, 0.0],
    "softmax_vjp": [-0.035378704, -0.42010747, 0.46159052, -0.0061043468],
}
if written(sigmoid_vjp, tanh_vjp, softmax_vjp):
    yours = (sigmoid_vjp(x, g), tanh_vjp(x, g), softmax_vjp(row, row_g)[0])
    for (name, theirs), slopes in zip(recorded_slopes.items(), yours, strict=True):
        print(f"{name:12} yours ", *(f"{slope:11.5g}" for slope in slopes))
        print(f"{'':12} theirs", *(f"{slope:11.5g}" for slope in theirs))

# %% [markdown]
# One number differs: at 36.8 both compute $y\,(1 - y)$, and get 0. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(sigmoid_vjp, tanh_vjp, softmax_vjp):
    try:
        import keras
        import tensorflow as tf
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        rng = np.random.default_rng(1)
        x, g = rng.normal(scale=3, size=(100, 10)), rng.normal(size=(100, 10))
        for function in (sigmoid_vjp, tanh_vjp, softmax_vjp):
            tensor = tf.constant(x)
            with tf.GradientTape() as tape:
                tape.watch(tensor)
                y = getattr(keras.activations, function.__name__.removesuffix("_vjp"))(tensor)
            theirs = tape.gradient(y, tensor, output_gradients=tf.constant(g)).numpy()
            print(f"{function.__name__:12}largest difference {np.abs(function(x, g) - theirs).max():.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 9. Go on
#
# You can now write a gradient and say how sure you are of it. Not settled: how the gradients of many layers come together. The next unit chains them.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. For functions of complex numbers the imaginary part of $f(x + ih)$ divided by $h$ is the slope, and $h$ may be $10^{-200}$. Try it on exp. Why does rounding not hurt it, and why does `np.abs` fail?
# 2. Your `numerical_vjp` calls `f` twice for each entry. Which random check of the whole gradient needs two calls in all?
#
# To read: Baydin, Pearlmutter, Radul and Siskind, [Automatic differentiation in machine learning: a survey](https://arxiv.org/abs/1502.05767), 2018, sections 2 and 3.
#
# A question that returns in unit 11: the slope of the sigmoid is at most 1/4. What is left of a gradient after 30 of them?
