# Python 3.10 or newer, and Flask alone. Start it with: python3 -m flask run --port 3000
import http.client
import json
import os
from urllib.parse import urlsplit

from flask import Flask, abort, redirect, render_template, request

SERVICE = urlsplit(os.environ.get("AUTHSVC_INTERNAL_URL", "http://127.0.0.1:4100"))
IS_HTTPS = os.environ.get("AUTHSVC_PUBLIC_URL", "").startswith("https:")
COOKIE = "__Host-session_id" if IS_HTTPS else "session_id"
# By it, an account knows a browser that has logged in before.
DEVICE = "__Host-authsvc_device" if IS_HTTPS else "authsvc_device"
Connection = http.client.HTTPSConnection if SERVICE.scheme == "https" else http.client.HTTPConnection
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 16 * 1024

# In your application, a table. Key it on the id: an email can change, and then be another user's.
notes = {}


def ask(method, path, form=None):
    """Send the service its own cookies and no other, and where the request comes from."""
    names = ("Origin", "Sec-Fetch-Site", "User-Agent")
    headers = {name: request.headers[name] for name in names if name in request.headers}
    cookies = [pair.strip() for pair in request.headers.get("Cookie", "").split(";")]
    headers["Cookie"] = "; ".join(pair for pair in cookies if pair.split("=")[0] in (COOKIE, DEVICE))
    hops = [request.headers.get("X-Forwarded-For"), request.remote_addr]
    headers["X-Forwarded-For"] = ", ".join(filter(None, hops))
    if form:
        headers["Content-Type"] = "application/json"
    # Seconds to wait for each packet; to check a password takes longer than to check a session.
    connection = Connection(SERVICE.netloc, timeout=10 if form else 2)
    try:
        connection.request(method, SERVICE.path + path, json.dumps(form) if form else None, headers)
        response = connection.getresponse()
        answer = json.load(response)
        if response.status // 100 not in (2, 4) or not isinstance(answer, dict):
            raise ValueError(f"{path} answered {response.status}")
        return response.status, answer, response.headers.get_all("Set-Cookie", [])
    except (OSError, http.client.HTTPException, ValueError) as error:
        app.logger.error("no answer from the account service: %s", error)
        abort(503)
    finally:
        connection.close()


def require_user():
    """Ask on every request: a cached answer would outlive a logout."""
    status, answer, _ = ask("GET", "/whoami")
    if status == 401:
        abort(redirect("/login", 303))
    match status, answer:
        case 200, {"user": {"id": str(user_id), "email": str(email)}} if user_id:
            return user_id, email
    app.logger.error("/whoami answered %s", status)
    abort(503)


@app.before_request
def refuse_forms_of_other_pages():
    """Another site's form could post a note, or log the visitor in to the attacker's account."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    # Old browsers send Origin alone. What sends neither is not a browser.
    is_own = site in ("same-origin", "none") if site else not origin or origin.partition("://")[2] == request.host
    if request.method == "POST" and not is_own:
        abort(403)


@app.get("/")
def home():
    return render_template("home.html", title="A small application")


@app.get("/register")
def show_register():
    return show_form("/register")


@app.get("/login")
def show_login():
    return show_form("/login")


@app.post("/register")
def register():
    status, answer, _ = ask("POST", "/users", credentials())
    if status != 200:
        return show_form("/register", answer.get("message")), status
    return log_in()


@app.post("/login")
def log_in():
    status, answer, cookies = ask("POST", "/sessions", credentials())
    if status != 200:
        return show_form("/login", answer.get("message")), status
    return go_to("/note", cookies)


@app.post("/logout")
def log_out():
    _, _, cookies = ask("DELETE", "/sessions")
    return go_to("/", cookies)


@app.get("/note")
def show_note():
    user_id, email = require_user()
    return render_template("note.html", title=f"Hello, {email}", note=notes.get(user_id, ""))


@app.post("/note")
def save_note():
    user_id, _ = require_user()
    notes[user_id] = request.form.get("note", "")
    return redirect("/note", 303)


def show_form(action, message=None):
    title = "Sign up" if action == "/register" else "Log in"
    return render_template("credentials.html", title=title, action=action, message=message)


def credentials():
    return {name: request.form.get(name, "") for name in ("email", "password")}


def go_to(path, cookies):
    response = redirect(path, 303)
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


@app.errorhandler(503)
def service_is_away(_error):
    page = render_template("page.html", title="Try again soon", message="The account service does not answer.")
    return page, 503, {"Retry-After": "5"}


@app.after_request
def set_headers(response):
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
    return response
