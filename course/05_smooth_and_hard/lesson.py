# %% [markdown]
# # 05 · Smooth and hard
#
# relu multiplies $x$ by 0 or by 1. Networks that write text use something smoother, networks in a phone something cheaper, and several of these functions go by one name.
#
# In this unit, about 60 minutes, you write eight of them, find out which gelu a network means, and measure what an exponential costs.

# %% nbgrader={"grade_id": "setup", "locked": true}
import math
import time
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, explore, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. Three functions, one name
#
# Papers and programs call each of these three gelu:

# %%
share_below = NormalDist().cdf  # of all normal numbers, the share that is less than x
for x in (-2.0, -0.5, 1.0):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    by_tanh, by_sigmoid = x / 2 * (1 + math.tanh(u)), x / (1 + math.exp(-1.702 * x))
    print(f"x = {x:4}   exact {x * share_below(x):8.5f}   tanh {by_tanh:8.5f}   sigmoid {by_sigmoid:8.5f}")

# %% [markdown]
# They have one idea in common. relu is $x$ times a **gate** that is shut or open, `x * (x > 0)`. Here the gate opens gradually, from 0 far left to 1 far right. What differs is the gate.
#
# ### Choose · 1 point
#
# **silu** is $x \cdot \sigma(x)$, with the sigmoid as the gate. What does it do on the way from far left to far right?
#
# - **a** It rises all the way, as the sigmoid does.
# - **b** It is 0 up to 0, then it rises.
# - **c** It stays between 0 and 1.
# - **d** It falls to about -0.28, then it rises.

# %% nbgrader={"grade_id": "q_silu_falls", "solution": true}
answer_q_silu_falls = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_silu_falls-check", "grade": true}
choose("q_silu_falls", answer_q_silu_falls)

# %% [markdown]
# Two functions of unit 02 come along:


# %%
def sigmoid(x):
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# %% [markdown]
# ### Write `silu` · 5 points
#
# As in unit 02, here and below a warning costs points, the left tail counts, and float32 stays float32.


# %% nbgrader={"grade_id": "silu", "solution": true}
def silu(x):
    """x times the sigmoid of x: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return x * sigmoid(x)
    ### END SOLUTION


# %% nbgrader={"grade_id": "silu-check", "grade": true}
check("silu", silu)

# %% [markdown]
# With a factor $\beta$ inside the gate it is called **swish**. Move beta: which functions do you meet at the two ends?


# %%
def swish(x, beta=1.0):
    return x * sigmoid(beta * x)


explore(swish, beta=(0, 10))

# %% [markdown]
# At 0 the gate is half open for every $x$, and swish is the line $x / 2$; at 10 it is nearly relu.
#
# ## 2. gelu
#
# The gate of **gelu** is $\Phi(x)$, the probability that a normal number is less than $x$. For single numbers Python has erf, which rises from -1 to 1, and erfc, which is 1 - erf:
#
# $$\Phi(x) = \frac12 \left(1 + \mathrm{erf}\,\frac{x}{\sqrt 2}\right) = \frac12\, \mathrm{erfc}\left(-\frac{x}{\sqrt 2}\right)$$
#
# `np.vectorize` calls them for every number of an array:

# %%
erf, erfc = np.vectorize(math.erf, otypes=[float]), np.vectorize(math.erfc, otypes=[float])
t = np.array([-7.0, 0.0, 7.0])
print("erf: ", erf(t))
print("erfc:", erfc(t))

# %% [markdown]
# ### Write `gelu` · 5 points
#
# At -10 it is $-7.6 \cdot 10^{-23}$. Which of the two forms knows that? For float32, float64 may come back this time.


# %% nbgrader={"grade_id": "gelu", "solution": true}
def gelu(x):
    """x times the share of normal numbers less than x: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    return x * erfc(-x / math.sqrt(2)) / 2
    ### END SOLUTION


# %% nbgrader={"grade_id": "gelu-check", "grade": true}
check("gelu", gelu)

# %% [markdown]
# ### Choose · 1 point
#
# A network was trained with the tanh formula, and now runs with the exact gelu. By how much can a single activation differ?
#
# - **a** Not at all: the formulas are equal.
# - **b** By less than 0.0005.
# - **c** By about 0.02.
# - **d** By the more, the larger x is.

# %% nbgrader={"grade_id": "q_gelu_gap", "solution": true}
answer_q_gelu_gap = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_gelu_gap-check", "grade": true}
choose("q_gelu_gap", answer_q_gelu_gap)

