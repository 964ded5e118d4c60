"""Scores payments with the model that the repository carries."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from percentiles import load, percentile, reference
from train import score


class Handler(BaseHTTPRequestHandler):
    model, features, scores = None, None, None

    def do_GET(self):
        if self.path in ("/health", "/ready"):
            self.answer(200, {"status": "ok", "features": self.features})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        if self.path != "/predict":
            return self.answer(404, {"error": "not found"})
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            value = score(self.model, self.features, body)
            below = percentile(self.scores, value)
            self.answer(200, {"score": round(value, 6), "percentile": round(below, 1)})
        except (KeyError, TypeError, ValueError) as error:
            self.answer(400, {"error": f"send {', '.join(self.features)}: {error}"})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Handler.model = load("MODEL_PATH", "models/model.json")
    Handler.features = load("FEATURES_PATH", "data/selected_features.json")
    Handler.scores = reference(Handler.model, Handler.features)
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
