# %% [markdown]
# # 08 · Divergences and margins
#
# A target need not be a number or a class. It may be a whole distribution, a count, a direction, a side of a border, a region of an image. Each has its losses, and most of these have an edge at which the usual formula breaks.
#
# In this unit, about 70 minutes, you write eight of them, look at two more, and choose a loss for three tasks.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. From one distribution to another
#
# How far is a prediction $\hat y$ from a distribution $y$? The **Kullback-Leibler divergence** is $\sum_j y_j \log (y_j / \hat y_j)$: if $y$ decides what happens, this is how much more it surprises, on average, someone who expects $\hat y$ than someone who expects $y$.
#
# ### Choose · 1 point
#
# `y` is `np.array([1.0, 0.0])`, a label, and `p` is `np.array([0.8, 0.2])`, a prediction. What is `np.sum(y * np.log(y / p))`?
#
# - **a** 0.223, which is log(1 / 0.8).
# - **b** `inf`
# - **c** A ZeroDivisionError or ValueError.
# - **d** `nan`

# %% nbgrader={"grade_id": "q_zero_log_zero", "solution": true}
answer_q_zero_log_zero = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_zero_log_zero-check", "grade": true}
choose("q_zero_log_zero", answer_q_zero_log_zero)

# %%
y, p = np.array([1.0, 0.0]), np.array([0.8, 0.2])
with np.errstate(divide="ignore", invalid="ignore"):
    print(np.sum(y * np.log(y / p)), "from the terms", y * np.log(y / p))

# %% [markdown]
# ### Write `kl_divergence` · 5 points
#
# The sum over the last axis, which holds the outcomes; there may be any number of axes before it. Where `y_true` is 0 the term is 0, its limit, whatever was predicted. Where something happens that was predicted with 0, the divergence is infinite. (A warning from NumPy costs nothing here.)


# %% nbgrader={"grade_id": "kl_divergence", "solution": true}
def kl_divergence(y_true, y_pred):
    """Kullback-Leibler divergence of each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    happens = y_true > 0
    ratio = np.divide(y_true, y_pred, out=np.ones_like(y_pred), where=happens)
    return np.sum(y_true * np.log(ratio), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "kl_divergence-check", "grade": true}
check("kl_divergence", kl_divergence)

# %% [markdown]
# Two facts in one cell. The divergence is no distance: there and back differ. And it answers the question that unit 07 left open: the cross-entropy is this divergence plus the entropy of the target, which no model can remove.

# %%
if written(kl_divergence):
    y, p = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    print(f"from y to p {kl_divergence(y, p):.3f}, from p to y {kl_divergence(p, y):.3f}")
    crossentropy, entropy = -np.sum(y * np.log(p)), -np.sum(y * np.log(y))
    print(f"cross-entropy {crossentropy:.3f} = entropy {entropy:.3f} + divergence {kl_divergence(y, p):.3f}")

# %% [markdown]
# ### Choose · 1 point
#
# The data has two bumps far apart, the model only one, whose place and width it may choose. Training minimises the divergence of the model from the data, `kl_divergence(data, model)`. Where does the bump come to lie?
#
# - **a** Over both, wide, with its centre in the gap.
# - **b** On the higher of the two, narrow.
# - **c** On either of the two: by symmetry both directions agree.
# - **d** Narrow, in the middle of the gap.

# %% nbgrader={"grade_id": "q_two_bumps", "solution": true}
answer_q_two_bumps = (
    ### BEGIN SOLUTION
    "a"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_two_bumps-check", "grade": true}
choose("q_two_bumps", answer_q_two_bumps)

# %% tags=["skip-execution"]
x = np.linspace(-8, 8, 161)


def bump(centre, width):
    heights = np.exp(-(((x - centre) / width) ** 2) / 2)
    return heights / heights.sum()


if written(kl_divergence):
    data = 0.6 * bump(-2, 0.7) + 0.4 * bump(2, 0.7)
    models = np.array([bump(c, w) for c in np.linspace(-4, 4, 41) for w in np.linspace(0.5, 4, 36)])
    repeated = np.tile(data, (len(models), 1))
    covers = models[np.argmin(kl_divergence(repeated, models))]
    seeks = models[np.argmin(kl_divergence(models, repeated))]
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    ax.fill_between(x, data, color="lightgrey")
    ax.plot(x, covers, color="tab:blue")
    ax.plot(x, seeks, color="tab:orange")
    ax.text(1.0, 0.027, "kl_divergence(data, model)", color="tab:blue")
    ax.text(-1.2, 0.05, "kl_divergence(model, data)", color="tab:orange")
    ax.set(title="Data first covers everything, model first picks a part", xlim=(-8, 8), ylim=(0, None))
    ax.set(xlabel="x", ylabel="probability of each 0.1")
    plt.show()

# %% [markdown]
# *In words: two grey bumps, the higher at -2, the lower at 2. A low, wide blue curve, the best by the divergence from data to model, stretches over both and has its top near -0.4, where there is little data. A narrow orange curve, the best in the other direction, lies on the higher bump alone.*
#
# ## 2. Counts
#
# A count $y$ whose rate, the number one expects, is $\hat y$ has a probability proportional to $\hat y^y e^{-\hat y}$. Minus its logarithm is the **Poisson loss**; the factor left out depends on $y$ alone, so no prediction changes it.
#
# ### Write `poisson` · 5 points
#
# The mean over the last axis of $\hat y - y \log(\hat y + 10^{-7})$. The small number keeps a rate of 0 finite.


# %% nbgrader={"grade_id": "poisson", "solution": true}
def poisson(y_true, y_pred):
    """Poisson loss of counts and rates for each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    return np.mean(y_pred - y_true * np.log(y_pred + 1e-7), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "poisson-check", "grade": true}
