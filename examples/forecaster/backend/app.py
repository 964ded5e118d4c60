"""Forecasts of sales over HTTP."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from database import connect
from forecast import forecast, load

STATE = {"model": None}


def prepare():
    STATE["model"] = load(os.environ.get("MODEL_CACHE", "/home/appuser/.cache/huggingface"))


def products():
    with connect() as connection:
        return [row[0] for row in connection.execute("select name from product order by name")]


def next_amount(product):
    query = "select amount from sale where product = %s order by day desc limit 4"
    with connect() as connection:
        amounts = [row[0] for row in connection.execute(query, [product])]
    return forecast(STATE["model"], amounts[::-1])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, rest = self.path.partition("?")
        try:
            if path in ("/health", "/api/v1/health"):
                self.answer(200, {"status": "ok"})
            elif path == "/ready":
                ready = STATE["model"] is not None
                self.answer(200 if ready else 503, {"ready": ready, "products": len(products())})
            elif path == "/api/v1/products":
                self.answer(200, {"products": products()})
            elif path.startswith("/api/v1/forecast/"):
                self.answer(200, {"amount": next_amount(path.rsplit("/", 1)[1])})
            else:
                self.answer(404, {"error": "not found"})
        except Exception as error:  # a database that is away is no reason to die
            self.answer(503, {"error": type(error).__name__})

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
    threading.Thread(target=prepare, daemon=True).start()
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
