"""How the reference payments score, so that a score is told with the share of payments below it."""

import bisect
import hashlib
import json
import os

from train import HERE, rows, score

CACHE = os.environ.get("PERCENTILES", os.path.join(HERE, ".cache"))


def load(variable, default):
    with open(os.path.join(HERE, os.environ.get(variable, default)), encoding="utf-8") as file:
        return json.load(file)


def place(model):
    """A file of its own for each model: the old and the new release share the folder."""
    digest = hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()
    return os.path.join(CACHE, f"{digest[:16]}.json")


def keep(path, scores):
    """Nobody reads half of it; where nothing can be kept it is computed again."""
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(CACHE, exist_ok=True)
        with open(part, "w", encoding="utf-8") as file:
            json.dump(scores, file)
        os.replace(part, path)
    except OSError as error:
        print(f"the scores are not kept: {error}", flush=True)


def reference(model, features):
    """The scores of the reference payments, sorted: those that were kept, or computed now."""
    path = place(model)
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        data = rows(os.path.join(HERE, "data", "reference.csv"))
    scores = sorted(score(model, features, row) for row in data)
    keep(path, scores)
    return scores


def percentile(scores, value):
    """How many of a hundred reference payments score lower."""
    return 100 * bisect.bisect_left(scores, value) / len(scores)


if __name__ == "__main__":
    model = load("MODEL_PATH", "models/model.json")
    found = reference(model, load("FEATURES_PATH", "data/selected_features.json"))
    print(f"{len(found)} reference payments are scored: {place(model)}", flush=True)
