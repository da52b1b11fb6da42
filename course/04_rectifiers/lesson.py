# %% [markdown]
# # 04 · Rectifiers
#
# relu made deep networks trainable, and it has a flaw that you have met: a unit whose pre-activation is negative for every example hears nothing. Since then people have bent its left side in every way that one can think of.
#
# In this unit, about 60 minutes, you write five of them, count silent units in a network that reads digits, and send a signal through 50 layers to see which activation keeps it alive.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, explore, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. Counting silent units
#
# `digits.npz` holds 1,797 handwritten digits of eight by eight pixels. A network with 100 hidden units learns to read them. To make life hard we let all hidden biases start at -2, so that most units begin far on the left side of their activation.

# %%
with np.load("digits.npz") as data:
    x, labels = data["images"] / 16, data["labels"]  # (1797, 64) and (1797,)


def forward(x, weights, activation):
    w1, b1, w2, b2 = weights
    z = x @ w1 + b1  # pre-activations, (batch, 100)
    h = activation(z)
    scores = h @ w2 + b2  # (batch, 10)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return z, h, e / e.sum(axis=1, keepdims=True)  # the last are probabilities


def train(activation, slope, epochs=15, rate=0.2):
    """Weights after training on the first 1,500 digits; slope is the activation's slope in z."""
    rng = np.random.default_rng(0)
    w1, w2 = rng.normal(size=(64, 100)) * np.sqrt(2 / 64), rng.normal(size=(100, 10)) / 10
    weights = [w1, np.full(100, -2.0), w2, np.zeros(10)]
    for _ in range(epochs):
        order = rng.permutation(1500)
        for batch in order.reshape(30, 50):
            z, h, p = forward(x[batch], weights, activation)
            g = (p - np.eye(10)[labels[batch]]) / 50  # slope of the loss in the scores
            g_z = (g @ weights[2].T) * slope(z)
            for weight, gradient in zip(
                weights, (x[batch].T @ g_z, g_z.sum(0), h.T @ g, g.sum(0)), strict=True
            ):
                weight -= rate * gradient
    return weights


# %%
def silent(weights):
    """How many of the 100 units are nowhere above 0 on the 1,500 digits."""
    return int((x[:1500] @ weights[0] + weights[1] <= 0).all(axis=0).sum())


def report(name, activation, slope):
    weights = train(activation, slope)
    right = forward(x[1500:], weights, activation)[2].argmax(axis=1) == labels[1500:]
    print(f"{name:12} silent {silent(weights):3} of 100, right on new digits {right.mean():.3f}")


print(f"{'at the start':12} silent {silent(train(np.tanh, np.cos, epochs=0)):3} of 100")
report("relu", lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0))

# %% [markdown]
# Not one silent relu comes back: the images never change, so a first-layer unit that is silent for all of them gets no gradient. A deeper unit may be woken by the layers before it. In the end your functions will run here.
#
# ## 2. relu with every option
#
# Keras' `relu` has three arguments that cover half of the family:
#
# $$f(x) = \begin{cases} \text{max\_value} & f \text{ would be larger} \\ x & x > \text{threshold} \\ \text{negative\_slope}\,(x - \text{threshold}) & \text{otherwise} \end{cases}$$
#
# ### Write `general_relu` · 5 points
#
# With `max_value=6` it is **relu6**, which networks that compute with few bits prefer: its outputs have a known range. `max_value=None` means that there is no cap; 0 is a cap like any other.


# %% nbgrader={"grade_id": "general_relu", "solution": true}
def general_relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """relu with a sloped piece up to threshold and a cap: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    y = np.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)
    ### END SOLUTION


# %% nbgrader={"grade_id": "general_relu-check", "grade": true}
check("general_relu", general_relu)

# %% [markdown]
# ## 3. elu: a soft floor
#
# ### Predict · 1 point
#
# elu is $x$ on the right and $\alpha\,(e^x - 1)$ on the left. With $\alpha = 2$, which number does it never go below?

# %% nbgrader={"grade_id": "q_elu_floor", "solution": true}
answer_q_elu_floor = (
    ### BEGIN SOLUTION
    -2
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_elu_floor-check", "grade": true}
predict("q_elu_floor", answer_q_elu_floor)

# %% [markdown]
# ### Write `elu` · 5 points
#
# The **exponential linear unit**, for any `alpha`. Remember from unit 02 what `np.exp(x) - 1` does near 0, and that `np.where` computes both of its branches: no warning, no digit lost, and float32 stays float32.


# %% nbgrader={"grade_id": "elu", "solution": true}
def elu(x, alpha=1.0):
    """x where x > 0, alpha * (exp(x) - 1) elsewhere: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))
    ### END SOLUTION