check("poisson", poisson)

# %%
if written(poisson):
    for count in (1.0, 10.0, 100.0):
        y = np.array([count])
        more = poisson(y, y + 1) - poisson(y, y)
        print(f"count {count:3.0f}: perfect {poisson(y, y):7.1f}, one too high costs {more:.4f} more")

# %% [markdown]
# The squared error would charge 1 in all three lines; here an error counts in proportion to the rate. And a perfect prediction does not have the loss 0.
#
# ## 3. Directions
#
# Two texts as counts of words, one ten times as long as the other: what they share is the direction. The cosine of the angle between two vectors is $y \cdot \hat y / (\lVert y \rVert \lVert \hat y \rVert)$.
#
# ### Write `cosine_similarity` · 5 points
#
# Minus the cosine, over the last axis: a loss must fall as things get better. A vector of zeros has no direction; let its cosine be 0, for example by dividing by the larger of the length and $10^{-7}$.


# %% nbgrader={"grade_id": "cosine_similarity", "solution": true}
def cosine_similarity(y_true, y_pred):
    """Minus the cosine of the angle between the vectors: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return -np.sum(u * v, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "cosine_similarity-check", "grade": true}
check("cosine_similarity", cosine_similarity)

# %%
if written(cosine_similarity):
    text = np.array([[2.0, 1.0, 0.0]])  # how often it says "loss", "slope" and "cake"
    for name, other in (("ten times as long", 10 * text), ("about cake", np.array([[0.0, 1.0, 2.0]]))):
        squared = np.sum((text - other) ** 2)
        print(
            f"{name:18} squared distance {squared:5.0f}, cosine loss {cosine_similarity(text, other)[0]:.2f}"
        )

# %% [markdown]
# By distance the cake is nearer, by direction the long text.
#
# ## 4. Margins
#
# Labels are now -1 and 1, and a score should be on the label's side: $y \hat y > 0$. The **hinge** asks for more, $y \hat y \ge 1$, and for nothing beyond.
#
# ### Predict · 1 point
#
# A file labels its two classes 0 and 1. For a sample of class 0 the model's score is -50: right, and by far. What is `max(0, 1 - y * p)` with `y = 0`?

# %% nbgrader={"grade_id": "q_label_zero", "solution": true}
answer_q_label_zero = (
    ### BEGIN SOLUTION
    1
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_label_zero-check", "grade": true}
predict("q_label_zero", answer_q_label_zero)

# %% [markdown]
# ### Write `hinge` · 5 points
#
# The mean over the last axis of $\max(0, 1 - y \hat y)$, for labels -1 and 1.


# %% nbgrader={"grade_id": "hinge", "solution": true}
def hinge(y_true, y_pred):
    """Hinge loss of labels -1 and 1 for each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    return np.mean(np.maximum(0, 1 - y_true * y_pred), axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "hinge-check", "grade": true}
