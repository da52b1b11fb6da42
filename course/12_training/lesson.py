# %% [markdown]
# # 12 · Training
#
# A gradient says in which direction. **Training** decides the rest: how far to step, what to remember, when to stop, and how to choose all of that.
#
# Unit 10 left a question and a defeat. Its network subtracted 0.5 times the gradient: what would 5 do, and 0.005? And on 442 patients a straight line beat it. In this unit, about 70 minutes, you answer both, and search for settings, by hand and with scikit-learn.

# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt
import numpy as np

from nlref import check, choose, hint, predict, progress, reveal, written

# %% [markdown]
# The network of unit 10, shorter: two layers with a relu between them, and the same digits.


# %%
def network(weights, x, factors=1.0):
    """Output and hidden values; factors multiply the hidden values, for dropout."""
    hidden = np.maximum(x @ weights[0] + weights[1], 0) * factors
    return hidden @ weights[2] + weights[3], hidden


def gradients(weights, x, y, loss_gradient, factors=1.0):
    output, hidden = network(weights, x, factors)
    g = loss_gradient(y, output)
    back = g @ weights[2].T * factors * (hidden > 0)
    return [x.T @ back, back.sum(axis=0), hidden.T @ g, g.sum(axis=0)]


def start(inputs, units, outputs, seed=0):
    rng = np.random.default_rng(seed)
    first = rng.normal(scale=np.sqrt(2 / inputs), size=(inputs, units))
    return [
        first,
        np.zeros(units),
        rng.normal(scale=np.sqrt(2 / units), size=(units, outputs)),
        np.zeros(outputs),
    ]


with np.load("digits.npz") as data:
    images, labels = data["images"] / 16, data["labels"]
one_hot = np.eye(10)[labels]


# %% [markdown]
# ## 1. How far to step
#
# ### Predict · 1 point
#
# f(w) = 2 w², and a step is w - rate · f'(w). Above which rate does w move away from 0, not towards it?

# %% nbgrader={"grade_id": "q_largest_rate", "solution": true}
answer_q_largest_rate = (
    ### BEGIN SOLUTION
    0.5
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_largest_rate-check", "grade": true}
predict("q_largest_rate", answer_q_largest_rate)

# %% [markdown]
# ### Write `sgd_step` · 5 points
#
# The weights after one step of gradient descent, as a new array: the gradient, times the learning rate, is subtracted.


# %% nbgrader={"grade_id": "sgd_step", "solution": true}
def sgd_step(w, gradient, learning_rate=0.01):
    """The weights after a step against the gradient."""
    ### BEGIN SOLUTION
    return w - learning_rate * gradient
    ### END SOLUTION


# %% nbgrader={"grade_id": "sgd_step-check", "grade": true}
check("sgd_step", sgd_step)

# %% [markdown]
# Now the question of unit 10. `descend` trains on 1,400 digits in batches of 50, which makes it *stochastic* gradient descent, and gives the loss after each epoch.


# %% tags=["skip-execution"]
def softmax_minus_label(y_true, logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True) - y_true) / len(logits)


def descend(make, epochs=10):
    """Train on digits with a rule of its own for each array; the crossentropy after each epoch."""
    rng, weights, losses = np.random.default_rng(1), start(64, 32, 10), []
    rules = [make() for _ in weights]
    for _ in range(epochs):
        for rows in np.split(rng.permutation(1400), range(50, 1400, 50)):
            slopes = gradients(weights, images[rows], one_hot[rows], softmax_minus_label)
            weights = [rule(w, g) for rule, w, g in zip(rules, weights, slopes, strict=True)]
        logits = network(weights, images[:1400])[0]
        true = np.sum(logits * one_hot[:1400], axis=1)
        losses.append(np.mean(np.logaddexp.reduce(logits, axis=1) - true))
    return losses


by_rate = {}
if written(sgd_step):
    for rate in (5, 0.5, 0.005):
        by_rate[rate] = descend(lambda rate=rate: lambda w, g: sgd_step(w, g, rate))
        print(f"rate {rate:5}: loss {by_rate[rate][-1]:.2f} after 10 epochs")
    print(f"a guess:    loss {np.log(10):.2f}")

