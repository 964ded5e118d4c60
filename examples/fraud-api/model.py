"""The fraud model: a logistic regression over a few features of a card transaction, kept as JSON."""

import hashlib
import json
import math

COUNTRIES = ("BR", "DE", "ES", "FR", "GB", "IT", "NG", "NL", "PL", "RU", "US")
CATEGORIES = ("electronics", "fashion", "fuel", "gambling", "groceries", "jewellery", "restaurant", "travel")
OTHER = "other"


class InvalidTransaction(ValueError):
    """What is wrong with each field."""

    def __init__(self, fields):
        super().__init__(", ".join(f"{name} {problem}" for name, problem in fields.items()))
        self.fields = fields


def check(transaction):
    """Refuses what the model was not made for."""
    if not isinstance(transaction, dict):
        raise InvalidTransaction({"body": "must be a JSON object"})
    wrong = {}
    amount, hour = transaction.get("amount"), transaction.get("hour")
    country, category = transaction.get("country"), transaction.get("merchant_category")
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 < amount <= 1_000_000:
        wrong["amount"] = "must be a number above 0 and at most 1000000"
    if isinstance(hour, bool) or not isinstance(hour, int) or not 0 <= hour <= 23:
        wrong["hour"] = "must be a whole number from 0 to 23"
    if not (isinstance(country, str) and len(country) == 2 and country.isascii() and country.isupper()):
        wrong["country"] = "must be two capital letters"
    if not (isinstance(category, str) and 0 < len(category) <= 40):
        wrong["merchant_category"] = "must be a name of at most 40 characters"
    if wrong:
        raise InvalidTransaction(wrong)


def features(transaction):
    """Name -> value; categories that were not in the training data share one feature."""
    country, category, hour = transaction["country"], transaction["merchant_category"], transaction["hour"]
    amount = math.log1p(transaction["amount"])
    night = 1.0 if hour < 6 else 0.0
    return {
        "bias": 1.0,
        "amount": amount - 4.0,
        "amount_squared": (amount - 4.0) ** 2,
        "night": night,
        "amount_at_night": night * (amount - 4.0),
        f"country={country if country in COUNTRIES else OTHER}": 1.0,
        f"category={category if category in CATEGORIES else OTHER}": 1.0,
    }


def sigmoid(x):
    """Of any size, without overflow."""
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


class Model:
    """Weights by feature, and the score above which a transaction is worth a look."""

    def __init__(self, weights, threshold, name):
        self.weights, self.threshold, self.name = weights, threshold, name

    @classmethod
    def load(cls, path):
        """Reads a model and refuses one that cannot score every transaction."""
        with open(path, "rb") as file:
            raw = file.read()
        document = json.loads(raw)
        weights = document["weights"]
        needed = ["bias", "amount", "amount_squared", "night", "amount_at_night"]
        needed += [f"country={country}" for country in (*COUNTRIES, OTHER)]
        needed += [f"category={category}" for category in (*CATEGORIES, OTHER)]
        missing = [name for name in needed if not isinstance(weights.get(name), (int, float))]
        if missing:
            raise ValueError(f"the model has no weight for {', '.join(missing)}")
        return cls(weights, document["threshold"], f"{document['kind']}-{hashlib.sha256(raw).hexdigest()[:12]}")

    def score(self, transaction):
        """The probability of fraud."""
        return sigmoid(sum(self.weights[name] * value for name, value in features(transaction).items()))
