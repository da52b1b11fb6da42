# %% [markdown]
# # 07 · Crossentropy
#
# A classifier does not say yes or no, it says how likely. Cross-entropy is the loss that asks: how surprised was the model by what happened? It stands in nearly every network that chooses, and every framework guards it in its own way.
#
# In this unit, about 60 minutes, you write it for two classes and for many, from probabilities and from scores, with its gradient; you see what a guard does to the samples that are most wrong; and you bend it for unsure labels and for rare ones.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, explore, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. The more wrong, the less it listens
#
# First the question that unit 06 ended with.
#
# ### Choose · 1 point
#
# A network ends in a sigmoid and is trained with the squared error $(p - y)^2/2$. The label is 1. One sample has the score 0, so $p = 0.5$; another has the score -10 and is far more wrong. How does the slope of the loss in the score compare, at -10 against at 0?
#
# - **a** It is about twice as large: the error is twice as large.
# - **b** It is the same: the loss is a parabola.
# - **c** It is less than a thousandth of it.
# - **d** It is infinite: the sample is certain and wrong.

# %% nbgrader={"grade_id": "q_square_stops", "solution": true}
answer_q_square_stops = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_square_stops-check", "grade": true}
choose("q_square_stops", answer_q_square_stops)

# %% tags=["skip-execution"]
z = np.linspace(-10, 6, 321)
p = 1 / (1 + np.exp(-z))
fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, layout="constrained")
for name, loss, slope, colour, at in [
    ("$-\\log p$", -np.log(p), p - 1, "tab:blue", ((-6, 6.6), (-6, -0.9))),
    ("squared error", (p - 1) ** 2 / 2, (p - 1) * p * (1 - p), "tab:red", ((-9, 0.9), (-9, -0.15))),
]:
    above.plot(z, loss, color=colour)
    below.plot(z, slope, color=colour)
    for panel, (x, y) in zip((above, below), at, strict=True):
        panel.text(x, y, name, color=colour, va="bottom")
above.set(title="The more wrong, the less the squared error listens", ylabel="loss", ylim=(-0.5, 10.5))
below.set(xlabel="score of a sample with the label 1", ylabel="slope in the score", ylim=(-1.1, 0.1))
for panel in (above, below):
    panel.grid(alpha=0.3)
plt.show()

# %% [markdown]
# *In words: two losses over the score from -10 to 6, the label being 1, and below them their slopes. Minus the logarithm rises to 10 on the left in a straight line, and its slope goes to -1 there. The squared error ends flat at 0.5 on the left; its slope dips to -0.15 near -0.7 and is 0 again from -6 on.*
#
# ## 2. From likelihood to loss
#
# A model says how likely each label is. The **likelihood** of the data is the product of the probabilities that it gave to what happened: the better the model, the larger. Products of many small numbers vanish, so one takes the logarithm, a sum; changes its sign, so that small is good; and divides by the number of samples. What remains is the mean **surprise**, $-\log p$ of what happened.

# %%
for count in (20, 2000):
    p_of_each = np.full(count, 0.4)
    print(
        f"{count:5} labels: likelihood {np.prod(p_of_each):.3g}, surprise {-np.mean(np.log(p_of_each)):.3f}"
    )

# %% [markdown]
# ### Choose · 1 point
#
# Two models are right nine times out of ten. The bold one gives the truth 0.99 nine times, and 0.001 once. The cautious one gives it 0.7 nine times, and 0.3 once. Which has the smaller mean of $-\log p$?
#
# - **a** The bold one: nine times it is nearly free.
# - **b** The cautious one.
# - **c** They are equal: both are right as often.
# - **d** It depends on the number of classes.

# %% nbgrader={"grade_id": "q_bold", "solution": true}
answer_q_bold = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_bold-check", "grade": true}
choose("q_bold", answer_q_bold)

# %% [markdown]
# ### Write `binary_crossentropy` · 5 points
#
# For yes-or-no labels $y$ and the probability $p$ of a yes: the mean over the last axis of
#
# $$-\big(y \log p + (1 - y)\log(1 - p)\big)$$
#
# A label may lie between 0 and 1. So that no logarithm is infinite, clip the probabilities to $[10^{-7}, 1 - 10^{-7}]$ first, as Keras does. As in unit 06, from shape (samples, outputs) to shape (samples,).


