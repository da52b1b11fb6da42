# %% [markdown]
# # 03 · Softmax
#
# A classifier ends in scores: one number for each class, of any sign and size. **Softmax** makes probabilities of them. It stands at the end of most classifiers, and inside every transformer, where it decides which words look at which.
#
# In this unit, about 60 minutes, you write it, break it with a square batch, take its logarithm, heat it, mask it, and meet a relative with exact zeros.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. Scores and probabilities
#
# The probability of class $i$ with the scores $x_1, x_2, \dots$ is
#
# $$\mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$
#
# The exponential makes everything positive, the division makes it sum to 1. Scores before a softmax are called **logits**.
#
# ### Choose · 1 point
#
# Softmax turns the scores `[1, 2, 3]` into probabilities. Which other scores give the same ones?
#
# - **a** `[10, 20, 30]`: the proportions are the same.
# - **b** `[101, 102, 103]`: all are larger by 100.
# - **c** `[-1, -2, -3]`: only the signs have changed.
# - **d** None: different scores have different probabilities.

# %% nbgrader={"grade_id": "q_softmax_same", "solution": true}
answer_q_softmax_same = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_softmax_same-check", "grade": true}
choose("q_softmax_same", answer_q_softmax_same)

# %% [markdown]
# A batch has a row of scores for each sample, so the sum runs along the last axis. Here somebody has forgotten something:


# %%
def article_softmax(x):
    e = np.exp(x)
    return e / np.sum(e, axis=-1)


try:
    article_softmax(np.zeros((4, 3)))
except ValueError as error:
    print("shape (4, 3):", error)

# %% [markdown]
# ### Choose · 1 point
#
# Somebody's softmax divides by `np.sum(e, axis=-1)` without `keepdims`. On a batch of shape (4, 3) it raises. What happens with shape (3, 3)?
#
# - **a** It raises as well.
# - **b** It runs, and every row sums to 1.
# - **c** It runs, and the columns sum to 1.
# - **d** It runs, and neither rows nor columns sum to 1.

# %% nbgrader={"grade_id": "q_softmax_batch", "solution": true}
answer_q_softmax_batch = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_softmax_batch-check", "grade": true}
choose("q_softmax_batch", answer_q_softmax_batch)

# %%
batch = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [5.0, 1.0, 0.0]])
print("rows sum to   ", np.round(article_softmax(batch).sum(axis=1), 3))
print("columns sum to", np.round(article_softmax(batch).sum(axis=0), 3))

# %% [markdown]
# ### Write `softmax` · 5 points
#
# Along any axis, the last one by default. $e^{1000}$ is infinite; you know from the first question what may be subtracted from a row, and from unit 02 which number to take. Each row needs its own.


# %% nbgrader={"grade_id": "softmax", "solution": true}
def softmax(x, axis=-1):
    """Probabilities from scores: same shape as x, summing to 1 along axis, and x unchanged."""
    ### BEGIN SOLUTION
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "softmax-check", "grade": true}
check("softmax", softmax)

# %% [markdown]
# The probabilities of three classes are a point in a triangle. Raise one score, and the point moves:

# %% tags=["skip-execution"]
if written(softmax):
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.87]])
    fig, ax = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
    ax.fill(*corners.T, facecolor="none", edgecolor="grey")
    rise = np.linspace(-6, 6, 121)
    for i, colour in enumerate(("tab:blue", "tab:orange", "tab:green")):
        scores = np.tile([0.3, 0.8, 0.0], (121, 1))
        scores[:, i] += rise
        ax.plot(*(softmax(scores) @ corners).T, color=colour)
    for at, name in [((-0.04, -0.02), "A"), ((1.01, -0.02), "B"), ((0.52, 0.87), "C")]:
        ax.text(*at, name)
    ax.plot(*(softmax(np.array([0.3, 0.8, 0.0])) @ corners), "ko")
    ax.set(
        title="Every score is a straight road to a corner",
        xlabel="towards B",
        ylabel="towards C",
        aspect="equal",
    )
    plt.show()

