"""The macros that we begin with: a first response for each kind of ticket, and answers that every desk needs.

Addresses in them are paths of our own site. Leads edit them like any other.
"""

from datetime import datetime

from sqlalchemy import select

from app.extensions import db
from app.macros.models import Macro

BUG = """\
Hello {{requester.first_name}},

thank you for the report. We have filed it as **{{ticket.ref}}** with **{{priority}}** priority, and the {{team}} team has it.

**What happens next**

1. An engineer reads it and answers {{timeframe}}.
2. We try to see the same on our side, and write here whenever we learn something.
3. Should anything be missing, we ask precise questions, so that you never have to guess.

**What may help at once**

- [Common issues](/help/troubleshooting/common-issues) and the [error messages](/help/troubleshooting/error-messages) with their remedies
- `hive doctor` checks your installation and says how to mend what it finds
- `hive logs --bundle` packs what we usually ask for; look through it, then attach it here

**When to expect us:** first answer {{timeframe}}. If it gets worse meanwhile, tell us here and we look again.
"""

FEATURE = """\
Hello {{requester.first_name}},

thank you for the idea. It is kept as **{{ticket.ref}}**, and the {{team}} team reads every one.

**How we decide**

1. **Discussion** (one to two weeks): we ask other people who use Hive whether they need it, too.
2. **Technical review** (one week): our engineers look at what it takes and what it would touch.
3. **Planning** (all the time): what is accepted gets a place on the roadmap.

**How you can help**

- Tell us about the day on which you missed it: the repository, the command, what you did instead.
- Invite others to say that they need it. Numbers and examples count.
- Talk it over with us in the community; the ways there are under [Support](/help/community/support).

You hear our decision here **within three weeks**.
"""

QUESTION = """\
Hello {{requester.first_name}},

thank you for writing to us. Your request is **{{ticket.ref}}**; somebody answers it here {{timeframe}}.

**A short list to go through while you wait**

- Does the [help centre](/help) answer it already? Its search bears typing errors.
- Is Hive up to date? `hive --version` tells, `hive update` brings the latest.
- Does `hive doctor` find anything?

**What makes it faster**

- The exact words of the error, and the command that led to it
- What you expected, and what has changed since it last worked
- The [common issues](/help/troubleshooting/common-issues) and the [FAQ](/help/faq), should they come close

Anything that you add here goes straight to whoever takes your ticket.
"""

# key, kind, title, text
MACROS: tuple[tuple[str, str, str, str], ...] = (
    ("first_response.bug", "bug", "Bug report first response", BUG),
    ("first_response.feature", "feature", "Feature request first response", FEATURE),
    ("first_response.question", "question", "Support request first response", QUESTION),
    (
        "general.need_details",
        "general",
        "Ask for details",
        """\
Hello {{requester.first_name}},

I would like to see this for myself, and need three things for that:

1. The first lines of `hive --version` and what `hive doctor` prints
2. The command, exactly as you typed it, and its whole output
3. Whether it happens each time, or only now and then

Leave out tokens and keys. I continue as soon as I have them.

{{agent.first_name}}
""",
    ),
    (
        "general.need_bundle",
        "general",
        "Ask for a log bundle",
        """\
Hello {{requester.first_name}},

please run `hive logs --bundle` on the machine where it happens, soon after it happened. It writes one file and leaves
secrets out; open it and look before you attach it here. The page on [debug mode](/help/troubleshooting/debug-mode) says what is in it.

{{agent.first_name}}
""",
    ),
    (
        "general.reproduced",
        "general",
        "We can reproduce it",
        """\
Hello {{requester.first_name}},

I see the same here, so you need not prove anything more. It is with the {{team}} team now.

I write again when we know the cause, and in any case once there is a version that mends it.

{{agent.first_name}}
""",
    ),
    (
        "general.cannot_reproduce",
        "general",
        "We cannot reproduce it",
        """\
Hello {{requester.first_name}},

I followed your steps and it works here. So something is different between us. Could you try these, one after the other?

1. `hive update`, then the same command again
2. `HIVE_CONFIG=/dev/null hive ask "test"`, which leaves your own settings out
3. The same in a fresh clone of a small repository

Tell me which of them changes something; that usually names the cause.

{{agent.first_name}}
""",
    ),
    (
        "general.fixed",
        "general",
        "Fixed in a version",
        """\
Hello {{requester.first_name}},

this is mended in the latest version. `hive update` brings it, and `hive --version` shows that you have it.

Please tell me whether it is gone for you, too. If so I close **{{ticket.ref}}**; if not I look again.

{{agent.first_name}}
""",
    ),
    (
        "general.workaround",
        "general",
        "A way around for now",
        """\
Hello {{requester.first_name}},

until it is mended for good, this gets you going:

```text
(the command or setting)
```

It costs you (what is different meanwhile). I keep the ticket open and write when you can take it out again.

{{agent.first_name}}
""",
    ),
    (
        "general.still_working",
        "general",
        "Still working on it",
        """\
Hello {{requester.first_name}},

a word so that you need not wonder: we are still on **{{ticket.ref}}**. Known so far: (what we know). Next we (what we do).

You hear from me again by (day and time, in your own time zone), with or without news.

{{agent.first_name}}
""",
    ),
    (
        "general.escalated",
        "general",
        "Passed on to senior engineers",
        """\
Hello {{requester.first_name}},

I have passed **{{ticket.ref}}** on to our senior engineers, with all that you told us, so you need not repeat anything.
I remain your contact, and everything continues in this conversation.

{{agent.first_name}}
""",
    ),
    (
        "general.security_received",
        "general",
        "Security report received",
        """\
Hello {{requester.first_name}},

thank you for reporting this to us and not in public. The security team has it as **{{ticket.ref}}**.

Please keep it between us until a fix is out. Send what you know (version, steps, what an attacker gains) here and not by
other ways. We never ask for customer data as proof.

{{agent.name}}, HiveTechs Support
""",
    ),
    (
        "general.no_answer",
        "general",
        "We have not heard from you",
        """\
Hello {{requester.first_name}},

I asked you something on **{{ticket.ref}}** and cannot go on without the answer. If the matter has settled itself,
a short word is enough. If we hear nothing within seven days I mark it as resolved; any answer of yours brings it back.

{{agent.first_name}}
""",
    ),
)


def ensure(now: datetime) -> None:
    """Add the macros that are missing, approved; those that are there stay as people edited them.

    One statement when nothing is missing. Flushes.
    """
    there = set(db.session.scalars(select(Macro.key).where(Macro.key.is_not(None))))
    for key, kind, title, body in MACROS:
        if key not in there:
            row = Macro(key=key, kind=kind, title=title, body=body, is_approved=True, approved_at=now, created_at=now, changed_at=now)
            db.session.add(row)
    db.session.flush()