# %% tags=["skip-execution"]
if by_rate:
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for rate, color in ((5, "tab:red"), (0.5, "tab:blue"), (0.005, "tab:orange")):
        ax.plot(range(1, 11), by_rate[rate], color=color)
        ax.text(10.15, by_rate[rate][-1], f"rate {rate}", color=color, va="center")
    ax.set(title="Too far, about right, too timid", xlabel="epoch", ylabel="crossentropy", xlim=(0.8, 11.6))
    ax.set(ylim=(0, 2.6))
    ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: with the rate 5 the loss stays near that of a guess, 2.30, and never falls. With 0.5 it falls to below 0.1. With 0.005 it falls slowly and steadily, and after ten epochs is still near 2.*
#
# With 5 the first steps land so far off that the hidden units die, as in unit 04. With 0.005 everything works, in steps a hundredth as long.
#
# ## 2. Remember the way
#
# In a narrow valley the gradient points across it, again and again. A **velocity** remembers: what changes sign cancels, what agrees adds up.
#
# $$v \leftarrow \mu v - \eta g, \qquad w \leftarrow w + v$$
#
# ### Write `Momentum` · 5 points
#
# `step` gets the weights and their gradient, and returns the new weights. The velocity stays in the object. $\mu$ is `momentum`, $\eta$ the learning rate.


# %% nbgrader={"grade_id": "momentum", "solution": true}
class Momentum:
    """Gradient descent with a velocity, which starts at 0."""

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity = 0.0

    def step(self, w, gradient):
        ### BEGIN SOLUTION
        self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
        return w + self.velocity
        ### END SOLUTION


# %% nbgrader={"grade_id": "momentum-check", "grade": true}
check("momentum", Momentum)

# %% [markdown]
# ## 3. A rate for each weight
#
# **Adam** keeps two running averages for each weight, of the gradient and of its square:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2$$
#
# Both start at 0 and are too small at first. After step $t = 1, 2, \dots$ they are corrected:
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}, \qquad w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# ### Predict · 1 point
#
# Adam with the rate 0.001 meets its first gradient, 1000. By how much does the weight change, as a positive number?