# %% [markdown]
# *In words: a triangle with the corners A, B and C. From a black dot inside, three straight lines lead, each through the dot from the opposite side to one corner: the ways of the probabilities when one score rises and the others stay.*
#
# The roads are straight because the other two keep their ratio: raising A's score takes from B and C in proportion.
#
# That makes softmax an output layer for questions of which exactly one answer is right: the classes share one whole, and every gain is somebody's loss. Answers that do not exclude each other, like the tags of a photo, take a sigmoid each. Behind a hidden layer the same competition would tie all its units together, so there one uses softmax only to share something out, as in section 4.
#
# ### Predict · 1 point
#
# A network for a yes-or-no question has one output unit, and softmax as its activation. Which probability does it answer when the score is -3?

# %% nbgrader={"grade_id": "q_softmax_one", "solution": true}
answer_q_softmax_one = (
    ### BEGIN SOLUTION
    1
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_softmax_one-check", "grade": true}
predict("q_softmax_one", answer_q_softmax_one)

# %% [markdown]
# ## 2. The logarithm
#
# A loss needs $\log$ of a probability. With two scores 1,000 apart the smaller probability is $e^{-1000}$, which is 0 in float64, and its logarithm $-\infty$. The truth is $-1000$.
#
# ### Write `log_softmax` · 5 points
#
# Take the logarithm on paper: what becomes of the fraction?


# %% nbgrader={"grade_id": "log_softmax", "solution": true}
def log_softmax(x, axis=-1):
    """log(softmax(x)) along axis, finite for finite scores: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
    ### END SOLUTION


# %% nbgrader={"grade_id": "log_softmax-check", "grade": true}
check("log_softmax", log_softmax)

# %% [markdown]
# ## 3. Temperature
#
# Divide all scores by a number $T$ before softmax, the **temperature**. A language model that writes is used with it.
#
# ### Choose · 1 point
#
# The scores are `[2, 1, 0]`. What does softmax tend to when the temperature goes to 0?
#
# - **a** `[1/3, 1/3, 1/3]`: without warmth nothing stands out.
# - **b** `[1, 0, 0]`: the largest score takes all.
# - **c** `[2/3, 1/3, 0]`: the scores divided by their sum.
# - **d** nan: one cannot divide by 0.

# %% nbgrader={"grade_id": "q_softmax_cold", "solution": true}
answer_q_softmax_cold = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_softmax_cold-check", "grade": true}
choose("q_softmax_cold", answer_q_softmax_cold)

# %% [markdown]
# ### Write `softmax_with_temperature` · 5 points
#
# For any temperature above 0, however small.


# %% nbgrader={"grade_id": "softmax_with_temperature", "solution": true}
def softmax_with_temperature(x, temperature, axis=-1):
    """softmax of x / temperature along axis: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    return softmax(x / temperature, axis=axis)
    ### END SOLUTION


# %% nbgrader={"grade_id": "softmax_with_temperature-check", "grade": true}
check("softmax_with_temperature", softmax_with_temperature)

# %% tags=["skip-execution"]
if written(softmax_with_temperature):
    temperatures = np.logspace(-1.5, 2, 200)
    p = np.stack([softmax_with_temperature(np.array([2.0, 1.0, 0.0]), t) for t in temperatures])
    fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    for i, (colour, at) in enumerate((("tab:blue", 0.9), ("tab:orange", 0.27), ("tab:green", -0.06))):
        ax.semilogx(temperatures, p[:, i], color=colour)
        ax.text(0.5, at, f"score {2 - i}", color=colour)
    ax.grid(alpha=0.3)
    ax.set(title="Cold chooses, hot shares", xlabel="temperature", ylabel="probability", ylim=(-0.1, 1.1))
    plt.show()

# %% [markdown]
# *In words: the three probabilities of the scores 2, 1 and 0 over the temperature. At 0.03 they are 1, 0 and 0; from 0.3 on they approach each other; at 100 all three are close to a third.*
#
# ## 4. Masks: softmax in attention
#
# In a transformer each word has a score for every word that it may look at. Words that come later, or that only fill up the batch, must get exactly nothing, and the others have to share everything.
#
# ### Write `masked_softmax` · 5 points
#
# `mask` has the shape of `x`: True where an entry counts. The masked ones get exactly 0, whatever their score. Where a row has no entry at all, everything is 0.


# %% nbgrader={"grade_id": "masked_softmax", "solution": true}
def masked_softmax(x, mask, axis=-1):
    """Softmax among the entries where mask is True, 0 elsewhere: same shape as x, nothing changed."""
    ### BEGIN SOLUTION
    z = np.where(mask, x, -np.inf)
    top = np.max(z, axis=axis, keepdims=True)
    e = np.exp(z - np.where(np.isfinite(top), top, 0))
    total = np.sum(e, axis=axis, keepdims=True)
    return e / np.where(total == 0, 1, total)
    ### END SOLUTION


# %% nbgrader={"grade_id": "masked_softmax-check", "grade": true}
check("masked_softmax", masked_softmax)

# %% [markdown]
# With it, attention fits into a few lines. Each word looks at itself and at those before it; what it takes from them is a weighted mean of their vectors, and softmax gives the weights. Here the scores come from the vectors themselves; a transformer first multiplies them by learned matrices, one for the word that looks and one for the word that is looked at.

# %%
words = ["the", "cat", "sat", "down"]
if written(masked_softmax):
    vectors = np.random.default_rng(1).normal(size=(4, 8))
    scores = vectors @ vectors.T / np.sqrt(8)
    earlier = np.tril(np.ones((4, 4), bool))
    weights = masked_softmax(scores, earlier)
    print("       ", *(f"{word:>6}" for word in words))
    for word, row in zip(words, weights, strict=True):
        print(f"{word:8}", *(f"{weight:6.2f}" for weight in row))
    mixed = weights @ vectors  # what each word knows afterwards, (4, 8)

# %% [markdown]
# ## 5. sparsemax: exact zeros
#
# Softmax never says no: every class keeps something. **sparsemax** takes the point of the triangle that lies closest to the scores. That is the scores minus one number for each row, the threshold, cut off at 0, with the threshold chosen so that the row sums to 1.
#
# ### Predict · 1 point
#
# The scores are `[3, 0]`. How much probability does sparsemax leave to the second class?

# %% nbgrader={"grade_id": "q_sparsemax_flat", "solution": true}
answer_q_sparsemax_flat = (
    ### BEGIN SOLUTION
    0
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_sparsemax_flat-check", "grade": true}
predict("q_sparsemax_flat", answer_q_sparsemax_flat)

# %% [markdown]
# ### Write `sparsemax` · 5 points
#
# Along the last axis. Sort the scores of a row downwards, $z_1 \ge z_2 \ge \dots$ The number of entries that stay is the largest $k$ with $1 + k z_k > z_1 + \dots + z_k$. The threshold is $(z_1 + \dots + z_k - 1)/k$.


# %% nbgrader={"grade_id": "sparsemax", "solution": true}
def sparsemax(x):
    """The closest point of the simplex, along the last axis: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    z = np.sort(x, axis=-1)[..., ::-1]
    k = np.arange(1, x.shape[-1] + 1)
    total = np.cumsum(z, axis=-1)
    count = np.sum(1 + k * z > total, axis=-1, keepdims=True)
    threshold = (np.take_along_axis(total, count - 1, axis=-1) - 1) / count
    return np.maximum(x - threshold, 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "sparsemax-check", "grade": true}
check("sparsemax", sparsemax)

# %% tags=["skip-execution"]
if written(softmax, sparsemax):
    x = np.linspace(-4, 4, 321)
    pairs = np.stack([x, np.zeros_like(x)], axis=-1)
    fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    for function, colour, at in [(softmax, "tab:blue", (1.7, 0.72)), (sparsemax, "tab:orange", (-0.9, 0.55))]:
        ax.plot(x, function(pairs)[:, 0], color=colour)
        ax.text(*at, function.__name__, color=colour, ha="left" if at[0] > 0 else "right")
    ax.grid(alpha=0.3)
    ax.set(
        title="sparsemax reaches its ends", xlabel="first score, the second is 0", ylabel="first probability"
    )
    plt.show()

# %% [markdown]
# *In words: the first of two probabilities over the first score, the second being 0. Softmax is the sigmoid's curve. sparsemax is a straight line from 0 at -1 to 1 at 1, flat on both sides.*
#
# ## 6. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | `np.sum(np.exp(x), axis=0)` | That sums over the batch. With one sample, every probability is 1. |
# | "A softmax output is never exactly 1." | In real numbers. In float32 it is, from a gap of 17 on. |
# | "The outputs always sum to 1." | Not in float16 with 100,000 equal scores. |
# | "0.73 means that the model is sure." | The number depends on how many classes there are. |

# %%
one = np.array([[1.0, 2.0, 3.0]])
print("summed over the batch:", np.exp(one) / np.sum(np.exp(one), axis=0))
if written(softmax):
    print("gap of 17 in float32:", softmax(np.array([17.0, 0.0], np.float32))[0])
    with np.errstate(over="ignore"):
        print("sum of 100,000 in float16:", softmax(np.zeros(100_000, np.float16)).sum())
    two, eleven = softmax(np.array([2.0, 1.0])), softmax(np.array([2.0] + [1.0] * 10))
    print(f"[2, 1]: {two[0]:.3f}, with ten 1s: {eleven[0]:.3f}")

# %% [markdown]
# ## 7. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 |
# | --- | --- | --- | --- |
# | `softmax` | `keras.activations.softmax(axis=-1)` | `torch.softmax(dim)`: say which | `mxnet.nd.softmax(axis=-1)` |
# | `log_softmax` | `keras.activations.log_softmax` | `torch.log_softmax` | `mxnet.nd.log_softmax` |
# | temperature | divide first | divide first | argument `temperature` |
# | mask | `keras.layers.Softmax()(x, mask)`; an empty row is 0 | `masked_fill` with $-\infty$; an empty row is nan | arguments `length`, `use_length` |
# | `sparsemax` | `keras.activations.sparsemax`; in 3.15 wrong where two or more entries stay | none | none |
# | one output unit | warns | 1, silently | 1, silently |
#
# What PyTorch 2.13 and MXNet 1.9.1 return has been written down once, in float32. Two rows of scores, your functions beside theirs:

# %%
rows = np.array([[1, 2, 3, 4], [1000, 0, -1000, 5]], np.float32)
recorded = {
    ("softmax", "PyTorch"): [[0.032058604, 0.08714432, 0.23688284, 0.6439143], [1, 0, 0, 0]],
    ("softmax", "MXNet"): [[0.0320586, 0.087144315, 0.23688284, 0.6439142], [1, 0, 0, 0]],
    ("log_softmax", "PyTorch"): [[-3.4401896, -2.4401896, -1.4401897, -0.4401897], [0, -1000, -2000, -995]],
    ("log_softmax", "MXNet"): [
        [-3.4401875, -2.4401875, -1.4401876, -0.44018754],
        [1.4305115e-06, -1000, -2000, -995],
    ],
    ("temperature 2", "MXNet"): [[0.101536326, 0.1674051, 0.27600434, 0.45505422], [1, 0, 0, 0]],
}
if written(softmax, log_softmax, softmax_with_temperature):
    yours = {"softmax": softmax(rows), "log_softmax": log_softmax(rows)}
    yours["temperature 2"] = softmax_with_temperature(rows, 2)
    for (name, system), values in recorded.items():
        apart = np.abs(yours[name] - np.array(values)).max()
        print(f"{name:14}{system:9}apart by {apart:.0e}, its largest value {np.max(values):.7g}")

# %% [markdown]
# One of them has a logarithm above 0: a probability above 1. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(softmax, log_softmax, masked_softmax, sparsemax):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        x = np.random.default_rng(0).normal(scale=3, size=(100, 10))
        for function in (softmax, log_softmax, sparsemax):
            theirs = np.asarray(getattr(keras.activations, function.__name__)(x))
            print(f"{function.__name__:12}largest difference {np.abs(function(x) - theirs).max():.0e}")
        mask = x > 0
        theirs = np.asarray(keras.layers.Softmax(dtype="float64")(x, mask))
        print(f"masked      largest difference {np.abs(masked_softmax(x, mask) - theirs).max():.0e}")
        theirs = np.asarray(keras.activations.sparsemax(x))
        print("rows of Keras' sparsemax that sum to 1:", np.mean(np.isclose(theirs.sum(axis=-1), 1)))
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 8. Go on
#
# You can now turn scores into probabilities along any axis, and leave out what does not count. Not settled: whether such a probability means anything. A model that says 0.9 is not therefore right nine times out of ten.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Why the exponential? Any positive, rising function would do to normalise. Find what is lost with squares of scores, and what is special about $e^x$ if a shift of all scores must not matter.
# 2. Softmax of 10,000 equal scores is right in float16, of 100,000 it is 0. At which length does it break, and in which of the two steps?
#
# To read: Martins and Astudillo, [From Softmax to Sparsemax](https://proceedings.mlr.press/v48/martins16.html), ICML 2016, sections 1 and 2.
#
# A question that returns in unit 07: a classifier's last layer is a softmax, and its loss takes another one. What is the smallest loss it can reach?