check("hinge", hinge)

# %% [markdown]
# ### Write `squared_hinge` · 5 points
#
# The mean over the last axis of $\max(0, 1 - y \hat y)^2$: the same margin without the corner. A small miss costs little, a large one much.


# %% nbgrader={"grade_id": "squared_hinge", "solution": true}
def squared_hinge(y_true, y_pred):
    """Squared hinge loss of labels -1 and 1 for each sample: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    return np.mean(np.maximum(0, 1 - y_true * y_pred) ** 2, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "squared_hinge-check", "grade": true}
check("squared_hinge", squared_hinge)

# %% tags=["skip-execution"]
if written(hinge, squared_hinge):
    score = np.linspace(-2, 3, 501)
    ones = np.ones((score.size, 1))
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for values, colour, name, at in (
        (hinge(ones, score[:, None]), "tab:blue", "hinge", (-1.95, 3.1)),
        (squared_hinge(ones, score[:, None]), "tab:orange", "squared", (-0.75, 3.3)),
        (np.log1p(np.exp(-score)), "tab:green", "cross-entropy", (1.1, 0.45)),
    ):
        left.plot(score, values, color=colour)
        left.text(*at, name, color=colour)
        right.plot(score, np.gradient(values, score), color=colour)
    left.set(title="Right by 1 is enough for a hinge", xlabel="score, label 1", ylabel="loss", ylim=(-0.1, 4))
    right.set(title="Then it stops pushing", xlabel="score, label 1", ylabel="slope", ylim=(-4, 0.2))
    for ax in (left, right):
        ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: left, three losses that fall as the score rises. The hinge is a straight line down to 0 at the score 1, the squared hinge a parabola that ends there without a corner, the cross-entropy stays above 0 for ever. Right, their slopes: the hinge's jumps from -1 to 0 at 1, the squared one's climbs to 0 there, that of the cross-entropy comes near 0 and never reaches it.*
#
# With several classes the score of the right one should lead the best of the others by 1. Keras writes it
#
# $$\max\Bigl(0,\; 1 + \max_j\, (1 - y_j)\,\hat y_j - \sum_j y_j\,\hat y_j\Bigr)$$
#
# with a one-hot $y$. Note what the product makes of the right class: a 0, which takes part in the maximum.
#
# ### Write `categorical_hinge` · 5 points
#
# As written there, over the last axis, with that 0.


# %% nbgrader={"grade_id": "categorical_hinge", "solution": true}
def categorical_hinge(y_true, y_pred):
    """Categorical hinge of one-hot labels and scores: the shape of y_pred without its last axis."""
    ### BEGIN SOLUTION
    right = np.sum(y_true * y_pred, axis=-1)
    wrong = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(0, 1 + wrong - right)
    ### END SOLUTION


# %% nbgrader={"grade_id": "categorical_hinge-check", "grade": true}
check("categorical_hinge", categorical_hinge)

# %% [markdown]
# ## 5. Regions
#
# A mask is an image of zeros and ones, its prediction a probability for each pixel. A model that never marks a small region is right in nearly all pixels, so what counts is the overlap.
#
# ### Write `dice` · 5 points
#
# $$1 - \frac{2 \sum y \hat y}{\sum y + \sum \hat y + 10^{-7}}$$
#
# The sums run over `axis`, which may be a number, a tuple, or None: then over everything, the batch too, and one number comes back.


# %% nbgrader={"grade_id": "dice", "solution": true}
def dice(y_true, y_pred, axis=None):
    """Dice loss of masks with entries in [0, 1]: the shape of y_pred without the axes summed over."""
    ### BEGIN SOLUTION
    overlap = np.sum(y_true * y_pred, axis=axis)
    total = np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis)
    return 1 - 2 * overlap / (total + 1e-7)
    ### END SOLUTION


# %% nbgrader={"grade_id": "dice-check", "grade": true}
check("dice", dice)

# %% [markdown]
# ### Write `tversky` · 5 points
#
# With $I = \sum y \hat y$ for the overlap, $\sum y (1 - \hat y)$ for what is missed and $\sum (1 - y) \hat y$ for what is invented, the **Tversky loss** weighs the two errors apart:
#
# $$1 - \frac{I}{I + \alpha \cdot \text{missed} + \beta \cdot \text{invented} + 10^{-7}}$$


# %% nbgrader={"grade_id": "tversky", "solution": true}
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """Tversky loss of masks with entries in [0, 1]: the shape of y_pred without the axes summed over."""
    ### BEGIN SOLUTION
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed = np.sum(y_true * (1 - y_pred), axis=axis)
    invented = np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - overlap / (overlap + alpha * missed + beta * invented + 1e-7)
    ### END SOLUTION


# %% nbgrader={"grade_id": "tversky-check", "grade": true}
check("tversky", tversky)

# %% tags=["skip-execution"]
if written(dice, tversky):
    truth, missing, inventing = np.zeros((3, 12, 16))
    truth[3:9, 5:11] = 1
    missing[3:9, 5:8] = 1
    inventing[3:9, 5:14] = 1
    fig, panels = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained", sharey=True)
    for ax, name, mask in zip(
        panels,
        ("half missed", "half as much invented", "nothing marked"),
        (missing, inventing, 0 * truth),
        strict=True,
    ):
        ax.imshow(mask, cmap="Blues", vmin=0, vmax=1.6)
        ax.plot([4.5, 10.5, 10.5, 4.5, 4.5], [2.5, 2.5, 8.5, 8.5, 2.5], color="tab:red")
        wrong, weighed = dice(truth, mask), tversky(truth, mask, alpha=0.7, beta=0.3)
        right = f"{name}: {np.mean(mask == truth):.0%} right"
        ax.set_title(f"{right}\ndice {wrong:.2f}, tversky {weighed:.2f}", fontsize=9)
        ax.set(xlabel="column", ylabel="row")
    plt.show()

# %% [markdown]
# *In words: three images of 12 by 16 pixels with a red frame, the region of 36 pixels to be found, and in blue what is marked. The first marks the left half of it, the second all of it and half as much beside it, the third nothing. Above each stand the share of pixels that are right, the dice loss, and the Tversky loss with alpha 0.7 and beta 0.3, which is larger than dice where much is missed and smaller where much is invented.*
#
# ## 6. Choosing
#
# | the target is | the output is | loss |
# | --- | --- | --- |
# | a measured number | a number | squared, absolute, huber (unit 06) |
# | one class of several | probabilities, or scores | cross-entropy (unit 07), or a categorical hinge |
# | a distribution, such as another model's answer | probabilities | KL divergence |
# | a count | a rate above 0 | Poisson |
# | a direction | a vector of any length | cosine similarity |
# | a side, with a margin | a score | hinge, squared hinge |
# | a small region | probabilities of pixels | dice, Tversky |
# | a sequence without times | scores for each step | CTC |
# | which things belong together | vectors of length 1 | circle loss |
#
# Three cases, in which the table is a start and not the answer.
#
# ### Choose · 1 point
#
# A model predicts how many emergency calls come in each hour: mostly 0 to 3, at times 40. Being off by 3 should cost more at 1 than at 40. Which end of the network, and which loss?
#
# - **a** 41 outputs, softmax, categorical cross-entropy.
# - **b** One linear output, mean squared error.
# - **c** One output, exponential, Poisson loss.
# - **d** One output, sigmoid, binary cross-entropy.

# %% nbgrader={"grade_id": "q_case_calls", "solution": true}
answer_q_case_calls = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_case_calls-check", "grade": true}
choose("q_case_calls", answer_q_case_calls)

# %% [markdown]
# ### Choose · 1 point
#
# A lesion covers one pixel in a thousand. To overlook it is worse than to mark too much. What do you train with, in Keras 3.15?
#
# - **a** `binary_crossentropy`
# - **b** `tversky` with `alpha=0.7, beta=0.3`
# - **c** `tversky` with `alpha=0.3, beta=0.7`
# - **d** `dice`

# %% nbgrader={"grade_id": "q_case_lesion", "solution": true}
answer_q_case_lesion = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_case_lesion-check", "grade": true}
choose("q_case_lesion", answer_q_case_lesion)

# %% [markdown]
# ### Choose · 1 point
#
# A recording of 500 frames comes with its sentence of 40 letters. Nobody noted when each letter is spoken, and the network scores the letters frame by frame. Which loss?
#
# - **a** CTC.
# - **b** Categorical cross-entropy on each frame, with every letter stretched over 12 or 13 frames.
# - **c** KL divergence between the 500 frames and the 40 letters.
# - **d** Cosine similarity, since the length does not matter.

# %% nbgrader={"grade_id": "q_case_sentence", "solution": true}
answer_q_case_sentence = (
    ### BEGIN SOLUTION
    "a"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_case_sentence-check", "grade": true}
choose("q_case_sentence", answer_q_case_sentence)

# %% [markdown]
# ## 7. Two losses to look at
#
# **CTC** (connectionist temporal classification, Graves et al., 2006) gives every frame one more class, the blank `-`. A path, one letter a frame, spells a word once repetitions and then blanks are dropped. The probability of the word is the sum over its paths. Here are all those of `ab` in three frames.

# %%
# the probabilities of -, a and b in three frames
frames = np.array([[0.5, 0.4, 0.1], [0.3, 0.4, 0.3], [0.4, 0.1, 0.5]])


def spelled(path):
    """The word of a path: repetitions dropped, then blanks."""
    kept = [letter for before, letter in zip("-" + path[:-1], path, strict=True) if letter != before]
    return "".join(kept).replace("-", "")


total = 0.0
for indices in np.ndindex(3, 3, 3):
    path = "".join("-ab"[i] for i in indices)
    if spelled(path) == "ab":
        probability = np.prod(frames[[0, 1, 2], indices])
        total += probability
        print(f"{path}  {probability:.3f}")
print(f"together {total:.3f}, so the CTC loss is {-np.log(total):.3f}")

# %% [markdown]
# Five of 27 paths. For 500 frames nobody lists them; a recursion adds up the same sum.
#
# **Circle loss** (Sun et al., [2002.10857](https://arxiv.org/abs/2002.10857)) judges pairs of vectors of length 1. Pairs of one label should be near, others far, and the further a pair is from its goal, the harder it is moved.

# %% tags=["skip-execution"]
labels = np.repeat([0, 1, 2], 3)


def circle_loss(angles, gamma=8.0, margin=0.4):
    points = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    distance = np.maximum(1 - points @ points.T, 0)  # (9, 9), from 0 to 2
    same = labels[:, None] == labels
    near = np.exp(gamma * (distance + margin) * (distance - margin)) * (same & ~np.eye(9, dtype=bool))
    far = np.exp(gamma * np.maximum(1 + margin - distance, 0) * (1 - margin - distance)) * ~same
    return np.log1p(near.sum(axis=1) * far.sum(axis=1)).mean()


angles = [np.random.default_rng(2).uniform(0, 2 * np.pi, 9)]
for _ in range(300):
    steps = 1e-4 * np.eye(9)
    slope = [(circle_loss(angles[-1] + h) - circle_loss(angles[-1] - h)) / 2e-4 for h in steps]
    angles.append(angles[-1] - 0.04 * np.array(slope))

# %% tags=["skip-execution"]
fig, panels = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for ax, where, name in zip(panels, (angles[0], angles[-1]), ("before", "after 300 steps"), strict=True):
    around = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(around), np.sin(around), color="lightgrey", zorder=0)
    for label, (colour, marker) in enumerate((("tab:blue", "o"), ("tab:orange", "s"), ("tab:green", "^"))):
        own = where[labels == label]
        ax.scatter(np.cos(own), np.sin(own), color=colour, marker=marker, s=60, alpha=0.6)
    ax.set(title=f"{name}: loss {circle_loss(where):.2f}", aspect="equal")
    ax.set(xlabel="first feature", ylabel="second feature")
plt.show()

# %% [markdown]
# *In words: nine points of three labels on a circle. Before, the labels are mixed; after 300 steps down the slope of the loss, each label's three points lie on top of each other, and neighbouring places are a quarter of the circle apart: vectors of different labels are to have the cosine 0, not -1.*
#
# From many other starts a label stays torn: on a circle no point gets around another. Networks have more dimensions.
#
# ## 8. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "KL divergence measures the distance." | There and back differ: a distance does not do that. |
# | "The loss of a perfect prediction is 0." | Not Poisson's: 1 for a count of 1. |
# | "The categorical hinge compares with the best wrong class." | Or with 0, if that is more. |
# | "Dice of two empty masks is 0: they agree." | In Keras it is 1. |
# | "In Tversky's loss alpha weighs the false positives." | In the article and in Keras' documentation. In Keras' code it is beta. |

# %%
if written(kl_divergence, poisson, categorical_hinge, dice, tversky):
    here, there = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    print(f"there {kl_divergence(here, there):.3f} and back {kl_divergence(there, here):.3f}")
    print("poisson, 1 predicted as 1:", np.round(poisson(np.ones(1), np.ones(1)), 6))
    print(
        "scores -3 and -5, the first is right:",
        categorical_hinge(np.array([1.0, 0.0]), np.array([-3.0, -5.0])),
    )
    print("two empty masks:", dice(np.zeros(4), np.zeros(4)))
    wanted, found = np.array([1.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0])
    for alpha, beta in ((1.0, 0.0), (0.0, 1.0)):
        loss = tversky(wanted, found, alpha=alpha, beta=beta)
        print(f"one pixel invented, alpha {alpha:.0f}, beta {beta:.0f}: {loss:.3f}")

# %% [markdown]
# ## 9. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 (Gluon) |
# | --- | --- | --- | --- |
# | divergence | `kl_divergence(y, p)` | `kl_div(log(p), y)`; by default divided by the classes too: take `"batchmean"` | `KLDivLoss()` of `log(p), y` |
# | of [1, 0, 0] from [0.9, 0.05, 0.05] | 0.105358: clips at 1e-7 | 0.105361 | 0.105361 |
# | of [0.5, 0.5, 0] from [1, 0, 0] | 7.366 | nan | nan |
# | Poisson, count 1, rate 0 | 16.118 | 18.421, with `log_input=False` | `PoissonNLLLoss`, one number a batch |
# | `cosine_similarity` of parallel vectors | -1 | 1 | in `CosineEmbeddingLoss` |
# | hinge, label 0, score -1 | 0, if all labels are 0 or 1 | none | 1, for every score |
# | slope of the hinge at the margin | -1 | none | 0 |
# | dice, Tversky | yes | none | none |
#
# The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

everything = (kl_divergence, poisson, cosine_similarity, hinge)
everything += (squared_hinge, categorical_hinge, dice, tversky)
if compare_with_keras and written(*everything):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        rng = np.random.default_rng(0)
        mixed, scores = rng.dirichlet(np.ones(4), size=(2, 100)), rng.normal(size=(100, 4))
        one_hot = np.eye(4)[rng.integers(0, 4, 100)]
        inputs = dict.fromkeys(("kl_divergence", "poisson", "cosine_similarity"), mixed)
        inputs |= dict.fromkeys(("hinge", "squared_hinge"), (2 * one_hot - 1, scores))
        inputs |= dict.fromkeys(("dice", "tversky"), (one_hot, mixed[0]))
        for function in everything:
            y_true, y_pred = inputs.get(function.__name__, (one_hot, scores))
            theirs = np.asarray(getattr(keras.losses, function.__name__)(y_true, y_pred))
            difference = np.abs(function(y_true, y_pred) - theirs).max()
            print(f"{function.__name__:20}largest difference {difference:.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 10. Go on
#
# You can now ask of a target how it arises and pick its loss, and you try a loss on its edges before you train with it. Not settled: how a loss moves a model. That takes its slope, and slopes are the next unit.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Make the divergence symmetric: the mean of `kl_divergence(y, m)` and `kl_divergence(p, m)`, with `m` half way between. How large can it get, and what is lost where `p` is 0?
# 2. Most scans of a batch show no lesion. What does the dice loss of one scan tell the model there, and what changes if `axis` is None? Try a batch with one lesion in ten.
#
# To read: Salehi, Erdogmus and Gholipour, [Tversky loss function for image segmentation](https://arxiv.org/abs/1706.05721), 2017, section 2. Which error does alpha weigh there?
#
# A question that returns in unit 09: what is the slope of the hinge at the margin itself, and what would a numerical derivative say?
