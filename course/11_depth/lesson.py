# %% [markdown]
# # 11 · Depth
#
# Unit 09 left a question: the slope of the sigmoid is at most 1/4, and what is left of a gradient after 30 of them? For some twenty years the answer was why deep networks did not train.
#
# In this unit, about 70 minutes, you measure what reaches the last of 30 layers and what comes back to the first, choose weights that let both pass, and build batch normalisation, which asks less of the weights.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. What arrives
#
# ### Predict · 1 point
#
# A gradient passes through 30 sigmoids, and each multiplies it by 1/4, the most it can. About 10 to the power k is left. Which whole number is k?

# %% nbgrader={"grade_id": "q_thirty_slopes", "solution": true}
answer_q_thirty_slopes = (
    ### BEGIN SOLUTION
    -18
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_thirty_slopes-check", "grade": true}
predict("q_thirty_slopes", answer_q_thirty_slopes)

# %% [markdown]
# The weights have a say too, so let us measure. A **signal** is what differs between samples: a unit that says 0.5 to every digit says nothing. Its size after a layer is the root of a mean, over the units, of each unit's variance over the samples.
#
# ### Write `signal_sizes` · 5 points
#
# `x` has the shape (samples, units), `kernels` the shape (layers, units, units). A layer is `activation(x @ kernel)`. Return the size of the signal after each layer.


# %% nbgrader={"grade_id": "signal_sizes", "solution": true}
def signal_sizes(x, kernels, activation):
    """Root of the mean variance over the samples after each layer, shape (layers,)."""
    ### BEGIN SOLUTION
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(np.sqrt(np.mean(np.var(x, axis=0))))
    return np.array(sizes)
    ### END SOLUTION


# %% nbgrader={"grade_id": "signal_sizes-check", "grade": true}
check("signal_sizes", signal_sizes)

# %% [markdown]
# Back the same way goes the gradient, with the transposed kernels of unit 10. What all samples share moves the weights too, so nothing is subtracted: its size is the root of its mean square.
#
# ### Write `gradient_sizes` · 5 points
#
# `g` is the gradient of the last layer's output, `slopes[i]` the slopes of layer i's activation, of the shape of `g`. Return the size of the gradient of each layer's input, the first layer first.


# %% nbgrader={"grade_id": "gradient_sizes", "solution": true}
def gradient_sizes(g, kernels, slopes):
    """Root of the mean square of the gradient of each layer's input, shape (layers,)."""
    ### BEGIN SOLUTION
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g * slope) @ kernel.T
        sizes.append(np.sqrt(np.mean(g**2)))
    return np.array(sizes[::-1])
    ### END SOLUTION


# %% nbgrader={"grade_id": "gradient_sizes-check", "grade": true}
check("gradient_sizes", gradient_sizes)

# %% [markdown]
# A hundred digits go through 30 layers of 64 units, a random gradient comes back. What is left depends on how large the weights are.

# %%
with np.load("digits.npz") as data:
    images, labels = data["images"], data["labels"]
images = (images - images[:1400].mean()) / images[:1400].std()

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772  # selu's two numbers, from unit 04


def sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2


def scores_gradient(scores, rows):
    """Gradient of the mean crossentropy: softmax minus label, over the number of samples."""
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(10)[labels[rows]]) / len(rows)


ACTIVATIONS = {  # the function and its slope
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
    "selu": (
        lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: SCALE * np.where(x > 0, 1, ALPHA * np.exp(np.minimum(x, 0))),
    ),
}


# %%
def measured(name, kernels):
    """Sizes of the signal and of the gradient in a network of these kernels, for a hundred digits."""
    activation, slope = ACTIVATIONS[name]
    h, slopes = images[:100], []
    for weights in kernels:
        slopes.append(slope(h @ weights))
        h = activation(h @ weights)
    g = np.random.default_rng(1).normal(size=h.shape)
    return signal_sizes(images[:100], kernels, activation), gradient_sizes(g, kernels, slopes)


