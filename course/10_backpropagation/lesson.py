# %% [markdown]
# # 10 · Backpropagation
#
# A network is a long formula. Its gradient looks hopeless, and is not: every part knows its own slope, and hands back what the part before it needs. That is all of **backpropagation**.
#
# In this unit, about 60 minutes, you write two layers that go forward and backward, put a network together, let it read digits, and compare its gradients with those of Keras, PyTorch and MXNet.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written


def softmax(x):
    """Probabilities from scores, along the last axis, from unit 03."""
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


# %% [markdown]
# ## 1. The chain rule on a graph
#
# Draw a formula as a graph: values go from left to right, slopes from right to left. Along a path slopes multiply.
#
# ```text
# b = 2 -----> (times) --- 6 ---> (plus) --- 9 ---> y
#                 ^                  ^
# a = 3 ----------+------------------+
# ```
#
# ### Predict · 1 point
#
# y = a b + a, with a = 3 and b = 2. What is the slope of y with respect to a?

# %% nbgrader={"grade_id": "q_fan_out", "solution": true}
answer_q_fan_out = (
    ### BEGIN SOLUTION
    3
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_fan_out-check", "grade": true}
predict("q_fan_out", answer_q_fan_out)

# %% [markdown]
# So two rules: multiply along a path, add where paths meet. A single neuron has one path to each of its weights:
#
# $$z = w \cdot x + b, \qquad y = \tanh z, \qquad L = (y - t)^2$$
#
# ### Write `neuron_gradients` · 5 points
#
# `x` and `w` have the shape (inputs,), `b` and `target` are numbers. Return two things: the gradient of $L$ with respect to `w`, and the one with respect to `b`. The slope of tanh is $1 - y^2$.


# %% nbgrader={"grade_id": "neuron_gradients", "solution": true}
def neuron_gradients(x, w, b, target):
    """Gradients of (tanh(w . x + b) - target) ** 2 with respect to w and b."""
    ### BEGIN SOLUTION
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (y - target) * (1 - y**2)
    return slope * x, slope
    ### END SOLUTION


# %% nbgrader={"grade_id": "neuron_gradients-check", "grade": true}
check("neuron_gradients", neuron_gradients)

# %% [markdown]
# ## 2. Layers
#
# A layer does this for a whole batch. `forward(x)` computes and remembers what the way back needs. `backward(g)` gets the gradient of its output, stores those of its weights, and returns that of its input.
#
# ### Choose · 1 point
#
# A Dense layer of 10 units gets a batch `x` of shape (32, 64). What shape does its `backward` return?
#
# - **a** (64, 10), that of the kernel.
# - **b** (32, 10), that of its output.
# - **c** (32, 64), that of its input.
# - **d** (64,), one number for each feature.

# %% nbgrader={"grade_id": "q_shape_back", "solution": true}
answer_q_shape_back = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_shape_back-check", "grade": true}
choose("q_shape_back", answer_q_shape_back)

# %% [markdown]
# ### Write `Dense` · 5 points
#
# `forward` gives `x @ kernel + bias`. `backward` stores `kernel_gradient` and `bias_gradient`, of this batch alone, and returns the gradient of `x`. The kernel has the shape (inputs, units), the bias (units,).
#
# Take one entry of the output, $\sum_i x_{si} k_{iu} + b_u$ for sample $s$ and unit $u$, whose gradient is $g_{su}$. In how many outputs does $k_{iu}$ appear, and with which slope in each? Multiply along each path and add the paths: one for each sample. The same question for $b_u$ and for $x_{si}$ gives the other two. Each sum is a sum of an array or a matrix product. Matching shapes are a hint and no proof: with a square kernel a wrong transpose fits as well.


# %% nbgrader={"grade_id": "dense", "solution": true}
class Dense:
    """x @ kernel + bias, forward and backward."""

    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        ### BEGIN SOLUTION
        self.x = x
        return x @ self.kernel + self.bias
        ### END SOLUTION

    def backward(self, g):
        ### BEGIN SOLUTION
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=0)
        return g @ self.kernel.T
        ### END SOLUTION


# %% nbgrader={"grade_id": "dense-check", "grade": true}
check("dense", Dense)

