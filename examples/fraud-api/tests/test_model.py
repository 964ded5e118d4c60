"""What the model promises."""

import json
import tempfile
import unittest
from pathlib import Path

from model import InvalidTransaction, Model, check
from train import judge, read

MODELS = Path(__file__).parent.parent / "models"
LUNCH = {"amount": 18.0, "country": "DE", "hour": 12, "merchant_category": "restaurant"}
BET = {"amount": 2400.0, "country": "NG", "hour": 3, "merchant_category": "gambling"}


class ModelTest(unittest.TestCase):
    def setUp(self):
        self.model = Model.load(MODELS / "model.json")

    def test_a_bet_at_night_is_more_suspicious_than_lunch(self):
        self.assertLess(self.model.score(LUNCH), 0.02)
        self.assertGreater(self.model.score(BET), self.model.threshold)

    def test_what_it_never_saw_still_has_a_score(self):
        score = self.model.score({**LUNCH, "country": "JP", "merchant_category": "florist"})
        self.assertTrue(0 < score < 1)

    def test_it_is_as_good_as_its_metrics_say(self):
        _, held_out = read()
        scored = [(self.of_features(row), fraud) for row, fraud in held_out]
        self.assertEqual(judge(scored, self.model.threshold), json.loads((MODELS / "metrics.json").read_text()))

    def of_features(self, row):
        from train import score

        return score(self.model.weights, row)

    def test_a_model_without_a_weight_is_refused(self):
        document = json.loads((MODELS / "model.json").read_text())
        del document["weights"]["country=other"]
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "model.json"
            path.write_text(json.dumps(document))
            with self.assertRaisesRegex(ValueError, "no weight for country=other"):
                Model.load(path)


class CheckTest(unittest.TestCase):
    def test_a_transaction_in_order_is_accepted(self):
        check(LUNCH)

    def test_every_wrong_field_is_named(self):
        with self.assertRaises(InvalidTransaction) as caught:
            check({"amount": -1, "country": "Germany", "hour": True, "merchant_category": ""})
        self.assertEqual(set(caught.exception.fields), {"amount", "country", "hour", "merchant_category"})

    def test_numbers_that_are_none_are_refused(self):
        for amount in (float("nan"), float("inf"), "12", None):
            with self.subTest(amount=amount), self.assertRaises(InvalidTransaction):
                check({**LUNCH, "amount": amount})

    def test_the_body_must_be_an_object(self):
        with self.assertRaises(InvalidTransaction):
            check([LUNCH])


if __name__ == "__main__":
    unittest.main()
