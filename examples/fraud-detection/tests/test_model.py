import json
import os
import unittest

from percentiles import percentile
from train import HERE, rows, score, train, validate


class Model(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(HERE, "data", "selected_features.json"), encoding="utf-8") as file:
            self.features = json.load(file)
        self.data = rows(os.path.join(HERE, "data", "reference.csv"))

    def test_the_kept_model_is_what_training_makes(self):
        with open(os.path.join(HERE, "models", "model.json"), encoding="utf-8") as file:
            kept = json.load(file)
        trained = train(self.data, self.features)
        for name in self.features:
            self.assertAlmostEqual(kept["weights"][name], trained["weights"][name], places=6)

    def test_the_kept_summary_is_what_training_measures(self):
        with open(os.path.join(HERE, "data", "training_summary.json"), encoding="utf-8") as file:
            kept = json.load(file)
        self.assertEqual(kept, validate(self.data, self.features))
        self.assertGreater(kept["auc"], 0.8)

    def test_large_foreign_payments_at_night_score_higher(self):
        model = train(self.data, self.features)
        low = score(model, self.features, {"amount": 12.5, "hour": 14, "foreign": 0})
        high = score(model, self.features, {"amount": 900, "hour": 3, "foreign": 1})
        self.assertLess(low, 0.2)
        self.assertGreater(high, 0.8)

    def test_a_percentile_is_the_share_of_what_scores_lower(self):
        scores = [0.1, 0.2, 0.2, 0.9]
        told = [percentile(scores, value) for value in (0.0, 0.2, 0.5, 1.0)]
        self.assertEqual(told, [0, 25, 75, 100])


if __name__ == "__main__":
    unittest.main()