if written(signal_sizes, gradient_sizes):
    normal = np.random.default_rng(0).normal(size=(30, 64, 64))
    for name in ("sigmoid", "tanh"):
        for deviation in (0.01, 1.0):
            signal, gradient = measured(name, deviation * normal)
            print(f"{name:8} weights of {deviation:4}: signal {signal[-1]:6.0e}, gradient {gradient[0]:6.0e}")

# %% [markdown]
# Small weights let both **vanish**. With large ones, tanh's gradient **explodes**.
#
# ## 2. Weights of the right size
#
# A unit adds up $n$ products of a weight and an input. If the weights are independent with mean 0, the variances of the products add up: $n$ times that of the weights times the mean square of the inputs. So a variance of $1/n$ keeps the signal: $n$ is the number of inputs. On the way back the sum runs over the units, and asks for 1 / units. Glorot and Bengio took the middle, $2 / (\text{inputs} + \text{units})$.
#
# ### Predict · 1 point
#
# Keras' `Dense(512)` on 512 inputs, with default settings. What is the standard deviation of its weights, to three decimals?

# %% nbgrader={"grade_id": "q_default_spread", "solution": true}
answer_q_default_spread = (
    ### BEGIN SOLUTION
    0.044
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_default_spread-check", "grade": true}
predict("q_default_spread", answer_q_default_spread)

# %% [markdown]
# ### Write `glorot_uniform` · 5 points
#
# Weights that are uniform between -limit and limit have the variance limit² / 3. With Glorot's variance, limit is $\sqrt{6 / (\text{inputs} + \text{units})}$.
#
# `u` holds uniform numbers from 0 to 1 and has the shape (inputs, units). Stretch them to the interval from -limit to limit. You draw nothing, so everyone's answer is the same.


# %% nbgrader={"grade_id": "glorot_uniform", "solution": true}
def glorot_uniform(u):
    """Weights of u's shape (inputs, units), from u, which is uniform in [0, 1)."""
    ### BEGIN SOLUTION
    limit = np.sqrt(6 / (u.shape[0] + u.shape[1]))
    return limit * (2 * u - 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "glorot_uniform-check", "grade": true}
check("glorot_uniform", glorot_uniform)

# %% [markdown]
# Glorot and Bengio had tanh in mind. Relu does something else.
#
# ### Predict · 1 point
#
# What goes into a relu is normal with mean 0 and mean square 1. What is the mean square of what comes out?

# %% nbgrader={"grade_id": "q_relu_keeps", "solution": true}
answer_q_relu_keeps = (
    ### BEGIN SOLUTION
    0.5
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_relu_keeps-check", "grade": true}
predict("q_relu_keeps", answer_q_relu_keeps)

# %% [markdown]
# ### Write `he_normal` · 5 points
#
# He and colleagues gave the weights twice the variance, 2 / inputs. `z` holds standard normal numbers. Its last axis is the units; the lengths of all others, multiplied, are the inputs of a unit: a convolution has a kernel of shape (rows, columns, inputs, units).


# %% nbgrader={"grade_id": "he_normal", "solution": true}
def he_normal(z):
    """Weights of z's shape (..., units), from z, which is standard normal."""
    ### BEGIN SOLUTION
    return z * np.sqrt(2 / np.prod(z.shape[:-1]))
    ### END SOLUTION


# %% nbgrader={"grade_id": "he_normal-check", "grade": true}
check("he_normal", he_normal)

# %% [markdown]
# ## 3. Thirty layers
#
# Four activations, four ways to start. With as many inputs as units, Glorot's variance is also $1/n$, LeCun's, which selu was made for.

# %%
sizes = {}
if written(signal_sizes, gradient_sizes, glorot_uniform, he_normal):
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(30, 64, 64))
    STARTS = {
        "0.01": 0.01 * normal,
        "Glorot": np.array([glorot_uniform(rng.random((64, 64))) for _ in range(30)]),
        "He": np.array([he_normal(z) for z in normal]),
        "1": normal,
    }
    for name in ACTIVATIONS:
        for start, kernels in STARTS.items():
            sizes[name, start] = measured(name, kernels)
        print(f"{name:8}", end="")
        for start in ("Glorot", "He"):
            signal, gradient = sizes[name, start]
            print(f"  {start}: signal {signal[-1]:.0e}, gradient {gradient[0]:.0e}", end="")
        print()

# %% tags=["skip-execution"]
if sizes:
    fig, axes = plt.subplots(2, 4, figsize=(9, 4.9), sharex=True, sharey=True, layout="constrained")
    colors = {"0.01": "tab:gray", "Glorot": "tab:blue", "He": "tab:green", "1": "tab:red"}
    layers = np.arange(1, 31)
    for (name, start), both in sizes.items():
        column = list(ACTIVATIONS).index(name)
        for row, values in enumerate(both):
            axes[row, column].semilogy(layers, values, color=colors[start])
    for column, name in enumerate(ACTIVATIONS):
        axes[0, column].set(
            title=name, ylim=(1e-32, 1e32), xlim=(0, 31), yticks=[1e-30, 1e-15, 1, 1e15, 1e30]
        )
        axes[0, column].set(ylabel="signal")
        axes[1, column].set(xlabel="layer", ylabel="gradient")
    for start, place in {"1": (9, 1e14), "He": (25, 1e4), "Glorot": (17, 1e-11), "0.01": (4, 1e-22)}.items():
        axes[0, 2].text(*place, start, color=colors[start], va="center")
    fig.suptitle("Each activation has weights that let signal and gradient through")
    for ax in axes.flat:
        ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: two rows of four panels, the signal above, from the first layer to the last, and the gradient below, which comes from the right. Weights of 0.01 lose both in every activation; with weights of 1 relu and selu explode, and tanh's gradient. Sigmoid keeps both with weights of 1 alone; where its signal lies flat at 1e-15, it is rounding. Nearly flat are tanh with Glorot's, relu with He's, selu with Glorot's.*
#
# Flat is not all. A relu unit whose input is negative for every sample is 0, and so is its slope: a **dead** unit, which learns nothing.

# %%
if sizes:
    h = images[:100]
    for layer, kernel in enumerate(STARTS["He"], start=1):
        h = np.maximum(h @ kernel, 0)
        if layer in (1, 10, 30):
            lengths = np.linalg.norm(h, axis=1)
            cosines = (h @ h.T) / np.outer(lengths, lengths)
            cosine = cosines[np.triu_indices(100, 1)].mean()
            dead = (h.max(axis=0) == 0).mean()
            print(f"layer {layer:2}: {dead:4.0%} of the units are dead, cosine of two digits {cosine:.2f}")

# %% [markdown]
# The sizes stay, and all digits come to point in nearly the same direction. At the end a third of the units are dead. Training kills too. One hidden layer of 64 relus, after one epoch at three rates:

# %%
if written(he_normal):
    for rate in (0.5, 2, 5):
        rng = np.random.default_rng(0)
        first, bias, last = (
            he_normal(rng.normal(size=(64, 64))),
            np.zeros(64),
            he_normal(rng.normal(size=(64, 10))),
        )
        for rows in np.split(rng.permutation(1400), 14):
            h = np.maximum(images[rows] @ first + bias, 0)
            g = scores_gradient(h @ last, rows)
            back = np.where(h > 0, g @ last.T, 0)
            last = last - rate * h.T @ g
            first, bias = first - rate * images[rows].T @ back, bias - rate * back.sum(axis=0)
        dead = (images[:1400] @ first + bias).max(axis=0) <= 0
        print(f"rate {rate:3}: {dead.mean():4.0%} of the units are dead")

# %% [markdown]
# Too large a step throws a unit where no digit reaches it: in the first layer for good, since the digits do not change. A deeper one may wake when layers below it move.
#
# ## 4. Batch normalisation
#
# If weights cannot keep the signal's size, divide by it. For each unit, with mean $\mu$ and variance $\sigma^2$ over the batch, $\gamma$ and $\beta$ learned:
#
# $$y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta$$
#
# ### Choose · 1 point
#
# In training, with gamma 1 and beta 0, batch normalisation gets a batch of one sample. What comes out?
#
# - **a** the sample, unchanged
# - **b** 0 in every unit
# - **c** NaN, for the variance is 0
# - **d** mean 0 and variance 1 over its units

# %% nbgrader={"grade_id": "q_batch_of_one", "solution": true}
answer_q_batch_of_one = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_batch_of_one-check", "grade": true}
choose("q_batch_of_one", answer_q_batch_of_one)

# %% [markdown]
# Whoever predicts may have one sample. So the layer keeps **moving averages** of mean and variance. Each training batch moves them, the variance like the mean:
#
# $$m \leftarrow \text{momentum} \cdot m + (1 - \text{momentum}) \cdot \mu$$
#
# Without training they take the place of $\mu$ and $\sigma^2$, and stay as they are.
#
# ### Write `BatchNormalization` · 5 points
#
# `x` has the shape (samples, units), `training` is True or False. The variance is that over n, as `np.var` gives it.


# %% nbgrader={"grade_id": "batch_normalization", "solution": true}
class BatchNormalization:
    """Each unit brought to mean 0 and variance 1, then times gamma plus beta."""

    def __init__(self, units, momentum=0.99, epsilon=1e-3):
        self.momentum, self.epsilon = momentum, epsilon
        self.gamma, self.beta = np.ones(units), np.zeros(units)
        self.moving_mean, self.moving_variance = np.zeros(units), np.ones(units)

    def forward(self, x, training):
        ### BEGIN SOLUTION
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean, variance = x.mean(axis=0), x.var(axis=0)
            keep = self.momentum
            self.moving_mean = keep * self.moving_mean + (1 - keep) * mean
            self.moving_variance = keep * self.moving_variance + (1 - keep) * variance
        return self.gamma * (x - mean) / np.sqrt(variance + self.epsilon) + self.beta
        ### END SOLUTION


# %% nbgrader={"grade_id": "batch_normalization-check", "grade": true}
check("batch_normalization", BatchNormalization)

# %% [markdown]
# On the way back every sample counts three times: directly, through the mean, and through the variance. With $\hat x$ for the normalised $x$ and bars for means over the batch:
#
# $$\frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \left(g - \bar g - \hat x \, \overline{g \hat x}\right)$$
#
# ### Write `batch_normalization_vjp` · 5 points
#
# Return three gradients, in training: those of `x`, of `gamma` and of `beta`. The last two add up over the batch, as that of a bias did in unit 10.


# %% nbgrader={"grade_id": "batch_normalization_vjp", "solution": true}
def batch_normalization_vjp(x, g, gamma, epsilon=1e-3):
    """Gradients of x, gamma and beta, from g, the gradient of the output; x and g are (samples, units)."""
    ### BEGIN SOLUTION
    deviation = np.sqrt(x.var(axis=0) + epsilon)
    y = (x - x.mean(axis=0)) / deviation
    to_x = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return to_x, (g * y).sum(axis=0), g.sum(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "batch_normalization_vjp-check", "grade": true}
check("batch_normalization_vjp", batch_normalization_vjp)

# %% [markdown]
# ### Choose · 1 point
#
# A Dense layer with a bias is followed by batch normalisation, in training. What is the gradient of the bias?
#
# - **a** the sum of the gradient that reaches beta
# - **b** gamma times that of beta
# - **c** it depends on the batch
# - **d** exactly 0

# %% nbgrader={"grade_id": "q_bias_before", "solution": true}
answer_q_bias_before = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_bias_before-check", "grade": true}
choose("q_bias_before", answer_q_bias_before)

# %% [markdown]
# ## 5. What it changes
#
# Thirty layers of 32 sigmoids, with Glorot's weights, learn to read digits: once as they are, once with your normalisation before each sigmoid.


# %%
def through(x, kernels, norms, training):
    """Output of the hidden layers, and for each its input, what was normalised, and its output."""
    steps = []
    for kernel, norm in zip(kernels, norms, strict=True):
        z = x @ kernel
        h = sigmoid(norm.forward(z, training) if norm else z)
        steps.append((x, z, h))
        x = h
    return x, steps


def step_back(g, kernels, norms, steps, rate):
    """One step of gradient descent in all hidden layers, the last first."""
    for i in reversed(range(len(kernels))):
        (x, z, h), norm = steps[i], norms[i]
        g = g * h * (1 - h)
        if norm:
            g, to_gamma, to_beta = batch_normalization_vjp(z, g, norm.gamma, norm.epsilon)
            norm.gamma = norm.gamma - rate * to_gamma
            norm.beta = norm.beta - rate * to_beta
        g, kernels[i] = g @ kernels[i].T, kernels[i] - rate * x.T @ g


# %%
def learn(norms, rate=0.1, epochs=6):
    """Share of new digits read rightly after each epoch."""
    rng, right = np.random.default_rng(0), []
    kernels = [glorot_uniform(rng.random((32 if i else 64, 32))) for i in range(len(norms))]
    last = glorot_uniform(rng.random((32, 10)))
    for _ in range(epochs):
        for rows in np.split(rng.permutation(1400), 14):
            h, steps = through(images[rows], kernels, norms, training=True)
            g = scores_gradient(h @ last, rows)
            step_back(g @ last.T, kernels, norms, steps, rate)
            last = last - rate * h.T @ g
        guesses = (through(images[1400:], kernels, norms, training=False)[0] @ last).argmax(axis=1)
        right.append(np.mean(guesses == labels[1400:]))
    return right


right = {}
if written(glorot_uniform, BatchNormalization, batch_normalization_vjp):
    right["as they are"] = learn([None] * 30)
    right["normalised"] = learn([BatchNormalization(32, momentum=0.9) for _ in range(30)])
    for name, shares in right.items():
        print(f"{name:12}", *(f"{share:.2f}" for share in shares))

# %% tags=["skip-execution"]
if right:
    fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for name, color in (("as they are", "tab:red"), ("normalised", "tab:blue")):
        ax.plot(np.arange(1, 7), right[name], "o-", color=color)
        ax.text(6.15, right[name][-1], name, color=color, va="center")
    ax.set(title="Thirty sigmoids read, once they are normalised", xlabel="epoch", xlim=(0.8, 7.4))
    ax.set(xticks=range(1, 7), ylabel="share of new digits read rightly", ylim=(0, 1))
    ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: two lines over six epochs. As they are, the layers stay at one digit in ten, which is guessing. Normalised, they stay there for two epochs and then read more and more.*
#
# Two more changes: it no longer matters how large a kernel is, and in training a digit's output depends on the digits around it.

# %%
if written(BatchNormalization):
    norm, z = BatchNormalization(32), images[:100] @ np.random.default_rng(4).normal(size=(64, 32))
    output = norm.forward(z, True)
    larger = norm.forward(100 * z, True)
    elsewhere = norm.forward(np.concatenate([z[:1], z[50:]]), True)
    print(f"a kernel 100 times as large moves the outputs by at most {np.abs(larger - output).max():.0e}")
    moved = np.abs(elsewhere[0] - output[0]).max()
    print(f"other digits around the first one move its outputs by up to {moved:.2f}")

# %% [markdown]
# ## 6. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "Sigmoids let gradients vanish, relu does not." | Slope times weight decides. |
# | "Starting from zeros is always fatal." | Not with a single layer: nothing has to come back through its zeros. |
# | "Batch normalisation cures exploding gradients." | In 30 layers of relu, at the start, it makes them. |

# %%
if sizes:
    print(f"gradient left, sigmoid with weights of 1: {sizes['sigmoid', '1'][1][0]:.0e}")
    print(f"gradient left, relu with Glorot's:        {sizes['relu', 'Glorot'][1][0]:.0e}")
from_zeros = images[:100].T @ scores_gradient(np.zeros((100, 10)), range(100))
print(f"largest gradient of one softmax layer at zeros: {np.abs(from_zeros).max():.2f}")

if sizes and written(BatchNormalization, batch_normalization_vjp):
    h, before = images[:100], []
    for kernel in STARTS["He"]:
        before.append(h @ kernel)
        h = np.maximum(BatchNormalization(64).forward(before[-1], True), 0)
    g = start = np.random.default_rng(1).normal(size=h.shape)
    for z, kernel in zip(before[::-1], STARTS["He"][::-1], strict=True):
        g = np.where(z > z.mean(axis=0), g, 0)
        g = batch_normalization_vjp(z, g, np.ones(64))[0] @ kernel.T
    print(f"relu, He, normalised: the gradient grew {np.linalg.norm(g) / np.linalg.norm(start):.0f} times")

# %% [markdown]
# ## 7. The same in Keras, PyTorch and MXNet
#
# The same network starts differently in each, unless you say otherwise:
#
# | by default | Keras | PyTorch | MXNet (Gluon) |
# | --- | --- | --- | --- |
# | kernel of a Dense layer | Glorot's | uniform, to $1/\sqrt{\text{inputs}}$ | uniform, to 0.07 |
# | its deviation, 512 to 512 | 0.0442 | 0.0255 | 0.0404 |
# | momentum of batch normalisation | 0.99 stays | 0.1 is new | 0.9 stays |
# | epsilon | 1e-3 | 1e-5 | 1e-5 |
#
# Keras 3.15 and PyTorch 2.13 were asked; the last column is from the documentation of MXNet 1.9.1. PyTorch's moving variance is over n - 1. Keras' `he_normal` draws again what is beyond two deviations, and widens the rest to make up for it.

# %%
if written(signal_sizes, gradient_sizes):
    uniform = np.random.default_rng(2).uniform(-1, 1, size=(30, 64, 64))
    for system, limit in {"Keras": np.sqrt(6 / 128), "PyTorch": 1 / np.sqrt(64), "MXNet": 0.07}.items():
        signal, gradient = measured("relu", limit * uniform)
        print(f"{system:8} 30 layers of relu: signal {signal[-1]:.0e}, gradient {gradient[0]:.0e}")

# %% [markdown]
# No default suits 30 layers of relu. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(glorot_uniform, BatchNormalization):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        rng = np.random.default_rng(3)
        kernel = keras.initializers.GlorotUniform(seed=0)((300, 200)).numpy()
        yours = glorot_uniform(rng.random((300, 200)))
        print(f"largest weight: Keras {np.abs(kernel).max():.5f}, yours {np.abs(yours).max():.5f}")
        mine, theirs = BatchNormalization(5), keras.layers.BatchNormalization()
        for training in (True, True, False):
            x = rng.normal(3, 2, size=(32, 5)).astype("float32")
            apart = np.abs(mine.forward(x, training) - theirs(x, training=training).numpy()).max()
            print(f"batch normalisation, training={training}: largest difference {apart:.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 8. Go on
#
# You can now say before training whether a deep network will hear anything, and mend it. Not settled: why batch normalisation helps. It was made to keep the layers' inputs from shifting, and networks in which they were made to shift trained as well.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Give each layer the identity plus a kernel, $x + f(x W)$. What do signal and gradient do over 30 layers, and why does a factor $1/\sqrt{30}$ before $f$ help?
# 2. Normalise over the units of each sample instead of over the batch. Which of this unit's surprises go away?
#
# To read: Glorot and Bengio, [Understanding the difficulty of training deep feedforward neural networks](https://proceedings.mlr.press/v9/glorot10a.html), 2010, and Santurkar et al., [How does batch normalization help optimization?](https://arxiv.org/abs/1805.11604), 2018.
#
# A question that returns in unit 12: a rate that suits one layer may be wrong for the next. Could each weight have its own?
