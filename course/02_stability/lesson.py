# %% [markdown]
# # 02 · Stability
#
# A formula can be right on paper and wrong in the machine. In unit 01 `sigmoid(-1000)` was right by luck, and its slope at 40 came out as 0.
#
# In this unit, about 60 minutes, we look at the numbers that a computer has in place of the real ones. You write a measure for their errors, and then four functions that no input can break: the ones on which every loss in this course stands.
#
# `check`, `hint` and `reveal` work as before.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written

# %% [markdown]
# ## 1. The window of exp
#
# **Softplus**, $\log(1 + e^x)$, is a relu without the corner. Here is its formula at four places. The true values are $4.25 \cdot 10^{-18}$, $0.693$, $40$ and $800$.

# %%
with np.errstate(over="ignore"):
    for x in (-40.0, 0.0, 40.0, 800.0):
        print(f"softplus({x:4.0f}) by the formula: {np.log(1 + np.exp(x)):.3g}")

# %% [markdown]
# It fails at both ends. Where, and how badly, depends on the kind of number:


# %%
def to_bfloat16(x):
    """float32 numbers rounded to the 8 significant bits of bfloat16, ties to even, kept as float32."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> 16) & 1)
    return ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32)


formats = {name: np.finfo(name) for name in ("float16", "float32", "float64")}
largest = {name: float(limits.max) for name, limits in formats.items()}
smallest = {name: float(limits.smallest_subnormal) for name, limits in formats.items()}
gap = {name: float(limits.eps) for name, limits in formats.items()}
largest["bfloat16"], smallest["bfloat16"] = float(to_bfloat16(3.3895e38)), float(to_bfloat16(2.0**-133))
gap["bfloat16"] = 2.0**-7

print("           largest   largest x for exp   smallest above 0   next number after 1")
for name in ("float16", "bfloat16", "float32", "float64"):
    print(f"{name:9} {largest[name]:9.2e} {np.log(largest[name]):14.2f}", end="")
    print(f" {smallest[name]:20.1e}         1 + {gap[name]:.2g}")

# %% [markdown]
# A floating-point number is a sign, some significant bits and a power of two. A result above the largest number **overflows** to infinity, one far below the smallest **underflows** to 0, and every other is rounded to a neighbour. float16 spends its bits on digits, bfloat16 on range: it reaches as far as float32 with two or three digits. Between two powers of two the numbers lie evenly; at each power their distance doubles.
#
# ### Predict · 1 point
#
# 16777216 is $2^{24}$, and float32 has 24 significant bits. In float32, what is 16777216 + 1?

# %% nbgrader={"grade_id": "q_next", "solution": true}
answer_q_next = (
    ### BEGIN SOLUTION
    16777216
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_next-check", "grade": true}
predict("q_next", answer_q_next)

# %% tags=["skip-execution"]
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
size = np.logspace(-6, 6, 400)
colours = {"bfloat16": "tab:orange", "float16": "tab:red", "float32": "tab:blue", "float64": "tab:green"}
for name, colour in colours.items():
    inside = size[size < largest[name]]
    distance = np.maximum(gap[name] * 2 ** np.floor(np.log2(inside)), smallest[name])
    ax.loglog(inside, distance, color=colour)
    ax.text(
        0.02,
        distance[np.searchsorted(inside, 0.02)] * (60 if name == "bfloat16" else 0.02),
        name,
        color=colour,
    )
ax.grid(alpha=0.3)
ax.set(title="The larger a number, the further away its neighbour", xlabel="x", ylabel="distance to the next")
plt.show()

# %% [markdown]
# *In words: four staircases that rise with x, one for each format, on logarithmic axes. From 0.0001 on bfloat16 lies highest. float16 runs one decade below it, is flat on the left and ends near 65,000; float32 runs about four decades below float16, float64 thirteen.*
#
# ## 2. A measure for errors
#
# An error of 0.001 is small at 1,000,000 and fatal at 0.0001. We measure in **units in the last place**: the distance between what was computed and the truth, divided by the spacing of the computed numbers around the truth. A result that is rounded as well as possible is at most half an **ulp** off.
#
# ### Write `ulp_error` · 5 points
#
# `value` is a float16, float32 or float64 array, `truth` a float64 array of the same shape. The spacing is that of `value`'s dtype, at the truth. `np.spacing(a)` gives the distance from each number of `a` to its neighbour, in `a`'s own dtype.


# %% nbgrader={"grade_id": "ulp_error", "solution": true}
def ulp_error(value, truth):
    """|value - truth| in spacings of value's dtype at the truth: a float64 array of the same shape."""
    ### BEGIN SOLUTION
    unit = np.spacing(np.abs(truth).astype(value.dtype))
    return np.abs(value.astype(np.float64) - truth) / unit
    ### END SOLUTION