# %% [markdown]
# ### Write `Relu` · 5 points
#
# `forward` gives `x` where it is positive and 0 elsewhere; `backward` gives `g` or 0. At 0 itself the slope is 0, as in Keras, PyTorch and MXNet.


# %% nbgrader={"grade_id": "relu_layer", "solution": true}
class Relu:
    """max(x, 0), forward and backward."""

    def forward(self, x):
        ### BEGIN SOLUTION
        self.positive = x > 0
        return np.where(self.positive, x, 0.0)
        ### END SOLUTION

    def backward(self, g):
        ### BEGIN SOLUTION
        return np.where(self.positive, g, 0.0)
        ### END SOLUTION


# %% nbgrader={"grade_id": "relu_layer-check", "grade": true}
check("relu_layer", Relu)

# %% [markdown]
# ## 3. A network
#
# Two Dense layers with a relu between them, and the crossentropy on top. From unit 09: with respect to the logits the gradient of the mean loss is softmax minus label, divided by the number of samples.
#
# ### Write `network_gradients` · 5 points
#
# `x` has the shape (samples, inputs), `y_true` is one-hot. Return the four gradients of the mean loss in the order of the arguments. Your `Dense` and `Relu` do the work.


# %% nbgrader={"grade_id": "network_gradients", "solution": true}
def network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    """Gradients of the mean crossentropy: of kernel_1, bias_1, kernel_2, bias_2."""
    ### BEGIN SOLUTION
    first, relu, second = Dense(kernel_1, bias_1), Relu(), Dense(kernel_2, bias_2)
    logits = second.forward(relu.forward(first.forward(x)))
    first.backward(relu.backward(second.backward((softmax(logits) - y_true) / len(x))))
    return first.kernel_gradient, first.bias_gradient, second.kernel_gradient, second.bias_gradient
    ### END SOLUTION


# %% nbgrader={"grade_id": "network_gradients-check", "grade": true}
check("network_gradients", network_gradients)

# %% [markdown]
# ### Predict · 1 point
#
# All four arrays of the network are 0 at the start. In how many of the four gradients is anything other than 0?

# %% nbgrader={"grade_id": "q_all_zero", "solution": true}
answer_q_all_zero = (
    ### BEGIN SOLUTION
    1
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_all_zero-check", "grade": true}
predict("q_all_zero", answer_q_all_zero)

# %% [markdown]
# ## 4. It reads
#
# `digits.npz` holds 1,797 handwritten digits, as in unit 04. The first 1,400 are for learning. A step subtracts a little of each gradient from its weights.

# %%
with np.load("digits.npz") as data:
    images, labels = data["images"] / 16, data["labels"]
one_hot = np.eye(10)[labels]


def start(inputs, units, rng):
    """A layer whose outputs are about as large as its inputs; unit 11 says why."""
    return Dense(rng.normal(scale=np.sqrt(2 / inputs), size=(inputs, units)), np.zeros(units))


def train(layers, x, y, loss_gradient, rate, epochs, batch=50):
    """Gradient descent; yields after each epoch."""
    rng = np.random.default_rng(1)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch, len(x), batch)):
            values = x[rows]
            for layer in layers:
                values = layer.forward(values)
            g = loss_gradient(y[rows], values)
            for layer in reversed(layers):
                g = layer.backward(g)
            for layer in layers:
                if hasattr(layer, "kernel"):
                    layer.kernel = layer.kernel - rate * layer.kernel_gradient
                    layer.bias = layer.bias - rate * layer.bias_gradient
        yield


