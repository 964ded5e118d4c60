"""Forecasts: the mean of the last days, weighed by a model that is kept in the cache."""

import json
import os

DEFAULT = {"weights": [0.4, 0.3, 0.2, 0.1]}


def load(folder):
    """The model, from the cache or made anew; a real one is fetched here and takes minutes."""
    path = os.path.join(folder, "weights.json")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        part = f"{path}.{os.getpid()}"
        with open(part, "w", encoding="utf-8") as file:
            json.dump(DEFAULT, file)
        os.replace(part, path)  # old and new instances share the cache: never half a file
        print("model fetched", flush=True)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def forecast(model, amounts):
    """The next amount after `amounts`, the latest last."""
    pairs = list(zip(reversed(amounts), model["weights"]))
    weight = sum(weight for _, weight in pairs)
    return sum(amount * weight for amount, weight in pairs) / weight if weight else 0.0
