"""Made-up card transactions with the habits of real ones: writes transactions.csv, the same every time."""

import csv
import math
import random
from pathlib import Path

# category: (share, median amount, spread, log-odds of fraud)
CATEGORIES = {
    "groceries": (0.28, 32, 0.7, -1.2), "restaurant": (0.20, 28, 0.6, -0.8), "fuel": (0.12, 55, 0.4, -0.6),
    "fashion": (0.14, 60, 0.8, 0.1), "electronics": (0.09, 180, 0.9, 0.9), "travel": (0.08, 240, 0.9, 0.4),
    "gambling": (0.03, 90, 1.0, 1.3), "jewellery": (0.02, 320, 0.9, 1.5), "pharmacy": (0.04, 22, 0.6, -0.5),
}
# country: (share, log-odds of fraud)
COUNTRIES = {
    "DE": (0.38, -0.4), "FR": (0.12, -0.2), "NL": (0.10, -0.3), "GB": (0.09, 0.0), "ES": (0.08, 0.0), "IT": (0.07, 0.1),
    "PL": (0.06, 0.0), "US": (0.05, 0.4), "BR": (0.02, 1.0), "RU": (0.015, 1.2), "NG": (0.015, 1.3), "AT": (0.02, -0.3),
}
HOURS = [1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 13, 14, 12, 11, 10, 11, 13, 15, 14, 11, 8, 5, 3]


def draw(rng, table):
    return rng.choices(list(table), weights=[row[0] for row in table.values()])[0]


def transaction(rng):
    category, country = draw(rng, CATEGORIES), draw(rng, COUNTRIES)
    _, median, spread, category_risk = CATEGORIES[category]
    amount = round(median * math.exp(rng.gauss(0, spread)), 2)
    hour = rng.choices(range(24), weights=HOURS)[0]
    unusual = math.log(amount / median)
    odds = -4.6 + category_risk + COUNTRIES[country][1] + 0.9 * max(unusual, 0) + 0.35 * math.log1p(amount / 50)
    odds += 1.6 if hour < 6 else 0.0
    fraud = int(rng.random() < 1 / (1 + math.exp(-odds)))
    return [amount, country, hour, category, fraud]


def main():
    rng = random.Random(20240611)
    with open(Path(__file__).parent / "transactions.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["amount", "country", "hour", "merchant_category", "fraud"])
        writer.writerows(transaction(rng) for _ in range(6000))


if __name__ == "__main__":
    main()