# %% tags=["skip-execution"]
def output(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def softmax_minus_label(y_true, logits):
    return (softmax(logits) - y_true) / len(logits)


right = {"train": [], "test": []}
if written(Dense, Relu):
    rng = np.random.default_rng(0)
    reader = [start(64, 32, rng), Relu(), start(32, 10, rng)]
    for _ in train(reader, images[:1400], one_hot[:1400], softmax_minus_label, rate=0.5, epochs=20):
        guesses = output(reader, images).argmax(axis=1) == labels
        right["train"].append(guesses[:1400].mean())
        right["test"].append(guesses[1400:].mean())
    print(f"right after 20 epochs: {right['train'][-1]:.3f} learned, {right['test'][-1]:.3f} new")

# %% tags=["skip-execution"]
if right["test"]:
    fig, (above, below) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    epochs = np.arange(1, 21)
    above.plot(epochs, right["train"], color="tab:blue")
    above.plot(epochs, right["test"], color="tab:orange")
    above.text(20.3, right["train"][-1], "learned", color="tab:blue", va="center")
    above.text(20.3, right["test"][-1], "new", color="tab:orange", va="center")
    above.set(title="New digits are harder", xlabel="epoch", ylabel="share read rightly", xlim=(0, 26))
    above.grid(alpha=0.3)
    kernels = reader[0].kernel[:, :8].T.reshape(8, 8, 8)
    framed = np.pad(kernels, ((0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    limit = np.abs(kernels).max()
    below.imshow(np.block([list(framed[:4]), list(framed[4:])]), cmap="RdBu", vmin=-limit, vmax=limit)
    below.set(title="What eight hidden units look for", xlabel="pixel", ylabel="pixel")
    plt.show()

# %% [markdown]
# *In words: on the left two curves that rise steeply in the first epochs and then slowly, the one for digits that were learned to 1, the one for new digits to a little above 0.9. On the right eight small images in red and blue: each hidden unit weighs strokes in some places for and in others against.*
#
# ## 5. Numbers instead of classes
#
# Only the last gradient changes: a network that predicts a number starts with the slope of the mean squared error.
#
# ### Write `mean_squared_error_gradient` · 5 points
#
# The gradient with respect to `y_pred` of the mean of all squared errors. Both arrays have the shape (samples, outputs).


# %% nbgrader={"grade_id": "mean_squared_error_gradient", "solution": true}
def mean_squared_error_gradient(y_true, y_pred):
    """Gradient of np.mean((y_pred - y_true) ** 2) with respect to y_pred: an array of its shape."""
    ### BEGIN SOLUTION
    return 2 * (y_pred - y_true) / y_pred.size
    ### END SOLUTION


# %% nbgrader={"grade_id": "mean_squared_error_gradient-check", "grade": true}
check("mean_squared_error_gradient", mean_squared_error_gradient)

# %% [markdown]
# `diabetes.npz` has ten measurements of 442 patients, and how far their illness had gone a year later, a number from 25 to 346. A constant is the weakest prediction, a straight line the next. The network is tried on 42 patients that it has not seen.

# %% tags=["skip-execution"]
with np.load("diabetes.npz") as data:
    x = data["features"].astype(float)
    progression = data["progression"].astype(float)[:, None]
x = (x - x[:400].mean(axis=0)) / x[:400].std(axis=0)
mean, deviation = progression[:400].mean(), progression[:400].std()

if written(Dense, Relu, mean_squared_error_gradient):
    ones = np.ones((442, 1))
    line = np.linalg.lstsq(np.hstack([x, ones])[:400], progression[:400], rcond=None)[0]
    rng = np.random.default_rng(0)
    regressor = [start(10, 8, rng), Relu(), start(8, 1, rng)]
    scaled = (progression - mean) / deviation
    for _ in train(regressor, x[:400], scaled[:400], mean_squared_error_gradient, rate=0.02, epochs=40):
        pass
    for name, predicted in [
        ("constant", mean * ones),
        ("line", np.hstack([x, ones]) @ line),
        ("network", mean + deviation * output(regressor, x)),
    ]:
        errors = np.sqrt(np.mean((predicted - progression)[400:] ** 2))
        print(f"{name:9} root mean squared error {errors:5.1f}")

# %% [markdown]
# The line wins. With 400 patients there is little for a network to find beyond a line, and much that is chance. Unit 12 has remedies.
#
# ## 6. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "Backpropagation trains the network." | It computes a gradient. The step is gradient descent's. |
# | "The gradient of the bias is g." | Its sum over the batch. Without it NumPy makes a bias of each sample. |
# | "Start with zeros, the network will learn." | Then one array of four learns. |

# %%
rng = np.random.default_rng(3)
g, bias = rng.normal(size=(32, 10)), np.zeros(10)
print("bias before", bias.shape, " after a step with g itself", (bias - 0.1 * g).shape)
if written(network_gradients):
    zeros = np.zeros((64, 16)), np.zeros(16), np.zeros((16, 10)), np.zeros(10)
    found = network_gradients(images[:32], one_hot[:32], *zeros)
    print("largest gradient from zeros:", *(f"{np.abs(gradient).max():.2f}" for gradient in found))

# %% [markdown]
# ## 7. The same in Keras, PyTorch and MXNet
#
# `recorded.npz` holds a network of 20 inputs, 16 hidden units and 10 classes, a batch of 32, and the gradients that the three returned for it, in float32.
#
# ### Predict · 1 point
#
# MXNet adds the losses of a batch up, and leaves the division to its trainer. For this batch of 32, by which factor are its gradients larger than those of Keras?

# %% nbgrader={"grade_id": "q_batch_factor", "solution": true}
answer_q_batch_factor = (
    ### BEGIN SOLUTION
    32
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_batch_factor-check", "grade": true}
predict("q_batch_factor", answer_q_batch_factor)

# %%
names = ("kernel_1", "bias_1", "kernel_2", "bias_2")
with np.load("recorded.npz") as data:
    recorded = dict(data)
weights = [recorded[name] for name in names]
one_hot_labels = np.eye(10)[recorded["labels"]]

if written(network_gradients):
    ours = network_gradients(recorded["x"], one_hot_labels, *weights)
    for system in ("keras", "pytorch", "mxnet"):
        for name, gradient in zip(names, ours, strict=True):
            theirs = recorded[f"{system}_{name}"]
            factor = np.vdot(theirs, gradient) / np.vdot(gradient, gradient)
            apart = np.abs(theirs - factor * gradient).max() / np.abs(theirs).max()
            print(f"{system:8} {name:9} {factor:9.6f} times yours, apart by {apart:.0e} of the largest")

# %% [markdown]
# The rest is the rounding of float32. For the other network, whose loss is the mean squared error, two samples of three outputs that PyTorch and MXNet recorded:

# %%
y_true = np.array([[1.99865351, 1.30562665, 0.76719292], [-1.8590173, 0.16854091, 0.08044842]])
y_pred = np.array([[0.50633607, 1.04375335, -1.32125383], [1.44619993, -1.09033391, 0.57891474]])
recorded_squares = {
    "PyTorch, reduction='sum'": [[-2.984635, -0.523747, -4.176894], [6.610434, -2.517750, 0.996933]],
    "MXNet, L2Loss": [[-0.497439, -0.087291, -0.696149], [1.101739, -0.419625, 0.166155]],
}
if written(mean_squared_error_gradient):
    for name, theirs in recorded_squares.items():
        ratio = np.array(theirs) / mean_squared_error_gradient(y_true, y_pred)
        print(f"{name:25} between {ratio.min():.4f} and {ratio.max():.4f} times yours")

# %% [markdown]
# The sum has the factor of 6 errors. MXNet halves the square, averages over the outputs and adds the samples up: 6/2/3 is 1, for this batch of two. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(network_gradients):
    try:
        import keras
        import tensorflow as tf
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        model = keras.Sequential(
            [keras.Input((20,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")]
        )
        model.set_weights(weights)
        with tf.GradientTape() as tape:
            losses = keras.losses.sparse_categorical_crossentropy(recorded["labels"], model(recorded["x"]))
            mean_loss = tf.reduce_mean(losses)
        for name, mine, theirs in zip(
            names, ours, tape.gradient(mean_loss, model.trainable_weights), strict=True
        ):
            print(f"{name:9}largest difference {np.abs(mine - theirs.numpy()).max():.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 8. Go on
#
# You can now train a network of your own parts, and its gradients are those of the frameworks. Not settled: why the layers start with kernels of this size, and what happens with 30 layers.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Write a layer `Add` with two inputs, $a + b$, and a network that adds a layer's input to its output. What comes back to the input, and why do such networks train when very deep ones do not?
# 2. Your `Dense` remembers its input. For 100 layers of 1,000 units and a batch of 1,000, how much memory is that in float32? Which inputs could be computed again on the way back?
#
# To read: Rumelhart, Hinton and Williams, [Learning representations by back-propagating errors](https://doi.org/10.1038/323533a0), Nature 1986: four pages.
#
# A question that returns in unit 12: this network subtracts 0.5 times the gradient. What would 5 do, and 0.005?
