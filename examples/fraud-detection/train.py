"""Trains the model: logistic regression by gradient descent over the reference data."""

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


if __name__ == "__main__":
    with open(os.path.join(HERE, "data", "selected_features.json"), encoding="utf-8") as file:
        selected = json.load(file)
    trained = train(rows(os.path.join(HERE, "data", "reference.csv")), selected)
    with open(os.path.join(HERE, "models", "model.json"), "w", encoding="utf-8") as file:
        json.dump(trained, file, indent=2)
        file.write("\n")
