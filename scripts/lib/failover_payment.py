"""A payment for scripts/check-failover: a new member books a vehicle, pays, and waits for a place in the tree.

  failover_payment.py book        prints the token and the order of a booking, as JSON
  failover_payment.py pay FILE    reports the payment of that order, waits until the member is placed, and prints how
                                  many milliseconds that took
"""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ["STACK_URL"] + "/api/v1"
MESSAGES = os.environ["STACK_MESSAGES_URL"] + "/dev/messages?to="
SECRET = os.environ["STACK_SANDBOX_WEBHOOK_SECRET"].encode()
# Seconds for all attempts of one request.
TIMEOUT = 120


def send(method, url, body=None, token=None, headers=None):
    """The response of one request, or None when it failed."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    if data is not None:
        request.add_header("Content-Type", "application/json")
        request.add_header("Idempotency-Key", str(uuid.uuid4()))
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or b"null")
    except (urllib.error.URLError, OSError, ValueError):
        return None


def until(attempt):
    """What `attempt` returns once it returns something."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        found = attempt()
        if found:
            return found
        time.sleep(0.02)
    sys.exit("gave up after %d s" % TIMEOUT)


def book():
    identifier = "failover.%s@example.in" % uuid.uuid4().hex
    until(lambda: send("POST", URL + "/auth/otp", {"identifier": identifier}))
    messages = until(lambda: (send("GET", MESSAGES + identifier) or {}).get("items"))
    code = next(message["code"] for message in messages if message.get("code"))
    session = until(lambda: send("POST", URL + "/auth/otp/verify", {"identifier": identifier, "code": code}))
    token = session["access_token"]
    vehicle = until(lambda: send("GET", URL + "/vehicles"))["items"][-1]["id"]
    booked = until(lambda: send("POST", URL + "/bookings", {"vehicle_id": vehicle, "booking_amount": "500.00"}, token))
    path = URL + "/bookings/%s/payments" % booked["id"]
    payment = until(lambda: send("POST", path, {"amount": "500.00", "method": "online"}, token))
    print(json.dumps({"token": token, "order": payment["checkout"]["order_id"]}))


def pay(file):
    with open(file, encoding="utf-8") as booked:
        member = json.load(booked)
    event = {
        "event": "payment.captured",
        "order_id": member["order"],
        "gateway_payment_id": "pay_" + uuid.uuid4().hex,
        "amount": "500.00",
    }
    body = json.dumps(event).encode()
    signature = {"X-Sandbox-Signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest()}
    # A gateway sends a message again until it is accepted.
    webhook = URL + "/payments/webhooks/sandbox"
    until(lambda: send("POST", webhook, body, headers=signature) is not None)
    begun = time.monotonic()
    until(lambda: send("GET", URL + "/binary/me", token=member["token"]))
    print(round((time.monotonic() - begun) * 1000))


if sys.argv[1:] == ["book"]:
    book()
elif len(sys.argv) == 3 and sys.argv[1] == "pay":
    pay(sys.argv[2])
else:
    sys.exit(__doc__)
