"""What the demo company's customers ask, and how it goes on. Braces are filled for each telling: version, repo, platform, editor."""

from dataclasses import dataclass

VERSIONS = ("2.0.0", "2.0.1", "1.9.4", "2.1.0-rc1")
REPOS = ("payments-api", "monorepo", "telemetry", "web-client", "firmware", "data-pipeline")
PLATFORMS = ("macOS (Apple Silicon)", "Linux (x86_64)", "Linux (ARM64)", "Windows (x64)", "macOS (Intel)")
EDITORS = ("Neovim 0.11", "VS Code", "Helix", "Zed", "IntelliJ")


@dataclass(frozen=True)
class Story:
    """One thing that people ask: the first message, our answer, their answer to it, and the last word. `note` is internal."""

    kind: str
    category: str
    priority: str
    team: str
    subject: str
    asked: str
    answer: str
    back: str
    closing: str
    note: str = ""
    tags: tuple[str, ...] = ()


STORIES = (
    Story(
        "bug", "consensus", "high", "engineering", "Consensus stops at the curator stage on {repo}",
        "Since {version} every run over {repo} stops when the curator begins. The bar stays at 75 % until the time limit.",
        "Thank you for the trace. The curator waits for a model that your routing profile no longer lists. Please run `hive profile check`; it names the missing model. Adding a second one to `consensus.curator` lets the run go on at once.",
        "`hive profile check` names the model. With a second one the run ends after 41 s. Why did it not fall back by itself?",
        "It will: 2.0.2 falls back to the next model of the same stage and says so in the run's log. Until then the second entry is what keeps you going.",
        "Third report this week. Same cause as the routing change of Monday.", ("curator", "routing"),
    ),
    Story(
        "bug", "cli", "medium", "engineering", "`hive analyze` ignores .hiveignore in subfolders of {repo}",
        "We keep a .hiveignore in each package of {repo}. Only the one at the top is read in {version}.",
        "You are right, nested files are read only where the folder is given on the command line. As a way around, list the folders in the top file; patterns that begin with a slash are taken from the root.",
        "That works for us. Is there a version in which the nested ones count?",
        "Nested files are read from 2.1.0 on, the nearest one first. The release notes have an example.", "", ("hiveignore",),
    ),
    Story(
        "question", "installation", "medium", "support", "Installer fails behind a proxy that opens TLS",
        "`curl -fsSL https://install.hivetechs.com | sh` ends with a certificate error on our {platform} runners. The proxy signs with our own authority.",
        "Give the installer your authority's bundle: `HIVE_CA_BUNDLE=/etc/ssl/corp.pem sh install.sh`. The same variable is read by `hive` itself, so set it for the service, too.",
        "Installed. One question: does the language server read it as well?",
        "Yes, every part of hive reads it, the language server when your editor starts it. Glad that it works.", "", ("proxy", "tls"),
    ),
    Story(
        "bug", "tui", "medium", "engineering", "Terminal UI draws nothing in {editor}'s terminal",
        "In the terminal of {editor} the TUI of {version} stays black until I resize the window. In a plain terminal it works.",
        "The embedded terminal answers our size question late. Please try `hive tui --no-alt-screen`; if that helps we know for certain.",
        "Yes, with --no-alt-screen it draws at once.",
        "Then it is the late answer. 2.0.2 waits for it, and draws with 80 by 24 meanwhile.", "", ("terminal",),
    ),
    Story(
        "feature", "planning", "low", "product", "Export a plan as a checklist",
        "After a planning session we copy the steps by hand into our tracker. A checklist in Markdown would save us that.",
        "Thank you, this fits what others ask for. In the meantime `hive plan show --format json` has all steps, with their order and state; a line of jq makes a list of it.",
        "The JSON helps. A native export would still be nicer for those who do not know jq.",
        "We have put `--format markdown` on the list for 2.2 and linked this ticket to it. You will hear when it is there.", "", ("export",),
    ),
    Story(
        "bug", "performance", "high", "performance", "First analysis of {repo} takes 40 minutes",
        "{repo} has 1.2 million lines. The first `hive analyze` on {platform} took 40 minutes, later ones 3. Is that to be expected?",
        "For the first run on a network disk, sadly yes; on a local one we measure about a twentieth of that. Where does `repository.cache_dir` point? `hive doctor` prints it with the disk's speed.",
        "It was on the NFS home. On the local disk: 2 min 50 s. That is fine.",
        "Good to hear. We added a warning to `hive doctor` for caches on network disks.", "Candidate for the performance page.", ("cache", "nfs"),
    ),
    Story(
        "question", "enterprise", "medium", "enterprise", "Map groups of our identity provider to roles",
        "We want contractors to have the reader role in {repo} and nothing else. Which claim do you read?",
        "The `groups` claim, or any other that you name in `rbac.claim`. Map each group under `rbac.groups`; a person in several gets the widest role, unless `rbac.narrowest` is on.",
        "With `rbac.narrowest` it does what we need. Does a change need a new sign-in?",
        "Roles are read again every five minutes, and at once after `hive admin refresh-roles`.", "", ("rbac", "sso"),
    ),
    Story(
        "bug", "security", "critical", "security", "Token appears in debug log of {version}",
        "With `--debug` the Authorization header of the upstream request is written into the log file in full. We found it in our log store.",
        "You are right, and thank you for telling us this way. Please rotate that token. 2.0.1 masks every header that carries a secret; until you are on it, keep `--debug` off in CI.",
        "Rotated, and CI is on 2.0.1. The log shows dots now.",
        "Thank you. An advisory is out, and the test that would have caught it is in our suite.", "Advisory published. No other header affected.", ("secrets", "advisory"),
    ),
    Story(
        "question", "billing", "low", "support", "Move seats between two teams",
        "Twelve seats belong to a team that was merged into another. How do we move them without a new order?",
        "An account owner can do it under Team management: choose both teams, then Move seats. Billing does not change, since the number stays the same.",
        "Found it, done.",
        "Wonderful. Have a good week.", "", ("seats",),
    ),
    Story(
        "bug", "repository", "medium", "engineering", "Repository analysis counts generated code in {repo}",
        "The hotspots report of {repo} is full of files that our build writes into src/gen.",
        "Files with a `@generated` line at their top are left out by themselves. For others, `repository.generated = [\"src/gen/**\"]` does it; the report names how many were left out.",
        "With the pattern the report makes sense again.",
        "Good. We will say so in the report itself when one folder makes up most of it.", "", ("hotspots",),
    ),
    Story(
        "bug", "cli", "low", "engineering", "Completion for fish misses new subcommands",
        "`hive completions fish` of {version} does not know `hive plan show`.",
        "The script was made before that command had its name. `hive completions fish --dynamic` asks the binary itself and never falls behind.",
        "Works, thank you.",
        "You are welcome.", "", ("completions",),
    ),
    Story(
        "question", "documentation", "low", "docs", "Hooks page and the example disagree about exit codes",
        "The page says that exit code 2 blocks a run, the example uses 1. Which is right?",
        "2 blocks; any other code above 0 is a warning. The example was wrong and is corrected now. Thank you for reading so closely.",
        "Great, our hook does the right thing now.",
        "Happy to help.", "", ("hooks", "docs"),
    ),
    Story(
        "bug", "enterprise", "critical", "enterprise", "Production down: gateway refuses every request",
        "Production is down since 07:40 UTC. The gateway answers 503 to all of our agents, in both regions. Nothing was changed on our side.",
        "We see it: the certificate of the gateway ran out at 07:39. A new one is in place in both regions since now. Please confirm that your agents get through.",
        "Confirmed, both regions answer. Please tell us how you make sure this does not come back.",
        "Renewal now happens 30 days before, a second check pages the person on call 14 days before, and the status page has the write-up.", "On call was paged at 07:52. Write-up due tomorrow.", ("outage", "gateway"),
    ),
    Story(
        "feature", "tui", "low", "product", "Remember the window layout of the TUI",
        "I always open the diff pane and close the log. The TUI forgets it each time.",
        "Until it remembers by itself, `tui.layout` in the configuration sets both panes: `[\"plan\", \"diff\"]`.",
        "Good enough for me, but please keep the request open.",
        "It stays open, with your vote on it.", "", ("layout",),
    ),
    Story(
        "bug", "consensus", "medium", "engineering", "Two runs over {repo} give different plans",
        "With the same question and {version} we get two different plans in a row. Is there a seed?",
        "`consensus.seed = 7` fixes our own choices, and `consensus.temperature = 0` those of models that allow it. Some providers still vary a little; the run's log marks those.",
        "With both set the plans are the same on four of five questions.",
        "The fifth is a provider that ignores the seed; the log's `nondeterministic` line names it.", "", ("seed",),
    ),
    Story(
        "question", "installation", "medium", "support", "Air-gapped installation of {version}",
        "Our build hosts have no way out. Which files do we carry in, and how do updates work?",
        "`hive bundle create --target x86_64-linux` makes one archive with the binary, the grammars and the checksums. `hive bundle apply` on the host installs it; updates are the same two commands.",
        "The bundle works on all hosts. Does it phone home anywhere?",
        "No. With `network.offline = true` it refuses to open any connection, and `hive doctor` proves it.", "", ("offline", "bundle"),
    ),
    Story(
        "bug", "performance", "medium", "performance", "Language server uses 4 GB with {editor}",
        "After a day in {editor} the server of {version} has grown to 4 GB on {repo}.",
        "That is the diagnostics history of closed files, which should end after an hour and does not. `lsp.history = 200` holds it near 400 MB until the fix.",
        "At 380 MB since yesterday.",
        "The fix is in 2.0.2; the setting does no harm there.", "Heap profile attached to the engineering issue.", ("lsp", "memory"),
    ),
    Story(
        "question", "enterprise", "high", "enterprise", "Retention of audit logs for our auditors",
        "Our auditors ask for audit logs of 18 months that nobody can change. What do you offer?",
        "`audit.retention_days = 548` keeps them, and `audit.sink = \"s3\"` with object lock writes each day's file once. The compliance page has the evidence that auditors usually want.",
        "The auditors accept the object lock. Thank you for the evidence page.",
        "Glad to hear it. Call on us if they come back with questions.", "", ("audit", "compliance"),
    ),
    Story(
        "bug", "planning", "high", "engineering", "Planning mode loses edits when two people work on one plan",
        "Two of us edited the same plan of {repo}. My four steps were gone after my colleague saved.",
        "The plan file was written whole by each. Nothing is lost for good: `hive plan history` has every version, and `hive plan restore 3` brings yours back.",
        "All four steps are back. Will two people be able to work on one plan?",
        "From 2.1.0 each step is saved by itself, and a conflict shows both versions.", "", ("plans",),
    ),
    Story(
        "bug", "installation", "medium", "support", "`hive` is not found after installation on {platform}",
        "The installer says done, but a new shell does not find `hive`.",
        "It was put into ~/.hive/bin, and your shell's start file is managed by something else, so we did not touch it. Add that folder to PATH, or run the installer with `--link /usr/local/bin`.",
        "`--link` did it.",
        "Thank you for telling us. The installer now says this when it leaves the start file alone.", "", ("path",),
    ),
    Story(
        "feature", "cli", "medium", "product", "A dry run for `hive apply`",
        "Before `hive apply` writes into {repo} we would like to see the diff, in CI, with an exit code.",
        "`hive apply --check` is what you want: it prints the diff and ends with 3 when something would change. It is not in the help text yet, which we mend.",
        "Exactly that. Our pipeline uses it now.",
        "Good. The help text has it from 2.0.2.", "", ("ci",),
    ),
    Story(
        "question", "other", "low", "support", "How do we vote for features?",
        "We have opinions. Where do they go?",
        "Open a feature request here, or react to one in our public discussions; both count. Requests of customers with a plan are read by the product team each Tuesday.",
        "Thank you, we will.",
        "Looking forward to them.", "", (),
    ),
    Story(
        "bug", "repository", "high", "engineering", "Possible data loss: cache rebuild removed untracked files in {repo}",
        "After `hive cache rebuild` a folder of untracked files in {repo} was gone. We could restore most of it from a backup, two hours of work are lost.",
        "We are sorry. The folder's name matched `repository.cache_dir`, which was relative in {version}, and so pointed into your work tree. Please set it to an absolute path now; `hive cache rebuild` of 2.0.1 refuses anything inside a repository.",
        "Set. Can the two hours be found anywhere?",
        "`hive cache rebuild` moves what it removes into ~/.hive/trash for seven days: `hive trash list` shows your files.", "Check whether others have relative cache_dir. Query sent to everybody on 2.0.0.", ("data-loss", "cache"),
    ),
    Story(
        "bug", "documentation", "low", "docs", "Link to the MCP examples is dead",
        "The MCP page links to examples that answer 404.",
        "Mended: the examples moved under the page itself. Thank you.",
        "Found them.",
        "Good. A link check now runs each night.", "", ("docs",),
    ),
)  # fmt: skip