# %% nbgrader={"grade_id": "elu-check", "grade": true}
check("elu", elu)

# %% [markdown]
# ### Choose · 1 point
#
# For which $\alpha$ has elu no corner at 0?
#
# - **a** For none: two pieces always meet in a corner.
# - **b** For all: the exponential is smooth.
# - **c** For $\alpha = 1$ alone.
# - **d** For $\alpha = 0$ alone.

# %% nbgrader={"grade_id": "q_elu_corner", "solution": true}
answer_q_elu_corner = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_elu_corner-check", "grade": true}
choose("q_elu_corner", answer_q_elu_corner)

# %% [markdown]
# ### Write `celu` · 5 points
#
# **celu** has a slope of 1 at 0 for every $\alpha$ above 0: on the left it is $\alpha\,(e^{x/\alpha} - 1)$. The same care as before.


# %% nbgrader={"grade_id": "celu", "solution": true}
def celu(x, alpha=1.0):
    """x where x > 0, alpha * (exp(x / alpha) - 1) elsewhere: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)
    ### END SOLUTION


# %% nbgrader={"grade_id": "celu-check", "grade": true}
check("celu", celu)

# %% [markdown]
# Move alpha. Which of the two keeps its corner?

# %%
explore(elu, celu, alpha=(0.1, 3))

# %% [markdown]
# ## 4. selu: an activation that normalises
#
# ### Choose · 1 point
#
# We send a normal signal of spread 1 through 50 layers of 256 units, weights normal with spread $1/\sqrt{256}$, once with relu and once with selu. What is the spread at the end?
#
# - **a** About 1 for both: the weights are scaled for it.
# - **b** About 1 for selu, about $10^{-8}$ for relu.
# - **c** Both vanish, selu a little later.
# - **d** selu explodes, since it multiplies by 1.05 each time.

# %% nbgrader={"grade_id": "q_selu_depth", "solution": true}
answer_q_selu_depth = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_selu_depth-check", "grade": true}
choose("q_selu_depth", answer_q_selu_depth)

# %% [markdown]
# ### Write `selu` · 5 points
#
# **selu** is $\text{scale} \cdot \mathrm{elu}(x, \alpha)$ with two constants, chosen so that a signal with mean 0 and spread 1 leaves a layer as it came.

# %%
scale, alpha = 1.0507009873554805, 1.6732632423543772


# %% nbgrader={"grade_id": "selu", "solution": true}
def selu(x):
    """scale * elu(x, alpha): same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return scale * elu(x, alpha)
    ### END SOLUTION


# %% nbgrader={"grade_id": "selu-check", "grade": true}
check("selu", selu)

# %% tags=["skip-execution"]
if written(general_relu, elu, selu):
    fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    for name, activation, colour in [
        ("relu", general_relu, "tab:blue"),
        ("elu", elu, "tab:orange"),
        ("selu", selu, "tab:green"),
    ]:
        rng = np.random.default_rng(0)
        h, spread = rng.normal(size=(200, 256)), [1.0]
        for _ in range(50):
            h = activation(h @ (rng.normal(size=(256, 256)) / 16))
            spread.append(h.std())
        ax.semilogy(spread, color=colour)
        ax.text(51, spread[-1], f"{name} {spread[-1]:.1g}", color=colour, va="center")
    ax.grid(alpha=0.3)
    ax.set(
        title="Only selu brings the signal through",
        xlabel="layer",
        ylabel="spread of the signal",
        xlim=(0, 60),
    )
    plt.show()

# %% [markdown]
# *In words: the spread of the signal after each of 50 layers, on a logarithmic axis. selu's line stays at 1. elu's sinks to about 0.05. relu's is a straight line down to about 0.00000002.*
#
# ## 5. The slope as a parameter
#
# ### Choose · 1 point
#
# A trained Keras model has the layer `LeakyReLU()`. Its weights are copied into PyTorch, behind `nn.LeakyReLU()`. What happens?
#
# - **a** The same outputs: it is the same function.
# - **b** An error: the weights do not fit.
# - **c** Other outputs, silently.
# - **d** Other outputs until the model is trained for a moment.

# %% nbgrader={"grade_id": "q_default_slope", "solution": true}
answer_q_default_slope = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_default_slope-check", "grade": true}
choose("q_default_slope", answer_q_default_slope)

