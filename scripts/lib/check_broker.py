"""Checks on a running RabbitMQ, which loaded deploy/rabbitmq/definitions, what its users may do and what the policies do.

Usage: check_broker.py HOST:PORT SERVICE_PASSWORD TOPOLOGY_PASSWORD. Prints one line per error; exit code 1 if there is
any. Needs pika.
"""

import sys

import pika

host, _, port = sys.argv[1].partition(":")
PASSWORDS = {"topology": sys.argv[3]}
errors = []


def channel_of(user):
    login = pika.PlainCredentials(user, PASSWORDS.get(user, sys.argv[2]))
    connection = pika.BlockingConnection(pika.ConnectionParameters(host, int(port), "ev", login))
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def outcome_of(user, action):
    """`done`, or the name of the broker's refusal. A refusal closes the channel, so each action has its own."""
    channel = channel_of(user)
    try:
        action(channel)
        outcome = "done"
    except pika.exceptions.ChannelClosedByBroker as error:
        outcome = error.reply_text.split(" ")[0]
    finally:
        channel.connection.close()
    return outcome


def expect(expected, user, what, action):
    found = outcome_of(user, action)
    if found != expected:
        errors.append(f"{user}: {what}: expected {expected}, got {found}")


def declare(channel):
    """What `ev topology apply` declares, for two services."""
    channel.exchange_declare("ev.events", "topic", durable=True)
    channel.exchange_declare("ev.dead", "direct", durable=True)
    for service, event_type in (("wallet", "booking.v1.PaymentCompleted"), ("payout", "wallet.v1.WalletChanged")):
        channel.queue_declare(f"ev.{service}.dead", durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(f"ev.{service}.dead", "ev.dead", service)
        channel.queue_declare(f"ev.{service}", durable=True, arguments={"x-queue-type": "quorum", "x-single-active-consumer": True})
        channel.queue_bind(f"ev.{service}", "ev.events", event_type)


def consume(queue):
    """Takes the first event. A queue with a single active consumer refuses `basic.get`."""

    def take(channel):
        method, _, _ = next(channel.consume(queue, inactivity_timeout=3))
        channel.basic_ack(method.delivery_tag)

    return take


def publish(event_type, exchange="ev.events"):
    return lambda channel: channel.basic_publish(exchange, event_type, b"{}", mandatory=False)


def check_rights():
    expect("done", "topology", "declare", declare)
    expect("done", "topology", "declare again", declare)
    expect("ACCESS_REFUSED", "topology", "declare under another name", lambda channel: channel.queue_declare("other", durable=True))
    expect("done", "booking", "publish its own event", publish("booking.v1.PaymentCompleted"))
    expect("done", "wallet", "publish its own event", publish("wallet.v1.WalletChanged"))
    expect("done", "wallet", "publish an event of the platform", publish("platform.v1.StaffActed"))
    expect("ACCESS_REFUSED", "notification", "publish an event of booking", publish("booking.v1.PaymentCompleted"))
    expect("ACCESS_REFUSED", "wallet", "publish to the queue of another service", publish("ev.payout", ""))
    expect("ACCESS_REFUSED", "wallet", "publish a dead letter", publish("wallet", "ev.dead"))
    expect("done", "wallet", "read its queue", consume("ev.wallet"))
    expect("done", "wallet", "read its dead letters", lambda channel: channel.basic_get("ev.wallet.dead", auto_ack=True))
    expect("ACCESS_REFUSED", "notification", "read the queue of wallet", consume("ev.wallet"))
    expect("ACCESS_REFUSED", "wallet", "declare a queue", lambda channel: channel.queue_declare("ev.wallet.more", durable=True))
    expect("ACCESS_REFUSED", "wallet", "bind its queue to other events", lambda channel: channel.queue_bind("ev.wallet", "ev.events", "auth.v1.UserRegistered"))
    expect("ACCESS_REFUSED", "wallet", "delete its queue", lambda channel: channel.queue_delete("ev.wallet"))


def check_policy():
    """An event that is given back too often becomes a dead letter, as the policy says."""
    expect("done", "booking", "publish its own event", publish("booking.v1.PaymentCompleted"))
    channel = channel_of("wallet")
    deliveries = 0
    for method, _, _ in channel.consume("ev.wallet", inactivity_timeout=3):
        if method is None:
            break
        deliveries += 1
        channel.basic_nack(method.delivery_tag, requeue=True)
    channel.cancel()
    dead = channel.basic_get("ev.wallet.dead", auto_ack=True)[0]
    channel.connection.close()
    # The limit is four in this check: the first delivery, and as many more as the limit allows.
    if deliveries != 5 or dead is None:
        errors.append(f"wallet: an event was delivered {deliveries} times, and is {'not ' if dead is None else ''}a dead letter")


check_rights()
check_policy()
for line in errors:
    print(line)
sys.exit(1 if errors else 0)
