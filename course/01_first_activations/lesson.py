# %% [markdown]
# # 01 · First activations
#
# A network is a chain of weighted sums. Between the sums stands a function that fits on one line: the **activation**. At the very end, and only during training, stands another: the **loss**.
#
# In this unit, about 55 minutes, we see what a network is without the first. Then you write four activations in NumPy, train with them, and find where each one fails.
#
# Run the cells from top to bottom. `check` says what already works and what does not yet. `hint("relu")` asks you a question about relu; opening a hint costs nothing. `reveal("relu")` shows a solution once yours is right, or after three tries.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, explore, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. Four points to learn
#
# *Exclusive or* is 1 where exactly one of two inputs is 1. Four points are the whole data set, and our batch.
#
# ![A chain from left to right: input x, weighted sum, z, activation, h, weighted sum, y_pred. The activation stands between the two sums. The loss stands after the last one, takes y_true as well, gives one number, and is marked as used in training alone.](network.svg)
#
# The number that enters a unit's activation, `z`, is its **pre-activation**. Here is the network, and gradient descent on its loss, the mean squared error. The lines below `losses.append` are backpropagation; a later unit derives them.

# %%
x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])  # (4, 2)
y_true = np.array([[0.0], [1.0], [1.0], [0.0]])  # (4, 1)


def forward(x, weights, activation):
    w1, b1, w2, b2 = weights
    z = x @ w1 + b1  # pre-activations, (batch, 4)
    h = activation(z)  # activations, (batch, 4)
    return z, h, h @ w2 + b2  # y_pred, (batch, 1)


def train(activation, slope, seed=0, steps=1000, learning_rate=0.1):
    """Weights after training on the four points, and the loss before each step."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(2, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1)]
    w2, losses = weights[2], []
    for _ in range(steps):
        z, h, y_pred = forward(x, weights, activation)
        losses.append(np.mean((y_pred - y_true) ** 2))
        g = 2 * (y_pred - y_true) / len(x)  # slope of the loss in y_pred
        g_z = (g @ w2.T) * slope(z)  # ... and in z, through the activation
        for weight, gradient in zip(weights, (x.T @ g_z, g_z.sum(0), h.T @ g, g.sum(0)), strict=True):
            weight -= learning_rate * gradient
    return weights, losses


# %% [markdown]
# ### Predict · 1 point
#
# We leave the activation out: `h = z`. What will the loss be after 1,000 steps?
#
# - **a** Close to 0: two layers say more than one.
# - **b** Still falling slowly: it needs more hidden units.
# - **c** Close to 0.25, with an output near 0.5 at all four points.
# - **d** It depends on the start: some weights find the answer.

# %% nbgrader={"grade_id": "q_collapse", "solution": true}
answer_q_collapse = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_collapse-check", "grade": true}
choose("q_collapse", answer_q_collapse)

# %% [markdown]
# Now run it, without an activation and with `np.tanh`, from the same start.

# %%
linear_weights, linear_losses = train(lambda z: z, np.ones_like)
tanh_weights, tanh_losses = train(np.tanh, lambda z: 1 - np.tanh(z) ** 2)

print("loss at step      0    100    999")
print("no activation ", *(f"{linear_losses[step]:6.2f}" for step in (0, 100, 999)))
print("tanh          ", *(f"{tanh_losses[step]:6.2f}" for step in (0, 100, 999)))

side = np.linspace(-0.5, 1.5, 101)  # for the pictures: a grid over the plane of the two inputs
points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)

# %% tags=["skip-execution"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for ax, weights, activation, title in [
    (axes[0], linear_weights, lambda z: z, "No activation: 0.5 at every point"),
    (axes[1], tanh_weights, np.tanh, "With tanh: the surface bends"),
]:
    surface = forward(points, weights, activation)[2].reshape(101, 101)
    shades = ax.pcolormesh(side, side, surface, vmin=-0.5, vmax=1.5, cmap="Blues")
    for (x1, x2), label in zip(x, y_true[:, 0], strict=True):
        ax.text(x1, x2, f"{label:.0f}", ha="center", va="center", bbox={"fc": "white", "boxstyle": "circle"})
    ax.set(title=title, xlabel="x1", ylabel="x2")
fig.colorbar(shades, ax=axes, label="y_pred", extend="both")
plt.show()

# %% [markdown]
# *In words: two maps of the output over the plane of the two inputs, with the four points and their labels. Left, without an activation, one flat colour, 0.5. Right, with tanh, a dark band through the two points labelled 1, pale on both sides.*
#
# Two sums in a row are one sum: $(x W_1 + b_1) W_2 + b_2 = x (W_1 W_2) + (b_1 W_2 + b_2)$. Depth alone buys nothing. Here with random weights:

# %%
w1, b1, w2, b2 = untrained = train(lambda z: z, np.ones_like, steps=0)[0]
two_layers = forward(points, untrained, lambda z: z)[2]
one_layer = points @ (w1 @ w2) + (b1 @ w2 + b2)
print("largest difference between two layers and one:", np.abs(two_layers - one_layer).max())

# %% [markdown]
# | | activation | loss |
# | --- | --- | --- |
# | **purpose** | bends, so that the next sum can say something new | measures how wrong the batch is, so that training has a direction |
# | **place** | after the weighted sum of each hidden layer; after the last sum only where the output needs a range | once, after the last layer, in training alone |
# | **output** | an array of the same shape | one number per batch |
# | **in our code** | `activation(z)` | `np.mean((y_pred - y_true) ** 2)` |
#
# ### Choose · 1 point
#
# Training is over; the network now answers questions about new points. What does it still compute?
#
# - **a** Activation and loss: both are parts of the network.
# - **b** Only the activation.
# - **c** Only the loss: it turns scores into answers.
# - **d** Neither: both serve training, and the weights hold all that was learned.

# %% nbgrader={"grade_id": "q_place", "solution": true}
answer_q_place = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_place-check", "grade": true}
choose("q_place", answer_q_place)

# %% [markdown]
# ## 2. relu: keep what is positive
#
# The **rectified linear unit** keeps a positive number and replaces a negative one by 0: $\mathrm{relu}(x) = \max(0, x)$. Articles print the formula as code. Give it an array:


# %%
def article_relu(x):
    return max(0, x)


try:
    article_relu(np.array([-1.0, 2.0]))
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# ### Write `relu` · 5 points
#
# Python's `max` asks whether one whole array is larger than another, and there is no single answer. Repair it: `relu` works on every entry at once, without a loop, for an array of any shape.


# %% nbgrader={"grade_id": "relu", "solution": true}
def relu(x):
    """max(0, x) of every entry: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "relu-check", "grade": true}