# %% nbgrader={"grade_id": "binary_crossentropy", "solution": true}
def binary_crossentropy(y_true, y_pred):
    """Binary cross-entropy of each sample from probabilities: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "binary_crossentropy-check", "grade": true}
check("binary_crossentropy", binary_crossentropy)

# %% [markdown]
# What is it after? Let one constant answer for 20 labels, of which 14 are 1.

# %% tags=["skip-execution"]
if written(binary_crossentropy):
    labels, p = np.repeat([1.0, 0.0], [14, 6]), np.linspace(0.01, 0.99, 99)
    loss = binary_crossentropy(np.tile(labels, (99, 1)), np.tile(p[:, None], (1, 20)))  # (99,)
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4), sharex=True, layout="constrained")
    above.plot(p, p**14 * (1 - p) ** 6, color="tab:orange")
    below.plot(p, loss, color="tab:blue")
    for panel in (above, below):
        panel.axvline(0.7, color="grey", linestyle=":")
        panel.grid(alpha=0.3)
    above.set(title="The likeliest constant is the one with the smallest loss", ylabel="likelihood")
    below.set(xlabel="the constant probability, 14 of 20 labels are 1", ylabel="your cross-entropy")
    plt.show()

# %% [markdown]
# *In words: above, the likelihood over the constant, a hill of height 0.000005; below, your loss, a bowl with its bottom at 0.61. A dotted line at 0.7, the share of ones, goes through the top of the hill and the bottom of the bowl.*
#
# So cross-entropy estimates the share: among the samples that look alike to the model, how many are 1. The squared error of unit 06 comes from the same source. If the errors follow a normal distribution of spread 1, the surprise is half the squared error plus a constant:

# %%
for error in (0.0, 1.0, 3.0):
    surprise = -np.log(np.exp(-(error**2) / 2) / np.sqrt(2 * np.pi))
    print(f"error {error}: surprise {surprise:.3f} = {error**2 / 2:.1f} + {surprise - error**2 / 2:.3f}")

# %% [markdown]
# ## 3. Scores instead of probabilities
#
# A network computes a score $z$, the **logit**, and $p$ is its sigmoid. Your clip stands between the two.
#
# ### Predict · 1 point
#
# One weight is the score of one sample: it stands at -20, the label is 1, and $p$ is clipped to [1e-7, 1 - 1e-7] before the logarithm. Gradient descent follows the slope of exactly this computation, with a learning rate of 1, for 30 steps. Where is the score then?

# %% nbgrader={"grade_id": "q_clip_stuck", "solution": true}
answer_q_clip_stuck = (
    ### BEGIN SOLUTION
    -20
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_clip_stuck-check", "grade": true}
predict("q_clip_stuck", answer_q_clip_stuck)

# %% [markdown]
# From units 02 and 03, where you wrote them:


# %%
def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


# %% [markdown]
# ### Write `binary_crossentropy_from_logits` · 5 points
#
# The same loss, straight from the scores, for scores of any size: no clip, no warning, and a score of -1000 with the label 1 costs 1000. Put the sigmoid into $-\log p$ and into $-\log(1 - p)$, on paper; both become functions that you know.


# %% nbgrader={"grade_id": "binary_crossentropy_from_logits", "solution": true}
def binary_crossentropy_from_logits(y_true, logits):
    """Binary cross-entropy of each sample from scores: the shape of logits without its last axis."""
    ### BEGIN SOLUTION
    return np.mean(y_true * softplus(-logits) + (1 - y_true) * softplus(logits), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "binary_crossentropy_from_logits-check", "grade": true}
check("binary_crossentropy_from_logits", binary_crossentropy_from_logits)

# %% [markdown]
# Every system guards the logarithm of a probability in its own way, and pays in another place. Here are their slopes in the score, for the label 1:

# %%
slopes = {
    "from the score": lambda z: -sigmoid(-z),
    "clip, Keras": lambda z: np.where(sigmoid(z) > 1e-7, -sigmoid(-z), 0),
    "epsilon, MXNet": lambda z: -sigmoid(z) * sigmoid(-z) / (sigmoid(z) + 1e-12),
    "squared error": lambda z: -sigmoid(z) * sigmoid(-z) ** 2,
}
p = 0.0
with np.errstate(divide="ignore"):
    print(f"p = 0: Keras {-np.log(np.clip(p, 1e-7, 1)):.3f}, MXNet {-np.log(p + 1e-12):.3f}", end="")
    print(f", PyTorch {-np.maximum(np.log(p), -100):.0f}")
for name, slope in slopes.items():
    score = -20.0
    for _ in range(30):
        score -= slope(score)
    print(f"{name:22} the score goes from -20 to {score:6.2f} in 30 steps")

# %% tags=["skip-execution"]
z = np.linspace(-40, 5, 901)
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for (name, slope), colour, at in zip(
    slopes.items(),
    ("tab:blue", "tab:orange", "tab:green", "tab:red"),
    ((-39.5, -0.97), (-15.6, -0.5), (-26.6, -0.3), (-11, -0.12)),
    strict=True,
):
    ax.plot(z, slope(z), color=colour, linewidth=4 if name == "from the score" else 1.5)
    ax.text(*at, name, color=colour)
ax.grid(alpha=0.3)
ax.set(
    title="Each guard goes deaf where its value is capped",
    xlabel="score of a sample with the label 1",
    ylabel="slope in the score",
)
plt.show()

# %% [markdown]
# *In words: four slopes over the score from -40 to 5. That of the loss from the score stays at -1 to the left edge. The clipped one follows it and jumps to 0 left of -16.1. MXNet's turns from -1 to 0 around -27.6. The squared error's is a small dip near 0.*
#
# PyTorch floors its gradient's denominator at $10^{-12}$ and goes deaf near the same place as MXNet. A little beyond -16.1 the clipped loss is still right to four digits, and its slope is 0. So give losses scores.
#
# ## 4. Many classes
#
# ### Predict · 1 point
#
# A classifier with ten classes starts with all weights 0. What is its categorical cross-entropy, to two decimals?

# %% nbgrader={"grade_id": "q_untrained", "solution": true}
answer_q_untrained = (
    ### BEGIN SOLUTION
    2.30
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_untrained-check", "grade": true}
predict("q_untrained", answer_q_untrained)

# %% [markdown]
# ### Write `categorical_crossentropy` · 5 points
#
# $-\sum_k y_k \log p_k$ over the classes, the last axis. A row of labels is one-hot, such as `[0, 1, 0]`, or itself a distribution. Count probabilities below $10^{-7}$ as $10^{-7}$.


# %% nbgrader={"grade_id": "categorical_crossentropy", "solution": true}
def categorical_crossentropy(y_true, y_pred):
    """Cross-entropy of each sample from probabilities: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    return -np.sum(y_true * np.log(np.maximum(y_pred, 1e-7)), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "categorical_crossentropy-check", "grade": true}
