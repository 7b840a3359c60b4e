"""What chat programs and webhooks are sent, and how their answers are sorted."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from flask import current_app
from hypothesis import given
from hypothesis import strategies as st

from app.alerts.channels import discord, slack, webhook
from app.alerts.messages import Mention, Message
from app.lib import webhooks
from tests.alerts.wire import slack_says
from tests.factories import NOW

HOSTILE = "@everyone <!channel> <@U1> <https://evil.example|click> *b* _i_ ~s~ `c` & [x](https://evil.example) ||spoiler|| <@&7>"


def message(**over):
    """A message."""
    given = {
        "id": "alert_7",
        "kind": "raised",
        "severity": "critical",
        "title": "Down",
        "body": "It is down.",
        "url": "http://localhost/a",
        "at": NOW,
    }
    return Message(**{**given, **over})


def config():
    return current_app.config["SETTINGS"]


def test_slack_is_written_to_by_the_token_and_mentions_who_is_on_call(app, wire, settings):
    assert slack.send("#ops", message(mention=Mention("Aiko", "U0AIKO")), config()).state == "sent"
    [sent] = wire.to("/slack/chat.postMessage")
    assert sent.headers["authorization"] == "Bearer xoxb-test"
    assert (sent.json["channel"], sent.json["parse"], sent.json["link_names"]) == ("#ops", "none", False)
    assert "<@U0AIKO>" in sent.json["text"] and "<@U0AIKO>" in json.dumps(sent.json["blocks"])


def test_slack_is_written_to_by_an_incoming_webhook(app, wire, settings):
    settings(slack_token="")
    assert slack.send(f"{wire.url}/services/T0/B0/x", message(), config()).state == "sent"
    assert "authorization" not in wire.received[0].headers and "channel" not in wire.received[0].json


def test_without_a_token_a_channel_by_name_is_refused_and_nothing_is_called(app, wire, settings):
    settings(slack_token="", discord_token="")
    assert "SLACK_TOKEN" in slack.send("#ops", message(), config()).detail
    assert "DISCORD_TOKEN" in discord.send("123456789012345678", message(), config()).detail
    assert wire.received == []


@pytest.mark.parametrize(
    ("error", "state"), [("channel_not_found", "failed"), ("invalid_auth", "failed"), ("ratelimited", "retry"), ("internal_error", "retry")]
)
def test_what_slack_refuses_with_200_is_sorted_by_its_word(app, wire, settings, error, state):
    wire.answers["/slack/chat.postMessage"] = slack_says(error)
    found = slack.send("#ops", message(), config())
    assert (found.state, error in found.detail) == (state, True)


@pytest.mark.parametrize("said", [b"", b"[]", b"ok", b"[" * 60_000, b"\xff"])
def test_what_slack_never_says_is_no_success(app, wire, settings, said):
    wire.answers["/slack/chat.postMessage"] = (200, {}, said)
    assert slack.send("#ops", message(), config()).state == "failed"


def test_discord_is_written_to_by_the_token_and_mentions_who_is_on_call(app, wire, settings):
    assert discord.send("123456789012345678", message(mention=Mention("Aiko", "", "42")), config()).state == "sent"
    [sent] = wire.to("/discord/channels/123456789012345678/messages")
    assert sent.headers["authorization"] == "Bot discord-test"
    assert sent.json["allowed_mentions"] == {"parse": [], "users": ["42"]} and "<@42>" in sent.json["content"]


def test_discord_tells_in_its_body_how_long_to_wait(app, wire, settings):
    wire.answers["/hook"] = (429, {}, b'{"message":"You are being rate limited.","retry_after":64.5,"global":false}')
    found = discord.send(f"{wire.url}/hook", message(), config())
    assert (found.state, found.wait) == ("retry", timedelta(seconds=64.5))


@pytest.mark.parametrize(
    ("answer", "state", "wait"),
    [
        ((204, {}, b""), "sent", None),
        ((500, {}, b"trouble"), "retry", None),
        ((503, {"Retry-After": "30"}, b""), "retry", 30),
        ((429, {"Retry-After": "7"}, b""), "retry", 7),
        ((429, {"Retry-After": "nan"}, b""), "retry", None),
        ((408, {}, b""), "retry", None),
        ((400, {}, b""), "failed", None),
        ((401, {}, b""), "failed", None),
        ((404, {}, b""), "failed", None),
        ((301, {"Location": "/x"}, b""), "failed", None),
        ((410, {}, b""), "gone", None),
    ],
)
def test_answers_are_sorted(app, wire, settings, answer, state, wait):
    wire.answers["/hook"] = answer
    found = webhook.send(f"{wire.url}/hook", webhooks.new_key(), message(), config(), now=NOW)
    assert (found.state, found.wait.total_seconds() if found.wait else None) == (state, wait)


def test_a_webhook_is_signed_by_the_standard(app, wire, settings):
    key = webhooks.new_key()
    webhook.send(f"{wire.url}/hook", key, message(), config(), now=NOW)
    [sent] = wire.received
    signed = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}.".encode() + sent.body
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert sent.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert (sent.headers["webhook-id"], sent.headers["webhook-timestamp"]) == ("alert_7", str(int(NOW.timestamp())))
    assert (sent.json["type"], sent.json["data"]["severity"]) == ("alert.raised", "critical")


def test_the_signature_is_that_of_the_published_example():
    """The test vector of the Standard Webhooks libraries."""
    body = b'{"test": 2432232314}'
    key, identifier = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert webhooks.signature(key, identifier, 1614265330, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_inside_is_refused_unless_a_setting_allows_it(app, wire, settings):
    settings(allow_local_addresses=False)
    found = webhook.send(f"{wire.url}/hook", webhooks.new_key(), message(), config(), now=NOW)
    assert (found.state, wire.received) == ("failed", [])


def test_words_of_others_mention_nobody_and_format_nothing():
    said = message(title=HOSTILE, body=HOSTILE, why=HOSTILE, mention=Mention(HOSTILE))
    in_slack, in_discord = slack.payload(said), discord.payload(said)
    marked = in_slack["text"] + in_slack["blocks"][2]["text"]["text"].replace("<http://localhost/a|Open it>", "")
    assert not any(sign in marked for sign in ("<!", "<@", "<http", "@everyone", "*b*", "`c`"))
    assert {block["text"]["type"] for block in in_slack["blocks"][:2]} == {"plain_text"}
    words = in_discord["content"].replace("<http://localhost/a>", "").replace("**", "", 2)
    assert not any(sign in words for sign in ("@everyone", "](http", "**", " ||", " `c`", " _i_"))
    assert in_discord["allowed_mentions"] == {"parse": [], "users": []}


@given(st.text(max_size=5_000), st.text(max_size=300))
def test_a_message_is_never_longer_than_they_take(body, title):
    said = message(title=title, body=body)
    assert len(discord.payload(said)["content"]) <= 2_000
    blocks = slack.payload(said)["blocks"]
    assert len(blocks[0]["text"]["text"]) <= 150 and 1 <= len(blocks[1]["text"]["text"]) <= 3_000
