"""Trains the model: logistic regression by gradient descent over the reference data.

How good such a model is on payments that it has not seen goes to data/training_summary.json."""

import csv
import json
import math
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def score(model, features, values):
    """The probability of fraud, from 0 to 1."""
    total = model["bias"]
    for name in features:
        scale = model["scales"][name]
        total += model["weights"][name] * float(values[name]) / scale
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def train(data, features, rounds=400, rate=0.5):
    scales = {name: max(1.0, max(abs(float(row[name])) for row in data)) for name in features}
    model = {"bias": 0.0, "weights": dict.fromkeys(features, 0.0), "scales": scales}
    for _ in range(rounds):
        bias, slopes = 0.0, dict.fromkeys(features, 0.0)
        for row in data:
            error = score(model, features, row) - float(row["fraud"])
            bias += error
            for name in features:
                slopes[name] += error * float(row[name]) / scales[name]
        model["bias"] -= rate * bias / len(data)
        for name in features:
            model["weights"][name] -= rate * slopes[name] / len(data)
    return model


def validate(data, features):
    """What a model of three quarters of the data says of the rest."""
    unseen = data[::4]
    model = train([row for at, row in enumerate(data) if at % 4], features)
    scored = sorted((score(model, features, row), int(row["fraud"])) for row in unseen)
    frauds = sum(fraud for _, fraud in scored)
    ranks = sum(rank for rank, (_, fraud) in enumerate(scored, 1) if fraud)
    above = ranks - frauds * (frauds + 1) / 2
    right = sum((value >= 0.5) == bool(fraud) for value, fraud in scored)
    return {
        "rows": len(data),
        "unseen": len(unseen),
        "accuracy": round(right / len(unseen), 4),
        "auc": round(above / (frauds * (len(scored) - frauds)), 4),
    }


def write(value, *path):
    with open(os.path.join(HERE, *path), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    with open(os.path.join(HERE, "data", "selected_features.json"), encoding="utf-8") as file:
        selected = json.load(file)
    reference = rows(os.path.join(HERE, "data", "reference.csv"))
    summary = validate(reference, selected)
    write(summary, "data", "training_summary.json")
    write(train(reference, selected), "models", "model.json")
    print(json.dumps(summary), flush=True)