# %% tags=["skip-execution"]
if written(general_relu):
    weights = train(lambda z: general_relu(z, 0.3), lambda z: np.where(z > 0, 1.0, 0.3))
    for slope in (0.3, 0.25, 0.2, 0.01):
        p = forward(x[1500:], weights, lambda z, slope=slope: general_relu(z, slope))[2]
        right = (p.argmax(axis=1) == labels[1500:]).mean()
        print(f"trained with slope 0.3, used with {slope:4}: right {right:.3f}")

# %% [markdown]
# Which slope is best? **prelu** does not ask: each feature has a slope of its own, and it is learned with the weights. Frameworks start it differently: Keras at 0, PyTorch and MXNet at 0.25.
#
# ### Write `prelu` · 5 points
#
# `x` has the shape (samples, features), or more axes before the last; `negative_slope` the shape (features,). A learned slope may be negative, or larger than 1.


# %% nbgrader={"grade_id": "prelu", "solution": true}
def prelu(x, negative_slope):
    """x where x > 0, the slope of its feature times x elsewhere: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.where(x > 0, x, negative_slope * x)
    ### END SOLUTION


# %% nbgrader={"grade_id": "prelu-check", "grade": true}
check("prelu", prelu)

# %% [markdown]
# ### Write `prelu_slope_gradient` · 5 points
#
# To learn a slope we need the loss's derivative in it. From above comes $g$, the derivative of the loss in each entry of prelu's result. By the chain rule an entry contributes $g$ times the derivative of that entry in its slope. One slope serves all samples, so its contributions add up, over all axes but the last.


# %% nbgrader={"grade_id": "prelu_slope_gradient", "solution": true}
def prelu_slope_gradient(x, g):
    """Derivative of sum(g * prelu(x, negative_slope)) in each slope: shape (features,)."""
    ### BEGIN SOLUTION
    return np.sum(g * np.minimum(x, 0), axis=tuple(range(x.ndim - 1)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "prelu_slope_gradient-check", "grade": true}
check("prelu_slope_gradient", prelu_slope_gradient)

# %% [markdown]
# A gradient can always be checked without any formula: change one slope by a little, and see how the sum changes.

# %%
if written(prelu, prelu_slope_gradient):
    rng = np.random.default_rng(3)
    z, g, slopes, step = rng.normal(size=(8, 3)), rng.normal(size=(8, 3)), np.array([0.1, 0.25, 1.5]), 1e-6
    for i in range(3):
        move = step * (np.arange(3) == i)
        difference = np.sum(g * (prelu(z, slopes + move) - prelu(z, slopes - move))) / (2 * step)
        print(f"slope {i}: measured {difference:9.6f}, by the formula {prelu_slope_gradient(z, g)[i]:9.6f}")

# %% [markdown]
# ## 6. The count again
#
# The same digits, the same bad start, with your functions:

# %% tags=["skip-execution"]
if written(general_relu, elu, selu):
    report("relu", general_relu, lambda z: 1.0 * (z > 0))
    report("relu, 0.2", lambda z: general_relu(z, 0.2), lambda z: np.where(z > 0, 1.0, 0.2))
    report("elu", elu, lambda z: np.exp(np.minimum(z, 0)))
    report("selu", selu, lambda z: scale * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0))))

# %% [markdown]
# A first-layer unit that is silent under relu is lost. Under the others its slope is not 0, and some come back. All of them end far above relu. With biases that start at 0 the four are within two hundredths of each other: the cure matters where there is an illness.
#
# ## 7. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "PReLU is `max(alpha * x, x)`." | Only for slopes up to 1. |
# | "ELU is smooth." | For $\alpha = 1$. Otherwise its slope jumps at 0 from $\alpha$ to 1. |
# | "`np.exp(x) - 1` is `elu`." | Near 0 it loses all digits. |

# %%
print("max(1.5 * x, x) at -2:", max(1.5 * -2.0, -2.0), " prelu with slope 1.5:", 1.5 * -2.0)
h = 1e-6
left, right = (2 * np.expm1(0.0) - 2 * np.expm1(-h)) / h, (h - 0.0) / h
print(f"elu with alpha 2 at 0: slope {left:.3f} on the left, {right:.3f} on the right")
print("exp(x) - 1 at -1e-20:", np.exp(-1e-20) - 1, " expm1:", np.expm1(-1e-20))

# %% [markdown]
# ## 8. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 |
# | --- | --- | --- | --- |
# | `general_relu` | `keras.activations.relu` | `relu`, `relu6`, `threshold` | `mxnet.nd.relu`, `mxnet.nd.clip` |
# | slope of a leaky relu, by default | function 0.2, layer 0.3 | 0.01 | 0.25 |
# | `prelu`, first slope | `PReLU`: 0, one for each entry of a sample | `PReLU`: 0.25, one in all | `PReLU`: 0.25, one in all |
# | `elu`, by default | $\alpha = 1$ | $\alpha = 1$ | Gluon 1; `LeakyReLU("elu")` 0.25 |
# | `celu` | `keras.activations.celu`; its slope at 0 is 2 | `torch.nn.functional.celu` | none |
# | slope of `selu` at 0 | 1.0507 | 1.7581 | 1.7581 |
# | `selu`, gradient for $x < 0$ | right | right | wrong: at $-10$ it has the wrong sign |
#
# What PyTorch 2.13 and MXNet 1.9.1 return has been written down once, in float32. The same calls, yours beside theirs:

# %%
z = np.array([-30.0, -2.6, -1.0, 2.6, 30.0])
recorded = {
    "elu, by default, PyTorch": [-1.0, -0.9257264, -0.63212055, 2.6, 30.0],
    "elu, by default, MXNet": [-0.25, -0.2314316, -0.15803012, 2.6, 30.0],
    "celu, alpha 1.5, PyTorch": [-1.5, -1.2349583, -0.7298744, 2.6, 30.0],
    "selu, PyTorch": [-1.7580993, -1.627519, -1.1113307, 2.7318225, 31.52103],
    "selu, MXNet": [-1.7580993, -1.627519, -1.1113307, 2.7318225, 31.52103],
    "leaky relu, by default, PyTorch": [-0.29999998, -0.025999999, -0.01, 2.6, 30.0],
    "leaky relu, by default, MXNet": [-7.5, -0.65, -0.25, 2.6, 30.0],
    "relu6, PyTorch": [0.0, 0.0, 0.0, 2.6, 6.0],
    "relu6, MXNet": [0.0, 0.0, 0.0, 2.6, 6.0],
}
if written(general_relu, elu, celu, selu):
    yours = {"elu": elu(z), "celu": celu(z, 1.5), "selu": selu(z)}
    yours |= {"leaky relu": general_relu(z, 0.2), "relu6": general_relu(z, max_value=6)}
    for name, values in recorded.items():
        apart = np.abs(yours[name.split(",")[0]] - values).max()
        print(f"{name:32} apart by {apart:.0e}")

# %% [markdown]
# Three are not yours, and none of the three is a mistake. MXNet's elu starts with $\alpha = 0.25$, and the leaky slope of 0.2 in this cell is that of Keras' function. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(elu, celu, selu, general_relu, prelu):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        z = np.linspace(-10, 10, 1001)
        for function in (elu, celu, selu):
            theirs = np.asarray(getattr(keras.activations, function.__name__)(z))
            print(f"{function.__name__:5} largest difference {np.abs(function(z) - theirs).max():.0e}")
        options = {"negative_slope": 0.2, "max_value": 3.0, "threshold": 1.0}
        theirs = np.asarray(keras.activations.relu(z, **options))
        print(f"relu  largest difference {np.abs(general_relu(z, **options) - theirs).max():.0e}")
        theirs = np.asarray(
            keras.layers.PReLU(keras.initializers.Constant(0.25), dtype="float64")(z[:, None])
        )
        print(f"prelu largest difference {np.abs(prelu(z[:, None], np.array([0.25])) - theirs).max():.0e}")
        tiny = np.array([-1e-20])
        print("elu(-1e-20): yours", elu(tiny)[0], " Keras", np.asarray(keras.activations.elu(tiny))[0])
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 9. Go on
#
# You can now bend a rectifier on purpose, and you can check a gradient without trusting a formula. Not settled: selu keeps a forward signal alive; whether the gradients survive on their way back is another matter. Unit 11 measures both.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Where do selu's constants come from? For a normal $x$ with mean 0 and spread 1, the mean of $\mathrm{selu}(x)$ has to be 0 and the mean of its square 1. Find `scale` and `alpha` by computing both integrals on a fine grid.
# 2. Let prelu learn on the digits: give each hidden unit a slope, start them all at 0.25, and move them with your gradient. Where do the slopes end?
#
# To read: Klambauer, Unterthiner, Mayr and Hochreiter, [Self-Normalizing Neural Networks](https://arxiv.org/abs/1706.02515), NeurIPS 2017, sections 1 and 2.
#
# A question that returns in unit 09: which slope does your `elu` have at exactly 0, and who decides?
