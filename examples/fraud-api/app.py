"""The fraud scoring service: POST /predict answers how likely a card transaction is a fraud."""

import asyncio
import json
import os
import platform
import time
from pathlib import Path

from http_server import HttpError, Server
from model import InvalidTransaction, Model, check

HERE = Path(__file__).parent
VERSION = (HERE / "VERSION").read_text().strip()
MODEL_PATH = Path(os.environ.get("MODEL_PATH", HERE / "models" / "model.json"))
WARM_UP = {"amount": 42.0, "country": "DE", "hour": 12, "merchant_category": "groceries"}


class App:
    """The model, once it is there, and what was counted."""

    def __init__(self):
        self.model = None
        self.problem = "the model is not loaded yet"
        self.started = time.monotonic()
        self.predictions = 0
        self.suspicious = 0
        self.invalid = 0

    async def load(self):
        """Loads and warms the model; a model that does not load leaves the service alive and not ready."""
        try:
            model = await asyncio.to_thread(Model.load, MODEL_PATH)
            for _ in range(100):
                model.score(WARM_UP)
        except (OSError, ValueError, KeyError) as error:
            self.problem = f"cannot load the model from {MODEL_PATH}: {error}"
            print(self.problem, flush=True)
            return
        self.model, self.problem = model, None
        print(f"ready: version {VERSION}, model {model.name}", flush=True)

    async def handle(self, method, path, body):
        """One table: method and path to answer."""
        routes = {
            "/health": ("GET", self.health),
            "/ready": ("GET", self.ready),
            "/version": ("GET", self.version),
            "/metrics": ("GET", self.metrics),
            "/predict": ("POST", self.predict),
        }
        if path not in routes:
            raise HttpError(404, f"there is nothing at {path}")
        allowed, answer = routes[path]
        if method not in (allowed, "HEAD" if allowed == "GET" else allowed):
            raise HttpError(405, f"{path} takes {allowed}")
        return 200, answer(body)

    def health(self, _body):
        return {"status": "alive", "uptime_s": round(time.monotonic() - self.started, 3)}

    def ready(self, _body):
        if self.problem:
            raise HttpError(503, self.problem)
        return {"status": "ready", "version": VERSION, "model": self.model.name}

    def version(self, _body):
        return {
            "version": VERSION,
            "model": self.model.name if self.model else None,
            "instance": platform.node(),
            "python": platform.python_version(),
        }

    def metrics(self, _body):
        return {"predictions": self.predictions, "suspicious": self.suspicious, "invalid": self.invalid}

    def predict(self, body):
        if self.model is None:
            raise HttpError(503, self.problem)
        transaction = self.transaction(body)
        score = self.model.score(transaction)
        suspicious = score >= self.model.threshold
        self.predictions += 1
        self.suspicious += suspicious
        return {"score": round(score, 6), "suspicious": suspicious, "version": VERSION, "model": self.model.name}

    def transaction(self, body):
        """The body as a checked transaction."""
        try:
            transaction = json.loads(body)
            check(transaction)
            return transaction
        except InvalidTransaction as error:
            self.invalid += 1
            raise HttpError(400, "this transaction cannot be scored", fields=error.fields) from None
        except ValueError as error:
            self.invalid += 1
            raise HttpError(400, f"the body is not JSON: {error}") from None


async def main():
    app = App()
    await Server(app.handle).run("0.0.0.0", int(os.environ.get("PORT", "8000")), app.load)


if __name__ == "__main__":
    asyncio.run(main())
