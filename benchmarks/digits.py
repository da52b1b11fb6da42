"""`nlref.Network` on scikit-learn's digits beside Keras: accuracy on the test images, seconds of `fit`.

python benchmarks/digits.py
"""

import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nlref import Network
from nlref.layers import Dense

SEEDS = range(5)
FIT = {"epochs": 40, "batch_size": 32}


def main() -> None:
    import keras

    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype("float32")
    rows = []
    for seed in SEEDS:
        train_x, test_x, train_y, test_y = train_test_split(
            x, y, test_size=0.25, stratify=y, random_state=seed
        )
        network = Network([Dense(128, activation="relu"), Dense(10, activation="softmax")], seed=seed)
        network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        begin = time.perf_counter()
        network.fit(train_x, train_y, verbose=False, **FIT)
        ours = network.evaluate(test_x, test_y)["accuracy"], time.perf_counter() - begin

        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.layers.Dense(128, "relu"), keras.layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        begin = time.perf_counter()
        model.fit(train_x, train_y, verbose=0, **FIT)
        theirs = model.evaluate(test_x, test_y, verbose=0)[1], time.perf_counter() - begin
        rows.append((*ours, *theirs))
        print(
            f"seed {seed}: nlref {ours[0]:.4f} in {ours[1]:.2f} s, Keras {theirs[0]:.4f} in {theirs[1]:.2f} s",
            flush=True,
        )
    worst, slowest = np.min(rows, axis=0)[0], np.max(rows, axis=0)[1]
    mean = np.mean(rows, axis=0)
    print(
        f"nlref: at least {worst:.4f} (mean {mean[0]:.4f}), at most {slowest:.2f} s; "
        f"{mean[1] / mean[3]:.2f} of Keras' time"
    )


if __name__ == "__main__":
    main()
