"""Trains the model on data/transactions.csv; writes models/model.json and how good it is, models/metrics.json.

What the bank knows by now takes the place of data/transactions.csv first, where there is any: what a model was trained on is
kept with it, and is what production is compared with."""

import csv
import json
import math
import random
import shutil
from pathlib import Path

from model import CATEGORIES, COUNTRIES, OTHER, features, sigmoid

HERE = Path(__file__).parent
DATA = HERE / "data" / "transactions.csv"
LEDGER = Path("/ledger/transactions.csv")
EPOCHS = 120
RATE = 0.08
DECAY = 1e-4


def read():
    """Rows of (features, fraud), a quarter of them kept apart for the judgement."""
    with open(DATA, newline="") as file:
        rows = [
            (features({**row, "amount": float(row["amount"]), "hour": int(row["hour"])}), int(row["fraud"]))
            for row in csv.DictReader(file)
        ]
    random.Random(7).shuffle(rows)
    cut = len(rows) // 4
    return rows[cut:], rows[:cut]


def score(weights, row):
    return sigmoid(sum(weights[name] * value for name, value in row.items()))


def fit(rows):
    """Stochastic gradient descent with a falling rate and a little decay."""
    names = ["bias", "amount", "amount_squared", "night", "amount_at_night"]
    names += [f"country={name}" for name in (*COUNTRIES, OTHER)] + [f"category={name}" for name in (*CATEGORIES, OTHER)]
    weights = dict.fromkeys(names, 0.0)
    rng = random.Random(11)
    for epoch in range(EPOCHS):
        rng.shuffle(rows)
        rate = RATE / (1 + 0.1 * epoch)
        for row, fraud in rows:
            error = score(weights, row) - fraud
            for name, value in row.items():
                weights[name] -= rate * (error * value + DECAY * weights[name])
    return {name: round(weight, 6) for name, weight in weights.items()}


def area_under_curve(scored):
    """The chance that a fraud scores above an honest transaction."""
    ranked = sorted(scored)
    positives = sum(fraud for _, fraud in ranked)
    ranks = sum(rank for rank, (_, fraud) in enumerate(ranked, 1) if fraud)
    return (ranks - positives * (positives + 1) / 2) / (positives * (len(ranked) - positives))


def judge(scored, threshold):
    """What a reviewer of the model wants to know."""
    hits = sum(fraud for value, fraud in scored if value >= threshold)
    flagged = sum(value >= threshold for value, _ in scored)
    frauds = sum(fraud for _, fraud in scored)
    loss = -sum(math.log(value if fraud else 1 - value) for value, fraud in scored) / len(scored)
    return {
        "rows": len(scored),
        "frauds": frauds,
        "auc": round(area_under_curve(scored), 4),
        "log_loss": round(loss, 4),
        "precision": round(hits / flagged, 4),
        "recall": round(hits / frauds, 4),
    }


def main():
    if LEDGER.exists():
        shutil.copyfile(LEDGER, DATA)
    training, held_out = read()
    weights = fit(training)
    # Worth a look: the twentieth of the transactions that looks worst.
    threshold = round(sorted(score(weights, row) for row, _ in training)[-len(training) // 20], 6)
    metrics = judge([(score(weights, row), fraud) for row, fraud in held_out], threshold)
    models = HERE / "models"
    model = {"kind": "logistic", "threshold": threshold, "weights": weights}
    (models / "model.json").write_text(json.dumps(model, indent=1) + "\n")
    (models / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