check("categorical_crossentropy", categorical_crossentropy)

# %% [markdown]
# With 50,000 words for classes, one-hot rows are mostly zeros. A **sparse** label is the number of the class, counted from 0. NumPy can pick one entry of each row by such numbers; they need as many axes as the table:

# %%
table, places = np.array([[5, 6], [7, 8]]), np.array([1, 0])
print(np.take_along_axis(table, places[..., None], axis=-1))

# %% [markdown]
# ### Write `sparse_categorical_crossentropy` · 5 points
#
# From scores, with `log_softmax`. The labels have the shape of the scores without the last axis: (samples,), or (samples, words) for texts; the result has the labels' shape.


# %% nbgrader={"grade_id": "sparse_categorical_crossentropy", "solution": true}
def sparse_categorical_crossentropy(y_true, logits):
    """Cross-entropy of each whole-number label from scores: the shape of y_true."""
    ### BEGIN SOLUTION
    return -np.take_along_axis(log_softmax(logits), y_true[..., None], axis=-1)[..., 0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "sparse_categorical_crossentropy-check", "grade": true}
check("sparse_categorical_crossentropy", sparse_categorical_crossentropy)

# %% [markdown]
# Now the gradient, for which this loss was made: the derivative of its logarithm cancels that of the exponential in the softmax, and what is left in each score is probability minus label.
#
# ### Write `categorical_crossentropy_gradient` · 5 points
#
# The gradient, in all scores, of the **mean** loss of a batch. Labels are rows as in `categorical_crossentropy`.