# %% [markdown]
# ### Write `gelu_tanh` · 5 points
#
# $$\frac x2\,(1 + \tanh u), \qquad u = \sqrt{2 / \pi}\,(x + 0.044715\,x^3)$$
#
# As written, $1 + \tanh u$ loses the left tail. From unit 01 you know $\tanh u = 2\,\sigma(2u) - 1$: put it in, and a gate without cancellation is left. A trap: `np.sqrt(2)` is a float64 number, and turns float32 arrays into float64. `math.sqrt(2)` is a plain Python number, and does not.


# %% nbgrader={"grade_id": "gelu_tanh", "solution": true}
def gelu_tanh(x):
    """x / 2 * (1 + tanh(u)) without cancellation: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
    ### END SOLUTION


# %% nbgrader={"grade_id": "gelu_tanh-check", "grade": true}
check("gelu_tanh", gelu_tanh)

# %% tags=["skip-execution"]
if written(gelu, gelu_tanh):
    x = np.linspace(-6, 6, 1201)
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for values, label, colour, at in [
        (x * sigmoid(1.702 * x), "one sigmoid of 1.702 x", "tab:orange", (-1.7, 4e-2)),
        (gelu_tanh(x), "tanh formula", "tab:blue", (2.05, 7e-4)),
    ]:
        ax.semilogy(x, np.abs(values - gelu(x)), color=colour)
        ax.text(*at, label, color=colour)
    ax.grid(alpha=0.3)
    ax.set(
        title="The tanh formula is forty times closer",
        xlabel="x",
        ylabel="distance from the exact gelu",
        ylim=(1e-6, 0.2),
    )
    plt.show()

# %% [markdown]
# *In words: the distance of two approximations from the exact gelu, x from -6 to 6, on a logarithmic axis. Both curves are symmetric and have gaps where they cross the truth. The upper one, a sigmoid of 1.702 x, reaches 0.02 near 2.2; the lower one, the tanh formula, 0.0005 near 2.7.*
#
# ## 3. mish
#
# ### Write `mish` · 5 points
#
# The gate of **mish** is the tanh of the softplus of $x$.


# %% nbgrader={"grade_id": "mish", "solution": true}
def mish(x):
    """x * tanh(softplus(x)): same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return x * np.tanh(softplus(x))
    ### END SOLUTION


# %% nbgrader={"grade_id": "mish-check", "grade": true}
check("mish", mish)

# %% tags=["skip-execution"]
if written(silu, gelu, mish):
    x = np.linspace(-6, 6, 1201)
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, layout="constrained")
    for function, colour, at in [
        (gelu, "tab:green", (0.4, 0.0)),
        (silu, "tab:blue", (-2.6, -0.45)),
        (mish, "tab:orange", (-1.1, -0.55)),
    ]:
        above.plot(x, function(x), color=colour)
        above.text(*at, function.__name__, color=colour)
        below.plot(x, np.gradient(function(x), x), color=colour)
    above.set(title="All dip below 0, and all are steeper than relu for a while", ylabel="value")
    below.set(xlabel="x", ylabel="slope")
    above.set_ylim(-0.75, 1.5)
    for ax in (above, below):
        ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: gelu, silu and mish above, their slopes below, x from -6 to 6. The values come from 0, dip to -0.17 (gelu), -0.28 (silu) and -0.31 (mish), and rise towards x. The slopes are a little below 0 on the left of the dip, rise to 1.13, 1.10 and 1.09, and end at 1.*
#
# ## 4. Hard gates
#
# A small processor may have no exponential at all. **Hard** functions put straight lines in its place: slope times $x$ plus 0.5, cut off at 0 and at 1.
#
# ### Write `hard_sigmoid` · 5 points
#
# The slope is an argument, since frameworks disagree about it.


# %% nbgrader={"grade_id": "hard_sigmoid", "solution": true}
def hard_sigmoid(x, slope=1 / 6):
    """slope * x + 0.5, cut off at 0 and 1: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.clip(slope * x + 0.5, 0, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "hard_sigmoid-check", "grade": true}
check("hard_sigmoid", hard_sigmoid)

# %% [markdown]
# ### Choose · 1 point
#
# A gate's pre-activation is -4 for every example. Behind which gate does it still hear from the loss?
#
# - **a** Behind the sigmoid alone.
# - **b** Behind the hard sigmoid alone: straight pieces have no vanishing slope.
# - **c** Behind both: a network can always learn.
# - **d** Behind neither: both are saturated.

# %% nbgrader={"grade_id": "q_hard_silent", "solution": true}
answer_q_hard_silent = (
    ### BEGIN SOLUTION
    "a"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_hard_silent-check", "grade": true}
choose("q_hard_silent", answer_q_hard_silent)

# %% [markdown]
# ### Write `hard_silu` · 5 points
#
# silu with the hard gate, also called hard_swish.


# %% nbgrader={"grade_id": "hard_silu", "solution": true}
def hard_silu(x):
    """x times its hard sigmoid of slope 1/6: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    return x * hard_sigmoid(x)
    ### END SOLUTION