check("relu", relu)

# %% [markdown]
# ### Predict · 1 point
#
# relu is two straight lines that meet at 0. What can a network with one input and a hidden layer of *n* relus represent?
#
# - **a** Only straight lines: relu is almost linear, so the layers collapse again.
# - **b** Nothing that can be trained: relu is discontinuous at 0.
# - **c** Only functions that are never negative, as relu never is.
# - **d** Lines with up to *n* bends, going up or down.

# %% nbgrader={"grade_id": "q_bend", "solution": true}
answer_q_bend = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_bend-check", "grade": true}
choose("q_bend", answer_q_bend)

# %% [markdown]
# Two of your relus, with weights chosen by hand, are exclusive or. The input is the sum $s = x_1 + x_2$.

# %% tags=["skip-execution"]
if written(relu):
    s = np.linspace(-0.5, 2.5, 301)
    fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    ax.plot(s, relu(s), color="grey", lw=1)
    ax.plot(s, -2 * relu(s - 1), color="grey", lw=1)
    ax.plot(s, relu(s) - 2 * relu(s - 1), color="tab:blue", lw=3)
    ax.plot([0, 1, 1, 2], y_true[:, 0], "ko")
    ax.text(2.1, 1.7, "relu(s)", color="grey")
    ax.text(1.62, -2.2, "-2 relu(s - 1)", color="grey", ha="right")
    ax.text(0.9, 1.2, "their sum", color="tab:blue", ha="right")
    ax.grid(alpha=0.3)
    ax.set(title="Two relus bend a line through all four points", xlabel="s = x1 + x2", ylabel="output")
    plt.show()
    print("at the four points:", relu(x.sum(axis=1)) - 2 * relu(x.sum(axis=1) - 1))

# %% [markdown]
# *In words: the sum of a relu that starts to rise at 0 and a doubled, negated relu that starts to fall at 1. It is 0 up to s = 0, climbs to 1 at s = 1 and falls through 0 at s = 2; the four points lie on it.*

# %% [markdown]
# ## 3. leaky_relu: let something through
#
# ### Predict · 1 point
#
# A hidden relu has a negative pre-activation at all four points. The network's outputs are wrong. What does one training step do to this unit's own weights and bias?
#
# - **a** Nothing at all.
# - **b** It moves them a little: the slope is small there.
# - **c** It moves the bias alone, which needs no input.
# - **d** It moves them far: the error is large.