# %% nbgrader={"grade_id": "ulp_error-check", "grade": true}
check("ulp_error", ulp_error)

# %% [markdown]
# Measure how exact NumPy's own float32 `exp` is, against float64:

# %%
if written(ulp_error):
    x = np.linspace(-80, 80, 100_001).astype(np.float32)
    error = ulp_error(np.exp(x), np.exp(x.astype(np.float64)))
    print(f"np.exp in float32: {error.mean():.2f} ulp on average, {error.max():.2f} at worst")

# %% [markdown]
# ## 3. Out of range
#
# ### Choose · 1 point
#
# One of these float64 computations leaves the range of its numbers and says nothing. Which one?
#
# - **a** `np.exp(1000.0)`
# - **b** `np.log(0.0)`
# - **c** `np.exp(-1000.0)`
# - **d** `np.inf - np.inf`, as arrays

# %% nbgrader={"grade_id": "q_silent", "solution": true}
answer_q_silent = (
    ### BEGIN SOLUTION
    "c"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_silent-check", "grade": true}
choose("q_silent", answer_q_silent)

# %% [markdown]
# ### Choose · 1 point
#
# `np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))` takes each formula where it is harmless. What happens at `x = np.array([-1000.0, 1000.0])`?
#
# - **a** The right values, and no warning.
# - **b** The right values, with warnings.
# - **c** nan in both places.
# - **d** A ValueError: the truth value of an array is ambiguous.

# %% nbgrader={"grade_id": "q_where", "solution": true}
answer_q_where = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_where-check", "grade": true}
choose("q_where", answer_q_where)

# %% [markdown]
# ### Write `stable_sigmoid` · 5 points
#
# The two formulas in that question are the same number: multiply numerator and denominator of $1/(1 + e^{-x})$ by $e^x$. Use what is harmless on each side, for every x at once. From now on a warning costs points, and so does a float32 array that comes back as float64. The left tail counts too: at $-100$ the sigmoid is $3.7 \cdot 10^{-44}$, not 0.


# %% nbgrader={"grade_id": "stable_sigmoid", "solution": true}
def stable_sigmoid(x):
    """1 / (1 + exp(-x)) without overflow: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(x))  # never above 1
    return np.exp(np.minimum(x, 0)) / (1 + e)
    ### END SOLUTION


# %% nbgrader={"grade_id": "stable_sigmoid-check", "grade": true}
check("stable_sigmoid", stable_sigmoid)

# %% [markdown]
# ## 4. Cancellation: digits that leave without a word
#
# ### Predict · 1 point
#
# The true softplus of -20 is about 2.061e-09. How many correct significant digits has `np.log(1 + np.exp(np.float32(-20)))`?

# %% nbgrader={"grade_id": "q_digits", "solution": true}
answer_q_digits = (
    ### BEGIN SOLUTION
    0
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_digits-check", "grade": true}
predict("q_digits", answer_q_digits)

# %% [markdown]
# A small number was added to a large one, and what did not fit fell off. $e^x - 1$ near 0 loses the same digits, and there the subtraction of two almost equal numbers brings the loss to light: **cancellation**. NumPy has both without the detour, as `np.log1p(e)` for $\log(1 + e)$ and `np.expm1(x)` for $e^x - 1$:

# %%
print("      x   exp(x) - 1               expm1(x)                 correct digits of the first")
for x in (1e-2, 1e-5, 1e-8, 1e-12, 1e-16):
    naive, good = np.exp(x) - 1, np.expm1(x)
    lost = abs(naive - good) / good
    digits = 16 if lost == 0 else max(0, int(-np.log10(lost)))
    print(f"{x:7.0e}   {naive:<22.17g}   {good:<22.17g}   {digits}")

# %% [markdown]
# This costs real digits: the **elu** of unit 04 is $e^x - 1$ on the left, and Keras computes it as written, so that its elu of $-10^{-30}$ is exactly 0. PyTorch uses `expm1`.
#
# ### Write `softplus` · 5 points
#
# $\log(1 + e^x)$ for every x: no warning, $x$ itself far to the right, and far to the left $e^x$ instead of 0. Take the large exponential out of the logarithm where there is one: $\log(1 + e^x) = x + \log(1 + e^{-x})$.


# %% nbgrader={"grade_id": "softplus", "solution": true}
def softplus(x):
    """log(1 + exp(x)) without overflow or cancellation: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "softplus-check", "grade": true}
check("softplus", softplus)

