# Debian: apt-get install python3-flask; then: python3 -m flask run --port 3002
import http.client
import json
import os
from datetime import datetime, timezone
from urllib.parse import urlsplit

from flask import Flask, g, request

SERVICE = urlsplit(os.environ.get("AUTHSVC_INTERNAL_URL", "http://127.0.0.1:4100"))
IS_HTTPS = os.environ.get("AUTHSVC_PUBLIC_URL", "").startswith("https:")
COOKIE = "__Host-session_id" if IS_HTTPS else "session_id"
Connection = http.client.HTTPSConnection if SERVICE.scheme == "https" else http.client.HTTPConnection
app = Flask(__name__)
first_visits = {}


def whoami():
    """Ask the service on every request: a cached answer would outlive a logout."""
    headers = {name: request.headers[name] for name in ("Origin", "Sec-Fetch-Site") if name in request.headers}
    pairs = [pair.strip() for pair in request.headers.get("Cookie", "").split(";")]
    headers["Cookie"] = "; ".join(pair for pair in pairs if pair.startswith(COOKIE + "="))
    hops = [request.headers.get("X-Forwarded-For"), request.remote_addr]
    headers["X-Forwarded-For"] = ", ".join(filter(None, hops))
    connection = Connection(SERVICE.netloc, timeout=2)
    try:
        connection.request("GET", SERVICE.path + "/whoami", headers=headers)
        answer = connection.getresponse()
        if answer.status == 401:
            return None
        user = json.load(answer)["user"]
        if answer.status != 200 or not isinstance(user["id"], str) or not user["id"]:
            raise ValueError(f"whoami answered {answer.status}")
        return {"id": user["id"], "email": user["email"]}
    finally:
        connection.close()


@app.before_request
def require_user():
    try:
        g.user = whoami()
    except (OSError, http.client.HTTPException, LookupError, TypeError, ValueError) as error:
        app.logger.error("cannot ask who this is: %s", error)
        return {"message": "try again soon"}, 503, {"Retry-After": "5"}
    return None if g.user else ({"message": "log in first", "login": "/"}, 401)


@app.after_request
def keep_nothing(response):
    response.headers["Cache-Control"] = "no-store"
    return response


@app.get("/app-flask/me")
def me():
    # Key rows on the id: an email can change, and later belong to another user.
    since = first_visits.setdefault(g.user["id"], datetime.now(timezone.utc).isoformat())
    return {**g.user, "since": since}
