"""What callers of the service see, over real connections."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parent.parent
LUNCH = {"amount": 18.0, "country": "DE", "hour": 12, "merchant_category": "restaurant"}


class Service:
    """The service as a process of its own, on a free port."""

    def __init__(self, **env):
        env = {**os.environ, "PORT": "0", **env}
        self.process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        # The next line says whether the model was loaded.
        self.process.stdout.readline()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class AppTest(unittest.TestCase):
    def start(self, **env):
        self.service = Service(**env)
        self.addCleanup(self.service.close)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=5)
        self.addCleanup(self.connection.close)

    def ask(self, method, path, value=None):
        body = json.dumps(value) if value is not None else None
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def test_a_transaction_gets_a_score(self):
        self.start()
        status, answer = self.ask("POST", "/predict", LUNCH)
        self.assertEqual(status, 200)
        self.assertTrue(0 <= answer["score"] <= 1)
        self.assertEqual(answer["version"], (ROOT / "VERSION").read_text().strip())

    def test_one_connection_serves_good_and_bad_requests(self):
        self.start()
        self.assertEqual(self.ask("GET", "/ready")[0], 200)
        status, answer = self.ask("POST", "/predict", {**LUNCH, "hour": 25})
        self.assertEqual((status, list(answer["fields"])), (400, ["hour"]))
        self.assertEqual(self.ask("POST", "/predict")[0], 400)
        self.assertEqual(self.ask("GET", "/predict")[0], 405)
        self.assertEqual(self.ask("GET", "/nothing")[0], 404)
        self.assertEqual(self.ask("GET", "/metrics")[1], {"predictions": 0, "suspicious": 0, "invalid": 2})

    def test_a_broken_model_leaves_it_alive_and_not_ready(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as broken:
            broken.write('{"kind": "logistic", "weights": {')
            broken.flush()
            self.start(MODEL_PATH=broken.name)
            self.assertEqual(self.ask("GET", "/health")[0], 200)
            status, answer = self.ask("GET", "/ready")
        self.assertEqual(status, 503)
        self.assertIn("cannot load the model", answer["error"])

    def test_sigterm_ends_it_in_order(self):
        self.start()
        self.ask("GET", "/health")
        self.service.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.service.process.wait(5), 0)


if __name__ == "__main__":
    unittest.main()
