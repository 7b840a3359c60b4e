"""`POST /webhooks/discord` with real signatures, and `hive-support discord register` against a server that speaks as Discord."""

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.cli import main
from app.config import Config, ConfigError
from app.extensions import redis
from app.integrations.discord import interaction, payload, signature
from app.knowledge import finding
from app.knowledge.readers import NOTES
from tests.alerts.wire import Wire
from tests.knowledge.conftest import faq, indexed

__all__ = ["faq", "indexed"]
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw().hex()
PING = {"type": 1}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@pytest.fixture
def settings(app, monkeypatch):
    """`settings(…)` puts settings in force; the public key is set from the start."""

    def put(**over):
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **over))

    put(discord_public_key=PUBLIC)
    return put


@pytest.fixture
def send(settings, browse, now):
    """`send(body)` is what Discord sends: signed, with the time of now, unless something else is said."""

    def post(body, *, status=200, key=KEY, at=None, headers=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int((at or now).timestamp()))
        signed = {"X-Signature-Timestamp": stamp, "X-Signature-Ed25519": key.sign(stamp.encode() + raw).hex()}
        given = {"Content-Type": "application/json", **(signed if headers is None else headers)}
        return browse(None).post("/webhooks/discord", raw, status=status, csrf=False, headers=given)

    return post


def typed(text, *, kind=2, name="faq", user="80351110224678912"):
    """A use of the command, or with kind 4 a letter typed into it."""
    option = {"name": "question", "type": 3, "value": text, "focused": kind == 4}
    return {"type": kind, "id": "1", "member": {"user": {"id": user}}, "data": {"name": name, "options": [option]}}


def test_a_signed_ping_is_answered(send):
    assert send(PING).json == {"type": 1}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Signature-Timestamp": "1795428000"},
        {"X-Signature-Ed25519": "00" * 64, "X-Signature-Timestamp": "1795428000"},
        {"X-Signature-Ed25519": "not hexadecimal", "X-Signature-Timestamp": "1795428000"},
        {"X-Signature-Ed25519": "00", "X-Signature-Timestamp": "now"},
        {"X-Signature-Ed25519": "00" * 64, "X-Signature-Timestamp": "9" * 400},
    ],
)
def test_what_is_not_signed_is_refused(send, headers):
    assert send(PING, status=401, headers=headers).mimetype == "application/problem+json"


def test_a_signature_of_another_key_or_of_another_body_is_refused(send, now):
    send(PING, status=401, key=Ed25519PrivateKey.generate())
    stamp = str(int(now.timestamp()))
    headers = {"X-Signature-Timestamp": stamp, "X-Signature-Ed25519": KEY.sign(stamp.encode() + b'{"type":1}').hex()}
    send(b'{"type":2}', status=401, headers=headers)
    send(b'{"type":1}', headers=headers)


def test_a_delivery_is_answered_again_at_once_and_refused_when_it_is_old(send, clock):
    send(typed("proxy"))
    send(typed("proxy"))
    send(PING, status=200)
    clock.shift(signature.FRESH_SECONDS + 1)
    send(PING, status=401)


def test_bodies_that_are_no_interaction_are_told_so(send):
    send(b"{", status=400)
    send(b"[1]", status=400)
    send(b"[" * 50_000, status=400)
    send(b" " * 65_537, status=413)
    send({"type": 77}, status=202)
    send({}, status=202)


def test_without_a_key_there_is_nothing(send, settings):
    settings(discord_public_key="")
    send(PING, status=404)


def test_a_question_is_answered_with_links_and_mentions_nobody(send, indexed):
    told = send(typed("how do i install hive")).json
    content = told["data"]["content"]
    assert told["type"] == 4
    assert told["data"]["allowed_mentions"] == {"parse": []}
    assert not told["data"]["flags"] & payload.EPHEMERAL
    links = re.findall(r"\*\*\[[^\n]+\]\(<(http://localhost/help/[^>]+)>\)\*\*", content)
    assert 1 <= len(links) <= 3
    assert "http://localhost/help/faq/install-hive" in links
    assert "(<http://localhost/help/search?q=how+do+i+install+hive>)" in content
    assert len(content) <= 2000


def test_only_what_is_public_is_told(send, faq, indexed):
    faq("Where does the zebra sleep?", audience="staff")
    faq("Where does the zebra eat?", audience="customers")
    faq("Where does the zebra drink?")
    indexed()
    content = send(typed("where does the zebra sleep or eat")).json["data"]["content"]
    assert "drink" in content.partition("\n")[2]
    assert "sleep?" not in content
    assert "eat?" not in content
    names = [one["name"] for one in send(typed("where does the zeb", kind=4)).json["data"]["choices"]]
    assert "Where does the zebra drink?" in names
    assert not {"Where does the zebra sleep?", "Where does the zebra eat?"} & {*names}


def test_a_text_formats_and_mentions_nothing(send, faq, indexed):
    faq("May a *zebra* ping @everyone or [you](https://evil.example)?", "Say <@1> and **no** to `x`. ||Secret||")
    indexed()
    content = send(typed("may a zebra ping everyone")).json["data"]["content"]
    assert "@everyone" not in content
    assert "<@1>" not in content
    assert r"\*zebra\*" in content
    assert r"\[you\]\(https\://evil.example\)" in content


def test_where_nothing_is_found_only_the_one_who_asked_sees_it(send, indexed):
    for question in ("qqzzqq", "", "how do i", "\u202e", "\ud800"):
        told = send(typed(question)).json["data"]
        assert told["flags"] & payload.EPHEMERAL, question
        assert "(<http://localhost/help" in told["content"], question