# %% nbgrader={"grade_id": "q_dead", "solution": true}
answer_q_dead = (
    ### BEGIN SOLUTION
    "a"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_dead-check", "grade": true}
choose("q_dead", answer_q_dead)

# %% [markdown]
# ### Write `leaky_relu` · 5 points
#
# A unit that is silent at every point of the data is **dead**. The **leaky** relu keeps a slope on the left: it returns $x$ where $x > 0$, and $\text{negative\_slope} \cdot x$ elsewhere. With `negative_slope=0.2`, 3 stays 3 and -3 becomes -0.6. The slope may be any number, also one above 1.


# %% nbgrader={"grade_id": "leaky_relu", "solution": true}
def leaky_relu(x, negative_slope=0.2):
    """x where x > 0, negative_slope * x elsewhere: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.where(np.asarray(x) > 0, x, negative_slope * np.asarray(x))
    ### END SOLUTION


# %% nbgrader={"grade_id": "leaky_relu-check", "grade": true}
check("leaky_relu", leaky_relu)

# %% [markdown]
# Move the slope from 0 to 1. Which two functions that you know stand at the ends?

# %%
explore(leaky_relu, negative_slope=(0, 1))

# %% [markdown]
# Now train from twenty starts, with each of the two. In start 8 we also count the units whose `z` is nowhere above 0.

# %% tags=["skip-execution"]
if written(relu, leaky_relu):
    learned = {"relu": 0, "leaky_relu": 0}
    for seed in range(20):
        for name, activation, left in [("relu", relu, 0.0), ("leaky_relu", leaky_relu, 0.2)]:
            weights, losses = train(activation, lambda z, left=left: np.where(z > 0, 1.0, left), seed)
            learned[name] += losses[-1] < 0.01
            if seed == 8:
                silent = (forward(x, weights, activation)[0] <= 0).all(axis=0).sum()
                print(f"start 8, {name}: loss {losses[-1]:.3f}, {silent} of 4 units nowhere above 0")
    for name, count in learned.items():
        print(f"{name}: learned exclusive or from {count} of 20 starts")

# %% [markdown]
# A relu's slope is exactly 0 on the left, so a dead unit in the first layer stays dead: its inputs never change. Deeper units can revive, when the layer below them moves.

# %% [markdown]
# ## 4. sigmoid: between 0 and 1
#
# ### Write `sigmoid` · 5 points
#
# The **sigmoid** squeezes every number into the range from 0 to 1. As the last function of a network it turns a score into a probability. Half way is at 0; each step to the right divides the distance to 1, in the long run, by $e$:
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}$$


# %% nbgrader={"grade_id": "sigmoid", "solution": true}
def sigmoid(x):
    """1 / (1 + exp(-x)) of every entry: same shape as x, between 0 and 1, and x unchanged."""
    ### BEGIN SOLUTION
    return 1 / (1 + np.exp(-x))
    ### END SOLUTION


# %% nbgrader={"grade_id": "sigmoid-check", "grade": true}
check("sigmoid", sigmoid)

# %% [markdown]
# The formula is right, and yet one of its steps can leave the range of float64:

# %%
if written(sigmoid):
    try:
        with np.errstate(over="raise"):
            print("sigmoid(-1000) =", sigmoid(np.array([-1000.0]))[0])
    except FloatingPointError as error:
        print("On the way to sigmoid(-1000):", error)

# %% [markdown]
# $e^{1000}$ overflows to infinity, and $1/\infty$ happens to be the 0 we want. Here NumPy only warns; the check reports it and takes no points. Unit 02 mends it.

# %% [markdown]
# ## 5. tanh: between -1 and 1
#
# The **hyperbolic tangent** has the sigmoid's shape, centred at 0:
#
# $$\tanh(x) = \frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}$$
#
# Here luck ends. At $x = 710$ the textbook's ratio is infinity over infinity:

# %%
with np.errstate(over="ignore", invalid="ignore"):
    e = np.exp(np.array([-710.0, 710.0]))
    print("tanh([-710, 710]) by the ratio:", (e - 1 / e) / (e + 1 / e))

# %% [markdown]
# ### Write `tanh` · 5 points
#
# It should hold for every number. Two ways lead there: divide both parts of the ratio by the larger exponential, so that `np.exp` meets no large number, or stretch and move your sigmoid. NumPy has `np.tanh`; build yours first, to see what it must avoid.


# %% nbgrader={"grade_id": "tanh", "solution": true}
def tanh(x):
    """Hyperbolic tangent of every entry: same shape as x, between -1 and 1, and x unchanged."""
    ### BEGIN SOLUTION
    a = np.exp(-2 * np.abs(x))  # between 0 and 1, so it cannot overflow
    return np.sign(x) * (1 - a) / (1 + a)
    ### END SOLUTION


# %% nbgrader={"grade_id": "tanh-check", "grade": true}
check("tanh", tanh)

# %% [markdown]
# ### Choose · 1 point
#
# Someone replaces every hidden tanh of a network by a sigmoid. Can other weights and biases give back exactly the same outputs?
#
# - **a** No: a sigmoid is never negative, so half of the functions are lost.
# - **b** Only roughly, with many more units.
# - **c** Yes, since $\tanh(x) = 2\,\sigma(2x) - 1$.
# - **d** Yes, and training reaches them in the same number of steps.

# %% nbgrader={"grade_id": "q_same", "solution": true}
answer_q_same = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_same-check", "grade": true}
choose("q_same", answer_q_same)

# %% [markdown]
# ## 6. Saturation: where nothing is learned any more
#
# Backpropagation multiplies by the activation's slope: `(g @ w2.T) * slope(z)`. Where the slope is nearly 0, the layers below hear nothing: the unit is **saturated**. The sigmoid's slope is $\sigma(x)\,(1 - \sigma(x))$.
#
# ### Predict · 1 point
#
# The sigmoid's slope is at most 1/4. So ten sigmoids in a row multiply a gradient by at most about $10^k$, weights aside. Which whole number is $k$?

# %% nbgrader={"grade_id": "q_chain", "solution": true}
answer_q_chain = (
    ### BEGIN SOLUTION
    -6
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_chain-check", "grade": true}
predict("q_chain", answer_q_chain)

# %% tags=["skip-execution"]
if written(relu, sigmoid, tanh):
    z = np.linspace(-6, 6, 601)
    step = 1e-5
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 5.4), sharex=True, layout="constrained")
    for name, function, colour, style, at in [
        ("relu", relu, "tab:blue", "-", 1.8),
        ("tanh", tanh, "tab:purple", "-.", -2.2),
        ("sigmoid", sigmoid, "tab:green", "--", -4.6),
    ]:
        slope = (function(z + step) - function(z - step)) / (2 * step)
        above.plot(z, function(z), style, color=colour)
        below.plot(z, slope, style, color=colour)
        above.text(at, function(np.array([at]))[0] + 0.12, name, color=colour, ha="right")
    below.text(0.25, 1.04, "relu", color="tab:blue")
    below.text(1.1, 0.5, "tanh", color="tab:purple")
    below.text(2.2, 0.14, "sigmoid", color="tab:green")
    for ax, label in [(above, "value"), (below, "slope")]:
        ax.grid(alpha=0.3)
        ax.set_ylabel(label)
    above.set(title="Sigmoid and tanh fall silent on both sides, relu on one", ylim=(-1.3, 2.6))
    below.set(xlabel="x", ylim=(-0.1, 1.25))
    plt.show()

# %% [markdown]
# *In words: values above, slopes below, x from -6 to 6. The sigmoid's slope is a low hill of height 1/4 at 0, tanh's a steeper one of height 1; both are close to 0 beyond 4. relu's slope is 0 left of 0 and 1 right of it.*
#
# So a sigmoid's gradient fades out, while a relu's is either whole or exactly 0. How faint does it get? The true slope at 40 is $e^{-40}$, about $4 \cdot 10^{-18}$: small, but not zero. Measure yours in float64.

# %%
if written(sigmoid):
    for at in (0.0, 5.0, 20.0, 40.0):
        y = sigmoid(np.array([at]))[0]
        true_slope = np.exp(-at) / (1 + np.exp(-at)) ** 2
        print(f"x = {at:2.0f}  value {y:.17f}  slope y * (1 - y) = {y * (1 - y):.3g}, true {true_slope:.3g}")

# %% [markdown]
# ## 7. What articles say, and what is true
#
# Four sentences that you will meet. Each one fails in the cells below.
#
# | articles say | what is true |
# | --- | --- |
# | "Leaky ReLU's output ends at 0." | It has no lower end. |
# | "ReLU is `max(0, x)`." | On paper. In Python it loses the shape and the dtype, and with NaN the order of the arguments decides. |
# | "The sigmoid's derivative is `x * (1 - x)`." | Only if `x` is already the sigmoid's output. A slope here is never negative. |
# | "Gradients vanish because of the sigmoid." | The weights take part too: a gradient is multiplied by slopes *and* weights. |

# %%
if written(leaky_relu, sigmoid):
    print("leaky_relu(-1000) =", leaky_relu(np.array([-1000.0]))[0])

    nan = float("nan")
    print("max(0, array([-1.0])) =", repr(max(0, np.array([-1.0]))))
    print("max(0, nan) =", max(0, nan), " but max(nan, 0) =", max(nan, 0))

    y = sigmoid(np.array([2.0]))[0]
    print(f"slope of the sigmoid at 2: x * (1 - x) = {2.0 * (1 - 2.0)}, truth {y * (1 - y):.3f}")

# %% [markdown]
# For the last one we send a gradient back through ten layers of 64 units. Weights are normal with standard deviation $\text{scale}/\sqrt{64}$; *linear* has slope 1 everywhere.


# %% tags=["skip-execution"]
def gradient_left(activation, slope, scale, layers=10, units=64):
    """Norm of a gradient after ten layers backward, as a fraction of what it was."""
    rng = np.random.default_rng(0)
    h, passed = rng.normal(size=(32, units)), []
    for _ in range(layers):
        w = scale / np.sqrt(units) * rng.normal(size=(units, units))
        z = h @ w
        h = activation(z)
        passed.append((w, slope(z)))
    g = start = rng.normal(size=h.shape)
    for w, slope_z in reversed(passed):
        g = (g * slope_z) @ w.T
    return np.linalg.norm(g) / np.linalg.norm(start)


if written(relu, sigmoid, tanh):
    print("scale of the weights    0.5      1      2")
    for name, activation, slope in [
        ("linear", lambda z: z, np.ones_like),
        ("relu", relu, lambda z: 1.0 * (z > 0)),
        ("tanh", tanh, lambda z: 1 - tanh(z) ** 2),
        ("sigmoid", sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    ]:
        print(f"{name:18}", *(f"{gradient_left(activation, slope, scale):8.0e}" for scale in (0.5, 1, 2)))

# %% [markdown]
# At scale 0.5 even the linear network keeps only a thousandth, though no slope of it vanishes. relu keeps less than a ten-thousandth. At scale 2 both explode. The sigmoid loses most in every column: its slope is one culprit, not the only one.

# %% [markdown]
# ## 8. The same four in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 |
# | --- | --- | --- | --- |
# | `relu` | `keras.activations.relu` | `torch.nn.functional.relu` | `mxnet.nd.relu` |
# | `leaky_relu` | `keras.activations.leaky_relu` | `torch.nn.functional.leaky_relu` | `mxnet.nd.LeakyReLU` |
# | its default slope | function 0.2, layer `LeakyReLU` 0.3 | 0.01 | 0.25; Gluon's layer demands one |
# | `sigmoid` | `keras.activations.sigmoid` | `torch.nn.functional.sigmoid` | `mxnet.nd.sigmoid` |
# | `tanh` | `keras.activations.tanh` | `torch.nn.functional.tanh` | `mxnet.nd.tanh` |
# | slope of `relu` at 0 | 0 | 0 | 0 |
# | slope of `leaky_relu` at 0 | the negative slope | the negative slope | the negative slope |
#
# One function, four default slopes: write yours out when you move a model. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(relu, leaky_relu, sigmoid, tanh):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        z = np.linspace(-10, 10, 1001)
        for function in (relu, leaky_relu, sigmoid, tanh):
            theirs = np.asarray(getattr(keras.activations, function.__name__)(z))
            print(f"{function.__name__:12}largest difference {np.abs(function(z) - theirs).max():.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 9. Go on
#
# You can now say what an activation and a loss each do and where each stands, and you have four activations that work on arrays. Not settled: `sigmoid(-1000)` is right by luck.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. *Parity* of three bits is 1 if one or three of them are 1. Find relus, with weights by hand, that compute it from their sum. How few are enough?
# 2. Let every hidden unit square its pre-activation. Show that such a network can represent exclusive or, but that one hidden layer of squares, however wide, cannot follow $|x|$ closely.
#
# To read: Glorot, Bordes and Bengio, [Deep Sparse Rectifier Neural Networks](https://proceedings.mlr.press/v15/glorot11a.html), AISTATS 2011, sections 2 and 3.
#
# A question that returns two units from here: at 40 the slope of your sigmoid came out as 0. Was the formula wrong, or the arithmetic?
