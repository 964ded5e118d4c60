"""Prices of used cars: a small model behind two paths."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def price(model, car):
    """What a car is worth: less with every year and kilometre, by brand."""
    age = max(0, model["newest_year"] - int(car["year"]))
    value = model["base"] * model["per_year"] ** age
    value *= model["brands"].get(str(car["brand"]).lower(), 1.0)
    value += model["per_1000_km"] * float(car["km"]) / 1000
    return round(max(model["least"], value), 2)


class Handler(BaseHTTPRequestHandler):
    model = None

    def do_GET(self):
        if self.path == "/info/status":
            self.answer(200, {"status": "ok", "models": 1, "brands": len(self.model["brands"])})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        if self.path != "/predict":
            return self.answer(404, {"error": "not found"})
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer(200, {"price": price(self.model, json.loads(body))})
        except (KeyError, TypeError, ValueError) as error:
            self.answer(400, {"error": f"send brand, year and km: {error}"})

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
    Handler.model = load(os.path.join(os.path.dirname(__file__), "artifacts", "model.json"))
    print("models loaded", flush=True)
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "5000"))), Handler).serve_forever()