# %% nbgrader={"grade_id": "hard_silu-check", "grade": true}
check("hard_silu", hard_silu)

# %%
explore(sigmoid, hard_sigmoid, silu, hard_silu)

# %% [markdown]
# What does it save? Your functions on 100,000 float32 numbers, on your machine:

# %%
if written(silu, gelu, gelu_tanh, mish, hard_sigmoid, hard_silu):
    x = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    for function in (hard_sigmoid, sigmoid, hard_silu, silu, mish, gelu_tanh, gelu):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            function(x)
            seconds.append(time.perf_counter() - start)
        print(f"{function.__name__:12} {min(seconds) / x.size * 1e9:8.2f} ns for each number")

# %% [markdown]
# A hard gate needs a product, a sum and a clip; an exponential takes several of these. gelu calls Python once for each number, the price of a NumPy without erf; Keras and PyTorch have it compiled. If your gelu_tanh is nearly as slow, look at the cube: `x**3` calls a general power, `x * x * x` does not.
#
# The other reason is whole numbers. Here is hard_silu in 8-bit integers, $x$ counted in sixteenths, with no fraction anywhere:

# %%
if written(hard_silu):
    q = np.arange(-128, 128)  # all values of an 8-bit integer; x = q / 16
    y = (q * np.clip(q + 48, 0, 96) + 48) // 96  # rounded to whole sixteenths
    print("largest error, in sixteenths:", np.abs(y - 16 * hard_silu(q / 16)).max())

# %% [markdown]
# ## 5. Without an exponential
#
# ### Predict · 1 point
#
# **softsign** is $x / (1 + |x|)$, a tanh without an exponential. At 9 tanh is 1 but for 0.00000003. How far from 1 is softsign at 9?

# %% nbgrader={"grade_id": "q_softsign_gap", "solution": true}
answer_q_softsign_gap = (
    ### BEGIN SOLUTION
    0.1
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_softsign_gap-check", "grade": true}
predict("q_softsign_gap", answer_q_softsign_gap)

# %% [markdown]
# ### Write `squareplus` · 5 points
#
# **squareplus** is a softplus without an exponential. On the left its formula cancels; the second form is the same number, multiplied above and below by $\sqrt{x^2 + b} - x$, and cancels on the right:
#
# $$\frac{x + \sqrt{x^2 + b}}{2} = \frac{b}{2\,(\sqrt{x^2 + b} - x)}$$
#
# Take what is harmless on each side. `np.hypot(x, c)` is $\sqrt{x^2 + c^2}$, even at $10^{200}$, where $x^2$ overflows. And of a plain number `b**0.5` is a plain number again.


# %% nbgrader={"grade_id": "squareplus", "solution": true}
def squareplus(x, b=4.0):
    """(x + sqrt(x**2 + b)) / 2 without cancellation: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    total = np.abs(x) + np.hypot(x, b**0.5)  # never near 0
    return np.where(x < 0, b / total, total) / 2
    ### END SOLUTION


# %% nbgrader={"grade_id": "squareplus-check", "grade": true}
check("squareplus", squareplus)

# %% tags=["skip-execution"]
if written(squareplus):
    size = np.logspace(-1, 5, 601)
    x = -size.astype(np.float32)
    truth = 2 / (size + np.hypot(size, 2))
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for values, label, colour, at in [
        (squareplus(x), "yours", "tab:blue", (2e3, 9.2)),
        ((x + np.sqrt(x * x + 4)) / 2, "as written", "tab:red", (60, 3.2)),
    ]:
        digits = -np.log10(np.maximum(np.abs(values - truth) / truth, 1e-9))
        ax.semilogx(x, np.maximum(digits, 0), color=colour, alpha=0.7)
        ax.text(-at[0], at[1], label, color=colour)
    ax.set_xscale("symlog", linthresh=0.1)
    ax.set_xlim(-1.2e5, -0.1)
    ax.grid(alpha=0.3)
    ax.set(
        title="As written, no digit is left at -10,000", xlabel="x", ylabel="correct digits", ylim=(-0.3, 10)
    )
    plt.show()

# %% [markdown]
# *In words: correct digits of squareplus in float32, x from -100,000 to -0.1 on a logarithmic axis. Yours has seven digits or more everywhere. The formula as written has seven near 0, loses two for each power of ten, and below -8,200 it has none.*
#
# ## 6. Shrinking
#
# Measurements are often a few large numbers among many small ones, the noise. **hard_shrink** takes everything up to a threshold for noise, and keeps the rest. **soft_shrink** also moves the rest towards 0 by the threshold, so that it has no jump.
#
# ### Write `soft_shrink` · 5 points


# %% nbgrader={"grade_id": "soft_shrink", "solution": true}
def soft_shrink(x, threshold=0.5):
    """0 where |x| <= threshold, else x moved towards 0 by threshold: same shape as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "soft_shrink-check", "grade": true}