def test_a_command_that_we_no_longer_have_says_so(send):
    assert "/faq" in send(typed("x", name="old")).json["data"]["content"]


def test_questions_are_proposed_while_one_types(send, indexed):
    choices = send(typed("how do i inst", kind=4)).json["data"]["choices"]
    assert 1 <= len(choices) <= 25
    assert all(one["name"] == one["value"] and 0 < len(one["name"]) <= 100 for one in choices)
    popular = send(typed("", kind=4)).json["data"]["choices"]
    assert "How do I install HiveTechs Consensus?" in [one["name"] for one in popular]


def test_a_proposed_question_leads_to_its_answer(send, indexed):
    name = send(typed("how do i inst", kind=4)).json["data"]["choices"][0]["name"]
    assert payload.escaped(name) in send(typed(name)).json["data"]["content"].split("\n\n")[1]


def test_a_question_is_noted_without_the_person(send, indexed):
    send(typed("zzqqzz me@mail.example", user="80351110224678912"))
    (note,) = [json.loads(line) for line in redis().lrange(NOTES, 0, -1)]
    assert note["q"] == "zzqqzz [address]"
    assert "80351110224678912" not in json.dumps(note)


def test_a_question_that_nothing_answers_is_noted_as_such(send, indexed):
    send(typed("zzqqzz"))
    (note,) = [json.loads(line) for line in redis().lrange(NOTES, 0, -1)]
    assert (note["n"], note["x"]) == (0, True)


def test_the_address_needs_no_write_lock(send, indexed, statements):
    with statements() as seen:
        send(typed("proxy"))
    assert seen
    assert not [one for one in seen if not one.lstrip().upper().startswith(("SELECT", "WITH"))]


@given(JSON)
def test_any_json_is_read_or_refused(told):
    try:
        found = interaction.read(json.dumps(told).encode())
    except interaction.NotJson:
        assert not isinstance(told, dict)
        return
    assert isinstance(found.text, str)
    assert isinstance(found.kind, int)


@given(st.text(max_size=200), st.lists(st.tuples(st.text(max_size=300), st.text(max_size=400)), max_size=5))
def test_a_message_always_fits_and_pings_nobody(question, texts):
    lines = [payload.Line(title, snippet, "http://localhost/help/faq/x") for title, snippet in texts]
    data = payload.answers(question, lines, payload.search("http://localhost", question), fits=True)["data"]
    assert len(data["content"]) <= 2000
    assert not re.search("@(?!\u200b)", data["content"].replace(payload.search("http://localhost", question), ""))
    assert data["content"].endswith(">)")


@pytest.fixture
def discord():
    """A server on this machine that speaks as Discord."""
    server = Wire().start()
    yield server
    server.stop()


@pytest.fixture
def register(app, discord, monkeypatch):
    """`register(…)` runs the command with these settings → what it prints; it must end with `code`."""

    def run(*, code=0, **over):
        given = {"discord_application_id": "123456789012345678", "discord_token": "secret-token", "discord_api_url": discord.url, **over}
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **given))
        monkeypatch.setattr("app.cli.create_app", lambda: app)
        monkeypatch.setattr("app.cli.logs.configure", lambda *args: None)
        result = CliRunner().invoke(main, ["discord", "register"])
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_the_command_is_registered_everywhere_or_in_one_server(register, discord):
    discord.answers = {
        path: (201, {}, b"{}") for path in ("/applications/123456789012345678/commands", "/applications/123456789012345678/guilds/876543210987654321/commands")
    }  # fmt: skip
    assert "http://localhost/webhooks/discord" in register()
    assert "876543210987654321" in register(discord_guild="876543210987654321")
    everywhere, one_server = discord.received
    assert everywhere.headers["authorization"] == "Bot secret-token"
    assert everywhere.json == one_server.json
    assert everywhere.json["name"] == "faq"
    assert everywhere.json["options"][0]["autocomplete"] is True
    assert re.fullmatch(r"[a-z]{1,32}", everywhere.json["options"][0]["name"])


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [(401, b"{}", "DISCORD_TOKEN"), (403, b"", "applications.commands"), (404, b"", "DISCORD_GUILD"), (400, b'{"message": "Invalid Form Body"}', "Invalid Form Body"), (500, b"<html>", "500")],
)  # fmt: skip
def test_a_refusal_says_what_to_do_and_tells_no_secret(register, discord, status, body, told):
    discord.answers = {"/applications/123456789012345678/commands": (status, {}, body)}
    printed = register(code=1)
    assert told in printed
    assert "secret-token" not in printed


def test_missing_settings_and_a_dead_server_are_told(register):
    assert "DISCORD_APPLICATION_ID is not set" in register(code=1, discord_application_id="")
    assert "DISCORD_TOKEN is not set" in register(code=1, discord_token="")
    assert "could not be asked" in register(code=1, discord_api_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "value"), [("DISCORD_PUBLIC_KEY", "abc"), ("DISCORD_GUILD", "my server"), ("DISCORD_APPLICATION_ID", "1")]
)
def test_a_setting_that_cannot_be_is_named_at_the_start(name, value):
    with pytest.raises(ConfigError, match=name):
        Config.from_env({name: value})


def test_words_that_say_nothing_and_an_index_that_is_away_are_no_gap_in_what_is_written(send, monkeypatch, indexed):
    send(typed("the of and"))
    assert redis().lrange(NOTES, 0, -1) == []
    monkeypatch.setattr(finding, "ask", lambda *args, **over: None)
    send(typed("install"))
    (note,) = [json.loads(line) for line in redis().lrange(NOTES, 0, -1)]
    assert note["n"] > 0 and note["x"] is False