# %% nbgrader={"grade_id": "categorical_crossentropy_gradient", "solution": true}
def categorical_crossentropy_gradient(y_true, logits):
    """Gradient of the batch's mean cross-entropy in each score: the shape of logits, (samples, classes)."""
    ### BEGIN SOLUTION
    return (softmax(logits) - y_true) / len(logits)
    ### END SOLUTION


# %% nbgrader={"grade_id": "categorical_crossentropy_gradient-check", "grade": true}
check("categorical_crossentropy_gradient", categorical_crossentropy_gradient)

# %% [markdown]
# The last two belong together: move one score a little, and the mean loss has to follow the gradient.

# %%
if written(sparse_categorical_crossentropy, categorical_crossentropy_gradient):
    rng = np.random.default_rng(7)
    scores, labels, step = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2]), 1e-6
    formula = categorical_crossentropy_gradient(np.eye(3)[labels], scores)
    for i, k in ((0, 0), (1, 0), (3, 2)):
        move = np.zeros((4, 3))
        move[i, k] = step
        up, down = (sparse_categorical_crossentropy(labels, scores + s * move).mean() for s in (1, -1))
        print(
            f"sample {i}, class {k}: measured {(up - down) / (2 * step):9.6f}, formula {formula[i, k]:9.6f}"
        )

# %% [markdown]
# ### Choose · 1 point
#
# A classifier's last layer is a softmax over ten classes, and its loss takes another softmax of that. What is the smallest loss it can reach?
#
# - **a** 0: the softmax of a softmax is the same softmax.
# - **b** 2.30: it cannot learn anything.
# - **c** It can fall below 0.
# - **d** About 1.46.

# %% nbgrader={"grade_id": "q_softmax_twice", "solution": true}
answer_q_softmax_twice = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_softmax_twice-check", "grade": true}
choose("q_softmax_twice", answer_q_softmax_twice)

# %%
if written(sparse_categorical_crossentropy, categorical_crossentropy_gradient):
    rng = np.random.default_rng(0)
    labels = np.arange(1000) % 10  # ten clouds of 100 points on a circle
    angle = 2 * np.pi * labels / 10
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 4 + rng.normal(size=(1000, 2)) * 0.6
    for twice in (False, True):
        weights = np.zeros((2, 10))
        for i in range(1001):
            scores = points @ weights
            seen = softmax(scores) if twice else scores  # what the loss takes for scores
            g = categorical_crossentropy_gradient(np.eye(10)[labels], seen)
            if twice:
                g = seen * (g - np.sum(g * seen, axis=1, keepdims=True))  # back through the first softmax
            if i in (0, 10, 1000):
                loss = sparse_categorical_crossentropy(labels, seen).mean()
                right = (scores.argmax(axis=1) == labels).mean()
                size = np.abs(points.T @ g).max()
                print(f"softmax {1 + twice}x, step {i:4}: loss {loss:.3f} right {right:.3f} slope {size:.4f}")
            weights -= 0.5 * points.T @ g

# %% [markdown]
# The first slope is a tenth of what it should be, one over the number of classes. Later the accuracy acquits the mistake; the loss, stuck above 1.46, gives it away.
#
# ## 5. Labels that are not sure
#
# With one-hot labels the loss always rewards a larger score: it never has enough. **Label smoothing** takes a share $a$ of every label and spreads it evenly over all $K$ classes, so that the best scores are finite.
#
# ### Choose · 1 point
#
# Three classes, a label smoothing of 0.1. What is the smallest loss that a model can reach?
#
# - **a** About 0.29.
# - **b** 0, when it is certain and right.
# - **c** 0.1: the smoothing is added to the loss.
# - **d** There is none: it can fall without end.