check("soft_shrink", soft_shrink)

# %% tags=["skip-execution"]
if written(soft_shrink):
    rng = np.random.default_rng(0)
    signal = np.zeros(60)
    signal[rng.choice(60, 5, replace=False)] = [2, -1.5, 1.2, -2.2, 1.8]
    noisy = signal + 0.25 * rng.normal(size=60)
    x = np.linspace(-2, 2, 401)
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2), layout="constrained")
    for values, label, colour, at in [
        (np.where(np.abs(x) > 0.5, x, 0), "hard_shrink", "tab:red", (-0.45, 1.6)),
        (soft_shrink(x), "soft_shrink", "tab:blue", (0.5, -0.4)),
        (x - np.tanh(x), "x - tanh(x)", "tab:green", (-2.0, 0.15)),
    ]:
        left.plot(x, values, color=colour)
        left.text(*at, label, color=colour)
    left.set(title="Three ways to shrink", xlabel="x", ylabel="value")
    right.plot(noisy, ".", color="tab:gray")
    right.vlines(np.arange(60), 0, soft_shrink(noisy), color="tab:blue")
    right.plot(np.flatnonzero(signal), signal[signal != 0], "o", mfc="none", color="tab:red")
    for ax in (left, right):
        ax.grid(alpha=0.3)
    right.set(title="The noise goes, the peaks stay", xlabel="position", ylabel="signal")
    plt.show()

# %% [markdown]
# *In words: on the left hard_shrink, soft_shrink and x - tanh(x), which Keras calls tanh_shrink, x from -2 to 2: the first jumps at the threshold of 0.5, the second starts there from 0, the third is bent and nowhere flat but at 0. On the right a noisy signal as grey dots: after soft_shrink almost all positions are 0, and the five true peaks, red circles, remain, each a little too small.*
#
# ## 7. Who uses which

# %% [markdown]
# | field | network | function | source |
# | --- | --- | --- | --- |
# | vision | MobileNetV3 | hard_silu; hard_sigmoid in its gates | Howard et al., [1905.02244](https://arxiv.org/abs/1905.02244) |
# | vision | EfficientNet | silu | Tan and Le, [1905.11946](https://arxiv.org/abs/1905.11946) |
# | vision | YOLOv4 | mish | Bochkovskiy et al., [2004.10934](https://arxiv.org/abs/2004.10934) |
# | vision | ViT | gelu | Dosovitskiy et al., [2010.11929](https://arxiv.org/abs/2010.11929) |
# | language | BERT | gelu | Devlin et al., [1810.04805](https://arxiv.org/abs/1810.04805) |
# | language | GPT-2 | gelu by tanh | Radford et al., 2019, [its code](https://github.com/openai/gpt-2/blob/master/src/model.py) |
# | language | Llama | silu, times a second layer (SwiGLU) | Touvron et al., [2302.13971](https://arxiv.org/abs/2302.13971) |
# | series | PatchTST | gelu | Nie et al., [2211.14730](https://arxiv.org/abs/2211.14730) |
# | series | DeepAR | softplus, for a spread above 0 | Salinas et al., [1704.04110](https://arxiv.org/abs/1704.04110) |
# | series | Deep Voice 3 | softsign, for the speaker | Ping et al., [1710.07654](https://arxiv.org/abs/1710.07654) |
# | control | players of Tetris and Atari games | silu | Elfwing et al., [1702.03118](https://arxiv.org/abs/1702.03118) |
# | control | DreamerV3 | silu | Hafner et al., [2301.04104](https://arxiv.org/abs/2301.04104) |
# | medicine | Swin UNETR | gelu | Hatamizadeh et al., [2201.01266](https://arxiv.org/abs/2201.01266) |
# | medicine | nnU-Net | leaky relu of unit 01, slope 0.01 | Isensee et al., [1809.10486](https://arxiv.org/abs/1809.10486) |
# | medicine | ISTA-Net, for MRI too | soft_shrink with learned thresholds | Zhang and Ghanem, [1706.07929](https://arxiv.org/abs/1706.07929) |
#
# These are customs. Shape and cost are what we measured here; which one trains best, only an experiment with your data can say.
#
# ## 8. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "gelu is $x\,\sigma(1.702\,x)$." | Only to 0.02. |
# | "swish grows all the way, like relu." | It falls until x is -1.278. |
# | "The hard sigmoid is $0.2\,x + 0.5$, cut off." | In Keras 2 and MXNet. In Keras 3 and PyTorch the slope is 1/6. |
# | "squareplus is softplus, only cheaper." | On the left it goes to 0 far more slowly. |
# | "silu of $-\infty$ is 0." | That is the limit. $x \cdot \sigma(x)$ gives nan, in all three frameworks too. |