# %% nbgrader={"grade_id": "q_adam_first_step", "solution": true}
answer_q_adam_first_step = (
    ### BEGIN SOLUTION
    0.001
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_adam_first_step-check", "grade": true}
predict("q_adam_first_step", answer_q_adam_first_step)

# %% [markdown]
# ### Write `Adam` · 5 points
#
# `m`, `v` and `t` stay in the object, uncorrected.


# %% nbgrader={"grade_id": "adam", "solution": true}
class Adam:
    """Steps by averages of the gradient and of its square, both corrected for their start at 0."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
        self.epsilon = epsilon
        self.m, self.v, self.t = 0.0, 0.0, 0

    def step(self, w, gradient):
        ### BEGIN SOLUTION
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * gradient**2
        m = self.m / (1 - self.beta_1**self.t)
        v = self.v / (1 - self.beta_2**self.t)
        return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)
        ### END SOLUTION


# %% nbgrader={"grade_id": "adam-check", "grade": true}
check("adam", Adam)

# %% tags=["skip-execution"]
by_rule = {}
if written(sgd_step, Momentum, Adam):
    by_rule["plain, rate 0.05"] = descend(lambda: lambda w, g: sgd_step(w, g, 0.05))
    by_rule["momentum, rate 0.05"] = descend(lambda: Momentum(0.05).step)
    by_rule["Adam, rate 0.01"] = descend(lambda: Adam(0.01).step)
    for name, losses in by_rule.items():
        print(f"{name:20} loss {losses[0]:.2f} after 1 epoch, {losses[-1]:.2f} after 10")

# %% tags=["skip-execution"]
if by_rule:
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    places = zip(by_rule.items(), ("tab:orange", "tab:blue", "tab:green"), (1.0, 1.25, 0.8), strict=True)
    for (name, losses), color, shift in places:
        ax.semilogy(range(1, 11), losses, color=color)
        ax.text(10.15, losses[-1] * shift, name, color=color, va="center")
    ax.set(
        title="Memory saves epochs", xlabel="epoch", ylabel="crossentropy", xlim=(0.8, 13.6), ylim=(0.02, 3)
    )
    ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: three falling curves on a logarithmic axis. Plain descent at the rate 0.05 is slowest. Momentum at the same rate and Adam at 0.01 fall together, to about a tenth of it.*
#
# ## 4. Not by heart
#
# A network with more weights than it needs learns chance, too. Two remedies change the training itself.
#
# A **penalty** adds $l_1 \sum |w| + l_2 \sum w^2$ to the loss, so that every weight must be worth its size.
#
# ### Write `penalty_gradient` · 5 points
#
# The gradient of the penalty with respect to `w`, an array of its shape. At 0 the slope of $|w|$ is 0, as in Keras.


# %% nbgrader={"grade_id": "penalty_gradient", "solution": true}
def penalty_gradient(w, l1=0.0, l2=0.0):
    """Gradient of l1 * sum(|w|) + l2 * sum(w ** 2)."""
    ### BEGIN SOLUTION
    return l1 * np.sign(w) + 2 * l2 * w
    ### END SOLUTION


# %% nbgrader={"grade_id": "penalty_gradient-check", "grade": true}
check("penalty_gradient", penalty_gradient)

# %% [markdown]
# **Dropout** sets a random part of the values to 0 in each step, so that no unit can rely on a single other one. The rest grows, so that the sum stays the same on average.
#
# ### Write `dropout` · 5 points
#
# `uniform` has the shape of `x` and holds random numbers from 0 to 1. Where it is below `rate`, the result is 0, elsewhere `x` divided by 1 - `rate`. With `training=False` nothing is dropped.


# %% nbgrader={"grade_id": "dropout", "solution": true}
def dropout(x, uniform, rate, training=True):
    """x with a share `rate` of it dropped, and the rest made larger; x itself without training."""
    ### BEGIN SOLUTION
    if not training:
        return x
    return np.where(uniform >= rate, x / (1 - rate), 0.0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "dropout-check", "grade": true}
check("dropout", dropout)

# %% [markdown]
# ### Choose · 1 point
#
# Trained with dropout, a network shows 0.40 as the loss of an epoch on what it learns from, and 0.35 on validation data. What is likely?
#
# - **a** Training and validation data were exchanged by mistake.
# - **b** The first is measured while units are dropped and while the weights still move, the second is not.
# - **c** The network generalises so well that it knows new data better.
# - **d** The rate of dropout is too low.

# %% nbgrader={"grade_id": "q_loss_above_validation", "solution": true}
answer_q_loss_above_validation = (
    ### BEGIN SOLUTION
    "b"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_loss_above_validation-check", "grade": true}
choose("q_loss_above_validation", answer_q_loss_above_validation)

# %% [markdown]
# ## 5. When to stop
#
# Validation data take no part in the steps. When their loss no longer falls, going on is learning by heart.
#
# ### Write `EarlyStopping` · 5 points
#
# `update` gets the loss of each epoch and returns whether to stop: when `patience` epochs in a row have brought nothing better. Better is a loss smaller than `best` minus `min_delta`. Keep `best` and its epoch, `best_epoch`; the first epoch is 0. A loss that is NaN is not better.


# %% nbgrader={"grade_id": "early_stopping", "solution": true}
class EarlyStopping:
    """Says when to stop, and which epoch was best."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_epoch = np.inf, 0
        self.epoch, self.wait = -1, 0

    def update(self, loss):
        ### BEGIN SOLUTION
        self.epoch += 1
        if loss < self.best - self.min_delta:
            self.best, self.best_epoch, self.wait = loss, self.epoch, 0
        else:
            self.wait += 1
        return self.wait >= self.patience
        ### END SOLUTION


# %% nbgrader={"grade_id": "early_stopping-check", "grade": true}
check("early_stopping", EarlyStopping)

# %% [markdown]
# A loss that no longer falls is on a **plateau**. One can also shorten the steps there, and go on: this class halves the rate of all rules. Then comes the whole training of the regression of unit 10, with every remedy.


# %%
class ReduceOnPlateau:
    """Halve the rates after `patience` epochs that bring nothing better."""

    def __init__(self, rules, patience=3):
        self.rules, self.patience, self.best, self.wait = rules, patience, np.inf, 0

    def update(self, loss):
        self.wait = 0 if loss < self.best else self.wait + 1
        self.best = min(self.best, loss)
        if self.wait == self.patience:
            self.wait = 0
            for rule in self.rules:
                rule.learning_rate /= 2


def squared_error_gradient(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_pred.size


with np.load("diabetes.npz") as data:
    features, progression = data["features"].astype(float), data["progression"].astype(float)[:, None]


def patients(seed):
    """Scaled x and y, their scale, and who is learned from (242), validated on (100), new (100)."""
    groups = np.split(np.random.default_rng(seed).permutation(442), [242, 342])
    x, y = features - features[groups[0]].mean(axis=0), progression - progression[groups[0]].mean()
    deviation = y[groups[0]].std()
    return x / x[groups[0]].std(axis=0), y / deviation, deviation, groups


# %%
def regress(seed, l1=0.0, l2=0.0, rate=0.0, patience=None, plateau=False, epochs=40):
    """Train with Adam; root mean squared errors of the three groups after each epoch, and the best epoch."""
    x, y, deviation, groups = patients(seed)
    rng, weights, history = np.random.default_rng(seed), start(10, 32, 1, seed), []
    rules = [Adam(0.02) for _ in weights]
    reduce = ReduceOnPlateau(rules)
    stop = EarlyStopping(epochs if patience is None else patience)
    for _ in range(epochs):
        for rows in np.split(rng.permutation(groups[0]), range(64, 242, 64)):
            size = len(rows), 32
            factors = dropout(np.ones(size), rng.random(size), rate)
            slopes = gradients(weights, x[rows], y[rows], squared_error_gradient, factors)
            for kernel in (0, 2):
                slopes[kernel] = slopes[kernel] + penalty_gradient(weights[kernel], l1, l2)
            weights = [rule.step(w, g) for rule, w, g in zip(rules, weights, slopes, strict=True)]
        squares = (network(weights, x)[0] - y) ** 2
        history.append([deviation * np.sqrt(squares[group].mean()) for group in groups])
        if plateau:
            reduce.update(history[-1][1])
        if stop.update(history[-1][1]):
            break
    return np.array(history), -1 if patience is None else stop.best_epoch


# %% tags=["skip-execution"]
if written(Adam, penalty_gradient, dropout, EarlyStopping):
    history, best = regress(0, patience=40)
    fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    epochs = np.arange(1, len(history) + 1)
    for column, (name, color) in enumerate((("learned", "tab:blue"), ("validation", "tab:orange"))):
        ax.plot(epochs, history[:, column], color=color)
        ax.text(epochs[-1] + 0.4, history[-1, column], name, color=color, va="center")
    ax.axvline(best + 1, color="0.4", linestyle=":")
    ax.text(best + 1.4, history[0, 0], "best epoch", color="0.4", va="center")
    ax.set(
        title="From here on it learns by heart",
        xlabel="epoch",
        ylabel="root mean squared error",
        xlim=(0, 48),
    )
    ax.grid(alpha=0.3)
    plt.show()

# %% [markdown]
# *In words: the error on learned patients falls and falls. The error on validation patients falls for a few epochs, to a dotted line, and then rises slowly.*
#
# What does each remedy change? The same five splits of the patients for all, and the straight line for comparison:

# %% tags=["skip-execution"]
remedies = {
    "nothing": {},
    "l1 = 0.02": {"l1": 0.02},
    "l2 = 0.03": {"l2": 0.03},
    "dropout 0.5": {"rate": 0.5},
    "rate halved": {"plateau": True},
    "early stopping": {"patience": 5},
    "l2, dropout, early": {"l2": 0.03, "rate": 0.2, "patience": 5},
}
if written(Adam, penalty_gradient, dropout, EarlyStopping):
    print(f"{'':20}  learned    new   epochs")
    for name, remedy in remedies.items():
        runs = [regress(seed, **remedy) for seed in range(5)]
        learned, _, new = np.mean([history[epoch] for history, epoch in runs], axis=0)
        print(
            f"{name:20}   {learned:5.1f}  {new:6.1f}   {np.mean([len(history) for history, _ in runs]):4.0f}"
        )
    errors = []
    for seed in range(5):
        x, y, deviation, (learn, _, new) = patients(seed)
        line = np.linalg.lstsq(np.hstack([x, x[:, :1] ** 0])[learn], y[learn], rcond=None)[0]
        apart = (np.hstack([x, x[:, :1] ** 0]) @ line - y) ** 2 * deviation**2
        errors.append([np.sqrt(apart[learn].mean()), np.sqrt(apart[new].mean())])
    print("{:20}   {:5.1f}  {:6.1f}".format("straight line", *np.mean(errors, axis=0)))

# %% [markdown]
# Without a remedy the network knows its 242 patients best and new ones worst. Each remedy gives up some of the first for the second. L1, L2 and dropout bring it to the line and a shade beyond, by less than one split of the patients differs from another.
#
# ## 6. Search
#
# Units, rates, penalties: **hyperparameters** are what training does not learn. Try several values, and judge each by data that it did not learn from. In **cross-validation** all data judge: cut them into **folds**, train on all but one, judge on that one, in turn, and take the mean.
#
# To try it, a model without steps: the line `x @ w` whose `w` minimises the mean squared error plus $l_2 \sum w^2$.


# %%
def straight_line(x, y, l2):
    """The w of the line, for x of shape (samples, features) and y of shape (samples,)."""
    return np.linalg.solve(x.T @ x / len(x) + l2 * np.eye(x.shape[1]), x.T @ y / len(x))


# %% [markdown]
# ### Write `search_penalty` · 5 points
#
# Fold i is `x[i::folds]` with its `y`: sample j is in fold `j % folds`. For each of `penalties`, an array, find the mean squared error on each fold, of the line trained on the other folds, and the mean of these over the folds. Return two things: these errors, one for each penalty, and the penalty with the smallest.


# %% nbgrader={"grade_id": "search_penalty", "solution": true}
def search_penalty(x, y, penalties, folds):
    """Errors of the penalties by cross-validation, shape (penalties,), and the best penalty."""
    ### BEGIN SOLUTION
    fold, errors = np.arange(len(x)) % folds, np.zeros(len(penalties))
    for number, l2 in enumerate(penalties):
        for i in range(folds):
            w = straight_line(x[fold != i], y[fold != i], l2)
            errors[number] += np.mean((x[fold == i] @ w - y[fold == i]) ** 2) / folds
    return errors, penalties[np.argmin(errors)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "search_penalty-check", "grade": true}
check("search_penalty", search_penalty)

# %% tags=["skip-execution"]
if written(search_penalty):
    x, y, deviation, (learn, _, new) = patients(0)
    penalties = 10.0 ** np.arange(-4, 2)
    errors, best = search_penalty(x[learn], y[learn, 0], penalties, 5)
    for l2, error in zip(penalties, errors, strict=True):
        print(f"l2 = {l2:7}: error {deviation * np.sqrt(error):.1f}")
    apart = x[new] @ straight_line(x[learn], y[learn, 0], best) - y[new, 0]
    print(f"chosen: {best}, error on new patients {deviation * np.sqrt(np.mean(apart**2)):.1f}")

# %% [markdown]
# `GridSearchCV` of scikit-learn does the same for any model and all combinations of several settings. `MLPClassifier` is a network like ours; its `alpha` is an L2 penalty.

# %%
try:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier
except ImportError:
    MLPClassifier = None
    print(
        "The rest of this section needs scikit-learn, which is not installed here: pip install scikit-learn"
    )
else:
    reader = MLPClassifier(hidden_layer_sizes=(16,), max_iter=15, random_state=0)
    # it warns that 15 epochs are few, which is meant: a search of seconds
    warnings.filterwarnings("ignore", category=ConvergenceWarning)

# %% [markdown]
# ### Predict · 1 point
#
# `GridSearchCV` tries 2 activations, 2 solvers and 2 rates with three folds, `cv=3`. How many networks does `fit` train, with the one that it keeps?

# %% nbgrader={"grade_id": "q_fits", "solution": true}
answer_q_fits = (
    ### BEGIN SOLUTION
    25
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_fits-check", "grade": true}
predict("q_fits", answer_q_fits)

# %% [markdown]
# Here is that search. Put other values into `grid`, or `alpha`, and run it again.

# %% tags=["skip-execution"]
if MLPClassifier is not None:
    grid = {
        "activation": ["logistic", "relu"],
        "solver": ["sgd", "adam"],
        "learning_rate_init": [0.01, 0.1],
    }
    search = GridSearchCV(reader, grid, cv=3)
    search.fit(images[:400], labels[:400])
    table = search.cv_results_
    for setting, accuracy in zip(table["params"], table["mean_test_score"], strict=True):
        print(f"{accuracy:.3f}", *setting.values())
    print("best:", search.best_params_)
    print(f"by its folds {search.best_score_:.3f}, on 397 new digits", end=" ")
    print(f"{search.score(images[1400:], labels[1400:]):.3f}")

# %% [markdown]
# A grid spends most of its trainings on what does not matter. Nine trainings, for alpha and the rate, by a grid and at random:

# %% tags=["skip-execution"]
if MLPClassifier is not None:
    rng = np.random.default_rng(0)
    plans = {
        "grid": np.array([(rate, alpha) for rate in (-3.5, -2, -0.5) for alpha in (-5, -3, -1)]),
        "random": rng.uniform((-4, -5.5), (0, -0.5), size=(9, 2)),
    }
    found = {}
    for name, plan in plans.items():
        found[name] = []
        for rate, alpha in 10.0**plan:
            settings = reader.get_params() | {"learning_rate_init": rate, "alpha": alpha}
            tried = MLPClassifier(**settings).fit(images[:300], labels[:300])
            found[name].append(tried.score(images[300:400], labels[300:400]))
        print(f"{name:7} best of nine {max(found[name]):.2f}")

    fig, panels = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharey=True)
    for ax, (name, plan) in zip(panels, plans.items(), strict=True):
        points = ax.scatter(*plan.T, c=found[name], s=160, cmap="viridis", vmin=0, vmax=1, edgecolor="k")
        ax.scatter(plan[:, 0], np.full(9, -6.2), marker="|", color="tab:red")
        ax.set(title=f"{name}: {len(set(plan[:, 0]))} rates tried", xlabel="learning rate, log10")
        ax.set(ylabel="alpha, log10", xlim=(-4.2, 0.2), ylim=(-6.5, 0))
    fig.colorbar(points, ax=panels, label="accuracy on 100 digits")
    plt.show()

# %% [markdown]
# *In words: two panels of nine coloured points, the rate to the right and alpha upwards. In the grid three rates were tried, three times each: the first two columns have one colour each, and in the third, where the rate is too large, alpha shows a little. At random nine rates were tried, as the ticks below the points show, and three of them are far brighter than anything in the grid.*
#
# Where one setting matters and another hardly does, as so often, random points try more values of the one that matters.
#
# | search | the next setting is | good for | weak where |
# | --- | --- | --- | --- |
# | grid: `GridSearchCV` | the next combination | two or three settings, few values | their numbers multiply |
# | random: `RandomizedSearchCV` | drawn anew | many settings, of which few matter | it learns nothing from what it found |
# | Bayesian: Optuna, KerasTuner | where a model of all results so far expects much, or knows little | trainings of hours | it is one after the other; with many settings |
# | Hyperband: KerasTuner; `HalvingRandomSearchCV` is one round of it | drawn; all get few epochs, the best third gets three times as many, and so on | many settings, bad ones show early | slow starters are thrown out |
#
# ### Choose · 1 point
#
# You try 200 settings, take the one that is best on the validation data, and report its accuracy there. What is that number?
#
# - **a** Honest, for the network has not learned from those data.
# - **b** Too low, for a network trained on all data would be better.
# - **c** Honest, if cross-validation was used.
# - **d** Too high: part of it is luck. Other data, used once, give an honest number.

# %% nbgrader={"grade_id": "q_whose_score", "solution": true}
answer_q_whose_score = (
    ### BEGIN SOLUTION
    "d"
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "q_whose_score-check", "grade": true}
choose("q_whose_score", answer_q_whose_score)

# %% [markdown]
# ## 7. What articles say, and what is true
#
# | articles say | what is true |
# | --- | --- |
# | "Adam needs no learning rate." | It needs one of another size: about how far a weight moves in a step. |
# | "An L2 penalty is weight decay." | For plain descent. Adam divides the penalty's gradient by the root of $v$, too. |
# | "Multiply by 1 - rate when predicting." | With the dropout of today that is once too often. |
# | "Early stopping returns the best network." | It returns the last, `patience` epochs later. In Keras ask for `restore_best_weights=True`. |

# %% tags=["skip-execution"]
if written(Adam, dropout, penalty_gradient):
    print(f"Adam, rate 5: loss {descend(lambda: Adam(5.0).step)[-1]:.2f}; a guess has {np.log(10):.2f}")
    w = np.array([2.0])
    for l2 in (0.001, 10):
        decayed = Adam(0.01).step(w, penalty_gradient(w, l2=l2))
        print(f"l2 = {l2:6}: one step of Adam takes {(w - decayed)[0]:.4f} off")
    x = np.ones(100_000)
    dropped = dropout(x, np.random.default_rng(0).random(x.shape), 0.5)
    print(f"mean before dropout {x.mean():.2f}, in training {dropped.mean():.2f}", end=", ")
    print(f"later, multiplied by 0.5, {0.5 * x.mean():.2f}")

# %% [markdown]
# ## 8. The same in Keras, PyTorch and MXNet
#
# `recorded.npz` holds four weights, six gradients, and the weights after each step with the rate 0.1, as Keras, PyTorch and MXNet computed them in float32.

# %%
with np.load("recorded.npz") as data:
    recorded = dict(data)

if written(sgd_step, Momentum, Adam):
    mine = {"sgd": lambda w, g: sgd_step(w, g, 0.1), "momentum": Momentum(0.1).step, "adam": Adam(0.1).step}
    for name, step in mine.items():
        w, ours = recorded["w"].astype(float), []
        for gradient in recorded["gradients"].astype(float):
            w = step(w, gradient)
            ours.append(w)
        print(f"{name:9} apart from", end="")
        for who in ("Keras", "PyTorch", "MXNet"):
            print(f" {who} by {np.abs(ours - recorded[f'{who.lower()}_{name}']).max():.0e}", end="")
        print()

# %% [markdown]
# Adam is apart from Keras and MXNet by more than rounding. They add epsilon to the root of $v$ before its correction, PyTorch as in the formula above; and in them 1 - 0.999 loses digits in float32.
#
# | | Keras | PyTorch | MXNet |
# | --- | --- | --- | --- |
# | rate of SGD, of Adam, unless you say | 0.01, 0.001 | 0.001, 0.001 | 0.01, 0.001 |
# | rate and velocity | inside it | outside: a new rate acts at once | inside it |
# | epsilon of Adam | 1e-7 | 1e-8 | 1e-8 |
# | gradient of an L2 penalty λ | `L2`: 2 λ w | `weight_decay`: λ w | `wd`: λ w |
# | plateau: better is | smaller by 0.0001 | smaller by 0.01 % | has none |
#
# PyTorch 2.13 and Keras 3.15 were asked; the defaults of MXNet are from the documentation of 1.9.1.
#
# The next cell is optional. It needs Keras with TensorFlow, whose import takes some 7 s and 600 MB.

# %%
compare_with_keras = False  # True imports TensorFlow

if compare_with_keras and written(Momentum, Adam):
    try:
        import keras
    except ImportError:
        print("Keras is not installed here. You can skip this cell, or run: pip install keras tensorflow")
    else:
        for theirs, own in (
            (keras.optimizers.SGD(0.1, momentum=0.9), Momentum(0.1)),
            (keras.optimizers.Adam(0.1), Adam(0.1)),
        ):
            variable, w = keras.Variable(recorded["w"]), recorded["w"].astype(float)
            theirs.build([variable])
            for gradient in recorded["gradients"]:
                theirs.apply([keras.ops.convert_to_tensor(gradient)])
                w = own.step(w, gradient.astype(float))
            print(f"{type(own).__name__:9} largest difference {np.abs(w - np.asarray(variable)).max():.0e}")
else:
    print("Skipped. To compare with Keras, write True in the first line and run this cell again.")

# %% [markdown]
# ## 9. Go on
#
# You can now train a network with any of the usual rules, keep it from learning by heart, and choose its settings without fooling yourself. Not settled: why networks with far more weights than data generalise at all.

# %%
progress()

# %% [markdown]
# Two harder questions, ungraded:
#
# 1. Write Nesterov's momentum and AdamW, and draw both beside yours. For which rates do they differ?
# 2. Repeat the random search with 20 seeds. How often does it beat the grid, and what changes when alpha may go up to 10?
#
# To read: Bergstra and Bengio, [Random search for hyper-parameter optimization](https://jmlr.org/papers/v13/bergstra12a.html), JMLR 2012, to section 2; Goh, [Why momentum really works](https://distill.pub/2017/momentum/), Distill 2017.
#
# A question that returns whenever you train: is a loss that no longer falls at its end, or is the rate too large?