# %% tags=["skip-execution"]
if written(softplus):
    x = np.linspace(-60, 120, 361).astype(np.float32)
    wide = x.astype(np.float64)
    truth = np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide)))
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    with np.errstate(over="ignore"):
        drawn = [
            (softplus(x), "tab:blue", "-", 4, "yours", (10, 9.5)),
            (np.log1p(np.exp(x)), "tab:orange", "--", 1.5, "log1p(exp(x))", (92, 3)),
            (np.log(1 + np.exp(x)), "tab:red", "-", 1.5, "log(1 + exp(x))", (-58, 0.5)),
        ]
    for values, colour, style, width, label, at in drawn:
        digits = -np.log10(np.maximum(np.abs(values - truth) / truth, 1e-9))
        ax.plot(x, np.maximum(digits, 0), style, color=colour, lw=width, alpha=0.6)
        ax.text(*at, label, color=colour)
    ax.grid(alpha=0.3)
    ax.set(title="Each repair mends one end", xlabel="x", ylabel="correct digits", ylim=(-0.3, 10.5))
    plt.show()

# %% [markdown]
# *In words: correct digits of three float32 versions of softplus, x from -60 to 120. The formula as written falls from seven digits at 0 to none at -17; log1p of exp keeps seven digits there, but both drop to none at 89, where exp overflows. A stable softplus has seven digits everywhere.*
#
# ### Write `log_sigmoid` · 5 points
#
# The loss of a classifier is the logarithm of a probability: $\log \sigma(x)$. Even a stable sigmoid does not help there: at $-1000$ it is 0, whose logarithm is $-\infty$, and at 40 it is 1, whose logarithm is 0. Take the logarithm on paper first, then use a function that you have.


# %% nbgrader={"grade_id": "log_sigmoid", "solution": true}
def log_sigmoid(x):
    """log(1 / (1 + exp(-x))) at every x, without a warning: same shape and dtype as x, and x unchanged."""
    ### BEGIN SOLUTION
    return -softplus(-x)
    ### END SOLUTION


# %% nbgrader={"grade_id": "log_sigmoid-check", "grade": true}
check("log_sigmoid", log_sigmoid)

# %% [markdown]
# Three popular repairs of the naive version, beside yours. Look for the one that agrees:

# %%
if written(log_sigmoid, stable_sigmoid):
    x = np.array([-1000.0, -20.0, 0.0, 20.0])
    p = stable_sigmoid(x)
    with np.errstate(divide="ignore"):
        print("x                   ", *(f"{number:12.0f}" for number in x))
        print("yours               ", *(f"{number:12.4g}" for number in log_sigmoid(x)))
        print("log(p + 1e-5)       ", *(f"{number:12.4g}" for number in np.log(p + 1e-5)))
        print("log(clip(p, 1e-7))  ", *(f"{number:12.4g}" for number in np.log(np.clip(p, 1e-7, 1 - 1e-7))))
        print("nan_to_num(log(p))  ", *(f"{number:12.4g}" for number in np.nan_to_num(np.log(p))))

# %% [markdown]
# Each of them puts a finite number where the trouble was, and none the right one. Worse, the first two go flat there: a model that is certain and wrong gets almost no slope, and learns nothing from it. Unit 07 measures that.
#
# ## 5. A sum of exponentials
#
# ### Choose · 1 point
#
# Add 100 to every entry of a row. What happens to its logsumexp, $\log \sum_j e^{x_j}$?
#
# - **a** Nothing: it does not depend on a shift.
# - **b** It grows by 100.
# - **c** It is multiplied by exp(100).
# - **d** It grows by 100 times the number of entries.

# %% nbgrader={"grade_id": "q_shift", "solution": true}
answer_q_shift = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_shift-check", "grade": true}
choose("q_shift", answer_q_shift)

# %% [markdown]
# ### Write `logsumexp` · 5 points
#
# Along one axis, which disappears from the shape. Rows may be as different as `[0, 1]` and `[1000, 1001]`: each needs its own shift.


# %% nbgrader={"grade_id": "logsumexp", "solution": true}
def logsumexp(x, axis=-1):
    """log(sum(exp(x))) along an axis, without overflow: the shape of x without that axis, and x unchanged."""
    ### BEGIN SOLUTION
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log(np.sum(np.exp(x - top), axis=axis))
    ### END SOLUTION


# %% nbgrader={"grade_id": "logsumexp-check", "grade": true}
check("logsumexp", logsumexp)

# %% [markdown]
# Softplus is the logsumexp of two numbers, $x$ and 0. Softmax, in the next unit, is what its slope turns out to be.

# %%
if written(softplus, logsumexp):
    x = np.array([-1000.0, -20.0, 0.0, 20.0, 1000.0])
    pairs = np.stack([x, np.zeros_like(x)], axis=-1)
    print("largest difference:", np.abs(logsumexp(pairs) - softplus(x)).max())

# %% [markdown]
# ## 6. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "Add a small epsilon and the loss is stable." | It is finite. It is also wrong, and flat where the model is most wrong. |
# | "Scores of 300 overflow." | In float32. In float64 `exp` holds up to 709. |
# | "`1 - 1e-7` keeps a probability away from 1." | Not in float16, where it rounds to 1. |
# | "The stable formula is accurate everywhere." | Only in what it was made stable for. |