# %% nbgrader={"grade_id": "q_smoothing_floor", "solution": true}
answer_q_smoothing_floor = (
    ### BEGIN SOLUTION
    "a"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_smoothing_floor-check", "grade": true}
choose("q_smoothing_floor", answer_q_smoothing_floor)

# %% [markdown]
# ### Write `smooth_labels` · 5 points
#
# $y_k (1 - a) + a/K$, the classes along the last axis. The right class gets its part of the share as well.


# %% nbgrader={"grade_id": "smooth_labels", "solution": true}
def smooth_labels(y_true, label_smoothing=0.1):
    """Labels mixed with equal shares for all classes: same shape as y_true, and y_true unchanged."""
    ### BEGIN SOLUTION
    return y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[-1]
    ### END SOLUTION


# %% nbgrader={"grade_id": "smooth_labels-check", "grade": true}
check("smooth_labels", smooth_labels)

# %% tags=["skip-execution"]
if written(smooth_labels):
    gap, hard = np.linspace(-2, 12, 281), np.array([[1.0, 0.0, 0.0]])
    logs = log_softmax(np.stack([gap, 0 * gap, 0 * gap], axis=1))
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for name, labels, colour, at in [
        ("hard", hard, "tab:blue", (9.5, 0.08)),
        ("smoothed by 0.1", smooth_labels(hard), "tab:orange", (9.5, 0.85)),
    ]:
        loss = -np.sum(labels * logs, axis=1)
        ax.plot(gap, loss, color=colour)
        ax.text(*at, name, color=colour, ha="right")
    ax.plot(np.log(28), 0.2911, "o", color="tab:orange")
    ax.grid(alpha=0.3)
    ax.set(
        title="Smoothed labels have enough at some point", xlabel="score of the right class, the others are 0"
    )
    ax.set(ylabel="cross-entropy", ylim=(-0.1, 2.5))
    plt.show()

# %% [markdown]
# *In words: the loss over the score of the right class. With hard labels it falls towards 0 for ever. With smoothed ones it has its smallest value, 0.29, at a dot near 3.3, and rises again beyond it.*
#
# ## 6. The easy and the rare
#
# A detector looks at a thousand places, and something is there at ten. The many easy places outweigh the few hard ones, although each costs little. The **focal loss** multiplies each surprise by $(1 - p_t)^\gamma$, where $p_t$ is the probability given to the label: $p$ for a 1, $1 - p$ for a 0.
#
# ### Write `binary_focal_crossentropy` · 5 points
#
# For the labels 0 and 1, clipped and averaged as in `binary_crossentropy`.


# %% nbgrader={"grade_id": "binary_focal_crossentropy", "solution": true}
def binary_focal_crossentropy(y_true, y_pred, gamma=2.0):
    """Binary focal cross-entropy of each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean(-((1 - p_t) ** gamma) * np.log(p_t), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "binary_focal_crossentropy-check", "grade": true}
check("binary_focal_crossentropy", binary_focal_crossentropy)

# %% [markdown]
# The loss of a 1 over its probability $p$: move gamma, and see which predictions still cost something. At 0 it is the cross-entropy.


# %%
def loss_of_a_1(p, gamma):
    return binary_focal_crossentropy(np.ones((p.size, 1)), p[:, None], gamma)


explore(loss_of_a_1, x=(0.02, 0.98), y=(0, 4), gamma=(0, 5))

# %%
if written(binary_crossentropy, binary_focal_crossentropy):
    easy = np.zeros((990, 1)), np.full((990, 1), 0.1)
    hard = np.ones((10, 1)), np.full((10, 1), 0.1)
    for loss in (binary_crossentropy, binary_focal_crossentropy):
        a, b = loss(*easy).sum(), loss(*hard).sum()
        print(f"{loss.__name__:26} 990 easy {a:6.2f}, 10 hard {b:6.2f}: the hard have {b / (a + b):.0%}")

# %% [markdown]
# ## 7. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "The average cross-entropy: `-np.sum(y * np.log(p))`." | A sum: a batch twice as large has a loss, and steps, twice as large. |
# | "Then `-np.mean(y * np.log(p))`." | That divides by the classes too. |
# | "Clip at 1e-15, to be safe." | In float32, 1 - 1e-15 is 1, and nothing is clipped there. |
# | "Binary cross-entropy handles rare classes." | It has no weight for them. Always saying 0.01 looks excellent. |

# %%
y, p = np.eye(2), np.full((2, 2), 0.5)
print("two samples: sum", np.round(-np.sum(y * np.log(p)), 3), end=", ")
print("mean of everything", np.round(-np.mean(y * np.log(p)), 3), end=", ")
print("mean over the samples", np.round(-np.mean(np.sum(y * np.log(p), axis=1)), 3))
p = np.clip(np.array(1, np.float32), np.float32(1e-15), np.float32(1 - 1e-15))
with np.errstate(divide="ignore"):
    print("float32, p = 1 clipped at 1e-15:", p, " -log(1 - p):", -np.log(1 - p))
if written(binary_crossentropy):
    rare = (np.arange(100) == 0).astype(float)
    loss = binary_crossentropy(rare[None], np.full((1, 100), 0.01))
    print("one in a hundred, always 0.01:", np.round(loss[0], 3))

# %% [markdown]
# ## 8. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 (Gluon) |
# | --- | --- | --- | --- |
# | binary, from $p$ | `binary_crossentropy` | `binary_cross_entropy` | `SigmoidBCELoss`, told `from_sigmoid` |
# | label 1, $p = 0$ | 16.118 | 100 | 27.631 |
# | its slope in $p$ | 0 | $-10^{12}$ | $-10^{12}$ |
# | binary, from $z$ | the same, told `from_logits` | `binary_cross_entropy_with_logits` | `SigmoidBCELoss`; at $z = 0$ its slope is wrong |
# | classes, from $z$ | `sparse_categorical_crossentropy`, told `from_logits` | `cross_entropy` | `SoftmaxCELoss` |
# | `from_logits` means | scores | no such argument | log-probabilities |
# | $p$ = [0.5, 0.5, 1], class 2 | 0.693: divided by its sum | 0 | 0 |
# | label 7 of 3 classes | an error on a CPU | an error | taken for class 2, silently |
# | smoothing, wrong classes | $a/K$ | $a/K$ | `nd.SoftmaxOutput`: $a/(K-1)$ |
# | focal | `binary_focal_crossentropy` | none | none |
#
# With `from_logits` forgotten, Keras' `categorical_crossentropy` takes the scores [2, -1, 3] for probabilities, and for class 2 it answers 0.288 without a word. The truth is 0.327.
#
# The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB. Its last line has a surprise.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(binary_crossentropy, sparse_categorical_crossentropy):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        rng = np.random.default_rng(0)
        scores, labels = rng.normal(scale=3, size=(100, 10)), rng.integers(0, 10, 100)
        p, y = sigmoid(scores), np.eye(10)[labels]
        for yours, theirs in [
            (binary_crossentropy(y, p), keras.losses.binary_crossentropy(y, p)),
            (
                sparse_categorical_crossentropy(labels, scores),
                keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True),
            ),
        ]:
            print(f"largest difference {np.abs(yours - np.asarray(theirs)).max():.0e}")
        certain = keras.activations.sigmoid(np.array([[-30.0]]))
        for name, p in [("as Keras made it", certain), ("as a NumPy array", np.asarray(certain))]:
            print(f"p {name}: {float(keras.losses.binary_crossentropy(np.ones((1, 1)), p)[0]):.3f}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 9. Go on
#
# You can now write a loss that stays honest at any score, and you know its gradient by heart. Not settled: whether a model with a small cross-entropy means its probabilities, and what to do when the labels themselves are wrong.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. One label in twenty is wrong. Which loss does the best possible model have then, and what happens to a model that is trained until the loss is 0?
# 2. Derive the gradient of the focal loss in the score, and check it with differences. At which $p_t$ does a sample pull hardest, for $\gamma = 2$?
#
# To read: Lin, Goyal, Girshick, He and Dollár, [Focal Loss for Dense Object Detection](https://arxiv.org/abs/1708.02002), ICCV 2017, section 3.
#
# A question that returns in unit 08: what part of this loss could no model ever remove?