# %%
if written(silu, gelu, hard_sigmoid, squareplus):
    x = np.linspace(-6, 6, 12001)
    print(f"x sigmoid(1.702 x) and gelu: up to {np.abs(x * sigmoid(1.702 * x) - gelu(x)).max():.4f} apart")
    falls = silu(np.array([-5.0, -1.278]))
    print(f"silu from -5 to -1.278: from {falls[0]:.3f} to {falls[1]:.3f}")
    at = np.array([2.75])
    ends = hard_sigmoid(at)[0], hard_sigmoid(at, slope=0.2)[0]
    print(f"hard sigmoid of 2.75: {ends[0]:.3f}, with the slope 0.2: {ends[1]:.3f}")
    at = np.array([-20.0])
    print(f"at -20: softplus {softplus(at)[0]:.1e}, squareplus {squareplus(at)[0]:.1e}")
    with np.errstate(invalid="ignore"):
        print("x * sigmoid(x) at -inf:", -np.inf * sigmoid(np.array([-np.inf]))[0])

# %% [markdown]
# ## 9. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 |
# | --- | --- | --- | --- |
# | `silu` | `keras.activations.silu`, `swish` | `torch.nn.functional.silu` | `mxnet.gluon.nn.Swish` |
# | `gelu` | `keras.activations.gelu` | `torch.nn.functional.gelu` | `mxnet.nd.LeakyReLU`, `gelu` |
# | `gelu_tanh` | `keras.ops.gelu`, by default | `gelu(x, approximate="tanh")` | none |
# | gelu at -6 in float32 (truth: -5.9e-9) | -5.9e-9 | 0 | 0 |
# | `gelu_tanh` there (truth: -8.4e-11) | 0 | 0 | none |
# | `mish` | `keras.activations.mish` | `torch.nn.functional.mish` | none |
# | `hard_sigmoid`, slope | 1/6 | 1/6 | 0.2 |
# | `hard_silu` | `keras.activations.hard_silu`, `hard_swish` | `torch.nn.functional.hardswish` | none |
# | softsign at $\infty$ (limit: 1) | nan | nan | nan |
# | `squareplus` | `keras.activations.squareplus`; 0 at -10,000 in float32 | none | none |
# | `soft_shrink` | `keras.activations.soft_shrink` | `softshrink(x, lambd)` | none |
#
# The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(silu, gelu, mish, hard_sigmoid, hard_silu, squareplus, soft_shrink):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        z = np.linspace(-10, 10, 1001)
        for function in (silu, gelu, mish, hard_sigmoid, hard_silu, squareplus, soft_shrink):
            theirs = np.asarray(getattr(keras.activations, function.__name__)(z))
            print(f"{function.__name__:12} largest difference {np.abs(function(z) - theirs).max():.0e}")
        far = np.float32([-6, -1e4])
        print("gelu(-6):", gelu(far)[0], " keras.ops.gelu:", np.asarray(keras.ops.gelu(far))[0])
        theirs = np.asarray(keras.activations.squareplus(far))
        print("squareplus(-10000):", squareplus(far)[1], " Keras:", theirs[1])
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 10. Go on
#
# You can now read most activations as $x$ times a gate, and tell which gelu a network means. Not settled: whether the dip below 0 helps. The papers have experiments for it, and no proof.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Which factor $c$ brings $x\,\sigma(c\,x)$ closest to gelu, if the largest distance counts? Search for it on a fine grid, and compare with 1.702.
# 2. In float32 `x - np.tanh(x)` is 0 at 0.0001, where the truth is 3.3e-13. Write a `tanh_shrink` that keeps all digits. Two formulas are enough.
#
# To read: Hendrycks and Gimpel, [Gaussian Error Linear Units](https://arxiv.org/abs/1606.08415), 2016; and section 5.2 of Howard et al., [Searching for MobileNetV3](https://arxiv.org/abs/1905.02244), ICCV 2019.
#
# A question that returns in unit 07: which loss is a softplus in disguise?