# %%
with np.errstate(over="ignore"):
    print("exp(300):", np.exp(np.float32(300)), "in float32,", np.exp(300.0), "in float64")
print("1 - 1e-7 in float16:", np.float16(1) - np.float16(1e-7))
x = np.float32(1e-4)
log_cosh = x + np.log1p(np.exp(-2 * x)) - np.float32(np.log(2))
print("log cosh(1e-4) by the formula that never overflows:", log_cosh, " truth:", float(x) ** 2 / 2)

# %% [markdown]
# ## 7. The same in Keras, PyTorch and MXNet
#
# | | Keras 3 | PyTorch 2 | MXNet 1.9 |
# | --- | --- | --- | --- |
# | `stable_sigmoid` | `keras.activations.sigmoid` | `torch.sigmoid` | `mxnet.nd.sigmoid` |
# | `softplus` | `keras.activations.softplus` | `torch.nn.functional.softplus`: $x$ itself above 20 | `mxnet.nd.Activation`, `softrelu`: $x$ itself above 20 |
# | `log_sigmoid` | `keras.activations.log_sigmoid` | `torch.nn.functional.logsigmoid` | none |
# | `logsumexp` | `keras.ops.logsumexp` | `torch.logsumexp` | none |
# | elu at $-10^{-30}$ (float64) | 0 | $-10^{-30}$ | $-10^{-30}$ |
#
# What PyTorch 2.13 and MXNet 1.9.1 return has been written down once, so you can hold your functions against theirs without either. One of these five is far off, in a place where you now know what to look for:

# %%
x = np.array([-30, -20, -1, 1, 20.5], np.float32)
recorded = {  # what they returned for this x, in float32
    ("stable_sigmoid", "PyTorch"): [9.3576236e-14, 2.0611537e-09, 0.26894143, 0.7310586, 1.0],
    ("stable_sigmoid", "MXNet"): [9.3576236e-14, 2.0611537e-09, 0.26894143, 0.7310586, 1.0],
    ("softplus", "PyTorch"): [9.357623e-14, 2.0611537e-09, 0.3132617, 1.3132616, 20.5],
    ("softplus", "MXNet"): [0.0, -1.9073486e-06, 0.31326175, 1.3132617, 20.5],
    ("log_sigmoid", "PyTorch"): [-30.0, -20.0, -1.3132617, -0.3132617, -1.2501529e-09],
}
if written(ulp_error, stable_sigmoid, softplus, log_sigmoid):
    for (name, system), values in recorded.items():
        function = {"softplus": softplus, "log_sigmoid": log_sigmoid}.get(name, stable_sigmoid)
        truth = function(x.astype(np.float64))
        theirs, yours = ulp_error(np.float32(values), truth), ulp_error(function(x), truth)
        print(f"{name:15} yours: at worst {yours.max():.1f} ulp", end="")
        print(f"   {system}: {theirs.max():.2g}, at x = {x[theirs.argmax()]}")

# %% [markdown]
# A softplus below 0 is no softplus. The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(ulp_error, stable_sigmoid, softplus, log_sigmoid, logsumexp):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        x = np.linspace(-80, 80, 2001).astype(np.float32)
        for function in (stable_sigmoid, softplus, log_sigmoid):
            truth = function(x.astype(np.float64))
            theirs = np.asarray(getattr(keras.activations, function.__name__.removeprefix("stable_"))(x))
            for who, values in (("yours", function(x)), ("Keras", theirs)):
                print(f"{function.__name__:15} {who}: at worst {ulp_error(values, truth).max():.1f} ulp")
        table = x[:2000].reshape(100, 20)
        difference = np.abs(logsumexp(table) - np.asarray(keras.ops.logsumexp(table, axis=-1))).max()
        print(f"logsumexp       largest difference {difference:.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 8. Go on
#
# You can now say how far a computed number is from the truth, and you have four functions that hold for every input. Not settled: what a gradient needs. A loss can be right to six digits and its slope useless; unit 07 comes back to that.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. The slope of the sigmoid, computed as `y * (1 - y)`, is 0 at 40. Write it so that it is right to the last digit, at 40 and at -700.
# 2. Write `log_cosh(x)`, the logarithm of the hyperbolic cosine, so that neither 1000 nor 0.0001 in float32 costs a digit. Which two formulas do you need?
#
# To read: Goldberg, [What Every Computer Scientist Should Know About Floating-Point Arithmetic](https://doi.org/10.1145/103162.103163), ACM Computing Surveys 1991, the sections on rounding error and cancellation.
#
# A question that returns in the next unit: all entries of a row are $-\infty$. What should its softmax be?
